/** Reads sequences from a CSV file. A row is a text or a step. */
import { DataError } from '../../../core/errors.js';
import { type CsvRow, csvRows } from '../../../files/csv-rows.js';
import { parseDecimal } from '../../../files/decimal.js';
import { invalidRow, quoted, type RowPlace } from '../../../files/row-error.js';
import type { RawInput } from '../../building-blocks/sequence-inputs.js';

/** A sequence with its labels as they are in the file: one for each row. */
export interface WrittenSequence {
  readonly input: RawInput;
  /** -1 when the field is empty. */
  readonly labels: readonly (string | -1)[];
  readonly place: RowPlace;
}

/** Columns that are not features. */
const NAMED = ['sequence', 'target', 'token', 'text'];

/**
 * Reads sequences from a CSV file with a header. With a column `text` every row is a sequence of characters. With a
 * column `sequence` consecutive rows with the same value in it are the steps of a sequence: the column `token` has the
 * steps, or all columns except `sequence` and `target` are their numbers.
 *
 * @param withTargets whether there must be a column `target`
 * @throws {DataError} `invalid_row`, naming file, line and column; `empty_data`, `not_utf8`, `file_unreadable`
 */
export async function readWrittenSequences(path: string, withTargets: boolean): Promise<WrittenSequence[]> {
  const sequences: WrittenSequence[] = [];
  let open: CsvRow[] = [];
  const close = () => {
    if (open.length > 0) sequences.push(sequenceOf(open));
    open = [];
  };
  for await (const row of csvRows(path, withTargets ? ['target'] : [])) {
    const text = row.value('text');
    if (text !== undefined) {
      if (text === '') throw invalidRow(row.place, "column 'text'", 'a text', 'nothing', { column: 'text' });
      sequences.push({ input: text, labels: [row.value('target') || -1], place: row.place });
      continue;
    }
    const name = row.value('sequence');
    if (name === undefined) {
      throw invalidRow({ file: path, line: 1 }, 'header', "a column 'text' or 'sequence'", row.columns.join(', '));
    }
    if (open[0]?.value('sequence') !== name) close();
    open.push(row);
  }
  close();
  return sequences;
}

function sequenceOf(rows: readonly CsvRow[]): WrittenSequence {
  const [{ columns, place }] = rows as readonly [CsvRow];
  const labels = rows.map((row) => row.value('target') || (-1 as const));
  if (columns.includes('token')) return { input: rows.map((row) => requireToken(row)), labels, place };
  const features = columns.filter((column) => !NAMED.includes(column));
  if (features.length === 0) {
    const message = `'${place.file}' has neither a column 'token' nor columns of numbers`;
    throw new DataError('invalid_row', message, { ...place, columns });
  }
  const numbers = rows.flatMap((row) => features.map((column) => requireNumberIn(row, column)));
  return { input: { features: features.length, rows: Float32Array.from(numbers) }, labels, place };
}

function requireToken(row: CsvRow): string {
  const token = row.value('token') as string;
  if (token !== '') return token;
  throw invalidRow(row.place, "column 'token'", 'a token', 'nothing', { column: 'token' });
}

function requireNumberIn(row: CsvRow, column: string): number {
  const written = row.value(column) as string;
  const value = parseDecimal(written);
  if (value !== undefined) return value;
  throw invalidRow(row.place, `column '${column}'`, 'a number', quoted(written), { column });
}

/**
 * The single label of a sequence.
 *
 * @throws {DataError} `invalid_row` when there is no label, or the rows of the sequence have several
 */
export function onlyLabel({ labels, place }: WrittenSequence): string {
  const [first] = labels;
  if (typeof first === 'string' && labels.every((label) => label === first)) return first;
  const found = typeof first === 'string' ? [...new Set(labels)].join(', ') : 'nothing';
  throw invalidRow(place, "column 'target'", 'one class for the whole sequence', found, { column: 'target' });
}
