/** Penalties on activations: what training makes small beside the loss. */
import { ShapeError } from '../../core/errors.js';
import { rejectUnknownKeys, requireNumber } from '../../core/options.js';
import { describeExtent, sameExtent } from '../../graph/extent.js';
import type { Value } from '../../graph/value.js';
import { realInput } from './dense.js';
import type { BuildContext, LayerDefinition } from './layer.js';

/** Options of a penalty. */
export interface PenaltyOptions {
  /** Weight of the mean square of all elements, >= 0; default 0. */
  readonly activation?: number;
  /** Weight of the mean square of the change from step to step, >= 0; default 0. Needs an input with steps. */
  readonly temporal?: number;
}

/** Frozen description of a penalty. */
export interface PenaltyDescription extends PenaltyOptions {
  readonly kind: 'penalty';
}

/** The weight of a penalty. @throws {OptionError} `invalid_option` */
export function requirePenalty(name: string, value: unknown): number {
  return requireNumber(name, value, { min: 0, max: 1e30 });
}

/** Adds the penalties on `x` to what training minimises. */
export function addPenalties(context: BuildContext, x: Value, activation: number, temporal: number): void {
  const add = (name: 'meanSquare' | 'temporalDifference', weight: number) => {
    if (weight > 0 && context.training) context.penalty(context.graph.apply(name, { x }).loss, weight);
  };
  add('meanSquare', activation);
  add('temporalDifference', temporal);
}

/** The change from step to step needs steps, whether training is on or not. @throws {ShapeError} `shape_mismatch` */
function requireSteps(layer: string, { graph, axis }: BuildContext, x: Value): void {
  const expected = graph.steps(axis);
  if (sameExtent(x.rows, expected)) return;
  const [given, wanted] = [describeExtent(x.rows), describeExtent(expected)];
  const message = `${layer} with option 'temporal' has an input of ${given} rows, expected ${wanted}: one row for each step`;
  throw new ShapeError('shape_mismatch', message, { layer, actual: x.rows, expected });
}

/**
 * Passes its input on, [N, F] -> [N, F], and makes training keep it small, or slow in time. The reported loss is that
 * of the targets alone.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @see Merity, McCann, Socher 2017
 */
export function penalty(options: PenaltyOptions): PenaltyDescription {
  rejectUnknownKeys('penalty', options, ['activation', 'temporal']);
  if (options.activation !== undefined) requirePenalty('activation', options.activation);
  if (options.temporal !== undefined) requirePenalty('temporal', options.temporal);
  return Object.freeze({ kind: 'penalty', ...options });
}

/** The definition of a penalty. */
export const penaltyLayer: LayerDefinition<PenaltyDescription> = {
  kind: 'penalty',
  fromOptions: penalty,
  build({ kind, activation = 0, temporal = 0 }, context, inputs) {
    const x = realInput(kind, inputs);
    if (temporal > 0) requireSteps(kind, context, x);
    addPenalties(context, x, activation, temporal);
    return x;
  },
};
