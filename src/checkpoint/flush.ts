/** Waits until what was written is on its disk, also where Node or a package manager takes the usual call away. */
import { constants, fsync, fsyncSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';

const fsyncOf = promisify(fsync);

/** Whether Node's permission model is on. It forbids to flush files from Node 24 on, though not to write them. */
const isRestricted = (): boolean => (process as { readonly permission?: unknown }).permission !== undefined;

/** How a new file is opened that will be flushed. Under the permission model each write waits for the disk, as flushing is forbidden. */
export function newFileFlags(): string | number {
  const { O_CREAT, O_EXCL, O_SYNC, O_WRONLY } = constants;
  return isRestricted() && O_SYNC !== undefined ? O_CREAT | O_EXCL | O_SYNC | O_WRONLY : 'wx';
}

function requireOtherThanDenied(error: unknown): void {
  if (!isRestricted() || (error as NodeJS.ErrnoException).code !== 'ERR_ACCESS_DENIED') throw error;
}

/** Flushes a file or a directory that is open as `descriptor`. */
export function flushSync(descriptor: number): void {
  try {
    fsyncSync(descriptor);
  } catch (error) {
    requireOtherThanDenied(error);
  }
}

/** As `flushSync`, off the calling thread. The handles of yarn's Plug'n'Play have no `sync`. */
export async function flush(file: FileHandle): Promise<void> {
  try {
    await file.sync();
  } catch (error) {
    if ((error as Error).message === 'Method not implemented.') await fsyncOf(file.fd);
    else requireOtherThanDenied(error);
  }
}
