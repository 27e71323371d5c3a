/** Missing numbers of series: they are filled in, and said. */
import { groupBy } from '../../../core/group-by.js';
import { listSome } from '../../../core/list-some.js';
import { fillMissing, type MissingMode } from '../../../features/missing-values.js';
import { columnPart, invalidRow, quoted } from '../../../files/row-error.js';
import type { ArrangedSeries, Series, SeriesFaults } from './series.js';

/** What becomes of missing numbers that are not refused. */
export type FillMode = Exclude<MissingMode, 'refuse'>;

/**
 * Fills in the missing numbers of each series, in place. A series that has no number to take is a fault; its missing
 * numbers become 0.
 *
 * @param names of the columns
 * @param times [rows] time stamps
 */
export function fillSeries(
  { file, values, series, lineOf }: ArrangedSeries,
  names: readonly string[],
  mode: FillMode,
  times: Float64Array | undefined,
  faults: SeriesFaults,
): void {
  const width = names.length;
  for (const [at, { begin, end }] of series.entries()) {
    const fill = () => {
      for (const [column, name] of names.entries()) {
        const row = fillMissing(values, { width, column, begin, end, times }, mode);
        if (row >= 0) throw withoutNumber({ file, line: lineOf(row) }, name, mode);
      }
    };
    faults.of(at, fill);
    if (faults.get(at) === undefined) continue;
    for (let place = begin * width; place < end * width; place++) {
      if (Number.isNaN(values[place])) values[place] = 0;
    }
  }
}

/** The error for a number that cannot be filled in. @param help what helps; default: the options of a table */
export function withoutNumber(
  place: { readonly file: string; readonly line: number },
  column: string,
  mode: FillMode,
  help = mode === 'forward'
    ? '--missing interpolate takes the first number after it'
    : '--rows or --item leaves it out',
) {
  const expected = mode === 'forward' ? 'a number before the first missing one' : 'at least one number';
  return invalidRow(place, columnPart(column), expected, 'none', { column, ...(help !== '' && { help }) });
}

/** A note of how many numbers are filled in. @param values [rows * columns] with NaN for what is missing */
export function missingNote(file: string, values: Float64Array, mode: MissingMode): string[] {
  const count = values.reduce((sum, value) => (Number.isNaN(value) ? sum + 1 : sum), 0);
  if (count === 0) return [];
  const [are, they] = count === 1 ? ['is', 'it is'] : ['are', 'they are'];
  return [`${count} of ${values.length} numbers of '${file}' ${are} missing: ${they} filled in (--missing ${mode})`];
}

/**
 * Whether all numbers of a row that are forecast are known; undefined where windows may forecast any row.
 *
 * @param gaps [rows * width] with NaN for what is missing
 */
export function knownTargets(
  { gaps }: { readonly gaps?: Float64Array | undefined },
  { targets, width }: { readonly targets: number; readonly width: number },
  mode: MissingMode,
): ((row: number) => boolean) | undefined {
  if (gaps === undefined || mode !== 'mask') return undefined;
  return (row) => !gaps.subarray(row * width, row * width + targets).some(Number.isNaN);
}

/** The newest rows of a series, whose numbers may be missing. */
export interface NewestRows extends Omit<Series, 'name'> {
  /** [rows * columns] of the table, with NaN for what is missing. */
  readonly gaps: Float64Array;
  /** The columns, those that are forecast first. */
  readonly names: readonly string[];
  /** How many columns are forecast. */
  readonly targets: number;
  readonly history: number;
}

/** How many rows at the end of a series lack a number of a column. */
function missingAtEnd({ gaps, names, begin, end }: NewestRows, column: number): number {
  let rows = 0;
  while (rows < end - begin && Number.isNaN(gaps[(end - 1 - rows) * names.length + column])) rows += 1;
  return rows;
}

/**
 * The columns whose newest numbers are missing, in words.
 *
 * @returns `lost`, a column to forecast without a known number in the history; undefined where there is none
 */
export function newestGaps(rows: NewestRows): { readonly said: readonly string[]; readonly lost?: string } {
  const counts = rows.names.map((name, column) => ({ name, count: missingAtEnd(rows, column) }));
  const late = groupBy(
    counts.filter(({ count }) => count > 0),
    ({ count }) => count,
  );
  const lost = counts.slice(0, rows.targets).find(({ count }) => count >= rows.history);
  const said = Array.from(late, ([count, columns]) => {
    const names = listSome(columns.map(({ name }) => quoted(name)));
    return `the last ${count === 1 ? 'row' : `${count} rows`} of ${names}`;
  });
  return lost === undefined ? { said } : { said, lost: lost.name };
}
