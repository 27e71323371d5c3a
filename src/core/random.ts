/**
 * Random numbers for everything that TypeScript draws: initial weights, shuffling, sampling. The generator is
 * counter-based: a named stream gives the same numbers regardless of other draws, and its whole state is a few numbers
 * of JSON.
 */
import { OptionError } from './errors.js';
import { requireNumber } from './options.js';

const WORDS = 2 ** 32;
// The last counter word of every stream drawn here ("host"). Kernels use other values there. So a stream of this class
// never repeats the bits of a dropout mask of the same seed.
const HOST_DOMAIN = 0x686f7374;

/** High 32 bits of the 64-bit product. Math.imul gives only the low ones, and BigInt is 50 times slower. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + (middle >>> 16) + (carry >>> 16)) >>> 0;
}

/**
 * Philox4x32-10: 128 random bits as a pure function of a counter and a key; the same bits as the C++ kernels.
 *
 * @param counter [4] words, not changed
 * @param key [2] words, not changed
 * @param out [4] words, written; may be `counter`
 * @see Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011
 */
export function philox4x32(counter: Uint32Array, key: Uint32Array, out: Uint32Array): void {
  let c0 = counter[0] ?? 0;
  let c1 = counter[1] ?? 0;
  let c2 = counter[2] ?? 0;
  let c3 = counter[3] ?? 0;
  let key0 = key[0] ?? 0;
  let key1 = key[1] ?? 0;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0);
    const low0 = Math.imul(0xd2511f53, c0);
    const high1 = multiplyHigh(0xcd9e8d57, c2);
    const low1 = Math.imul(0xcd9e8d57, c2);
    c0 = (high1 ^ c1 ^ key0) >>> 0;
    c1 = low1 >>> 0;
    c2 = (high0 ^ c3 ^ key1) >>> 0;
    c3 = low0 >>> 0;
    key0 = (key0 + 0x9e3779b9) >>> 0;
    key1 = (key1 + 0xbb67ae85) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** FNV-1a hash, 32 bits, of the UTF-8 bytes of a name. */
export function fnv1a32(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** The whole state of a Random; plain JSON, exact. */
export type RandomState = {
  readonly seed: number;
  readonly stream: string | number;
  /** 32-bit words drawn so far. */
  readonly position: number;
  /** The second number of the last normal pair, if it has not been returned yet. */
  readonly spareNormal: number | null;
};

/**
 * One stream of random numbers, named by a seed and a stream. Streams of different names are independent of each other,
 * and of the order in which they are made and drawn from.
 *
 * @example new Random(1, 'shuffle').shuffle(order);
 */
export class Random {
  readonly #seed: number;
  readonly #stream: string | number;
  readonly #key: Uint32Array;
  readonly #counter: Uint32Array;
  readonly #block = new Uint32Array(4);
  #position = 0;
  #spareNormal: number | null = null;

  /**
   * @param seed safe integer >= 0
   * @param stream a name, hashed to 32 bits with FNV-1a, or an integer in [0, 2^32)
   * @throws {OptionError} `invalid_option`
   */
  constructor(seed: number, stream: string | number) {
    this.#seed = requireNumber('seed', seed, { integer: true, min: 0 });
    this.#stream =
      typeof stream === 'string' ? stream : requireNumber('stream', stream, { integer: true, min: 0, max: WORDS - 1 });
    const streamWord = typeof stream === 'string' ? fnv1a32(stream) : stream;
    this.#key = Uint32Array.of(seed >>> 0, Math.floor(seed / WORDS));
    this.#counter = Uint32Array.of(0, 0, streamWord, HOST_DOMAIN);
  }

  /** A uniform integer in [0, 2^32). */
  uint32(): number {
    const lane = this.#position % 4;
    if (lane === 0) this.#fillBlock();
    this.#position++;
    return this.#block[lane] as number;
  }

  /** A uniform number in [0, 1): a multiple of 2^-53, made of two words. */
  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /**
   * A normal number, mean 0, variance 1: the polar method (Marsaglia and Bray 1964). It needs no sine or cosine, whose
   * last bit differs between versions of V8.
   */
  normal(): number {
    if (this.#spareNormal !== null) {
      const spare = this.#spareNormal;
      this.#spareNormal = null;
      return spare;
    }
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(square)) / square);
      this.#spareNormal = y * scale;
      return x * scale;
    }
  }

  /**
   * A uniform integer in [0, n), without bias (words of the incomplete last interval are drawn again).
   *
   * @param n integer in [1, 2^32]
   * @throws {OptionError} `invalid_option`
   */
  integer(n: number): number {
    requireNumber('n', n, { integer: true, min: 1, max: WORDS });
    const limit = WORDS - (WORDS % n);
    for (;;) {
      const word = this.uint32();
      if (word < limit) return word % n;
    }
  }

  /** Puts the elements in random order, in place (Fisher-Yates), and returns the array. */
  shuffle<A extends unknown[] | Int32Array | Uint32Array | Float32Array | Float64Array>(array: A): A {
    const items = array as unknown[];
    for (let last = items.length - 1; last > 0; last--) {
      const other = this.integer(last + 1);
      const moved = items[last];
      items[last] = items[other];
      items[other] = moved;
    }
    return array;
  }

  /** The state as JSON. `Random.restore` makes a generator from it that draws the same numbers from here on. */
  state(): RandomState {
    return { seed: this.#seed, stream: this.#stream, position: this.#position, spareNormal: this.#spareNormal };
  }

  /**
   * The stream of a saved state.
   *
   * @throws {OptionError} `invalid_option` when the state is not one that `state()` could have given
   */
  static restore(state: RandomState): Random {
    if (typeof state !== 'object' || state === null) {
      throw new OptionError('invalid_option', `a random state must be an object, got ${String(state)}`);
    }
    const random = new Random(state.seed, state.stream);
    random.#position = requireNumber('position', state.position, { integer: true, min: 0 });
    random.#spareNormal = state.spareNormal === null ? null : requireNumber('spareNormal', state.spareNormal);
    if (random.#position % 4 !== 0) random.#fillBlock();
    return random;
  }

  #fillBlock(): void {
    const index = Math.floor(this.#position / 4);
    this.#counter[0] = index >>> 0;
    this.#counter[1] = Math.floor(index / WORDS);
    philox4x32(this.#counter, this.#key, this.#block);
  }
}
