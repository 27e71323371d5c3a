/**
 * Memory that JavaScript and the kernels share. It is on a SharedArrayBuffer, which cannot be detached or resized while
 * a native thread works on it, and it begins on a 64-byte boundary.
 */
import { UsageError } from '../core/errors.js';
import { native } from './addon.js';

/** Alignment of every block and of every value in it, in bytes: a cache line, a 512-bit vector. */
export const ALIGNMENT = 64;

/** The next multiple of the alignment. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/**
 * Allocates memory whose size follows from the options of a network and from a batch.
 *
 * @param what what it is for, in the plural, in messages
 * @throws {UsageError} `too_large` with the bytes, when there is no memory of that size
 */
export function allocated<T>(what: string, bytes: number, allocate: () => T): T {
  try {
    return allocate();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const size = `${bytes.toPrecision(3)} bytes`;
    const message = `the ${what} need ${size} in one piece, which cannot be allocated: make the layers or the batch smaller`;
    throw new UsageError('too_large', message, { what, bytes }, error);
  }
}

/**
 * A zeroed block of at least `bytes` bytes on a 64-byte boundary. The system maps its pages when they are first used.
 *
 * @param what as in `allocated`
 * @throws {UsageError} `too_large`
 */
export function allocateBlock(bytes: number, what = 'numbers'): Uint8Array {
  const size = Math.max(aligned(bytes), ALIGNMENT);
  return allocated(what, size, () => {
    const buffer = new SharedArrayBuffer(size + ALIGNMENT);
    const offset = (ALIGNMENT - native().misalignment(new Uint8Array(buffer))) % ALIGNMENT;
    return new Uint8Array(buffer, offset, size);
  });
}
