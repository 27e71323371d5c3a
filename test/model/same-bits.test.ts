import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Model } from '../../src/model/model.js';
import { adam, momentum, rmsprop, sgd } from '../../src/network/optimizers/optimizer.js';
import { CELLS, type Cell, characterModel, imageOf, randomBatch } from './small-models.js';

// Small as the models are, all threads take part in every instruction.
beforeAll(() => {
  vi.stubEnv('BPTT_GRAIN', '0');
});
afterAll(() => {
  vi.unstubAllEnvs();
});

const LENGTHS = [13, 13, 9, 8, 8, 5, 2, 1];

/** Twenty training steps with dropout and a carried state; returns every loss and everything that training changed. */
async function train(model: Model, way: 'async' | 'sync' | 'mixed' = 'sync') {
  const state = model.newState(LENGTHS.length);
  const results = [];
  for (let step = 0; step < 20; step++) {
    const batch = randomBatch(LENGTHS, step);
    const options = { state, clipNorm: 0.5, clipValue: 0.1 };
    const isSync = way === 'sync' || (way === 'mixed' && step % 2 === 0);
    results.push(isSync ? model.trainStepSync(batch, options) : await model.trainStep(batch, options));
  }
  return { results, image: imageOf(model, state) };
}

const cells = Object.keys(CELLS) as Cell[];

describe('twenty training steps with dropout', () => {
  it.each(cells)('of an %s give the same bits on one, two and three threads', async (cell) => {
    // 37 units: columns that no number of threads divides.
    const run = (threads: number) => train(characterModel({ cell, units: 37, layers: 2, dropout: 0.3 }, { threads }));
    const one = await run(1);
    expect(new Set(one.results.map(({ loss }) => loss)).size).toBe(20);
    for (const threads of [2, 3]) expect(await run(threads)).toEqual(one);
  });

  it.each(['async', 'mixed'] as const)('give the same bits %s as on the calling thread', async (way) => {
    const make = () => characterModel({ layers: 2, dropout: 0.3 }, { threads: 2 });
    expect(await train(make(), way)).toEqual(await train(make(), 'sync'));
  });

  it.each([
    ['sgd', sgd({ learningRate: 0.5 })],
    ['momentum', momentum({ learningRate: 0.1, nesterov: true })],
    ['adam', adam()],
    ['rmsprop', rmsprop({ momentum: 0.5 })],
  ] as const)('give the same bits with %s on one and three threads', async (_, optimizer) => {
    const run = (threads: number) => train(characterModel({ dropout: 0.3 }, { threads, optimizer }));
    expect(await run(3)).toEqual(await run(1));
  });

  it('give other bits for another seed', async () => {
    const run = (seed: number) => train(characterModel({}, { seed }));
    expect((await run(1)).image).not.toEqual((await run(2)).image);
  });
});

describe('two models that train at the same time', () => {
  it('give the bits that each gives alone', async () => {
    const make = (seed: number) => characterModel({ units: 20, dropout: 0.2 }, { seed, threads: 2 });
    const together = await Promise.all([train(make(1), 'async'), train(make(2), 'async')]);
    expect(together).toEqual([await train(make(1)), await train(make(2))]);
  });
});

describe('predictions and evaluations', () => {
  it('have the same bits on one, two and three threads, sync and async', async () => {
    const batch = randomBatch(LENGTHS);
    const make = (threads: number) => characterModel({ units: 37, layers: 2, dropout: 0.3 }, { threads });
    const outputs = make(1).predictPackedSync(batch);
    const loss = make(1).evaluateSync(batch);
    for (const threads of [1, 2, 3]) {
      const model = make(threads);
      expect(await model.predictPacked(batch)).toEqual(outputs);
      expect(model.predictPackedSync(batch)).toEqual(outputs);
      expect(await model.evaluate(batch)).toEqual(loss);
    }
  });

  it('are copies that later runs do not change', () => {
    const model = characterModel();
    const [a, b] = [randomBatch([4, 3], 1), randomBatch([4, 3], 2)];
    const first = model.predictPackedSync(a);
    const kept = first.slice();
    const second = model.predictPackedSync(b);
    expect(second).not.toEqual(kept);
    expect(first).toEqual(kept);
    second.fill(7);
    first.fill(7);
    expect(model.predictPackedSync(a)).toEqual(kept);
  });
});
