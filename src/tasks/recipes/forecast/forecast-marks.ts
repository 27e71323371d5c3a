/** Columns beside the numbers of a table: marks of missing numbers, and categories as ones and zeros. */
import { markMissing } from '../../../features/missing-values.js';
import { type Category, categoryIndex, categoryOf } from '../../building-blocks/categories.js';
import type { SeriesTable } from './forecast-series.js';
import type { Series } from './series.js';

/** The part of a table that marks are made of. */
export type MarkedTable = Pick<SeriesTable, 'file' | 'rows' | 'gaps' | 'series' | 'categories' | 'lineOf' | 'faults'>;

/** The marks of a table. */
export interface MarkForm {
  /** Columns of numbers. */
  readonly numbers: number;
  /** Whether missing numbers are marked. */
  readonly isMarked: boolean;
  readonly categories: readonly Category[];
}

/** Number of columns that a form adds. */
export function countMarks({ numbers, isMarked, categories }: MarkForm): number {
  return (isMarked ? 2 * numbers : 0) + categories.reduce((sum, { values }) => sum + values.length, 0);
}

/** The values of the columns of categories in the training rows. @throws as `categoryOf` */
export function categoriesOf(table: SeriesTable, training: readonly Omit<Series, 'name'>[]): Category[] {
  const texts = function* (all: readonly string[]) {
    for (const { begin, end } of training) for (let row = begin; row < end; row++) yield all[row] as string;
  };
  return [...table.categories].map(([column, all]) => categoryOf(column, texts(all), table.file));
}

/**
 * The rows with their marks: [rows * (numbers + marks)]. The same array when there are no marks.
 *
 * @param values [rows * numbers] standardised
 * @param ages [numbers] steps since the last known number before the first row; default 0
 * A series with a category that the training rows do not have is among the faults of the table.
 */
export function withMarks(
  values: Float64Array,
  table: MarkedTable,
  form: MarkForm,
  ages?: ArrayLike<number>,
): Float64Array {
  const { numbers, isMarked, categories } = form;
  const marks = countMarks(form);
  if (marks === 0) return values;
  const width = numbers + marks;
  const rows = new Float64Array(table.rows * width);
  for (let row = 0; row < table.rows; row++) {
    rows.set(values.subarray(row * numbers, (row + 1) * numbers), row * width);
  }
  if (isMarked && table.gaps !== undefined) {
    for (const { begin, end } of table.series) {
      markMissing(table.gaps, { width: numbers, begin, end }, { rows, stride: width, offset: numbers }, ages);
    }
  }
  let first = isMarked ? 3 * numbers : numbers;
  for (const { column, values: known } of categories) {
    const placeOf = categoryIndex({ column, values: known });
    const texts = table.categories.get(column) as readonly string[];
    for (const [at, { begin, end }] of table.series.entries()) {
      table.faults.of(at, () => {
        for (let row = begin; row < end; row++) {
          const value = placeOf(texts[row] as string, () => ({ file: table.file, line: table.lineOf(row) }));
          rows[row * width + first + value] = 1;
        }
      });
    }
    first += known.length;
  }
  return rows;
}
