/** Columns beside the numbers of a table: marks of missing numbers, and categories as ones and zeros. */
import { markMissing } from '../../../features/missing-values.js';
import { columnPart, invalidRow, quoted } from '../../../files/row-error.js';
import type { Series, SeriesTable } from './forecast-series.js';

/** A column of categories and its values in the training rows. Plain JSON. */
export type Category = { readonly column: string; readonly values: readonly string[] };

/** Largest number of values of a category: each is a column of numbers. */
const MAX_VALUES = 1000;

/** The marks of a table. */
export interface MarkForm {
  /** Columns of numbers. */
  readonly numbers: number;
  /** Whether missing numbers are marked. */
  readonly isMarked: boolean;
  readonly categories: readonly Category[];
  /** Known steps of a window: the time since the last number is counted up to it. */
  readonly history: number;
}

/** Number of columns that a form adds. */
export function countMarks({ numbers, isMarked, categories }: Omit<MarkForm, 'history'>): number {
  return (isMarked ? 2 * numbers : 0) + categories.reduce((sum, { values }) => sum + values.length, 0);
}

/**
 * The values of the columns of categories in the training rows.
 *
 * @param training ranges of rows
 * @throws {DataError} `invalid_row` for more than 1000 values
 */
export function categoriesOf(table: SeriesTable, training: readonly Omit<Series, 'name'>[]): Category[] {
  return [...table.categories].map(([column, texts]) => {
    const values = new Set<string>();
    for (const { begin, end } of training) {
      for (let row = begin; row < end; row++) {
        values.add(texts[row] as string);
        if (values.size <= MAX_VALUES) continue;
        const expected = `at most ${MAX_VALUES} different values`;
        const place = { file: table.file, line: table.lineOf(row) };
        throw invalidRow(place, columnPart(column), expected, `${quoted(texts[row] as string)} as one more`, {
          column,
        });
      }
    }
    return { column, values: [...values].sort() };
  });
}

/**
 * The rows with their marks: [rows * (numbers + marks)]. The same array when there are no marks.
 *
 * @param values [rows * numbers] standardised
 * @throws {DataError} `invalid_row` for a category that the training rows do not have
 */
export function withMarks(values: Float64Array, table: SeriesTable, form: MarkForm): Float64Array {
  const { numbers, isMarked, categories, history } = form;
  const marks = countMarks(form);
  if (marks === 0) return values;
  const width = numbers + marks;
  const rows = new Float64Array(table.rows * width);
  for (let row = 0; row < table.rows; row++) {
    rows.set(values.subarray(row * numbers, (row + 1) * numbers), row * width);
  }
  if (isMarked && table.gaps !== undefined) {
    for (const { begin, end } of table.series) {
      markMissing(table.gaps, { width: numbers, begin, end }, { rows, stride: width, offset: numbers }, history);
    }
  }
  let first = isMarked ? 3 * numbers : numbers;
  for (const { column, values: known } of categories) {
    const places = new Map(known.map((value, at) => [value, at]));
    const texts = table.categories.get(column) as readonly string[];
    for (const [row, text] of texts.entries()) {
      const at = places.get(text);
      if (at === undefined) {
        const some = known.slice(0, 5).map(quoted).join(', ');
        const expected = `a category of the training rows (${some}${known.length > 5 ? ', ...' : ''})`;
        const place = { file: table.file, line: table.lineOf(row) };
        throw invalidRow(place, columnPart(column), expected, quoted(text), { column });
      }
      rows[row * width + first + at] = 1;
    }
    first += known.length;
  }
  return rows;
}
