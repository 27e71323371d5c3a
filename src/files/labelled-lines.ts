/** A folder of text files, one for each class, with one text a line. */

import { join } from 'node:path';
import { requirePath, requireText } from '../core/arguments.js';
import { compareCodePoints } from '../core/code-points.js';
import { DataError } from '../core/errors.js';
import { groupBy } from '../core/group-by.js';
import { rejectUnknownKeys } from '../core/options.js';
import { fileNamesIn } from '../core/path-stats.js';
import { isHiddenFile } from './hidden-files.js';
import { textLines } from './text-lines.js';

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
  /** Names of hidden files, which are no classes: `._x.txt`, `.DS_Store`, `Thumbs.db`. */
  readonly hidden: readonly string[];
  /** Number of lines without a text, which are ignored. */
  readonly emptyLines: number;
}

/**
 * Reads a folder of files `<label>.txt` (UTF-8, or UTF-16 with its mark; LF, CRLF or CR), one text in each line. White
 * space around a text is removed, and empty lines are ignored. Hidden files are no classes. The ending may be in capitals.
 *
 * @param options.ending of the names of the files, `.txt` by default; other files are ignored
 * @param options.encoding a label of `TextDecoder`, for files in another encoding
 * @throws {DataError} `file_unreadable`, `not_utf8`; `empty_data` when there is no such file, or one without a text; others of
 * `readJsonLines`
 */
export async function readLabelledLines(
  directory: string,
  options: { readonly ending?: string; readonly encoding?: string | undefined } = {},
): Promise<LabelledTexts> {
  rejectUnknownKeys('the reading of labelled lines', options, ['ending', 'encoding']);
  const ending = requireText('the ending of the files', options.ending ?? '.txt');
  const files = await fileNamesIn(requirePath(directory));
  const hidden = files.filter(isHiddenFile).sort(compareCodePoints);
  const isText = (name: string) => name.toLowerCase().endsWith(ending.toLowerCase()) && !isHiddenFile(name);
  const named = groupBy(files.sort(compareCodePoints).filter(isText), (name) =>
    name.slice(0, name.length - ending.length),
  );
  const labels = [...named.keys()].sort(compareCodePoints);
  if (labels.length === 0) {
    throw new DataError('empty_data', `'${directory}' has no file *${ending}`, { directory, ending });
  }
  const examples: LabelledText[] = [];
  let emptyLines = 0;
  for (const [target, label] of labels.entries()) {
    for (const name of named.get(label) as string[]) {
      const file = join(directory, name);
      const before = examples.length;
      for await (const lines of textLines(file, options.encoding)) {
        for (const line of lines) {
          const text = line.text.trim();
          if (text === '') emptyLines += 1;
          else examples.push({ text, label, target });
        }
      }
      if (examples.length === before) throw new DataError('empty_data', `'${file}' has no text`, { file });
    }
  }
  return { labels, examples, hidden, emptyLines };
}
