/** Splits examples into training and held-out parts, with the same fraction of every class. */
import { DataError } from '../core/errors.js';
import { groupBy } from '../core/group-by.js';
import { rejectUnknownKeys, requireNumber } from '../core/options.js';
import { Random } from '../core/random.js';

/** How examples are split. */
export interface SplitOptions {
  /** Fraction that is held out, in (0, 1). */
  readonly test: number;
  /** Seed of the split: the same seed gives the same split. Safe integer >= 0; default 1. */
  readonly seed?: number;
}

/** Numbers of the examples of both parts, ascending. */
export interface ExampleSplit {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

/**
 * Splits examples class by class: of n examples of a class, round(n * test) are held out, at least one and at most n -
 * 1. A class of a single example stays in training. The choice for a class does not depend on the other classes.
 *
 * @param labels the class of every example
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @throws {DataError} `too_short` when nothing can be held out
 * @example
 * const { train, test } = splitExamples(
 *   examples.map(({ target }) => target),
 *   { test: 0.1, seed: 7 },
 * );
 */
export function splitExamples(labels: ArrayLike<string | number>, options: SplitOptions): ExampleSplit {
  rejectUnknownKeys('splitExamples', options, ['test', 'seed']);
  const fraction = requireNumber('test', options.test, { exclusiveMin: 0, exclusiveMax: 1 });
  const seed = requireNumber('seed', options.seed ?? 1, { integer: true, min: 0 });
  const members = groupBy(Array.from(labels).keys(), (index) => labels[index] as string | number);
  const isHeldBack = new Uint8Array(labels.length);
  for (const [label, indices] of members) {
    const count = Math.min(indices.length - 1, Math.max(1, Math.round(indices.length * fraction)));
    new Random(seed, `split/${label}`).shuffle(indices);
    for (const index of indices.slice(0, count)) isHeldBack[index] = 1;
  }
  const numbers = Int32Array.from(isHeldBack.keys());
  const test = numbers.filter((index) => isHeldBack[index] === 1);
  if (test.length === 0) {
    const message = `no example can be held back from ${labels.length} examples in ${members.size} classes: a class needs at least two`;
    throw new DataError('too_short', message, { examples: labels.length, classes: members.size });
  }
  return { train: numbers.filter((index) => isHeldBack[index] === 0), test };
}
