/**
 * Bytes to and from a file. What is read or written is a generator of requests, so that one logic serves two drivers:
 * one on the calling thread (signal handlers need it) and one that leaves the event loop free between requests.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  type Stats,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CheckpointError } from '../core/errors.js';

/** Bytes moved by one request at most; between two requests the event loop runs. */
export const CHUNK_BYTES = 4 * 1024 * 1024;

/** A wish to have `bytes` read from, or written to, the file at `position`. */
export interface TransferRequest {
  readonly bytes: Uint8Array;
  readonly position: number;
}

/** Reading or writing, as a generator: it yields what it wants done and goes on when that is done. */
export type Transfer<T> = Generator<TransferRequest, T, void>;

// Without O_NONBLOCK, opening a named pipe waits for a writer for ever. Windows has no such flag.
const READ_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

function openFailed(path: string, cause: unknown): CheckpointError {
  const code = (cause as NodeJS.ErrnoException | null)?.code;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new CheckpointError('checkpoint_missing', `there is no checkpoint '${path}'`, { path }, cause);
  }
  return readFailed(path, cause);
}

function readFailed(path: string, cause: unknown): CheckpointError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CheckpointError('checkpoint_unreadable', `cannot read '${path}': ${reason}`, { path }, cause);
}

function requireFile(path: string, stats: Stats): number {
  if (stats.isFile()) return stats.size;
  throw new CheckpointError('checkpoint_unreadable', `cannot read '${path}': it is not a file`, { path });
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
 * Runs a reading on the file.
 *
 * @param reading gets the size of the file in bytes
 * @throws {CheckpointError} `checkpoint_missing`, `checkpoint_unreadable`, `checkpoint_truncated`, and what `reading`
 *   throws
 */
export function readFileBySync<T>(path: string, reading: (fileBytes: number) => Transfer<T>): T {
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

const TEMPORARY_NAME = /^\..+\.\d+-[0-9a-f]{12}\.tmp$/;

/** Name, in the same directory, under which a file is written before it gets its own. */
export function temporaryPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
}

/** True for the file names that `temporaryPath` makes: what a killed process may leave behind. */
export function isTemporaryName(name: string): boolean {
  return TEMPORARY_NAME.test(name);
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
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes a rename in the directory durable. Windows cannot open directories, and needs no such call. */
export function syncDirectorySync(path: string): void {
  if (process.platform === 'win32') return;
  const directory = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, constants.O_RDONLY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/**
 * Writes a file so that, whenever the process or the machine stops, the path holds the old content or the new one,
 * whole: a temporary file in the same directory, flushed, renamed, the directory flushed.
 *
 * @throws {CheckpointError} `checkpoint_write_failed`; the path then holds what it held, and the temporary file is gone
 */
export function writeFileBySync(path: string, writing: () => Transfer<void>): void {
  const temporary = temporaryPath(path);
  try {
    const file = openSync(temporary, 'wx');
    try {
      for (const { bytes, position } of writing()) {
        for (let done = 0; done < bytes.byteLength; ) {
          done += writeSync(file, bytes, done, bytes.byteLength - done, position + done);
        }
      }
      fsyncSync(file);
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

/** As `writeFileBySync`, off the calling thread. What is written must not change before the promise settles. */
export async function writeFileBy(path: string, writing: () => Transfer<void>): Promise<void> {
  const temporary = temporaryPath(path);
  try {
    const file = await open(temporary, 'wx');
    try {
      for (const request of writing()) await writeWhole(file, request);
      await file.sync();
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

async function writeWhole(file: FileHandle, { bytes, position }: TransferRequest): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.byteLength - done, position + done);
    done += bytesWritten;
  }
}

/** A writing of bytes that are all there already. */
export function* writeBytes(bytes: Uint8Array): Transfer<void> {
  for (let at = 0; at < bytes.byteLength; at += CHUNK_BYTES) {
    yield { bytes: bytes.subarray(at, at + CHUNK_BYTES), position: at };
  }
}
