/** Parallel text: sentences of one language beside their translations, as lists of tokens. */
import { requireObject, requirePath, requireText } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { isJsonLinesFile, type JsonRow, readJsonLines } from './json-lines.js';
import { invalidRow, quoted, type RowPlace } from './row-error.js';
import { weightOfLine } from './row-weight.js';
import { readText, splitLines, wordsOf } from './text.js';

/** A sentence and its translation. */
export interface SentencePair {
  readonly source: readonly string[];
  readonly target: readonly string[];
  /** What it counts for in the loss, where a field of weights was asked for. */
  readonly weight?: number;
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

/** The tokens of a field: a text of tokens with white space between, or a list of them. @throws {DataError} `invalid_row` */
function fieldTokens(row: JsonRow, name: string): readonly string[] {
  const part = `field '${name}'`;
  const value = row.value(name);
  if (!Array.isArray(value)) {
    if (typeof value !== 'string') return row.refuse(name, 'a text, or a list of tokens');
    return tokensOf(value, row.place, part);
  }
  const tokens = row.texts(name);
  const wrong = tokens.find((token) => wordsOf(token).length !== 1);
  if (wrong === undefined) return tokens;
  throw invalidRow(row.place, part, 'tokens without white space', wrong === '' ? 'an empty one' : quoted(wrong));
}

/**
 * The source sentences of JSON lines `{"source": ...}`; other fields are ignored.
 *
 * @throws {DataError} `invalid_row`, naming file, line and field; others of `readJsonLines`
 */
export function readSourceLines(file: string): Promise<(readonly string[])[]> {
  return readJsonLines(file, (row) => fieldTokens(row, 'source'));
}

/**
 * Tokenised sentences of two files that correspond line by line, or of one file of lines `source <tab> target` (UTF-8, LF
 * or CRLF). Tokens are separated by white space. A single file `*.jsonl` or `*.ndjson` has lines `{"source": ..., "target": ...}`,
 * whose fields are such sentences, or lists of tokens.
 *
 * @param target path of the second file; without it the first one has both sentences
 * @param weight the field of JSON lines with the number that a pair counts for in a loss; default: none is read
 * @throws {DataError} `line_counts_differ` with both counts; `invalid_row` for a line without tokens, because pairs are
 * never dropped silently; `not_utf8`, `file_unreadable`, `empty_data`
 */
export async function readParallelText(source: string, target?: string, weight?: string): Promise<SentencePair[]> {
  if (target === undefined && isJsonLinesFile(requirePath(source))) {
    return readJsonLines(source, (row) => {
      const pair = { source: fieldTokens(row, 'source'), target: fieldTokens(row, 'target') };
      const counts = weightOfLine(row, weight);
      return counts === undefined ? pair : { ...pair, weight: counts };
    });
  }
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
