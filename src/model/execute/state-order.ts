/** Converts carried states between the order of samples and the order of the sequences in a packed batch. */
import { isFloat32Array } from '../../core/typed-array.js';
import { CarriedState } from './carried-state.js';

/**
 * Whether an order moves any sequence of a state. It returns false for an order that does not fit; the checks of the
 * batch refuse it.
 */
function moves(order: Int32Array | undefined, state: CarriedState): order is Int32Array {
  return order?.length === state.batch && order.some((sample, place) => sample !== place);
}

/** Copies rows of `from` to other places of `to`. @param rows pairs of places, in `to` and in `from` */
function copyRows(
  from: Float32Array,
  to: Float32Array,
  rows: Iterable<readonly [to: number, from: number]>,
  width: number,
) {
  for (const [target, source] of rows) {
    to.set(from.subarray(source * width, (source + 1) * width), target * width);
  }
}

/** The state in the order of the batch; the same object when no sequence moves. */
export function packedState(state: CarriedState, order: Int32Array | undefined): CarriedState {
  if (!moves(order, state)) return state;
  const values = [...state.values].map(([name, rows]) => {
    // Refused by the check of the state; a detached array has no rows.
    if (!isFloat32Array(rows) || rows.length === 0 || rows.length % state.batch !== 0) return [name, rows] as const;
    const packed = new Float32Array(rows.length);
    copyRows(rows, packed, order.entries(), rows.length / state.batch);
    return [name, packed] as const;
  });
  return new CarriedState(state.batch, new Map(values), state.isCarried);
}

/** Rows of a state in the order of a batch, as a copy by sample. @param sequences B */
export function bySample(packed: Float32Array, order: Int32Array | undefined, sequences: number): Float32Array {
  if (order?.length !== sequences) return packed.slice();
  const rows = new Float32Array(packed.length);
  const places = Array.from(order, (sample, place) => [sample, place] as const);
  copyRows(packed, rows, places, packed.length / sequences);
  return rows;
}
