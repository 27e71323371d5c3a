/** What rows and columns of a loss count for: options that several losses have. */

import { OptionError, ShapeError } from '../../core/errors.js';
import { describeValue, requireNumber, requireOneOf } from '../../core/options.js';
import { isWeight, WEIGHT_RANGE } from '../../core/weight-range.js';
import type { SymbolicExtent } from '../../graph/extent.js';
import type { Value } from '../../graph/value.js';
import { hasSteps } from '../layers/rows.js';
import type { LossBuildContext } from './loss.js';

/** Options of losses whose rows have weights. */
export interface WeightOptions {
  /**
   * What has a weight of its own: each `step`, or each `sequence`, all steps of which count alike. A batch has the weights among its
   * targets, as `target/weights` or `OUTPUT/weights`: a Float32Array of 0 and of numbers from 1e-30 to 1e30. The loss is the weighted mean: the sum
   * is divided by the sum of the weights. A row of weight 0 does not count, whatever its target is, and where no row counts the loss and
   * its gradients are 0. Default none: all rows count alike.
   */
  readonly weights?: 'step' | 'sequence';
}

/** Name of the input that holds the weights, behind that of the target. */
export const WEIGHTS = 'weights';

/** Checks the option. @throws {OptionError} `invalid_option` */
export function requireWeights(name: string, { weights }: WeightOptions): WeightOptions {
  if (weights === undefined) return {};
  return { weights: requireOneOf(`${name}.weights`, weights, ['step', 'sequence']) };
}

/**
 * One weight for each row of the outputs [R, 1], undefined where all count alike.
 *
 * @throws {ShapeError} `rank_mismatch` for weights of steps beside outputs without any
 */
export function rowWeights(
  { graph, outputs, input }: Pick<LossBuildContext, 'graph' | 'outputs' | 'input'>,
  { weights }: WeightOptions,
): Value | undefined {
  if (weights === undefined) return undefined;
  const { rows } = outputs;
  const isPerStep = hasSteps(outputs);
  if (!isPerStep && weights === 'step') {
    const message = `the weights of a loss are for each step, but its output has one row for each sequence: weights 'sequence' fit`;
    throw new ShapeError('rank_mismatch', message, { option: WEIGHTS });
  }
  if (weights === 'step' || !isPerStep || typeof rows === 'number') {
    return input(WEIGHTS, { rows, columns: 1, nonNegative: true });
  }
  const perSequence = sequenceWeights({ graph, outputs, input }, weights) as Value;
  return graph.apply('repeatOverTime', { x: perSequence }, { mean: 0 }).y;
}

/** One weight for each sequence of the outputs [B, 1], undefined where all count alike. */
export function sequenceWeights(
  { graph, outputs, input }: Pick<LossBuildContext, 'graph' | 'outputs' | 'input'>,
  weights: 'sequence' | undefined,
): Value | undefined {
  if (weights === undefined) return undefined;
  const { axis } = outputs.rows as SymbolicExtent;
  return input(WEIGHTS, { rows: graph.batch(axis), columns: 1, nonNegative: true });
}

/**
 * A list of numbers >= 0, frozen.
 *
 * @throws {OptionError} `invalid_option`
 */
export function requireColumnWeights(name: string, weights: unknown): readonly number[] {
  if (!Array.isArray(weights) || weights.length === 0) {
    const message = `option '${name}' must be a list of numbers >= 0, one for each column, got ${describeValue(weights)}`;
    throw new OptionError('invalid_option', message, { name, value: weights });
  }
  // Not map(): it skips the holes of a sparse array.
  const checked = Array.from(weights, (weight, at) => {
    const number = requireNumber(`${name}[${at}]`, weight, { min: 0 });
    if (isWeight(number)) return number;
    const message = `option '${name}[${at}]' must be ${WEIGHT_RANGE}, got ${number}`;
    throw new OptionError('invalid_option', message, { name: `${name}[${at}]`, value: weight });
  });
  return Object.freeze(checked);
}

/**
 * The weights as a row [1, C] of the graph, undefined where there are none.
 *
 * @throws {ShapeError} `shape_mismatch` when there are not as many as columns
 */
export function columnWeights(
  { graph, outputs }: LossBuildContext,
  name: string,
  weights: readonly number[] | undefined,
): Value | undefined {
  if (weights === undefined) return undefined;
  if (weights.length === outputs.columns) return graph.constant(1, weights.length, weights);
  const message = `option '${name}' has ${weights.length} numbers, the output has ${outputs.columns} columns`;
  throw new ShapeError('shape_mismatch', message, { name, actual: weights.length, expected: outputs.columns });
}
