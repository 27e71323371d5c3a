/** The row of one step, as callers give it. */
import { type PlainField, rowsOfSequence } from '../../batch/plain-sequences.js';
import type { Rows } from '../../batch/rows.js';
import { requireList } from '../../core/arguments.js';
import { RangeIndexError } from '../../core/errors.js';
import { describeValue } from '../../core/options.js';

/** One step of a sequence: an index, or the features of the step; a number where there is one. */
export type StreamInput = number | readonly number[] | Float32Array | Int32Array;

/** Whether a typed array holds a number as a step means it: an index exactly, a feature as a finite number. */
function isHeld(held: number, given: number, isIndex: boolean): boolean {
  return isIndex ? held === given : Number.isFinite(held);
}

/** Makes rows of steps, of numbers in memory of its own. */
export class StepRow {
  readonly #name: string;
  readonly #field: PlainField;
  readonly #row: Rows;

  /** @param name of the input */
  constructor(name: string, field: PlainField) {
    this.#name = name;
    this.#field = field;
    this.#row = field.ids === undefined ? new Float32Array(field.width) : new Int32Array(1);
  }

  /**
   * The row of a step: what was given where it is a typed array, which has not been checked; else in memory that the next call writes.
   *
   * @throws {RangeIndexError} `index_out_of_range` for what is no whole number of 32 bits; {ShapeError} `rank_mismatch`,
   *   `shape_mismatch`; {DataError} `non_finite_data`
   */
  of(input: StreamInput): Rows {
    if (ArrayBuffer.isView(input)) return input;
    if (this.#holds(input)) return this.#row;
    if (this.#field.ids === undefined)
      return rowsOfSequence(this.#field, [typeof input === 'number' ? [input] : input]);
    const [index = Number.NaN, ...others] = typeof input === 'number' ? [input] : requireList('a step', input);
    // A typed array would turn NaN into 0 and 1.5 into 1.
    if (others.length === 0 && Int32Array.of(index)[0] === index) return Int32Array.of(index);
    const message = `${this.#name} has index ${describeValue(input)}, expected a whole number of 32 bits`;
    throw new RangeIndexError('index_out_of_range', message, { name: this.#name, row: 0, index: input });
  }

  /** Writes the numbers of a step into the memory for its row; false where they are no row. */
  #holds(input: number | readonly number[]): boolean {
    const row = this.#row;
    const isIndex = this.#field.ids !== undefined;
    if (typeof input === 'number') {
      row[0] = input;
      return row.length === 1 && isHeld(row[0] as number, input, isIndex);
    }
    if (!Array.isArray(input) || input.length !== row.length) return false;
    for (let at = 0; at < row.length; at++) {
      const number: unknown = input[at];
      if (typeof number !== 'number') return false;
      row[at] = number;
      if (!isHeld(row[at] as number, number, isIndex)) return false;
    }
    return true;
  }
}
