/** The lines of a text file, read by the rules of tables: any line ends, packed by gzip or not, in any encoding. */
import { DataError } from '../core/errors.js';
import { MAX_LINE_BYTES } from './file-lines.js';
import { notUtf8, tablePieces } from './table-bytes.js';

/** A line of text, without its line end. */
export interface TextLine {
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

const LINE_END = /\r\n|\n|\r/;

/** Puts pieces of text together to lines. */
class LineSplitter {
  /** Number of lines that are complete. */
  count = 0;
  #begun: string[] = [];
  #begunLength = 0;
  /** A carriage return at the end of a piece: the line feed that belongs to it may be in the next. */
  #held = '';

  constructor(readonly path: string) {}

  add(piece: string): TextLine[] {
    const text = this.#held + piece;
    this.#held = text.endsWith('\r') ? '\r' : '';
    const parts = (this.#held === '' ? text : text.slice(0, -1)).split(LINE_END);
    const last = parts.pop() as string;
    const lines = parts.map((part) => this.#finish(part));
    this.#begin(last);
    return lines;
  }

  end(): TextLine[] {
    return this.#begunLength > 0 || this.#held !== '' ? [this.#finish('')] : [];
  }

  #begin(part: string): void {
    if (part === '') return;
    this.#begun.push(part);
    this.#begunLength += part.length;
    if (this.#begunLength <= MAX_LINE_BYTES) return;
    const line = this.count + 1;
    const message = `'${this.path}' line ${line} is longer than ${MAX_LINE_BYTES} characters`;
    throw new DataError('too_long', message, { file: this.path, line, limit: MAX_LINE_BYTES });
  }

  #finish(part: string): TextLine {
    const text = this.#begun.length === 0 ? part : [...this.#begun, part].join('');
    this.#begun = [];
    this.#begunLength = 0;
    this.count += 1;
    return { text, line: this.count };
  }
}

/**
 * The lines of a file in groups. They end in LF, CRLF or CR, also side by side; the last one may have no line end. The file
 * may be packed by gzip, and a byte order mark is skipped.
 *
 * @param encoding a label of `TextDecoder`; default UTF-8, or UTF-16 where the file has its mark
 * @throws {DataError} `file_unreadable`; `not_utf8` with line and offset; `too_long` for a line of more than 256 Mi
 * characters; `file_corrupt`, `file_unsupported`
 */
export async function* textLines(path: string, encoding?: string): AsyncGenerator<readonly TextLine[], void, void> {
  const splitter = new LineSplitter(path);
  try {
    for await (const piece of tablePieces(path, encoding)) {
      const lines = splitter.add(String(piece));
      if (lines.length > 0) yield lines;
    }
  } catch (error) {
    if (!(error instanceof DataError) || error.code !== 'not_utf8') throw error;
    const { offset, byte } = error.details as { offset?: number; byte?: number };
    if (offset === undefined || byte === undefined) throw error;
    throw notUtf8(path, { offset, byte, line: splitter.count + 1 });
  }
  yield splitter.end();
}
