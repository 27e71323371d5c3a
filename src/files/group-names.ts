/** Columns that say which series or sequence a row belongs to, and rows of which they say nothing. */
import { columnPart, invalidRow, quoted } from './row-error.js';
import { MISSING_TEXTS, type NumberRules, type Table, type TextColumn } from './table.js';

/** Rows by their group. */
export interface NamedGroups {
  /** The rows of each group, ascending, in the order of their first rows. */
  readonly groups: Int32Array[];
  /** [rows] the place of the group of each row. */
  readonly codes: ArrayLike<number>;
  /** Names of the groups. */
  readonly names: readonly string[];
  readonly notes: readonly string[];
}

/** How names are read. */
export interface GroupRules {
  /** What is named, for messages: `sequence`, `series`. */
  readonly what: string;
  /** Texts of missing names; default `MISSING_TEXTS`. */
  readonly missing?: NumberRules['missing'];
  /** Whether rows without a name may continue a group; default false. */
  readonly canContinue?: boolean;
}

/**
 * The rows of each group of a table. A missing name belongs to no group: it is refused. With `canContinue`, where each name stands in the
 * first row of its group alone, the rows without a name continue the group before them; a note says so.
 *
 * @param column the column of the names, among the texts of the table
 * @throws {DataError} `invalid_row` with the line of the first missing name
 */
export function namedGroups(
  { texts, rows, lines, file }: Table,
  column: string,
  { what, missing = MISSING_TEXTS, canContinue = false }: GroupRules,
): NamedGroups {
  const { codes, values } = texts.get(column) as TextColumn;
  const isMissing = values.map((text) => missing.includes(text) || text === '');
  const named = values.flatMap((text, code) => (isMissing[code] === true ? [] : [{ text, code }]));
  if (named.length === values.length) {
    return { groups: (texts.get(column) as TextColumn).groups(), codes, names: values, notes: [] };
  }
  const counts = new Array<number>(values.length).fill(0);
  for (let row = 0; row < rows; row++) counts[codes[row] as number] = (counts[codes[row] as number] as number) + 1;
  const without = rows - named.reduce((sum, { code }) => sum + (counts[code] as number), 0);
  const isFirstOnly =
    canContinue && isMissing[codes[0] as number] !== true && named.every(({ code }) => counts[code] === 1);
  if (!isFirstOnly || without < named.length) {
    let row = 0;
    while (isMissing[codes[row] as number] !== true) row += 1;
    const help = `${without} of ${rows} rows have none: write the name of its ${what} into each row${canContinue ? `, or into the first row of each ${what} alone` : ''}`;
    const place = { file, line: lines[row] as number };
    const found = quoted(values[codes[row] as number] as string);
    throw invalidRow(place, columnPart(column), `the name of a ${what}`, found, { column, help });
  }
  const places = new Int32Array(rows);
  for (let row = 0, place = -1; row < rows; row++) {
    if (isMissing[codes[row] as number] !== true) place += 1;
    places[row] = place;
  }
  const groups = named.map((): number[] => []);
  for (let row = 0; row < rows; row++) (groups[places[row] as number] as number[]).push(row);
  const note = `column ${quoted(column)} of '${file}' names each ${what} in its first row alone: the ${without} rows without a name continue the ${what} before them`;
  return {
    groups: groups.map((group) => Int32Array.from(group)),
    ...{ codes: places, names: named.map(({ text }) => text), notes: [note] },
  };
}
