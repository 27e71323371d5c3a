/** Descriptions of networks: frozen, plain JSON. `sequential` is the short form of `network`. */
import { ConfigurationError, OptionError } from '../core/errors.js';
import { requireNumber, requireOneOf } from '../core/options.js';
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
  compile(options: CompileOptions = {}): Promise<Model> {
    return new Promise((resolve) => resolve(this.compileSync(options)));
  }

  /** As `compile`, on the calling thread. */
  compileSync(options: CompileOptions = {}): Model {
    return new Model(this.description, options);
  }
}

function freeze(description: NetworkDescription): NetworkDescription {
  const inputs = Object.entries(description.inputs).map(([name, input]) => [name, Object.freeze({ ...input })]);
  const nodes = description.nodes.map((node) => Object.freeze({ ...node, inputs: Object.freeze([...node.inputs]) }));
  return Object.freeze({
    inputs: Object.freeze(Object.fromEntries(inputs)),
    nodes: Object.freeze(nodes),
    output: description.output,
  });
}

/**
 * Slashes are for the names that the library makes itself: of states, gradients and run-time numbers. A dot stands between
 * a layer and its parameter.
 */
function isName(name: unknown): boolean {
  return typeof name === 'string' && name !== '' && !/[/.]/.test(name);
}

/**
 * A network of named layers.
 *
 * @throws {OptionError} `invalid_option` when a name is used twice, stands before it is made, is empty or holds a slash or
 *   a dot, or when an input is named `target`
 * @example network({ inputs: { input: { kind: 'features', units: 7 } }, nodes: [
 *   { name: 'lstm', layer: lstm({ units: 32 }), inputs: ['input'] },
 *   { name: 'dense', layer: dense({ units: 1 }), inputs: ['lstm'] }], output: 'dense' })
 */
export function network(description: NetworkDescription): Network {
  const known = new Set(Object.keys(description.inputs));
  const refuse = (message: string, name: string): never => {
    throw new OptionError('invalid_option', message, { name });
  };
  for (const [name, input] of Object.entries(description.inputs)) {
    if (!isName(name) || name === 'target') refuse(`an input cannot be named '${name}'`, name);
    requireOneOf(`inputs.${name}.kind`, input.kind, ['indices', 'features']);
    const [field, value] = input.kind === 'indices' ? ['size', input.size] : ['units', input.units];
    requireNumber(`inputs.${name}.${field}`, value, { min: 1, integer: true });
  }
  for (const node of description.nodes) {
    if (!isName(node.name)) refuse(`a node cannot be named '${node.name}'`, node.name);
    if (known.has(node.name)) refuse(`there are two nodes or inputs named '${node.name}'`, node.name);
    if (node.inputs.length === 0) refuse(`node '${node.name}' has no input`, node.name);
    for (const input of node.inputs) {
      if (!known.has(input)) refuse(`node '${node.name}' reads '${input}', which is not made before it`, input);
    }
    known.add(node.name);
  }
  if (!description.nodes.some(({ name }) => name === description.output)) {
    refuse(`the output '${description.output}' is not a node`, description.output);
  }
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
  if (first === undefined)
    throw new OptionError('invalid_option', 'sequential needs at least one layer', { name: 'layers' });
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
  const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
  const isDescription =
    isObject(inputs) &&
    Object.values(inputs as object).every(isObject) &&
    Array.isArray(nodes) &&
    nodes.every((node) => isObject(node) && isObject(node.layer) && Array.isArray(node.inputs)) &&
    typeof output === 'string';
  if (!isDescription) {
    throw new ConfigurationError('invalid_configuration', 'this is not the description of a network', { json });
  }
  const checked = (nodes as readonly NodeDescription[]).map(({ name, layer, inputs: reads }) => {
    return { name, layer: layerFromJSON(layer), inputs: reads };
  });
  return network({ inputs: inputs as NetworkDescription['inputs'], nodes: checked, output: output as string });
}
