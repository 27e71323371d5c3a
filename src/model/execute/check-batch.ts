/** Checks a batch against the network before anything is written. The native side checks indices again. */

import { countOf, type PackedAxes, TIME } from '../../batch/axes.js';
import type { Batch } from '../../batch/batch.js';
import { checkArray } from '../../batch/check-arrays.js';
import { DataError, OptionError, UsageError } from '../../core/errors.js';
import { describeValue } from '../../core/options.js';
import { isFloat32Array } from '../../core/typed-array.js';
import { isWeight, WEIGHT_RANGE } from '../../core/weight-range.js';
import type { SymbolicExtent } from '../../graph/extent.js';
import type { Value } from '../../graph/value.js';
import type { NetworkDescription } from '../../network/description.js';
import { WEIGHTS } from '../../network/losses/weighting.js';
import type { RowsRequirement } from '../build/build-forward.js';
import { type StreamObstacle, statesNotCarried } from '../build/causality.js';
import type { CarriedState } from './carried-state.js';
import { checkValues } from './check-values.js';
import { requireFiniteStates } from './finite-states.js';

/** The end of the name of the weights beside a target. */
const WEIGHTS_SUFFIX = `/${WEIGHTS}`;

/**
 * Checks the inputs of a batch, and the targets that an execution needs.
 *
 * @param targets targets by name, as the graph reads them
 * @throws {ShapeError} `rank_mismatch`, `length_mismatch` with the name and both sizes
 * @throws {DataError} `invalid_weights` with the name, the row and the weight; `non_finite_data` with the sequence and the step
 * @throws {RangeIndexError} `index_out_of_range` with the sequence and the step
 * @throws {OptionError} `invalid_option` for weights beside the target of a loss that has none
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
  refuseUnusedWeights(batch, targets);
  checkValues(batch, axes, { inputs }, targets);
}

/** @throws {OptionError} `invalid_option` for weights beside the target of a loss that has none */
function refuseUnusedWeights({ targets }: Pick<Batch, 'targets'>, read: ReadonlyMap<string, Value>): void {
  for (const name of Object.keys(targets ?? {})) {
    const target = name.slice(0, -WEIGHTS_SUFFIX.length);
    if (!name.endsWith(WEIGHTS_SUFFIX) || read.has(name) || !read.has(target)) continue;
    const message = `the batch has the weights '${name}', but the loss of '${target}' has none: compile the model with a loss that says of which, such as weights: 'step'`;
    throw new OptionError('invalid_option', message, { name });
  }
}

function checkWeights(name: string, weights: Float32Array): void {
  const row = weights.findIndex((weight) => !isWeight(weight));
  if (row < 0) return;
  const message = `target '${name}' has ${weights[row]} at row ${row}, expected ${WEIGHT_RANGE}`;
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
export function checkStateForm(state: CarriedState, batch: number, { stateSizes, streamObstacle }: StateForm): void {
  requireCarried(state, streamObstacle);
  if (!Number.isSafeInteger(state.batch) || state.batch < 1) {
    const message = `a state has ${describeValue(state.batch)} sequences, expected an integer >= 1`;
    throw new UsageError('state_mismatch', message, { actual: state.batch, expected: batch });
  }
  for (const [name, size] of stateSizes) {
    const values: unknown = state.values.get(name);
    if (values !== undefined && !isFloat32Array(values)) {
      const message = `state '${name}' is ${describeValue(values)}, expected a Float32Array`;
      throw new UsageError('state_mismatch', message, { name });
    }
    const length = values?.length;
    if (state.batch === batch && length === batch * size) continue;
    const message = `state '${name}' has ${length ?? 'no'} numbers for ${state.batch} sequences, expected ${batch * size} for ${batch}`;
    throw new UsageError('state_mismatch', message, { name, actual: state.batch, expected: batch });
  }
}

/**
 * As `checkStateForm`, with the numbers of the state.
 *
 * @param order the sequence of each row of the state
 * @throws {DataError} `non_finite_data` with state, sequence and unit
 */
export function checkState(state: CarriedState, batch: number, form: StateForm, order?: Int32Array): void {
  checkStateForm(state, batch, form);
  requireFiniteStates(state.values, batch, order);
}

/** @throws {DataError} `too_few_rows` when a batch has fewer rows than a layer needs */
export function requireRows({ layer, extent, least }: RowsRequirement, axes: PackedAxes): void {
  const rows = countOf(extent, axes);
  if (rows >= least) return;
  const what = extent.kind === 'steps' ? 'steps' : 'sequences';
  const message = `the batch has ${rows} rows (${what} of the axis '${extent.axis}'), but layer '${layer}' needs ${least} to be trained: put them into another batch, or leave them out`;
  throw new DataError('too_few_rows', message, { layer, axis: extent.axis, actual: rows, expected: least });
}
