/** The bytes of a table, or of lines of text, piece by piece: packed by gzip or not, in UTF-8 or another encoding. */
import { isAscii, isUtf8 } from 'node:buffer';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DataError } from '../core/errors.js';
import { KIND_BYTES, otherThanText } from '../core/file-kind.js';
import { openRegularFile } from '../core/regular-file.js';
import { unreadableFile } from '../core/unreadable-file.js';
import { CHUNK_BYTES } from './file-lines.js';
import { firstInvalidUtf8 } from './text.js';

/** Largest size of a packed file when it is unpacked. */
const MAX_UNPACKED_BYTES = 2 ** 34;

/**
 * Largest size in multiples of the packed size, for what is larger than SMALL_UNPACKED_BYTES. Tables and texts shrink to a twentieth
 * at most; gzip can shrink to a thousandth what somebody made for it, and a few kilobytes could otherwise fill the memory.
 */
const MAX_UNPACKED_RATIO = 100;
const SMALL_UNPACKED_BYTES = 2 ** 26;

/** Marks at the start of a file. */
const GZIP = [0x1f, 0x8b];
const UTF16_LE = [0xff, 0xfe];
const UTF16_BE = [0xfe, 0xff];
const UTF8_MARK = [0xef, 0xbb, 0xbf];

/** A piece of a table in UTF-8, or as text. It ends between two characters. */
export type TablePiece = Buffer | string;

function beginsWith(bytes: Uint8Array, mark: readonly number[]): boolean {
  return mark.every((byte, at) => bytes[at] === byte);
}

async function* fileChunks(path: string): AsyncGenerator<Buffer, void, void> {
  const file = await openRegularFile(path);
  try {
    for await (const chunk of file.createReadStream({ highWaterMark: CHUNK_BYTES })) yield chunk as Buffer;
  } catch (cause) {
    throw unreadableFile(path, cause);
  } finally {
    await file.close();
  }
}

/** The first bytes, at least as many as marks and kinds of files need if there are so many. */
async function firstBytes(chunks: AsyncGenerator<Buffer, void, void>): Promise<Buffer> {
  let first: Buffer = Buffer.alloc(0);
  while (first.length < KIND_BYTES) {
    const { value, done } = await chunks.next();
    if (done === true) break;
    first = Buffer.concat([first, value]);
  }
  return first;
}

async function* chain(first: Buffer, rest: AsyncGenerator<Buffer, void, void>): AsyncGenerator<Buffer, void, void> {
  if (first.length > 0) yield first;
  yield* rest;
}

async function* unpacked(path: string, chunks: AsyncGenerator<Buffer, void, void>, limit: number) {
  let bytes = 0;
  let packed = 0;
  const counted = async function* () {
    for await (const chunk of chunks) {
      packed += chunk.length;
      yield chunk;
    }
  };
  const gunzip = pipeline(Readable.from(counted()), createGunzip({ chunkSize: CHUNK_BYTES }), () => {});
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > limit) {
        const message = `'${path}' has more than ${limit} bytes when it is unpacked: unpack it and take the part that is needed`;
        throw new DataError('too_long', message, { file: path, limit });
      }
      if (bytes > SMALL_UNPACKED_BYTES && bytes > MAX_UNPACKED_RATIO * packed) {
        const message = `'${path}' becomes more than ${MAX_UNPACKED_RATIO} times as large when it is unpacked (${bytes} of ${packed} bytes), as only a file does that was made to fill the memory: if you trust it, unpack it first`;
        throw new DataError('too_long', message, { file: path, limit: MAX_UNPACKED_RATIO * packed });
      }
      yield chunk;
    }
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataError(
      'file_corrupt',
      `'${path}' begins as gzip but cannot be unpacked: ${reason}`,
      { file: path },
      cause,
    );
  }
}

/** The end of the last whole character. A lead byte and what follows it may be part of a longer one. */
function characterEnd(bytes: Uint8Array): number {
  let at = bytes.length - 1;
  while (at > 0 && bytes.length - at < 4 && ((bytes[at] as number) & 0xc0) === 0x80) at -= 1;
  return at >= 0 && (bytes[at] as number) >= 0x80 ? at : bytes.length;
}

async function* utf8Pieces(path: string, chunks: AsyncGenerator<Buffer, void, void>) {
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  /** Yields what is right, so that a reader can count the lines before what is wrong. */
  const checked = function* (bytes: Buffer, start = 0) {
    const at = isUtf8(bytes) ? bytes.length : firstInvalidUtf8(bytes);
    if (at > start) yield bytes.subarray(start, at);
    if (at < bytes.length) throw notUtf8(path, { offset: offset + at, byte: bytes[at] as number });
    offset += bytes.length;
  };
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = characterEnd(bytes);
    rest = bytes.subarray(end);
    const start = offset === 0 && beginsWith(bytes, UTF8_MARK) ? UTF8_MARK.length : 0;
    yield* checked(bytes.subarray(0, end), start);
  }
  if (rest.length > 0) yield* checked(rest);
}

/** The error for a byte that is not UTF-8. @param line where it is, if that is known */
export function notUtf8(path: string, { offset, byte, line }: { offset: number; byte: number; line?: number }) {
  const where = line === undefined ? '' : ` line ${line}`;
  const hex = byte.toString(16).padStart(2, '0');
  const message = `'${path}'${where} is not UTF-8: byte 0x${hex} at offset ${offset}; --encoding latin1 (or another name) reads other encodings`;
  const details = { source: path, file: path, offset, byte, ...(line !== undefined && { line }) };
  return new DataError('not_utf8', message, details);
}

async function* decodedPieces(path: string, chunks: AsyncGenerator<Buffer, void, void>, encoding: string) {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const check = new Utf8Check();
  try {
    for await (const chunk of chunks) {
      check.add(chunk);
      yield decoder.decode(chunk, { stream: true });
    }
    yield decoder.decode();
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    const message = `'${path}' is not ${encoding}: some of its bytes stand for no character; --encoding names another encoding`;
    throw new DataError('not_utf8', message, { source: path, encoding }, cause);
  }
  if (!SINGLE_BYTE.test(decoder.encoding) || !check.isUtf8) return;
  const message = `'${path}' is UTF-8 with characters of several bytes, and is to be read as ${encoding}, where each byte is a character; --encoding utf-8 reads it`;
  throw new DataError('wrong_encoding', message, { source: path, file: path, encoding });
}

/** Encodings of a byte for each character. Their texts are hardly ever valid UTF-8 by chance, unless they are ASCII. */
const SINGLE_BYTE = /^(ibm866|iso-8859-|koi8-|macintosh|windows-|x-mac-)/;

/** Whether the bytes of a file are UTF-8, and not only ASCII. */
class Utf8Check {
  #rest: Buffer = Buffer.alloc(0);
  #isValid = true;
  #hasMore = false;

  add(chunk: Buffer): void {
    if (!this.#isValid || (this.#rest.length === 0 && isAscii(chunk))) return;
    const bytes = Buffer.concat([this.#rest, chunk]);
    const end = characterEnd(bytes);
    this.#rest = bytes.subarray(end);
    this.#isValid = isUtf8(bytes.subarray(0, end));
    this.#hasMore ||= !isAscii(bytes);
  }

  get isUtf8(): boolean {
    return this.#hasMore && this.#isValid && isUtf8(this.#rest);
  }
}

/**
 * The pieces of a table, unpacked and without a byte order mark.
 *
 * @param encoding a label of `TextDecoder`; default UTF-8, or UTF-16 where the file has its mark
 * @param limit largest number of unpacked bytes of a packed file
 * @throws {DataError} `file_unreadable`; `not_utf8` with the offset of the wrong byte; `file_corrupt`, `too_long` for
 * packed files; `file_unsupported`, saying what it is, for a file of another kind
 */
export async function* tablePieces(
  path: string,
  encoding?: string,
  limit = MAX_UNPACKED_BYTES,
): AsyncGenerator<TablePiece, void, void> {
  const raw = fileChunks(path);
  try {
    yield* piecesOf(path, raw, encoding, limit);
  } finally {
    await raw.return();
  }
}

async function* piecesOf(
  path: string,
  raw: AsyncGenerator<Buffer, void, void>,
  encoding: string | undefined,
  limit: number,
): AsyncGenerator<TablePiece, void, void> {
  const start = await firstBytes(raw);
  const whole = chain(start, raw);
  const chunks = beginsWith(start, GZIP) ? unpacked(path, whole, limit) : whole;
  const first = await firstBytes(chunks);
  const bytes = chain(first, chunks);
  const wide = beginsWith(first, UTF16_LE) ? 'utf-16le' : beginsWith(first, UTF16_BE) ? 'utf-16be' : undefined;
  const name = encoding ?? wide ?? 'utf-8';
  const kind = otherThanText(first, name === 'utf-8');
  if (kind !== '') throw new DataError('file_unsupported', `'${path}' is no text: ${kind}`, { file: path });
  if (name === 'utf-8') yield* utf8Pieces(path, bytes);
  else yield* decodedPieces(path, bytes, name);
}
