/**
 * Reads and writes files. Reading and writing are generators of requests, so that the same code serves two drivers: one
 * on the calling thread (signal handlers need it) and one that leaves the event loop free between requests.
 */

import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  type Stats,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { requirePath } from '../core/arguments.js';
import { CheckpointError } from '../core/errors.js';
import { openError, otherThanFile } from '../core/regular-file.js';
import { flush, flushSync, newFileFlags } from './flush.js';

/** Most bytes of one request; the event loop continues between two requests. A checksum of so many takes a millisecond or a few. */
export const CHUNK_BYTES = 1024 * 1024;

/** A request to read `bytes` from, or write them to, the file at `position`. */
export interface TransferRequest {
  readonly bytes: Uint8Array;
  readonly position: number;
}

/** A reading or writing as a generator: it yields a request and continues when the request is done. */
export type Transfer<T> = Generator<TransferRequest, T, void>;

// Without O_NONBLOCK, opening a named pipe waits for a writer without limit. Windows has no such flag.
const READ_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

function openFailed(path: string, cause: unknown): CheckpointError {
  const code = (cause as NodeJS.ErrnoException | null)?.code;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new CheckpointError('checkpoint_missing', `there is no checkpoint '${path}'`, { path }, cause);
  }
  return readFailed(path, openError(path, cause));
}

function readFailed(path: string, cause: unknown): CheckpointError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CheckpointError('checkpoint_unreadable', `cannot read '${path}': ${reason}`, { path }, cause);
}

function requireFile(path: string, stats: Stats): number {
  if (stats.isFile()) return stats.size;
  const what = otherThanFile(stats);
  throw new CheckpointError('checkpoint_unreadable', `cannot read '${path}': ${what}`, { path });
}

function endedEarly(path: string, request: TransferRequest, read: number): CheckpointError {
  const needed = request.position + request.bytes.byteLength;
  return new CheckpointError(
    'checkpoint_truncated',
    `'${path}' became shorter while it was read: ${needed} bytes were expected, it ended at ${request.position + read}`,
    { path, needed, actual: request.position + read },
  );
}

/**
 * Executes a reading on the file.
 *
 * @param reading gets the size of the file in bytes
 * @throws {CheckpointError} `checkpoint_missing`, `checkpoint_unreadable`, `checkpoint_truncated`, and errors of
 * `reading`
 */
export function readFileBySync<T>(path: string, reading: (fileBytes: number) => Transfer<T>): T {
  requirePath(path);
  let file: number;
  try {
    file = openSync(path, READ_FLAGS);
  } catch (cause) {
    throw openFailed(path, cause);
  }
  try {
    const transfer = reading(requireFile(path, fstatSync(file)));
    for (let next = transfer.next(); ; next = transfer.next()) {
      if (next.done === true) return next.value;
      const { bytes, position } = next.value;
      for (let done = 0; done < bytes.byteLength; ) {
        let count: number;
        try {
          count = readSync(file, bytes, done, bytes.byteLength - done, position + done);
        } catch (cause) {
          throw readFailed(path, cause);
        }
        if (count === 0) throw endedEarly(path, next.value, done);
        done += count;
      }
    }
  } finally {
    closeSync(file);
  }
}

/** As `readFileBySync`, off the calling thread. */
export async function readFileBy<T>(path: string, reading: (fileBytes: number) => Transfer<T>): Promise<T> {
  requirePath(path);
  const file = await open(path, READ_FLAGS).catch((cause: unknown) => {
    throw openFailed(path, cause);
  });
  try {
    const transfer = reading(requireFile(path, await file.stat()));
    for (let next = transfer.next(); ; next = transfer.next()) {
      if (next.done === true) return next.value;
      const { bytes, position } = next.value;
      for (let done = 0; done < bytes.byteLength; ) {
        const { bytesRead } = await file
          .read(bytes, done, bytes.byteLength - done, position + done)
          .catch((cause: unknown) => {
            throw readFailed(path, cause);
          });
        if (bytesRead === 0) throw endedEarly(path, next.value, done);
        done += bytesRead;
      }
    }
  } finally {
    await file.close();
  }
}

const TEMPORARY_NAME = /^\..+\.(\d{1,10})-[0-9a-f]{12}\.tmp$/;

/** Temporary name, in the same directory, of a file that is being written. */
export function temporaryPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
}

/** True for the file names that `temporaryPath` makes. A killed process may leave such files. */
export function isTemporaryName(name: string): boolean {
  return TEMPORARY_NAME.test(name);
}

/** Number of the process that made a temporary file; undefined for another name. */
export function temporaryPid(name: string): number | undefined {
  const pid = TEMPORARY_NAME.exec(name)?.[1];
  return pid === undefined ? undefined : Number(pid);
}

function writeFailed(path: string, cause: unknown): CheckpointError {
  if (cause instanceof CheckpointError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CheckpointError('checkpoint_write_failed', `cannot write '${path}': ${reason}`, { path }, cause);
}

/** Flushes a file to the disk. */
export function syncFileSync(path: string): void {
  const file = openSync(path, 'r+'); // Windows flushes only files that are open for writing
  try {
    flushSync(file);
  } finally {
    closeSync(file);
  }
}

/** What file systems of a network answer that cannot flush a directory, or need no such call. */
const NO_DIRECTORY_SYNC: readonly unknown[] = [
  'EINVAL',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EISDIR',
  'EBADF',
  'EPERM',
  'EACCES',
];

/** Whether a directory cannot be flushed: the renamed file in it is whole all the same. */
function isUnflushable(error: unknown): boolean {
  return NO_DIRECTORY_SYNC.includes((error as NodeJS.ErrnoException | null)?.code);
}

/** Makes a rename in the directory durable, where the file system can. Windows cannot open directories, and needs no such call. */
export function syncDirectorySync(path: string): void {
  if (process.platform === 'win32') return;
  try {
    const directory = openSync(path, constants.O_RDONLY);
    try {
      flushSync(directory);
    } finally {
      closeSync(directory);
    }
  } catch (error) {
    if (!isUnflushable(error)) throw error;
  }
}

async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  try {
    const directory = await open(path, constants.O_RDONLY);
    try {
      await flush(directory);
    } finally {
      await directory.close();
    }
  } catch (error) {
    if (!isUnflushable(error)) throw error;
  }
}

/**
 * Writes a file so that the path has the complete old content or the complete new one, also when the process or the
 * machine stops at any moment: a temporary file in the same directory is written, flushed and renamed, and the
 * directory is flushed.
 *
 * @throws {CheckpointError} `checkpoint_write_failed`; the path then has its old content, and the temporary file is
 * removed
 */
export function writeFileBySync(path: string, writing: () => Transfer<void>): void {
  requirePath(path);
  const temporary = temporaryPath(path);
  try {
    const file = openSync(temporary, newFileFlags());
    try {
      for (const { bytes, position } of writing()) {
        for (let done = 0; done < bytes.byteLength; ) {
          done += written(writeSync(file, bytes, done, bytes.byteLength - done, position + done));
        }
      }
      flushSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    syncDirectorySync(dirname(path));
  } catch (cause) {
    if (existsSync(temporary)) unlinkSync(temporary);
    throw writeFailed(path, cause);
  }
}

/** As `writeFileBySync`, off the calling thread. The data must not change before the promise settles. */
export async function writeFileBy(path: string, writing: () => Transfer<void>): Promise<void> {
  requirePath(path);
  const temporary = temporaryPath(path);
  try {
    const file = await open(temporary, newFileFlags());
    try {
      for (const request of writing()) await writeWhole(file, request);
      await flush(file);
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (cause) {
    await unlink(temporary).catch(() => undefined); // it may not exist; the error that matters is the first one
    throw writeFailed(path, cause);
  }
}

/** The bytes of a write. A file system that takes none and says no error would be asked without end. */
function written(bytes: number): number {
  if (bytes > 0) return bytes;
  throw new Error('the file system takes no more bytes and does not say why');
}

async function writeWhole(file: FileHandle, { bytes, position }: TransferRequest): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.byteLength - done, position + done);
    done += written(bytesWritten);
  }
}

/** A writing of bytes that are all in memory. */
export function* writeBytes(bytes: Uint8Array): Transfer<void> {
  for (let at = 0; at < bytes.byteLength; at += CHUNK_BYTES) {
    yield { bytes: bytes.subarray(at, at + CHUNK_BYTES), position: at };
  }
}
