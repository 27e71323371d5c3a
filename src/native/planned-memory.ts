/** Refuses plans that need more memory than there is: the system would end the process while it fills the memory. */
import { freemem, totalmem } from 'node:os';
import { OptionError, UsageError } from '../core/errors.js';
import { memoryLimits } from './control-group.js';

/** What a machine and its control groups say of memory, in bytes. */
export interface MemoryState {
  /** Of the machine. */
  readonly total: number;
  /** Of the machine that programs can get now, caches of files included. */
  readonly free: number;
  /** Of the control groups; undefined without a limit. */
  readonly limit: number | undefined;
  /** Of that limit in use. */
  readonly inUse: number;
  /** Of array buffers of this process. Some of them may be free already, until the garbage collector has seen it. */
  readonly held: number;
}

/**
 * The bytes that a new plan can count on: what the machine and the control groups still have, and the array buffers of this process,
 * which may be garbage; never more than all of the memory.
 */
export function usableBytes({ total, free, limit, inUse, held }: MemoryState): number {
  const [most, now] = limit === undefined ? [total, free] : [Math.min(total, limit), Math.min(free, limit - inUse)];
  return Math.min(most, Math.max(0, now) + held);
}

/** The number of `BPTT_MEMORY`; undefined where it is not set. @throws {OptionError} `invalid_option` */
function givenBytes(): number | undefined {
  const text = process.env['BPTT_MEMORY'];
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  const message = `BPTT_MEMORY is ${text}, expected a whole number of bytes > 0`;
  throw new OptionError('invalid_option', message, { name: 'BPTT_MEMORY', value: text });
}

/**
 * Bytes of memory that a plan may take: `BPTT_MEMORY`, else what the machine and the control groups of the process have.
 *
 * @throws {OptionError} `invalid_option` for a wrong `BPTT_MEMORY`
 */
export function availableBytes(): number {
  const given = givenBytes();
  if (given !== undefined) return given;
  const { memory: limit, memoryInUse: inUse } = memoryLimits();
  const { arrayBuffers: held } = process.memoryUsage();
  return usableBytes({ total: totalmem(), free: freemem(), limit, inUse, held });
}

/** Plans below it are not compared: reading what there is takes a millisecond, and such a plan fits everywhere. */
const SMALL_BYTES = 2 ** 26;

/**
 * Compares planned memory with the memory that there is, before any is allocated.
 *
 * @param what what needs it, in the singular, in messages
 * @param help what makes it smaller
 * @throws {UsageError} `too_large` with both numbers of bytes
 */
export function requireMemory(
  what: string,
  bytes: number,
  help = 'make the layers smaller',
  available: number | undefined = undefined,
): void {
  const given = available ?? givenBytes();
  if (given === undefined && bytes <= SMALL_BYTES) return;
  const there = given ?? availableBytes();
  if (bytes <= there) return;
  const [needed, left] = [bytes, there].map((count) => `${(count / 2 ** 30).toPrecision(3)} GiB`);
  const message = `${what} needs ${needed} (${bytes} bytes) of memory, there are ${left}: ${help}`;
  throw new UsageError('too_large', message, { what, bytes, available: there });
}
