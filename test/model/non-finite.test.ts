import { describe, expect, it } from 'vitest';
import { NumericError } from '../../src/core/errors.js';
import type { Model } from '../../src/model/model.js';
import { sequential } from '../../src/model/network.js';
import { dense } from '../../src/network/layers/dense.js';
import { lstm } from '../../src/network/layers/recurrent.js';
import { adam, momentum, type OptimizerDescription, rmsprop, sgd } from '../../src/network/optimizers/optimizer.js';
import { characterModel, imageOf, randomBatch, randomNumbers } from './small-models.js';

const batch = randomBatch([5, 4, 1]);

function poison(model: Model, name: string, value = Number.NaN): void {
  model.parameters.get(name)?.data.fill(value);
  model.parametersChanged();
}

const everyOptimizer: readonly (readonly [string, OptimizerDescription])[] = [
  ['sgd', sgd({ learningRate: 0.1, weightDecay: 0.1 })],
  ['momentum', momentum({ learningRate: 0.1 })],
  ['adam', adam()],
  ['rmsprop', rmsprop({ momentum: 0.9 })],
];

/** A regression whose squared error overflows float32 for a target of 1e30. */
function regression(optimizer: OptimizerDescription): Model {
  return sequential([lstm({ units: 5 }), dense({ units: 1 })], { features: 2 }).compileSync({
    loss: 'meanSquaredError',
    optimizer,
    threads: 2,
  });
}
const frames = (target: number) => ({
  batchSizes: Int32Array.of(2, 2, 1),
  inputs: { input: randomNumbers(10) },
  targets: { target: Float32Array.of(0, target, 1, 0, 0.5) },
});

async function failureOf(run: Promise<unknown> | (() => unknown)): Promise<NumericError> {
  try {
    await (typeof run === 'function' ? run() : run);
  } catch (error) {
    expect(error).toBeInstanceOf(NumericError);
    return error as NumericError;
  }
  throw new Error('the step was accepted');
}

describe('a loss that is not finite', () => {
  it.each([
    ['embedding.weight', 'embedding'],
    ['lstm.weight_hh_l1', 'lstm'],
    ['dense.bias', 'dense'],
  ])('because %s holds NaN is reported with the step and the first layer', async (name, layer) => {
    const model = characterModel({ layers: 2 });
    model.trainStepSync(batch);
    poison(model, name);
    for (const run of [() => model.trainStepSync(batch), () => model.trainStep(batch)]) {
      const { code, details, message } = await failureOf(run);
      expect(code).toBe('non_finite_loss');
      expect(details).toMatchObject({ step: 2, layer, what: 'parameter', loss: Number.NaN });
      expect(message).toMatch(new RegExp(`loss is NaN at step 2; first in layer '${layer}' \\(parameter\\)`));
    }
  });

  it.each(everyOptimizer)('leaves parameters, %s, step and state as they were, bit for bit', async (_, optimizer) => {
    const model = regression(optimizer);
    const state = model.newState(2);
    for (let step = 0; step < 3; step++) await model.trainStep(frames(1), { state });
    const before = imageOf(model, state);
    const { code, details } = await failureOf(model.trainStep(frames(1e30), { state }));
    expect(code).toBe('non_finite_loss');
    expect(details).toMatchObject({ step: 4, loss: Number.POSITIVE_INFINITY });
    expect(imageOf(model, state)).toEqual(before);
    await failureOf(() => model.trainStepSync(frames(1e30), { state, clipNorm: 1, clipValue: 1 }));
    expect(imageOf(model, state)).toEqual(before);

    // The next step is what it would have been without the failed ones.
    const untroubled = regression(optimizer);
    const other = untroubled.newState(2);
    for (let step = 0; step < 4; step++) await untroubled.trainStep(frames(1), { state: other });
    await model.trainStep(frames(1), { state });
    expect(imageOf(model, state)).toEqual(imageOf(untroubled, other));
  });

  it('is found after a learning rate that was far too large', async () => {
    const model = regression(sgd({ learningRate: 1 }));
    let failure: NumericError | undefined;
    let before = imageOf(model);
    for (let step = 0; failure === undefined && step < 50; step++) {
      before = imageOf(model);
      await model.trainStep(frames(1), { learningRate: 1e18 }).catch((error: NumericError) => {
        failure = error;
      });
    }
    expect(failure?.code).toBe('non_finite_loss');
    expect(failure?.details['layer']).toMatch(/^(lstm|dense)$/);
    expect(failure?.details['step']).toBe(model.step + 1);
    expect(imageOf(model)).toEqual(before);
  });
});

describe('a gradient that is not finite although the loss is', () => {
  /** Outputs of 1e-30 * 1e30 through a weight whose gradient, 1e30 * 1e30, overflows. */
  function overflowing() {
    const model = sequential([dense({ units: 1 })], { features: 1 }).compileSync({
      loss: 'meanSquaredError',
      threads: 1,
    });
    model.parameters.get('dense.weight')?.data.fill(0);
    model.parameters.get('dense.bias')?.data.fill(0);
    model.parametersChanged();
    const given = { inputs: { input: Float32Array.of(1e30) }, targets: { target: Float32Array.of(1e18) } };
    return { model, batch: { batchSizes: Int32Array.of(1), ...given } };
  }

  it('is reported with the layer, and nothing changes', async () => {
    const { model, batch: given } = overflowing();
    const before = imageOf(model);
    const { code, details, message } = await failureOf(() => model.trainStepSync(given));
    expect(code).toBe('non_finite_gradient');
    expect(details).toMatchObject({
      step: 1,
      layer: 'dense',
      what: 'gradient',
      gradientNorm: Number.POSITIVE_INFINITY,
    });
    expect(Number.isFinite(details['loss'])).toBe(true);
    expect(message).toMatch(/gradient norm is Infinity at step 1/);
    expect(imageOf(model)).toEqual(before);
  });

  it('is made finite by clipping every element', () => {
    const { model, batch: given } = overflowing();
    const { gradientNorm } = model.trainStepSync(given, { clipValue: 2 });
    expect(gradientNorm).toBeCloseTo(Math.sqrt(8), 5);
    expect(model.step).toBe(1);
  });
});

describe('the diagnosis of a model', () => {
  it('finds nothing in a sound model', () => {
    const model = characterModel();
    model.trainStepSync(batch);
    expect(model.diagnose(batch)).toBeUndefined();
    expect(model.diagnose(batch, { state: model.newState(3) })).toBeUndefined();
  });

  it('names the first layer and its parameter', () => {
    const model = characterModel();
    poison(model, 'dense.weight', Number.NEGATIVE_INFINITY);
    expect(model.diagnose(batch)).toEqual({ layer: 'dense', what: 'parameter', parameter: 'dense.weight' });
    poison(model, 'lstm.bias_ih_l0');
    expect(model.diagnose(batch)).toEqual({ layer: 'lstm', what: 'parameter', parameter: 'lstm.bias_ih_l0' });
  });

  it('names the layer whose output overflows although its parameters are finite', () => {
    const model = sequential([dense({ units: 4 }), dense({ units: 4 })], { features: 2 }).compileSync({
      loss: 'meanSquaredError',
    });
    for (const { data } of model.parameters.values()) data.fill(1e25);
    model.parametersChanged();
    const given = {
      batchSizes: Int32Array.of(1),
      inputs: { input: Float32Array.of(1, 1) },
      targets: { target: new Float32Array(4) },
    };
    expect(model.diagnose(given)).toEqual({ layer: 'dense_1', what: 'output' });
  });

  it('looks at the batch and state that it is given', () => {
    const model = regression(adam());
    const state = model.newState(2);
    (state.values.get('lstm.c_l0') as Float32Array).fill(Number.NaN);
    expect(model.diagnose(frames(1), { state })).toEqual({ layer: 'lstm', what: 'output' });
    expect(model.diagnose(frames(1))).toBeUndefined();
  });
});

describe('an evaluation or prediction that is not finite', () => {
  it('is refused where it is a loss, and returned as it is where it is an output', () => {
    const model = characterModel();
    poison(model, 'dense.bias');
    expect(() => model.evaluateSync(batch)).toThrow(expect.objectContaining({ code: 'non_finite_loss' }));
    expect(model.predictPackedSync(batch)[3]).toBeNaN();
  });
});
