import { describe, expect, it } from 'vitest';
import { OptionError } from '../../../src/core/errors.js';
import {
  hyperparameterCount,
  hyperparameters,
  initialSlots,
  optimizerSlots,
} from '../../../src/network/optimizers/emit-update.js';
import { optimizerFromJSON, optimizerNamed } from '../../../src/network/optimizers/named-optimizer.js';
import {
  adagrad,
  adam,
  adamW,
  momentum,
  OPTIMIZERS,
  type OptimizerDescription,
  rmsprop,
  sgd,
} from '../../../src/network/optimizers/optimizer.js';

const everyOptimizer: readonly (readonly [string, OptimizerDescription])[] = [
  ['sgd', sgd({ learningRate: 0.1, weightDecay: 0.01 })],
  ['momentum', momentum({ learningRate: 0.1, momentum: 0.8, dampening: 0.1 })],
  ['nesterov momentum', momentum({ learningRate: 0.1, nesterov: true })],
  ['adam', adam({ learningRate: 0.2, beta1: 0.8, beta2: 0.9, epsilon: 1e-6, weightDecay: 0.1 })],
  ['adamW', adamW()],
  ['adamW with amsgrad', adamW({ amsgrad: true })],
  ['adagrad', adagrad({ initialAccumulator: 0.5, epsilon: 1e-3, weightDecay: 0.1 })],
  ['rmsprop', rmsprop({ alpha: 0.9, momentum: 0.5, epsilonInsideRoot: true })],
];

describe('the description of an optimizer', () => {
  it.each(everyOptimizer)('%s is frozen and survives JSON', (_, optimizer) => {
    expect(Object.isFrozen(optimizer)).toBe(true);
    const restored = optimizerFromJSON(JSON.parse(JSON.stringify(optimizer)));
    expect(restored).toEqual(optimizer);
    expect(Object.isFrozen(restored)).toBe(true);
  });

  it.each(everyOptimizer)('%s has as many run-time numbers at every step', (_, optimizer) => {
    for (const step of [1, 2, 1000]) {
      const numbers = hyperparameters(optimizer, 0.25, step);
      expect(numbers).toHaveLength(hyperparameterCount(optimizer));
      expect(numbers[0]).toBe(0.25);
      expect(numbers.every(Number.isFinite)).toBe(true);
    }
  });

  it('has the defaults of PyTorch', () => {
    const none = { dampening: 0, nesterov: false, weightDecay: 0 };
    expect(sgd({ learningRate: 0.1 })).toEqual({ kind: 'sgd', learningRate: 0.1, momentum: 0, ...none });
    const betas = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
    expect(adam()).toEqual({ kind: 'adam', ...betas, weightDecay: 0 });
    expect(adamW()).toEqual({ kind: 'adamW', ...betas, weightDecay: 0.01 });
    expect(adam({ amsgrad: false })).toEqual(adam());
    expect(adam({ amsgrad: true })).toEqual({ ...adam(), amsgrad: true });
    const sums = { learningRateDecay: 0, initialAccumulator: 0, epsilon: 1e-10 };
    expect(adagrad()).toEqual({ kind: 'adagrad', learningRate: 0.01, ...sums, weightDecay: 0 });
    expect(rmsprop()).toEqual({
      kind: 'rmsprop',
      learningRate: 0.01,
      alpha: 0.99,
      epsilon: 1e-8,
      momentum: 0,
      weightDecay: 0,
      epsilonInsideRoot: false,
    });
  });

  it('is found by name', () => {
    for (const name of OPTIMIZERS) expect(optimizerNamed(name, { learningRate: 0.5 }).learningRate).toBe(0.5);
    expect(optimizerNamed('momentum', { learningRate: 0.5 })).toEqual(momentum({ learningRate: 0.5 }));
    for (const name of OPTIMIZERS) {
      expect(optimizerNamed(name, { learningRate: 0.5, weightDecay: 0.25 }).weightDecay).toBe(0.25);
      expect(optimizerNamed(name, { learningRate: 0.5 }).weightDecay).toBe(name === 'adamW' ? 0.01 : 0);
    }
    expect(() => optimizerNamed('adadelta', { learningRate: 0.5 })).toThrow(
      /"sgd", "momentum", "adam", "adamW", "adagrad", "rmsprop"/,
    );
  });
});

describe('the run-time numbers of an optimizer', () => {
  it('correct the bias of Adam at the first step by one minus beta', () => {
    const [, , , , , decoupled, c1, c2] = hyperparameters(adam({ beta1: 0.9, beta2: 0.99 }), 0.1, 1);
    expect([decoupled, c1, c2]).toEqual([0, expect.closeTo(0.1, 12), expect.closeTo(0.01, 12)]);
    const [, , , , , , later] = hyperparameters(adam({ beta1: 0.9 }), 0.1, 3);
    expect(later).toBeCloseTo(1 - 0.9 ** 3, 12);
  });

  it('mark the first step of momentum, which takes the gradient undampened', () => {
    const description = momentum({ learningRate: 0.1 });
    expect(hyperparameters(description, 0.1, 1).at(-1)).toBe(1);
    expect(hyperparameters(description, 0.1, 2).at(-1)).toBe(0);
  });

  it('let the rate of Adagrad fall from the second step on', () => {
    const description = adagrad({ learningRateDecay: 0.5 });
    expect([1, 2, 3].map((step) => hyperparameters(description, 0.6, step)[0])).toEqual([0.6, 0.6 / 1.5, 0.3]);
  });

  it('begin the sums of Adagrad where it says, all others with zeros', () => {
    expect([...initialSlots(adagrad({ initialAccumulator: 0.5 }))]).toEqual([['sumOfSquares', 0.5]]);
    const names = ['mean', 'meanSquare', 'largestMeanSquare'];
    expect([...initialSlots(adam({ amsgrad: true }))]).toEqual(names.map((name) => [name, 0]));
    expect(optimizerSlots(adam())).toEqual(names.slice(0, 2));
  });

  it('keep no velocity without momentum', () => {
    expect(optimizerSlots(sgd({ learningRate: 0.1 }))).toEqual([]);
    expect(optimizerSlots(rmsprop({ momentum: 0 }))).toEqual(['meanSquare']);
  });
});

describe('an option of an optimizer', () => {
  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, '0.1'])('is refused when the learning rate is %s', (value) => {
    const learningRate = value as number;
    for (const make of [sgd, momentum, adam, adamW, adagrad, rmsprop]) {
      expect(() => make({ learningRate })).toThrow(/learningRate.*> 0/);
    }
  });

  it.each([-0.1, 1, Number.NaN])('is refused when a share of the past is %s', (share) => {
    expect(() => momentum({ learningRate: 0.1, momentum: share })).toThrow(OptionError);
    expect(() => momentum({ learningRate: 0.1, dampening: share })).toThrow(OptionError);
    expect(() => adam({ beta1: share })).toThrow(/beta1/);
    expect(() => adamW({ beta2: share })).toThrow(/beta2/);
    expect(() => rmsprop({ alpha: share })).toThrow(/alpha/);
    expect(() => rmsprop({ momentum: share })).toThrow(/momentum/);
  });

  it('is refused when it is negative, zero or of another type where that makes no sense', () => {
    expect(() => adam({ epsilon: 0 })).toThrow(/epsilon/);
    expect(() => adam({ amsgrad: 1 as never })).toThrow(/amsgrad/);
    expect(() => adagrad({ epsilon: 0 })).toThrow(/epsilon/);
    expect(() => adagrad({ learningRateDecay: -1 })).toThrow(/learningRateDecay/);
    expect(() => adagrad({ initialAccumulator: -1 })).toThrow(/initialAccumulator/);
    expect(() => rmsprop({ epsilon: -1e-8 })).toThrow(/epsilon/);
    expect(() => adamW({ weightDecay: -0.1 })).toThrow(/weightDecay/);
    expect(() => sgd({ learningRate: 0.1, weightDecay: Number.NaN })).toThrow(/weightDecay/);
    expect(() => momentum({ learningRate: 0.1, nesterov: 1 as never })).toThrow(/nesterov/);
    expect(() => rmsprop({ epsilonInsideRoot: 'yes' as never })).toThrow(/epsilonInsideRoot/);
  });

  it('is refused when Nesterov has no momentum or is dampened', () => {
    expect(() => momentum({ learningRate: 0.1, momentum: 0, nesterov: true })).toThrow(/nesterov needs momentum > 0/);
    expect(() => momentum({ learningRate: 0.1, dampening: 0.1, nesterov: true })).toThrow(/dampening 0/);
  });

  it('is refused when nobody reads it', () => {
    const unknown = expect.objectContaining({ code: 'unknown_option' });
    expect(() => adam({ lr: 0.1 } as never)).toThrow(unknown);
    expect(() => sgd({ learningRate: 0.1, momentum: 0.9 } as never)).toThrow(unknown);
    expect(() => rmsprop({ decay: 0.9 } as never)).toThrow(unknown);
    expect(() => optimizerFromJSON({ ...adam(), extra: 1 } as never)).toThrow(unknown);
  });

  it.each(['adadelta', 'momentum'])('is refused with a code of its own where the kind is %s', (kind) => {
    const make = () => optimizerFromJSON({ kind } as never);
    expect(make).toThrow(expect.objectContaining({ code: 'unknown_optimizer' }));
    expect(make).toThrow(kind);
  });

  it.each([undefined, null, 'adam', {}, { kind: 1 }])('makes a description from JSON refused when it is %j', (json) => {
    expect(() => optimizerFromJSON(json as never)).toThrow(expect.objectContaining({ code: 'invalid_option' }));
  });
});
