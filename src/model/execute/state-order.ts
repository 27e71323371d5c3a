/** Converts carried states between the order of samples and the order of the sequences in a packed batch. */
import { CarriedState } from './carried-state.js';

/**
 * Whether an order moves any sequence of a state. It returns false for an order that does not fit; the checks of the
 * batch refuse it.
 */
function moves(order: Int32Array | undefined, state: CarriedState): order is Int32Array {
  return (
    order?.length === state.batch && state.values instanceof Map && order.some((sample, place) => sample !== place)
  );
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
    if (!(rows instanceof Float32Array)) return [name, rows] as const; // refused by the check of the state
    const packed = new Float32Array(rows.length);
    copyRows(rows, packed, order.entries(), rows.length / state.batch);
    return [name, packed] as const;
  });
  return new CarriedState(state.batch, new Map(values), state.isCarried);
}

/** Copies the values of a state in the order of `packedState` back, by sample. */
export function takePacked(state: CarriedState, packed: CarriedState, order: Int32Array | undefined): void {
  if (packed === state || !moves(order, state)) return;
  const rows = Array.from(order, (sample, place) => [sample, place] as const);
  for (const [name, values] of state.values) {
    copyRows(packed.values.get(name) as Float32Array, values, rows, values.length / state.batch);
  }
}
