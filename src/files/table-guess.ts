/** Recognises separator and decimal sign of a table by its first rows, where they leave no doubt. */

import { invalidRow } from './row-error.js';
import type { FoundFormat, TableFormat } from './table-format.js';

/** Rows that are looked at. */
const GUESSED_ROWS = 50;

/** Separators that are recognised. */
const CANDIDATES = [',', ';', '\t', '|'] as const;

const WITH_COMMA = /^[+-]?\d*,\d+$/;
const WITH_POINT = /^[+-]?\d*\.\d+$/;

/**
 * The fields of the first records of a text. It takes what a strict reader refuses.
 *
 * @param quote the character around fields; empty for none
 */
export function splitRecords(
  text: string,
  {
    delimiter,
    quote,
    comment,
  }: { readonly delimiter: string; readonly quote: string; readonly comment?: string | undefined },
  most = GUESSED_ROWS,
): string[][] {
  const records: string[][] = [];
  let fields: string[] = [];
  let field = '';
  let isQuoted = false;
  const endRecord = () => {
    const isEmpty = fields.length === 0 && field.trim() === '';
    const isComment = comment !== undefined && (fields[0] ?? field).startsWith(comment);
    if (!isEmpty && !isComment) records.push([...fields, field]);
    fields = [];
    field = '';
  };
  for (let at = 0; at < text.length && records.length < most; at++) {
    const sign = text[at] as string;
    if (isQuoted) {
      if (sign !== quote) field += sign;
      else if (text[at + 1] === quote) {
        field += sign;
        at += 1;
      } else isQuoted = false;
    } else if (sign === quote && field === '') isQuoted = true;
    else if (sign === delimiter) {
      fields.push(field);
      field = '';
    } else if (sign === '\n' || sign === '\r') endRecord();
    else field += sign;
  }
  if (records.length < most) endRecord();
  return records;
}

/** The format and the first records of a table. */
export interface Guess {
  readonly found: FoundFormat;
  /** The first records, with the header. */
  readonly records: readonly (readonly string[])[];
}

/**
 * Recognises what the format does not say.
 *
 * @param head first part of the file
 * @param isWhole whether this is the whole file
 * @param usual the format of the training table: it decides where the first rows leave a doubt
 * @throws {DataError} `invalid_row` when several separators fit
 */
export function guessFormat(
  file: string,
  head: string,
  isWhole: boolean,
  format: TableFormat,
  usual?: FoundFormat,
): Guess {
  const lastEnd = Math.max(head.lastIndexOf('\n'), head.lastIndexOf('\r'));
  const text = isWhole || lastEnd < 0 ? head : head.slice(0, lastEnd + 1);
  const quote = format.quote === 'none' ? '' : (format.quote ?? '"');
  const recordsWith = (delimiter: string) => {
    const records = splitRecords(text, { delimiter, quote, comment: format.comment });
    const footer = isWhole && records.length < GUESSED_ROWS ? (format.skipFooter ?? 0) : 0;
    return footer === 0 ? records : records.slice(0, Math.max(1, records.length - footer));
  };
  const delimiter = format.delimiter ?? guessDelimiter(file, recordsWith, format.decimal, usual?.delimiter);
  const records = recordsWith(delimiter);
  const decimal = format.decimal ?? guessDecimal(records) ?? usual?.decimal;
  return { found: { delimiter, ...(decimal && { decimal }) }, records };
}

function guessDelimiter(
  file: string,
  recordsWith: (delimiter: string) => string[][],
  decimal: TableFormat['decimal'],
  usual?: string,
): string {
  const tried = CANDIDATES.map((delimiter) => ({ delimiter, records: recordsWith(delimiter) }));
  const isSplit = tried.filter(({ records }) => (records[0]?.length ?? 0) > 1);
  const fits = isSplit.filter(({ records }) => records.every(({ length }) => length === records[0]?.length));
  const possible = fits.length > 0 ? fits : isSplit;
  const all = possible.map(({ delimiter }) => delimiter);
  // Beside a decimal comma another separator is the usual one.
  const names = decimal === 'comma' && all.length > 1 ? all.filter((name) => name !== ',') : all;
  if (names.length <= 1) return names[0] ?? usual ?? (decimal === 'comma' ? ';' : ',');
  if (usual !== undefined && names.includes(usual as never)) return usual;
  const [first, second] = names.map((name) => (name === '\t' ? 'a tab' : `'${name}'`));
  const help = `--delimiter '${names[0] === '\t' ? 'tab' : names[0]}' (or another) names it`;
  throw invalidRow({ file, line: 1 }, '', 'one separator of fields', `${first} and ${second}, which both fit`, {
    help,
  });
}

/** Undefined when there is a doubt: 1,234 may be a number of thousands. */
function guessDecimal(records: readonly (readonly string[])[]): 'point' | 'comma' | undefined {
  let [commas, points] = [0, 0];
  for (const fields of records) {
    for (const field of fields) {
      const text = field.trim();
      if (WITH_COMMA.test(text) && text.length - text.indexOf(',') !== 4) commas += 1;
      if (WITH_POINT.test(text)) points += 1;
    }
  }
  if (commas > 0 && points > 0) return undefined;
  return commas > 0 ? 'comma' : points > 0 ? 'point' : undefined;
}
