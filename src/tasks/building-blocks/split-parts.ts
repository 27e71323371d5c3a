/** Splits a data set by the options `valid` and `test`. */
import type { SequenceExample } from '../../batch/sequence-packing.js';
import { OptionError } from '../../core/errors.js';
import { type ExampleParts, holdOut } from './held-out.js';
import { holdOutGroups } from './held-out-groups.js';

/** The options that set what is held out. */
export interface SplitChoice {
  /** A fraction of the examples, 0 for none, or the name of a file. */
  readonly valid: number | string;
  readonly test: number | string;
  readonly seed: number;
}

/** How examples are split. At most one of `classOf` and `groupOf`. */
export interface SplitRule<E> {
  /** Reads a file that an option names. Without this function a file is refused. */
  readonly readFile?: (file: string) => readonly E[] | Promise<readonly E[]>;
  /** Class of an example: the same fraction of every class is held out. */
  readonly classOf?: (example: E) => number;
  /**
   * Group of an example, which must not be in two parts: the same speaker, the same picture. Fractions are fractions of
   * the groups.
   */
  readonly groupOf?: (example: E) => string;
}

/**
 * Holds out parts by the options `valid` and `test`: fractions drawn with `seed`, or other files.
 *
 * @throws {OptionError} `invalid_option` for a fraction of 1 or more, and for a file when the task cannot read one
 * @throws {DataError} `too_short` when nothing can be held out; `mixed_examples` when a file has a group of another
 * part
 * @example const parts = await splitParts(examples, options, { classOf: ({ target }) => target });
 */
export async function splitParts<E = SequenceExample>(
  examples: readonly E[],
  { valid, test, seed }: SplitChoice,
  { readFile, classOf = () => 0, groupOf }: SplitRule<E> = {},
): Promise<ExampleParts<E>> {
  const partOf = async (name: 'valid' | 'test', given: number | string) => {
    if (typeof given === 'number') return given;
    if (readFile !== undefined) return readFile(given);
    const message = `option '${name}' must be a fraction below 1, got '${given}': this task holds back no files`;
    throw new OptionError('invalid_option', message, { name, value: given });
  };
  const held = { valid: await partOf('valid', valid), test: await partOf('test', test), seed };
  return groupOf === undefined ? holdOut(examples, held, classOf) : holdOutGroups(examples, held, groupOf);
}
