/** Numbers that float32 cannot hold are refused where they enter, and steps whose new values are not finite change nothing. */
import { describe, expect, it } from 'vitest';
import {
  adagrad,
  adam,
  adamW,
  batchNormalization,
  defineLayer,
  defineOptimizer,
  dense,
  gru,
  type LayerContext,
  lstm,
  momentum,
  option,
  recurrentCell,
  rmsprop,
  sequential,
  sgd,
  type UpdateContext,
  type UpdateResult,
  type Value,
} from '../../src/index.js';
import { add, exp, log, multiply, sign, subtract, sumOverRows } from '../../src/network/operations.js';
import { createSchedule } from '../../src/network/schedules/create-schedule.js';

const invalid = (message: RegExp) =>
  expect.objectContaining({ code: 'invalid_option', message: expect.stringMatching(message) });

const learningRate = option.number({ exclusiveMin: 0, default: 0.1 });

type Update = (context: UpdateContext<object>) => UpdateResult;

const descent: Update = ({ parameter, gradient, learningRate: rate }) => ({
  parameter: subtract(parameter, multiply(gradient, rate)),
});

const own = (update: Update, more: object = {}) =>
  defineOptimizer({ name: 'mine', options: { learningRate }, update, ...more });

const model = (optimizer = sgd({ learningRate: 0.1 }) as never, layers = [lstm({ units: 3 })] as never[]) =>
  sequential([...layers, dense({ units: 1 })], { features: 1 }).compileSync({ loss: 'meanSquaredError', optimizer });

type Trained = ReturnType<typeof model>;

const batch = { inputs: [[1, 2, 3], [4]], targets: [[1, 2, 3], [4]] };

const contentOf = ({ parameters, optimizerState, buffers, step }: Trained) => ({
  parameters: [...parameters.values()].map(({ data }) => data.slice()),
  slots: [...optimizerState.values()].map((data) => data.slice()),
  buffers: [...buffers.values()].map(({ data }) => data.slice()),
  step,
});

describe('a number that float32 cannot hold', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['the rate of sgd', () => sgd({ learningRate: 1e300 }), /'learningRate'.*<= 1e\+30.*got 1e\+300/],
    ['a rate beyond all use', () => sgd({ learningRate: 1e38 }), /'learningRate'/],
    ['the decay of sgd', () => sgd({ learningRate: 1, weightDecay: 1e300 }), /'weightDecay'/],
    ['the rate of momentum', () => momentum({ learningRate: 1e300 }), /'learningRate'/],
    ['the rate of adam', () => adam({ learningRate: 1e300 }), /'learningRate'/],
    ['the epsilon of adam', () => adamW({ epsilon: 1e300 }), /'epsilon'/],
    ['the accumulator of adagrad', () => adagrad({ initialAccumulator: 1e300 }), /'initialAccumulator'/],
    ['the epsilon of rmsprop', () => rmsprop({ epsilon: 1e300 }), /'epsilon'/],
    ['the rate of ones own', () => own(descent)({ learningRate: 1e300 }), /'learningRate'/],
    ['a slot', () => own(descent, { slots: { a: 1e300 } }), /slots\.a.*float32/],
    ['the rate of a step', () => model().trainStepSync(batch, { learningRate: 1e38 }), /'learningRate'/],
    ['a schedule', () => createSchedule(() => 1e300, { learningRate: 1 }).rate(0, 2), /schedule at epoch 2/],
    ['the bias of a gate', () => lstm({ units: 1, forgetBias: 1e300 }), /forgetBias.*float32/],
    [
      'a scheme',
      () =>
        sequential([dense({ units: 1 })], { features: 1 }).compileSync({
          loss: 'meanSquaredError',
          initializer: 'normal:1e300',
        }),
      /'dense\.weight' begin with -?Infinity/,
    ],
  ])('is refused: %s', (_, make, message) => {
    expect(make).toThrow(invalid(message));
  });

  it('is refused among the numbers of a step, before anything changes', () => {
    const numbers = (_: object, { step }: { readonly step: number }) => ({ a: step < 2 ? 1 : 1e300 });
    const trained = model(own(descent, { numbers })() as never);
    trained.trainStepSync(batch);
    const before = contentOf(trained);
    expect(() => trained.trainStepSync(batch)).toThrow(invalid(/numbers of optimizer 'mine'\.a.*float32/));
    expect(contentOf(trained)).toEqual(before);
  });

  type Build = (x: Value, context: LayerContext<object>) => Value;
  it.each<[string, Build, RegExp]>([
    ['a constant', (x, { constant }) => add(x, constant([1e300])), /numbers\[0\].*float32/],
    ['a number added', (x) => add(x, 1e300), /b of add.*float32/],
    ['a number added first', (x) => add(Number.NaN, x), /a of add/],
    ['the begin of a buffer', (x, { buffer }) => add(x, buffer('b', [1], 1e300)), /'initial'.*float32/],
    ['an initial value', (x, { parameter }) => add(x, parameter('w', [1], { initializer: 1e300 })), /'initializer'/],
    [
      'a function of initial values',
      (x, { parameter }) => add(x, parameter('w', [1], { initializer: () => 1e300 })),
      /'mine\.w' begin with Infinity/,
    ],
    [
      'a function of initial values that gives text',
      (x, { parameter }) => add(x, parameter('w', [1], { initializer: () => 'a' as never })),
      /'mine\.w' begin with NaN/,
    ],
  ])('is refused in a layer: %s', (_, build, message) => {
    const layer = defineLayer({ name: 'mine', build: ([x], context) => build(x, context) });
    expect(() => model(undefined, [layer()] as never[])).toThrow(invalid(message));
  });
});

describe('an update of ones own that is not finite', () => {
  it.each<[string, Update, RegExp]>([
    [
      'a parameter that is NaN',
      ({ parameter }) => ({ parameter: log(parameter) }),
      /the parameter 'lstm\.weight_ih_l0' at step 1 are not finite/,
    ],
    [
      'the last parameter that is infinite',
      ({ name, parameter, gradient }) => ({
        parameter: name === 'dense.bias' ? exp(add(parameter, 1000)) : subtract(parameter, gradient),
      }),
      /the parameter 'dense\.bias'/,
    ],
    [
      'a slot that is infinite',
      ({ parameter, slots, name }) => ({
        parameter,
        slots: name === 'dense.weight' ? { kept: exp(add(slots['kept'] as Value, 1000)) } : {},
      }),
      /the slot 'kept' of 'dense\.weight'/,
    ],
  ])('is refused and changes nothing: %s', async (_, update, message) => {
    const trained = model(own(update, { slots: { kept: 1 } })() as never);
    const before = contentOf(trained);
    const refusal = expect.objectContaining({ code: 'non_finite_update', message: expect.stringMatching(message) });
    expect(() => trained.trainStepSync(batch, { clipNorm: 0.1 })).toThrow(refusal);
    await expect(trained.trainStep(batch)).rejects.toThrow(refusal);
    expect(contentOf(trained)).toEqual(before);
  });

  it('does not hide that the gradient is not finite, where the new values are', () => {
    const optimizer = own(({ parameter, gradient }) => ({ parameter: add(parameter, sign(gradient)) }))();
    const cell = recurrentCell(gru({ units: 2 }), { inputs: 1, optimizer });
    const before = [...cell.parameters.values()].map(({ data }) => data.slice());
    cell.gradients.get('gru.weight_ih_l0')?.fill(Number.NaN);
    expect(() => cell.update()).toThrow(expect.objectContaining({ code: 'non_finite_gradient' }));
    expect([...cell.parameters.values()].map(({ data }) => data)).toEqual(before);
  });

  it('is refused in a cell', () => {
    const cell = recurrentCell(gru({ units: 2 }), {
      inputs: 1,
      optimizer: own(({ parameter }) => ({ parameter: log(parameter) }))(),
    });
    const before = [...cell.parameters.values()].map(({ data }) => data.slice());
    expect(() => cell.update()).toThrow(expect.objectContaining({ code: 'non_finite_update' }));
    expect([...cell.parameters.values()].map(({ data }) => data)).toEqual(before);
    expect(cell.updates).toBe(0);
  });

  it('is not one of large numbers that float32 can hold', () => {
    const large = own(({ parameter, gradient }) => ({ parameter: add(multiply(parameter, 0), sign(gradient)) }), {
      slots: { kept: 1e37 },
    });
    const trained = model(large() as never);
    trained.trainStepSync(batch);
    expect(trained.step).toBe(1);
  });
});

describe('a buffer that would not be finite', () => {
  const overflowing = { inputs: [[1e20, 1], [2]], targets: [[1, 1], [1]] };
  const growing = defineLayer({
    name: 'growing',
    build([x], { buffer, updateBuffer }) {
      const sum = buffer('sum', [1]);
      updateBuffer(sum, add(sum, sumOverRows(multiply(x, x))));
      return multiply(x, 1e-30);
    },
  });

  it.each([
    ['growing.sum', growing()],
    ['batchNormalization.running_var', batchNormalization()],
  ])('is refused and changes nothing: %s', async (name, layer) => {
    for (const optimizer of [sgd({ learningRate: 0.1 }), own(descent)()]) {
      const trained = model(optimizer as never, [layer] as never[]);
      trained.trainStepSync({ inputs: [[1, 2]], targets: [[1, 1]] });
      const before = contentOf(trained);
      const refusal = expect.objectContaining({
        code: 'non_finite_buffer',
        details: expect.objectContaining({ step: 2, buffer: name }),
      });
      expect(() => trained.trainStepSync(overflowing)).toThrow(refusal);
      await expect(trained.trainStep(overflowing)).rejects.toThrow(refusal);
      expect(contentOf(trained)).toEqual(before);
    }
  });
});

describe('a gradient whose square is beyond float32', () => {
  const optimizers = {
    adam: adam(),
    adamW: adamW(),
    'adam with amsgrad': adam({ amsgrad: true }),
    adagrad: adagrad(),
    rmsprop: rmsprop(),
  };

  it.each(Object.entries(optimizers))('leaves finite weights: %s', async (_, optimizer) => {
    const network = sequential([dense({ units: 1 })], { features: 1 });
    const model = await network.compile({ loss: 'meanSquaredError', optimizer, threads: 1 });
    const { loss, gradientNorm } = await model.trainStep({ inputs: [[[100]]], targets: [[[1.7e19]]] });
    expect([loss, gradientNorm].every(Number.isFinite)).toBe(true);
    expect(gradientNorm).toBeGreaterThan(1e21);
    for (const { data } of model.parameters.values()) expect([...data].every(Number.isFinite)).toBe(true);
  });
});
