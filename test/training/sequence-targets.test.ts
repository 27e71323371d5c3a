import { describe, expect, it } from 'vitest';
import { type Batch, dense, gru, type Model, packSequences, sequential, Trainer } from '../../src/index.js';
import { readForValidation } from '../../src/training/training-data.js';
import { countPredictions, evaluateOn } from '../../src/training/validation.js';
import { randomNumbers } from '../model/small-models.js';

function modelOf(loss: 'softmaxCrossEntropy' | 'meanSquaredError'): Model {
  return sequential([gru({ units: 6, output: 'last' }), dense({ units: 2 })], { features: 1 }).compileSync({
    loss,
    threads: 1,
  });
}

/** Batches of different numbers of sequences, whose lengths say nothing of their number. */
const lengths = [[30, 2, 9], [4, 3, 3, 2, 2, 1, 1], [40]] as const;
const batchesOf = (targets: (sequences: number) => Int32Array | Float32Array, targetFeatures = 1) =>
  lengths.map((of, index) => {
    const sequences = of.map((length, place) => randomNumbers(length, 10 * index + place));
    return packSequences(sequences, { sequenceTargets: targets(of.length), targetFeatures });
  });
const classes = batchesOf((count) => Int32Array.from({ length: count }, (_, index) => index % 2));
const numbers = batchesOf((count) => randomNumbers(2 * count, count), 2);

/** Mean loss of batches, weighted by their numbers of sequences. */
function meanLoss(model: Model, batches: readonly Batch[], weights: readonly number[]): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return batches.reduce((sum, batch, index) => {
    return sum + (model.evaluateSync(batch).loss * (weights[index] as number)) / total;
  }, 0);
}

describe('a mean over batches with a target for every sequence', () => {
  it.each([
    ['classes', 'softmaxCrossEntropy', classes],
    ['numbers', 'meanSquaredError', numbers],
  ] as const)('counts sequences: %s', async (_, loss, batches) => {
    const model = modelOf(loss);
    const summary = await evaluateOn(model, readForValidation(batches));
    expect(summary.tokens).toBe(11);
    expect(summary.loss).toBeCloseTo(meanLoss(model, batches, [3, 7, 1]), 10);
    expect(summary.loss).not.toBeCloseTo(meanLoss(model, batches, [41, 16, 40]), 4);
  });

  it('leaves out those that are ignored', async () => {
    const ignoring = batchesOf((count) => Int32Array.from({ length: count }, (_, index) => (index > 3 ? -1 : 1)));
    const model = modelOf('softmaxCrossEntropy');
    const summary = await evaluateOn(model, readForValidation(ignoring));
    expect(summary.tokens).toBe(8);
    expect(summary.loss).toBeCloseTo(meanLoss(model, ignoring, [3, 4, 1]), 10);
    expect(countPredictions(ignoring[1] as Batch, 7)).toBe(4);
  });

  it('is the training loss of an epoch, while tokens and their speed are steps', async () => {
    const model = modelOf('meanSquaredError');
    const losses = new Map<number, number>();
    const order: number[] = [];
    const callbacks = { onStep: ({ step, loss }: { step: number; loss: number }) => void losses.set(step, loss) };
    const traced = {
      *[Symbol.iterator]() {
        for (const [index, batch] of numbers.entries()) {
          order.push(index);
          yield batch;
        }
      },
    };
    const result = await new Trainer(model, { epochs: 1, progress: false, callbacks }).fit(traced);
    const weights = [3, 7, 1];
    const expected = order.reduce((sum, index, step) => {
      return sum + ((losses.get(step + 1) as number) * (weights[index] as number)) / 11;
    }, 0);
    expect(order).toEqual([0, 1, 2]);
    expect(result.trainingLoss).toBeCloseTo(expected, 10);
    expect(result.tokens).toBe(97);
    // In no more than the seconds of the whole call.
    expect(result.tokensPerSecond * result.seconds).toBeGreaterThanOrEqual(result.tokens);
  });
});
