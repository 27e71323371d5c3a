/** Writes the files of an export. */
import { writeBytes, writeFileBy } from '../../checkpoint/file-transfer.js';
import { writeSafetensors } from '../../checkpoint/safetensors.js';
import type { StoredTensor } from '../../checkpoint/tensor-types.js';
import { CheckpointError, InterchangeError } from '../../core/errors.js';
import { makeFolder as madeFolder } from '../../core/path-stats.js';

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
