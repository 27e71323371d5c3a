/** The inputs of JSON lines and of values, for a model that may have been trained on a table: its steps go by the names of columns. */
import { describeValue } from '../../../core/options.js';
import type { JsonRow } from '../../../files/json-lines.js';
import { invalidRow } from '../../../files/row-error.js';
import { areNamed, describeColumns, namedSteps, type StepColumns } from '../../building-blocks/named-steps.js';
import { inputOfRow, type RawInput } from '../../building-blocks/sequence-inputs.js';
import { type SourceForm, savedTable } from './source-form.js';

/** The columns of a step, where the training data were a table of numbers. */
export function stepColumns(source: SourceForm | undefined): StepColumns | undefined {
  const table = savedTable(source);
  return table?.kind === 'numbers' ? { numbers: table.input, categories: table.categories } : undefined;
}

/**
 * A field as an input: as `inputOfRow` has it, or a list of objects of columns. Where the training had categories, only
 * the latter, since categories go by name.
 *
 * @param columns of the training table, if there was one
 * @param keepMissing whether null is a missing number
 * @throws {DataError} `invalid_row`
 */
export function inputOfSteps(
  row: JsonRow,
  field: string,
  columns: StepColumns | undefined,
  keepMissing: boolean,
): RawInput {
  const steps = row.value(field);
  if (columns !== undefined && areNamed(steps)) return namedSteps(steps, row.place, columns, keepMissing);
  if (columns === undefined || columns.categories.length === 0) return inputOfRow(row, field, { keepMissing });
  const found = steps === undefined ? `no field '${field}'` : describeValue(steps);
  throw invalidRow(row.place, '', `a list with each step as ${describeColumns(columns)}`, found);
}

/**
 * The field of the inputs that an option names. Where the training data were a table, the option may name its columns, and
 * lines have the usual field.
 */
export function namedField(
  row: JsonRow,
  given: string | undefined,
  columns: StepColumns | undefined,
): string | undefined {
  return columns !== undefined && given !== undefined && row.value(given) === undefined ? undefined : given;
}
