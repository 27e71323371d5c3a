/** Writes the files of an export. */
import { writeBytes, writeFileBy } from '../../checkpoint/file-transfer.js';
import { writeSafetensors } from '../../checkpoint/safetensors.js';
import type { StoredTensor } from '../../checkpoint/tensor-types.js';
import { CheckpointError, InterchangeError } from '../../core/errors.js';
import { existsAt, makeFolder as madeFolder } from '../../core/path-stats.js';
import { readRegularFile } from '../../core/regular-file.js';

/** @throws {InterchangeError} `export_failed` */
async function orFail(path: string, write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (cause) {
    const isOwn = cause instanceof CheckpointError;
    if (!isOwn && (cause as NodeJS.ErrnoException).code === undefined) throw cause;
    throw new InterchangeError(
      'export_failed',
      `'${path}' cannot be written: ${(cause as Error).message}`,
      { path },
      cause,
    );
  }
}

/** A file of bytes, which appears when it is complete. @throws {InterchangeError} `export_failed` */
export function writeBinary(path: string, bytes: Uint8Array): Promise<void> {
  return orFail(
    path,
    writeFileBy(path, () => writeBytes(bytes)),
  );
}

/** A file of text, which appears when it is complete. @throws {InterchangeError} `export_failed` */
export function writeText(path: string, text: string): Promise<void> {
  return writeBinary(path, new TextEncoder().encode(text));
}

/** What this library writes names it. */
const MARK = 'bptt';

/**
 * Refuses to write over a file that the user did not name and this library has not written.
 *
 * @param paths of files that are to be written beside the one that was named
 * @throws {InterchangeError} `export_failed`
 */
export async function requireNoOthers(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    if (!existsAt(path) || (await readRegularFile(path)).includes(MARK)) continue;
    const message = `'${path}' is there already, and is not of this library: move it, or choose another place`;
    throw new InterchangeError('export_failed', message, { path });
  }
}

/** A file of tensors, which appears when it is complete. @throws {InterchangeError} `export_failed` */
export function writeTensors(
  path: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: ReadonlyMap<string, string>,
): Promise<void> {
  return orFail(path, writeSafetensors(path, tensors, metadata));
}

/** A folder, if it is not there. @throws {InterchangeError} `export_failed` */
export function makeFolder(path: string): Promise<void> {
  return orFail(path, madeFolder(path));
}
