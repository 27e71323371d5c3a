import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Model } from '../../src/model/model.js';
import { saveModel } from '../../src/saved/save-model.js';
import { Trainer } from '../../src/training/trainer.js';
import { characterModel, randomBatch } from './small-models.js';

const batch = randomBatch([5, 3]);
const pause = () => new Promise((resolve) => setImmediate(resolve));

function within(outer: string) {
  const message = expect.stringContaining(`within ${outer}`);
  return { code: 'model_busy', message };
}

/** Asynchronous calls that read the model. */
const reading: Record<string, (model: Model) => Promise<unknown>> = {
  predict: (model) => model.predict([[1, 2]]),
  predictPacked: (model) => model.predictPacked(batch),
  evaluate: (model) => model.evaluate(batch),
  gradients: (model) => model.gradients(batch),
  snapshot: async (model) => (await model.snapshot()).dispose(),
  whileUnchanged: (model) => model.whileUnchanged(async () => 1),
  stepAsync: (model) => model.stream().stepAsync(1),
  readAsync: (model) => model.stream().readAsync([1, 2]),
  async saveModel(model) {
    const folder = mkdtempSync(path.join(tmpdir(), 'bptt-within-'));
    await saveModel(model, path.join(folder, 'model.safetensors')).finally(() =>
      rmSync(folder, { recursive: true, force: true }),
    );
  },
};
const changing: typeof reading = {
  trainStep: (model) => model.trainStep(batch),
  whileIdle: (model) => model.whileIdle(async () => 1),
  fit: (model) => new Trainer(model, { epochs: 1 }).fit([batch]),
};

describe('an asynchronous call of a model within its own whileIdle', () => {
  it.each(Object.entries({ ...reading, ...changing }))('is refused: %s', async (_, call) => {
    const model = characterModel();
    await expect(model.whileIdle(() => call(model))).rejects.toMatchObject(within('whileIdle'));
    const behindAnother = model.whileIdle(async () => {
      await pause();
      return call(model);
    });
    await expect(behindAnother).rejects.toMatchObject(within('whileIdle'));
    await call(model); // afterwards
  });

  it('is refused behind one of another model, and is none where another caller makes it', async () => {
    const [model, other] = [characterModel(), characterModel()];
    const nested = model.whileIdle(() =>
      other.whileUnchanged(async () => [await other.predict([[1]]), model.predict([[1]])]),
    );
    const [fine, refused] = await nested;
    expect(fine).toEqual(other.predictSync([[1]]));
    await expect(refused).rejects.toMatchObject(within('whileIdle'));
    let release = () => {};
    const holding = model.whileIdle(() => new Promise<void>((resolve) => (release = resolve)));
    const waiting = model.predict([[1]]);
    await pause();
    const stepped = model.stream().stepAsync(1);
    release();
    await holding;
    expect(await waiting).toEqual(model.predictSync([[1]]));
    expect(await stepped).toEqual(model.stream().step(1));
  });

  it('is none when the function has ended', async () => {
    const model = characterModel();
    let later: Promise<unknown> | undefined;
    let ended = () => {};
    const end = new Promise<void>((resolve) => (ended = resolve));
    await model.whileIdle(async () => {
      later = end.then(() => model.predict([[1]]));
    });
    ended();
    expect(await later).toEqual(model.predictSync([[1]]));
  });
});

describe('an asynchronous call of a model within its own whileUnchanged', () => {
  it.each(Object.entries(changing))('is refused when it changes the model: %s', async (_, call) => {
    const model = characterModel();
    await expect(model.whileUnchanged(() => call(model))).rejects.toMatchObject(within('whileUnchanged'));
    await call(model);
  });

  it.each(Object.entries(reading))('works when it reads, also where a training step waits: %s', async (name, call) => {
    const model = characterModel();
    let trained: Promise<unknown> | undefined;
    const ask = () => {
      trained = model.trainStep(batch);
    };
    setImmediate(ask);
    const found = model.whileUnchanged(async () => {
      await call(model);
      while (trained === undefined) await pause();
      return call(model);
    });
    // Steps join those of other callers, which may wait for the training step.
    if (name === 'stepAsync' || name === 'readAsync')
      await expect(found).rejects.toMatchObject(within('whileUnchanged'));
    else await found;
    await trained;
    expect(model.step).toBe(1);
    await call(model);
  });
});
