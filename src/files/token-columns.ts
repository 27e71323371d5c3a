/**
 * Files with a token in each line and its tags in columns, and an empty line between sentences: CoNLL-2000, CoNLL-2003, IOB
 * and BIO files, CoNLL-U.
 */
import { DataError } from '../core/errors.js';
import { invalidRow, quoted, type RowPlace } from './row-error.js';
import { type TextLine, textLines } from './text-lines.js';

/** The columns of CoNLL-U. Source: https://universaldependencies.org/format.html */
export const CONLLU_COLUMNS = [
  'ID',
  'FORM',
  'LEMMA',
  'UPOS',
  'XPOS',
  'FEATS',
  'HEAD',
  'DEPREL',
  'DEPS',
  'MISC',
] as const;

/** The columns of CoNLL-U whose `_` is a value. In the others it stands for what is not specified. */
const WITH_UNDERSCORE: readonly string[] = ['FORM', 'LEMMA', 'FEATS', 'DEPS', 'MISC'];

/** The first column of CoNLL-U: a token, or a word of several tokens or an empty word, which are no tokens. */
const TOKEN_ID = /^\d+([-.]\d+)?$/;
const SKIPPED_ID = /^\d+[-.]\d+$/;

/** Begins the line that names other columns: CoNLL-U Plus. */
const GLOBAL_COLUMNS = /^# *global\.columns *= *(.+)$/;

/** The token of a line that begins a document and is no token. */
const DOCUMENT_START = '-DOCSTART-';

/** How a file of token columns is read. */
export interface TokenColumnsOptions {
  /** Whether it is CoNLL-U: named columns, comments, words of several tokens and empty words. */
  readonly isConllu: boolean;
  /** The begin of lines that are left out. */
  readonly comment?: string | undefined;
  readonly encoding?: string | undefined;
}

/** A sentence, with its fields line by line. */
export interface TokenSentence {
  readonly rows: readonly (readonly string[])[];
  /** [rows] */
  readonly lines: readonly number[];
}

/** The sentences of a file. */
export interface TokenColumns {
  /** Names of the columns, or their numbers from 1. */
  readonly columns: readonly string[];
  readonly sentences: readonly TokenSentence[];
}

/**
 * Reads a file of token columns. Columns are separated by tabs, or by blanks if the first token has no tab behind it. Lines
 * `-DOCSTART-` are left out. In CoNLL-U comments (`#`), words of several tokens (`1-2`) and empty words (`1.1`) are left out;
 * in other files a line that begins with `#` is a comment if it stands before a sentence and has another number of columns
 * than the tokens, for `#` may be a token.
 *
 * @throws {DataError} `invalid_row` with file and line for a token with more or fewer columns; `empty_data` when there is no
 * token; others of `textLines`
 */
export async function readTokenColumns(path: string, options: TokenColumnsOptions): Promise<TokenColumns> {
  const reader = new SentenceReader(path, options);
  for await (const lines of textLines(path, options.encoding)) for (const line of lines) reader.add(line);
  return reader.end();
}

class SentenceReader {
  readonly #sentences: TokenSentence[] = [];
  /** Lines that begin with `#` and stand before the first token: what they are is known by its columns. */
  #early: TextLine[] = [];
  #rows: (readonly string[])[] = [];
  #lines: number[] = [];
  #columns: readonly string[] | undefined;
  #hasTabs = false;

  constructor(
    readonly path: string,
    readonly options: TokenColumnsOptions,
  ) {
    this.#hasTabs = options.isConllu;
  }

  add(line: TextLine): void {
    const { text } = line;
    const { isConllu, comment } = this.options;
    if (text.trim() === '') {
      if (this.#columns === undefined) this.#early.push(line);
      else this.#endSentence();
    } else if (comment !== undefined && text.startsWith(comment)) return;
    else if (isConllu && text.startsWith('#')) this.#readComment(text);
    else if (!isConllu && text.startsWith('#') && this.#columns === undefined) this.#early.push(line);
    else if (this.#columns === undefined) this.#begin(line);
    else this.#addRow(line);
  }

  end(): TokenColumns {
    const [first] = this.#early.filter(({ text }) => text.trim() !== '');
    if (this.#columns === undefined && first !== undefined) this.#begin(first, true);
    this.#endSentence();
    if (this.#sentences.length > 0) return { columns: this.#columns ?? [], sentences: this.#sentences };
    throw new DataError('empty_data', `'${this.path}' has no token`, { file: this.path });
  }

  /** @param isEarly whether the line is among the early ones itself */
  #begin(line: TextLine, isEarly = false): void {
    this.#hasTabs ||= line.text.includes('\t');
    const fields = this.#fieldsOf(line.text);
    if (fields[0] === DOCUMENT_START && !isEarly) return;
    const isNamed =
      this.options.isConllu &&
      fields.length > 1 &&
      fields.length <= CONLLU_COLUMNS.length &&
      TOKEN_ID.test(fields[0] as string);
    this.#columns = fields.map((_, at) => (isNamed ? (CONLLU_COLUMNS[at] as string) : `${at + 1}`));
    for (const early of this.#early) {
      if (early.text.trim() === '') this.#endSentence();
      else this.#addRow(early);
    }
    this.#early = [];
    if (!isEarly) this.#addRow(line);
  }

  #readComment(text: string): void {
    const names = GLOBAL_COLUMNS.exec(text)?.[1];
    if (names !== undefined) this.#columns = names.trim().split(/\s+/);
  }

  #fieldsOf(text: string): string[] {
    if (this.#hasTabs) return text.split('\t').map((field) => field.trim());
    return text.trim().split(/ +/);
  }

  #addRow({ text, line }: TextLine): void {
    const fields = this.#fieldsOf(text);
    if (fields[0] === DOCUMENT_START) {
      this.#endSentence();
      return;
    }
    const width = this.#columns?.length ?? 0;
    if (fields.length !== width) {
      if (!this.options.isConllu && text.startsWith('#') && this.#rows.length === 0) return;
      this.#refuseWidth({ file: this.path, line }, width, fields.length);
    }
    if (this.options.isConllu && SKIPPED_ID.test(fields[this.#columns?.indexOf('ID') ?? 0] ?? '')) return;
    this.#rows.push(fields);
    this.#lines.push(line);
  }

  #refuseWidth(place: RowPlace, width: number, found: number): never {
    const sign = this.#hasTabs ? 'tabs' : 'blanks';
    const expected = `${width} ${width === 1 ? 'column' : `columns with ${sign} between`}, as in the lines before`;
    throw invalidRow(place, '', expected, `${found}`, {
      help: '--comment SIGN leaves out lines that begin with a sign',
    });
  }

  #endSentence(): void {
    if (this.#rows.length > 0) this.#sentences.push({ rows: this.#rows, lines: this.#lines });
    this.#rows = [];
    this.#lines = [];
  }
}

/**
 * The place of a column by its number from 1, or by its name if the columns have names.
 *
 * @param option that chooses the column, for errors
 * @throws {DataError} `invalid_row`
 */
export function tokenColumn(columns: readonly string[], given: string, option: string, file: string): number {
  const upper = given.toUpperCase();
  const named = columns.findIndex((name) => name.toUpperCase() === upper);
  const number = /^[1-9]\d{0,3}$/.test(given) ? Number(given) - 1 : -1;
  const at = named >= 0 ? named : number;
  if (at >= 0 && at < columns.length) return at;
  const names = columns.every((name, place) => name === `${place + 1}`) ? '' : ` (${columns.join(', ')})`;
  const expected = `at least one column '${given}'`;
  const found = `${columns.length} columns${names}`;
  const help = `--${option} N names a column by its number`;
  throw invalidRow({ file, line: 1 }, '', expected, found, { column: given, help });
}

/** Whether a field of CoNLL-U says that nothing is specified. */
export function isUnspecified(column: string, field: string): boolean {
  return field === '_' && (CONLLU_COLUMNS as readonly string[]).includes(column) && !WITH_UNDERSCORE.includes(column);
}

/** The token of a field: words with white space in them, which CoNLL-U has, are written with `_`. @throws {DataError} */
export function tokenOf(field: string, place: RowPlace): string {
  if (field === '') throw invalidRow(place, '', 'a token', quoted(field));
  return field.replace(/\s+/gu, '_');
}
