/** Rows of a table by the names of their columns, with fields of any content. */
import { isUnnamed, placesOf } from './column-names.js';
import type { RowPlace } from './row-error.js';
import type { FoundFormat, TableFormat } from './table-format.js';
import { tableRows } from './table-records.js';

/** A row of a table. */
export interface CsvRow {
  /** Names of all columns. */
  readonly columns: readonly string[];
  readonly place: RowPlace;
  /** The decimal sign of the table. */
  readonly decimal: FoundFormat['decimal'];
  /** The field in a column, without white space around it; undefined when there is no such column. */
  value(column: string): string | undefined;
}

/**
 * Reads the rows of a table with a header; empty lines are ignored.
 *
 * @param required columns that the header must have
 * @throws {DataError} `invalid_row`, naming file, line and column: a column that is missing or occurs twice, a row with
 * more or fewer fields than the header; `empty_data` when there is no row; `not_utf8`, `file_unreadable`
 */
export async function* csvRows(
  path: string,
  required: readonly string[],
  format: TableFormat = {},
): AsyncGenerator<CsvRow, void, void> {
  let columns: readonly string[] = [];
  let places: ReadonlyMap<string, number> = new Map();
  let decimal: FoundFormat['decimal'];
  const groups = tableRows(path, format, (start) => {
    columns = start.columns;
    decimal = start.found.decimal;
    const named = columns.filter((name) => !isUnnamed(name));
    placesOf(columns, [...new Set([...required, ...named])], start.place);
    places = new Map(columns.map((name, at) => [name, at]));
  });
  for await (const group of groups) {
    for (const { fields, line } of group) {
      const value = (column: string) => fields[places.get(column) ?? -1]?.trim();
      yield { columns, place: { file: path, line }, decimal, value };
    }
  }
}
