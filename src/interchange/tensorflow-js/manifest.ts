/** The manifest of the weights of a TensorFlow.js model: names, shapes, types and places, quantised or not. */
import { DataError } from '../../core/errors.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';
import { bytesOf, type NumberType, toFloat32 } from '../sources/number-types.js';
import { countOf, type SourceTensor, type SourceTensors, storedTensor } from '../sources/source-tensor.js';
import { shardFiles } from './shard-files.js';

const TYPES = ['float32', 'int32', 'bool', 'uint8', 'uint16', 'float16'] as const;

/** Whole numbers that stand for others: number * scale + min. */
interface Quantization {
  readonly type: NumberType;
  readonly scale?: number;
  readonly min?: number;
}

function corrupt(model: string, reason: string): DataError {
  return new DataError('file_corrupt', `'${model}' is corrupt: ${reason}`, { source: model });
}

function requireType(model: string, name: string, type: JsonValue | undefined): NumberType {
  const found = TYPES.find((each) => each === type);
  if (found !== undefined) return found;
  const message = `'${model}': '${name}' holds numbers of the type ${JSON.stringify(type)?.slice(0, 100)}, expected one of ${TYPES.join(', ')}`;
  throw new DataError('file_unsupported', message, { source: model, tensor: name });
}

function quantizationOf(model: string, name: string, json: JsonValue | undefined): Quantization | undefined {
  if (json === undefined || json === null) return undefined;
  if (!isJsonObject(json)) throw corrupt(model, `the quantisation of '${name}' is no object`);
  const { dtype, scale, min } = json;
  const type = requireType(model, name, dtype);
  if (type === 'float16') return { type };
  const isKnown = type === 'uint8' || type === 'uint16';
  if (isKnown && typeof scale === 'number' && typeof min === 'number') return { type, scale, min };
  throw corrupt(model, `'${name}' is quantised to ${type} with the scale ${scale} and the minimum ${min}`);
}

function tensorOf(model: string, json: JsonValue | undefined, begin: number, shards: ReturnType<typeof shardFiles>) {
  if (!isJsonObject(json)) throw corrupt(model, 'its manifest lists a weight that is no object');
  const { name, shape, dtype, quantization } = json;
  if (typeof name !== 'string') throw corrupt(model, 'its manifest lists a weight without a name');
  if (!Array.isArray(shape)) throw corrupt(model, `'${name}' has no shape`);
  const sizes = shape as readonly number[];
  const given = quantizationOf(model, name, quantization);
  const { type, scale, min } = given ?? { type: requireType(model, name, dtype) };
  const bytes = countOf(model, name, sizes) * bytesOf(type);
  const stored = storedTensor(shards, name, type, sizes, { begin });
  if (scale === undefined || min === undefined) return { tensor: stored, bytes };
  const read = () => {
    const numbers = toFloat32(shards.read(begin, bytes), type, name);
    return numbers.map((number) => number * scale + min);
  };
  return { tensor: { ...stored, read } satisfies SourceTensor, bytes };
}

/**
 * The weights by their names, in the order of the manifest.
 *
 * @throws {DataError} `file_corrupt`, `file_truncated`, `file_unsupported`, `file_unreadable`
 */
export function manifestTensors(model: string, { weightsManifest }: JsonObject): SourceTensors {
  if (!Array.isArray(weightsManifest)) throw corrupt(model, "it has no 'weightsManifest'");
  const tensors = new Map<string, SourceTensor>();
  for (const group of weightsManifest as readonly JsonValue[]) {
    const isGroup = isJsonObject(group) && Array.isArray(group['paths']) && Array.isArray(group['weights']);
    if (!isGroup) throw corrupt(model, 'a group of its weights has no lists of paths and weights');
    const shards = shardFiles(model, group['paths'] as readonly unknown[]);
    let begin = 0;
    for (const weight of group['weights'] as readonly JsonValue[]) {
      const { tensor, bytes } = tensorOf(model, weight, begin, shards);
      if (tensors.has(tensor.name)) throw corrupt(model, `it has '${tensor.name}' twice`);
      tensors.set(tensor.name, tensor);
      begin += bytes;
    }
    if (begin === shards.size) continue;
    throw corrupt(model, `the files of its weights have ${shards.size} bytes, but its manifest lists ${begin}`);
  }
  return tensors;
}
