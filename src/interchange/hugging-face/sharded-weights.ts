/** Weights in several files, and the index that says which tensor is in which: `model.safetensors.index.json` and the like. */
import { basename } from 'node:path';
import { type ByteSource, openFile } from '../../core/byte-source.js';
import { DataError, InterchangeError } from '../../core/errors.js';
import { isJsonObject, type JsonObject } from '../../core/json.js';
import { readJson } from '../keras/json-text.js';
import { shardFile } from '../sources/shard.js';
import type { SourceTensor } from '../sources/source-tensor.js';
import type { OpenTensorFile, TensorFile } from '../state-dict/tensor-file.js';

/** Most files of one model. */
const MOST_SHARDS = 10_000;

function corrupt(index: string, reason: string): DataError {
  return new DataError('file_corrupt', `'${index}' is corrupt: ${reason}`, { source: index });
}

/** The names of the shards by the tensors that they hold. @throws {DataError} `file_corrupt` */
function readMap(index: string): JsonObject {
  const file = openFile(index);
  try {
    const json = readJson(file);
    const map = isJsonObject(json) ? json['weight_map'] : undefined;
    if (isJsonObject(map)) return map;
    throw corrupt(index, "it has no object 'weight_map', which says which tensor is in which file");
  } finally {
    file.close();
  }
}

/** The tensors of one shard, which must be those that the index says. */
function* tensorsOf(
  index: string,
  shard: string,
  { tensors }: TensorFile,
  map: JsonObject,
): Generator<readonly [string, SourceTensor]> {
  for (const [name, tensor] of tensors) {
    const named = Object.hasOwn(map, name) ? map[name] : undefined;
    if (named === shard) yield [name, tensor];
    else if (named === undefined) {
      const message = `'${index}': '${shard}' has the tensor '${name}', which the index does not name`;
      throw new InterchangeError('unused_tensor', message, { source: index, tensor: name, shard });
    } else throw corrupt(index, `the tensor '${name}' is in '${shard}', but the index says that it is in '${named}'`);
  }
}

/**
 * The tensors of all shards, in the order of the index.
 *
 * @param index path of the index
 * @param read how one shard is read
 * @throws {DataError} `file_corrupt` for names that leave the folder, and for a tensor in another shard than the index says;
 *   `file_unreadable` for a shard that is not there; and as `read`
 * @throws {InterchangeError} `missing_tensor`, `unused_tensor`
 */
export function openSharded(index: string, read: (source: ByteSource) => TensorFile): OpenTensorFile {
  const map = readMap(index);
  const shards = [...new Set(Object.values(map))];
  if (shards.length > MOST_SHARDS)
    throw corrupt(index, `it names ${shards.length} files, at most ${MOST_SHARDS} are read`);
  // All must be there before the first is read.
  const files = shards.map((shard) => [shard as string, shardFile(index, shard)] as const);
  const found = new Map<string, SourceTensor>();
  const notes: string[] = [];
  for (const [shard, file] of files) {
    const content = read(file);
    for (const [name, tensor] of tensorsOf(index, shard, content, map)) found.set(name, tensor);
    notes.push(...content.notes);
  }
  const tensors = Object.entries(map).map(([name, shard]) => {
    const tensor = found.get(name);
    if (tensor !== undefined) return [name, tensor] as const;
    const message = `'${index}': the index says that '${shard}' has the tensor '${name}', but it does not`;
    throw new InterchangeError('missing_tensor', message, { source: index, tensor: name, shard });
  });
  const facts = new Map([
    ['index', basename(index)],
    ['shards', String(shards.length)],
  ]);
  return { tensors: new Map(tensors), facts, notes: [...new Set(notes)], close: () => {} };
}
