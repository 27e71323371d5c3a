/** Numbers whose count is not known in advance. */

/** Numbers of the first array of a list without an expectation. */
const FIRST = 1 << 12;

/** Most numbers that an expectation alone allocates: 1 GiB. */
const MOST_EXPECTED = 1 << 27;

/** Growth of an array that is full. */
const GROWTH = 1.5;

/** A list of doubles in one array. With the right expectation it is never copied. */
export class NumberList {
  #numbers: Float64Array;
  #length = 0;

  /** @param expected how many numbers there will be; memory that is not used is not touched either */
  constructor(expected = 0) {
    this.#numbers = new Float64Array(Math.max(FIRST, Math.min(MOST_EXPECTED, Math.ceil(expected))));
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#numbers.length) {
      const larger = new Float64Array(Math.ceil(GROWTH * this.#length));
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers[this.#length++] = value;
  }

  /** The numbers, without a copy unless a large part of the array is unused; the list is empty afterwards. */
  take(): Float64Array {
    const isTight = GROWTH * this.#length >= this.#numbers.length;
    const numbers = isTight ? this.#numbers.subarray(0, this.#length) : this.#numbers.slice(0, this.#length);
    this.#numbers = new Float64Array(FIRST);
    this.#length = 0;
    return numbers;
  }
}
