/** What rows and examples count for in the loss: columns and fields of weights. */
import type { FieldForm } from '../../batch/example-packing.js';
import { DataError, OptionError } from '../../core/errors.js';
import { describeValue } from '../../core/options.js';
import { requireWeight } from '../../files/row-weight.js';
import type { Table } from '../../files/table.js';
import { optional, textOption } from '../definition/task-options.js';

/** What was read of an example. */
export interface Weighed {
  /** What it counts for; undefined where its file has no weights. */
  readonly weight?: number | undefined;
}

/** An example whose weight `packExamples` finds. */
export interface WeightedExample {
  /** [1]; missing where the data have no weights, so that what a run is compared by has none either. */
  readonly weight?: Float32Array;
}

const ONE = Float32Array.of(1);

/** The option that names the weights of examples. @param place `column`, `field` or both */
export function weightOption(place: string) {
  const description = `the ${place} of numbers that say what examples count for in the loss`;
  return optional(textOption({ description, placeholder: 'name' }));
}

/** The weight of an example in the form of a batch; nothing where it has none. */
export function weightRow({ weight }: Weighed): WeightedExample {
  return weight === undefined ? {} : { weight: Float32Array.of(weight) };
}

/** The examples of an evaluation: all count alike. */
export function countedAlike<E extends WeightedExample>(examples: readonly E[]): readonly E[] {
  return examples.map((example) => ({ ...example, weight: ONE }));
}

/** The form of the weights of `WeightedExample` beside the target. @param name undefined where there are none */
export function weightTarget(name: string | undefined): Readonly<Record<string, FieldForm>> {
  return name === undefined ? {} : { 'target/weights': { field: 'weight', per: 'sequence' } };
}

/**
 * Checks that the training and the validation part have weights, and at least one above 0.
 *
 * @param name undefined where there are no weights
 * @param forms the kinds of files that have a place for them
 * @returns a note of the weights
 * @throws {OptionError} `invalid_option` for a part without weights; {DataError} `invalid_weights` where all are 0
 */
export function checkWeights(
  name: string | undefined,
  parts: { readonly training: readonly Weighed[]; readonly validation?: readonly Weighed[] | undefined },
  forms: string,
): readonly string[] {
  if (name === undefined) return [];
  for (const part of ['training', 'validation'] as const) {
    const examples = parts[part];
    if (examples === undefined || examples.length === 0) continue;
    requireFields(
      name,
      part,
      examples.every(({ weight }) => weight !== undefined),
      forms,
    );
    requireSomeWeight(
      name,
      part,
      examples.some(({ weight = 0 }) => weight > 0),
    );
  }
  return [
    weightNote(
      name,
      parts.training.map(({ weight = 0 }) => weight),
    ),
  ];
}

/**
 * Refuses weights of a part whose files have no place for them.
 *
 * @throws {OptionError} `invalid_option`
 */
export function requireFields(name: string, part: string, hasWeights: boolean, forms: string): void {
  if (hasWeights) return;
  const message = `option 'weight' is ${describeValue(name)}, but the ${part} data have no columns or fields: ${forms} do`;
  throw new OptionError('invalid_option', message, { name: 'weight', value: name, part });
}

/**
 * Takes the column of weights out of a table in which it is the last column of numbers.
 *
 * @param column its name; undefined where rows have no weights
 * @returns the table without it, and [rows] the weights
 * @throws {DataError} `invalid_row`, naming line and column
 */
export function takeWeights(
  table: Table,
  column: string | undefined,
): { readonly table: Table; readonly weights?: Float64Array } {
  if (column === undefined) return { table };
  const { rows, numbers: all, lines, file } = table;
  const width = all.length / Math.max(1, rows);
  const weights = new Float64Array(rows);
  const numbers = new Float64Array(rows * (width - 1));
  for (let row = 0; row < rows; row++) {
    const last = (row + 1) * width - 1;
    weights[row] = requireWeight(all[last] as number, column, { file, line: lines[row] as number });
    numbers.set(all.subarray(row * width, last), row * (width - 1));
  }
  return { table: { ...table, numbers }, weights };
}

/**
 * Refuses a part of the data in which nothing counts.
 *
 * @param part `training`, `validation`
 * @throws {DataError} `invalid_weights`
 */
export function requireSomeWeight(name: string, part: string, hasWeight: boolean): void {
  if (hasWeight) return;
  const message = `all weights of the ${part} part are 0 in '${name}': at least one must be above 0`;
  throw new DataError('invalid_weights', message, { name, part });
}

/** A note of the smallest and the largest weight. @param weights not empty */
export function weightNote(name: string, weights: Iterable<number>): string {
  let [least, most] = [Number.POSITIVE_INFINITY, 0];
  for (const weight of weights) [least, most] = [Math.min(least, weight), Math.max(most, weight)];
  return `the loss counts by the weights in '${name}', from ${least} to ${most}; metrics do not`;
}
