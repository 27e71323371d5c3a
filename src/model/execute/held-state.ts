/** The carried state of one execution. */
import { isFloat32Array } from '../../core/typed-array.js';
import type { CarriedState } from './carried-state.js';
import { requireFiniteResults } from './finite-states.js';
import { bySample, packedState } from './state-order.js';

/**
 * A carried state from the beginning of an execution to its end. What the execution needs of the caller's objects is held from the
 * beginning, so that taking the final states cannot fail: the parameters have changed by then. Where an array has been detached or replaced
 * meanwhile, a new one takes its place.
 */
export class HeldState {
  /** The states in the order of the batch. */
  readonly packed: CarriedState;
  /** Whether nobody else has the state, and its numbers are known to be finite: that of a stream. */
  readonly isOwn: boolean;
  readonly #state: CarriedState;
  readonly #values: CarriedState['values'];
  /** The sequence at each place of the batch; undefined where none moves. */
  readonly order: Int32Array | undefined;

  /** @param order samples of the sequences of the batch; one that does not fit is refused by the check of the batch */
  constructor(state: CarriedState, order: Int32Array | undefined, isOwn = false) {
    this.isOwn = isOwn;
    this.#state = state;
    this.#values = state.values;
    this.packed = packedState(state, order);
    this.order = this.packed === state ? undefined : order?.slice();
  }

  /** @param finals as for `take` @throws {NumericError} `non_finite_state`; nothing has changed */
  requireFinite(finals: Iterable<readonly [name: string, rows: Float32Array]>): void {
    requireFiniteResults(finals, this.#state.batch, this.order);
  }

  /** Takes the final states of the execution, in the order of the batch, by name. */
  take(finals: Iterable<readonly [name: string, rows: Float32Array]>): void {
    const values = this.#values as Map<string, Float32Array>;
    for (const [name, rows] of finals) {
      const known = values.get(name);
      const fits = isFloat32Array(known) && known.length === rows.length;
      if (fits && this.order === undefined) known.set(rows);
      else if (fits) known.set(bySample(rows, this.order, this.#state.batch));
      else values.set(name, bySample(rows, this.order, this.#state.batch));
    }
    // What a message from another thread has made of a state has no methods.
    this.#state.markCarried?.();
  }
}
