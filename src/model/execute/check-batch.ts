/** Checks a batch against the network before anything is written. Indices are checked by the native side. */

import { countOf, type PackedAxes, TIME } from '../../batch/axes.js';
import type { Batch } from '../../batch/batch.js';
import { checkArray } from '../../batch/check-arrays.js';
import { DataError, UsageError } from '../../core/errors.js';
import { describeValue } from '../../core/options.js';
import type { SymbolicExtent } from '../../graph/extent.js';
import type { Value } from '../../graph/value.js';
import type { NetworkDescription } from '../../network/description.js';
import type { RowsRequirement } from '../build/build-forward.js';
import { type StreamObstacle, statesNotCarried } from '../build/causality.js';
import type { CarriedState } from './carried-state.js';

/**
 * Checks the inputs of a batch, and the targets that an execution needs.
 *
 * @param targets targets by name, as the graph reads them
 * @throws {ShapeError} `rank_mismatch`, `length_mismatch` with the name and both sizes
 * @throws {DataError} `invalid_weights` with the name, the row and the weight
 */
export function checkBatch(
  batch: Pick<Batch, 'inputs' | 'targets'>,
  axes: PackedAxes,
  { inputs }: NetworkDescription,
  targets: ReadonlyMap<string, Value> = new Map(),
): void {
  for (const [name, input] of Object.entries(inputs)) {
    const { axis = TIME, per } = input;
    const isIndex = input.kind === 'indices';
    const rows = countOf({ kind: per === 'sequence' ? 'batch' : 'steps', axis }, axes);
    checkArray(`input '${name}'`, batch.inputs?.[name], isIndex, rows * (isIndex ? 1 : input.units));
  }
  for (const [name, { type, rows, columns, nonNegative }] of targets) {
    const length = countOf(rows as SymbolicExtent, axes) * columns;
    checkArray(`target '${name}'`, batch.targets?.[name], type === 'int32', length);
    if (nonNegative === true) checkWeights(name, batch.targets?.[name] as Float32Array);
  }
}

function checkWeights(name: string, weights: Float32Array): void {
  const row = weights.findIndex((weight) => !(weight >= 0 && weight < Number.POSITIVE_INFINITY));
  if (row < 0) return;
  const message = `target '${name}' has ${weights[row]} at row ${row}, expected finite numbers >= 0`;
  throw new DataError('invalid_weights', message, { name, row, weight: weights[row] });
}

/** What the states of a network are checked against. */
export interface StateForm {
  /** Width of every carried state by name. */
  readonly stateSizes: ReadonlyMap<string, number>;
  /** The first layer that cannot be read step by step. */
  readonly streamObstacle?: StreamObstacle | undefined;
}

/**
 * Whether states can come to the network from outside. A layer that reads backwards has initial states of its own, but nothing can
 * be carried on: its final states belong to the first steps.
 */
function requireCarried(state: CarriedState, obstacle: StreamObstacle | undefined): void {
  if (obstacle === undefined || (obstacle.reason === 'backwards' && !state.isCarried)) return;
  throw statesNotCarried(obstacle);
}

/**
 * @throws {UsageError} `state_mismatch` when the state belongs to another network or batch size, or is not a valid
 * state; `not_streamable` when a layer of the network reads later steps
 */
export function checkState(state: CarriedState, batch: number, { stateSizes, streamObstacle }: StateForm): void {
  requireCarried(state, streamObstacle);
  if (!Number.isSafeInteger(state.batch) || state.batch < 1) {
    const message = `a state has ${describeValue(state.batch)} sequences, expected an integer >= 1`;
    throw new UsageError('state_mismatch', message, { actual: state.batch, expected: batch });
  }
  for (const [name, size] of stateSizes) {
    const values: unknown = state.values instanceof Map ? state.values.get(name) : undefined;
    if (values !== undefined && !(values instanceof Float32Array)) {
      const message = `state '${name}' is ${describeValue(values)}, expected a Float32Array`;
      throw new UsageError('state_mismatch', message, { name });
    }
    const length = values?.length;
    if (state.batch === batch && length === batch * size) continue;
    const message = `state '${name}' has ${length ?? 'no'} numbers for ${state.batch} sequences, expected ${batch * size} for ${batch}`;
    throw new UsageError('state_mismatch', message, { name, actual: state.batch, expected: batch });
  }
}

/** @throws {DataError} `too_few_rows` when a batch has fewer rows than a layer needs */
export function requireRows({ layer, extent, least }: RowsRequirement, axes: PackedAxes): void {
  const rows = countOf(extent, axes);
  if (rows >= least) return;
  const what = extent.kind === 'steps' ? 'steps' : 'sequences';
  const message = `the batch has ${rows} rows (${what} of the axis '${extent.axis}'), but layer '${layer}' needs ${least} to be trained: put them into another batch, or leave them out`;
  throw new DataError('too_few_rows', message, { layer, axis: extent.axis, actual: rows, expected: least });
}
