/** What sequences have too few rows to be trained on by themselves. */
import { TIME } from '../../batch/axes.js';
import { derivationOf } from '../../graph/derived-axis.js';
import type { RowsRequirement } from './build-forward.js';

/** Steps on the axis `time` of a sequence that has so many rows on another; Infinity for one that is not made of it. */
function stepsFor(axis: string, rows: number): number {
  const derivation = derivationOf(axis);
  if (derivation === undefined) return axis === TIME ? rows : Number.POSITIVE_INFINITY;
  const { source, reach, stride } = derivation;
  return stepsFor(source, Math.max(1, (rows - 1) * stride + reach));
}

/** Steps of the shortest sequence that has enough rows for every layer by itself: 1 where no layer needs more. */
export function shortestAlone(leastRows: readonly RowsRequirement[]): number {
  const needed = leastRows.map(({ extent: { kind, axis }, least }) => {
    return kind === 'batch' ? Number.POSITIVE_INFINITY : stepsFor(axis, least);
  });
  return Math.max(1, ...needed);
}
