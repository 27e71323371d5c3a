/**
 * Opens files that are files. A named pipe, a device, a socket or a folder is refused, and nothing waits for a pipe: a
 * process that waits in the system cannot be asked to stop.
 */

import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { requirePath } from './arguments.js';
import { unreadableFile } from './unreadable-file.js';

// Without O_NONBLOCK, opening a named pipe waits for a writer without limit. Windows has no such flag.
const READ_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** What a place of the file system is that is no file; undefined for a file. */
export function otherThanFile(stats: Stats): string | undefined {
  if (stats.isFile()) return undefined;
  if (stats.isDirectory()) return 'it is a directory';
  if (stats.isFIFO()) return 'it is a named pipe, not a file: write what comes out of it to a file first';
  if (stats.isSocket()) return 'it is a socket, not a file';
  return 'it is a device, not a file';
}

function notAFile(stats: Stats): Error | undefined {
  const what = otherThanFile(stats);
  return what === undefined ? undefined : Object.assign(new Error(what), { code: 'ERR_NOT_A_FILE' });
}

/** Why a place cannot be opened: the system's error for a socket says nothing (ENXIO). */
export function openError(path: string, cause: unknown): unknown {
  try {
    return notAFile(statSync(path)) ?? cause;
  } catch {
    return cause;
  }
}

/**
 * Opens a file to read it.
 *
 * @throws {DataError} `file_unreadable`, saying what it is in place of a file
 */
export async function openRegularFile(path: string): Promise<FileHandle> {
  requirePath(path);
  const file = await open(path, READ_FLAGS).catch((cause: unknown) => {
    throw unreadableFile(path, openError(path, cause));
  });
  const error = notAFile(await file.stat());
  if (error === undefined) return file;
  await file.close();
  throw unreadableFile(path, error);
}

/** The bytes of a file. @throws {DataError} `file_unreadable` */
export async function readRegularFile(path: string): Promise<Buffer> {
  const file = await openRegularFile(path);
  try {
    return await file.readFile();
  } catch (cause) {
    throw unreadableFile(path, cause);
  } finally {
    await file.close();
  }
}

/** An open file and its size in bytes. @throws {DataError} `file_unreadable`, saying what it is in place of a file */
export function openRegularFileSync(path: string): { readonly file: number; readonly size: number } {
  requirePath(path);
  let file: number;
  try {
    file = openSync(path, READ_FLAGS);
  } catch (cause) {
    throw unreadableFile(path, openError(path, cause));
  }
  try {
    const stats = fstatSync(file);
    const error = notAFile(stats);
    if (error !== undefined) throw error;
    return { file, size: stats.size };
  } catch (cause) {
    closeSync(file);
    throw unreadableFile(path, cause);
  }
}

/** As `readRegularFile`, on the calling thread. */
export function readRegularFileSync(path: string): Buffer {
  const { file } = openRegularFileSync(path);
  try {
    return readFileSync(file);
  } catch (cause) {
    throw unreadableFile(path, cause);
  } finally {
    closeSync(file);
  }
}
