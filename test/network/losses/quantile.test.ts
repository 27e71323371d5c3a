import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../src/batch/batch.js';
import { QuantileLoss } from '../../../src/metrics/forecast-errors.js';
import { sequential } from '../../../src/model/network.js';
import { dense } from '../../../src/network/layers/dense.js';
import type { QuantileLossDescription } from '../../../src/network/losses/losses.js';
import { adam } from '../../../src/network/optimizers/optimizer.js';

const quantile = (...levels: number[]): QuantileLossDescription => ({ kind: 'quantile', levels });
const code = (expected: string) => expect.objectContaining({ code: expected });

/** A model of one input whose outputs are its biases: the input is 0. */
function constantModel(units: number, loss: QuantileLossDescription, biases?: readonly number[]) {
  const model = sequential([dense({ units })], { features: 1 }).compileSync({
    loss,
    threads: 1,
    optimizer: adam({ learningRate: 0.02 }),
  });
  const [, bias] = [...model.parameters.values()];
  if (bias === undefined) throw new Error('the model has no bias');
  if (biases !== undefined) bias.data.set(biases);
  model.parametersChanged();
  return { model, bias };
}

/** Steps of one sequence, with inputs of 0. */
function batchOf(rows: number, target: Float32Array): Batch {
  const batchSizes = new Int32Array(rows).fill(1);
  return { batchSizes, inputs: { input: new Float32Array(rows) }, targets: { target } };
}

describe('the quantile loss of a model', () => {
  it('is the mean over targets and levels, the columns of one level after those of the one before', () => {
    const levels = [0.1, 0.5, 0.9];
    const biases = [-1, 0, 0.5, 0.25, 2, 1]; // two targets at 0.1, two at 0.5, two at 0.9
    const targets = [1, -2, 0, 0.25, -3, 4];
    const { model, bias } = constantModel(6, quantile(...levels), biases);
    const batch = batchOf(3, Float32Array.from(targets));
    const metrics = levels.map((level, at) => {
      const metric = new QuantileLoss(level);
      for (let row = 0; row < 3; row++)
        metric.add(targets.slice(2 * row, 2 * row + 2), biases.slice(2 * at, 2 * at + 2));
      return metric.value as number;
    });
    const expected = metrics.reduce((sum, value) => sum + value, 0) / 3;
    expect(model.evaluateSync(batch)).toEqual({ loss: expect.closeTo(expected, 6), steps: 3, targets: 3 });
    model.trainStepSync(batch, { learningRate: 0 });
    // Of three rows so many targets lie above, so many below: [above, below] for each output, an equal one in neither.
    const sides = [
      [2, 1],
      [2, 1],
      [1, 2],
      [1, 1],
      [0, 3],
      [1, 2],
    ] as const;
    const slope = ([above, below]: readonly [number, number], at: number) => {
      const level = levels[Math.floor(at / 2)] as number;
      return expect.closeTo((below * (1 - level) - above * level) / (3 * 2 * 3), 6);
    };
    expect([...bias.gradient]).toEqual(sides.map(slope));
  });

  it('is half the absolute error at the level 0.5, and has no slope at its minimum', () => {
    const { model } = constantModel(1, quantile(0.5), [2]);
    expect(model.evaluateSync(batchOf(2, Float32Array.of(5, 1))).loss).toBeCloseTo((3 + 1) / 4, 6);
    expect(model.trainStepSync(batchOf(1, Float32Array.of(2)))).toMatchObject({ loss: 0, gradientNorm: 0 });
  });

  it('changes nothing when a target is NaN', () => {
    const { model, bias } = constantModel(3, quantile(0.1, 0.5, 0.9), [1, 2, 3]);
    const batch = batchOf(2, Float32Array.of(1, Number.NaN));
    expect(() => model.trainStepSync(batch)).toThrow(code('non_finite_data'));
    expect([...bias.data]).toEqual([1, 2, 3]);
  });

  it.each<[string, unknown, string, RegExp]>([
    ['no levels', { kind: 'quantile' }, 'invalid_option', /'loss.levels' must be a list of numbers in \(0, 1\)/],
    ['an empty list', quantile(), 'invalid_option', /'loss.levels'.*got \[\]/],
    ['a level of 0', quantile(0, 0.5), 'invalid_option', /'loss.levels\[0\]' .*> 0 and < 1, got 0/],
    ['a level of 1', quantile(0.5, 1), 'invalid_option', /'loss.levels\[1\]'.*got 1/],
    ['a level that is NaN', quantile(Number.NaN), 'invalid_option', /got NaN/],
    ['a hole among the levels', { kind: 'quantile', levels: new Array(1) }, 'invalid_option', /got undefined/],
    [
      'levels that do not ascend',
      quantile(0.5, 0.1),
      'invalid_option',
      /'loss.levels' must be ascending, got \[0.5,0.1\]/,
    ],
    ['a level twice', quantile(0.5, 0.5), 'invalid_option', /ascending/],
    ['another option', { ...quantile(0.5), level: 0.5 }, 'unknown_option', /no option 'level'/],
    ['outputs that are no multiple of the levels', quantile(0.1, 0.9), 'shape_mismatch', /2 levels .* got 3/],
  ])('refuses %s', (_name, loss, expected, message) => {
    const compile = () => sequential([dense({ units: 3 })], { features: 1 }).compileSync({ loss: loss as never });
    expect(compile).toThrow(code(expected));
    expect(compile).toThrow(message);
  });

  it('wants as many targets as there are outputs of one level', () => {
    const { model } = constantModel(4, quantile(0.1, 0.9));
    expect(() => model.evaluateSync(batchOf(1, new Float32Array(4)))).toThrow(/4 entries, expected 2/);
  });
});
