/** The file of a lock: who holds it, and the steps that only one process can do. */
import {
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  linkSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { isJsonObject, type JsonValue, parseShallowJson } from '../core/json.js';
import type { ProcessIdentity } from './process-identity.js';

/** Name of the lock in a run directory. */
export const LOCK_NAME = 'run.lock';

/** A holder that cannot be seen and has given no sign of life for so long has ended. */
export const LAPSE_SECONDS = 60;

const MAX_LOCK_BYTES = 4096;
const SUCCESSOR_NAME = /^run\.lock\.after-[0-9a-z]+$/;
/** Holder of a file that says of none. Nothing tells whether its process runs, except its signs of life. */
export const UNREADABLE: Holder = {
  token: 'unreadable',
  since: 'an unknown time',
  pid: -1,
  started: null,
  host: '',
  boot: null,
  namespace: null,
};

/** The process that holds a lock. */
export interface Holder extends ProcessIdentity {
  /** Random, so that no two holders are alike. */
  readonly token: string;
  /** When it took the lock, ISO 8601. */
  readonly since: string;
}

/** A lock as it was found. */
export interface FoundLock {
  readonly holder: Holder;
  /** Time of the last sign of life, by the clock of the file system. */
  readonly refreshedMs: number;
  readonly path: string;
}

/** True for the files of a lock. */
export function isLockName(name: string): boolean {
  return name === LOCK_NAME || SUCCESSOR_NAME.test(name);
}

export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(String((error as NodeJS.ErrnoException | null)?.code));
}

function holderOf(text: string): Holder {
  let value: JsonValue = null;
  try {
    value = parseShallowJson(text);
  } catch {
    return UNREADABLE;
  }
  if (!isJsonObject(value)) return UNREADABLE;
  const { token, since, pid, host } = value;
  const isWhole =
    typeof token === 'string' &&
    /^[0-9a-f]{1,64}$/.test(token) &&
    typeof since === 'string' &&
    typeof host === 'string';
  return isWhole && Number.isSafeInteger(pid) && (pid as number) > 0 ? (value as unknown as Holder) : UNREADABLE;
}

/** The lock at a path; undefined when there is none. */
export function readLock(path: string): FoundLock | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0));
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw new Error(`'${path}' is not a file`);
    const holder = stats.size > MAX_LOCK_BYTES ? UNREADABLE : holderOf(readFileSync(file, 'utf8'));
    return { holder, refreshedMs: stats.mtimeMs, path };
  } finally {
    closeSync(file);
  }
}

/** Whether a name already leads to the content of a file, which no other file has. */
function hasContentOf(temporary: string, path: string): boolean {
  try {
    return readFileSync(path).equals(readFileSync(temporary));
  } catch {
    return false;
  }
}

/**
 * Gives a complete file a name that must be free. A file system of a network may lose its answer and do the same twice: then the
 * name is taken, by this file.
 *
 * @param temporary a file whose content no other one has
 * @returns false when it is taken
 */
export function claim(temporary: string, path: string): boolean {
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if (hasContentOf(temporary, path)) return true;
    if (isCode(error, 'EEXIST')) return false;
    if (!isCode(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK')) throw error;
  }
  try {
    copyFileSync(temporary, path, constants.COPYFILE_EXCL); // a file system without links
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** A sign of life: the same first byte is written again, and the file system notes the time by its own clock. */
export function refreshLock(path: string): void {
  const file = openSync(path, 'r+');
  try {
    writeSync(file, '{', 0);
  } finally {
    closeSync(file);
  }
}

export function removeLock(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
  }
}
