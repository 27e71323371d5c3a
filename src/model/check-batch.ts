/** Checks a batch against the network before anything is written. Indices are checked by the native side. */
import { ShapeError, UsageError } from '../core/errors.js';
import { describeValue } from '../core/options.js';
import type { Batch } from './batch.js';
import type { CarriedState } from './carried-state.js';
import type { NetworkDescription } from './network.js';

/**
 * Rows N of a batch: the sum of its batch sizes.
 *
 * @throws {ShapeError} `shape_mismatch` when the batch sizes are not non-increasing and >= 1, or there are none; `rank_mismatch`
 *   when they are no Int32Array
 */
export function countRows(batch: Pick<Batch, 'batchSizes'>): number {
  const batchSizes = batch?.batchSizes;
  checkType('batchSizes', batchSizes, true);
  let rows = 0;
  let before = Number.MAX_SAFE_INTEGER;
  batchSizes.forEach((size, step) => {
    if (size < 1 || size > before) {
      const message = `batchSizes[${step}] is ${size}, expected 1..${before}: sequences are sorted by length`;
      throw new ShapeError('shape_mismatch', message, { name: 'batchSizes', step, actual: size, expected: before });
    }
    rows += size;
    before = size;
  });
  if (rows === 0)
    throw new ShapeError('shape_mismatch', 'batchSizes is empty, expected at least one step', { name: 'batchSizes' });
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
 * @param rows rows N of the batch
 * @param target what the targets are, where the run computes a loss
 * @throws {ShapeError} `shape_mismatch`, `rank_mismatch`, `length_mismatch` with the name and both sizes
 * @throws {UsageError} `state_mismatch`
 */
export function checkBatch(
  batch: Batch,
  rows: number,
  description: NetworkDescription,
  target: { readonly isIndex: boolean; readonly columns: number; readonly rows: number } | undefined,
): void {
  for (const [name, input] of Object.entries(description.inputs)) {
    const isIndex = input.kind === 'indices';
    checkArray(`input '${name}'`, batch.inputs?.[name], isIndex, rows * (isIndex ? 1 : input.units));
  }
  if (target === undefined) return;
  const length = target.rows * (target.isIndex ? 1 : target.columns);
  checkArray("target 'target'", batch.targets?.['target'], target.isIndex, length);
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
