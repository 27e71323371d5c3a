/** Random masks of training: dropout of elements, of whole sequences, and zoneout. */
import { requireNumber } from '../../core/options.js';
import type { Extent } from '../../graph/extent.js';
import { sameExtent } from '../../graph/extent.js';
import type { Value } from '../../graph/value.js';
import type { BuildContext } from './layer.js';

/** What of a layer's context the random masks need. */
export type NoiseContext = Pick<BuildContext, 'graph' | 'training' | 'axis' | 'dropoutKey' | 'operationId'>;

/** A probability of dropout or zoneout in [0, 0.999999], as the kernels take it. @throws {OptionError} `invalid_option` */
export function requireRate(name: string, value: unknown): number {
  return requireNumber(name, value, { min: 0, max: 0.999999 });
}

/** Inverted dropout of single elements while training. @see Srivastava et al. 2014 */
export function dropElements(context: NoiseContext, x: Value, rate: number): Value {
  if (rate === 0 || !context.training) return x;
  const attributes = { rate, operationId: context.operationId() };
  return context.graph.apply('dropout', { x, key: context.dropoutKey() }, attributes).y;
}

/** A mask that holds `dropped` with probability `rate`, else `kept`. */
function randomMask(
  context: NoiseContext,
  extents: Record<string, Extent>,
  rate: number,
  dropped: number,
  kept: number,
) {
  const attributes = { rate, operationId: context.operationId(), dropped, kept };
  return context.graph.apply('randomMask', { key: context.dropoutKey() }, attributes, extents).y;
}

/**
 * Inverted dropout as one row for all steps of a sequence: [B, columns], 0 or 1 / (1 - rate). Undefined where nothing
 * is dropped, and outside training.
 *
 * @see Gal & Ghahramani 2016
 */
export function sequenceMask(context: NoiseContext, columns: number, rate: number): Value | undefined {
  if (rate === 0 || !context.training) return undefined;
  return randomMask(context, { R: context.graph.batch(context.axis), C: columns }, rate, 0, 1 / (1 - rate));
}

/** Inverted dropout of the same elements in all steps of a sequence, or of its one row where it has no steps. */
export function dropPerSequence(context: NoiseContext, x: Value, rate: number): Value {
  const { graph } = context;
  const mask = sequenceMask(context, x.columns, rate);
  if (mask === undefined) return x;
  if (sameExtent(x.rows, mask.rows)) return graph.apply('multiply', { a: x, b: mask }).y;
  return graph.apply('multiplySequence', { x, mask }).y;
}

/**
 * Which elements of a state keep their previous value in each step: [N, columns], 1 with probability `rate`. Undefined
 * where none does, and outside training.
 *
 * @see Krueger et al. 2017
 */
export function zoneMask(context: NoiseContext, columns: number, rate: number): Value | undefined {
  if (rate === 0 || !context.training) return undefined;
  return randomMask(context, { R: context.graph.steps(context.axis), C: columns }, rate, 1, 0);
}
