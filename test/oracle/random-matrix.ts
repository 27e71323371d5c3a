/** Operands for tests: reproducible, different in every element, and the same numbers in float32 and in double. */

import { type Matrix, zeros } from './matrix.js';

/** A source of operands. The same seed gives the same sequence. Not the library's generator, on purpose. */
export class RandomOperands {
  #state: number;

  /** @param seed 32-bit integer */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number in [low, high], exactly representable in float32. Source of the mixing: mulberry32, public domain. */
  number(low = -1, high = 1): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return Math.fround(low + (high - low) * (((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32));
  }

  /** [rows, columns] of independent numbers in [low, high]. */
  matrix(rows: number, columns: number, low = -1, high = 1): Matrix {
    const result = zeros(rows, columns);
    for (let index = 0; index < result.data.length; index++) {
      result.data[index] = this.number(low, high);
    }
    return result;
  }

  /** `count` integers in [begin, end). */
  integers(count: number, begin: number, end: number): Int32Array {
    return Int32Array.from({ length: count }, () => Math.min(end - 1, Math.floor(this.number(begin, end))));
  }
}
