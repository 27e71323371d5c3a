/** Options of the recurrent layers, and the checks that all of them share. */
import { OptionError } from '../../core/errors.js';
import { describeValue, rejectUnknownKeys, requireNumber, requireOneOf } from '../../core/options.js';
import { requireInitializer } from '../initializers/initializer.js';
import type { CellActivation } from './cell-activations.js';
import { EPSILON, type LayerNormalizationOptions, requireNormalization } from './layer-normalization.js';
import type { Merge } from './merge.js';
import { requireRate } from './noise.js';
import { requirePenalty } from './penalty.js';

export type { CellActivation, NumberedActivation } from './cell-activations.js';

/** Which way a layer reads each sequence; `bidirectional` is both, with parameters of their own. */
export type Direction = 'forward' | 'reverse' | 'bidirectional';

/** Probabilities in [0, 0.999999] that an element of each state of an LSTM keeps its previous value. */
export interface ZoneoutRates {
  /** Default 0. */
  readonly hidden?: number;
  /** Default 0. */
  readonly cell?: number;
}

/** Options that all recurrent layers have. */
export interface RecurrentOptions {
  /** Hidden size H of every layer, integer >= 1. */
  readonly units: number;
  /** Stacked layers, integer from 1 to 1000; default 1. */
  readonly layers?: number;
  /** Probability in [0, 0.999999] that an element between two layers is dropped while training; default 0. */
  readonly dropout?: number;
  /** Initial values, as in layers/initializer; default that of the model. */
  readonly initializer?: string;
  /** Default `forward`. In reverse every sequence is read from its own last step to its first. */
  readonly direction?: Direction;
  /** How the two directions of a layer are joined, only where there are two; default `concatenate`. */
  readonly merge?: Merge;
  /** Whether every layer but the first adds its input, as it is before dropout, to its output; default false. */
  readonly residual?: boolean;
  /**
   * Biases of the input and of the recurrent product (`two`, the default), of the input (`one`), or none at all. An `rnn` with
   * layer normalisation has one, `bias_hh` behind the normalised sum, for `one` as for `two`.
   */
  readonly biases?: 'none' | 'one' | 'two';
  /**
   * `sequence` (the default) gives [N, width]; `last` gives [B, width], the output of the last layer at the end of its walk
   * over each sequence, which in reverse is the first step: the final hidden state of each of its directions. With `residual`,
   * forward only.
   */
  readonly output?: 'sequence' | 'last';
  /** As `dropout`, but of the input of every layer and the same elements in all steps of a sequence; default 0. */
  readonly inputDropout?: number;
  /** The same of the hidden state as the recurrent product sees it (Gal & Ghahramani 2016); default 0. */
  readonly recurrentDropout?: number;
  /**
   * Probability in [0, 0.999999] that an element of the state keeps its previous value while training; its expectation
   * outside (Krueger et al. 2017). Default 0.
   */
  readonly zoneout?: number | ZoneoutRates;
  /** Layer normalisation inside the cell (Ba, Kiros, Hinton 2016); default false. */
  readonly layerNormalization?: boolean | LayerNormalizationOptions;
  /** Probability in [0, 0.999999] that a recurrent weight is dropped in a training step (Merity et al. 2017); default 0. */
  readonly weightDropout?: number;
  /**
   * Limit in [1e-30, 1e30] of the absolute value of what the activations of gates and candidates read, `clip` of ONNX; no gradient
   * passes beyond it. Default none.
   */
  readonly inputClip?: number;
  /** Weight of the mean square of the last layer's output in what training minimises; default 0. */
  readonly activationPenalty?: number;
  /** Weight of the mean square of that output's change from step to step; default 0. */
  readonly temporalPenalty?: number;
}

/** Options of a vanilla RNN. */
export interface RnnOptions extends RecurrentOptions {
  readonly zoneout?: number;
  /** Default `tanh`. */
  readonly activation?: CellActivation;
}

/** Options of an LSTM. */
export interface LstmOptions extends RecurrentOptions {
  /** Of the gates; default `sigmoid`. */
  readonly gateActivation?: CellActivation;
  /** Of the candidate; default `tanh`. */
  readonly activation?: CellActivation;
  /** Of the cell's state on its way to the output; default that of the candidate. */
  readonly outputActivation?: CellActivation;
  /** Size P of the hidden state, integer >= 1, to which the output is projected (Sak et al. 2014); default none. */
  readonly projection?: number;
  /** Whether the gates see the cell's state (Gers, Schraudolph, Schmidhuber 2002); default false. */
  readonly peepholes?: boolean;
  /** Whether the forget gate is one minus the input gate (Greff et al. 2017, CIFG); default false. */
  readonly coupledGates?: boolean;
  /** Limit in [1e-30, 1e30] of the absolute value of the cell's state; default none. */
  readonly cellClip?: number;
  /** What is added to the forget gate's bias at first; default that of the initial values. */
  readonly forgetBias?: number;
}

/** Options of a GRU. */
export interface GruOptions extends RecurrentOptions {
  readonly zoneout?: number;
  /** Of the gates; default `sigmoid`. */
  readonly gateActivation?: CellActivation;
  /** Of the candidate; default `tanh`. */
  readonly activation?: CellActivation;
  /**
   * Whether the reset gate acts after the recurrent product (PyTorch, cuDNN) or before it (Cho et al. 2014); default
   * true.
   */
  readonly resetAfter?: boolean;
}

/** Frozen descriptions. */
export interface RnnDescription extends RnnOptions {
  readonly kind: 'rnn';
}
export interface LstmDescription extends LstmOptions {
  readonly kind: 'lstm';
}
export interface GruDescription extends GruOptions {
  readonly kind: 'gru';
}
export type RecurrentDescription = RnnDescription | LstmDescription | GruDescription;

/** Check of one option: the value to keep. @throws {OptionError} `invalid_option` */
export type Check = (name: string, value: unknown) => unknown;

/** A probability of dropout or zoneout. */
export const rate: Check = requireRate;
/** An integer from 1 on. */
export const count: Check = (name, value) => requireNumber(name, value, { min: 1, integer: true });
/** True or false. */
export const flag: Check = (name, value) => requireOneOf(name, value, [true, false]);
/** One of some names. */
export const oneOf =
  (...names: readonly string[]): Check =>
  (name, value) =>
    requireOneOf(name, value, names);
/** A limit that is no larger than kernels can tell from none. */
export const limit: Check = (name, value) => requireNumber(name, value, { min: 1e-30, max: 1e30 });

const normalization: Check = (name, value) =>
  typeof value === 'object' && value !== null ? requireNormalization(value) : flag(name, value);

/** Most layers of a stack: each has parameters and operations of its own. */
const MOST_LAYERS = 1000;

/** The check of every option that all recurrent layers have. */
export const SHARED: Readonly<Record<string, Check>> = {
  units: count,
  layers: (name, value) => requireNumber(name, value, { min: 1, max: MOST_LAYERS, integer: true }),
  dropout: rate,
  initializer: (_, value) => requireInitializer(value as string),
  direction: oneOf('forward', 'reverse', 'bidirectional'),
  merge: oneOf('concatenate', 'sum'),
  residual: flag,
  biases: oneOf('none', 'one', 'two'),
  output: oneOf('sequence', 'last'),
  inputDropout: rate,
  recurrentDropout: rate,
  zoneout: rate,
  layerNormalization: normalization,
  weightDropout: rate,
  inputClip: limit,
  activationPenalty: requirePenalty,
  temporalPenalty: requirePenalty,
};

/** Refuses two options that exclude one another, with both values. @throws {OptionError} `invalid_option` */
export function refuseTogether(options: object, name: string, other: string, fallback: unknown, reason: string): never {
  const { [name]: value, [other]: otherValue = fallback } = options as Readonly<Record<string, unknown>>;
  const both = `option '${name}' is ${describeValue(value)} while '${other}' is ${describeValue(otherValue)}`;
  throw new OptionError('invalid_option', `${both}: ${reason}`, { name, value, other, otherValue });
}

/** The checks of one kind of layer. */
export interface OptionChecks<O> {
  /** The check of every option. */
  readonly checks: Readonly<Record<string, Check>>;
  /** Refuses options of this kind that exclude one another. */
  checkTogether?(options: O): void;
}

/**
 * A frozen description of checked options.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 */
export function describeRecurrent<D extends RecurrentDescription>(
  kind: D['kind'],
  options: Omit<D, 'kind'>,
  { checks, checkTogether }: OptionChecks<Omit<D, 'kind'>>,
): D {
  const names = Object.keys(checks);
  // Each check refuses null, and says what the option must be.
  rejectUnknownKeys(kind, options, names, names);
  count('units', options.units);
  const checked = Object.entries(options).map(([name, value]) => {
    return [name, value === undefined ? undefined : (checks[name] as Check)(name, value)] as const;
  });
  const { direction, merge } = options;
  if (merge !== undefined && direction !== 'bidirectional') {
    refuseTogether(options, 'merge', 'direction', 'forward', 'only the two directions of a layer are merged');
  }
  const { residual, output, layers = 1 } = options;
  if (residual === true && layers > 1 && output === 'last' && (direction ?? 'forward') !== 'forward') {
    refuseTogether(
      options,
      'output',
      'direction',
      'forward',
      'with residual the two directions end at different steps',
    );
  }
  checkTogether?.(options);
  return Object.freeze({ kind, ...Object.fromEntries(checked) }) as unknown as D;
}

/** What layer normalisation adds to the variance; undefined without it. */
export function normalizationEpsilon({ layerNormalization = false }: RecurrentOptions): number | undefined {
  if (typeof layerNormalization === 'object') return layerNormalization.epsilon ?? EPSILON;
  return layerNormalization ? EPSILON : undefined;
}

/** The probability of zoneout for each state. */
export function zoneoutRates({ zoneout = 0 }: RecurrentOptions): Required<ZoneoutRates> {
  if (typeof zoneout === 'number') return { hidden: zoneout, cell: zoneout };
  const { hidden = 0, cell = 0 } = zoneout;
  return { hidden, cell };
}
