/** Nodes of a network as layers of Keras. */
import type { JsonObject } from '../../core/json.js';
import { EPSILON } from '../../network/layers/layer-normalization.js';
import type { AnyLayer, BuiltInLayer } from '../../network/layers/layers.js';
import { convolutionKernel, kernelOfGates, type Tensor, vector } from './keras-arrays.js';
import { type KerasArray, type KerasGraph, type KerasTensor, notExportable } from './keras-graph.js';

/** A node, what it reads, and its parameters and buffers. */
export interface ExportedNode<L extends AnyLayer = AnyLayer> {
  readonly name: string;
  readonly layer: L;
  readonly inputs: readonly KerasTensor[];
  tensor(part: string): Tensor;
  /** The table of an embedding, by the name of its node. */
  table(node: string): Tensor;
}

/** Adds a layer of the same name. */
function added(
  graph: KerasGraph,
  { name, inputs }: ExportedNode,
  className: string,
  settings: { config?: JsonObject; variables?: readonly KerasArray[]; takesList?: boolean },
): string {
  const { variables, ...rest } = settings;
  return graph.layer(name, className, { inputs, ...rest, ...(variables && { weights: { '': variables } }) });
}

type Writer<L extends AnyLayer> = (graph: KerasGraph, node: ExportedNode<L>) => KerasTensor;
type Of<K extends BuiltInLayer['kind']> = Extract<BuiltInLayer, { readonly kind: K }>;

const first = ({ inputs }: ExportedNode) => inputs[0] as KerasTensor;

/** A layer that changes neither rows nor columns. */
function sameSize(
  graph: KerasGraph,
  node: ExportedNode,
  className: string,
  settings: Parameters<typeof added>[3] = {},
) {
  return { ...first(node), layer: added(graph, node, className, settings), output: 0 };
}

const dense: Writer<Of<'dense'>> = (graph, node) => {
  const { units, bias = true, tied } = node.layer;
  if (tied !== undefined) graph.note(`'${node.name}' is tied to '${tied}' here; in Keras it has weights of its own.`);
  const weight = tied === undefined ? node.tensor('weight') : node.table(tied);
  const variables = [kernelOfGates(weight), ...(bias ? [vector(node.tensor('bias'))] : [])];
  const config = { units, use_bias: bias, activation: 'linear' };
  return { ...first(node), layer: added(graph, node, 'Dense', { config, variables }), output: 0, columns: units };
};

const embedding: Writer<Of<'embedding'>> = (graph, node) => {
  const { size, units } = node.layer;
  const { data } = node.tensor('weight');
  const settings = {
    config: { input_dim: size, output_dim: units },
    variables: [{ shape: [size, units], data: data.slice() }],
  };
  return { ...first(node), layer: added(graph, node, 'Embedding', settings), output: 0, columns: units };
};

const conv1d: Writer<Of<'conv1d'>> = (graph, node) => {
  const { units, kernelSize, stride = 1, dilation = 1, groups = 1, padding = 'valid', bias = true } = node.layer;
  if (typeof padding !== 'string')
    throw notExportable(node.name, `Keras has no layer with the padding [${padding.join(', ')}]`);
  if (stride > 1 && dilation > 1) throw notExportable(node.name, 'Keras has no stride together with a dilation');
  const config = {
    ...{ filters: units, kernel_size: [kernelSize], strides: [stride], dilation_rate: [dilation] },
    ...{ groups, padding, use_bias: bias, activation: 'linear' },
  };
  const variables = [convolutionKernel(node.tensor('weight')), ...(bias ? [vector(node.tensor('bias'))] : [])];
  return { ...first(node), layer: added(graph, node, 'Conv1D', { config, variables }), output: 0, columns: units };
};

const layerNormalization: Writer<Of<'layerNormalization'>> = (graph, node) => {
  const variables = [vector(node.tensor('weight')), vector(node.tensor('bias'))];
  const config = { axis: -1, epsilon: node.layer.epsilon ?? EPSILON };
  return sameSize(graph, node, 'LayerNormalization', { config, variables });
};

/** The part of the statistics that a training step of the library replaces, where the layer does not say it. */
const MOMENTUM = 0.1;

const batchNormalization: Writer<Of<'batchNormalization'>> = (graph, node) => {
  const { affine = true, momentum = MOMENTUM, epsilon = EPSILON } = node.layer;
  if (momentum === null) {
    graph.note(
      `'${node.name}': its running statistics are means of all steps; in training, Keras will replace a tenth.`,
    );
  }
  const parts = [...(affine ? ['weight', 'bias'] : []), 'running_mean', 'running_var'];
  const config = { axis: -1, momentum: 1 - (momentum ?? MOMENTUM), epsilon, scale: affine, center: affine };
  return sameSize(graph, node, 'BatchNormalization', {
    config,
    variables: parts.map((part) => vector(node.tensor(part))),
  });
};

const dropout: Writer<Of<'dropout'>> = (graph, node) => {
  const { rate, perSequence = false } = node.layer;
  const isSpatial = perSequence && first(node).hasSteps;
  return sameSize(graph, node, isSpatial ? 'SpatialDropout1D' : 'Dropout', { config: { rate } });
};

const activation: Writer<Of<'activation'>> = (graph, node) => {
  return sameSize(graph, node, 'Activation', { config: { activation: node.layer.name } });
};

function pooled(graph: KerasGraph, node: ExportedNode, over: string): KerasTensor {
  const className = { max: 'GlobalMaxPooling1D', mean: 'GlobalAveragePooling1D' }[over];
  if (className === undefined) throw notExportable(node.name, `Keras has no pooling over '${over}'`);
  return { ...first(node), layer: added(graph, node, className, {}), output: 0, hasSteps: false };
}

function merged(graph: KerasGraph, node: ExportedNode, className: string): KerasTensor {
  const { inputs, name } = node;
  const hasSteps = inputs.some((input) => input.hasSteps);
  const isJoined = className === 'Concatenate';
  if (isJoined && inputs.some((input) => input.hasSteps !== hasSteps)) {
    throw notExportable(name, 'Keras does not set the columns of a row beside those of all steps');
  }
  if (inputs.length === 1) return sameSize(graph, node, 'Activation', { config: { activation: 'linear' } });
  const layer = added(graph, node, className, { takesList: true, ...(isJoined && { config: { axis: -1 } }) });
  const columns = isJoined
    ? inputs.reduce((sum, input) => sum + input.columns, 0)
    : Math.max(...inputs.map((input) => input.columns));
  return { layer, output: 0, columns, hasSteps };
}

/** Functions with the name of an activation of Keras. */
const ACTIVATIONS: Readonly<Record<string, string>> = {
  ...{ gelu: 'gelu', selu: 'selu', softplus: 'softplus', logSoftmax: 'log_softmax' },
  ...{ tanh: 'tanh', sigmoid: 'sigmoid', relu: 'relu', softmax: 'softmax', exp: 'exponential', identity: 'linear' },
};
/** Functions of two inputs that are layers of Keras. */
const MERGES: Readonly<Record<string, string>> = {
  ...{ add: 'Add', multiply: 'Multiply', subtract: 'Subtract', maximum: 'Maximum', minimum: 'Minimum' },
  concatenate: 'Concatenate',
};
const POOLS: Readonly<Record<string, string>> = { maxOverTime: 'max', meanOverTime: 'mean' };

/** x * scale + offset, for a function of x and a number. */
function rescaling(name: string, number: number, isFirst: boolean): JsonObject | undefined {
  if (name === 'multiply') return { scale: number, offset: 0 };
  if (name === 'add') return { scale: 1, offset: number };
  if (name === 'subtract') return isFirst ? { scale: -1, offset: number } : { scale: 1, offset: -number };
  return undefined;
}

/** What `leakyRelu` multiplies by where nothing is given. */
const SLOPE = 0.01;

const operation: Writer<Of<'operation'>> = (graph, node) => {
  const { name, number, row, alpha, isFirst = false } = node.layer;
  if (name === 'elu') return sameSize(graph, node, 'ELU', { config: { alpha: alpha ?? 1 } });
  if (name === 'leakyRelu') return sameSize(graph, node, 'LeakyReLU', { config: { negative_slope: alpha ?? SLOPE } });
  const refused = notExportable(node.name, `Keras has no layer for the function '${name}' with these operands`);
  if (row !== undefined) throw refused;
  if (number !== undefined) {
    const config = rescaling(name, number, isFirst);
    if (config === undefined) throw refused;
    return sameSize(graph, node, 'Rescaling', { config });
  }
  if (name === 'negate') return sameSize(graph, node, 'Rescaling', { config: { scale: -1, offset: 0 } });
  const [keras, merge, pool] = [ACTIVATIONS[name], MERGES[name], POOLS[name]];
  if (keras !== undefined) return sameSize(graph, node, 'Activation', { config: { activation: keras } });
  if (pool !== undefined) return pooled(graph, node, pool);
  if (merge === undefined) throw refused;
  const given = isFirst ? { ...node, inputs: [...node.inputs].reverse() } : node;
  return merged(graph, given, merge);
};

const penalty: Writer<Of<'penalty'>> = (graph, node) => {
  graph.note(`'${node.name}' acts in training and is left out.`);
  return sameSize(graph, node, 'Activation', { config: { activation: 'linear' } });
};

const writers: { readonly [K in BuiltInLayer['kind']]?: Writer<Of<K>> } = {
  ...{ dense, embedding, conv1d, layerNormalization, batchNormalization, dropout, activation, operation, penalty },
  pool: (graph, node) => pooled(graph, node, node.layer.over),
  concatenate: (graph, node) => merged(graph, node, 'Concatenate'),
  add: (graph, node) => merged(graph, node, 'Add'),
  sum: (graph, node) => merged(graph, node, 'Add'),
  multiply: (graph, node) => merged(graph, node, 'Multiply'),
  average: (graph, node) => merged(graph, node, 'Average'),
};

/** Adds a node that is not recurrent. @throws {InterchangeError} `not_exportable` */
export function exportNode(graph: KerasGraph, node: ExportedNode): KerasTensor {
  const { kind } = node.layer as BuiltInLayer;
  const write = writers[kind] as Writer<AnyLayer> | undefined;
  if (write !== undefined) return write(graph, node);
  throw notExportable(node.name, `Keras has no layer like '${kind}'`);
}
