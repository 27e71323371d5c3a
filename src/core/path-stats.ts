/** What is at the paths that users give. No other file asks the system for it. */
import { existsSync, realpathSync, type Stats, statSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { requirePath } from './arguments.js';
import { unreadableFile } from './unreadable-file.js';

/**
 * What is at a path.
 *
 * @returns undefined when nothing is there
 * @throws {DataError} `file_unreadable` for a path that cannot be followed: a part of it is a file, its links go round in a
 *   circle, a name is too long, it holds NUL, a folder may not be read
 */
export function statsAt(path: string): Stats | undefined {
  requirePath(path);
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    throw unreadableFile(path, cause);
  }
}

/** The path of what is there, without symbolic links. @throws {DataError} `file_unreadable` */
export function realPathAt(path: string): string {
  try {
    return realpathSync(requirePath(path));
  } catch (cause) {
    throw unreadableFile(path, cause);
  }
}

/** Whether something is at a path that can be followed. It throws nothing. */
export function existsAt(path: string): boolean {
  return existsSync(path);
}

/** Whether two paths lead to the same file or folder; false where one of them leads nowhere. */
export function isSameFile(path: string, other: unknown): boolean {
  if (typeof other !== 'string' || !existsAt(path) || !existsAt(other)) return false;
  const [one, two] = [statsAt(path), statsAt(other)];
  return one !== undefined && one.dev === two?.dev && one.ino === two.ino;
}

/** Bytes of a file; 0 where it cannot be followed: that is said when it is opened. */
export function fileBytesAt(path: string): number {
  try {
    return statsAt(path)?.size ?? 0;
  } catch {
    return 0;
  }
}

/** Names in a folder, but for those of folders, in no order. @throws {DataError} `file_unreadable` */
export async function fileNamesIn(folder: string): Promise<string[]> {
  const entries = await readdir(requirePath(folder), { withFileTypes: true }).catch((cause: unknown) => {
    throw unreadableFile(folder, cause);
  });
  return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
}

/** Makes a folder, and those above it, where they are not there. It throws the error of the system, which the caller names. */
export async function makeFolder(folder: string): Promise<void> {
  await mkdir(requirePath(folder), { recursive: true });
}
