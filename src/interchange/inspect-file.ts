/** What a file of another library holds. */
import { bestPath, checkpointsPath, Run } from '../checkpoint/run.js';
import { existsAt, statsAt } from '../core/path-stats.js';
import { formatOf } from './formats.js';
import type { Inspection } from './shared/imported-network.js';

/** What a file holds, with its format. */
export interface FileInspection extends Inspection {
  readonly format: string;
}

/** The checkpoint of a run directory: the best one, else the newest; undefined for anything else. */
function checkpointOf(path: string): string | undefined {
  if (statsAt(path)?.isDirectory() !== true || !existsAt(checkpointsPath(path))) return undefined;
  return existsAt(bestPath(path)) ? bestPath(path) : Run.read(path).checkpoints()[0]?.path;
}

/**
 * Describes a file without making a model of it: tensors with shapes and types, operators and which of them are known, the network.
 *
 * @param path of a file, of a folder in the layout of Hugging Face, or of a run
 * @param options.format its name, where the file does not say it
 * @throws {InterchangeError} `unknown_format`, `missing_package`, `refused_global`
 * @throws {DataError} `file_unreadable`, `file_truncated`, `file_corrupt`, `file_unsupported`
 */
export async function inspectFile(path: string, options: { readonly format?: string } = {}): Promise<FileInspection> {
  const file = checkpointOf(path) ?? path;
  const format = formatOf(file, options.format);
  return { format: format.name, ...(await format.inspect(file)) };
}
