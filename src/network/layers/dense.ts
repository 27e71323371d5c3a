/** Affine layer, and dropout and activations between layers. */
import { OptionError, ShapeError } from '../../core/errors.js';
import { describeValue, rejectUnknownKeys, requireNumber, requireOneOf } from '../../core/options.js';
import { affine } from '../../graph/operations/linear.js';
import type { Value } from '../../graph/value.js';
import { requireInitializer } from '../initializers/initializer.js';
import type { BuildContext, LayerDefinition } from './layer.js';
import { dropElements, dropPerSequence, requireRate } from './noise.js';

/** Options of an affine layer. */
export interface DenseOptions {
  /** Outputs, integer >= 1. */
  readonly units: number;
  /** Adds a bias; default true. */
  readonly bias?: boolean;
  /** Initial values, as in layers/initializer; default that of the model. */
  readonly initializer?: string;
  /**
   * Name of an embedding before it whose table [units, inputs] is the weights of this layer, too; it has none of its own then.
   * Source: Press & Wolf 2017.
   */
  readonly tied?: string;
}

/** Frozen description of an affine layer. */
export interface DenseDescription extends DenseOptions {
  readonly kind: 'dense';
}

/** Options of dropout. */
export interface DropoutOptions {
  /** Probability in [0, 0.999999] that an element is dropped. */
  readonly rate: number;
  /** Whether the same elements are dropped in all steps of a sequence; default false, each element for itself. */
  readonly perSequence?: boolean;
}

/** Frozen description of dropout. */
export interface DropoutDescription extends DropoutOptions {
  readonly kind: 'dropout';
}

/** Names of the activations. */
export const ACTIVATIONS = ['tanh', 'sigmoid', 'relu', 'softmax', 'logSoftmax'] as const;

/** Frozen description of an activation. */
export interface ActivationDescription {
  readonly kind: 'activation';
  readonly name: (typeof ACTIVATIONS)[number];
}

/** The one input of a layer, which must hold real numbers. @throws {ShapeError} `rank_mismatch` */
export function realInput(layer: string, inputs: readonly Value[]): Value {
  const [x] = inputs;
  if (x === undefined || inputs.length !== 1 || x.type !== 'real') {
    const given = x === undefined || inputs.length !== 1 ? `${inputs.length} inputs` : 'indices';
    throw new ShapeError('rank_mismatch', `${layer} takes one input of real numbers, got ${given}`, { layer });
  }
  return x;
}

/**
 * Affine layer on every row: [N, inputs] -> [N, units], y = x W^T + b.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 */
export function dense(options: DenseOptions): DenseDescription {
  rejectUnknownKeys('dense', options, ['units', 'bias', 'initializer', 'tied']);
  requireNumber('units', options.units, { min: 1, integer: true });
  if (options.bias !== undefined) requireOneOf('bias', options.bias, [true, false]);
  if (options.tied !== undefined && typeof options.tied !== 'string') {
    const message = `option 'tied' must be the name of an embedding, got ${describeValue(options.tied)}`;
    throw new OptionError('invalid_option', message, { name: 'tied', value: options.tied });
  }
  if (options.initializer !== undefined) requireInitializer(options.initializer);
  return Object.freeze({ kind: 'dense', ...options });
}

/** The table of an embedding as weights for `x`. @throws {ShapeError} `shape_mismatch` */
function tiedTable(context: BuildContext, node: string, x: Value): Value {
  const table = context.table(node);
  if (table.columns === x.columns) return table;
  const message = `dense is tied to '${node}', whose rows have ${table.columns} numbers, but its input has ${x.columns} columns`;
  throw new ShapeError('shape_mismatch', message, { layer: 'dense', actual: x.columns, expected: table.columns });
}

/** The definition of an affine layer. */
export const denseLayer: LayerDefinition<DenseDescription> = {
  kind: 'dense',
  fromOptions: dense,
  build({ units, bias = true, initializer, tied }, context, inputs) {
    const x = realInput('dense', inputs);
    const shared = { fanIn: x.columns, units, gates: 1, forgetGate: -1, initializer };
    const weight = { role: 'dense', rows: units, columns: x.columns, shape: [units, x.columns], ...shared } as const;
    const w = tied === undefined ? context.parameter('weight', weight) : tiedTable(context, tied, x);
    const b = bias
      ? context.parameter('bias', { role: 'denseBias', rows: 1, columns: units, shape: [units], ...shared })
      : undefined;
    return affine(context, x, w, b);
  },
};

/**
 * Inverted dropout: [N, F] -> [N, F], only while training.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @see Srivastava et al. 2014; Gal & Ghahramani 2016 for one mask a sequence
 */
export function dropout(options: DropoutOptions): DropoutDescription {
  rejectUnknownKeys('dropout', options, ['rate', 'perSequence']);
  requireRate('rate', options.rate);
  if (options.perSequence !== undefined) requireOneOf('perSequence', options.perSequence, [true, false]);
  return Object.freeze({ kind: 'dropout', ...options });
}

/** The definition of dropout. */
export const dropoutLayer: LayerDefinition<DropoutDescription> = {
  kind: 'dropout',
  fromOptions: dropout,
  build({ rate, perSequence = false }, context, inputs) {
    const drop = perSequence ? dropPerSequence : dropElements;
    return drop(context, realInput('dropout', inputs), rate);
  },
};

/**
 * An activation on every element, or softmax or its logarithm over the columns: [N, F] -> [N, F].
 *
 * @throws {OptionError} `invalid_option` for an unknown name
 */
export function activation(name: ActivationDescription['name']): ActivationDescription {
  return Object.freeze({ kind: 'activation', name: requireOneOf('activation', name, ACTIVATIONS) });
}

/** The definition of an activation. */
export const activationLayer: LayerDefinition<ActivationDescription> = {
  kind: 'activation',
  fromOptions: (options) => {
    rejectUnknownKeys('activation', options, ['name']);
    return activation(options.name);
  },
  build({ name }, context, inputs) {
    return context.graph.apply(name, { x: realInput(name, inputs) }).y;
  },
};
