/** Descriptions of networks: frozen, plain JSON. `sequential` is the short form of `network`. */
import { ConfigurationError, OptionError } from '../core/errors.js';
import { requireNumber } from '../core/options.js';
import type { EmbeddingDescription } from '../layers/embedding.js';
import { type AnyLayer, layerFromJSON } from '../layers/layers.js';
import { type CompileOptions, Model } from './model.js';

/** What an input holds: one index a row, or `units` real numbers a row. */
export type InputDescription =
  | { readonly kind: 'indices'; readonly size: number }
  | { readonly kind: 'features'; readonly units: number };

/** One layer and the inputs or nodes that it reads. */
export interface NodeDescription {
  readonly name: string;
  readonly layer: AnyLayer;
  readonly inputs: readonly string[];
}

/** A network as data. */
export interface NetworkDescription {
  readonly inputs: Readonly<Record<string, InputDescription>>;
  /** In an order in which every node stands behind those that it reads. */
  readonly nodes: readonly NodeDescription[];
  /** Node that gives the output. */
  readonly output: string;
}

/** A described network, ready to be compiled. */
export class Network {
  constructor(readonly description: NetworkDescription) {}

  /**
   * Allocates and initialises the parameters and makes the model.
   *
   * @throws {OptionError} `invalid_option`, `unknown_option`
   * @throws {ShapeError} `shape_mismatch`, `rank_mismatch` when layers do not fit together
   * @throws {NativeError} `native_missing`
   */
  compile(options: CompileOptions): Promise<Model> {
    return new Promise((resolve) => resolve(this.compileSync(options)));
  }

  /** As `compile`, on the calling thread. */
  compileSync(options: CompileOptions): Model {
    return new Model(this.description, options);
  }
}

function freeze(description: NetworkDescription): NetworkDescription {
  const nodes = description.nodes.map((node) => Object.freeze({ ...node, inputs: Object.freeze([...node.inputs]) }));
  return Object.freeze({
    inputs: Object.freeze({ ...description.inputs }),
    nodes: Object.freeze(nodes),
    output: description.output,
  });
}

/**
 * A network of named layers.
 *
 * @throws {OptionError} `invalid_option` when a name is used twice or stands before it is made
 * @example network({ inputs: { input: { kind: 'features', units: 7 } }, nodes: [
 *   { name: 'lstm', layer: lstm({ units: 32 }), inputs: ['input'] },
 *   { name: 'dense', layer: dense({ units: 1 }), inputs: ['lstm'] }], output: 'dense' })
 */
export function network(description: NetworkDescription): Network {
  const known = new Set(Object.keys(description.inputs));
  for (const [name, input] of Object.entries(description.inputs)) {
    const value = input.kind === 'indices' ? input.size : input.units;
    requireNumber(`inputs.${name}`, value, { min: 1, integer: true });
  }
  const refuse = (message: string, name: string): never => {
    throw new OptionError('invalid_option', message, { name });
  };
  for (const node of description.nodes) {
    if (known.has(node.name)) refuse(`there are two nodes or inputs named '${node.name}'`, node.name);
    if (node.inputs.length === 0) refuse(`node '${node.name}' has no input`, node.name);
    for (const input of node.inputs) {
      if (!known.has(input)) refuse(`node '${node.name}' reads '${input}', which is not made before it`, input);
    }
    known.add(node.name);
  }
  if (!known.has(description.output)) refuse(`the output '${description.output}' is not a node`, description.output);
  return new Network(freeze(description));
}

/**
 * A chain of layers. The input is named `input`: indices where the first layer is an embedding, otherwise rows of
 * `features` real numbers.
 *
 * @param layers at least one
 * @param options.features numbers in each row of the input, where the first layer is not an embedding
 * @throws {OptionError} `invalid_option`
 * @example sequential([embedding({ size: 65, units: 128 }), lstm({ units: 512, layers: 2 }), dense({ units: 65 })])
 */
export function sequential(layers: readonly AnyLayer[], options: { readonly features?: number } = {}): Network {
  const [first] = layers;
  if (first === undefined) throw new OptionError('invalid_option', 'sequential needs at least one layer', { name: 'layers' });
  const input: InputDescription =
    first.kind === 'embedding'
      ? { kind: 'indices', size: (first as EmbeddingDescription).size }
      : { kind: 'features', units: requireNumber('features', options.features, { min: 1, integer: true }) };
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

/**
 * A network from the JSON of its description, as a checkpoint holds it. Everything is checked.
 *
 * @throws {ConfigurationError} `invalid_configuration` when it is not a description
 * @throws {OptionError} `invalid_option`, `unknown_option` when a layer is not valid
 */
export function networkFromJSON(json: unknown): Network {
  const { inputs, nodes, output } = (json ?? {}) as Partial<NetworkDescription>;
  const isDescription =
    typeof inputs === 'object' && inputs !== null && Array.isArray(nodes) && typeof output === 'string';
  if (!isDescription || !nodes.every((node) => typeof node?.layer === 'object' && Array.isArray(node.inputs))) {
    throw new ConfigurationError('invalid_configuration', 'this is not the description of a network', { json });
  }
  return network({ inputs, nodes: nodes.map((node) => ({ ...node, layer: layerFromJSON(node.layer) })), output });
}
