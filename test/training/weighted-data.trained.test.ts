import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import type { Metric } from '../../src/index.js';
import { sequential } from '../../src/model/network.js';
import { dense } from '../../src/network/layers/dense.js';
import { embedding } from '../../src/network/layers/embedding.js';
import { gru } from '../../src/network/layers/recurrent.js';
import type { LossDescription } from '../../src/network/losses/losses.js';
import { adam } from '../../src/network/optimizers/optimizer.js';
import { Trainer } from '../../src/training/trainer.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { imageOf } from '../model/small-models.js';

const SYMBOLS = 6;

/** Sequences whose class is whether the first symbol is below the middle; those of weight 0 have the wrong one. */
function examples(count: number, seed: number) {
  const random = new Random(seed, 'weighted');
  const inputs = Array.from({ length: count }, () =>
    Array.from({ length: 1 + random.integer(6) }, () => random.integer(SYMBOLS)),
  );
  const weights = inputs.map((_, at) => (at % 3 === 0 ? 0 : 0.5 + random.uniform()));
  const right = inputs.map(([first = 0]) => Number(first < SYMBOLS / 2));
  return { inputs, weights, right, targets: right.map((id, at) => (weights[at] === 0 ? 1 - id : id)) };
}

const compile = (loss: LossDescription = { kind: 'softmaxCrossEntropy', weights: 'sequence' }) =>
  sequential([
    embedding({ size: SYMBOLS, units: 6 }),
    gru({ units: 12, output: 'last' }),
    dense({ units: 2 }),
  ]).compileSync({ loss, optimizer: adam({ learningRate: 0.02 }), threads: 1, seed: 3 });

/** The part of the weights whose class is predicted. */
const accuracy: Metric<{ right: number; all: number }> = {
  name: 'accuracy',
  better: 'higher',
  begin: () => ({ right: 0, all: 0 }),
  update(sums, { prediction: [no = 0, yes = 0], target: [id], weights: [weight = 1] = [] as never }) {
    sums.right += Number(Number(yes > no) === id) * weight;
    sums.all += weight;
  },
  result: ({ right, all }) => right / all,
};

const { right: truth, ...data } = examples(120, 1);
const { right: heldTruth, ...held } = examples(40, 2);

describe('training with weights', () => {
  it('learns what has a weight, not what has none, and chooses the best by a weighted metric', async () => {
    const model = compile();
    const options = { epochs: 25, progress: false, metrics: [accuracy], monitor: 'accuracy' } as const;
    const { best, validation } = await new Trainer(model, options).fit({ ...data, validation: held });
    const total = held.weights.reduce((sum, weight) => sum + weight, 0);
    expect(validation?.tokens).toBeCloseTo(total, 3);
    expect(best?.metrics?.['accuracy']).toBeGreaterThan(0.9);
    expect(validation?.perplexity).toBeCloseTo(Math.exp(validation?.loss as number), 10);
    const { loss, metrics, weight } = await model.evaluate(held, { metrics: [accuracy], batch: 7 });
    expect(weight).toBeCloseTo(total, 3);
    expect(loss).toBeCloseTo(best?.loss as number, 4);
    expect(metrics?.['accuracy']).toBeCloseTo(best?.metrics?.['accuracy'] as number, 5);
    // Those of weight 0 are predicted as they really are.
    const logits = await model.predict(held.inputs);
    const found = logits.filter(([no = 0, yes = 0], at) => Number(yes > no) === heldTruth[at]);
    expect(found.length).toBeGreaterThanOrEqual(36);
    expect(truth).toHaveLength(120);
  });

  it('goes on bit for bit where it was interrupted, with validations of fractions of predictions', async () => {
    const run = async (directory: string, epochs: number, resume = false) => {
      const model = compile();
      const options = { epochs, directory, resume, progress: false, metrics: [accuracy], monitor: 'accuracy' } as const;
      const result = await new Trainer(model, { ...options, keep: 'last' }).fit({ ...data, validation: held });
      return { image: imageOf(model), validation: result.validation, best: result.bestStep };
    };
    const expected = await run(join(temporaryDirectory(), 'run'), 4);
    const directory = join(temporaryDirectory(), 'run');
    await run(directory, 2);
    expect(await run(directory, 4, true)).toEqual(expected);
  });

  it('of 1 each goes the way of a training without weights', async () => {
    const ones = data.inputs.map(() => 1);
    const weighted = compile();
    const plain = compile('softmaxCrossEntropy');
    const options = { epochs: 2, progress: false } as const;
    const { inputs, targets } = data;
    const withOnes = await new Trainer(weighted, options).fit({ inputs, targets, weights: ones });
    const without = await new Trainer(plain, options).fit({ inputs, targets });
    expect(withOnes.trainingLoss).toBe(without.trainingLoss);
    expect(imageOf(weighted)).toEqual(imageOf(plain));
  });
});
