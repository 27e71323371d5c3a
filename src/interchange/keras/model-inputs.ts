/** The inputs of a Keras model: their shapes, and whether they hold indices. */
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.js';
import { corruptConfig, describeLayer, type KerasLayer, type KerasSource, unsupportedLayer } from './keras-layer.js';

/** An input of the model. */
export interface KerasInput {
  readonly name: string;
  /** Axes with that of the batch. */
  readonly rank: number;
  /** Sizes behind the batch, where they are fixed. */
  readonly sizes: readonly (number | undefined)[];
  /** How many different indices it has; undefined for real numbers. */
  readonly size?: number | undefined;
}

type Shape = readonly (number | null)[];

function shapeIn(config: JsonObject): Shape | undefined {
  const given = config['batch_shape'] ?? config['batch_input_shape'] ?? config['build_input_shape'];
  if (Array.isArray(given) && given.every((size: JsonValue) => size === null || Number.isInteger(size))) return given;
  return undefined;
}

/** The layers that a layer of its own passes its input to. */
function firstReaders(layer: KerasLayer): readonly KerasLayer[] {
  const { model, className, parts } = layer;
  if (className === 'TimeDistributed') return parts.map((part) => part.layer);
  if (model === undefined) return [];
  if (model.graph === undefined) {
    const first = model.layers.find((each) => each.className !== 'InputLayer');
    return first === undefined ? [] : [first];
  }
  return model.graph.inputs.flatMap((input) => readersOf(layer, input.layer));
}

/** The layers that read an input of a model, but for what makes masks of it. */
function readersOf({ model }: KerasLayer, input: string): KerasLayer[] {
  const calls = model?.graph?.calls ?? [];
  const reads = calls.filter((call) => call.inputs.some((each) => typeof each === 'object' && each.layer === input));
  return reads.map(({ layer }) => layer).filter(({ className }) => className !== 'ops.NotEqual');
}

/** Sizes of the embeddings among the readers, and whether there are other ones. */
function embeddingsAmong(readers: readonly KerasLayer[]): { sizes: Set<number>; hasOthers: boolean } {
  const found = { sizes: new Set<number>(), hasOthers: false };
  for (const reader of readers) {
    const inner = firstReaders(reader);
    if (reader.className === 'Embedding') found.sizes.add(reader.config['input_dim'] as number);
    else if (inner.length === 0) found.hasOthers = true;
    else {
      const { sizes, hasOthers } = embeddingsAmong(inner);
      for (const size of sizes) found.sizes.add(size);
      found.hasOthers ||= hasOthers;
    }
  }
  return found;
}

function describeInput(
  source: KerasSource,
  layer: KerasLayer,
  shape: Shape,
  readers: readonly KerasLayer[],
): KerasInput {
  const { sizes, hasOthers } = embeddingsAmong(readers);
  const [size, ...others] = sizes;
  if (others.length > 0 || (size !== undefined && hasOthers)) {
    throw unsupportedLayer(source, layer, 'it is read by embeddings of different sizes, or by other layers, too');
  }
  if (size !== undefined && !(Number.isSafeInteger(size) && size >= 1)) {
    throw corruptConfig(source, `an embedding behind ${describeLayer(layer)} has 'input_dim' ${JSON.stringify(size)}`);
  }
  const fixed = shape.slice(1).map((each) => each ?? undefined);
  const limits = size === undefined ? [2, 3] : [1, 2];
  const isKnown = limits.includes(shape.length) && fixed.every((each) => each === undefined || each >= 1);
  if (!isKnown || (size === undefined && fixed.at(-1) === undefined)) {
    const reason = `its shape is ${JSON.stringify(shape)}, expected [batch, steps, numbers], [batch, numbers], or indices [batch, steps]`;
    throw unsupportedLayer(source, layer, reason);
  }
  return { name: layer.name, rank: shape.length, sizes: fixed, size };
}

/**
 * The inputs of the model in their order.
 *
 * @throws {DataError} `file_corrupt`
 * @throws {InterchangeError} `unsupported_operator`
 */
export function inputsOf(source: KerasSource, root: KerasLayer): KerasInput[] {
  const { model } = root;
  if (model === undefined) throw unsupportedLayer(source, root, 'it is no Sequential or Functional model');
  if (model.graph === undefined) {
    const [first] = model.layers;
    const shape = first && (shapeIn(first.config) ?? shapeIn(root.config));
    if (first === undefined || shape === undefined) {
      throw unsupportedLayer(source, root, 'the shape of its input is not known: build the model before it is saved');
    }
    const layer = first.className === 'InputLayer' ? first : { ...first, name: 'input' };
    return [describeInput(source, layer, shape, firstReaders(root))];
  }
  const byName = new Map(model.layers.map((layer) => [layer.name, layer]));
  return model.graph.inputs.map(({ layer: name }) => {
    const layer = byName.get(name);
    const shape = layer && shapeIn(layer.config);
    if (layer === undefined || shape === undefined) throw corruptConfig(source, `the input '${name}' has no shape`);
    return describeInput(source, layer, shape, readersOf(root, name));
  });
}

/** A configuration as `model.to_json()` writes it, or as files hold it. @throws {DataError} `file_corrupt` */
export function requireConfig(source: KerasSource, json: JsonValue): JsonObject {
  if (isJsonObject(json) && isJsonObject(json['model_config'])) return json['model_config'];
  if (isJsonObject(json) && typeof json['class_name'] === 'string') return json;
  throw corruptConfig(source, 'it does not describe a Keras model');
}
