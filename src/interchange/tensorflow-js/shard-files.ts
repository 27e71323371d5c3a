/** The files that hold the weights of a TensorFlow.js model, one after the other as one. */
import path from 'node:path';
import { type ByteSource, openFile, requireWithin } from '../../core/byte-source.js';
import { DataError } from '../../core/errors.js';

/** Most files of one group. */
const MOST_SHARDS = 100_000;

/** The path of a shard, which may not lead out of the folder of the model. @throws {DataError} `file_corrupt` */
function shardPath(model: string, name: unknown): string {
  const isInside =
    typeof name === 'string' &&
    name !== '' &&
    !/[\\:\0]/.test(name) &&
    !name.startsWith('/') &&
    !name.split('/').includes('..');
  if (isInside) return path.join(path.dirname(model), name);
  const message = `'${model}' is corrupt: it names the file ${JSON.stringify(name)?.slice(0, 200)}, expected one in its own folder`;
  throw new DataError('file_corrupt', message, { source: model, path: name });
}

function sizeOf(shard: string): number {
  const file = openFile(shard);
  file.close();
  return file.size;
}

function readShard(shard: string, position: number, length: number): Uint8Array {
  const file = openFile(shard);
  try {
    return file.read(position, length);
  } finally {
    file.close();
  }
}

/**
 * The shards of a group. Each is opened where something of it is read.
 *
 * @param model path of the model's JSON
 * @param names as the model gives them
 * @throws {DataError} `file_corrupt`, `file_unreadable`
 */
export function shardFiles(model: string, names: readonly unknown[]): ByteSource {
  if (names.length > MOST_SHARDS) {
    throw new DataError('file_corrupt', `'${model}' is corrupt: it names ${names.length} files`, { source: model });
  }
  let end = 0;
  const shards = names.map((name) => {
    const shard = shardPath(model, name);
    const begin = end;
    end += sizeOf(shard);
    return { shard, begin, end };
  });
  const all: ByteSource = {
    name: shards.length === 1 ? (shards[0]?.shard as string) : `${model}: its shards`,
    size: end,
    read(position, length) {
      requireWithin(all, `a part of ${length} bytes`, position, length);
      const bytes = new Uint8Array(length);
      for (const { shard, begin, end } of shards) {
        const from = Math.max(position, begin);
        const to = Math.min(position + length, end);
        if (from < to) bytes.set(readShard(shard, from - begin, to - from), from - position);
      }
      return bytes;
    },
  };
  return all;
}
