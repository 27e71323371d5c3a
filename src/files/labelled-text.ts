/** Lines of a class and a text: `__label__CLASS TEXT`, as fastText has them, or `CLASS<tab>TEXT`. */
import { DataError } from '../core/errors.js';
import { invalidRow, quoted, type RowPlace } from './row-error.js';
import { textLines } from './text-lines.js';

/** Begins the class in the lines of fastText. */
export const LABEL_PREFIX = '__label__';

/** How the class is told from the text. */
export type LabelSeparator = 'prefix' | 'tab';

/** A text, its class, and its line. */
export interface LabelledTextLine {
  readonly text: string;
  /** Undefined in a file without classes. */
  readonly label: string | undefined;
  readonly place: RowPlace;
}

/** @throws {DataError} `invalid_row` for a line without a class, with several, or without a text */
function labelledLine(written: string, separator: LabelSeparator, place: RowPlace): LabelledTextLine {
  const line = written.trim();
  const [, label = '', text = ''] =
    (separator === 'prefix' ? /^__label__(\S+)\s*(.*)$/su : /^([^\t]*)\t(.*)$/su).exec(line) ?? [];
  if (label.trim() === '') {
    const expected = separator === 'prefix' ? `'${LABEL_PREFIX}CLASS TEXT'` : 'a class, a tab and a text';
    throw invalidRow(place, '', expected, quoted(line));
  }
  if (separator === 'prefix' && text.startsWith(LABEL_PREFIX)) {
    throw invalidRow(place, '', 'one class', `'${label}' and ${quoted(text.split(/\s/)[0] as string)}`);
  }
  if (text.trim() === '') throw invalidRow(place, '', 'a text after the class', 'nothing');
  return { text: text.trim(), label: label.trim(), place };
}

async function linesOf(path: string, encoding: string | undefined) {
  const found: { text: string; place: RowPlace }[] = [];
  for await (const lines of textLines(path, encoding)) {
    for (const { text, line } of lines) if (text.trim() !== '') found.push({ text, place: { file: path, line } });
  }
  if (found.length === 0) throw new DataError('empty_data', `'${path}' has no text`, { file: path });
  return found;
}

/**
 * Reads lines of a class and a text; empty lines are ignored.
 *
 * @throws {DataError} `invalid_row` with file and line for a line without a class, with several, or without a text;
 * `invalid_row` where the text seems to come first; `empty_data`, and others of `textLines`
 */
export async function readLabelledText(
  path: string,
  separator: LabelSeparator,
  encoding?: string,
): Promise<LabelledTextLine[]> {
  const lines = await linesOf(path, encoding);
  const read = lines.map(({ text, place }) => labelledLine(text, separator, place));
  if (separator === 'tab') refuseTurned(path, read);
  return read;
}

/** Lines from which it is told that the text comes first. */
const ENOUGH_LINES = 4;

function refuseTurned(path: string, lines: readonly LabelledTextLine[]): void {
  const count = (of: (line: LabelledTextLine) => string | undefined) => new Set(lines.map(of)).size;
  const labels = count(({ label }) => label);
  const texts = count(({ text }) => text);
  if (lines.length < ENOUGH_LINES || labels <= lines.length / 2 || texts >= labels) return;
  const found = `${labels} different ones with ${texts} different texts`;
  const help = 'a table with the columns text and target may have them in any order';
  throw invalidRow({ file: path, line: 1 }, '', 'classes before the tabs', found, { help });
}

/**
 * Reads texts, with or without the classes before them.
 *
 * @throws {DataError} as `readLabelledText`; `invalid_row` where only some lines have a class
 */
export async function readTextsAfterLabels(
  path: string,
  separator: LabelSeparator,
  encoding?: string,
): Promise<LabelledTextLine[]> {
  const lines = await linesOf(path, encoding);
  const hasLabel = ({ text }: { text: string }) =>
    separator === 'prefix' ? text.trim().startsWith(LABEL_PREFIX) : text.trim().includes('\t');
  const labelled = lines.filter(hasLabel).length;
  if (labelled === 0) return lines.map(({ text, place }) => ({ text: text.trim(), label: undefined, place }));
  return lines.map(({ text, place }) => labelledLine(text, separator, place));
}
