/** The rows of a table, read piece by piece: a table may be larger than a string. */
import { CsvError, Parser } from 'csv-parse';
import { DataError } from '../core/errors.js';
import { fileBytesAt } from '../core/path-stats.js';
import { invalidRow, quoted, type RowPlace } from './row-error.js';
import { type TablePiece, tablePieces } from './table-bytes.js';
import type { FoundFormat, TableFormat } from './table-format.js';
import { guessFormat } from './table-guess.js';

/** Longest row. A quote that is never closed would otherwise take the rest of the file, and keep the event loop all the time. */
const MAX_ROW_BYTES = 1 << 22;

/** Bytes at the start of a file that are looked at to recognise its form. */
const HEAD_BYTES = 1 << 16;

/** Lines of these, of which the header and the first row may be long. */
const LINES_OF_HEAD = 3;

/** The expectation of rows is a little larger than the first rows tell, so that later, shorter rows do no harm. */
const EXPECTED_MORE = 1.1;

/** Larger files are not trusted: a sparse file has any size. */
const MAX_EXPECTED_BYTES = 2 ** 32;

/** A row of a table. */
export interface TableRecord {
  readonly fields: readonly string[];
  /** The line where it begins, from 1. */
  readonly line: number;
}

/** What is known of a table before its rows. */
export interface TableStart {
  /** Names of the columns, without white space around them. */
  readonly columns: readonly string[];
  readonly found: FoundFormat;
  /** Up to 50 of the first rows, without the header. */
  readonly sample: readonly (readonly string[])[];
  /** The place of the header. */
  readonly place: RowPlace;
  /** About how many rows there are, by the length of the first ones; 0 where this is not known. */
  readonly expectedRows: number;
}

const LINE_END = /\r\n|\n|\r/g;

function lineEndsIn(fields: readonly string[]): number {
  return fields.reduce((sum, field) => sum + (field.match(LINE_END)?.length ?? 0), 0);
}

/** Receives the records of the parser as they are found. Its own hook for that makes objects that nobody reads. */
class RecordParser extends Parser {
  found: (fields: string[]) => void = () => {};

  override push(record: string[] | null): boolean {
    if (record === null) return super.push(null);
    this.found(record);
    return true;
  }
}

/** Splits pieces into records with the numbers of their lines. */
class RecordReader {
  readonly #parser: RecordParser;
  readonly #path: string;
  #batch: TableRecord[] = [];
  #nextLine = 1;
  #lastLines = 0;
  #comments = 0;

  constructor(path: string, { quote = '"', comment }: TableFormat, delimiter: string) {
    this.#path = path;
    const sign = quote === 'none' ? null : quote;
    this.#parser = new RecordParser({
      delimiter,
      quote: sign,
      escape: sign,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      max_record_size: MAX_ROW_BYTES,
      ...(comment !== undefined && { comment, comment_no_infix: true }),
    });
    this.#parser.found = (fields) => this.#add(fields);
    this.#parser.on('error', () => {});
    this.#parser.resume();
  }

  /** The parser counts a CRLF within quotes twice, so the lines are counted here. */
  #add(fields: string[]): void {
    const { lines, comment_lines: comments } = this.#parser.info;
    const line = this.#nextLine + comments - this.#comments;
    const isLong = lines - this.#lastLines - (comments - this.#comments) > 1;
    this.#nextLine = line + 1 + (isLong ? lineEndsIn(fields) : 0);
    this.#lastLines = lines;
    this.#comments = comments;
    this.#batch.push({ fields, line });
  }

  #call(act: (done: (error?: Error | null) => void) => void): Promise<TableRecord[]> {
    return new Promise((resolve, reject) => {
      act((error) => {
        if (error !== undefined && error !== null) return reject(this.#refusal(error));
        const batch = this.#batch;
        this.#batch = [];
        return resolve(batch);
      });
    });
  }

  write(piece: TablePiece): Promise<TableRecord[]> {
    return this.#call((done) => this.#parser.write(piece, done));
  }

  end(): Promise<TableRecord[]> {
    return this.#call((done) => {
      this.#parser.once('error', done);
      this.#parser.once('end', () => done());
      this.#parser.end();
    });
  }

  close(): void {
    this.#parser.destroy();
  }

  #refusal(cause: Error): Error {
    if (!(cause instanceof CsvError)) return cause;
    const place = { file: this.#path, line: this.#nextLine };
    const help = '--quote none reads quotes as signs like all others';
    const details = { reason: cause.code, help };
    if (cause.code === 'CSV_MAX_RECORD_SIZE') {
      const found = `a row of more than ${MAX_ROW_BYTES >> 20} MiB; a quote that is not closed takes all that follows`;
      return invalidRow(place, '', 'shorter rows', found, details, cause);
    }
    if (cause.code === 'CSV_QUOTE_NOT_CLOSED') {
      return invalidRow(place, '', 'fields of CSV', 'a quote that is not closed', details, cause);
    }
    return invalidRow(place, '', 'fields of CSV', quoted(cause.message), details, cause);
  }
}

/** The bytes of a file; 0 for what has no size, and where it cannot be read: that is said when it is read. */
function sizeOf(path: string): number {
  return Math.min(fileBytesAt(path), MAX_EXPECTED_BYTES);
}

/** The first pieces, long enough to recognise the format and with a row below the header, and whether they are all. */
async function headOf(pieces: AsyncGenerator<TablePiece, void, void>) {
  const head: TablePiece[] = [];
  let lines = 0;
  for (let length = 0; length < HEAD_BYTES || (lines < LINES_OF_HEAD && length < MAX_ROW_BYTES); ) {
    const { value, done } = await pieces.next();
    if (done === true) return { head, isWhole: true };
    head.push(value);
    length += value.length;
    if (lines < LINES_OF_HEAD) lines += String(value).match(LINE_END)?.length ?? 0;
  }
  return { head, isWhole: false };
}

function namesOf(path: string, { fields, line }: TableRecord, format: TableFormat): readonly string[] {
  if (format.header === 'none') return fields.map((_, at) => `${at + 1}`);
  if (!fields.some((field) => field.includes('\0'))) return fields.map((name) => name.trim());
  const help = '--encoding utf-16le (or another) names the encoding';
  throw invalidRow({ file: path, line }, 'header', 'names of columns', 'bytes of another encoding', { help });
}

/** Keeps the last rows back until it is known that they are not the footer. */
function footerFilter(count: number): (batch: readonly TableRecord[]) => readonly TableRecord[] {
  let kept: TableRecord[] = [];
  if (count === 0) return (batch) => batch;
  return (batch) => {
    const all = [...kept, ...batch];
    const end = Math.max(0, all.length - count);
    kept = all.slice(end);
    return all.slice(0, end);
  };
}

async function* recordBatches(path: string, format: TableFormat, onFormat: (head: string, isWhole: boolean) => string) {
  const pieces = tablePieces(path, format.encoding);
  let reader: RecordReader | undefined;
  try {
    const { head, isWhole } = await headOf(pieces);
    reader = new RecordReader(path, format, onFormat(head.map(String).join(''), isWhole));
    for (const piece of head) yield await reader.write(piece);
    for await (const piece of pieces) yield await reader.write(piece);
    yield await reader.end();
  } finally {
    reader?.close();
    await pieces.return();
  }
}

/**
 * The rows of a table in groups, without empty lines. Each has as many fields as the header.
 *
 * @param onStart receives header and format before the first row, and may throw
 * @param usual the format of the training table, for what the first rows leave open
 * @throws {DataError} `invalid_row` with file and line; `empty_data` for a file without a header or without rows;
 * `not_utf8`, `file_unreadable`, `file_corrupt`
 */
export async function* tableRows(
  path: string,
  format: TableFormat,
  onStart: (start: TableStart) => void,
  usual?: FoundFormat,
): AsyncGenerator<readonly TableRecord[], void, void> {
  let sample: readonly (readonly string[])[] = [];
  let found: FoundFormat = { delimiter: ',' };
  let width = 0;
  let rows = 0;
  let expectedRows = 0;
  const bytes = sizeOf(path);
  const recognise = (head: string, isWhole: boolean) => {
    expectedRows = (EXPECTED_MORE * bytes * (head.match(LINE_END)?.length ?? 0)) / Math.max(1, Buffer.byteLength(head));
    const guess = guessFormat(path, head, isWhole, format, usual);
    found = guess.found;
    sample = format.header === 'none' ? guess.records : guess.records.slice(1);
    return found.delimiter;
  };
  // An empty line is not a row. With a single column it is a missing value.
  const isRow = ({ fields }: TableRecord) => fields.length > 1 || fields[0] !== '' || width === 1;
  const withoutFooter = footerFilter(format.skipFooter ?? 0);
  for await (const batch of recordBatches(path, format, recognise)) {
    let records = batch.filter(isRow);
    const [first] = records;
    if (width === 0) {
      if (first === undefined) continue;
      const columns = namesOf(path, first, format);
      width = columns.length;
      onStart({ columns, found, sample, place: { file: path, line: first.line }, expectedRows });
      records = batch.slice(batch.indexOf(first) + (format.header === 'none' ? 0 : 1)).filter(isRow);
    }
    const group = withoutFooter(records);
    for (const { fields, line } of group) if (fields.length !== width) refuseWidth(path, { fields, line }, width);
    rows += group.length;
    if (group.length > 0) yield group;
  }
  if (rows === 0) throw new DataError('empty_data', `'${path}' has no rows`, { file: path });
}

function refuseWidth(file: string, { fields, line }: TableRecord, width: number): never {
  const more = `${fields.length}`;
  const help =
    fields.length < width
      ? '--skip-footer N leaves out rows at the end, --comment SIGN lines that begin with a sign'
      : "--delimiter ';' (or another) names the separator, --decimal comma the sign of decimals";
  throw invalidRow({ file, line }, '', width === 1 ? '1 field' : `${width} fields`, more, { help });
}
