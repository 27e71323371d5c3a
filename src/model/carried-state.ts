/** Hidden states that pass from one run to the next: from window to window of a long text, or from step to step. */
import { UsageError } from '../core/errors.js';

/** The states of all recurrent layers for a number of sequences. */
export class CarriedState {
  /** Number of sequences B. */
  readonly batch: number;
  /** State by name, for example `lstm.h_l0`: row-major [B * units]. */
  readonly values: ReadonlyMap<string, Float32Array>;

  constructor(batch: number, values: ReadonlyMap<string, Float32Array>) {
    this.batch = batch;
    this.values = values;
  }

  /** States of zero. @param units hidden size of each state by name */
  static zero(batch: number, units: ReadonlyMap<string, number>): CarriedState {
    return new CarriedState(batch, new Map([...units].map(([name, size]) => [name, new Float32Array(batch * size)])));
  }

  /** Sets everything to zero, the state before a sequence begins. */
  reset(): void {
    for (const values of this.values.values()) values.fill(0);
  }

  /** An independent copy. */
  clone(): CarriedState {
    return new CarriedState(this.batch, new Map([...this.values].map(([name, values]) => [name, values.slice()])));
  }

  /**
   * Takes over the values of another state.
   *
   * @throws {UsageError} `state_mismatch` when it belongs to another network or batch size; nothing has changed then
   */
  copyFrom(other: CarriedState): void {
    for (const [name, values] of this.values) {
      const source = other.values.get(name);
      if (source?.length === values.length) continue;
      const message = `state ${name} has ${values.length} numbers, the other one ${source?.length ?? 'none'}`;
      throw new UsageError('state_mismatch', message, { name, expected: values.length, actual: source?.length });
    }
    for (const [name, values] of this.values) values.set(other.values.get(name) as Float32Array);
  }
}
