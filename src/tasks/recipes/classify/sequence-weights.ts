/** What sequences and their steps count for in the loss. */
import type { SequenceExample } from '../../../batch/sequence-packing.js';
import type { JsonValue } from '../../../core/json.js';
import type { JsonRow } from '../../../files/json-lines.js';
import { columnPart, invalidRow, type RowPlace } from '../../../files/row-error.js';
import { requireWeight, WEIGHT_HELP } from '../../../files/row-weight.js';
import type { Table } from '../../../files/table.js';
import { requireFields, requireSomeWeight } from '../../building-blocks/row-weights.js';

/** The weights of the rows of a sequence as they are in the file. */
export interface RowWeights {
  readonly values: readonly number[];
  /** The line of each. */
  readonly lines: readonly number[];
}

/** The weights of an example. */
export type ExampleWeights = Pick<SequenceExample, 'weights'>;

/** The weights of some rows of a table. @param weights [rows of the table] */
export function rowWeights(
  { lines }: Table,
  weights: Float64Array,
  rows: ArrayLike<number>,
): { readonly weights: RowWeights } {
  const of = (values: Float64Array) => Array.from(rows, (row) => values[row] as number);
  return { weights: { values: of(weights), lines: of(lines) } };
}

/**
 * The weights of a line of JSON: a number; with `perStep` also a list with a number for each target.
 *
 * @param options.weight the field; undefined where lines have no weights
 * @param targets number of targets of the line
 * @throws {DataError} `invalid_row`
 */
export function lineWeights(
  row: JsonRow,
  { weight: field, perStep = false }: { readonly weight?: string | undefined; readonly perStep?: boolean },
  targets: number,
): { readonly weights?: RowWeights } {
  if (field === undefined) return {};
  const value = row.value(field);
  const part = `field '${field}'`;
  const numbers = perStep && Array.isArray(value) ? value : new Array<JsonValue | undefined>(targets).fill(value);
  const isUsable = numbers.length === targets && numbers.every((each) => typeof each === 'number');
  if (!isUsable) {
    const expected = perStep ? `a number, or a list of ${targets}, one for each target` : 'a number';
    row.refuse(field, expected, WEIGHT_HELP);
  }
  const values = numbers.map((each) => requireWeight(each as number, field, row.place, part));
  return { weights: { values, lines: values.map(() => row.place.line) } };
}

/**
 * The weights of an example: those of its steps, or that of the whole sequence.
 *
 * @throws {DataError} `invalid_row` where the rows of one sequence have several, with the line of the first that differs
 */
export function exampleWeights(
  { weights, place }: { readonly weights?: RowWeights; readonly place: RowPlace },
  perStep: boolean,
  column = '',
): ExampleWeights {
  if (weights === undefined) return {};
  const { values, lines } = weights;
  if (perStep) return { weights: Float32Array.from(values) };
  const [first = 0] = values;
  const other = values.findIndex((value) => value !== first);
  if (other < 0) return { weights: first };
  const expected = `the weight of the sequence, ${first} as in line ${lines[0]}`;
  const row = { file: place.file, line: lines[other] as number };
  throw invalidRow(row, columnPart(column), expected, String(values[other]), { column });
}

/** The weights of an example as a list; empty where the data have none. */
export function listWeights({ weights }: ExampleWeights): readonly number[] {
  if (weights === undefined) return [];
  return typeof weights === 'number' ? [weights] : [...weights];
}

/**
 * Refuses weights that a part of the data does not have, and those that are all 0.
 *
 * @throws {OptionError} `invalid_option`; {DataError} `invalid_weights`
 */
export function requireWeights(name: string, part: string, examples: readonly ExampleWeights[]): void {
  const hasWeights = examples.every(({ weights }) => weights !== undefined);
  requireFields(name, part, hasWeights, 'tables and JSON lines');
  requireSomeWeight(
    name,
    part,
    examples.some((example) => listWeights(example).some((weight) => weight > 0)),
  );
}
