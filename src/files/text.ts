/** Text as data: files read as strict UTF-8, and the words in a text. */
import { isUtf8 } from 'node:buffer';
import { DataError } from '../core/errors.js';
import { kindHint, otherThanText } from '../core/file-kind.js';
import { readRegularFile, readRegularFileSync } from '../core/regular-file.js';

// biome-ignore lint/suspicious/noControlCharactersInRegex: the information separators are control characters.
const BLANK = /^[\s\u001c-\u001f\u0085]*$/;

/** Bytes at the start of a file that tell whether it is a text. */
const HEAD_BYTES = 4096;

/** Mark for a word or character outside the vocabulary. */
export const UNKNOWN_MARK = '<unk>';

/** Mark for the end of a line, the convention of the Penn Treebank language-model files. */
export const END_OF_SENTENCE_MARK = '<eos>';

/** Marks of the start and the end of a sentence, the convention of translation. */
export const BEGIN_MARK = '<s>';
export const END_MARK = '</s>';

// Lead byte -> [number of bytes, lowest and highest second byte] (Unicode standard, table 3-7). The bounds exclude
// overlong forms, surrogates and everything above U+10FFFF.
function leadByte(byte: number): readonly [length: number, low: number, high: number] | undefined {
  if (byte < 0x80) return [1, 0, 0];
  if (byte >= 0xc2 && byte <= 0xdf) return [2, 0x80, 0xbf];
  if (byte === 0xe0) return [3, 0xa0, 0xbf];
  if (byte === 0xed) return [3, 0x80, 0x9f];
  if (byte >= 0xe1 && byte <= 0xef) return [3, 0x80, 0xbf];
  if (byte === 0xf0) return [4, 0x90, 0xbf];
  if (byte >= 0xf1 && byte <= 0xf3) return [4, 0x80, 0xbf];
  if (byte === 0xf4) return [4, 0x80, 0x8f];
  return undefined;
}

/** Offset of the first byte of the first invalid UTF-8 sequence, or -1 when all bytes are valid. */
export function firstInvalidUtf8(bytes: Uint8Array): number {
  if (isUtf8(bytes)) return -1;
  for (let at = 0; at < bytes.length; ) {
    const lead = leadByte(bytes[at] as number);
    if (lead === undefined) return at;
    const [length, low, high] = lead;
    for (let next = 1; next < length; next++) {
      const byte = bytes[at + next] ?? -1;
      if (byte < (next === 1 ? low : 0x80) || byte > (next === 1 ? high : 0xbf)) return at;
    }
    at += length;
  }
  return -1;
}

/**
 * Text of UTF-8 bytes; a byte order mark at the start is dropped.
 *
 * @param source name of the bytes in messages: a file name
 * @throws {DataError} `not_utf8` with the offset of the offending byte; `empty_data` when there is no character
 */
export function decodeUtf8(bytes: Uint8Array, source: string): string {
  const offset = firstInvalidUtf8(bytes);
  if (offset >= 0) {
    const byte = bytes[offset] as number;
    const wide = (byte === 0xff && bytes[1] === 0xfe) || (byte === 0xfe && bytes[1] === 0xff);
    const hint =
      offset === 0 && wide
        ? '; it looks like UTF-16, iconv -f UTF-16 -t UTF-8 IN > OUT converts it'
        : kindHint(bytes) || '; iconv -f LATIN1 -t UTF-8 IN > OUT converts Latin-1';
    throw new DataError(
      'not_utf8',
      `'${source}' is not UTF-8: byte 0x${byte.toString(16).padStart(2, '0')} at offset ${offset}${hint}`,
      { source, offset, byte },
    );
  }
  // Arrays of small integers may be UTF-8 by chance.
  const kind = bytes.subarray(0, HEAD_BYTES).includes(0) ? otherThanText(bytes.subarray(0, HEAD_BYTES), false) : '';
  if (kind !== '') throw new DataError('not_utf8', `'${source}' is no text: ${kind}`, { source });
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  if (text.length === 0) throw new DataError('empty_data', `'${source}' is empty`, { source });
  return text;
}

function decodeFile(path: string, bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes, path);
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    // The longest string of V8 is about 512 Mi characters.
    throw new DataError(
      'file_unreadable',
      `'${path}' is too long for one text: ${bytes.length} bytes`,
      { path },
      cause,
    );
  }
}

/**
 * Reads a text file as strict UTF-8; a byte order mark at the start is dropped, line ends stay as they are.
 *
 * @throws {DataError} `file_unreadable`, `not_utf8` with the offset of the offending byte, `empty_data`
 */
export async function readText(path: string): Promise<string> {
  return decodeFile(path, await readRegularFile(path));
}

/** As `readText`, on the calling thread. */
export function readTextSync(path: string): string {
  return decodeFile(path, readRegularFileSync(path));
}

/**
 * The lines of a text, which end in LF or CRLF; the last line may have no line end. A text that ends in a line end has
 * no empty line after it.
 */
export function splitLines(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

// White space of Unicode and the four information separators. Python's str.split() splits at the same characters, so a
// corpus has the same words in both languages.
function isWhiteSpace(code: number): boolean {
  if (code <= 0x20) return code === 0x20 || (code >= 0x09 && code <= 0x0d) || (code >= 0x1c && code <= 0x1f);
  if (code < 0x1680) return code === 0x85 || code === 0xa0;
  return (
    code === 0x1680 ||
    (code >= 0x2000 && code <= 0x200a) ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x202f ||
    code === 0x205f ||
    code === 0x3000
  );
}

/** Whether a text has no character but white space, a byte order mark or an information separator. */
export function isBlank(text: string): boolean {
  return BLANK.test(text);
}

/** True when the text holds a character that separates words. */
export function hasWhiteSpace(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (isWhiteSpace(text.charCodeAt(at))) return true;
  return false;
}

/** The words of a text: runs without white space. */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  visitWords(text, (start, end, isLineEnd) => {
    if (!isLineEnd) words.push(text.slice(start, end));
  });
  return words;
}

/**
 * Visits the words of a text in order: [start, end) of every run without white space, and of every line feed, which is
 * the end of a sentence. A text whose last line has no line feed has no end-of-sentence mark at its end, so that the
 * start of a sentence can be a prompt.
 */
export function visitWords(text: string, visit: (start: number, end: number, isLineEnd: boolean) => void): void {
  let start = -1;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (!isWhiteSpace(code)) {
      if (start < 0) start = at;
      continue;
    }
    if (start >= 0) visit(start, at, false);
    start = -1;
    if (code === 0x0a) visit(at, at + 1, true);
  }
  if (start >= 0) visit(start, text.length, false);
}
