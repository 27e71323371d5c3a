/**
 * Memory that JavaScript and the kernels share. It is on a SharedArrayBuffer, which cannot be detached or resized while
 * a native thread works on it, and it begins on a 64-byte boundary.
 */
import { native } from './addon.js';

/** Alignment of every block and of every value in it, in bytes: a cache line, a 512-bit vector. */
export const ALIGNMENT = 64;

/** The next multiple of the alignment. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** A zeroed block of at least `bytes` bytes on a 64-byte boundary. The system maps its pages when they are first used. */
export function allocateBlock(bytes: number): Uint8Array {
  const size = Math.max(aligned(bytes), ALIGNMENT);
  const buffer = new SharedArrayBuffer(size + ALIGNMENT);
  const offset = (ALIGNMENT - native().misalignment(new Uint8Array(buffer))) % ALIGNMENT;
  return new Uint8Array(buffer, offset, size);
}
