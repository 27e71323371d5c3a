/** A folder of text files, one for each class, with one text a line. */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { requirePath, requireText } from '../core/arguments.js';
import { compareCodePoints } from '../core/code-points.js';
import { DataError } from '../core/errors.js';
import { rejectUnknownKeys } from '../core/options.js';
import { unreadableFile } from '../core/unreadable-file.js';

import { readText, splitLines } from './text.js';

/** A text and its class. */
export interface LabelledText {
  readonly text: string;
  /** Name of the class: that of its file without the ending. */
  readonly label: string;
  /** Index of the label among the labels. */
  readonly target: number;
}

/** Texts with their classes. */
export interface LabelledTexts {
  /** Names of the classes, ordered by code point. */
  readonly labels: readonly string[];
  /** All texts: those of the first class in the order of its file, then those of the next. */
  readonly examples: readonly LabelledText[];
}

/**
 * Reads a folder of files `<label>.txt` (UTF-8, LF or CRLF), one text in each line. White space around a text is
 * removed, and empty lines are ignored.
 *
 * @param options.ending of the names of the files, `.txt` by default; other files are ignored
 * @throws {DataError} `file_unreadable`, `not_utf8`; `empty_data` when there is no such file, or one without a text
 */
export async function readLabelledLines(
  directory: string,
  options: { readonly ending?: string } = {},
): Promise<LabelledTexts> {
  rejectUnknownKeys('the reading of labelled lines', options, ['ending']);
  const ending = requireText('the ending of the files', options.ending ?? '.txt');
  const entries = await readdir(requirePath(directory), { withFileTypes: true }).catch((cause: unknown) => {
    throw unreadableFile(directory, cause);
  });
  const labels = entries
    .filter((entry) => !entry.isDirectory() && entry.name.endsWith(ending))
    .map((entry) => entry.name.slice(0, -ending.length))
    .sort(compareCodePoints);
  if (labels.length === 0) {
    throw new DataError('empty_data', `'${directory}' has no file *${ending}`, { directory, ending });
  }
  const examples: LabelledText[] = [];
  for (const [target, label] of labels.entries()) {
    const file = join(directory, `${label}${ending}`);
    const texts = splitLines(await readText(file)).map((line) => line.trim());
    const before = examples.length;
    for (const text of texts) if (text !== '') examples.push({ text, label, target });
    if (examples.length === before) throw new DataError('empty_data', `'${file}' has no text`, { file });
  }
  return { labels, examples };
}
