/** How a table is written: the separator of its fields, its numbers, its header, its characters. */
import { OptionError } from '../core/errors.js';
import { describeValue, rejectUnknownKeys, requireNumber, requireOneOf } from '../core/options.js';

/** How a table is written. What is not given is recognised, or has a default. */
export interface TableFormat {
  /** The separator of fields: one character. Default: the one of `,` `;` tab and `|` that gives rows of equal length. */
  readonly delimiter?: string | undefined;
  /** The decimal sign of numbers. Default: a comma where the first rows leave no doubt, else a point. */
  readonly decimal?: 'point' | 'comma' | undefined;
  /** The character around fields, or `none`; default `"`. */
  readonly quote?: string | undefined;
  /** Whether the first row has the names of the columns; without such a row they are 1, 2, ... Default `first`. */
  readonly header?: 'first' | 'none' | undefined;
  /** A label of `TextDecoder`; default UTF-8, or UTF-16 for a file that begins with its byte order mark. */
  readonly encoding?: string | undefined;
  /** Lines that begin with this are not rows. */
  readonly comment?: string | undefined;
  /** Number of rows at the end that are left out, sums for example; default 0. */
  readonly skipFooter?: number | undefined;
}

/** What was recognised in a table, or given. Plain JSON, saved with a run. */
export type FoundFormat = {
  readonly delimiter: string;
  /** Undefined when the first rows do not tell. */
  readonly decimal?: 'point' | 'comma';
};

/** Names of separators, for command lines where a character would need quotes. */
const DELIMITERS: Readonly<Record<string, string>> = {
  comma: ',',
  semicolon: ';',
  tab: '\t',
  '\\t': '\t',
  pipe: '|',
  space: ' ',
};

/** The keys of a `TableFormat`. */
export const FORMAT_KEYS = ['delimiter', 'decimal', 'quote', 'header', 'encoding', 'comment', 'skipFooter'] as const;

function refuse(name: string, expected: string, value: unknown): never {
  const message = `option '${name}' must be ${expected}, got ${describeValue(value)}`;
  throw new OptionError('invalid_option', message, { name, value });
}

/** A separator of fields, as a character. @throws {OptionError} `invalid_option` */
export function requireDelimiter(name: string, value: unknown): string {
  const delimiter = typeof value === 'string' && Object.hasOwn(DELIMITERS, value) ? DELIMITERS[value] : value;
  if (typeof delimiter === 'string' && delimiter.length === 1 && !'"\r\n'.includes(delimiter)) return delimiter;
  return refuse(name, `one character, or one of ${Object.keys(DELIMITERS).slice(0, 3).join(', ')}`, value);
}

/** A character around fields, or `none`. @throws {OptionError} `invalid_option` */
export function requireQuote(name: string, value: unknown): string {
  if (value === 'none' || (typeof value === 'string' && value.length === 1 && !'\r\n'.includes(value))) return value;
  return refuse(name, 'one character, or none', value);
}

/** A label of an encoding. @throws {OptionError} `invalid_option` */
export function requireEncoding(name: string, value: unknown): string {
  try {
    if (typeof value === 'string') return new TextDecoder(value).encoding;
  } catch {
    // The label is unknown: the same message as for what is no text.
  }
  return refuse(name, 'an encoding such as utf-8, latin1, windows-1250, utf-16le', value);
}

/** The begin of a comment line. @throws {OptionError} `invalid_option` */
export function requireComment(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && !/[\r\n"]/.test(value)) return value;
  return refuse(name, 'one or a few characters', value);
}

/**
 * Checks a format that a caller gave.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 */
export function requireTableFormat(name: string, format: TableFormat): TableFormat {
  rejectUnknownKeys(name, format, FORMAT_KEYS);
  const { delimiter, decimal, quote, header, encoding, comment, skipFooter } = format;
  return {
    delimiter: delimiter === undefined ? undefined : requireDelimiter('delimiter', delimiter),
    decimal: decimal === undefined ? undefined : requireOneOf('decimal', decimal, ['point', 'comma']),
    quote: quote === undefined ? undefined : requireQuote('quote', quote),
    header: header === undefined ? undefined : requireOneOf('header', header, ['first', 'none']),
    encoding: encoding === undefined ? undefined : requireEncoding('encoding', encoding),
    comment: comment === undefined ? undefined : requireComment('comment', comment),
    skipFooter:
      skipFooter === undefined ? undefined : requireNumber('skipFooter', skipFooter, { integer: true, min: 0 }),
  };
}
