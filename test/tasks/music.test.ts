import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.js';
import { evaluateTask, loadTask, predictTask, taskNamed, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { QUIET } from './trained.js';

const CHORDS = [[60, 64, 67], [57, 60, 64], [], [55, 59, 62]];
const small = { ...QUIET, units: 24, epochs: 20, batch: 4, learningRate: 2e-2, dropout: 0 } as const;

/** Pieces that go round four frames, one of them silent, each from another one on. */
function rounds(count: number, first = 0): readonly (readonly number[][])[] {
  return Array.from({ length: count }, (_, piece) =>
    Array.from({ length: 6 + (piece % 5) }, (_frame, at) => CHORDS[(first + piece + at) % 4] as number[]),
  );
}

function roundFile(): { readonly data: string; readonly out: string } {
  const directory = temporaryDirectory();
  const data = join(directory, 'rounds.json');
  writeFileSync(data, JSON.stringify({ train: rounds(48), valid: rounds(4), test: rounds(8, 1) }));
  return { data, out: join(directory, 'run') };
}

async function predictions(run: string, values: readonly string[], options: object = {}): Promise<JsonObject[]> {
  const found: JsonObject[] = [];
  for await (const each of predictTask(run, { values, threads: 1, options: { ...options } })) found.push(each);
  return found;
}

describe('music', () => {
  it('learns rounds far below the key frequencies, goes on with them, and reads them as they come', async () => {
    const { data, out } = roundFile();
    const { metrics, examples } = await trainTask('music', { ...small, data, out });
    expect(examples).toEqual({ training: 48, validation: 4, test: 8 });
    const { nats, memoryless, ownKey, accuracy } = metrics.test as Record<string, number>;
    // The first frame of a round is one of four: ln 4 nats in one of about eight frames.
    expect(nats).toBeLessThan(1);
    expect(memoryless).toBeGreaterThan(4);
    expect(ownKey).toBeGreaterThan(nats as number);
    expect(ownKey).toBeLessThan(memoryless as number);
    expect(accuracy).toBeGreaterThan(0.7);
    expect((await evaluateTask(out, { threads: 1 })).metrics).toEqual(metrics.test);
    expect((await evaluateTask(out, { data, threads: 1 })).metrics).toEqual(metrics.test);

    const begin = JSON.stringify(CHORDS.slice(0, 2));
    const options = { steps: 6, choose: 'threshold' };
    const [found] = await predictions(out, [begin], options);
    expect(found).toEqual({ notes: [CHORDS[2], CHORDS[3], ...CHORDS] });
    const drawn = await predictions(out, [begin, '{"notes": []}'], { steps: 9, seed: 5 });
    expect(drawn.map(({ notes }) => (notes as unknown[]).length)).toEqual([9, 9]);
    expect(await predictions(out, [begin, '[]'], { steps: 9, seed: 5 })).toEqual(drawn);
    expect(await predictions(out, [begin, '[]'], { steps: 9, seed: 6, temperature: 4 })).not.toEqual(drawn);

    const { model, options: trained, saved } = await loadTask(out, { threads: 1 });
    const stream = taskNamed('music').stream?.(model, { options: trained, saved });
    if (stream === undefined) throw new Error('music has no stream');
    expect(await stream.push(CHORDS[0] as number[])).toMatchObject([{ notes: CHORDS[1] }]);
    await expect(stream.push([60, 'c'])).rejects.toMatchObject({ code: 'invalid_row' });
    await expect(stream.push('[60')).rejects.toMatchObject({ code: 'invalid_row' });
    expect(await stream.push('[57, 60, 64]')).toMatchObject([{ notes: [] }]);
    const [next] = await stream.push([]);
    expect(next).toMatchObject({ notes: CHORDS[3] });
    const probabilities = (next?.['probabilities'] ?? []) as number[];
    expect(probabilities.map((probability) => probability > 0.5 && probability < 1)).toEqual([true, true, true]);
    expect(await stream.end()).toEqual([]);
    stream.close();
    model.dispose();
  });

  it('refuses options of its use that it does not have, and frames that are none', async () => {
    const { data, out } = roundFile();
    await trainTask('music', { ...small, data, out, epochs: 1 });
    await expect(predictions(out, ['[]'], { units: 3 })).rejects.toMatchObject({ code: 'unknown_option' });
    await expect(predictions(out, ['[]'], { steps: 0 })).rejects.toThrow(/'steps' must be an integer >= 1/);
    await expect(predictions(out, ['[[60], [7]]'])).rejects.toThrow(/input 0, frame 1.*found 7/);
    await expect(predictions(out, ['no music'])).rejects.toMatchObject({ code: 'invalid_row' });
  });

  it.each<[string, object, string, RegExp]>([
    ['a network that reads ahead', { direction: 'bidirectional' }, 'invalid_option', /'direction' must be forward/],
    ['a fraction of one where the data has no such part', { test: 1 }, 'invalid_option', /'test' must be a fraction/],
  ])('refuses %s before anything is written', async (_name, wrong, code, message) => {
    const directory = temporaryDirectory();
    const [data, out] = [join(directory, 'rounds.jsonl'), join(directory, 'run')];
    writeFileSync(
      data,
      rounds(8)
        .map((notes) => JSON.stringify({ notes }))
        .join('\n'),
    );
    const training = trainTask('music', { ...small, data, out, ...wrong } as never);
    await expect(training).rejects.toThrow(message);
    await expect(training).rejects.toMatchObject({ code });
    expect(existsSync(out)).toBe(false);
  });
});
