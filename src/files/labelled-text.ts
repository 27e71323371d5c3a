/** Lines of a class and a text: `__label__CLASS TEXT`, as fastText has them, or `CLASS<tab>TEXT`. */
import { DataError } from '../core/errors.js';
import { headerNote, isHeader } from './header-row.js';
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

/** Lines of a file, and what people should know of it. */
export interface LabelledTextLines {
  readonly lines: readonly LabelledTextLine[];
  readonly notes: readonly string[];
}

/** What helps with lines that have their class before another sign. */
export const LABELS_HELP = `lines are '${LABEL_PREFIX}CLASS TEXT', or a class, a tab and a text; sed 's/ /\\t/' IN > OUT puts a tab in the place of the first blank`;

/** @throws {DataError} `invalid_row` for a line without a class, with several, or without a text */
function labelledLine(written: string, separator: LabelSeparator, place: RowPlace): LabelledTextLine {
  const line = written.trim();
  const [, label = '', text = ''] =
    (separator === 'prefix' ? /^__label__(\S+)\s*(.*)$/su : /^([^\t]*)\t(.*)$/su).exec(line) ?? [];
  if (label.trim() === '') {
    const expected = separator === 'prefix' ? `'${LABEL_PREFIX}CLASS TEXT'` : 'a class, a tab and a text';
    throw invalidRow(place, '', expected, quoted(line), { help: LABELS_HELP });
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
 * Reads lines of a class and a text; empty lines are ignored, and so is a first line that names the two, which a note says.
 *
 * @throws {DataError} `invalid_row` with file and line for a line without a class, with several, or without a text;
 * `invalid_row` where the text seems to come first; `empty_data`, and others of `textLines`
 */
export async function readLabelledText(
  path: string,
  separator: LabelSeparator,
  encoding?: string,
): Promise<LabelledTextLines> {
  const lines = await linesOf(path, encoding);
  const read = lines.map(({ text, place }) => labelledLine(text, separator, place));
  if (separator === 'tab') refuseTurned(path, read);
  return withoutHeader(path, read);
}

/** Leaves out a first line that is a header for certain, and says of one that may be. */
function withoutHeader(file: string, lines: readonly LabelledTextLine[]): LabelledTextLines {
  const [first, ...others] = lines as readonly [LabelledTextLine, ...LabelledTextLine[]];
  const { label = '', text, place } = first;
  if (others.length === 0) return { lines, notes: [] };
  if (isHeader({ label, text }, labelsOf(others))) {
    return { lines: others, notes: [headerNote(file, place.line, [label, text])] };
  }
  const labels = new Set(labelsOf(others));
  const isOdd = !labels.has(label) && !/\s/u.test(text) && others.length >= 2 * labels.size;
  if (!isOdd || others.length < ENOUGH_LINES) return { lines, notes: [] };
  const note = `the class ${quoted(label)} stands in line ${place.line} of '${file}' alone, before ${quoted(text)}: if that line names the columns, remove it`;
  return { lines, notes: [note] };
}

function* labelsOf(lines: readonly LabelledTextLine[]): Generator<string | undefined, void, void> {
  for (const { label } of lines) yield label;
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
): Promise<LabelledTextLines> {
  const lines = await linesOf(path, encoding);
  const hasLabel = ({ text }: { text: string }) =>
    separator === 'prefix' ? text.trim().startsWith(LABEL_PREFIX) : text.trim().includes('\t');
  const labelled = lines.filter(hasLabel).length;
  if (labelled === 0) {
    return { lines: lines.map(({ text, place }) => ({ text: text.trim(), label: undefined, place })), notes: [] };
  }
  const read = lines.map(({ text, place }) => labelledLine(text, separator, place));
  const { lines: kept, notes } = withoutHeader(path, read);
  return { lines: kept, notes: kept === read ? [] : notes };
}
