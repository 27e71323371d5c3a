/** The files that hold the weights of a TensorFlow.js model, one after the other as one. */
import { type ByteSource, requireWithin } from '../../core/byte-source.js';
import { DataError } from '../../core/errors.js';
import { shardFile } from '../sources/shard.js';

/** Most files of one group. */
const MOST_SHARDS = 100_000;

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
    const shard = shardFile(model, name);
    const begin = end;
    end += shard.size;
    return { shard, begin, end };
  });
  const all: ByteSource = {
    name: shards.length === 1 ? (shards[0]?.shard.name as string) : `${model}: its shards`,
    size: end,
    read(position, length) {
      requireWithin(all, `a part of ${length} bytes`, position, length);
      const bytes = new Uint8Array(length);
      for (const { shard, begin, end } of shards) {
        const from = Math.max(position, begin);
        const to = Math.min(position + length, end);
        if (from < to) bytes.set(shard.read(from - begin, to - from), from - position);
      }
      return bytes;
    },
  };
  return all;
}
