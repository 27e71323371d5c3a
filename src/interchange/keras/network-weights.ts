/** Weights of a Keras file for a network that the user gives. */
import { InterchangeError } from '../../core/errors.js';
import type { Network } from '../../model/network.js';
import type { NodeDescription } from '../../network/description.js';
import type { AnyLayer } from '../../network/layers/layers.js';
import type { ImportedNetwork, WeightSource } from '../shared/imported-network.js';
import type { SourceTensor } from '../sources/source-tensor.js';
import type { Hdf5File } from './hdf5-file.js';
import { allTensors } from './hdf5-weights.js';
import { unusedTensor } from './layer-weights.js';
import { constant, convolutionKernel, gatesOfRow, same, transposed, transposedGates } from './weight-sources.js';

/** The tensors of one layer of the file, in the order in which Keras lists its variables. */
type Tensors = readonly SourceTensor[];

type NodeWeights = Record<string, WeightSource>;

const ORDERS = { rnn: [0], lstm: [0, 1, 2, 3], gru: [1, 0, 2] } as const;

/** The parameters of one direction, of kernel, recurrent kernel and bias. */
function directionWeights(
  layer: Extract<AnyLayer, { kind: 'rnn' | 'lstm' | 'gru' }>,
  tensors: Tensors,
  suffix: string,
) {
  const order: readonly number[] = ORDERS[layer.kind];
  const [kernel, recurrent, bias] = tensors;
  const { biases = 'two', units } = layer;
  const weights: NodeWeights = {};
  if (kernel !== undefined) weights[`weight_ih${suffix}`] = transposedGates(kernel, order);
  if (recurrent !== undefined) weights[`weight_hh${suffix}`] = transposedGates(recurrent, order);
  if (bias === undefined) return weights;
  weights[`bias_ih${suffix}`] = gatesOfRow(bias, order);
  const hasTwo = bias.shape.length === 2;
  if (layer.kind === 'gru' && hasTwo !== (layer.resetAfter ?? true)) {
    const [file, given] = hasTwo ? ['after', 'before'] : ['before', 'after'];
    const message = `'${bias.name}' [${bias.shape.join(', ')}] is of a GRU that resets ${file} the recurrent product (reset_after=${hasTwo ? 'True' : 'False'}), but that of the network resets ${given} it: give it resetAfter: ${hasTwo}`;
    throw new InterchangeError('tensor_mismatch', message, { tensor: bias.name, shape: bias.shape });
  }
  if (hasTwo) weights[`bias_hh${suffix}`] = gatesOfRow(bias, order, 1);
  else if (biases === 'two') weights[`bias_hh${suffix}`] = constant('no second bias', order.length * units, 0);
  return weights;
}

const PLAIN: Readonly<Record<string, (tensors: Tensors) => NodeWeights>> = {
  dense: ([kernel, bias]) => ({ ...(kernel && { weight: transposed(kernel) }), ...(bias && { bias: same(bias) }) }),
  embedding: ([table]) => (table === undefined ? {} : { weight: same(table) }),
  conv1d: ([kernel, bias]) => {
    return { ...(kernel && { weight: convolutionKernel(kernel) }), ...(bias && { bias: same(bias) }) };
  },
  layerNormalization: ([gamma, beta]) => ({ ...(gamma && { weight: same(gamma) }), ...(beta && { bias: same(beta) }) }),
  batchNormalization: (tensors) => {
    const names = [...(tensors.length === 2 ? [] : ['weight', 'bias']), 'running_mean', 'running_var'];
    return Object.fromEntries(tensors.map((tensor, at) => [names[at], same(tensor)]));
  },
};

/** How many tensors layers may have. Which one is missing of others cannot be told. */
const COUNTS: Readonly<Record<string, readonly number[]>> = {
  ...{ dense: [1, 2], embedding: [1], conv1d: [1, 2], layerNormalization: [1, 2], batchNormalization: [2, 4] },
  ...{ rnn: [2, 3], lstm: [2, 3], gru: [2, 3] },
};

/** The rank that the first tensor of a layer must have: its axes are exchanged. */
const RANKS: Readonly<Record<string, number>> = { dense: 2, embedding: 2, conv1d: 3, rnn: 2, lstm: 2, gru: 2 };

/** The names that Keras 2 gives to variables, in the order in which a layer has them. Keras 3 numbers them. */
const NAMED = ['embeddings', 'kernel', 'recurrent_kernel', 'bias', 'gamma', 'beta', 'moving_mean', 'moving_variance'];

/** The place of a variable among those of its layer: -1 where its name says nothing. */
function placeOf({ name }: SourceTensor): number {
  const last = (name.split('/').at(-1) as string).replace(/:\d+$/, '');
  return /^\d+$/.test(last) ? Number(last) : NAMED.indexOf(last);
}

/** The variables of a group, in the order in which its layer has them; a file has them by the alphabet. */
function below(path: string, tensors: readonly SourceTensor[], begin: string): SourceTensor[] {
  const own = tensors.filter(({ name }) => name === begin || name.startsWith(`${begin}/`));
  const unknown = own.find((tensor) => placeOf(tensor) < 0);
  if (unknown === undefined) return own.sort((left, right) => placeOf(left) - placeOf(right));
  const message = `'${path}': the name of '${unknown.name}' does not say which variable of its layer it is`;
  throw new InterchangeError('ambiguous_network', message, { source: path, tensor: unknown.name });
}

/** Begins of names in the file, and the nodes that take what follows. */
function places(
  file: Hdf5File,
  network: Network,
  map: Readonly<Record<string, string>>,
): [string, NodeDescription | undefined][] {
  const nodes = new Map(network.description.nodes.map((node) => [node.name, node]));
  const own = [...nodes.keys()].map((name) => [`layers/${name}`, name] as const).filter(([begin]) => file.has(begin));
  const entries = Object.keys(map).length > 0 ? Object.entries(map) : own;
  return entries.map(([begin, name]) => {
    const node = nodes.get(name);
    // What leads to '' is left out.
    if (node !== undefined || name === '') return [begin.replace(/\/$/, ''), node];
    const message = `option 'map' gives '${begin}' to '${name}', which is no node of the network; there are ${[...nodes.keys()].join(', ')}`;
    throw new InterchangeError('ambiguous_network', message, { name: 'map', value: name });
  });
}

/** The direction of a Bidirectional that a variable belongs to, by the innermost part of its name that says one. */
function directionOf({ name }: SourceTensor, begin: string): 'forward' | 'backward' | undefined {
  const found = name.slice(begin.length).match(/.*\/(forward|backward)_/);
  return found?.[1] as 'forward' | 'backward' | undefined;
}

function weightsOf(
  path: string,
  { name, layer }: NodeDescription,
  tensors: readonly SourceTensor[],
  begin: string,
): NodeWeights {
  const { kind } = layer as Exclude<AnyLayer, { readonly kind: never }>;
  const rank = RANKS[kind];
  const isOdd = (tensor: SourceTensor | undefined) => rank !== undefined && tensor?.shape.length !== rank;
  const refuse = (reason: string) => {
    const message = `'${path}': the weights of the node '${name}' cannot be taken from Keras: ${reason}`;
    return new InterchangeError('ambiguous_network', message, { source: path, name });
  };
  const requireCount = (own: readonly SourceTensor[], where: string) => {
    const counts = COUNTS[kind];
    if (own.length === 0 || counts === undefined || counts.includes(own.length)) return;
    throw refuse(`'${begin}' has ${own.length} tensors${where}, expected ${counts.join(' or ')}`);
  };
  if (isOdd(tensors[0])) throw refuse(`its first tensor is [${tensors[0]?.shape.join(', ')}], expected ${rank} axes`);
  if (kind === 'rnn' || kind === 'lstm' || kind === 'gru') {
    const recurrent = layer as Extract<AnyLayer, { kind: 'rnn' | 'lstm' | 'gru' }>;
    if ((recurrent.layers ?? 1) > 1) throw refuse('it has several layers, of which Keras makes a layer each');
    const isBoth = recurrent.direction === 'bidirectional';
    const suffix = recurrent.direction === 'reverse' ? '_l0_reverse' : '_l0';
    if (!isBoth) {
      requireCount(tensors, '');
      return directionWeights(recurrent, tensors, suffix);
    }
    const odd = tensors.find((tensor) => directionOf(tensor, begin) === undefined);
    if (odd !== undefined) throw refuse(`the name of '${odd.name}' says no direction`);
    const [ahead, behind] = (['forward', 'backward'] as const).map((direction) => {
      const own = tensors.filter((tensor) => directionOf(tensor, begin) === direction);
      requireCount(own, ` of the direction '${direction}'`);
      return own;
    });
    return {
      ...directionWeights(recurrent, ahead ?? [], '_l0'),
      ...directionWeights(recurrent, behind ?? [], '_l0_reverse'),
    };
  }
  const plain = PLAIN[kind];
  if (plain === undefined) throw refuse(`layers of the kind '${kind}' have no weights there`);
  requireCount(tensors, '');
  return plain(tensors);
}

/**
 * Weights for the nodes of a network: by the option `map`, or for nodes that are named like the groups of the file.
 *
 * @throws {InterchangeError} `ambiguous_network`, `unused_tensor`
 */
export function networkWeights(
  path: string,
  file: Hdf5File,
  network: Network,
  map: Readonly<Record<string, string>>,
): ImportedNetwork {
  const tensors = [...allTensors(file).values()];
  const weights = new Map<string, WeightSource>();
  const used = new Set<string>();
  for (const [begin, node] of places(file, network, map)) {
    const own = below(path, tensors, begin);
    for (const { name } of own) used.add(name);
    if (node === undefined) continue;
    for (const [part, source] of Object.entries(weightsOf(path, node, own, begin)))
      weights.set(`${node.name}.${part}`, source);
  }
  const unused = tensors.find(({ name }) => !used.has(name));
  if (unused !== undefined) throw unusedTensor({ path, version: undefined }, unused.name);
  return { network, weights, notes: [] };
}
