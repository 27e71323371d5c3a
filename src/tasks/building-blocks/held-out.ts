/** Splits examples into the parts for training, for choosing the best model and for the final evaluation. */
import { createHash } from 'node:crypto';
import type { SequenceExample } from '../../batch/sequence-packing.js';
import { DataError, OptionError } from '../../core/errors.js';
import { splitExamples } from '../../data/split-examples.js';

/** The parts of a data set; parts that are held out may be missing. */
export interface ExampleParts<E = SequenceExample> {
  readonly training: readonly E[];
  readonly validation: readonly E[] | undefined;
  readonly test: readonly E[] | undefined;
}

/** A part that is held out: a fraction of the examples, 0 for none, or separate examples. */
export type HeldOut<E> = number | readonly E[];

/**
 * Holds out the test part, then the validation part of the rest, with the same fraction of every class.
 *
 * @param classOf the class of an example; the same number for all examples when they have no class
 * @throws {OptionError} `invalid_option` for a fraction of 1 or more
 * @throws {DataError} `too_short` when nothing can be held out
 */
export function holdOut<E>(
  examples: readonly E[],
  held: { readonly valid: HeldOut<E>; readonly test: HeldOut<E>; readonly seed: number },
  classOf: (example: E) => number,
): ExampleParts<E> {
  const split = (name: 'valid' | 'test', from: readonly E[]) => {
    const part = held[name];
    if (typeof part !== 'number') return { rest: from, part };
    if (part >= 1) {
      const message = `option '${name}' must be a fraction below 1, or a file, got ${part}`;
      throw new OptionError('invalid_option', message, { name, value: part });
    }
    if (part === 0) return { rest: from, part: undefined };
    const { train, test } = splitNamed(name, from.map(classOf), { test: part, seed: held.seed });
    const chosen = (numbers: Int32Array) => Array.from(numbers, (at) => from[at] as E);
    return { rest: chosen(train), part: chosen(test) };
  };
  const { rest, part: test } = split('test', examples);
  const { rest: training, part: validation } = split('valid', rest);
  return { training, validation, test };
}

/** Splits, and names the option where nothing can be held back. @throws {DataError} `too_short` */
function splitNamed(name: 'valid' | 'test', labels: readonly number[], choice: { test: number; seed: number }) {
  try {
    return splitExamples(labels, choice);
  } catch (error) {
    if (!(error instanceof DataError) || error.code !== 'too_short') throw error;
    const part = { valid: 'validation', test: 'test' }[name];
    const help = `--${name} 0 makes no ${part} part, --${name} FILE names other data`;
    throw new DataError('too_short', `${error.message}; ${help}`, { ...error.details, part, help }, error);
  }
}

/** SHA-256 over the numbers of all examples; it must be the same in a resumed run. */
export function fingerprintOf({ training, validation, test }: ExampleParts): string {
  const hash = createHash('sha256');
  for (const part of [training, validation ?? [], test ?? []]) {
    hash.update(`${part.length};`);
    for (const { input, target, weights } of part) {
      hash.update(`${input.length};`).update(input);
      if (typeof target === 'number') hash.update(`${target};`);
      else if (target !== undefined) hash.update(target);
      if (weights !== undefined) hash.update(typeof weights === 'number' ? `w${weights};` : weights);
    }
  }
  return hash.digest('hex');
}
