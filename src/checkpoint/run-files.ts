/** The files of a run directory in training: what belongs to it, what ended processes left, and second names of checkpoints. */
import {
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  readlinkSync,
  realpathSync,
  renameSync,
  unlinkSync,
} from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { CheckpointError, ConfigurationError } from '../core/errors.js';
import { isTemporaryName, syncDirectorySync, syncFileSync, temporaryPath, temporaryPid } from './file-transfer.js';
import { isLockName, LAPSE_SECONDS, LOCK_NAME, readLock } from './lock-file.js';
import { isPidInUse, stateOfProcess } from './process-identity.js';
import { checkpointsPath, listDirectory } from './run.js';

/** True when a directory does not exist, or holds nothing but what a process leaves that ended before its run began. */
export function isRunEmpty(path: string): boolean {
  return listDirectory(path).every(
    (name) =>
      isTemporaryName(name) ||
      isLockName(name) ||
      (name === 'checkpoints' && listDirectory(join(path, name)).every(isTemporaryName)),
  );
}

/** @throws {ConfigurationError} `invalid_configuration` for a folder that is a link to a place outside the run */
export function requireInside(path: string): void {
  const inner = checkpointsPath(path);
  if (lstatSync(inner, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return;
  const place = existsSync(inner) ? realpathSync(inner) : readlinkSync(inner);
  if (place.startsWith(realpathSync(path) + sep)) return;
  const message = `'${inner}' is a symbolic link to '${place}', outside the run: checkpoints are written only into the run directory; make the run directory itself there, or a link to it`;
  throw new ConfigurationError('invalid_configuration', message, { run: path, path: inner, place });
}

/**
 * Removes what ended processes left unfinished. A file of a process that may still write to it stays.
 *
 * @param endedPids numbers of processes that held the lock of the run and ended
 */
export function removeLeftovers(directory: string, endedPids: ReadonlySet<number>): void {
  const now = Date.now();
  for (const name of listDirectory(directory)) {
    const path = join(directory, name);
    const pid = temporaryPid(name);
    if (pid === undefined) continue;
    const age = now - (lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? now);
    const isQuiet = age > LAPSE_SECONDS * 1e3 && (pid === process.pid || !isPidInUse(pid));
    if (endedPids.has(pid) || isQuiet || isLockOfEnded(path, name)) removeFile(path);
  }
}

/** Whether a temporary file is a lock that was about to be taken, of a process that has ended: it says of which. */
function isLockOfEnded(path: string, name: string): boolean {
  if (!name.startsWith(`.${LOCK_NAME}.`)) return false;
  try {
    const found = readLock(path);
    return found !== undefined && stateOfProcess(found.holder) === 'ended';
  } catch {
    return false; // not a file that can be read
  }
}

/** Removes a file, if it is there. */
export function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
  }
}

/** Gives a file a second name: a hard link, or a copy if the file system has no links. */
export function addName(path: string, name: string): void {
  const temporary = temporaryPath(name);
  try {
    try {
      linkSync(path, temporary);
    } catch {
      copyFileSync(path, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
      syncFileSync(temporary);
    }
    renameSync(temporary, name);
    syncDirectorySync(dirname(name));
  } catch (cause) {
    removeFile(temporary);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CheckpointError('checkpoint_write_failed', `cannot write '${name}': ${reason}`, { path: name }, cause);
  }
}
