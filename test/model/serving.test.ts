import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Model } from '../../src/model/model.js';
import type { NativeUpdateLock } from '../../src/native/addon.js';
import { type CharacterOptions, characterModel, imageOf, randomBatch, SYMBOLS } from './small-models.js';

const STEPS = 8;
const LETTERS = 12;

/** The shapes of the models: the first is trained, streams and predictions read all of them. */
const SHAPES: readonly CharacterOptions[] = [
  { units: 48, layers: 2 },
  { cell: 'gru', units: 24 },
  { cell: 'rnn', units: 17, layers: 2 },
  { units: 9 },
];
const models = (threads: number) => SHAPES.map((shape) => characterModel(shape, { threads }));
const batchAt = (step: number) => randomBatch([20, 17, 9, 9, 4], step + 1);
const letters = (seed: number) => Array.from({ length: LETTERS }, (_, at) => (5 * at + 3 * seed) % SYMBOLS);

/** Letters that a stream reads one by one in one of three ways. */
async function read(model: Model, seed: number): Promise<Float32Array[]> {
  const stream = model.stream();
  const outputs: Float32Array[] = [];
  for (const [at, letter] of letters(seed).entries()) {
    if ((seed + at) % 3 === 0) {
      outputs.push(stream.step(letter));
      await new Promise((resolve) => setImmediate(resolve));
    } else outputs.push(await ((seed + at) % 3 === 1 ? stream.stepAsync(letter) : stream.readAsync([letter])));
  }
  stream.close();
  return outputs;
}

describe('a process with four models, one of which is trained,', () => {
  it.each([1, 2])('100 streams and many predictions gives each what it gives alone (%i threads)', async (threads) => {
    const [serving, alone] = [models(threads), models(1)];
    const [trained, ...others] = serving as [Model, ...Model[]];
    const texts = Array.from({ length: 6 }, (_, at) => [letters(at), letters(at + 7).slice(0, 5)]);

    const training = (async () => {
      const results = [];
      for (let step = 0; step < STEPS; step++) results.push(await trained.trainStep(batchAt(step)));
      return results;
    })();
    const streams = Array.from({ length: 100 }, (_, seed) => read(serving[seed % 4] as Model, seed));
    const predictions = others.flatMap((model) => texts.map((text) => model.predict(text, { batch: 1 })));
    const evaluations = others.map((model) => model.evaluate(batchAt(0)));
    const visits = texts.map((text) => trained.predict(text));
    const files = Array.from({ length: 20 }, () => readFile(new URL(import.meta.url)));
    const names = Array.from({ length: 5 }, () => lookup('localhost'));

    const steps = await training;
    const [reference, ...otherReferences] = alone as [Model, ...Model[]];
    for (const [step, result] of steps.entries()) expect(result).toEqual(await reference.trainStep(batchAt(step)));
    expect(imageOf(trained)).toEqual(imageOf(reference));
    for (const [seed, stream] of streams.entries()) {
      const outputs = await stream;
      expect(outputs).toHaveLength(LETTERS);
      // Those of the first model see weights of several steps.
      if (seed % 4 !== 0) expect(outputs).toEqual(await read(alone[seed % 4] as Model, seed));
    }
    const expected = otherReferences.flatMap((model) => texts.map((text) => model.predictSync(text)));
    expect(await Promise.all(predictions)).toEqual(expected);
    expect(await Promise.all(evaluations)).toEqual(otherReferences.map((model) => model.evaluateSync(batchAt(0))));
    expect(await Promise.all(visits)).toHaveLength(texts.length);
    expect(new Set((await Promise.all(files)).map(String)).size).toBe(1);
    expect(await Promise.all(names)).toHaveLength(5);
    for (const model of [...serving, ...alone]) model.dispose();
  });

  it.each([1, 2])('does not let one model wait for the long steps of three others on %i threads', async (threads) => {
    const batch = randomBatch(new Array<number>(32).fill(24));
    const long = [0, 1, 2].map(() => characterModel({ units: 96, layers: 2 }, { threads }));
    const locks = long.map((model) => (model as unknown as { blocks: { lock: NativeUpdateLock } }).blocks.lock);
    for (const lock of locks) lock.enter(); // their steps stop before the update, however fast the machine is
    const training = long.map((model) => model.trainStep(batch));
    const [short, alone] = [characterModel({}, { threads }), characterModel()];
    const stream = short.stream();
    const expected = alone.stream();
    for (const letter of letters(1)) expect(await stream.stepAsync(letter)).toEqual(expected.step(letter));
    expect(await short.predict([letters(2)])).toEqual(alone.predictSync([letters(2)]));
    expect(long.map(({ step }) => step)).toEqual([0, 0, 0]);
    for (const lock of locks) lock.leave();
    const reference = characterModel({ units: 96, layers: 2 });
    const step = await reference.trainStep(batch);
    expect(await Promise.all(training)).toEqual([step, step, step]);
  });
});
