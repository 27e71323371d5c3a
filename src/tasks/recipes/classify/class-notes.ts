/** Notes of what the classes and the parts of labelled data are like, where it decides what a result is worth. */

import { createHash } from 'node:crypto';
import type { SequenceExample } from '../../../batch/sequence-packing.js';
import { listSome } from '../../../core/list-some.js';
import { parseDecimal } from '../../../files/decimal.js';
import { quoted } from '../../../files/row-error.js';

import { classCounts } from './class-weights.js';

/** The encoded parts. */
export interface EncodedParts {
  readonly training: readonly SequenceExample[];
  readonly validation: readonly SequenceExample[] | undefined;
  readonly test: readonly SequenceExample[] | undefined;
}

/** Fewer classes with decimals may be ratings: halves of stars. */
const MOST_RATINGS = 20;
/** Fewer classes are no numbers that were measured. */
const FEWEST_SINGLE = 10;
/** Classes with at most so many examples are looked for in all parts. */
const FEW = 2;
/** Names in a note. */
const SHOWN = 3;
/** The least part of the test inputs that a note is worth. */
const LEAST_KNOWN = 0.01;

/** Places by which inputs are told apart before they are read as a whole. */
const PLACES = 8;

/** What a class that is in one part alone means. */
const ALONE = {
  training: 'nothing measures how well they are recognised',
  validation: 'they are not learnt',
  test: 'they are not learnt, and count as wrong',
} as const;

type PartName = keyof typeof ALONE;

/** Notes of classes that look like numbers, of inputs that are in two parts, and of rare classes. */
export function classNotes(classes: readonly string[], parts: EncodedParts): readonly string[] {
  // Each example counts as one here, whatever its weight.
  const countsOf = (part: readonly SequenceExample[] = []) =>
    classCounts(
      part.map(({ input, target }) => ({ input, ...(target !== undefined && { target }) })),
      classes.length,
    );
  const counts = {
    training: countsOf(parts.training),
    validation: countsOf(parts.validation),
    test: countsOf(parts.test),
  };
  const totals = classes.map((_, at) => sum(Object.values(counts).map((each) => each[at] as number)));
  const likeNumbers = numberNotes(classes, totals);
  const isSplit = parts.validation !== undefined || parts.test !== undefined;
  return [
    ...likeNumbers,
    ...(isSplit && likeNumbers.length === 0 ? rareNotes(classes, totals, counts) : []),
    ...knownNotes(parts),
  ];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function numberNotes(classes: readonly string[], totals: readonly number[]): readonly string[] {
  const single = totals.filter((count) => count === 1).length;
  const areMostSingle = classes.length >= FEWEST_SINGLE && 2 * single > classes.length;
  const numbers = classes.map(parseDecimal);
  const haveDecimals = numbers.some((number) => number !== undefined && !Number.isInteger(number));
  const areMeasured = classes.length > MOST_RATINGS && haveDecimals && !numbers.includes(undefined);
  if (!areMostSingle && !areMeasured) return [];
  const found = `${classes.length} classes of ${sum(totals)} targets, ${single} of which occur once`;
  const asked = numbers.includes(undefined)
    ? 'are these classes? --target names another column'
    : 'are these numbers to estimate? A class is a name, and has no neighbours: a column of ranges (low, middle, high) in its place is learnt, or --target names another column';
  return [`${found}: ${asked}`];
}

function rareNotes(
  classes: readonly string[],
  totals: readonly number[],
  counts: Readonly<Record<PartName, Float64Array>>,
): readonly string[] {
  return (Object.keys(ALONE) as PartName[]).flatMap((part) => {
    const alone = classes.filter((_, at) => {
      const total = totals[at] as number;
      return total > 0 && total <= FEW && counts[part][at] === total;
    });
    if (alone.length === 0) return [];
    const names = listSome(alone.map(quoted), { most: SHOWN });
    return [`classes of one or two examples that are in the ${part} part alone: ${names}; ${ALONE[part]}`];
  });
}

function knownNotes({ training, test = [] }: EncodedParts): readonly string[] {
  // Most inputs differ in a few places: only those that do not are read as a whole.
  const places = new Set(test.map(placesOf));
  const known = new Set(training.filter((example) => places.has(placesOf(example))).map(digestOf));
  const count = known.size === 0 ? 0 : test.filter((example) => known.has(digestOf(example))).length;
  if (count === 0 || count < LEAST_KNOWN * test.length) return [];
  return [
    `${count} of ${test.length} inputs of the test part are also in the training part: their results say nothing of new inputs. --test FILE names others`,
  ];
}

/** The length of an input, and its numbers at some places. */
function placesOf({ input }: SequenceExample): string {
  const numbers = Array.from(
    { length: PLACES },
    (_, at) => input[Math.floor((at * (input.length - 1)) / (PLACES - 1))],
  );
  return `${input.length};${numbers.join()}`;
}

function digestOf({ input }: SequenceExample): string {
  return createHash('sha1').update(input).digest('base64');
}
