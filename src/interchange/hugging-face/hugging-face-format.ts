/** Folders in the layout of Hugging Face: `config.json` and `model.safetensors`. */
import { join } from 'node:path';
import { CheckpointError, DataError } from '../../core/errors.js';
import { statsAt } from '../../core/path-stats.js';
import { FOLDER_FILES, folderNetwork, isModelFolder, readFolderConfig } from '../../saved/model-folder.js';
import { configuredNetwork } from '../state-dict/described-network.js';
import { safetensorsFile } from '../state-dict/safetensors-file.js';
import { openTensorFile } from '../state-dict/tensor-file.js';
import { tensorFormat } from '../state-dict/tensor-format.js';

/** @throws {DataError} `file_corrupt` */
function configOf(folder: string) {
  try {
    return readFolderConfig(folder);
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    throw new DataError('file_corrupt', error.message, error.details, error);
  }
}

/** A folder of this library, whose configuration has the network, or of another one. */
export const huggingFace = tensorFormat({
  name: 'huggingface',
  description: 'a folder in the layout of Hugging Face (config.json, model.safetensors)',
  recognizes: (path) => statsAt(path)?.isDirectory() === true && isModelFolder(path),
  open: (folder) => {
    const config = configOf(folder);
    const network = folderNetwork(config);
    const { model_type: type, architectures } = config;
    const facts = new Map([
      ['model type', String(type)],
      ['architectures', Array.isArray(architectures) ? architectures.join(', ') : ''],
    ]);
    return openTensorFile(join(folder, FOLDER_FILES.weights), (source) => {
      const file = safetensorsFile(source);
      return { ...file, facts, network: network === undefined ? file.network : configuredNetwork(folder, network) };
    });
  },
});
