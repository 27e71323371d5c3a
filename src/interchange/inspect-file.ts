/** What a file of another library holds. */
import { formatOf } from './formats.js';
import type { Inspection } from './shared/imported-network.js';

/** What a file holds, with its format. */
export interface FileInspection extends Inspection {
  readonly format: string;
}

/**
 * Describes a file without making a model of it: tensors with shapes and types, operators and which of them are known, the network.
 *
 * @param options.format its name, where the file does not say it
 * @throws {InterchangeError} `unknown_format`, `missing_package`, `refused_global`
 * @throws {DataError} `file_unreadable`, `file_truncated`, `file_corrupt`, `file_unsupported`
 */
export async function inspectFile(path: string, options: { readonly format?: string } = {}): Promise<FileInspection> {
  const format = formatOf(path, options.format);
  return { format: format.name, ...(await format.inspect(path)) };
}
