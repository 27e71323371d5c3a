import { describe, expect, it } from 'vitest';
import { type Batch, checkGradients, dense, type LossDescription, lstm, pool, sequential } from '../../../src/index.js';
import { lossesFromJSON } from '../../../src/network/output-losses.js';
import { evaluateOn } from '../../../src/training/validation.js';
import { batchSizesOf, randomNumbers } from '../../model/small-models.js';

const LENGTHS = [3, 2, 1];
const ROWS = 6;
const COLUMNS = 4;
const WEIGHTS = [1, 0.5, 2, 0, 3, 0.25];

const classes = Int32Array.of(0, 3, -1, 1, 2, 2);
const numbers = randomNumbers(ROWS * COLUMNS, 5);
const bits = numbers.map((value) => (value + 1) / 2);
const targetOf: Readonly<Record<string, Int32Array | Float32Array>> = {
  softmaxCrossEntropy: classes,
  sigmoidCrossEntropy: bits,
  meanSquaredError: numbers,
  meanAbsoluteError: numbers,
  huber: numbers,
  quantile: numbers.slice(0, ROWS * 2),
};

const modelOf = (loss: LossDescription) =>
  sequential([lstm({ units: 5 }), dense({ units: COLUMNS })], { features: 2 }).compileSync({
    loss,
    threads: 2,
    seed: 3,
  });

const batchOf = (target: Int32Array | Float32Array, weights?: ArrayLike<number>): Batch => ({
  batchSizes: batchSizesOf(LENGTHS),
  inputs: { input: randomNumbers(ROWS * 2) },
  targets: { target, ...(weights && { 'target/weights': Float32Array.from(weights) }) },
});

const kinds = [
  'softmaxCrossEntropy',
  'sigmoidCrossEntropy',
  'meanSquaredError',
  'meanAbsoluteError',
  'huber',
  'quantile',
] as const;
const lossOf = (kind: string, options: object = {}) =>
  ({ kind, ...(kind === 'quantile' && { levels: [0.25, 0.75] }), ...options }) as LossDescription;

/** The loss of each row alone: of a batch in which all other rows have weight 0. */
function lossesByRow(kind: string, options: object = {}): number[] {
  const model = modelOf(lossOf(kind, { ...options, weights: 'step' }));
  return Array.from({ length: ROWS }, (_, row) => {
    const only = WEIGHTS.map((_each, at) => Number(at === row));
    return model.evaluateSync(batchOf(targetOf[kind] as Float32Array, only)).loss;
  });
}

describe.each(kinds)('the weights of a %s loss', (kind) => {
  const target = targetOf[kind] as Float32Array;
  const counts = (row: number) => kind !== 'softmaxCrossEntropy' || (classes[row] as number) >= 0;

  it('make it the weighted mean of the losses of the rows, with a gradient', () => {
    const rows = lossesByRow(kind);
    const total = WEIGHTS.reduce((sum, weight, row) => sum + (counts(row) ? weight : 0), 0);
    const expected = rows.reduce((sum, loss, row) => sum + loss * (WEIGHTS[row] as number), 0) / total;
    const model = modelOf(lossOf(kind, { weights: 'step' }));
    const batch = batchOf(target, WEIGHTS);
    const result = model.evaluateSync(batch);
    expect(result.loss).toBeCloseTo(expected, 5);
    expect(result.weight).toBeCloseTo(total, 5);
    expect(model.trainStepSync(batch, { learningRate: 0 })).toMatchObject(result);
    expect(checkGradients(model, batch).failures).toEqual([]);
  });

  it('change nothing where all are the same', () => {
    const plain = modelOf(lossOf(kind));
    const weighted = modelOf(lossOf(kind, { weights: 'step' }));
    const expected = plain.evaluateSync(batchOf(target));
    expect(expected.weight).toBeUndefined();
    const result = weighted.evaluateSync(batchOf(target, new Array(ROWS).fill(2.5)));
    expect(result.loss).toBeCloseTo(expected.loss, 6);
    expect(result.targets).toBe(expected.targets);
    plain.trainStepSync(batchOf(target));
    weighted.trainStepSync(batchOf(target, new Array(ROWS).fill(1)));
    for (const [name, { gradient }] of plain.parameters) {
      expect([...(weighted.parameters.get(name)?.gradient ?? [])], name).toEqual(
        [...gradient].map((value) => expect.closeTo(value, 6)),
      );
    }
  });

  it('may be those of sequences', () => {
    const perSequence = [2, 0, 5];
    const sequenceOf = [0, 1, 2, 0, 1, 0];
    const bySteps = modelOf(lossOf(kind, { weights: 'step' })).evaluateSync(
      batchOf(
        target,
        sequenceOf.map((sequence) => perSequence[sequence] as number),
      ),
    );
    const model = modelOf(lossOf(kind, { weights: 'sequence' }));
    expect(model.evaluateSync(batchOf(target, perSequence))).toEqual(bySteps);
    expect(checkGradients(model, batchOf(target, perSequence)).passed).toBe(true);
  });

  it('leave a loss and gradients of 0 where none counts', () => {
    const model = modelOf(lossOf(kind, { weights: 'step' }));
    const result = model.trainStepSync(batchOf(target, new Array(ROWS).fill(0)));
    expect(result).toMatchObject({ loss: 0, weight: 0, gradientNorm: 0 });
  });

  it('are refused when they are no weights', () => {
    const model = modelOf(lossOf(kind, { weights: 'step' }));
    expect(() => model.evaluateSync(batchOf(target))).toThrow(/target 'target\/weights' is missing/);
    expect(() => model.evaluateSync(batchOf(target, [1]))).toThrow(/'target\/weights' has 1 entries, expected 6/);
    for (const bad of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => model.evaluateSync(batchOf(target, [1, 1, bad, 1, 1, 1]))).toThrow(
        expect.objectContaining({ code: 'invalid_weights', details: expect.objectContaining({ row: 2 }) }),
      );
    }
    expect(() => modelOf(lossOf(kind, { weights: 'row' }))).toThrow(/loss\.weights/);
    const whole = sequential([pool({ over: 'last' }), dense({ units: COLUMNS })], { features: 2 });
    expect(() => whole.compileSync({ loss: lossOf(kind, { weights: 'step' }) })).toThrow(/weights 'sequence' fit/);
    expect(whole.compileSync({ loss: lossOf(kind, { weights: 'sequence' }) }).outputPer).toBe('sequence');
  });
});

describe('the class weights and label smoothing of a softmax cross-entropy', () => {
  const classWeights = [1, 0, 2, 0.5];

  /** By hand, from the outputs of the model. */
  function expected(smoothing: number, weights: readonly number[], rowWeights: readonly number[]) {
    const logits = modelOf('softmaxCrossEntropy').predictPackedSync(batchOf(classes));
    let [sum, total] = [0, 0];
    for (const [row, target] of classes.entries()) {
      if (target < 0) continue;
      const x = [...logits.slice(row * COLUMNS, (row + 1) * COLUMNS)];
      const lse = Math.log(x.reduce((all, each) => all + Math.exp(each), 0));
      const spread = x.reduce((all, each, at) => all + (weights[at] as number) * (lse - each), 0) / COLUMNS;
      const own = (weights[target] as number) * (lse - (x[target] as number));
      sum += (rowWeights[row] as number) * ((1 - smoothing) * own + smoothing * spread);
      total += (rowWeights[row] as number) * (weights[target] as number);
    }
    return { loss: sum / total, total };
  }

  it.each([
    ['class weights', { classWeights }, expected(0, classWeights, new Array(ROWS).fill(1))],
    ['label smoothing', { labelSmoothing: 0.2 }, expected(0.2, new Array(COLUMNS).fill(1), new Array(ROWS).fill(1))],
    ['both', { classWeights, labelSmoothing: 0.2 }, expected(0.2, classWeights, new Array(ROWS).fill(1))],
    ['all', { classWeights, labelSmoothing: 0.2, weights: 'step' }, expected(0.2, classWeights, WEIGHTS)],
  ] as const)('%s: is the weighted mean, with a gradient', (_, options, { loss, total }) => {
    const model = modelOf({ kind: 'softmaxCrossEntropy', ...options });
    const batch = batchOf(classes, 'weights' in options ? WEIGHTS : undefined);
    const result = model.evaluateSync(batch);
    expect(result.loss).toBeCloseTo(loss, 5);
    if ('classWeights' in options) expect(result.weight).toBeCloseTo(total, 5);
    else expect(result.weight).toBeUndefined();
    expect(checkGradients(model, batch).failures).toEqual([]);
  });

  it('are part of the description, which comes back from JSON', () => {
    const loss = { kind: 'softmaxCrossEntropy', classWeights, labelSmoothing: 0.1, weights: 'sequence' } as const;
    const model = modelOf(loss);
    expect(model.loss).toEqual(loss);
    expect(Object.isFrozen((model.loss as typeof loss).classWeights)).toBe(true);
    expect(lossesFromJSON(JSON.parse(JSON.stringify(model.loss)))).toEqual({ loss });
    expect(modelOf({ kind: 'softmaxCrossEntropy' }).loss).toBe('softmaxCrossEntropy');
    const positive = { kind: 'sigmoidCrossEntropy', positiveWeights: [1, 2, 3, 4] } as const;
    expect(modelOf(positive).loss).toEqual(positive);
  });

  it('are refused when they are none', () => {
    const refuse = (options: object, kind = 'softmaxCrossEntropy') =>
      expect(() => modelOf({ kind, ...options } as never));
    refuse({ classWeights: [1, 2] }).toThrow(/'classWeights' has 2 numbers, the output has 4 columns/);
    refuse({ classWeights: [1, -1, 1, 1] }).toThrow(/loss\.classWeights\[1\]/);
    refuse({ classWeights: [] }).toThrow(/loss\.classWeights' must be a list/);
    refuse({ labelSmoothing: 1 }).toThrow(/loss\.labelSmoothing.*< 1/);
    refuse({ positiveWeights: [1, 1, 1, 1] }).toThrow(/no option 'positiveWeights'/);
    refuse({ classWeights: [1, 1, 1, 1] }, 'meanSquaredError').toThrow(/no option 'classWeights'/);
    refuse({ positiveWeights: [1] }, 'sigmoidCrossEntropy').toThrow(/'positiveWeights' has 1 numbers/);
  });
});

it('a validation weighs its batches by the sum of their weights', async () => {
  const model = modelOf({ kind: 'meanSquaredError', weights: 'step' });
  const batches = [
    batchOf(numbers, WEIGHTS),
    batchOf(
      bits,
      WEIGHTS.map((weight) => 10 * weight),
    ),
  ];
  const [first, second] = batches.map((batch) => model.evaluateSync(batch).loss) as [number, number];
  const reader = {
    description: {},
    batchesPerEpoch: 2,
    async *batches() {
      yield* batches;
    },
  };
  const summary = await evaluateOn(model, reader as never);
  expect(summary.loss).toBeCloseTo((first + 10 * second) / 11, 5);
  expect(summary.tokens).toBeCloseTo(11 * WEIGHTS.reduce((a, b) => a + b), 4);
});
