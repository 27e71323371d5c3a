/** Parallel text: sentences of one language beside their translations, as lists of tokens. */
import { requireObject, requireText } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { invalidRow, type RowPlace } from './row-error.js';
import { readText, splitLines, wordsOf } from './text.js';

/** A sentence and its translation. */
export interface SentencePair {
  readonly source: readonly string[];
  readonly target: readonly string[];
}

function tokensOf(text: string, place: RowPlace, what: string): string[] {
  const tokens = wordsOf(text);
  if (tokens.length === 0) throw invalidRow(place, what, 'at least one token', 'nothing');
  return tokens;
}

/** The pair in a line `source <tab> target` of tokenised sentences: the `parse` of `FileExamples`. */
export function tabbedPair(line: string, place: RowPlace): SentencePair {
  const parts = requireText('a line', line).split('\t');
  requireObject('the place of a row', place);
  if (parts.length !== 2) throw invalidRow(place, '', 'two sentences with one tab between', `${parts.length - 1} tabs`);
  const [source = '', target = ''] = parts;
  return { source: tokensOf(source, place, 'source'), target: tokensOf(target, place, 'target') };
}

/**
 * Tokenised sentences of two files that correspond line by line, or of one file of lines `source <tab> target` (UTF-8, LF
 * or CRLF). Tokens are separated by white space.
 *
 * @param target path of the second file; without it the first one has both sentences
 * @throws {DataError} `line_counts_differ` with both counts; `invalid_row` for a line without tokens, because pairs are
 * never dropped silently; `not_utf8`, `file_unreadable`, `empty_data`
 */
export async function readParallelText(source: string, target?: string): Promise<SentencePair[]> {
  const sourceLines = splitLines(await readText(source));
  if (target === undefined) return sourceLines.map((text, at) => tabbedPair(text, { file: source, line: at + 1 }));
  const targetLines = splitLines(await readText(target));
  const [left, right] = [sourceLines.length, targetLines.length];
  if (left !== right) {
    const message = `'${source}' has ${left} lines, but '${target}' has ${right}: they must correspond line by line`;
    throw new DataError('line_counts_differ', message, { source, target, sourceLines: left, targetLines: right });
  }
  return sourceLines.map((text, at) => ({
    source: tokensOf(text, { file: source, line: at + 1 }, ''),
    target: tokensOf(targetLines[at] as string, { file: target, line: at + 1 }, ''),
  }));
}
