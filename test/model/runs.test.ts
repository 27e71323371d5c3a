import { describe, expect, it } from 'vitest';
import type { Model } from '../../src/model/model.js';
import { characterModel, imageOf, randomBatch } from './small-models.js';

const busy = expect.objectContaining({ code: 'model_busy' });
const disposed = expect.objectContaining({ code: 'model_disposed' });
const batch = randomBatch([6, 5, 2]);

/** A model and a batch that keep a thread busy for some tens of milliseconds. */
const slowModel = () => characterModel({ units: 160, layers: 2 });
const slowBatch = randomBatch(new Array<number>(32).fill(24));

/**
 * A batch of as many sequences that keeps a thread busy for many seconds: a step that is aborted at once, or some milliseconds later,
 * is never over before. What it has not computed takes no memory.
 */
const endlessBatch = randomBatch(new Array<number>(32).fill(1000));

/** Until the run that was asked for last has begun. */
async function begun(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await Promise.resolve();
}

describe('runs that are asked for at once', () => {
  it('happen one after the other, in order', async () => {
    const model = characterModel();
    const order: string[] = [];
    const note = (name: string) => () => order.push(name);
    const runs = [
      model.trainStep(slowBatch).then(note('train')),
      model.evaluate(batch).then(note('evaluate')),
      model.trainStep(batch).then(note('train again')),
      model.predictPacked(batch).then(note('predict')),
    ];
    await Promise.all(runs);
    expect(order).toEqual(['train', 'evaluate', 'train again', 'predict']);
    expect(model.step).toBe(2);
  });

  it('give what they give one at a time', async () => {
    const steps = (model: Model) => [1, 2, 3, 4].map((seed) => () => model.trainStep(randomBatch([4, 2], seed)));
    const [atOnce, inTurn] = [characterModel(), characterModel()];
    const together = await Promise.all(steps(atOnce).map((step) => step()));
    const results = [];
    for (const step of steps(inTurn)) results.push(await step());
    expect(together).toEqual(results);
    expect(imageOf(atOnce)).toEqual(imageOf(inTurn));
  });

  it('do not suffer from one among them that fails', async () => {
    const model = characterModel();
    const wrong = { ...batch, inputs: { input: new Int32Array(13).fill(99) } };
    const runs = [model.trainStep(batch), model.trainStep(wrong), model.trainStep(batch)];
    const results = await Promise.allSettled(runs);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(model.step).toBe(2);
  });
});

describe('while an asynchronous run is under way', () => {
  it('what changes the model is refused while it trains, and works again afterwards', async () => {
    const model = slowModel();
    const before = imageOf(model);
    const running = model.trainStep(slowBatch, { learningRate: 0 });
    await begun();
    const calls = [
      () => model.trainStepSync(batch, { learningRate: 0 }),
      () => model.whileIdleSync(() => {}),
      () => model.diagnose(batch),
    ];
    for (const call of calls) expect(call).toThrow(busy);
    await running;
    expect(imageOf(model)['parameters']).toEqual(before['parameters']);
    for (const call of calls) call();
  });

  it('what changes the model is refused while it predicts', async () => {
    const model = slowModel();
    const before = imageOf(model);
    const running = model.evaluate(slowBatch);
    await begun();
    const calls = [() => model.trainStepSync(batch), () => model.diagnose(batch)];
    for (const call of calls) expect(call).toThrow(busy);
    await running;
    expect(imageOf(model)).toEqual(before);
    for (const call of calls) call();
  });

  it('a training step ends as if nobody had disposed of the model, whose memory is freed then', async () => {
    const [model, alone] = [slowModel(), slowModel()];
    const running = model.trainStep(slowBatch);
    await begun();
    model.dispose();
    expect(() => model.predictPackedSync(batch)).toThrow(disposed);
    expect(await running).toEqual(await alone.trainStep(slowBatch));
    expect(imageOf(model)).toEqual(imageOf(alone));
    expect(model.memory.arena).toBe(0);
  });
});

describe('a model that has been disposed of', () => {
  it('refuses every run, and may be disposed of again', async () => {
    const model = characterModel();
    model.trainStepSync(batch);
    model.dispose();
    model.dispose();
    for (const run of [
      () => model.trainStepSync(batch),
      () => model.evaluateSync(batch),
      () => model.predictPackedSync(batch),
      () => model.diagnose(batch),
      () => model.sample({ size: 11, joinedBy: '', encode: () => new Int32Array(), decodeSymbol: String }),
    ]) {
      expect(run).toThrow(disposed);
    }
    await expect(model.trainStep(batch)).rejects.toEqual(disposed);
    await expect(model.evaluate(batch)).rejects.toEqual(disposed);
    await expect(model.predictPacked(batch)).rejects.toEqual(disposed);
  });

  it('lets its parameters be read', () => {
    const model = characterModel();
    const before = imageOf(model);
    model.dispose();
    expect(imageOf(model)).toEqual(before);
  });

  it('can be disposed of by leaving a scope', () => {
    const model = characterModel();
    model[Symbol.dispose]();
    expect(() => model.predictPackedSync(batch)).toThrow(disposed);
  });

  it('fails the runs that were still waiting', async () => {
    const model = characterModel();
    const waiting = model.trainStep(batch);
    model.dispose();
    await expect(waiting).rejects.toEqual(disposed);
  });
});

describe('aborting a run', () => {
  it.each(['trainStep', 'evaluate', 'predictPacked'] as const)(
    'of %s before it begins rejects with the reason',
    async (run) => {
      const model = characterModel();
      const before = imageOf(model);
      const reason = new Error('no longer needed');
      await expect(model[run](batch, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      await expect(model[run](batch, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
      expect(imageOf(model)).toEqual(before);
      expect(model.memory.arena).toBe(0);
    },
  );

  it('of a training step in the middle rejects with the reason and changes nothing', async () => {
    const model = slowModel();
    const state = model.newState(32);
    await model.trainStep(slowBatch, { state });
    const before = imageOf(model, state);
    for (let attempt = 0; attempt < 3; attempt++) {
      const controller = new AbortController();
      const reason = { attempt };
      const running = model.trainStep(endlessBatch, { state, signal: controller.signal });
      if (attempt > 0) setTimeout(() => controller.abort(reason), 5 * attempt);
      else begun().then(() => controller.abort(reason));
      await expect(running).rejects.toBe(reason);
      expect(imageOf(model, state)).toEqual(before);
    }
  });

  it('leaves the steps after it as they would have been', async () => {
    const [stopped, plain] = [slowModel(), slowModel()];
    const controller = new AbortController();
    const running = stopped.trainStep(endlessBatch, { signal: controller.signal });
    setTimeout(() => controller.abort('stopped'), 2);
    await expect(running).rejects.toBe('stopped');
    expect(await stopped.trainStep(batch)).toEqual(await plain.trainStep(batch));
    expect(imageOf(stopped)).toEqual(imageOf(plain));
  });

  it('while it waits for its turn rejects it alone', async () => {
    const model = slowModel();
    const controller = new AbortController();
    const first = model.trainStep(slowBatch);
    const second = model.trainStep(slowBatch, { signal: controller.signal });
    const third = model.evaluate(batch);
    controller.abort('too late');
    await expect(second).rejects.toBe('too late');
    expect((await first).steps).toBe(32 * 24);
    expect((await third).steps).toBe(13);
    expect(model.step).toBe(1);
  });

  it('after it has ended does nothing, and leaves no listener behind', async () => {
    const model = characterModel();
    const controller = new AbortController();
    let listeners = 0;
    let added = 0;
    const { signal } = controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...given: Parameters<typeof add>) => {
      listeners++;
      added++;
      add(...given);
    };
    signal.removeEventListener = (...given: Parameters<typeof remove>) => {
      listeners--;
      remove(...given);
    };
    for (let step = 0; step < 5; step++) await model.trainStep(batch, { signal });
    expect({ listeners, added }).toEqual({ listeners: 0, added: 5 });
    controller.abort();
    expect(model.step).toBe(5);
    await expect(model.trainStep(batch, { signal })).rejects.toMatchObject({ name: 'AbortError' });
    expect((await model.trainStep(batch)).steps).toBe(13);
  });
});
