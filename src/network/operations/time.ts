/** Functions that join the steps of each sequence, or carry something from step to step. */
import { rejectUnknownKeys, requireOneOf } from '../../core/options.js';
import type { Value } from '../../graph/value.js';
import { activationNumbers, type CellActivation, cellActivation } from '../layers/cell-activations.js';
import { carriedTo } from '../layers/rows.js';
import { applied, graphOfAll, requireAxis, unary } from './apply.js';
import { matrixRows } from './columns.js';

/** The first step of each sequence: [N, F] -> [B, F]. */
export const firstStep: (x: Value) => Value = unary('firstStep');

/** The last step of each sequence: [N, F] -> [B, F]. */
export const lastStep: (x: Value) => Value = unary('lastStep');

/** The largest entry of each column over the steps of each sequence: [N, F] -> [B, F]. */
export const maxOverTime: (x: Value) => Value = unary('maxOverTime');

/** The sum over the steps of each sequence: [N, F] -> [B, F]. */
export const sumOverTime: (x: Value) => Value = unary('sumOverTime');

/** The mean over the steps of each sequence: [N, F] -> [B, F]. */
export function meanOverTime(x: Value): Value {
  return applied('meanOverTime', { operation: 'sumOverTime', operands: { x }, attributes: { mean: 1 } }).y;
}

/** One row for each sequence at all of its steps: [B, F] -> [N, F]. */
export const repeatOverTime: (x: Value) => Value = unary('repeatOverTime');

/**
 * One row for each sequence of any time axis, as those of the time axis of `like`, by their samples: [E, F] -> [B, F].
 *
 * @throws {ShapeError} `shape_mismatch` when `like` has fixed rows
 * @throws {UsageError} `not_a_value`
 */
export function carryTo(x: Value, like: Value): Value {
  const graph = graphOfAll('carryTo', { x, like });
  return carriedTo(graph, x, requireAxis('carryTo', 'like', like).axis);
}

/** Settings of a recurrence. */
export interface RecurrenceSettings {
  /** Default `tanh`; `identity` makes it a linear filter. */
  readonly activation?: CellActivation;
  /** [B, F] the output before the first step, such as an initial state of the layer; default zero. */
  readonly initial?: Value;
  /** [1, F] added to the recurrent product; default none. */
  readonly bias?: Value;
  /** Whether each sequence is read from its last step to its first; default false. */
  readonly reverse?: boolean;
}

/** What a recurrence gives. */
export interface Recurrence {
  /** [N, F] the output of every step. */
  readonly output: Value;
  /** [B, F] the output at the end of the walk, such as a final state of the layer. */
  readonly final: Value;
}

/**
 * y_t = f(x_t + R y_(t-1)), step by step along each sequence. It is what a layer of one's own has for reading the step before;
 * the cells of the library are there as layers, for `apply`.
 *
 * @param x [N, F], what each step brings
 * @param weights [F, F] R
 * @throws {ShapeError} `shape_mismatch`
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @see Elman 1990
 */
export function recurrence(x: Value, weights: Value, settings: RecurrenceSettings = {}): Recurrence {
  rejectUnknownKeys('recurrence', settings, ['activation', 'initial', 'bias', 'reverse']);
  const { initial, bias, reverse = false } = settings;
  const { code, alpha, beta } = activationNumbers(cellActivation('activation', settings.activation ?? 'tanh'));
  requireOneOf('reverse', reverse, [true, false]);
  const given = { x, weights, initial, bias };
  graphOfAll('recurrence', { x, weights }, { initial, bias });
  const packing = {
    operation: 'pack' as const,
    operands: { w: weights },
    extents: { O: matrixRows('recurrence', 'weights', weights) },
    given,
  };
  const p = applied('recurrence', packing).p;
  const outputs = applied('recurrence', {
    operation: 'rnn',
    operands: { a: x, p, h0: initial, bR: bias },
    attributes: { activation: code, alpha, beta, reverse: Number(reverse) },
    given,
  });
  return { output: outputs.y, final: outputs.hT };
}
