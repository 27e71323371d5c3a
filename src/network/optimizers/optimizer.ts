/**
 * Optimizers: frozen descriptions, plain JSON. The arithmetic is native (native/kernels/generic/rows/updates.cc) and works on
 * the whole parameter block at once; every hyperparameter is a run-time number, so a schedule costs nothing.
 *
 * Rates, decays and the like are at most 1e30, so that a step of Adam, Adagrad or RMSProp cannot make a weight infinite. Gradient descent
 * can, where rate times gradient passes 3.4e38: its result is not read again after the step, which would cost as much as the step. The
 * next step or evaluation then reports `non_finite_loss` with the layer and the parameter. Steps of optimizers of a user's own are
 * checked (`build/build-update.ts`).
 */
import { OptionError } from '../../core/errors.js';
import { rejectUnknownKeys, requireNumber, requireOneOf } from '../../core/options.js';
import { type OptimizerDescriptionObject, requirePositive, requireRate } from './definition.js';

/** Stochastic gradient descent, with momentum where that is not 0. As torch.optim.SGD. */
export interface SgdDescription {
  readonly kind: 'sgd';
  readonly learningRate: number;
  readonly momentum: number;
  readonly dampening: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
}

/** Adam, or AdamW where the weight decay is decoupled; AMSGrad. As torch.optim.Adam and AdamW. */
export interface AdamDescription {
  readonly kind: 'adam' | 'adamW';
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Only where it is true. */
  readonly amsgrad?: true;
}

/** Adagrad. As torch.optim.Adagrad. */
export interface AdagradDescription {
  readonly kind: 'adagrad';
  readonly learningRate: number;
  readonly learningRateDecay: number;
  readonly initialAccumulator: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** RMSProp. As torch.optim.RMSprop; with `epsilonInsideRoot` as TensorFlow's. */
export interface RmspropDescription {
  readonly kind: 'rmsprop';
  readonly learningRate: number;
  readonly alpha: number;
  readonly epsilon: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly epsilonInsideRoot: boolean;
}

/** An optimizer of the library. */
export type BuiltInOptimizer = SgdDescription | AdamDescription | AdagradDescription | RmspropDescription;

declare const isDefined: unique symbol;

/** Description of an optimizer that a user has defined; only what `defineOptimizer` returns makes such. */
export interface DefinedOptimizer extends OptimizerDescriptionObject {
  readonly [isDefined]: true;
}

/** Any optimizer. */
export type OptimizerDescription = BuiltInOptimizer | DefinedOptimizer;

/** Names for the command line and for JSON. */
export const OPTIMIZERS = ['sgd', 'momentum', 'adam', 'adamW', 'adagrad', 'rmsprop'] as const;

/** Name of an optimizer. */
export type OptimizerName = (typeof OPTIMIZERS)[number];

/** Options of plain gradient descent. */
export interface SgdOptions {
  /** Step size, > 0. */
  readonly learningRate: number;
  /** L2 penalty added to the gradient, >= 0; default 0. */
  readonly weightDecay?: number;
}

/** Options of gradient descent with momentum. */
export interface MomentumOptions extends SgdOptions {
  /** Share of the velocity that remains, in [0, 1); default 0.9. */
  readonly momentum?: number;
  /** Share of the gradient that is left out of the velocity, in [0, 1); default 0. */
  readonly dampening?: number;
  /** Nesterov's form; default false. */
  readonly nesterov?: boolean;
}

/** Options of Adam and AdamW. */
export interface AdamOptions {
  /** Step size, > 0; default 1e-3. */
  readonly learningRate?: number;
  /** Decay of the mean of the gradient, in [0, 1); default 0.9. */
  readonly beta1?: number;
  /** Decay of the mean of its square, in [0, 1); default 0.999. */
  readonly beta2?: number;
  /** Added to the root, > 0; default 1e-8. */
  readonly epsilon?: number;
  /** Adam: L2 penalty, default 0. AdamW: decoupled decay, default 0.01. */
  readonly weightDecay?: number;
  /**
   * AMSGrad: divides by the largest mean of the square so far, for which memory as large as the weights is kept; default false.
   *
   * @see Reddi, Kale, Kumar 2018
   */
  readonly amsgrad?: boolean;
}

/** Options of Adagrad. */
export interface AdagradOptions {
  /** Step size, > 0; default 1e-2. */
  readonly learningRate?: number;
  /** Divides the step size by 1 + decay * steps done; >= 0, default 0. */
  readonly learningRateDecay?: number;
  /** What the sums of squares begin with, >= 0; default 0. */
  readonly initialAccumulator?: number;
  /** Added to the root, > 0; default 1e-10. */
  readonly epsilon?: number;
  /** L2 penalty, default 0. */
  readonly weightDecay?: number;
}

/** Options of RMSProp. */
export interface RmspropOptions {
  /** Step size, > 0; default 1e-2. */
  readonly learningRate?: number;
  /** Decay of the mean square, in [0, 1); default 0.99. */
  readonly alpha?: number;
  /** Added to the root, > 0; default 1e-8. */
  readonly epsilon?: number;
  /** Default 0. */
  readonly momentum?: number;
  /** L2 penalty, default 0. */
  readonly weightDecay?: number;
  /** Adds epsilon under the root, as TensorFlow does; default false. */
  readonly epsilonInsideRoot?: boolean;
}

const rate = (value: number) => requirePositive('learningRate', value);
const share = (name: string, value: number) => requireNumber(name, value, { min: 0, exclusiveMax: 1 });
const decay = (value: number) => requireRate('weightDecay', value);

/** Plain stochastic gradient descent. @throws {OptionError} `invalid_option`, `unknown_option` */
export function sgd(options: SgdOptions): SgdDescription {
  rejectUnknownKeys('sgd', options, ['learningRate', 'weightDecay']);
  return momentum({ ...options, momentum: 0 });
}

/**
 * Gradient descent with momentum.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @see Sutskever, Martens, Dahl, Hinton 2013
 */
export function momentum(options: MomentumOptions): SgdDescription {
  rejectUnknownKeys('momentum', options, ['learningRate', 'weightDecay', 'momentum', 'dampening', 'nesterov']);
  const { learningRate, weightDecay = 0, momentum: share_ = 0.9, dampening = 0, nesterov = false } = options;
  if (nesterov && (share_ === 0 || dampening !== 0)) {
    const message = `nesterov needs momentum > 0 and dampening 0, got ${share_} and ${dampening}`;
    throw new OptionError('invalid_option', message, { name: 'nesterov', momentum: share_, dampening });
  }
  return Object.freeze({
    kind: 'sgd',
    learningRate: rate(learningRate),
    momentum: share('momentum', share_),
    dampening: share('dampening', dampening),
    nesterov: requireOneOf('nesterov', nesterov, [true, false]),
    weightDecay: decay(weightDecay),
  });
}

function adamOf(kind: 'adam' | 'adamW', options: AdamOptions, defaultDecay: number): AdamDescription {
  rejectUnknownKeys(kind, options, ['learningRate', 'beta1', 'beta2', 'epsilon', 'weightDecay', 'amsgrad']);
  const amsgrad = requireOneOf('amsgrad', options.amsgrad ?? false, [true, false]);
  return Object.freeze({
    kind,
    learningRate: rate(options.learningRate ?? 1e-3),
    beta1: share('beta1', options.beta1 ?? 0.9),
    beta2: share('beta2', options.beta2 ?? 0.999),
    epsilon: requirePositive('epsilon', options.epsilon ?? 1e-8),
    weightDecay: decay(options.weightDecay ?? defaultDecay),
    // Said only where it is true: runs that were begun before there was such an option say nothing of it.
    ...(amsgrad && { amsgrad }),
  });
}

/** Adam. @throws {OptionError} `invalid_option`, `unknown_option` @see Kingma & Ba 2015 */
export function adam(options: AdamOptions = {}): AdamDescription {
  return adamOf('adam', options, 0);
}

/** Adam with decoupled weight decay. @throws {OptionError} `invalid_option` @see Loshchilov & Hutter 2019 */
export function adamW(options: AdamOptions = {}): AdamDescription {
  return adamOf('adamW', options, 0.01);
}

/**
 * Adagrad: each weight has a step size of its own, which the squares of all its gradients make smaller.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @see Duchi, Hazan, Singer 2011
 */
export function adagrad(options: AdagradOptions = {}): AdagradDescription {
  const keys = ['learningRate', 'learningRateDecay', 'initialAccumulator', 'epsilon', 'weightDecay'];
  rejectUnknownKeys('adagrad', options, keys);
  const { learningRate = 1e-2, learningRateDecay = 0, initialAccumulator = 0, epsilon = 1e-10 } = options;
  return Object.freeze({
    kind: 'adagrad',
    learningRate: rate(learningRate),
    learningRateDecay: requireRate('learningRateDecay', learningRateDecay),
    initialAccumulator: requireRate('initialAccumulator', initialAccumulator),
    epsilon: requirePositive('epsilon', epsilon),
    weightDecay: decay(options.weightDecay ?? 0),
  });
}

/** RMSProp. @throws {OptionError} `invalid_option`, `unknown_option` @see Tieleman & Hinton 2012 */
export function rmsprop(options: RmspropOptions = {}): RmspropDescription {
  const keys = ['learningRate', 'alpha', 'epsilon', 'momentum', 'weightDecay', 'epsilonInsideRoot'];
  rejectUnknownKeys('rmsprop', options, keys);
  return Object.freeze({
    kind: 'rmsprop',
    learningRate: rate(options.learningRate ?? 1e-2),
    alpha: share('alpha', options.alpha ?? 0.99),
    epsilon: requirePositive('epsilon', options.epsilon ?? 1e-8),
    momentum: share('momentum', options.momentum ?? 0),
    weightDecay: decay(options.weightDecay ?? 0),
    epsilonInsideRoot: requireOneOf('epsilonInsideRoot', options.epsilonInsideRoot ?? false, [true, false]),
  });
}
