/** Folders in the layout of Hugging Face: `config.json`, and weights as safetensors or of torch.save, in one file or in shards. */
import { join } from 'node:path';
import type { ByteSource } from '../../core/byte-source.js';
import { CheckpointError, DataError } from '../../core/errors.js';
import { KIND_BYTES } from '../../core/file-kind.js';
import type { JsonObject } from '../../core/json.js';
import { existsAt, statsAt } from '../../core/path-stats.js';
import { FOLDER_FILES, folderNetwork, readFolderConfig } from '../../saved/model-folder.js';
import { stateDictOf } from '../pytorch/state-dicts.js';
import { openTorchArchive } from '../pytorch/torch-archive.js';
import { configuredNetwork } from '../state-dict/described-network.js';
import { safetensorsFile } from '../state-dict/safetensors-file.js';
import { type OpenTensorFile, openTensorFile, type TensorFile } from '../state-dict/tensor-file.js';
import { tensorFormat } from '../state-dict/tensor-format.js';
import { openSharded } from './sharded-weights.js';

/** The state dict of a file of torch.save, which is all of the file. */
function torchFile(source: ByteSource): TensorFile {
  const archive = openTorchArchive(source, source.read(0, Math.min(KIND_BYTES, source.size)));
  return stateDictOf(source.name, archive, '');
}

const TORCH = 'pytorch_model.bin';
const INDEX = '.index.json';

/** Files with weights, the preferred one first, as the library transformers prefers them. */
const WEIGHTS: readonly string[] = [FOLDER_FILES.weights, FOLDER_FILES.weights + INDEX, TORCH, TORCH + INDEX];

/** Names of an index by itself, also of a variant: `model.fp16.safetensors.index.json`. */
const INDEX_NAME = /\.(safetensors|bin)\.index\.json$/;

/** The files with weights that a folder has. */
const weightsIn = (folder: string) => WEIGHTS.filter((name) => existsAt(join(folder, name)));

/** Opens weights in one file or in shards, by the name of the file. */
function openWeights(path: string): OpenTensorFile {
  const read = /\.bin(\.index\.json)?$/.test(path) ? torchFile : safetensorsFile;
  return path.endsWith(INDEX) ? openSharded(path, read) : openTensorFile(path, read);
}

/** @throws {DataError} `file_corrupt` */
function configOf(folder: string): JsonObject {
  try {
    return readFolderConfig(folder);
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    throw new DataError('file_corrupt', error.message, error.details, error);
  }
}

/** The weights of a folder, with what its configuration says. */
function openFolder(folder: string): OpenTensorFile {
  const config = configOf(folder);
  const network = folderNetwork(config);
  const { model_type: type, architectures } = config;
  const [name = FOLDER_FILES.weights, ...others] = weightsIn(folder);
  const file = openWeights(join(folder, name));
  try {
    const facts = new Map([
      ['model type', String(type)],
      ['architectures', Array.isArray(architectures) ? architectures.join(', ') : ''],
      ['weights', name],
    ]);
    const notes = others.length === 0 ? [] : [`The weights are those of ${name}; not read: ${others.join(', ')}.`];
    return {
      ...file,
      facts: new Map([...facts, ...(name.endsWith(INDEX) ? file.facts : [])]),
      notes: [...file.notes, ...notes],
      network: network === undefined ? file.network : configuredNetwork(folder, network),
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

const isFolder = (path: string) => statsAt(path)?.isDirectory() === true;

/** A folder of this library, whose configuration has the network, or of another one; or the index of shards. */
export const huggingFace = tensorFormat({
  name: 'huggingface',
  description: `a folder in the layout of Hugging Face (${FOLDER_FILES.config}, ${FOLDER_FILES.weights} or ${TORCH}, also in shards)`,
  recognizes: (path) =>
    isFolder(path) ? existsAt(join(path, FOLDER_FILES.config)) && weightsIn(path).length > 0 : INDEX_NAME.test(path),
  open: (path) => (isFolder(path) ? openFolder(path) : openWeights(path)),
});
