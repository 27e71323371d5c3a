/** Models of TensorFlow.js: `model.json` and the files of its weights. */
import { openFile } from '../../core/byte-source.js';
import { DataError, InterchangeError } from '../../core/errors.js';
import { isJsonObject, type JsonObject } from '../../core/json.js';
import { convertModel } from '../keras/convert-model.js';
import { inspected } from '../keras/inspected-model.js';
import { readJson } from '../keras/json-text.js';
import { type KerasLayer, type KerasSource, parseLayer } from '../keras/keras-layer.js';
import { requireKnownClasses } from '../keras/known-layers.js';
import { requireConfig } from '../keras/model-inputs.js';
import type { Format } from '../shared/imported-network.js';
import { manifestTensors } from './manifest.js';
import { namedWeights } from './named-weights.js';

function readModel(path: string): JsonObject {
  const file = openFile(path);
  try {
    const json = readJson(file);
    if (isJsonObject(json)) return json;
    throw new DataError('file_corrupt', `'${path}' is corrupt: it is no JSON object`, { source: path });
  } finally {
    file.close();
  }
}

/** The layers of a model. @throws {InterchangeError} `unsupported_operator` for a graph without layers */
function rootOf(source: KerasSource, { format, modelTopology }: JsonObject): KerasLayer {
  const { path } = source;
  if (format === 'graph-model' || (isJsonObject(modelTopology) && modelTopology['node'] !== undefined)) {
    const message = `'${path}' is a graph model of TensorFlow.js, which holds operations and no layers: convert the Keras model with --output_format=tfjs_layers_model`;
    throw new InterchangeError('unsupported_operator', message, { source: path, operator: 'graph-model' });
  }
  if (modelTopology === undefined) {
    const message = `'${path}' holds weights alone, without a 'modelTopology'`;
    throw new InterchangeError('ambiguous_network', message, { source: path });
  }
  return parseLayer(source, requireConfig(source, modelTopology), 'the model');
}

/** TensorFlow.js computes as Keras 2 does, whatever version of Keras the model comes from. */
const sourceOf = (path: string): KerasSource => ({ path, version: 2 });

function imported(path: string, model: JsonObject) {
  const source = sourceOf(path);
  const root = rootOf(source, model);
  requireKnownClasses(source, root);
  return convertModel(source, root, namedWeights(source, root, manifestTensors(path, model)));
}

const FACTS = ['format', 'generatedBy', 'convertedBy'];

/** Layers models of TensorFlow.js. */
export const tensorflowJs: Format = {
  name: 'tensorflow-js',
  description: 'a TensorFlow.js model (model.json)',
  options: [],
  recognizes(path, begin) {
    const text = Buffer.from(begin).toString('latin1');
    return (
      path.endsWith('.json') &&
      /^\s*\{\s*"(modelTopology|format"\s*:\s*"(layers|graph)-model|weightsManifest)/.test(text)
    );
  },
  async import(path) {
    // Shards are opened where they are read.
    return { ...imported(path, readModel(path)), close: () => {} };
  },
  async inspect(path) {
    const model = readModel(path);
    const facts = FACTS.flatMap((name) => {
      const value = model[name];
      return typeof value === 'string' ? [[name, value] as const] : [];
    });
    const root = () => rootOf(sourceOf(path), model);
    return inspected(manifestTensors(path, model), new Map(facts), root, () => imported(path, model));
  },
};
