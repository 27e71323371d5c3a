/** The time axes of a batch. */
import { type SymbolicExtent, TIME } from '../graph/extent.js';
import type { AxisSizes } from './batch.js';

/** The time axis of inputs, targets and layers that name none. */
export { TIME };

/** A time axis of a batch, checked. */
export interface PackedAxis extends AxisSizes {
  /** Rows N: valid steps of all sequences. */
  readonly rows: number;
}

/** The time axes of a batch by name, in the order in which programs have them. */
export type PackedAxes = ReadonlyMap<string, PackedAxis>;

/** The rows that an extent stands for. */
export function countOf({ kind, axis }: SymbolicExtent, axes: PackedAxes): number {
  const { batchSizes, rows } = axes.get(axis) as PackedAxis;
  return kind === 'steps' ? rows : (batchSizes[0] as number);
}

/** Batch sizes and samples as a program takes them. */
export function executionSizes(axes: PackedAxes): {
  readonly batchSizes: readonly Int32Array[];
  readonly samples: readonly (Int32Array | undefined)[] | undefined;
} {
  const all = [...axes.values()];
  const batchSizes = all.map((axis) => axis.batchSizes);
  return { batchSizes, samples: all.length > 1 ? all.map(({ order }) => order) : undefined };
}
