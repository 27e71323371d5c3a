/** Hidden states that pass from one execution to the next: from window to window of a long text, or from step to step. */
import { types } from 'node:util';
import { requireText } from '../../core/arguments.js';
import { UsageError } from '../../core/errors.js';
import { describeValue } from '../../core/options.js';
import { isFloat32Array } from '../../core/typed-array.js';
import { allocated } from '../../native/memory.js';
import { requireFiniteStates } from './finite-states.js';

/**
 * The states of all recurrent layers for a number of sequences. They are stored by sequence, not by place in a batch:
 * windows of the same sequences that are packed separately may have them in another order.
 */
export class CarriedState {
  /** Number of sequences B. */
  readonly batch: number;
  /** State by name, for example `lstm.h_l0`: row-major [B * units], one row for each sequence, in the order in which the sequences were packed. */
  readonly values: ReadonlyMap<string, Float32Array>;
  #isCarried: boolean;

  /** Use `model.newState()`. A state that was made by hand is checked by the execution that receives it. */
  constructor(batch: number, values: ReadonlyMap<string, Float32Array>, isCarried = false) {
    this.batch = batch;
    this.values = values;
    this.#isCarried = isCarried;
  }

  /** Whether an execution has left its final states here, and nothing else has been set since. */
  get isCarried(): boolean {
    return this.#isCarried;
  }

  /** Called when an execution has written its final states. */
  markCarried(): void {
    this.#isCarried = true;
  }

  /** States of zero. @param units hidden size of each state by name @throws {UsageError} `too_large` */
  static zero(batch: number, units: ReadonlyMap<string, number>): CarriedState {
    const zeros = (size: number) => allocated('states', 4 * batch * size, () => new Float32Array(batch * size));
    return new CarriedState(batch, new Map([...units].map(([name, size]) => [name, zeros(size)])));
  }

  /**
   * Sets one state, for example to the final state of an encoder.
   *
   * @param name as in `values`
   * @param values row-major [B * units], one row for each sequence, in the order in which they were packed; copied
   * @throws {UsageError} `state_mismatch` when there is no such state or it has another size; nothing has changed then
   * @throws {DataError} `non_finite_data` with the sequence and the unit; nothing has changed then
   */
  set(name: string, values: Float32Array): void {
    const target = this.values.get(requireText('the name of a state', name));
    if (target === undefined) {
      const names = [...this.values.keys()];
      const known = names.length === 0 ? 'the network has none' : `there are ${names.join(', ')}`;
      throw new UsageError('state_mismatch', `there is no state '${name}'; ${known}`, { name, names });
    }
    if (!isFloat32Array(values) || values.length !== target.length) {
      const given = isFloat32Array(values) ? `${values.length} numbers` : describeValue(values);
      const message = `state '${name}' takes a Float32Array of ${target.length} numbers for ${this.batch} sequences, got ${given}`;
      throw new UsageError('state_mismatch', message, {
        name,
        expected: target.length,
        actual: (values as Float32Array | undefined)?.length,
      });
    }
    requireFiniteStates([[name, values]], this.batch);
    target.set(values);
    this.#isCarried = false;
  }

  /** Sets everything to zero, the state before a sequence begins. */
  reset(): void {
    for (const values of this.values.values()) values.fill(0);
    this.#isCarried = false;
  }

  /** An independent copy. */
  clone(): CarriedState {
    return new CarriedState(
      this.batch,
      new Map([...this.values].map(([name, values]) => [name, values.slice()])),
      this.#isCarried,
    );
  }

  /**
   * Copies the values of another state.
   *
   * @throws {UsageError} `state_mismatch` when it belongs to another network or batch size; nothing has changed then
   * @throws {DataError} `non_finite_data` with state, sequence and unit; nothing has changed then
   */
  copyFrom(other: CarriedState): void {
    if (!isState(other)) {
      throw new UsageError('state_mismatch', `expected a CarriedState, got ${describeValue(other)}`, { actual: other });
    }
    for (const [name, values] of this.values) {
      const source = other.values.get(name);
      if (source?.length === values.length) continue;
      const message = `state ${name} has ${values.length} numbers, the other one ${source?.length ?? 'none'}`;
      throw new UsageError('state_mismatch', message, { name, expected: values.length, actual: source?.length });
    }
    requireFiniteStates(other.values, this.batch);
    for (const [name, values] of this.values) values.set(other.values.get(name) as Float32Array);
    this.#isCarried = other.isCarried === true;
  }
}

/**
 * Whether a value is a state, of any realm: of another copy of the library, or what a message from another thread has made
 * of one. What its arrays are is checked by the execution that receives it.
 */
export function isState(value: unknown): value is CarriedState {
  return typeof value === 'object' && value !== null && 'values' in value && types.isMap(value.values);
}
