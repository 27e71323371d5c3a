/** Refuses plans that need more memory than there is: the system would end the process while it fills the memory. */
import { totalmem } from 'node:os';
import { UsageError } from '../core/errors.js';

/** Bytes of memory of this machine, or of the container if that allows less. */
export function availableBytes(): number {
  const allowed = process.constrainedMemory();
  return allowed > 0 ? Math.min(allowed, totalmem()) : totalmem();
}

/**
 * Compares planned memory with the memory that there is, before any is allocated.
 *
 * @param what what needs it, in the singular, in messages
 * @throws {UsageError} `too_large` with both numbers of bytes
 */
export function requireMemory(what: string, bytes: number, available: number = availableBytes()): void {
  if (bytes <= available) return;
  const [needed, there] = [bytes, available].map((count) => `${(count / 2 ** 30).toPrecision(3)} GiB`);
  const message = `${what} needs ${needed} (${bytes} bytes) of memory, there are ${there}: make the layers smaller`;
  throw new UsageError('too_large', message, { what, bytes, available });
}
