/** Numbers whose count is not known in advance. */

/** Numbers of a block: 512 KiB. */
const BLOCK = 1 << 16;

/** A list of doubles that grows without copies of what it has. */
export class NumberList {
  #blocks: Float64Array[] = [];
  #last = new Float64Array(BLOCK);
  #used = 0;

  get length(): number {
    return this.#blocks.length * BLOCK + this.#used;
  }

  push(value: number): void {
    if (this.#used === BLOCK) {
      this.#blocks.push(this.#last);
      this.#last = new Float64Array(BLOCK);
      this.#used = 0;
    }
    this.#last[this.#used++] = value;
  }

  /** The numbers as one array; the list is empty afterwards. Blocks are freed as they are copied. */
  take(): Float64Array {
    const numbers = new Float64Array(this.length);
    numbers.set(this.#last.subarray(0, this.#used), this.#blocks.length * BLOCK);
    while (this.#blocks.length > 0) {
      const block = this.#blocks.pop() as Float64Array;
      numbers.set(block, this.#blocks.length * BLOCK);
    }
    this.#used = 0;
    return numbers;
  }
}
