/** Matrices of Kaldi: archives (`.ark`) of texts or of bytes, and lists of them (`.scp`). @see https://kaldi-asr.org/doc/io.html */
import { dirname, resolve } from 'node:path';
import { DataError } from '../core/errors.js';
import { type RecordedFeatures, requireFinite, rowsAt } from './feature-rows.js';
import { asciiAt, corrupt, requireBytes, requireInput, unsupported, viewOf } from './file-bytes.js';
import { quoted } from './row-error.js';

/** Bytes of the header of a matrix: a mark, its kind, and its sizes with their own sizes. */
const HEADER = 15;
const SIZES: Readonly<Record<string, 4 | 8>> = { 'FM ': 4, 'DM ': 8 };
/** Longest key, and most numbers of a line of text, that are looked for. */
const LONGEST_KEY = 1024;
const [SPACE, NEWLINE, OPEN, CLOSE] = [0x20, 0x0a, 0x5b, 0x5d];

/** A matrix, and where the bytes after it begin. */
interface MatrixAt {
  readonly read: () => RecordedFeatures;
  readonly end: number;
}

/** Whether bytes begin with a matrix in binary form. */
export function isKaldiMatrix(bytes: Uint8Array, at = 0): boolean {
  return bytes[at] === 0 && bytes[at + 1] === 0x42;
}

/**
 * The matrix at an offset, as an entry of an `.scp` file names it, or a file of one matrix.
 *
 * @param source name of the bytes in messages
 * @throws {DataError} `file_truncated` and `file_corrupt` with sizes; `file_unsupported` for vectors and compressed matrices
 */
export function decodeKaldiMatrix(bytes: Uint8Array, source: string, at = 0): RecordedFeatures {
  requireInput(bytes, source);
  return matrixAt(bytes, source, at).read();
}

function matrixAt(bytes: Uint8Array, source: string, at: number): MatrixAt {
  return isKaldiMatrix(bytes, at) ? binaryAt(bytes, source, at) : textAt(bytes, source, at);
}

function binaryAt(bytes: Uint8Array, source: string, at: number): MatrixAt {
  requireBytes(bytes, source, 'the kind of a Kaldi matrix', at + 5);
  const kind = asciiAt(bytes, at + 2, 3);
  const size = SIZES[kind];
  if (size === undefined) {
    const help = kind.startsWith('CM') ? '; write it with copy-feats --compress=false' : '';
    throw unsupported(source, `has a Kaldi object '${kind.trim()}', expected a matrix of floats (FM, DM)${help}`, {
      kind,
    });
  }
  requireBytes(bytes, source, 'the sizes of a Kaldi matrix', at + HEADER);
  const view = viewOf(bytes);
  if (view.getInt8(at + 5) !== 4 || view.getInt8(at + 10) !== 4) {
    throw corrupt(source, `has sizes of ${view.getInt8(at + 5)} and ${view.getInt8(at + 10)} bytes, expected 4`);
  }
  const [rows, columns] = [view.getInt32(at + 6, true), view.getInt32(at + 11, true)];
  if (rows < 0 || columns < 0) throw corrupt(source, `has ${rows} rows of ${columns} numbers`, { rows, columns });
  const begin = at + HEADER;
  const end = begin + rows * columns * size;
  requireBytes(bytes, source, `the matrix of ${rows} rows of ${columns} numbers`, end);
  return { read: () => rowsAt(bytes, source, { begin, rows, columns, size, isLittle: true }), end };
}

function textAt(bytes: Uint8Array, source: string, at: number): MatrixAt {
  let open = at;
  while (bytes[open] === SPACE) open += 1;
  if (bytes[open] !== OPEN) {
    const found = JSON.stringify(asciiAt(bytes, at, 8));
    throw corrupt(source, `has ${found} at byte ${at}, expected a Kaldi matrix: its mark, or '['`, { at });
  }
  const close = bytes.indexOf(CLOSE, open);
  requireBytes(bytes, source, "a Kaldi matrix with its ']'", close < 0 ? bytes.length + 1 : close);
  let end = close + 1;
  while (bytes[end] === NEWLINE || bytes[end] === SPACE) end += 1;
  return { read: () => numbersOf(Buffer.from(bytes.subarray(open + 1, close)).toString('latin1'), source), end };
}

function numbersOf(text: string, source: string): RecordedFeatures {
  const rows = text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([first]) => first !== '');
  const columns = rows[0]?.length ?? 0;
  const wrong = rows.findIndex((row) => row.length !== columns);
  if (columns === 0) throw corrupt(source, 'has a Kaldi matrix without numbers');
  if (wrong >= 0) {
    throw corrupt(source, `has ${rows[wrong]?.length} numbers in row ${wrong}, expected ${columns}`, { row: wrong });
  }
  return requireFinite({ columns, values: Float32Array.from(rows.flat(), Number) }, source);
}

/**
 * Where the matrices of an archive begin, by key.
 *
 * @throws {DataError} `file_corrupt` for a key twice, or none; errors of the sizes of each matrix, which are checked
 */
export function kaldiKeys(bytes: Uint8Array, source: string): Map<string, number> {
  requireInput(bytes, source);
  const places = new Map<string, number>();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.subarray(at, at + LONGEST_KEY).indexOf(SPACE);
    const key = space < 1 ? '' : Buffer.from(bytes.subarray(at, at + space)).toString('utf8');
    if (key === '' || places.has(key)) {
      const found = key === '' ? 'no key' : `the key '${key}' again`;
      throw corrupt(source, `has ${found} at byte ${at}, expected a Kaldi archive: a new key, a space, a matrix`, {
        at,
      });
    }
    places.set(key, at + space + 1);
    at = matrixAt(bytes, source, at + space + 1).end;
  }
  return places;
}

/**
 * The places of the matrices of an `.scp` file, by key: paths, relative to the file, with `:OFFSET`.
 *
 * @throws {DataError} `invalid_row` naming file and line
 */
export function kaldiList(text: string, source: string): Map<string, string> {
  const places = new Map<string, string>();
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const [, key, place = ''] = /^(\S+)\s+(\S.*?)\s*$/.exec(line) ?? [];
    const wrong = key === undefined || places.has(key) || /\||\[[^\]]*\]$/.test(place);
    if (wrong) {
      const expected = 'a new key and a path such as feats.ark:1234, no pipe and no range';
      const message = `'${source}' line ${at + 1}: expected ${expected}, found ${quoted(line)}`;
      throw new DataError('invalid_row', message, { file: source, line: at + 1 });
    }
    places.set(key, resolve(dirname(source), place));
  }
  return places;
}
