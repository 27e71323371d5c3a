/** The columns to forecast, where no option names them. */
import { DataError } from '../../../core/errors.js';
import { listNames } from '../../../files/column-names.js';
import { isNumber, numericColumns } from '../../../files/numeric-columns.js';
import { invalidRow } from '../../../files/row-error.js';
import type { NumberRules } from '../../../files/table.js';
import type { TableStart } from '../../../files/table-records.js';

/** The columns of another use, and how numbers are read. */
export interface OtherColumns {
  readonly covariates: readonly string[];
  readonly categories: readonly string[];
  readonly item: string | undefined;
  readonly weight?: string | undefined;
  readonly rules: NumberRules;
}

/** Signs with which comments begin. */
const COMMENT = /^(#|\/\/|%)/;

/**
 * The columns of numbers that have no other use, and a note that says so.
 *
 * @param time the column of time stamps
 * @throws {DataError} `invalid_row` for a table without one; `empty_data` for one without rows
 */
export function chooseColumns(
  start: TableStart,
  { covariates, categories, item, weight, rules }: OtherColumns,
  time: string | undefined,
): { readonly columns: readonly string[]; readonly note: string } {
  const { place } = start;
  if (start.sample.length === 0) throw new DataError('empty_data', `'${place.file}' has no rows`, { ...place });
  const others = new Set([...covariates, ...categories, item ?? '', weight ?? '', time ?? '']);
  const { numeric, counting, texts, unnamed } = numericColumns(start, others, rules.missing);
  if (numeric.length === 0 || start.columns.every((name) => isNumber(start, name))) throw withoutColumns(start);
  const left = [
    ...(counting.length > 0 ? [`${listNames(counting)} numbers of the rows (--time COLUMN takes them as times)`] : []),
    ...(texts.length > 0 ? [`${listNames(texts)} no numbers (--categories reads texts)`] : []),
    ...(unnamed.length > 0 ? [`column ${unnamed.join(', ')} no name`] : []),
  ];
  const found = numeric.length === 1 ? 'the only column' : 'all columns';
  const note = `${listNames(numeric)} will be forecast, ${found} of numbers; --columns names others`;
  return { columns: numeric, note: left.length === 0 ? note : `${note}. Left out as they have: ${left.join(', ')}` };
}

/** The error for a table whose header or first rows leave no column to forecast. */
function withoutColumns(start: TableStart): DataError {
  const { columns, sample, place } = start;
  const names = listNames(columns);
  const comment = COMMENT.exec(columns[0] ?? '')?.[0];
  if (comment !== undefined) {
    const help = `--comment '${comment}' leaves out lines that begin so`;
    return invalidRow(place, 'header', 'names of columns', names, { help });
  }
  if (columns.every((name) => isNumber(start, name))) {
    const help = '--header none reads them as a row, --columns NAMES says that they are names';
    return invalidRow(place, 'header', 'names of columns', `numbers alone: ${names}`, { help });
  }
  const help =
    'numbers have digits, a sign and a decimal point (--decimal comma: a comma), without units and separators of thousands';
  return invalidRow(place, 'header', 'a column of numbers', `${names} and below it ${listNames(sample[0] ?? [])}`, {
    help,
  });
}
