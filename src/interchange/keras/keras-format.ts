/** Files of Keras 2 and 3: `.keras`, `.h5` and `.weights.h5`. */

import { type ByteSource, openFile } from '../../core/byte-source.js';
import { DataError, InterchangeError } from '../../core/errors.js';
import type { JsonValue } from '../../core/json.js';
import type { Format, ImportOptions, OpenImport } from '../shared/imported-network.js';
import { keptOpen } from '../shared/kept-open.js';
import { isZip, readZip } from '../sources/zip.js';
import { convertModel } from './convert-model.js';
import { Hdf5File } from './hdf5-file.js';
import { allTensors, newWeights, oldRoot, oldWeights } from './hdf5-weights.js';
import { inspected } from './inspected-model.js';
import { parseJson, readJson } from './json-text.js';
import { type KerasLayer, type KerasSource, parseLayer } from './keras-layer.js';
import { requireKnownClasses } from './known-layers.js';
import { requireConfig } from './model-inputs.js';
import { networkWeights } from './network-weights.js';

/** Begins an HDF5 file. */
const HDF5_SIGNATURE = Buffer.from('\x89HDF\r\n\x1a\n', 'latin1');

/** Names in an archive `.keras`. */
const ARCHIVE = { config: 'config.json', metadata: 'metadata.json', weights: 'model.weights.h5' } as const;

/** A file of Keras while it is open. */
interface KerasFile {
  readonly weights: Hdf5File;
  /** What the file says of the model; undefined for weights alone. */
  readonly config?: JsonValue | undefined;
  /** Version of Keras, as text. */
  readonly version?: string | undefined;
  close(): void;
}

const isHdf5 = (begin: Uint8Array) => HDF5_SIGNATURE.equals(begin.subarray(0, HDF5_SIGNATURE.length));

/** The version that wrote a file. @throws {DataError} `file_unsupported` for another one than 2 and 3 */
export function majorVersion(path: string, version: string | undefined): 2 | 3 | undefined {
  if (version === undefined) return undefined;
  const major = Number.parseInt(version, 10);
  if (major === 2 || major === 3) return major;
  const message = `'${path}' was written by Keras ${version}; the versions 2 and 3 are read`;
  throw new DataError('file_unsupported', message, { source: path, version });
}

function textOf(json: JsonValue | undefined, name: string): string | undefined {
  const value = (json as Readonly<Record<string, JsonValue>> | null | undefined)?.[name];
  return typeof value === 'string' ? value : undefined;
}

async function openArchive(file: ByteSource): Promise<Omit<KerasFile, 'close'>> {
  const entries = readZip(file);
  const entry = (name: string) => {
    const found = entries.get(name);
    if (found !== undefined) return found.open();
    const message = `'${file.name}' is corrupt: a '.keras' file has the entry '${name}', which is not there`;
    throw new DataError('file_corrupt', message, { source: file.name, entry: name });
  };
  const config = readJson(entry(ARCHIVE.config));
  const metadata = readJson(entry(ARCHIVE.metadata));
  const weights = await Hdf5File.open(entry(ARCHIVE.weights));
  return { weights, config, version: textOf(metadata, 'keras_version') };
}

async function openHdf5(file: ByteSource): Promise<Omit<KerasFile, 'close'>> {
  const weights = await Hdf5File.open(file);
  try {
    const [text] = weights.texts('', 'model_config') ?? [];
    const config = text === undefined ? undefined : parseJson(`${file.name}: model_config`, text);
    const [version] = weights.texts('', 'keras_version') ?? weights.texts('model_weights', 'keras_version') ?? [];
    return { weights, config, version };
  } catch (error) {
    weights.close();
    throw error;
  }
}

async function openKeras(path: string): Promise<KerasFile> {
  const file = openFile(path);
  try {
    const isArchive = isZip(file.read(0, Math.min(4, file.size)));
    const opened = await (isArchive ? openArchive(file) : openHdf5(file));
    const close = () => {
      opened.weights.close();
      file.close();
    };
    return { ...opened, close };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** The model of a configuration. */
export function modelOf(source: KerasSource, config: JsonValue): KerasLayer {
  return parseLayer(source, requireConfig(source, config), 'the model');
}

/** The version in what `model.to_json()` writes. Keras 3 leaves it out, and names the module of each class. */
export function configVersion(config: JsonValue): string | undefined {
  return textOf(config, 'keras_version') ?? (textOf(config, 'module') === undefined ? undefined : '3');
}

/** The configuration that the user gives beside weights, with its version. */
function givenConfig(path: string): { config: JsonValue; version: string | undefined } {
  const file = openFile(path);
  try {
    const config = readJson(file);
    return { config, version: configVersion(config) };
  } finally {
    file.close();
  }
}

/** @throws {InterchangeError} `ambiguous_network` */
function withoutConfig(path: string): InterchangeError {
  const message = `'${path}' holds weights alone: give the model with the option 'config', the path of the JSON that model.to_json() writes, or with 'network'`;
  return new InterchangeError('ambiguous_network', message, { source: path });
}

function imported(path: string, file: KerasFile, options: ImportOptions) {
  if (options.network !== undefined) return networkWeights(path, file.weights, options.network, options.map ?? {});
  const given = options.config === undefined ? file : { ...givenConfig(options.config) };
  if (given.config === undefined) throw withoutConfig(path);
  const source = { path, version: majorVersion(path, given.version ?? file.version) };
  const root = modelOf(source, given.config);
  requireKnownClasses(source, root);
  const old = oldRoot(file.weights);
  const tensors =
    old === undefined ? newWeights(source, file.weights, root) : oldWeights(source, file.weights, old, root);
  return convertModel(source, root, tensors);
}

/** Keras 2 and 3. */
export const keras: Format = {
  name: 'keras',
  description: 'a Keras file (.keras, .h5, .weights.h5)',
  options: ['network', 'map', 'config'],
  recognizes: (path, begin) => isHdf5(begin) || (isZip(begin) && path.endsWith('.keras')),
  async import(path, options): Promise<OpenImport> {
    return keptOpen(await openKeras(path), (file) => imported(path, file, options));
  },
  async inspect(path) {
    const file = await openKeras(path);
    try {
      const { config, version } = file;
      const facts = new Map(version === undefined ? [] : [['keras_version', version]]);
      const root = () => {
        return config === undefined ? undefined : modelOf({ path, version: majorVersion(path, version) }, config);
      };
      const network = () => (config === undefined ? undefined : imported(path, file, {}));
      return inspected(allTensors(file.weights), facts, root, network);
    } finally {
      file.close();
    }
  },
};
