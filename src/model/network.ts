/** Networks that are ready to be compiled. `sequential` is the short form of `network`. */
import { requireList } from '../core/arguments.js';
import { ConfigurationError, OptionError } from '../core/errors.js';
import { rejectUnknownKeys, requireNumber } from '../core/options.js';
import { checkNetwork } from '../network/check-network.js';
import {
  freezeDescription,
  type InputDescription,
  type NetworkDescription,
  type NodeDescription,
} from '../network/description.js';
import { type AnyLayerMaker, layerDefinitions } from '../network/layers/define-layer.js';
import { type AnyLayer, isKind, layerFromJSON, layerRule } from '../network/layers/layers.js';
import { type CompileOptions, Model } from './model.js';
import { showSummary, summaryOf } from './use/summary.js';

export type * from '../network/description.js';

/** A described network, ready to be compiled. */
export class Network {
  static {
    showSummary(Network.prototype, 'Network');
  }

  constructor(readonly description: NetworkDescription) {}

  /** The layers with their outputs and parameters as text, known before anything is allocated; `console.log(network)` shows it. */
  summary(): string {
    return summaryOf(this.description);
  }

  /**
   * Allocates and initialises the parameters and makes the model. Without `loss` it is `softmaxCrossEntropy`, for outputs of several
   * columns; without `optimizer` it is `adam()`.
   *
   * @throws {OptionError} `invalid_option`, `unknown_option`
   * @throws {ShapeError} `shape_mismatch`, `rank_mismatch` when layers do not fit together
   * @throws {UsageError} `invalid_definition` for a layer, a loss or an optimizer of one's own that is at fault
   * @throws {NativeError} `native_missing`
   */
  compile(options: CompileOptions = {}): Promise<Model> {
    return new Promise((resolve) => resolve(this.compileSync(options)));
  }

  /** As `compile`, on the calling thread. */
  compileSync(options: CompileOptions = {}): Model {
    return new Model(this.description, options);
  }
}

/**
 * A network of named layers.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option` when a name is used twice, is used before its node is
 * defined, is empty, or contains a slash or a dot; when an input is named `target`, or no input is on the axis `time`;
 * when states are given to a layer that has none, or weights are tied to a layer that is not an embedding
 * @example
 * const forecaster = network({
 *   inputs: { input: { kind: 'features', units: 7 } },
 *   nodes: [
 *     { name: 'lstm', layer: lstm({ units: 32 }), inputs: ['input'] },
 *     { name: 'dense', layer: dense({ units: 1 }), inputs: ['lstm'] },
 *   ],
 *   output: 'dense',
 * });
 */
export function network(description: NetworkDescription): Network {
  checkNetwork(description);
  return new Network(freezeDescription(description));
}

/**
 * A chain of layers. The input is named `input`: indices where the first layer is an embedding, otherwise rows of
 * `features` real numbers.
 *
 * @param layers at least one
 * @param options.features numbers in each row of the input, where the first layer is not an embedding
 * @throws {OptionError} `invalid_option`
 * @example const network = sequential([embedding({ size: 65, units: 128 }), lstm({ units: 512, layers: 2 }), dense({ units: 65 })]);
 */
export function sequential(layers: readonly AnyLayer[], options: { readonly features?: number } = {}): Network {
  requireList('layers', layers);
  rejectUnknownKeys('sequential', options, ['features']);
  const [first] = layers;
  if (first === undefined && layers.length === 0)
    throw new OptionError('invalid_option', 'sequential needs at least one layer', { name: 'layers' });
  for (const layer of layers) layerRule(layer);
  const input: InputDescription = isKind(first, 'embedding')
    ? { kind: 'indices', size: first.size }
    : { kind: 'features', units: requireFeatures(options.features) };
  const counts = new Map<string, number>();
  let previous = 'input';
  const nodes = layers.map((layer) => {
    const count = counts.get(layer.kind) ?? 0;
    counts.set(layer.kind, count + 1);
    const node = { name: count === 0 ? layer.kind : `${layer.kind}_${count}`, layer, inputs: [previous] };
    previous = node.name;
    return node;
  });
  return network({ inputs: { input }, nodes, output: previous });
}

/** @throws {OptionError} `invalid_option` */
function requireFeatures(features: number | undefined): number {
  if (features !== undefined) return requireNumber('features', features, { min: 1, integer: true });
  const message =
    "option 'features' is missing: how many numbers a step of the input has, as sequential([...], { features: 3 }); only an embedding needs none";
  throw new OptionError('invalid_option', message, { name: 'features' });
}

/** The layers that a network from JSON may contain. */
export interface NetworkFromJsonOptions {
  /** The user's own layers: results of `defineLayer`. */
  readonly layers?: readonly AnyLayerMaker[];
}

/**
 * A network from the JSON of its description, as a checkpoint holds it. Everything is checked.
 *
 * @throws {ConfigurationError} `invalid_configuration` when it is not a description
 * @throws {OptionError} `invalid_option`, `unknown_option` when a layer is not valid; `unknown_layer` for one that is not of the
 *   library and not among `layers`
 */
export function networkFromJSON(json: unknown, options: NetworkFromJsonOptions = {}): Network {
  rejectUnknownKeys('networkFromJSON', options, ['layers']);
  const definitions = layerDefinitions(options.layers);
  const { inputs, nodes, output, outputs } = (json ?? {}) as Partial<NetworkDescription>;
  const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
  const isDescription =
    isObject(inputs) &&
    Object.values(inputs as object).every(isObject) &&
    Array.isArray(nodes) &&
    nodes.every(isNode) &&
    (outputs === undefined ? typeof output === 'string' : isObject(outputs));
  if (!isDescription) {
    throw new ConfigurationError('invalid_configuration', 'this is not the description of a network', { json });
  }
  const checked = (nodes as readonly NodeDescription[]).map(({ name, layer, inputs: reads, states }) => {
    return { name, layer: layerFromJSON(layer, definitions), inputs: reads, ...(states !== undefined && { states }) };
  });
  return network({
    inputs: inputs as NetworkDescription['inputs'],
    nodes: checked,
    ...(output !== undefined && { output }),
    ...(outputs !== undefined && { outputs }),
  });
}

function isNode(node: unknown): boolean {
  const { layer, inputs, states = {} } = (node ?? {}) as Partial<NodeDescription>;
  const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
  return isObject(layer) && Array.isArray(inputs) && isObject(states);
}
