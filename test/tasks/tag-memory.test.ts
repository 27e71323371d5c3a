import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tagStructures } from '../../src/tasks/recipes/classify/class-structures.js';
import { tagNetwork } from '../../src/tasks/recipes/classify/tag-network.js';
import type { TaskStart } from '../../src/tasks/runner/train-task.js';
import { loadTask, streamTask, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { QUIET, UNTRAINED } from './trained.js';

const tiny = { ...QUIET, ...UNTRAINED, units: 3, embedding: 2, naive: 0 } as const;

/** Texts whose targets are the symbols of two steps before. */
function echoes(directory: string, symbols = 'abcd'): string {
  const file = join(directory, `echo-${symbols.length}.jsonl`);
  const lines = Array.from({ length: 30 }, (_, at) => {
    const input = Array.from({ length: 6 + (at % 5) }, (__, step) => symbols[(at + step * step) % symbols.length]);
    return JSON.stringify({ input: input.join(''), target: input.map((___, step) => input[step - 2] ?? 'none') });
  });
  writeFileSync(file, lines.join('\n'));
  return file;
}

async function start(options: object): Promise<TaskStart> {
  let started: TaskStart | undefined;
  const onStart = (found: TaskStart) => {
    started = found;
  };
  const directory = temporaryDirectory();
  await trainTask('tag', { ...tiny, data: echoes(directory), out: join(directory, 'run'), ...options, onStart });
  return started as TaskStart;
}

describe('the memory of taggers', () => {
  it('stands beside the recurrent layers for symbols of a tiny vocabulary, not for others and not where it is 0', async () => {
    const settled = await start({});
    expect(settled.options).toMatchObject({ memory: 256, init: 'orthogonal,embedding=0.1' });
    expect(settled.settled.find(({ name }) => name === 'memory')?.reason).toMatch(/symbols/);
    const letters = await start({ data: echoes(temporaryDirectory(), 'abcdefghijklmnopqrstuvwxyz') });
    expect(letters.options).toMatchObject({ memory: undefined, init: 'default,embedding=0.1' });
    const [none, five] = [await start({ memory: 0 }), await start({ memory: 5 })];
    // Two biases, weights of 2 numbers of the embedding and of 5 units, and 5 classes for each of the units.
    expect(five.parameters - none.parameters).toBe(5 * (2 + 2 + 5) + 5 * 5);
  });

  it.each(['forward', 'reverse', 'bidirectional'] as const)(
    'gives the same tags when the run is loaded, of layers that read %s',
    async (direction) => {
      const directory = temporaryDirectory();
      const out = join(directory, 'run');
      const options = { ...tiny, data: echoes(directory), out, direction, memory: 4, dropout: 0.2 };
      const { metrics } = await trainTask('tag', options);
      const loaded = await loadTask(out, { task: 'tag', threads: 1 });
      expect((await loaded.evaluate()).metrics).toEqual(metrics.test);
      const [found] = await loaded.predict(['abcda']);
      expect(found?.labels).toHaveLength(5);
      loaded.dispose();
    },
  );

  it('reads in one direction alone with layers that do', () => {
    const body = { cell: 'gru', units: 3, layers: 1, dropout: 0, recurrent: {}, memory: 4 } as const;
    for (const [direction, expected] of [
      ['forward', undefined],
      ['bidirectional', undefined],
      ['reverse', 'reverse'],
    ] as const) {
      const { nodes } = tagNetwork({ ...body, direction }, [], { features: 2, classes: 2 }).description;
      const memory = nodes.find(({ name }) => name === 'memory')?.layer;
      expect((memory as { readonly direction?: string } | undefined)?.direction).toBe(expected);
    }
  });

  it('streams step by step with the tags of the whole', async () => {
    const directory = temporaryDirectory();
    const out = join(directory, 'run');
    await trainTask('tag', { ...tiny, data: echoes(directory), out, direction: 'forward', memory: 4 });
    const loaded = await loadTask(out, { task: 'tag', threads: 1 });
    const [whole] = await loaded.predict(['abcdab']);
    loaded.dispose();
    const stream = await streamTask(out, { threads: 1 });
    const steps = [...(await stream.push('a')), ...(await stream.push('bcda')), ...(await stream.push('b'))];
    stream.close();
    expect(steps.map(({ label }) => label)).toEqual(whole?.labels);
  });

  it('is none in the structure that is a memory itself', () => {
    const given = { cell: 'gru', units: 3, layers: 1, dropout: 0, recurrent: {} } as const;
    expect(tagStructures(given)[0]).toMatchObject({ name: 'rnn with orthogonal weights', options: { memory: 0 } });
  });
});
