/** Rows of a CSV file by the names of their columns, with fields of any content. */
import { DataError } from '../core/errors.js';
import { placesOf, recordsOf } from './csv-table.js';
import { invalidRow, type RowPlace } from './row-error.js';

/** A row of a CSV file. */
export interface CsvRow {
  /** Names of all columns. */
  readonly columns: readonly string[];
  readonly place: RowPlace;
  /** The field in a column, without white space around it; undefined when there is no such column. */
  value(column: string): string | undefined;
}

/**
 * Reads the rows of a CSV file with a header, whose names are trimmed; empty lines are ignored.
 *
 * @param required columns that the header must have
 * @throws {DataError} `invalid_row`, naming file, line and column: a column that is missing or occurs twice, a row with
 * more or fewer fields than the header; `empty_data` when there is no row; `not_utf8`, `file_unreadable`
 */
export async function* csvRows(path: string, required: readonly string[]): AsyncGenerator<CsvRow, void, void> {
  let columns: readonly string[] | undefined;
  let rows = 0;
  for await (const { fields, line } of recordsOf(path, ',')) {
    const place = { file: path, line };
    if (columns === undefined) {
      columns = fields.map((name) => name.trim());
      placesOf(columns, [...new Set([...required, ...columns])], place);
      continue;
    }
    if (fields.length === 1 && fields[0] === '') continue;
    const header = columns;
    if (fields.length !== header.length) throw invalidRow(place, '', `${header.length} fields`, `${fields.length}`);
    rows += 1;
    yield { columns: header, place, value: (column) => fields[header.indexOf(column)]?.trim() };
  }
  if (rows === 0) throw new DataError('empty_data', `'${path}' has no rows`, { file: path });
}
