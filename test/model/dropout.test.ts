import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/batch/batch.js';
import { sequential } from '../../src/model/network.js';
import { dense, dropout } from '../../src/network/layers/dense.js';
import type { AnyLayer } from '../../src/network/layers/layers.js';
import { pool } from '../../src/network/layers/pool.js';
import { gru, lstm } from '../../src/network/layers/recurrent.js';
import { sgd } from '../../src/network/optimizers/optimizer.js';
import { bitsOf, characterModel, randomBatch, randomNumbers } from './small-models.js';

const WIDTH = 4000;
const RATE = 0.3;

/**
 * Ones through dropout into an affine layer with one output: the gradient of its weight is, but for one factor, what
 * dropout let through.
 */
function maskModel(seed = 1, layers = 1) {
  const drops = Array.from({ length: layers }, () => dropout({ rate: RATE }));
  const model = sequential([...drops, dense({ units: 1 })], { features: WIDTH }).compileSync({
    loss: 'meanSquaredError',
    optimizer: sgd({ learningRate: 1 }),
    seed,
    threads: 1,
  });
  for (const { data } of model.parameters.values()) data.fill(0);
  model.parametersChanged();
  return model;
}

const ones: Batch = {
  batchSizes: Int32Array.of(1),
  inputs: { input: new Float32Array(WIDTH).fill(1) },
  targets: { target: Float32Array.of(-0.5) }, // gradient 2 (0 + 0.5) = 1 at the output
};

/** What dropout let through in the next training step: 0 or 1/(1-rate) of every element. */
function nextMask(model: ReturnType<typeof maskModel>): Float32Array {
  model.trainStepSync(ones, { learningRate: 0 });
  return model.parameters.get('dense.weight')?.gradient.slice() as Float32Array;
}

describe('dropout', () => {
  it('drops a share of the elements and scales the others up', () => {
    const mask = nextMask(maskModel());
    const kept = Math.fround(1 / (1 - RATE));
    for (const value of mask) expect([0, kept]).toContainEqual(expect.closeTo(value, 6));
    const dropped = mask.filter((value) => value === 0).length / WIDTH;
    expect(Math.abs(dropped - RATE)).toBeLessThan(5 * Math.sqrt((RATE * (1 - RATE)) / WIDTH));
  });

  it('differs from step to step, from seed to seed and from layer to layer', () => {
    const model = maskModel();
    const masks = [nextMask(model), nextMask(model), nextMask(maskModel(2))];
    expect(new Set(masks.map(bitsOf)).size).toBe(3);
    // Two layers that dropped the same elements would let 70 % through, not 49 %.
    const both = nextMask(maskModel(1, 2)).filter((value) => value !== 0).length / WIDTH;
    expect(Math.abs(both - (1 - RATE) ** 2)).toBeLessThan(0.05);
  });

  it('is the same for the same seed and step, whatever ran before', () => {
    const model = maskModel();
    const masks = [nextMask(model), nextMask(model), nextMask(model)];
    expect([
      nextMask(Object.assign(maskModel(), { step: 2 })),
      nextMask(Object.assign(maskModel(), { step: 1 })),
    ]).toEqual([masks[2], masks[1]]);
    model.step = 0;
    expect(nextMask(model)).toEqual(masks[0]);
  });

  it('differs for steps and seeds beyond 32 bits', () => {
    const at = (seed: number, step: number) => bitsOf(nextMask(Object.assign(maskModel(seed), { step })));
    const large = 2 ** 32;
    expect(new Set([at(1, 0), at(1, large), at(large + 1, 0), at(large + 1, large)]).size).toBe(4);
  });

  it('is off in evaluation, prediction, diagnosis and streams', async () => {
    const batch = randomBatch([5, 3]);
    const [dropping, plain] = [characterModel({ layers: 2, dropout: 0.5 }), characterModel({ layers: 2 })];
    expect(await dropping.evaluate(batch)).toEqual(await plain.evaluate(batch));
    expect(await dropping.predictPacked(batch)).toEqual(await plain.predictPacked(batch));
    expect(dropping.stream().step(3)).toEqual(plain.stream().step(3));
    expect(dropping.diagnose(batch)).toBeUndefined();
  });

  it('is active in training, between recurrent layers only', () => {
    const batch = randomBatch([5, 3]);
    const loss = (options: object) => characterModel(options).trainStepSync(batch).loss;
    expect(loss({ layers: 2, dropout: 0.5 })).not.toBe(loss({ layers: 2 }));
    expect(loss({ layers: 1, dropout: 0.5 })).toBe(loss({ layers: 1 }));
  });

  it('with rate 0 changes nothing', () => {
    const layers = [dense({ units: 3 })];
    const model = (rate: number) =>
      sequential([dropout({ rate }), ...layers], { features: 2 }).compileSync({ loss: 'meanSquaredError' });
    const batch = {
      batchSizes: Int32Array.of(1),
      inputs: { input: Float32Array.of(1, 2) },
      targets: { target: new Float32Array(3) },
    };
    const plain = sequential(layers, { features: 2 }).compileSync({ loss: 'meanSquaredError' });
    expect(model(0).trainStepSync(batch)).toEqual(plain.trainStepSync(batch));
  });
});

describe('dropout per sequence', () => {
  const batch: Batch = {
    batchSizes: Int32Array.of(3, 2, 2),
    inputs: { input: randomNumbers(7 * 2) },
    targets: { target: randomNumbers(3, 2) },
  };
  const modelOf = (...layers: readonly AnyLayer[]) => {
    const all = [...layers, dropout({ rate: 0.5, perSequence: true }), dense({ units: 1 })];
    return sequential(all, { features: 2 }).compileSync({ loss: 'meanSquaredError', threads: 1, seed: 2 });
  };

  it.each([
    ['pooling', [gru({ units: 40 }), pool({ over: 'mean' })]],
    ['a layer that gives its last step', [lstm({ units: 40, output: 'last' })]],
  ] as const)('draws behind %s: each sequence has one row', (_, layers) => {
    const model = modelOf(...layers);
    const plain = sequential([...layers, dense({ units: 1 })], { features: 2 }).compileSync({
      loss: 'meanSquaredError',
      threads: 1,
      seed: 2,
    });
    expect(model.evaluateSync(batch)).toEqual(plain.evaluateSync(batch));
    expect(bitsOf(model.predictPackedSync(batch))).toBe(bitsOf(plain.predictPackedSync(batch)));
    const lossAt = (step: number) => {
      model.step = step;
      return model.trainStepSync(batch, { learningRate: 0 }).loss;
    };
    const losses = [lossAt(0), lossAt(1), lossAt(0)];
    expect(losses[1]).not.toBe(losses[0]);
    expect(losses[2]).toBe(losses[0]);
  });
});

describe('the largest rate of dropout', () => {
  it.each([
    ['elements', dropout({ rate: 0.999999 })],
    ['sequences', dropout({ rate: 0.999999, perSequence: true })],
    ['weights', gru({ units: 3, weightDropout: 0.999999, zoneout: 0.999999, recurrentDropout: 0.999999 })],
    ['both states', lstm({ units: 3, zoneout: { hidden: 0.999999, cell: 0.999999 }, inputDropout: 0.999999 })],
  ] as const)('trains: %s', (_, layer) => {
    const model = sequential([layer, dense({ units: 1 })], { features: 2 }).compileSync({ loss: 'meanSquaredError' });
    const { batchSizes, inputs } = { batchSizes: Int32Array.of(2), inputs: { input: randomNumbers(4) } };
    expect(model.trainStepSync({ batchSizes, inputs, targets: { target: new Float32Array(2) } }).steps).toBe(2);
  });
});
