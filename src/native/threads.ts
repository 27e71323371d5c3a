/** The default number of threads. */
import { availableParallelism } from 'node:os';
import { OptionError } from '../core/errors.js';
import { type ProcessorLimits, processorLimits } from './control-group.js';

/** The most threads that one program may use. */
export const MAX_THREADS = 256;

/**
 * Processors that this process may use: what the system offers, within the quota and the set of its control groups. A quota of one
 * and a half processors is used by two threads.
 *
 * @param offered by the system; another number in tests
 * @param limits of the control groups
 */
export function usableProcessors(
  offered: number = availableParallelism(),
  { processorQuota, processorSet }: ProcessorLimits = processorLimits(),
): number {
  return Math.max(1, Math.min(offered, Math.ceil(processorQuota ?? offered), processorSet ?? offered));
}

/**
 * The thread count to use: `requested`, else `BPTT_THREADS`, else all usable processors.
 *
 * @throws {OptionError} `invalid_option` when it is not a whole number in 1..256
 */
export function threadCount(requested?: number): number {
  const text = process.env['BPTT_THREADS'];
  const [name, value] =
    requested !== undefined
      ? ['threads', requested]
      : text !== undefined && text !== ''
        ? ['BPTT_THREADS', Number(text)]
        : ['processors', Math.min(usableProcessors(), MAX_THREADS)];
  if (!Number.isInteger(value) || value < 1 || value > MAX_THREADS) {
    throw new OptionError('invalid_option', `${name} is ${value}, expected a whole number in 1..${MAX_THREADS}`, {
      name,
      value,
    });
  }
  return value;
}

/**
 * Multiply-adds that a thread must have between two barriers to take part: `BPTT_GRAIN`, or undefined for the native
 * default. With 0 all threads take part in every instruction, which only tests need. Results do not depend on it.
 *
 * @throws {OptionError} `invalid_option` when it is not a whole number >= 0
 */
export function threadGrain(): number | undefined {
  const text = process.env['BPTT_GRAIN'];
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new OptionError('invalid_option', `BPTT_GRAIN is ${text}, expected a whole number >= 0`, {
    name: 'BPTT_GRAIN',
    value: text,
  });
}
