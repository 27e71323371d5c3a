import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../src/batch/batch.js';
import type { Model } from '../../../src/model/model.js';
import { sequential } from '../../../src/model/network.js';
import { option } from '../../../src/network/defined-options.js';
import { dense } from '../../../src/network/layers/dense.js';
import { defineLoss } from '../../../src/network/losses/define-loss.js';
import type { LossDescription } from '../../../src/network/losses/losses.js';

const COLUMNS = 3;

/** A model whose outputs are its inputs: an affine layer with the identity. */
function identityModel(loss: LossDescription): Model {
  const model = sequential([dense({ units: COLUMNS })], { features: COLUMNS }).compileSync({ loss, threads: 1 });
  const { weight, bias } = parametersOf(model);
  bias.data.fill(0);
  weight.data.set([1, 0, 0, 0, 1, 0, 0, 0, 1]);
  model.parametersChanged();
  return model;
}

function parametersOf(model: Model) {
  const [weight, bias] = [...model.parameters.values()];
  if (weight === undefined || bias === undefined) throw new Error('the model has no weight and bias');
  return { weight, bias };
}

/** Rows of one sequence. */
function batchOf(rows: readonly (readonly number[])[], target: Int32Array | Float32Array): Batch {
  const batchSizes = new Int32Array(rows.length).fill(1);
  return { batchSizes, inputs: { input: Float32Array.from(rows.flat()) }, targets: { target } };
}

/** The gradient of the loss with respect to the bias: the sum over rows of that with respect to the outputs. */
function biasGradient(model: Model, batch: Batch): number[] {
  model.trainStepSync(batch, { learningRate: 0 });
  return [...parametersOf(model).bias.gradient];
}

const near = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 6));

describe('the softmax cross-entropy of a model', () => {
  const rows = [
    [0, 0, 0],
    [Math.log(2), 0, 0],
    [5, 5, 5],
  ];

  it('is the mean of -log p over the rows, in nats', () => {
    const model = identityModel('softmaxCrossEntropy');
    const batch = batchOf(rows, Int32Array.of(2, 0, 1));
    const expected = (Math.log(3) + Math.log(2) + Math.log(3)) / 3; // the second row has p = 2/4
    expect(model.evaluateSync(batch)).toEqual({ loss: expect.closeTo(expected, 6), steps: 3, targets: 3 });
    expect(biasGradient(model, batch)).toEqual(
      near([(1 / 3 - 1 / 2 + 1 / 3) / 3, (1 / 3 + 1 / 4 - 2 / 3) / 3, (-2 / 3 + 1 / 4 + 1 / 3) / 3]),
    );
  });

  it('leaves rows with target -1 out of the mean and of the gradient', () => {
    const model = identityModel('softmaxCrossEntropy');
    const ignoring = batchOf(rows, Int32Array.of(-1, 0, -1));
    expect(model.evaluateSync(ignoring).loss).toBeCloseTo(Math.log(2), 6);
    expect(biasGradient(model, ignoring)).toEqual(near([-1 / 2, 1 / 4, 1 / 4]));
  });

  it('is 0 with no gradient when all rows are left out', () => {
    const model = identityModel('softmaxCrossEntropy');
    const nothing = batchOf(rows, new Int32Array(3).fill(-1));
    expect(model.evaluateSync(nothing).loss).toBe(0);
    expect(model.trainStepSync(nothing)).toEqual({ loss: 0, gradientNorm: 0, steps: 3, targets: 3 });
  });

  it('stays finite for logits that overflow an exponential', () => {
    const model = identityModel('softmaxCrossEntropy');
    expect(model.evaluateSync(batchOf([[1000, -1000, 0]], Int32Array.of(1))).loss).toBe(2000);
    expect(model.evaluateSync(batchOf([[1000, -1000, 0]], Int32Array.of(0))).loss).toBe(0);
  });
});

describe('the sigmoid cross-entropy of a model', () => {
  const rows = [
    [0, 0, 0],
    [Math.log(3), 0, -Math.log(3)],
  ];

  it('is the mean over rows of the sum over columns, in nats', () => {
    const model = identityModel('sigmoidCrossEntropy');
    const batch = batchOf(rows, Float32Array.of(1, 0, 1, 1, 1, 0));
    const expected = (3 * Math.log(2) + Math.log(4 / 3) + Math.log(2) + Math.log(4 / 3)) / 2;
    expect(model.evaluateSync(batch).loss).toBeCloseTo(expected, 6);
    expect(biasGradient(model, batch)).toEqual(near([(-0.5 - 0.25) / 2, (0.5 - 0.5) / 2, (-0.5 + 0.25) / 2]));
  });

  it('takes targets between 0 and 1', () => {
    const model = identityModel('sigmoidCrossEntropy');
    const soft = batchOf([[0, 0, 0]], Float32Array.of(0.5, 0.25, 0));
    expect(model.evaluateSync(soft).loss).toBeCloseTo(3 * Math.log(2), 6);
    expect(biasGradient(model, soft)).toEqual(near([0, 0.25, 0.5]));
  });

  it('stays finite for logits that overflow an exponential', () => {
    const model = identityModel('sigmoidCrossEntropy');
    expect(model.evaluateSync(batchOf([[1000, -1000, 0]], Float32Array.of(0, 0, 0))).loss).toBeCloseTo(
      1000 + Math.log(2),
      3,
    );
  });
});

describe('the mean squared error of a model', () => {
  it('is the mean over all elements', () => {
    const model = identityModel('meanSquaredError');
    const batch = batchOf(
      [
        [1, 2, 3],
        [0, 0, 0],
      ],
      Float32Array.of(1, 0, 0, 2, 0, -1),
    );
    expect(model.evaluateSync(batch).loss).toBeCloseTo((4 + 9 + 4 + 1) / 6, 6);
    expect(biasGradient(model, batch)).toEqual(near([(2 * -2) / 6, (2 * 2) / 6, (2 * (3 + 1)) / 6]));
  });
});

describe('the absolute error and the Huber loss of a model', () => {
  // Differences 0, 2, 3 and -2, 0, 1.
  const batch = batchOf(
    [
      [1, 2, 3],
      [0, 0, 0],
    ],
    Float32Array.of(1, 0, 0, 2, 0, -1),
  );

  it.each<[string, LossDescription, number, readonly number[]]>([
    ['the absolute error', 'meanAbsoluteError', 8 / 6, [-1, 1, 2]],
    ['the Huber loss', 'huber', (1.5 + 2.5 + 1.5 + 0.5) / 6, [-1, 1, 2]],
    ['the Huber loss with a delta', { kind: 'huber', delta: 2 }, (2 + 4 + 2 + 0.5) / 6, [-2, 2, 3]],
    ['half the quantile loss of 0.5', { kind: 'quantile', levels: [0.5] }, 4 / 6, [-0.5, 0.5, 1]],
  ])('are means over all elements, without a gradient where there is no difference: %s', (_, loss, value, gradient) => {
    const model = identityModel(loss);
    expect(model.evaluateSync(batch).loss).toBeCloseTo(value, 6);
    expect(biasGradient(model, batch)).toEqual(near(gradient.map((each) => each / 6)));
  });

  it('are kept by their names where they have no options', () => {
    expect(identityModel({ kind: 'huber' }).loss).toBe('huber');
    expect(identityModel({ kind: 'meanAbsoluteError' }).loss).toBe('meanAbsoluteError');
    expect(identityModel({ kind: 'huber', delta: 1 }).loss).toEqual({ kind: 'huber', delta: 1 });
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, '1'])('refuse the delta %s', (delta) => {
    const refused = expect.objectContaining({ code: 'invalid_option' });
    expect(() => identityModel({ kind: 'huber', delta } as LossDescription)).toThrow(refused);
    const unknown = expect.objectContaining({ code: 'unknown_option' });
    expect(() => identityModel({ kind: 'huber', beta: 1 } as LossDescription)).toThrow(unknown);
    expect(() => identityModel({ kind: 'meanAbsoluteError', delta: 1 } as LossDescription)).toThrow(unknown);
  });

  it('fail as any other with an output that is not finite, and change nothing', () => {
    for (const loss of ['meanAbsoluteError', 'huber'] as const) {
      const model = identityModel(loss);
      parametersOf(model).weight.data[0] = 1e30;
      model.parametersChanged();
      const infinite = batchOf([[1e30, 1, 2]], Float32Array.of(0, 0, 0));
      expect(() => model.trainStepSync(infinite)).toThrow(expect.objectContaining({ code: 'non_finite_loss' }));
      expect(model.step).toBe(0);
    }
  });
});

describe('a loss', () => {
  const inputs = { batchSizes: Int32Array.of(1), inputs: { input: Float32Array.of(1, 2, 3) } };

  it('is refused where an option of one of ones own has the name that several losses stand under', () => {
    const make = () => defineLoss({ name: 'x', options: { losses: option.number() }, build: (outputs) => outputs });
    expect(make).toThrow(
      expect.objectContaining({ code: 'invalid_option', message: expect.stringMatching(/'losses'/) }),
    );
  });

  it('is refused by name when it is unknown', () => {
    const compile = () => sequential([dense({ units: 2 })], { features: 2 }).compileSync({ loss: 'hinge' as never });
    expect(compile).toThrow(/loss.*"hinge".*softmaxCrossEntropy, sigmoidCrossEntropy, meanSquaredError/);
  });

  it('wants whole numbers for classes and rows of real numbers otherwise', () => {
    for (const loss of ['sigmoidCrossEntropy', 'meanSquaredError', 'meanAbsoluteError', 'huber'] as const) {
      const batch = { ...inputs, targets: { target: Int32Array.of(1, 2, 3) } };
      expect(() => identityModel(loss).evaluateSync(batch)).toThrow(/'target' is Int32Array, expected a Float32Array/);
    }
    const rows = { ...inputs, targets: { target: Float32Array.of(1) } };
    expect(() => identityModel('softmaxCrossEntropy').evaluateSync(rows)).toThrow(
      /Float32Array, expected an Int32Array/,
    );
  });

  it('wants one target a row, or one a column of every row', () => {
    const classes = { ...inputs, targets: { target: Int32Array.of(0, 1) } };
    expect(() => identityModel('softmaxCrossEntropy').evaluateSync(classes)).toThrow(/2 entries, expected 1/);
    const short = { ...inputs, targets: { target: Float32Array.of(0, 1) } };
    expect(() => identityModel('meanSquaredError').evaluateSync(short)).toThrow(/2 entries, expected 3/);
  });
});
