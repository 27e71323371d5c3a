/** Executes one input of a fuzz target and judges how it ends: a result, or an error with a code that the docs name. */
import { BpttError } from '../../src/core/errors.js';

/** Codes that say of a fault of the library and not of the input. */
const FAULTS: readonly string[] = ['internal', 'native_failed', 'invalid_program'];

/** Most bytes of memory that one small input may take, in MiB. */
export const MOST_MIB = 192;

/** Longest message of an error: it shows the beginning of a long value, and never a file. */
const LONGEST_MESSAGE = 4000;

/** How an input ended: `result` or the code of its error, and the kind of its message. */
export interface Outcome {
  readonly code: string;
  /** The message without names and numbers: two inputs of one kind came the same way. */
  readonly kind: string;
}

function heldBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** A message without what depends on the input. */
export function kindOf(message: string): string {
  return message
    .replace(/'[^']*'|"[^"]*"|\[[^\]]*\]|\{[^}]*\}/g, '~')
    .replace(/-?\d+(\.\d+)?(e[+-]?\d+)?/g, '#')
    .slice(0, 120);
}

/**
 * Executes `read`.
 *
 * @throws its error, if that has no code; an Error for a code of a fault, a message without end, too much memory
 */
export async function outcomeOf(read: () => unknown): Promise<Outcome> {
  const before = heldBytes();
  let outcome: Outcome = { code: 'result', kind: '' };
  try {
    await read();
  } catch (error) {
    if (!(error instanceof BpttError)) throw error;
    if (FAULTS.includes(error.code))
      throw new Error(`a fault, not an error of the input: ${error.message}`, { cause: error });
    if (error.message.length > LONGEST_MESSAGE) throw new Error(`a message of ${error.message.length} characters`);
    outcome = { code: error.code, kind: kindOf(error.message) };
  }
  const grown = (heldBytes() - before) / 2 ** 20;
  if (grown > MOST_MIB) throw new Error(`took ${Math.round(grown)} MiB of memory, at most ${MOST_MIB} are expected`);
  return outcome;
}
