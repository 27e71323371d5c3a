/** Models in the layout of Hugging Face: a folder with `config.json`, which describes the network, and `model.safetensors`. */
import { join } from 'node:path';
import type { LoadedCheckpoint } from '../checkpoint/checkpoint.js';
import { type LoadedTensor, readSafetensors } from '../checkpoint/safetensors.js';
import { CheckpointError } from '../core/errors.js';
import { isJsonObject, type JsonObject, type JsonValue, parseStrictJson } from '../core/json.js';
import { existsAt } from '../core/path-stats.js';
import { readRegularFileSync } from '../core/regular-file.js';
import type { Vocabulary } from '../data/vocabulary.js';
import type { Model } from '../model/model.js';
import type { AnyLayer } from '../network/layers/layers.js';
import { describeModel, modelMetadata, objectOrNone } from './model-metadata.js';
import { PREFIX } from './model-tensors.js';
import { torchShape, torchToModel } from './torch-layout.js';

/** Names of the files. */
export const FOLDER_FILES = { config: 'config.json', weights: 'model.safetensors' } as const;

/** What `model_type` of the configuration says. */
const MODEL_TYPE = 'bptt';

/** A buffer of PyTorch that counts training steps: a whole number without dimensions. */
const STEP_COUNT = 'num_batches_tracked';

/** Whether a path is a folder in this layout. A run directory has a `config.json`, too, but no weights of this name beside it. */
export function isModelFolder(path: string): boolean {
  return typeof path === 'string' && Object.values(FOLDER_FILES).every((file) => existsAt(join(path, file)));
}

/** The content of `config.json`: the network, what the model was compiled with, and what is needed to use it. */
export function folderConfig(
  model: Model,
  { vocabulary, configuration = {} }: { vocabulary?: Vocabulary | undefined; configuration?: JsonObject | undefined },
): JsonObject {
  const { network, ...compiled } = describeModel(model);
  const metadata = modelMetadata(model, { ...configuration, model: compiled }, vocabulary);
  return { architectures: ['BpttModel'], model_type: MODEL_TYPE, network: network as JsonValue, bptt: metadata };
}

/**
 * The `config.json` of a folder.
 *
 * @throws {CheckpointError} `checkpoint_corrupt` when it is no JSON object
 * @throws {DataError} `file_unreadable`
 */
export function readFolderConfig(folder: string): JsonObject {
  const path = join(folder, FOLDER_FILES.config);
  const text = readRegularFileSync(path).toString('utf8');
  let reason = 'it is no object';
  try {
    const value = parseStrictJson(text);
    if (isJsonObject(value)) return value;
  } catch (error) {
    reason = (error as Error).message;
  }
  throw new CheckpointError('checkpoint_corrupt', `'${path}' is corrupt: ${reason}`, { path });
}

/** The network of a `config.json` of this library; undefined for one of another. */
export function folderNetwork(config: JsonObject): JsonValue | undefined {
  return config['model_type'] === MODEL_TYPE ? (config['network'] ?? null) : undefined;
}

/** The layers of a described network by their nodes, as far as it is one. Nothing of them is checked. */
function layersOf(network: JsonValue): ReadonlyMap<string, AnyLayer> {
  const nodes = isJsonObject(network) && Array.isArray(network['nodes']) ? (network['nodes'] as JsonValue[]) : [];
  const named = nodes.filter(isJsonObject).filter(({ name, layer }) => typeof name === 'string' && isJsonObject(layer));
  return new Map(named.map(({ name, layer }) => [name as string, layer as unknown as AnyLayer]));
}

/** Whether a tensor is one that PyTorch's modules have and layers do not: a second bias of zeros, a copy of a table, a count of steps. */
function isAdded(layer: AnyLayer | undefined, name: string, stored: ReadonlyMap<string, unknown>): boolean {
  const part = name.slice(name.indexOf('.') + 1);
  const options = (layer ?? {}) as unknown as Readonly<Record<string, unknown>>;
  if (options['kind'] === 'dense') return part === 'weight' && options['tied'] !== undefined;
  if (part === STEP_COUNT) return options['momentum'] !== null;
  return options['biases'] === 'one' && part.startsWith('bias_hh') && stored.has(name.replace('bias_hh', 'bias_ih'));
}

/** A tensor of PyTorch as the library has it. */
function ownTensor(layer: AnyLayer | undefined, part: string, tensor: LoadedTensor): LoadedTensor {
  const { shape, data, dtype } = tensor;
  if (part === STEP_COUNT && data instanceof BigInt64Array) {
    return { shape: [1], data: Float32Array.from(data, Number), dtype: 'F32' };
  }
  if (!(data instanceof Float32Array)) return tensor;
  return { shape: torchShape(layer, part, shape), data: torchToModel(layer, part, shape, data), dtype };
}

function tensorsOf(network: JsonValue, stored: ReadonlyMap<string, LoadedTensor>): Map<string, LoadedTensor> {
  const layers = layersOf(network);
  const tensors = new Map<string, LoadedTensor>();
  for (const [name, tensor] of stored) {
    const node = name.slice(0, Math.max(0, name.indexOf('.')));
    const part = name.slice(node.length + 1);
    const layer = layers.get(node);
    if (isAdded(layer, name, stored)) continue;
    const isBuffer = layer?.kind === 'batchNormalization' && (part.startsWith('running_') || part === STEP_COUNT);
    tensors.set((isBuffer ? PREFIX.buffer : PREFIX.parameter) + name, ownTensor(layer, part, tensor));
  }
  return tensors;
}

/**
 * A folder as if it were a checkpoint: its tensors by the names of the library, and the description of the model.
 *
 * @throws {CheckpointError} `checkpoint_corrupt`, `checkpoint_truncated`, `checkpoint_unreadable`; `checkpoint_mismatch` for a folder of
 *   another library
 */
export async function readModelFolder(folder: string): Promise<{ path: string; checkpoint: LoadedCheckpoint }> {
  const config = readFolderConfig(folder);
  const network = folderNetwork(config);
  if (network === undefined) {
    const message = `'${folder}' is of another library: 'model_type' of its ${FOLDER_FILES.config} is not '${MODEL_TYPE}'; take it over with importModel of bptt/interchange`;
    throw new CheckpointError('checkpoint_mismatch', message, { path: folder });
  }
  // The steps of a training are those of its optimizer, whose state a folder does not have.
  const { configuration, modelStep: _, ...metadata } = objectOrNone(folder, 'bptt', config['bptt']) ?? {};
  const { model, ...rest } = objectOrNone(folder, 'bptt.configuration', configuration) ?? {};
  const compiled = objectOrNone(folder, 'bptt.configuration.model', model) ?? {};
  const path = join(folder, FOLDER_FILES.weights);
  const tensors = tensorsOf(network, (await readSafetensors(path)).tensors);
  const described: JsonObject = { ...metadata, configuration: { ...rest, model: { ...compiled, network } } };
  return { path, checkpoint: { tensors, metadata: described } };
}
