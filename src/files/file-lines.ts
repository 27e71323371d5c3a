/** The lines of a text file, read piece by piece: files may be larger than memory. */
import type { FileHandle } from 'node:fs/promises';
import { DataError } from '../core/errors.js';
import { kindHint } from '../core/file-kind.js';
import { openRegularFile } from '../core/regular-file.js';
import { unreadableFile } from '../core/unreadable-file.js';
import { firstInvalidUtf8 } from './text.js';

/** Number of bytes that are read together. */
export const CHUNK_BYTES = 1 << 20;

/** A longer line is refused: real rows are shorter, and JavaScript strings have a limit. */
export const MAX_LINE_BYTES = 1 << 28;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Size and time of the last change of a file. They show whether the file has changed. */
export interface FileStamp {
  readonly bytes: number;
  readonly modifiedMs: number;
}

/** A line of a file. */
export interface FileLine {
  readonly text: string;
  /** From 1. */
  readonly line: number;
  /** Where its bytes begin in the file. */
  readonly offset: number;
  /** Its bytes, without the line end. */
  readonly bytes: number;
}

/**
 * A file while something reads it.
 *
 * @throws {DataError} `file_unreadable`
 */
export async function withFile<T>(path: string, read: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await openRegularFile(path);
  try {
    return await read(file);
  } catch (cause) {
    throw isSystemError(cause) ? unreadableFile(path, cause) : cause;
  } finally {
    await file.close();
  }
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

/** The stamp of an open file. */
export async function stampOf(file: FileHandle): Promise<FileStamp> {
  const { size, mtimeMs } = await file.stat();
  return { bytes: size, modifiedMs: mtimeMs };
}

/** Text of the bytes of a line. @throws {DataError} `not_utf8` with file, line and offset in the file */
export function decodeLine(path: string, bytes: Uint8Array, line: number, offset: number): string {
  const at = firstInvalidUtf8(bytes);
  if (at < 0) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  const byte = bytes[at] as number;
  const hint = offset === 0 ? kindHint(bytes) : '';
  const hex = `0x${byte.toString(16).padStart(2, '0')}`;
  throw new DataError('not_utf8', `'${path}' line ${line} is not UTF-8: byte ${hex} at offset ${offset + at}${hint}`, {
    file: path,
    line,
    offset: offset + at,
    byte,
  });
}

/**
 * Visits the lines of a file from start to end, in one pass. Lines end in LF or CRLF; the last line may have no line
 * end. A byte order mark at the start is skipped. Memory: CHUNK_BYTES and the longest line.
 *
 * @returns the stamp of the file before it was read
 * @throws {DataError} `file_unreadable`; `not_utf8` with line and offset; `too_long` for a line of more than 256 MiB
 */
export async function visitFileLines(path: string, visit: (line: FileLine) => void): Promise<FileStamp> {
  return withFile(path, async (file) => {
    const stamp = await stampOf(file);
    const chunk = new Uint8Array(CHUNK_BYTES);
    let begun: Uint8Array[] = []; // parts of a line that began in earlier chunks
    let begunBytes = 0;
    let position = 0;
    let line = 0;
    const finish = (part: Uint8Array, end: number) => {
      line += 1;
      let bytes = begun.length === 0 ? part : Buffer.concat([...begun, part]);
      let offset = end - bytes.length;
      begun = [];
      begunBytes = 0;
      if (bytes.at(-1) === CARRIAGE_RETURN) bytes = bytes.subarray(0, -1);
      if (offset === 0 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
        bytes = bytes.subarray(3);
        offset = 3;
      }
      visit({ text: decodeLine(path, bytes, line, offset), line, offset, bytes: bytes.length });
    };
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, position);
      if (bytesRead === 0) break;
      let from = 0;
      for (let at = chunk.indexOf(LINE_FEED); at >= 0 && at < bytesRead; at = chunk.indexOf(LINE_FEED, from)) {
        finish(chunk.subarray(from, at), position + at);
        from = at + 1;
      }
      if (from < bytesRead) begun.push(chunk.slice(from, bytesRead));
      begunBytes += bytesRead - from;
      position += bytesRead;
      if (begunBytes > MAX_LINE_BYTES) {
        const message = `'${path}' line ${line + 1} is longer than ${MAX_LINE_BYTES} bytes`;
        throw new DataError('too_long', message, { file: path, line: line + 1, limit: MAX_LINE_BYTES });
      }
    }
    if (begunBytes > 0) finish(new Uint8Array(0), position);
    return stamp;
  });
}
