/** Targets as they are in files become indices of classes. */

import { compareCodePoints } from '../../../core/code-points.js';
import { DataError } from '../../../core/errors.js';
import { listSome } from '../../../core/list-some.js';
import { parseDecimal } from '../../../files/decimal.js';
import { invalidRow, quoted, type RowPlace } from '../../../files/row-error.js';
import type { RowWeights } from './sequence-weights.js';

/** The text of a target that leaves a step or a sequence out, if no option names another one. */
export const USUAL_IGNORE = '-1';

/** Largest number of classes. A column of measured numbers would have one for every row. */
const MAX_CLASSES = 10_000;

/** A sequence with the texts of its targets: one, or one for each step. */
export interface Labelled<I> {
  readonly input: I;
  readonly labels: readonly string[];
  readonly weights?: RowWeights;
  readonly place: RowPlace;
}

/**
 * Whether a target is left out: it is empty, or the text that an option names. The rule is the same for all forms of
 * data. Numbers are compared as numbers: -1.0 is -1.
 *
 * @param ignore the text; empty for none but the empty target
 */
export function isLeftOut(label: string, ignore = USUAL_IGNORE): boolean {
  if (label === '' || label === ignore) return true;
  const number = parseDecimal(ignore);
  return number !== undefined && parseDecimal(label) === number;
}

/** Values that occur: in the order of numbers where all are numbers, otherwise in the order of their code points. */
export function sortClasses(labels: Iterable<string>): readonly string[] {
  const classes = [...new Set(labels)];
  const numbers = new Map(classes.map((name) => [name, parseDecimal(name)]));
  if ([...numbers.values()].includes(undefined)) return classes.sort(compareCodePoints);
  return classes.sort((a, b) => (numbers.get(a) as number) - (numbers.get(b) as number) || compareCodePoints(a, b));
}

/**
 * The classes that occur in a file.
 *
 * @throws {DataError} `empty_data` when every target is left out; `too_many_classes`
 */
export function classesOf(file: string, sequences: readonly Labelled<unknown>[], ignore?: string): readonly string[] {
  const labels = new Set<string>();
  for (const sequence of sequences)
    for (const label of sequence.labels) if (!isLeftOut(label, ignore)) labels.add(label);
  if (labels.size === 0) throw new DataError('empty_data', `'${file}' has no target: all are left out`, { file });
  if (labels.size <= MAX_CLASSES) return sortClasses(labels);
  const message = `'${file}' has ${labels.size} different targets, expected at most ${MAX_CLASSES} classes: numbers that are measured are no classes`;
  throw new DataError('too_many_classes', message, { file, classes: labels.size, limit: MAX_CLASSES });
}

/**
 * The single label of a sequence: that of all its rows that have one; empty when none has.
 *
 * @throws {DataError} `invalid_row` when the rows have several
 */
export function onlyLabel({ labels, place }: Labelled<unknown>, ignore?: string): string {
  const found = [...new Set(labels.filter((label) => !isLeftOut(label, ignore)))];
  if (found.length <= 1) return found[0] ?? '';
  throw invalidRow(place, 'target', 'one class for the whole sequence', listSome(found.map(quoted), { most: 3 }));
}

/** A function that converts a label into its index, -1 when it is left out. It refuses other labels. */
export function indexOfClass(classes: readonly string[], ignore?: string): (label: string, place: RowPlace) => number {
  const places = new Map(classes.map((name, at) => [name, at]));
  return (label, place) => {
    if (isLeftOut(label, ignore)) return -1;
    const index = places.get(label);
    if (index !== undefined) return index;
    const known = `one of the classes of the training, ${listSome(classes.map(quoted))}`;
    throw invalidRow(place, 'target', known, quoted(label));
  };
}
