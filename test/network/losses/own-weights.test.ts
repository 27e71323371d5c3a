import { describe, expect, it } from 'vitest';
import {
  type Batch,
  checkGradients,
  defineLoss,
  dense,
  type LossDescription,
  lstm,
  option,
  pool,
  sequential,
} from '../../../src/index.js';
import {
  divide,
  maximum,
  meanOverColumns,
  meanSquaredError,
  multiply,
  power,
  subtract,
  sumOverRows,
} from '../../../src/network/operations.js';
import { lossesFromJSON } from '../../../src/network/output-losses.js';
import { batchSizesOf, randomNumbers } from '../../model/small-models.js';

const LENGTHS = [3, 2, 1];
const ROWS = 6;
const target = randomNumbers(2 * ROWS, 2);
const WEIGHTS = [1, 0.5, 2, 0, 3, 0.25];

const mayWeigh = defineLoss({
  name: 'mayWeigh',
  weights: 'optional',
  build: (outputs, truth, { weights }) =>
    weights === undefined ? meanSquaredError(outputs, truth) : meanSquaredError(outputs, truth, { weights }),
});

const mustWeigh = defineLoss({
  name: 'mustWeigh',
  options: { scale: option.number({ default: 1 }) },
  weights: 'required',
  build: (outputs, truth, { weights }) => meanSquaredError(outputs, truth, { weights }),
});

const batchOf = (weights?: readonly number[]): Batch => ({
  batchSizes: batchSizesOf(LENGTHS),
  inputs: { input: randomNumbers(3 * ROWS) },
  targets: { target, ...(weights && { 'target/weights': Float32Array.from(weights) }) },
});
const modelOf = (loss: LossDescription) =>
  sequential([lstm({ units: 4 }), dense({ units: 2 })], { features: 3 }).compileSync({ loss, threads: 1, seed: 2 });

describe('the weights of a loss of one’s own', () => {
  it.each([
    ['step', WEIGHTS],
    ['sequence', [2, 0, 5]],
  ] as const)('are those of each %s, with a gradient and their sum', (weights, given) => {
    const batch = batchOf(given);
    const expected = modelOf({ kind: 'meanSquaredError', weights }).evaluateSync(batch);
    for (const loss of [mayWeigh({ weights }), mustWeigh({ weights })]) {
      const model = modelOf(loss);
      const result = model.evaluateSync(batch);
      expect(result.loss).toBe(expected.loss);
      expect(result.weight).toBeCloseTo(expected.weight as number, 5);
      expect(model.trainStepSync(batch, { learningRate: 0 }).weight).toBe(result.weight);
      expect(checkGradients(model, batch).failures).toEqual([]);
    }
  });

  it('may be left out where the loss says so', () => {
    const { loss, weight } = modelOf(mayWeigh()).evaluateSync(batchOf());
    expect(loss).toBe(modelOf('meanSquaredError').evaluateSync(batchOf()).loss);
    expect(weight).toBeUndefined();
    expect(() => mustWeigh({} as never)).toThrow(/loss 'mustWeigh' needs option 'weights'/);
  });

  it('come back from JSON', () => {
    const loss = mustWeigh({ weights: 'sequence' });
    expect(loss).toEqual({ kind: 'mustWeigh', scale: 1, weights: 'sequence' });
    expect(lossesFromJSON(JSON.parse(JSON.stringify(loss)), [mustWeigh])).toEqual({ loss });
  });

  it('are refused as those of the library are', () => {
    const model = modelOf(mayWeigh({ weights: 'step' }));
    expect(() => model.evaluateSync(batchOf())).toThrow(/'target\/weights' is missing/);
    expect(() => model.trainStepSync(batchOf([1, 1, -1, 1, 1, 1]))).toThrow(
      expect.objectContaining({ code: 'invalid_weights' }),
    );
    expect(() => mayWeigh({ weights: 'row' as never })).toThrow(/'weights' must be one of "step", "sequence"/);
    const whole = sequential([pool({ over: 'last' }), dense({ units: 2 })], { features: 3 });
    expect(() => whole.compileSync({ loss: mayWeigh({ weights: 'step' }) })).toThrow(/weights 'sequence' fit/);
  });

  it('exclude an option or an input of that name, and are nothing else', () => {
    const { build } = { build: (outputs: Parameters<typeof meanSquaredError>[0]) => outputs };
    const options = { weights: option.number() };
    expect(() => defineLoss({ name: 'x', weights: 'optional', options, build })).toThrow(/'options' must be names/);
    const inputs = { weights: { kind: 'features' } } as const;
    expect(() => defineLoss({ name: 'x', weights: 'required', inputs, build })).toThrow(/'inputs' must be names/);
    expect(() => defineLoss({ name: 'x', weights: true as never, build })).toThrow(/'weights' must be one of/);
  });

  it('may be 0 all over a batch, where the loss divides as its documentation says', () => {
    const divided = defineLoss({
      name: 'divided',
      weights: 'required',
      build(outputs, truth, { weights }) {
        const errors = meanOverColumns(power(subtract(outputs, truth), 2));
        const sum = sumOverRows(multiply(errors, weights));
        return divide(sum, maximum(sumOverRows(weights), 1e-30));
      },
    });
    const model = modelOf(divided({ weights: 'step' }));
    const nothing = batchOf(WEIGHTS.map(() => 0));
    expect(model.evaluateSync(nothing)).toMatchObject({ loss: 0, weight: 0 });
    expect(model.trainStepSync(nothing, { learningRate: 0 })).toMatchObject({ loss: 0, gradientNorm: 0 });
    const known = modelOf({ kind: 'meanSquaredError', weights: 'step' });
    expect(model.evaluateSync(batchOf(WEIGHTS)).loss).toBeCloseTo(known.evaluateSync(batchOf(WEIGHTS)).loss, 5);
  });
});

it('a batch without weights leaves the mean of a loss that is 0 / 0 there alone', () => {
  const careless = defineLoss({
    name: 'careless',
    weights: 'required',
    build: (outputs, truth, { weights }) => {
      const errors = meanOverColumns(power(subtract(outputs, truth), 2));
      return divide(sumOverRows(multiply(errors, weights)), sumOverRows(weights));
    },
  });
  const network = sequential([lstm({ units: 4 }), dense({ units: 1 })], { features: 1 });
  const model = network.compileSync({ loss: careless({ weights: 'sequence' }), threads: 1 });
  const data = { inputs: [[1, 2], [3], [4, 5]], targets: [[1, 0], [2], [0, 3]], weights: [1, 0, 2] };
  expect(model.evaluateSync(data, { batch: 1 }).loss).toBeCloseTo(model.evaluateSync(data).loss, 6);
});

// What stands behind `@ts-expect-error` must be an error of the compiler (`npm run typecheck`): nothing of it runs.
function typed(take: (loss: LossDescription) => void): void {
  take({ kind: 'softmaxCrossEntropy', weights: 'step', classWeights: [1, 2], labelSmoothing: 0.1 });
  take({ kind: 'ctc', weights: 'sequence' });
  // @ts-expect-error no such option
  take({ kind: 'meanSquaredError', classWeights: [1] });
  // @ts-expect-error misspelt
  take({ kind: 'sigmoidCrossEntropy', positiveWeight: [1] });
  // @ts-expect-error frames have no loss of their own
  take({ kind: 'ctc', weights: 'step' });
  // @ts-expect-error neither steps nor sequences
  take({ kind: 'quantile', levels: [0.5], weights: 'row' });
  mayWeigh();
  mayWeigh({ weights: 'step' });
  mustWeigh({ weights: 'sequence', scale: 2 });
  // @ts-expect-error the weights must be given
  mustWeigh();
  // @ts-expect-error and they are not optional beside others either
  mustWeigh({ scale: 2 });
  // @ts-expect-error no such option
  mayWeigh({ weight: 'step' });
  defineLoss({
    name: 'none',
    // @ts-expect-error there are no weights: the loss does not say that it has any
    build: (outputs, truth, { weights }) => meanSquaredError(outputs, truth, { weights: weights.rows }),
  });
}

describe('the types of losses with weights', () => {
  it('say which options there are', () => {
    expect(typed).toBeInstanceOf(Function);
  });
});
