/** ONNX files that this library has written: they come back as they were, by what they say of themselves. */
import { BpttError } from '../../core/errors.js';
import { isJsonObject, type JsonObject, parseStrictJson } from '../../core/json.js';
import { type Network, networkFromJSON } from '../../model/network.js';
import type { ImportedNetwork, WeightSource } from '../shared/imported-network.js';
import { OWN_KEY, type OwnDescription, type StoredRun } from '../shared/own-onnx.js';
import { sourceTensorOf } from './constants/tensor-proto.js';
import { graphDigest } from './graph-digest.js';
import { numbersOf } from './message-bytes.js';
import type { GraphProto, ModelProto, TensorProto } from './onnx-pb.js';

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const isRun = (value: unknown): value is StoredRun =>
  Array.isArray(value) && value.length === 4 && typeof value[0] === 'string' && value.slice(1).every(isCount);

const lists = (value: unknown, isElement: (each: unknown) => boolean) =>
  isJsonObject(value as JsonObject) &&
  Object.values(value as JsonObject).every((list) => Array.isArray(list) && list.every(isElement));

/** What a file says of itself; undefined where it says nothing, or nothing that can be. */
function describedBy({ metadataProps }: ModelProto): OwnDescription | undefined {
  const text = metadataProps.find(({ key }) => key === OWN_KEY)?.value;
  if (text === undefined) return undefined;
  try {
    const json = parseStrictJson(text) as unknown as OwnDescription;
    const isWhole =
      isJsonObject(json as unknown as JsonObject) &&
      lists(json.weights, isRun) &&
      lists(json.unread, (each) => typeof each === 'number') &&
      typeof json.graph === 'string';
    return isWhole ? json : undefined;
  } catch {
    return undefined;
  }
}

/** The bytes of a tensor of numbers that are no weights. */
function bytesOfTensor(path: string, tensor: TensorProto): Uint8Array {
  if (tensor.externalData.length === 0) {
    const numbers = numbersOf(path, tensor.rawData);
    return numbers.read(0, numbers.size);
  }
  const numbers = sourceTensorOf(tensor, path).read();
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

function digestOf(path: string, graph: GraphProto, { weights }: OwnDescription): string {
  const stored = new Set(Object.values(weights).flatMap((runs) => runs.map(([tensor]) => tensor)));
  const constants = graph.initializer.filter(({ name }) => !stored.has(name));
  function* tensors() {
    for (const tensor of constants) {
      yield { name: tensor.name, dimensions: tensor.dims.map(Number), bytes: bytesOfTensor(path, tensor) };
    }
  }
  return graphDigest(graph, tensors());
}

/** The numbers of a parameter, put together of runs; undefined where a tensor does not have them. */
function storedSource(
  path: string,
  tensors: ReadonlyMap<string, TensorProto>,
  runs: readonly StoredRun[],
): WeightSource | undefined {
  let count = 0;
  for (const [name, at, begin, length] of runs) {
    const tensor = tensors.get(name);
    const size = tensor?.dims.reduce((product, each) => product * Number(each), 1) ?? -1;
    if (at + length > size || begin > count) return undefined;
    count = Math.max(count, begin + length);
  }
  const read = () => {
    const numbers = new Float32Array(count);
    const known = new Map<string, Float32Array>();
    for (const [name, at, begin, length] of runs) {
      const data = known.get(name) ?? sourceTensorOf(tensors.get(name) as TensorProto, path).read();
      known.set(name, data);
      numbers.set(data.subarray(at, at + length), begin);
    }
    return numbers;
  };
  return { from: [...new Set(runs.map(([name]) => name))].join(', '), count, read };
}

function weightsOf(
  path: string,
  graph: GraphProto,
  { weights, unread }: OwnDescription,
): Map<string, WeightSource> | undefined {
  const tensors = new Map(graph.initializer.map((tensor) => [tensor.name, tensor] as const));
  const sources = new Map<string, WeightSource>();
  for (const [name, runs] of Object.entries(weights)) {
    const source = storedSource(
      path,
      tensors,
      [...runs].sort(([, , a], [, , b]) => a - b),
    );
    if (source === undefined) return undefined;
    sources.set(name, source);
  }
  for (const [name, numbers] of Object.entries(unread)) {
    sources.set(name, { from: OWN_KEY, count: numbers.length, read: () => Float32Array.from(numbers) });
  }
  return sources;
}

/** The network that a file describes. Without the definitions of a user's own layers it cannot be made: undefined. */
function networkOf(json: object): Network | undefined {
  try {
    return networkFromJSON(json);
  } catch (error) {
    if (error instanceof BpttError) return undefined;
    throw error;
  }
}

/**
 * The network of a file that this library has written, with the weights that the file has now; undefined for any other file, and for one
 * whose graph has been changed since: then the graph counts.
 *
 * @param given the network with a user's own layers, in place of the one that the file describes
 */
export function importOwn(path: string, model: ModelProto, given?: Network): ImportedNetwork | undefined {
  const own = describedBy(model);
  const { graph } = model;
  if (own === undefined || graph === undefined || digestOf(path, graph, own) !== own.graph) return undefined;
  const network = given ?? networkOf(own.network);
  const weights = weightsOf(path, graph, own);
  if (network === undefined || weights === undefined) return undefined;
  return { network, weights, notes: ['The file was written by bptt, and describes its network.'] };
}
