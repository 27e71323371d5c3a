/**
 * Binary files as data: they are read whole. A file whose content contradicts its sizes is refused, with name, place
 * and both sizes.
 */
import { requireBytesOf, requireText } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { kindHint } from '../core/file-kind.js';
import { readRegularFile, readRegularFileSync } from '../core/regular-file.js';

/**
 * Reads a file and passes its bytes to a decoder.
 *
 * @param decode receives the bytes and the path, which it uses in messages
 * @throws {DataError} `file_unreadable`, and errors of the decoder
 */
export async function decodeFile<T>(path: string, decode: (bytes: Uint8Array, source: string) => T): Promise<T> {
  return decode(await readRegularFile(path), path);
}

/** As `decodeFile`, on the calling thread. */
export function decodeFileSync<T>(path: string, decode: (bytes: Uint8Array, source: string) => T): T {
  return decode(readRegularFileSync(path), path);
}

/** Most bytes that one byte of deflated data can become. Source: zlib, "Technical Details", 1032:1. */
export const MOST_INFLATION = 1032;

/** The arguments of a decoder. @throws {OptionError} `invalid_option` */
export function requireInput(bytes: unknown, source: unknown): void {
  requireBytesOf('the content of a file', bytes);
  requireText('the name of a file', source);
}

/** A view of the bytes that reads numbers of either byte order. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Refuses a file that ends before the end of one of its parts.
 *
 * @param what the part, for the message
 * @param end offset after its last byte
 * @throws {DataError} `file_truncated` with both sizes
 */
export function requireBytes(bytes: Uint8Array, source: string, what: string, end: number): void {
  if (end <= bytes.length) return;
  throw new DataError(
    'file_truncated',
    `'${source}' is cut off: ${what} ends at byte ${end}, but there are ${bytes.length}`,
    { source, what, expected: end, actual: bytes.length },
  );
}

/** The error for a corrupt file. The message follows the file's name. */
export function corrupt(source: string, message: string, details: Readonly<Record<string, unknown>> = {}): DataError {
  return new DataError('file_corrupt', `'${source}' ${message}`, { source, ...details });
}

/** The error for a file of another kind, which says what it is. @param begins what it begins with, and what was expected */
export function otherKind(
  bytes: Uint8Array,
  source: string,
  begins: string,
  details: Readonly<Record<string, unknown>> = {},
): DataError {
  return corrupt(source, `begins with ${begins}${kindHint(bytes)}`, details);
}

/** The error for a file in a form that is not supported. */
export function unsupported(
  source: string,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
): DataError {
  return new DataError('file_unsupported', `'${source}' ${message}`, { source, ...details });
}

/** Bytes as ASCII text; other bytes become question marks. */
export function asciiAt(bytes: Uint8Array, begin: number, length: number): string {
  let text = '';
  for (const byte of bytes.subarray(begin, begin + length)) {
    text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '?';
  }
  return text;
}
