/** Numbers that the scripts of this folder compute alike (hashed_numbers.py), so that files need not hold them. */
import { crc32 } from 'node:zlib';

/** The finalizer of MurmurHash3 on an unsigned 32-bit number. */
function mixed(number: number): number {
  let x = number ^ (number >>> 16);
  x = Math.imul(x, 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Numbers of 24 bits for a name. */
function hashed(seed: number, name: string, count: number): number[] {
  const begin = (crc32(name) + Math.imul(seed, 0x9e3779b1)) >>> 0;
  return Array.from({ length: count }, (_, at) => mixed((begin + Math.imul(at, 0x27d4eb2f)) >>> 0) >>> 8);
}

/** Numbers in [-bound, bound), which float32 holds exactly if `bound` is a power of two. */
export function uniform(seed: number, name: string, count: number, bound = 1): Float32Array {
  return Float32Array.from(hashed(seed, name, count), (number) => (number / 2 ** 23 - 1) * bound);
}

/** Whole numbers from 0 to `below` - 1. */
export function integers(seed: number, name: string, count: number, below: number): Int32Array {
  return Int32Array.from(hashed(seed, name, count), (number) => number % below);
}
