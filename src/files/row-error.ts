/** Errors of rows in data files: they name the file, the line, the expected and the actual value. */
import { BpttError, DataError, type ErrorDetails } from '../core/errors.js';

/** The place of a row. */
export interface RowPlace {
  readonly file: string;
  /** Number of its (first) line, from 1. */
  readonly line: number;
}

/** A text from a file, short enough for a message. */
export function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** The value that was found, in quotes and short enough for a message. */
export function quoted(text: string): string {
  return text === '' ? 'nothing' : `'${shortened(text)}'`;
}

/** A column, for messages. */
export function columnPart(name: string): string {
  return `column '${shortened(name)}'`;
}

/**
 * The error for a row that cannot be used: code `invalid_row`.
 *
 * @param what part of the row, such as `column 'OT'`; empty for the whole
 * @param details with `help`, if there is an option that helps: it follows the message
 */
export function invalidRow(
  place: RowPlace,
  what: string,
  expected: string,
  found: string,
  details: ErrorDetails = {},
  cause?: unknown,
): DataError {
  const part = what === '' ? '' : `, ${what}`;
  const help = typeof details['help'] === 'string' ? `; ${details['help']}` : '';
  const message = `'${place.file}' line ${place.line}${part}: expected ${expected}, found ${found}${help}`;
  return new DataError('invalid_row', message, { ...place, expected, found, ...details }, cause);
}

/**
 * Calls a function that converts a row. Errors of this library that do not contain the place of the row (a symbol
 * outside a vocabulary, for example) are thrown again as `invalid_row`, with the place.
 */
export function atRow<T>(place: RowPlace, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof BpttError) || 'line' in error.details) throw error;
    const message = `'${place.file}' line ${place.line}: ${error.message}`;
    throw new DataError('invalid_row', message, { ...error.details, ...place, reason: error.code }, error);
  }
}
