/** Problems that need memory. Their data are random numbers, so that no files are needed. */

import type { SequenceExample } from '../../../batch/sequence-packing.js';
import { Random } from '../../../core/random.js';
import type { Examples } from '../../../data/examples.js';

/** Symbols to copy: ids 0..7. The copy problem also has a blank, 8, and a mark, 9, after which the copy must follow. */
export const COPY_SYMBOLS = 8;
const BLANK = 8;
const MARK = 9;

/** Number of symbols to copy. */
export const COPY_LENGTH = 10;

/** Numbers in a row of the inputs of each problem. */
export const PROBLEM_FEATURES = { adding: 2, copy: 10 } as const;

/** Name of a problem. */
export type MemoryProblem = keyof typeof PROBLEM_FEATURES;

/**
 * The adding problem: rows of a number in [0, 1) and a mark. One number of each half is marked; the target is their sum.
 *
 * @see Hochreiter and Schmidhuber 1997; in this form Le, Jaitly, Hinton 2015
 */
function adding(random: Random, steps: number): SequenceExample {
  const input = new Float32Array(steps * 2);
  for (let step = 0; step < steps; step++) input[step * 2] = random.uniform();
  const half = Math.floor(steps / 2);
  const marked = [random.integer(half), half + random.integer(steps - half)];
  for (const step of marked) input[step * 2 + 1] = 1;
  const sum = marked.reduce((total, step) => total + (input[step * 2] as number), 0);
  return { input, target: Float32Array.of(sum) };
}

/**
 * The input of the copy problem: the symbols, blanks, the mark, and blanks for as long as the copy takes; one-hot rows.
 *
 * @param symbols [COPY_LENGTH] ids 0..7
 * @param steps number of steps after the symbols, up to and including the mark, integer >= 1
 */
export function copyInput(symbols: ArrayLike<number>, steps: number): Float32Array {
  const length = steps + 2 * COPY_LENGTH;
  const width = PROBLEM_FEATURES.copy;
  const input = new Float32Array(length * width);
  for (let step = 0; step < length; step++) {
    const id = step < COPY_LENGTH ? (symbols[step] as number) : step === length - COPY_LENGTH - 1 ? MARK : BLANK;
    input[step * width + id] = 1;
  }
  return input;
}

/**
 * The copy memory problem: blanks while the sequence is read, then its symbols again.
 *
 * @see Hochreiter and Schmidhuber 1997; in this form Arjovsky, Shah, Bengio 2016
 */
function copy(random: Random, steps: number): SequenceExample {
  const symbols = Int32Array.from({ length: COPY_LENGTH }, () => random.integer(COPY_SYMBOLS));
  const target = new Int32Array(steps + 2 * COPY_LENGTH).fill(BLANK);
  target.set(symbols, steps + COPY_LENGTH);
  return { input: copyInput(symbols, steps), target };
}

/**
 * Examples of a problem. Each is a function of its number, and is made when a batch needs it. The same seed gives the
 * same examples.
 *
 * @param part seeds the random numbers: parts of two names have different examples
 */
export function memoryExamples(
  problem: MemoryProblem,
  steps: number,
  { count, seed, part }: { readonly count: number; readonly seed: number; readonly part: string },
): Examples<SequenceExample> {
  const make = problem === 'adding' ? adding : copy;
  const length = problem === 'adding' ? steps : steps + 2 * COPY_LENGTH;
  return {
    count,
    lengthOf: () => length,
    read: (indices) => Array.from(indices, (index) => make(new Random(seed, `${problem}/${part}/${index}`), steps)),
  };
}

/**
 * The error of a model without memory. In the adding problem it answers 1, the expectation of the sum, and its error is
 * the variance, 1/6. In the copy problem it draws the symbols at random, which costs ln 8 for each.
 */
export function memorylessError(problem: MemoryProblem, steps: number): number {
  return problem === 'adding' ? 1 / 6 : (COPY_LENGTH * Math.log(COPY_SYMBOLS)) / (steps + 2 * COPY_LENGTH);
}
