import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/batch/batch.js';
import type { Model } from '../../src/model/model.js';
import { sequential } from '../../src/model/network.js';
import type { Metric } from '../../src/model/use/metric.js';
import { dense } from '../../src/network/layers/dense.js';
import { embedding } from '../../src/network/layers/embedding.js';
import { gru } from '../../src/network/layers/recurrent.js';
import { batchSizesOf, bitsOf, characterModel, imageOf, randomBatch } from './small-models.js';

const busy = expect.objectContaining({ code: 'model_busy' });
const WORDS = 6000;

/** A model whose weights are many for its work: its update takes much of a training step. */
function wordModel(): Model {
  const layers = [embedding({ size: WORDS, units: 24 }), gru({ units: 12 }), dense({ units: WORDS })];
  return sequential(layers).compileSync({ threads: 1 });
}

const words = (count: number, seed: number) =>
  Int32Array.from({ length: count }, (_, at) => ((at + 1) * 2311 * seed) % WORDS);
const wordBatch = (seed: number): Batch => ({
  batchSizes: batchSizesOf([3, 2]),
  inputs: { input: words(5, seed) },
  targets: { target: words(5, seed + 1) },
});

const task = () => new Promise((resolve) => setImmediate(resolve));

/** A batch that keeps a thread busy for some milliseconds. */
const slowModel = () => characterModel({ units: 96, layers: 2 });
const slowBatch = randomBatch(new Array<number>(32).fill(24));
/** Ten times as long: a reader that begins at once is there before the update, however busy the machine is. */
const longBatch = randomBatch(new Array<number>(32).fill(240));

/** Until the calls that were requested have begun. */
async function begun(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await Promise.resolve();
}

/** Blocks this thread. */
function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** A metric that calls a function while `evaluateSync` reads the model. */
function observing(action: () => void): Metric {
  const result = () => {
    action();
    return 1;
  };
  return { name: 'own', begin: () => 0, update: () => {}, result };
}

/** What a call gave, to the bit. */
function textOf(found: unknown): string {
  return JSON.stringify(found, (_, each) => (each instanceof Float32Array ? bitsOf(each) : each));
}

describe('synchronous calls beside training steps', () => {
  const input = [Array.from(words(40, 3))];
  const reads: Record<string, (model: Model) => unknown> = {
    predictSync: (model) => model.predictSync(input),
    evaluateSync: (model) => model.evaluateSync(wordBatch(7)),
    step: (model) => model.stream().step(4000),
    read: (model) => model.stream().read(words(30, 5)),
  };

  it('see the weights before a step or after it, never a part of both, and change nothing of the training', async () => {
    const STEPS = 12;
    const [model, alone] = [wordModel(), wordModel()];
    const expected: Record<string, string>[] = [];
    const readAll = (from: Model) => {
      return Object.fromEntries(Object.entries(reads).map(([name, read]) => [name, textOf(read(from))]));
    };
    expected.push(readAll(alone));
    for (let step = 0; step < STEPS; step++) {
      await alone.trainStep(wordBatch(step + 1));
      expected.push(readAll(alone));
    }
    let isOver = false;
    let [now, seen] = [0, 0];
    const visits = (async () => {
      while (!isOver) {
        for (const [name, read] of Object.entries(reads)) {
          const found = textOf(read(model));
          seen++;
          // Weights do not go back.
          const at = expected.slice(now).findIndex(({ [name]: result }) => result === found);
          expect(at).toBeGreaterThanOrEqual(0);
          now += at;
        }
        await task();
      }
    })();
    for (let step = 0; step < STEPS; step++) {
      const training = model.trainStep(wordBatch(step + 1));
      await begun();
      model.stream().step(1); // is not refused
      await training;
      await task();
    }
    isOver = true;
    await visits;
    expect(seen).toBeGreaterThan(STEPS);
    expect(readAll(model)).toEqual(expected[STEPS]);
    expect(imageOf(model)).toEqual(imageOf(alone));
  });

  it('keep the weights as they are until they end, though a training step has its update ready', async () => {
    const [model, alone] = [slowModel(), slowModel()];
    model.evaluateSync(slowBatch);
    const before = imageOf(model);
    const training = model.trainStep(longBatch);
    await begun();
    let calls = 0;
    model.evaluateSync(slowBatch, {
      metrics: [
        observing(() => {
          calls++;
          sleep(600);
          expect(imageOf(model)).toEqual(before);
          expect(() => model.trainStepSync(slowBatch)).toThrow(busy);
        }),
      ],
    });
    expect(calls).toBe(1);
    expect(await training).toEqual(await alone.trainStep(longBatch));
    expect(imageOf(model)).toEqual(imageOf(alone));
  });

  it('let a training step be stopped while its update waits for them', async () => {
    const model = slowModel();
    model.evaluateSync(slowBatch); // has its program from now on
    const before = imageOf(model);
    const stop = new AbortController();
    const training = model.trainStep(longBatch, { signal: stop.signal });
    await begun();
    const abort = observing(() => {
      sleep(600);
      stop.abort('enough');
      sleep(50);
    });
    model.evaluateSync(slowBatch, { metrics: [abort] });
    await expect(training).rejects.toBe('enough');
    expect(imageOf(model)).toEqual(before);
    expect((await model.trainStep(slowBatch)).steps).toBe(32 * 24);
  });

  it('are refused with the state of the training step, and while whileIdle may write weights', async () => {
    const model = slowModel();
    const state = model.newState(32);
    const training = model.trainStep(slowBatch, { state });
    await begun();
    expect(() => model.predictPackedSync(slowBatch, { state })).toThrow(busy);
    expect(model.predictPackedSync(slowBatch, { state: model.newState(32) })).toHaveLength(32 * 24 * 11);
    await training;
    model.predictPackedSync(slowBatch, { state });
    await model.whileIdle(async () => {
      await task();
      expect(() => model.predictPackedSync(slowBatch)).toThrow(busy);
      expect(() =>
        model.sample({ size: 11, joinedBy: '', encode: () => Int32Array.of(1), decodeSymbol: String }),
      ).toThrow(busy);
    });
  });

  it('work while whileUnchanged saves, and training steps wait for its end', async () => {
    const model = characterModel();
    const batch = randomBatch([5, 3]);
    const order: string[] = [];
    let save = () => {};
    const saved = model.whileUnchanged(() => new Promise<void>((resolve) => (save = resolve)));
    const training = model.trainStep(batch).then(() => order.push('trained'));
    const stream = model.stream();
    await task();
    expect(stream.step(1)).toEqual(characterModel().stream().step(1));
    expect(model.predictPackedSync(batch)).toEqual(characterModel().predictPackedSync(batch));
    expect(model.step).toBe(0);
    order.push('saved');
    save();
    await Promise.all([saved, training]);
    expect(order).toEqual(['saved', 'trained']);
  });
});

describe('asynchronous calls beside a training that never pauses', () => {
  it('wait for one step at most, and the training goes on beside any number of them', async () => {
    const [model, alone] = [characterModel(), characterModel()];
    const batch = randomBatch([6, 4]);
    const STEPS = 40;
    let isOver = false;
    const waited: number[] = [];
    const visitor = async (call: () => Promise<unknown>) => {
      let calls = 0;
      while (!isOver) {
        const requestedAt = model.step;
        await call();
        waited.push(model.step - requestedAt);
        calls++;
      }
      return calls;
    };
    const streams = [model.stream(), model.stream(), model.stream()];
    const visitors = [
      () => model.predict([[1, 2, 3]]),
      () => model.predict([[4], [5, 6]], { batch: 1 }),
      () => model.evaluate(batch),
      () => model.gradients(batch),
      ...streams.map((stream) => () => stream.stepAsync(1)),
    ].map(visitor);
    const results = [];
    for (let step = 0; step < STEPS; step++) results.push(await model.trainStep(batch));
    isOver = true;
    const calls = await Promise.all(visitors);
    expect(Math.max(...waited)).toBeLessThanOrEqual(2); // the step at work, and one that was requested before the call
    // Nobody starves: each call has had its turn beside about every step.
    for (const count of calls) expect(count).toBeGreaterThanOrEqual(STEPS / 4);
    for (const result of results) expect(result).toEqual(await alone.trainStep(batch));
    expect(imageOf(model)).toEqual(imageOf(alone));
  });

  it('leave the queue at once when they are aborted, also between the batches of others', async () => {
    const model = slowModel();
    const order: string[] = [];
    const stop = new AbortController();
    const note = (name: string) => () => order.push(name);
    const working = model.trainStep(slowBatch).then(note('trained'));
    const { signal } = stop;
    const waiting = [
      model.predict([[1]], { signal }),
      model.evaluate(slowBatch, { signal }),
      model.trainStep(slowBatch, { signal }),
      model.stream().stepAsync(1, { signal }),
      model.stream().readAsync([1, 2], { signal }),
    ].map((call) => call.catch(note('aborted')));
    const last = model.predict([[1, 2]]).then(note('predicted'));
    await begun();
    stop.abort();
    await Promise.all([working, last, ...waiting]);
    expect(order).toEqual([...new Array<string>(5).fill('aborted'), 'trained', 'predicted']);
    expect(model.step).toBe(1);
  });
});
