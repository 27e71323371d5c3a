/** The places of the examples in a file. */

/**
 * Place and size of each example, in typed arrays that grow: 20 bytes for each example, 40 while the index is built.
 */
export class LineIndex {
  #count = 0;
  #offsets = new Float64Array(1024);
  #bytes = new Int32Array(1024);
  #lines = new Int32Array(1024);
  #steps = new Int32Array(1024);

  /** Number of examples. */
  get count(): number {
    return this.#count;
  }

  /** Appends an example. */
  add(offset: number, bytes: number, line: number, steps: number): void {
    if (this.#count === this.#offsets.length) this.#resize(2 * this.#count);
    this.#offsets[this.#count] = offset;
    this.#bytes[this.#count] = bytes;
    this.#lines[this.#count] = line;
    this.#steps[this.#count] = steps;
    this.#count += 1;
  }

  /** Frees the memory that is not needed after the last example. */
  trim(): void {
    this.#resize(this.#count);
  }

  /** The offset of the line of an example, its length without the line end, its number from 1, and its steps. */
  at(index: number): { offset: number; bytes: number; line: number; steps: number } | undefined {
    if (!Number.isInteger(index) || index < 0 || index >= this.#count) return undefined;
    return {
      offset: this.#offsets[index] as number,
      bytes: this.#bytes[index] as number,
      line: this.#lines[index] as number,
      steps: this.#steps[index] as number,
    };
  }

  #resize(length: number): void {
    const resized = <A extends Float64Array | Int32Array>(to: A, from: A): A => {
      to.set(from.subarray(0, length));
      return to;
    };
    this.#offsets = resized(new Float64Array(length), this.#offsets);
    this.#bytes = resized(new Int32Array(length), this.#bytes);
    this.#lines = resized(new Int32Array(length), this.#lines);
    this.#steps = resized(new Int32Array(length), this.#steps);
  }
}
