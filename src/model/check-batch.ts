/** Checks a batch against the network before anything is written. Indices are checked by the native side. */
import { ShapeError, UsageError } from '../core/errors.js';
import { describeValue } from '../core/options.js';
import type { SymbolicExtent, Value } from '../graph/value.js';
import { countOf, type PackedAxes, TIME } from './axes.js';
import type { Batch } from './batch.js';
import type { CarriedState } from './carried-state.js';
import type { NetworkDescription } from './description.js';

/**
 * Rows N of a batch: the sum of its batch sizes.
 *
 * @param name what the batch sizes are called in messages
 * @throws {ShapeError} `shape_mismatch` when the batch sizes are not non-increasing and >= 1, or there are none; `rank_mismatch`
 *   when they are no Int32Array
 */
export function countRows(batch: Pick<Batch, 'batchSizes'>, name = 'batchSizes'): number {
  const batchSizes = batch?.batchSizes;
  checkType(name, batchSizes, true);
  let rows = 0;
  let before = Number.MAX_SAFE_INTEGER;
  batchSizes.forEach((size, step) => {
    if (size < 1 || size > before) {
      const message = `${name}[${step}] is ${size}, expected 1..${before}: sequences are sorted by length`;
      throw new ShapeError('shape_mismatch', message, { name, step, actual: size, expected: before });
    }
    rows += size;
    before = size;
  });
  if (rows === 0) throw new ShapeError('shape_mismatch', `${name} is empty, expected at least one step`, { name });
  return rows;
}

/** @throws {ShapeError} `rank_mismatch` with the name and both types */
export function checkType(name: string, values: Int32Array | Float32Array | undefined, isIndex: boolean): void {
  const expected = isIndex ? 'Int32Array' : 'Float32Array';
  // By name: an array of another realm serves as well.
  const actual = values === undefined ? 'missing' : (values?.constructor?.name ?? String(values));
  if (actual === expected) return;
  const message = `${name} is ${actual}, expected ${isIndex ? 'an' : 'a'} ${expected}`;
  throw new ShapeError('rank_mismatch', message, { name, actual, expected });
}

/** @throws {ShapeError} `rank_mismatch`, `length_mismatch` with the name and both sizes */
export function checkArray(
  name: string,
  values: Int32Array | Float32Array | undefined,
  isIndex: boolean,
  length: number,
): void {
  checkType(name, values, isIndex);
  if (values?.length !== length) {
    const message = `${name} has ${values?.length} entries, expected ${length}`;
    throw new ShapeError('length_mismatch', message, { name, actual: values?.length, expected: length });
  }
}

/**
 * Checks that an order names each sequence once.
 *
 * @throws {ShapeError} `rank_mismatch`, `length_mismatch` with the name
 */
export function checkOrder(name: string, order: Int32Array | undefined, sequences: number): void {
  checkType(name, order, true);
  const given = order as Int32Array;
  const isWhole = given.length === sequences && new Set(given).size === sequences;
  if (isWhole && given.every((at) => at >= 0 && at < sequences)) return;
  const message = `${name} must name each of the ${sequences} sequences once`;
  throw new ShapeError('length_mismatch', message, { name, sequences });
}

/**
 * Checks the inputs of a batch, and the targets that a run needs.
 *
 * @param targets targets by name, as the graph reads them
 * @throws {ShapeError} `rank_mismatch`, `length_mismatch` with the name and both sizes
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
  for (const [name, { type, rows, columns }] of targets) {
    const length = countOf(rows as SymbolicExtent, axes) * columns;
    checkArray(`target '${name}'`, batch.targets?.[name], type === 'int32', length);
  }
}

/**
 * @param units hidden size of each state of the network by name
 * @throws {UsageError} `state_mismatch` when the state belongs to another network or batch size, or was made by hand of what is
 *   no state
 */
export function checkState(state: CarriedState, batch: number, units: ReadonlyMap<string, number>): void {
  if (!Number.isSafeInteger(state.batch) || state.batch < 1) {
    const message = `a state has ${describeValue(state.batch)} sequences, expected an integer >= 1`;
    throw new UsageError('state_mismatch', message, { actual: state.batch, expected: batch });
  }
  for (const [name, size] of units) {
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
