/** Numbers of ONNX files that lie in a file beside that of the model. */
import path from 'node:path';
import { type ByteSource, openFile, requireWithin } from '../../../core/byte-source.js';
import { DataError } from '../../../core/errors.js';
import { fileBytesAt, realPathAt } from '../../../core/path-stats.js';
import type { TensorProto } from '../onnx-pb.js';

const refused = (model: string, tensor: string, problem: string) => {
  const message = `'${model}' is corrupt: the external data of tensor '${tensor}' ${problem}`;
  return new DataError('file_corrupt', message, { source: model, tensor });
};

/** A file in the folder of the model, or below it. Symbolic links count as what they lead to. */
function fileOf(model: string, tensor: string, location: string): string {
  const isAbsolute = path.posix.isAbsolute(location) || path.win32.isAbsolute(location);
  const steps = location.split(/[\\/]/);
  if (location === '' || isAbsolute || steps.includes('..') || /^[a-z]:/i.test(location)) {
    const name = JSON.stringify(location.slice(0, 200));
    throw refused(model, tensor, `are said to be in ${name}, expected a path within the folder of the model`);
  }
  const folder = realPathAt(path.dirname(model));
  const file = realPathAt(path.join(folder, location));
  const inside = path.relative(folder, file);
  if (!path.isAbsolute(inside) && inside.split(path.sep)[0] !== '..') return file;
  throw refused(model, tensor, `are in '${location}', a symbolic link that leaves the folder of the model`);
}

/** A number of bytes that an entry says. */
function bytesIn(model: string, tensor: string, entries: ReadonlyMap<string, string>, key: string): number | undefined {
  const text = entries.get(key);
  if (text === undefined) return undefined;
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(number)) return number;
  throw refused(model, tensor, `have the ${key} ${JSON.stringify(text.slice(0, 40))}, expected a number of bytes`);
}

/**
 * Where the bytes of a tensor are. The file is opened for each reading and closed by the reader.
 *
 * @param model path of the model's file
 * @param bytes how many the tensor has
 * @throws {DataError} `file_corrupt` for a path that leaves the folder of the model and for sizes that disagree, `file_truncated`,
 *   `file_unreadable`
 */
export function externalData(
  { name, externalData: list }: Pick<TensorProto, 'name' | 'externalData'>,
  model: string,
  bytes: number,
): () => ByteSource & { close(): void } {
  const entries = new Map(list.map(({ key, value }) => [key, value] as const));
  const location = entries.get('location');
  if (location === undefined || entries.size !== list.length)
    throw refused(model, name, 'have no location, or several');
  const offset = bytesIn(model, name, entries, 'offset') ?? 0;
  const length = bytesIn(model, name, entries, 'length') ?? bytes;
  if (length !== bytes) throw refused(model, name, `are ${length} bytes, expected ${bytes}`);
  const file = fileOf(model, name, location);
  requireWithin({ name: file, size: fileBytesAt(file) } as ByteSource, `tensor '${name}'`, offset, bytes);
  return () => {
    const opened = openFile(file);
    return {
      name: file,
      size: bytes,
      read: (at, count) => opened.read(offset + at, count),
      close: () => opened.close(),
    };
  };
}
