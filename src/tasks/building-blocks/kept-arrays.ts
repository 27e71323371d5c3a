/** Keeps arrays that are computed from other objects, up to a number of bytes. */

/** Arrays by the objects that they were computed from. One that was kept is never given up while its object lives. */
export class KeptArrays {
  readonly #arrays = new WeakMap<object, Float32Array>();
  #bytesLeft: number;

  /** @param bytes of all arrays together; an array that does not fit any more is not kept */
  constructor(bytes: number) {
    this.#bytesLeft = bytes;
  }

  /** The array of an object, if it was kept. */
  get(source: object): Float32Array | undefined {
    return this.#arrays.get(source);
  }

  /** Keeps the array of an object if there is room for it, and returns it. */
  keep(source: object, array: Float32Array): Float32Array {
    if (this.#arrays.has(source) || array.byteLength > this.#bytesLeft) return array;
    this.#arrays.set(source, array);
    this.#bytesLeft -= array.byteLength;
    return array;
  }
}
