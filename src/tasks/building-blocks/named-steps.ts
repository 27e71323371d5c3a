/** Steps of numbers and texts by the names of their columns, as a table has them: for models that were trained on one. */

import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';
import { listSome } from '../../core/list-some.js';
import { describeValue } from '../../core/options.js';
import { JsonRow } from '../../files/json-lines.js';
import { invalidRow, quoted, type RowPlace } from '../../files/row-error.js';
import type { FeatureRows } from './feature-encoding.js';

/** The columns that a step has: numbers in the order of the network's inputs, and texts. */
export interface StepColumns {
  readonly numbers: readonly string[];
  readonly categories: readonly string[];
}

/** Whether steps are objects of columns. */
export function areNamed(steps: JsonValue | undefined): steps is readonly JsonObject[] {
  return Array.isArray(steps) && isJsonObject(steps[0]);
}

/**
 * Steps by the names of their columns. Other fields are ignored, as other columns of a table are.
 *
 * @param keepMissing whether null is a missing number, NaN; default: it is refused
 * @throws {DataError} `invalid_row` for a step that lacks a column, or has something else in it
 */
export function namedSteps(
  steps: readonly JsonValue[],
  place: RowPlace,
  columns: StepColumns,
  keepMissing = false,
): FeatureRows {
  const features = columns.numbers.length;
  const rows = new Float64Array(steps.length * features);
  const categories = columns.categories.map((column) => ({ column, texts: [] as string[] }));
  for (const [at, fields] of steps.entries()) {
    if (!isJsonObject(fields)) throw invalidRow(place, `step ${at}`, describeColumns(columns), describeValue(fields));
    const row = new JsonRow(fields, place);
    for (const [column, name] of columns.numbers.entries())
      rows[at * features + column] = row.number(name, keepMissing);
    for (const { column, texts } of categories) texts.push(textOf(row, column));
  }
  return { features, rows, place, ...(categories.length > 0 && { categories }) };
}

/** The step of a piece of a stream: its field `input`, or the piece itself, whose fields are the columns. */
export function stepOf(fields: JsonObject, { numbers }: StepColumns): JsonValue {
  const { input } = fields;
  const isColumn = numbers.includes('input') && !isJsonObject(input) && !Array.isArray(input);
  return input === undefined || isColumn ? fields : input;
}

/** Columns that an error names. */
const SHOWN = 20;

/** What a step must be, for errors. */
export function describeColumns({ numbers, categories }: StepColumns): string {
  return `an object of the columns ${listSome([...numbers, ...categories].map(quoted), { most: SHOWN })}`;
}

/** A category may look like a number: in a table all are texts. */
function textOf(row: JsonRow, column: string): string {
  const value = row.value(column);
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return row.refuse(column, 'a category, as a text');
}
