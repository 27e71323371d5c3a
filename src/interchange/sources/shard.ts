/** A file that another one names, as an index names the parts of a model. */
import path from 'node:path';
import { type ByteSource, openFile } from '../../core/byte-source.js';
import { DataError } from '../../core/errors.js';

/**
 * The path of a file that an index names, which may not lead out of the folder of the index. A symbolic link of that name is followed,
 * wherever it leads: caches of downloads consist of them.
 *
 * @param index path of the file that names it, for messages, too
 * @throws {DataError} `file_corrupt`
 */
export function shardPath(index: string, name: unknown): string {
  const isInside =
    typeof name === 'string' &&
    name !== '' &&
    !/[\\:\0]/.test(name) &&
    !name.startsWith('/') &&
    !name.split('/').includes('..');
  if (isInside) return path.join(path.dirname(index), name);
  const message = `'${index}' is corrupt: it names the file ${JSON.stringify(name)?.slice(0, 200)}, expected one in its own folder`;
  throw new DataError('file_corrupt', message, { source: index, path: name });
}

/**
 * A file that is open only while it is read, since an index may name more files than a process may have open.
 *
 * @param index path of the file that names it
 * @throws {DataError} `file_unreadable`, also where it is not there
 */
export function shardFile(index: string, name: unknown): ByteSource {
  const shard = shardPath(index, name);
  const whileOpen = <T>(use: (file: ByteSource) => T): T => {
    const file = openShard(index, shard);
    try {
      return use(file);
    } finally {
      file.close();
    }
  };
  const { size } = whileOpen((file) => ({ size: file.size }));
  return {
    name: shard,
    size,
    read: (position, length) => whileOpen((file) => file.read(position, length)),
  };
}

function openShard(index: string, shard: string) {
  try {
    return openFile(shard);
  } catch (cause) {
    if (!(cause instanceof DataError)) throw cause;
    const message = `${cause.message}; '${index}' names it: put all files of the model into one folder`;
    throw new DataError(cause.code, message, { ...cause.details, index }, cause);
  }
}
