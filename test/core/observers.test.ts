/** Signals, callbacks and arrays that are not what they should be: an error with a code before anything has changed. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ctcBeamSearch } from '../../src/decoding/ctc-beam-search.js';
import { dense, gru, sequential, Trainer } from '../../src/index.js';
import { loadTask, predictTask, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { QUIET, UNTRAINED } from '../tasks/trained.js';

const ODD = [5, 'x', null, {}, { throwIfAborted: 1 }, () => undefined];
const refused = (name: string) =>
  expect.objectContaining({
    code: expect.stringMatching(/^(invalid|unknown)_option$/),
    message: expect.stringContaining(name),
  });

function place() {
  const folder = temporaryDirectory();
  const data = join(folder, 'a.jsonl');
  writeFileSync(data, '{"input":"0101","target":["a","b","a","b"]}\n');
  return { data, out: join(folder, 'run') };
}

const small = { ...QUIET, ...UNTRAINED, units: 2, embedding: 2, valid: 0, test: 0, direction: 'forward' } as const;
const network = () =>
  sequential([gru({ units: 2 }), dense({ units: 1 })], { features: 1 }).compileSync({
    loss: 'meanSquaredError',
    threads: 1,
  });

describe('what observes a training', () => {
  it.each(ODD.map((value) => [value]))('is refused when it is %o', async (value) => {
    const { data, out } = place();
    for (const name of ['signal', 'callbacks', 'onStart'] as const) {
      if (typeof value === 'function' && name === 'onStart') continue;
      if (value !== null && typeof value === 'object' && name === 'callbacks') continue; // an object without callbacks
      await expect(trainTask('tag', { ...small, data, out, [name]: value } as never)).rejects.toThrow(refused(name));
    }
    expect(existsSync(out)).toBe(false);
    const model = network();
    expect(() => new Trainer(model, { epochs: 1, progress: false, signal: value } as never)).toThrow(refused('signal'));
    model.dispose();
    const utterance = { logits: new Float32Array(4), frames: 2, symbols: 2, blank: 0 };
    await expect(ctcBeamSearch(utterance as never, {}, { signal: value } as never)).rejects.toThrow();
  });

  it('is a known option of loading', async () => {
    await expect(loadTask('nothing', { thread: 1 } as never)).rejects.toThrow(refused('thread'));
  });

  it('may be one object of callbacks, as for Trainer', async () => {
    const { data, out } = place();
    let steps = 0;
    const callbacks = { onStep: () => void steps++ };
    await trainTask('tag', { ...small, data, out, callbacks });
    expect(steps).toBe(1);
    for (const value of ODD) {
      await expect(loadTask(out, { threads: 1, signal: value } as never)).rejects.toThrow(refused('signal'));
      await expect(predictTask(out, { values: ['01'], signal: value } as never).next()).rejects.toThrow(
        refused('signal'),
      );
    }
    const task = await loadTask(out, { threads: 1 });
    await expect(task.predict(['01'] as never, { signal: 5 } as never)).rejects.toThrow(refused('signal'));
    task.dispose();
  });
});

describe('arrays without their memory, or with a length that they do not have', () => {
  class Longer extends Float32Array {
    override get length(): number {
      return 8;
    }
  }
  const moved = () => {
    const array = Float32Array.of(1, 2, 3);
    structuredClone(array, { transfer: [array.buffer] });
    return array;
  };
  const own = () => Object.defineProperty(Float32Array.of(1, 2, 3), 'length', { value: 2 });

  it.each<[string, () => Float32Array]>([
    ['moved away', moved],
    ['says that its length is', () => new Longer([1, 2, 3])],
    ['says that its length is 2', own],
  ])('are refused: %s', async (why, make) => {
    const model = network();
    const refusal = expect.objectContaining({ code: 'invalid_option', message: expect.stringContaining(why) });
    for (const data of [
      { inputs: [make()], targets: [[1, 2, 3]] },
      { inputs: [[1, 2, 3]], targets: [make()] },
      {
        inputs: { input: make() },
        targets: { target: Float32Array.of(1, 2, 3) },
        batchSizes: Int32Array.of(1, 1, 1),
      },
    ]) {
      await expect(model.trainStep(data as never)).rejects.toThrow(refusal);
      await expect(model.evaluate(data as never)).rejects.toThrow(refusal);
    }
    await expect(model.predict([make()] as never)).rejects.toThrow(refusal);
    const trainer = new Trainer(model, { epochs: 1, progress: false });
    await expect(trainer.fit({ inputs: [make()], targets: [[1, 2, 3]] } as never)).rejects.toThrow(refusal);
    model.dispose();
  });
});
