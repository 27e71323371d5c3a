/** Bytes that are read where they are needed: a file, or a part of one. */
import { closeSync, readSync } from 'node:fs';
import { DataError } from './errors.js';
import { openRegularFileSync } from './regular-file.js';
import { unreadableFile } from './unreadable-file.js';

/** Bytes with random access. */
export interface ByteSource {
  /** For messages: the path of the file, with the name of the entry behind it where it is a part of an archive. */
  readonly name: string;
  /** Bytes in all. */
  readonly size: number;
  /**
   * The bytes [position, position + length), which the caller may keep and change.
   *
   * @throws {DataError} `file_truncated` when they go beyond the end, `file_unreadable`
   */
  read(position: number, length: number): Uint8Array;
}

/** An open file. Close it at the end. */
export interface OpenFile extends ByteSource {
  /** The path that was opened. */
  readonly path: string;
  close(): void;
}

/** The error for a part that ends behind the end. */
export function cutOff(name: string, what: string, end: number, size: number): DataError {
  const message = `'${name}' is cut off: ${what} ends at byte ${end}, but there are ${size}`;
  return new DataError('file_truncated', message, { source: name, what, expected: end, actual: size });
}

/** @throws {DataError} `file_truncated` for bytes that are not there */
export function requireWithin({ name, size }: ByteSource, what: string, position: number, length: number): void {
  const end = position + length;
  if (position >= 0 && length >= 0 && end <= size) return;
  throw cutOff(name, what, end, size);
}

/**
 * Opens a file.
 *
 * @throws {DataError} `file_unreadable`, saying what it is in place of a file
 * @throws {OptionError} `invalid_option` for what is no path
 */
export function openFile(path: string): OpenFile {
  const { file, size } = openRegularFileSync(path);
  let isOpen = true;
  const opened: OpenFile = {
    path,
    name: path,
    size,
    read(position, length) {
      // The number of a closed file may be that of another one by now.
      if (!isOpen) throw unreadableFile(path, new Error('it has been closed'));
      requireWithin(opened, `a part of ${length} bytes`, position, length);
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const count = readInto(path, file, bytes, done, position);
        if (count === 0) throw cutOff(path, `a part of ${length} bytes`, position + length, position + done);
        done += count;
      }
      return bytes;
    },
    close() {
      if (isOpen) closeSync(file);
      isOpen = false;
    },
  };
  return opened;
}

function readInto(path: string, file: number, bytes: Uint8Array, done: number, position: number): number {
  try {
    return readSync(file, bytes, done, bytes.byteLength - done, position + done);
  } catch (cause) {
    throw unreadableFile(path, cause);
  }
}

/** Bytes in memory as a source. @param name for messages */
export function bytesAsSource(name: string, bytes: Uint8Array): ByteSource {
  const source: ByteSource = {
    name,
    size: bytes.byteLength,
    read(position, length) {
      requireWithin(source, `a part of ${length} bytes`, position, length);
      return new Uint8Array(bytes.subarray(position, position + length)); // slice() of a Buffer is a view
    },
  };
  return source;
}

/** The bytes [begin, begin + size) of a source as one of their own. @throws {DataError} `file_truncated` */
export function partOf(source: ByteSource, name: string, begin: number, size: number): ByteSource {
  requireWithin(source, name, begin, size);
  const part: ByteSource = {
    name: `${source.name}: ${name}`,
    size,
    read(position, length) {
      requireWithin(part, `a part of ${length} bytes`, position, length);
      return source.read(begin + position, length);
    },
  };
  return part;
}
