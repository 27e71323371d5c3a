/** Recurrent nodes as layers of Keras: one for each layer of a stack. */
import type { JsonObject, JsonValue } from '../../core/json.js';
import {
  type CellActivation,
  describeActivation,
  isSameActivation,
  type NumberedActivation,
} from '../../network/layers/cell-activations.js';
import { type RecurrentDescription, stateNames } from '../../network/layers/recurrent.js';
import { zoneoutRates } from '../../network/layers/recurrent-options.js';
import { biasOfGates, kernelOfGates, type Tensor } from './keras-arrays.js';
import { described, type KerasArray, type KerasGraph, type KerasTensor, notExportable } from './keras-graph.js';

/** A recurrent node with what is known of it. */
export interface RecurrentNode {
  readonly name: string;
  readonly layer: RecurrentDescription;
  readonly input: KerasTensor;
  /** What gives its initial states, by their names; all of them or none. */
  readonly states?: Readonly<Record<string, KerasTensor>> | undefined;
  /** Whether its final states are read. */
  readonly returnsState: boolean;
  tensor(part: string): Tensor;
}

const CLASSES = { rnn: 'SimpleRNN', lstm: 'LSTM', gru: 'GRU' } as const;
/** Gates r z n of a GRU are z r h in Keras. */
const ORDERS = { rnn: [0], lstm: [0, 1, 2, 3], gru: [1, 0, 2] } as const;

/** Activations with numbers, as the layers of Keras that a cell takes in the place of a function. */
function activationLayer(node: string, activation: NumberedActivation): JsonValue {
  const { name } = activation;
  const { alpha = 1, beta = 0 } = activation as { alpha?: number; beta?: number };
  const layer = (className: string, config: JsonObject) =>
    described('keras.layers', className, { name: `${node}_${className.toLowerCase()}`, ...config });
  if (name === 'elu') return layer('ELU', { alpha });
  if (name === 'affine') return layer('Rescaling', { scale: alpha, offset: beta });
  if (name === 'leakyRelu' && alpha >= 0) return layer('LeakyReLU', { negative_slope: alpha });
  const known = 'elu, affine, and leakyRelu with a slope that is not negative';
  throw notExportable(node, `Keras has no ${describeActivation(activation)}; of those with numbers it has ${known}`);
}

/** An activation as a cell of Keras has it. @throws {InterchangeError} `not_exportable` */
function activationOf(node: string, activation: CellActivation): JsonValue {
  if (activation === 'identity') return 'linear';
  if (activation === 'hardSigmoid') return 'hard_sigmoid';
  if (activation === 'hardSigmoid02') {
    throw notExportable(node, "Keras 3 has no 'hardSigmoid02': its hard_sigmoid is clip(x/6 + 0.5)");
  }
  return typeof activation === 'string' ? activation : activationLayer(node, activation);
}

/** Options that Keras does not have, with the values that change nothing. */
function requireKnown({ name, layer }: RecurrentNode): void {
  const { hidden, cell } = zoneoutRates(layer);
  const options = layer as unknown as Readonly<Record<string, unknown>>;
  const { activation = 'tanh' } = layer;
  const outputActivation = layer.kind === 'lstm' ? (layer.outputActivation ?? activation) : activation;
  const found = ['projection', 'peepholes', 'coupledGates', 'cellClip', 'inputClip', 'layerNormalization'].find(
    (option) => {
      return options[option] !== undefined && options[option] !== false;
    },
  );
  const refused =
    found ??
    (isSameActivation(outputActivation, activation) ? undefined : 'outputActivation') ??
    (hidden > 0 || cell > 0 ? 'zoneout' : undefined);
  if (refused !== undefined) throw notExportable(name, `Keras has nothing like the option '${refused}'`);
}

/** The options of the layer in Keras that are the same for all layers of a stack. */
function cellConfig({ name, layer }: RecurrentNode): JsonObject {
  const { units, kind, biases = 'two', activation = 'tanh', inputDropout = 0, recurrentDropout = 0 } = layer;
  const shared = {
    units,
    activation: activationOf(name, activation),
    use_bias: biases !== 'none',
    dropout: inputDropout,
    recurrent_dropout: recurrentDropout,
  };
  if (kind === 'rnn') return shared;
  const gated = { ...shared, recurrent_activation: activationOf(name, layer.gateActivation ?? 'sigmoid') };
  return kind === 'gru' ? { ...gated, reset_after: layer.resetAfter ?? true } : gated;
}

function cellVariables({ layer, tensor }: RecurrentNode, suffix: string): KerasArray[] {
  const { kind, biases = 'two' } = layer;
  const order = ORDERS[kind];
  const kernels = [tensor(`weight_ih${suffix}`), tensor(`weight_hh${suffix}`)].map((each) =>
    kernelOfGates(each, order),
  );
  if (biases === 'none') return kernels;
  const first = biasOfGates(tensor(`bias_ih${suffix}`), order);
  const second = biases === 'two' ? biasOfGates(tensor(`bias_hh${suffix}`), order) : new Float32Array(first.length);
  const isPair = kind === 'gru' && (layer.resetAfter ?? true);
  const bias = isPair
    ? { shape: [2, first.length], data: Float32Array.from([...first, ...second]) }
    : { shape: [first.length], data: first.map((number, at) => number + (second[at] as number)) };
  return [...kernels, bias];
}

/** The outputs of a node: what it gives, and its final states by name. */
export interface RecurrentOutputs {
  readonly output: KerasTensor;
  readonly states: ReadonlyMap<string, KerasTensor>;
}

/** Adds one layer of a stack. */
function addLayer(graph: KerasGraph, node: RecurrentNode, x: KerasTensor, at: number): RecurrentOutputs {
  const { name, layer, returnsState, states } = node;
  const { units, kind, direction = 'forward', merge, layers = 1, output = 'sequence' } = layer;
  const hasSteps = output === 'sequence' || at < layers - 1;
  const className = CLASSES[kind];
  const uses = { return_sequences: hasSteps, return_state: returnsState };
  const config = { ...cellConfig(node), ...uses };
  const isBoth = direction === 'bidirectional';
  const all = stateNames(layer);
  const own = all.slice((at * all.length) / layers, ((at + 1) * all.length) / layers);
  const initialStates = states === undefined ? [] : own.map((state) => states[state] as KerasTensor);
  const settings = { inputs: [x], initialStates };
  let added: string;
  if (isBoth) {
    const inner = (part: string, isBackwards: boolean) =>
      described('keras.layers', className, { name: `${part}_${name}_${at}`, ...config, go_backwards: isBackwards });
    const weights = {
      'forward_layer/cell': cellVariables(node, `_l${at}`),
      'backward_layer/cell': cellVariables(node, `_l${at}_reverse`),
    };
    const both = { layer: inner('forward', false), backward_layer: inner('backward', true) };
    const outer = { ...both, merge_mode: merge === 'sum' ? 'sum' : 'concat' };
    added = graph.layer(name, 'Bidirectional', { ...settings, config: outer, weights });
  } else {
    const isReverse = direction === 'reverse';
    const weights = { cell: cellVariables(node, `_l${at}${isReverse ? '_reverse' : ''}`) };
    added = graph.layer(name, className, { ...settings, config: { ...config, go_backwards: isReverse }, weights });
  }
  const columns = isBoth && merge !== 'sum' ? 2 * units : units;
  // With go_backwards Keras gives the last step first.
  const turned = direction === 'reverse' && hasSteps;
  const source = { layer: added, output: 0, columns, hasSteps };
  const state = (index: number) => ({ layer: added, output: index + 1, columns: units, hasSteps: false });
  return {
    output: turned ? { ...source, layer: graph.flip(`${name}_turned`, source) } : source,
    states: new Map(own.map((each, index) => [each, state(index)])),
  };
}

/** Notes what acts in training alone and has no counterpart. */
function noteTraining(graph: KerasGraph, { name, layer }: RecurrentNode): void {
  for (const option of ['weightDropout', 'activationPenalty', 'temporalPenalty'] as const) {
    if ((layer[option] ?? 0) > 0) graph.note(`'${name}': '${option}' acts in training and is left out.`);
  }
}

/** Adds the layers of a recurrent node. @throws {InterchangeError} `not_exportable` */
export function exportRecurrent(graph: KerasGraph, node: RecurrentNode): RecurrentOutputs {
  const { name, layer, input } = node;
  const { layers = 1, dropout = 0, residual = false, output = 'sequence' } = layer;
  requireKnown(node);
  noteTraining(graph, node);
  if (residual && layers > 1 && output === 'last') {
    throw notExportable(name, "Keras has no last step of the sum that 'residual' makes");
  }
  if (node.states !== undefined && stateNames(layer).some((state) => node.states?.[state] === undefined)) {
    throw notExportable(name, 'it is given some of its initial states, and Keras takes all or none');
  }
  const states = new Map<string, KerasTensor>();
  let x = input;
  for (let at = 0; at < layers; at++) {
    const read = at > 0 && dropout > 0 ? droppedOut(graph, name, x, dropout) : x;
    const added = addLayer(graph, node, read, at);
    for (const [state, tensor] of added.states) states.set(state, tensor);
    const y = added.output;
    if (!residual || at === 0) x = y;
    else x = { ...y, layer: graph.layer(`${name}_residual`, 'Add', { inputs: [y, x], takesList: true }), output: 0 };
  }
  return { output: x, states };
}

/** Dropout of a tensor. */
export function droppedOut(graph: KerasGraph, name: string, x: KerasTensor, rate: number): KerasTensor {
  return { ...x, layer: graph.layer(`${name}_dropout`, 'Dropout', { config: { rate }, inputs: [x] }), output: 0 };
}
