/** Recurrent layers of Keras: SimpleRNN, LSTM, GRU, RNN with their cells, Bidirectional. */
import type { JsonValue } from '../../core/json.js';
import { average, concatenate, multiply, sum } from '../../network/layers/merge.js';
import {
  type GruOptions,
  gru,
  type LstmOptions,
  lstm,
  type RecurrentDescription,
  type RnnOptions,
  rnn,
  stateNames,
} from '../../network/layers/recurrent.js';
import type { WeightSource } from '../shared/imported-network.js';
import { cellActivation } from './activations.js';
import { type Conversion, TURNS_STEPS } from './conversion.js';
import { describeLayer, type KerasLayer } from './keras-layer.js';
import { type KerasValue, withoutSteps } from './keras-value.js';
import type { LayerOptions } from './layer-options.js';
import { gatesOfRow, transposedGates } from './weight-sources.js';

/** A cell of Keras as a layer of the library, still without direction and output. */
interface Cell {
  readonly units: number;
  readonly bias: 'none' | 'one' | 'two';
  /** The block of Keras that each gate is here. */
  readonly order: readonly number[];
  describe(placement: Pick<RnnOptions, 'direction' | 'output' | 'merge'>): RecurrentDescription;
}

/** The gates i f g o of an LSTM have the same order in Keras; z r h of a GRU become r z n. */
const ORDERS = { SimpleRNNCell: [0], LSTMCell: [0, 1, 2, 3], GRUCell: [1, 0, 2] } as const;

function dropoutsOf(options: LayerOptions): Pick<RnnOptions, 'inputDropout' | 'recurrentDropout'> {
  const [input, recurrent] = [options.number('dropout', 0), options.number('recurrent_dropout', 0)];
  return { ...(input > 0 && { inputDropout: input }), ...(recurrent > 0 && { recurrentDropout: recurrent }) };
}

/**
 * A cell by its configuration.
 *
 * @throws {InterchangeError} `unsupported_operator`, `unsupported_attribute`
 */
function cellOf(to: Conversion, layer: KerasLayer, options: LayerOptions): Cell {
  const { className } = layer;
  if (!Object.hasOwn(ORDERS, className)) throw to.refuse(layer, 'cells are SimpleRNNCell, LSTMCell and GRUCell');
  const order = ORDERS[className as keyof typeof ORDERS];
  const units = options.count('units');
  const hasBias = options.flag('use_bias', true);
  const shared = { units, ...dropoutsOf(options), activation: cellActivation(options, 'activation') };
  if (className === 'SimpleRNNCell') {
    const bias = hasBias ? 'one' : 'none';
    return { units, bias, order, describe: (placement) => rnn({ ...shared, biases: bias, ...placement }) };
  }
  const gated = { ...shared, gateActivation: cellActivation(options, 'recurrent_activation') };
  if (className === 'LSTMCell') {
    const bias = hasBias ? 'one' : 'none';
    return {
      units,
      bias,
      order,
      describe: (placement) => lstm({ ...gated, biases: bias, ...placement } as LstmOptions),
    };
  }
  const resetAfter = options.flag('reset_after', false);
  const bias = !hasBias ? 'none' : resetAfter ? 'two' : 'one';
  const describe = (placement: object) => gru({ ...gated, resetAfter, biases: bias, ...placement } as GruOptions);
  return { units, bias, order, describe };
}

/** The parameters of one direction. */
function cellWeights(
  to: Conversion,
  layer: KerasLayer,
  { units, bias, order }: Cell,
  columns: number,
  suffix: string,
): Record<string, WeightSource> {
  const rows = units * order.length;
  const kernel = to.tensor(layer, 'kernel', [columns, rows]);
  const recurrent = to.tensor(layer, 'recurrent_kernel', [units, rows]);
  const weights = {
    [`weight_ih${suffix}`]: transposedGates(kernel, order),
    [`weight_hh${suffix}`]: transposedGates(recurrent, order),
  };
  if (bias === 'none') return weights;
  const biases = to.tensor(layer, 'bias', bias === 'two' ? [2, rows] : [rows]);
  const second = bias === 'two' ? { [`bias_hh${suffix}`]: gatesOfRow(biases, order, 1) } : {};
  return { ...weights, [`bias_ih${suffix}`]: gatesOfRow(biases, order), ...second };
}

/** How a recurrent layer is used, besides its cell. */
interface Use {
  readonly returnsSequences: boolean;
  readonly returnsState: boolean;
  readonly isBackwards: boolean;
}

const COMPLETE_BATCHES = 'batches are not padded, and their first axis is not time';

function useOf(to: Conversion, layer: KerasLayer, options: LayerOptions): Use {
  options.require('time_major', [undefined, false], COMPLETE_BATCHES);
  if (options.flag('stateful', false)) {
    to.note(`${describeLayer(layer)} is stateful: a stream carries its state, and a prediction begins with zeros.`);
  }
  return {
    returnsSequences: options.flag('return_sequences', false),
    returnsState: options.flag('return_state', false),
    isBackwards: options.flag('go_backwards', false),
  };
}

/** The cells of a layer from the first to the last, with their weights' owners. */
function cellsOf(to: Conversion, layer: KerasLayer): KerasLayer[] {
  const cell = layer.parts[0]?.layer as KerasLayer;
  if (cell.className !== 'StackedRNNCells') return [cell];
  const options = to.options(cell);
  options.require('reverse_state_order', [undefined, false], 'it changes the order of states');
  options.value('cells');
  options.finish();
  const cells = cell.parts.map((part) => part.layer);
  if (cells.length === 0) throw to.refuse(cell, 'it has no cells');
  return cells;
}

/** A recurrent layer with all that is read of its configuration. */
interface Recurrent {
  readonly layer: KerasLayer;
  readonly use: Use;
  readonly cells: readonly { readonly owner: KerasLayer; readonly cell: Cell }[];
}

const RECURRENT = ['SimpleRNN', 'LSTM', 'GRU', 'RNN'];

function readRecurrent(to: Conversion, layer: KerasLayer): Recurrent {
  if (!RECURRENT.includes(layer.className)) throw to.refuse(layer, `expected one of ${RECURRENT.join(', ')}`);
  const options = to.options(layer);
  const use = useOf(to, layer, options);
  for (const name of ['cell', 'cells']) options.value(name);
  const owners = cellsOf(to, layer);
  const cells = owners.map((owner) => {
    // A layer such as LSTM has the options of its cell beside its own.
    const own = owner.config === layer.config ? options : to.options(owner);
    const cell = cellOf(to, owner, own);
    if (own !== options) own.finish();
    return { owner, cell };
  });
  options.finish();
  return { layer, use, cells };
}

function requireStates(to: Conversion, layer: KerasLayer, states: readonly KerasValue[], names: readonly string[]) {
  if (states.length === names.length && states.every(({ kind, steps }) => kind === 'real' && steps === undefined))
    return;
  const given = states.length === names.length ? 'with steps' : `${states.length}`;
  throw to.refuse(layer, `it takes ${names.length} initial states, one row for each sequence, got ${given}`);
}

/** One recurrent layer in one direction: its output, and its states where it returns them. */
function oneDirection(
  to: Conversion,
  { layer, use, cells }: Recurrent,
  input: KerasValue,
  states: readonly KerasValue[],
): KerasValue[] {
  let x = to.sequences(layer, [input]);
  if (cells.length > 1 && (states.length > 0 || use.returnsState)) {
    throw to.refuse(layer, 'its stacked cells have states that are given or returned');
  }
  let last: KerasValue[] = [];
  for (const [at, { owner, cell }] of cells.entries()) {
    const isReversed: boolean = x.steps.isReversed !== (at === 0 && use.isBackwards);
    const isSequence = use.returnsSequences || at < cells.length - 1;
    const suffix = isReversed ? '_l0_reverse' : '_l0';
    const placement = {
      ...(isReversed && { direction: 'reverse' as const }),
      ...(!isSequence && { output: 'last' as const }),
    };
    const description = cell.describe(placement);
    const names = stateNames(description);
    if (states.length > 0) requireStates(to, layer, states, names);
    const initial = Object.fromEntries(names.map((name, index) => [name, states[index]?.source ?? '']));
    const weights = cellWeights(to, owner, cell, x.columns, suffix);
    const source = to.add(layer.name, description, [x], weights, states.length > 0 ? initial : undefined);
    const y = { ...x, source, columns: cell.units, steps: { ...x.steps, isReversed } };
    const rows = { ...withoutSteps(x), columns: cell.units };
    last = [isSequence ? y : { ...rows, source }, ...names.map((name) => ({ ...rows, source: `${source}.${name}` }))];
    x = y;
  }
  return use.returnsState ? last : last.slice(0, 1);
}

/** A SimpleRNN, LSTM, GRU, or an RNN of their cells. */
export function convertRecurrent(
  to: Conversion,
  layer: KerasLayer,
  inputs: readonly KerasValue[],
  initialStates: readonly KerasValue[],
): KerasValue[] {
  const [x, ...others] = inputs;
  if (x === undefined) throw to.refuse(layer, 'it has no input');
  to.readSteps(layer, x);
  const recurrent = readRecurrent(to, layer);
  const outputs = oneDirection(to, recurrent, x, [...others, ...initialStates]);
  return recurrent.use.isBackwards ? outputs.map((y) => to.unmasked(layer, y, TURNS_STEPS)) : outputs;
}

/** Both directions as one node, where they differ in nothing but the direction. */
function asOneNode(
  to: Conversion,
  layer: KerasLayer,
  [forward, backward]: readonly [Recurrent, Recurrent],
  { x, states, merge }: { x: KerasValue & { steps: object }; states: readonly KerasValue[]; merge: string },
): KerasValue[] | undefined {
  const [first, second] = [forward.cells[0], backward.cells[0]];
  const isPlain = forward.cells.length === 1 && backward.cells.length === 1 && !forward.use.isBackwards;
  if (!isPlain || first === undefined || second === undefined || x.steps === undefined || x.steps.isReversed)
    return undefined;
  const describe = ({ cell }: typeof first) => JSON.stringify(cell.describe({}));
  if (describe(first) !== describe(second) || !(merge === 'concat' || merge === 'sum')) return undefined;
  const description = first.cell.describe({
    direction: 'bidirectional',
    ...(merge === 'sum' && { merge: 'sum' }),
    ...(!forward.use.returnsSequences && { output: 'last' }),
  });
  const names = stateNames(description);
  if (states.length > 0) requireStates(to, layer, states, names);
  const initial = Object.fromEntries(names.map((name, index) => [name, states[index]?.source ?? '']));
  const weights = {
    ...cellWeights(to, first.owner, first.cell, x.columns, '_l0'),
    ...cellWeights(to, second.owner, second.cell, x.columns, '_l0_reverse'),
  };
  const source = to.add(layer.name, description, [x], weights, states.length > 0 ? initial : undefined);
  const { units } = first.cell;
  const rows = withoutSteps(x);
  const size = { source, columns: merge === 'sum' ? units : 2 * units };
  const y = forward.use.returnsSequences ? { ...x, ...size } : { ...rows, ...size };
  if (!forward.use.returnsState) return [y];
  return [y, ...names.map((name) => ({ ...rows, columns: units, source: `${source}.${name}` }))];
}

const MERGES = { concat: concatenate, sum, mul: multiply, ave: average } as const;

function mergeOf(options: LayerOptions): keyof typeof MERGES | null {
  const value: JsonValue | undefined = options.value('merge_mode');
  if (value === null || (typeof value === 'string' && Object.hasOwn(MERGES, value))) return value as never;
  throw options.refuse('merge_mode', value, `expected one of ${Object.keys(MERGES).join(', ')}, or none`);
}

/** Bidirectional(layer): outputs, then the states of both directions. */
export function convertBidirectional(
  to: Conversion,
  layer: KerasLayer,
  inputs: readonly KerasValue[],
  initialStates: readonly KerasValue[],
): KerasValue[] {
  const options = to.options(layer);
  const merge = mergeOf(options);
  for (const name of ['layer', 'backward_layer', ...USES]) options.value(name);
  options.finish();
  const both = layer.parts.map((part) => readRecurrent(to, part.layer)) as [Recurrent, Recurrent];
  const [forward, backward] = both;
  const { returnsSequences, returnsState, isBackwards } = forward.use;
  const fits = returnsSequences === backward.use.returnsSequences && isBackwards !== backward.use.isBackwards;
  if (!fits) throw to.refuse(layer, "its two layers must differ in 'go_backwards' and agree in 'return_sequences'");
  const x = to.sequences(layer, inputs.slice(0, 1));
  to.readSteps(layer, x);
  const states = [...inputs.slice(1), ...initialStates];
  const joined = asOneNode(to, layer, both, { x, states, merge: merge ?? 'none' });
  if (joined !== undefined) return joined;
  const half = states.length / 2;
  const [ahead, ...aheadStates] = oneDirection(to, forward, x, states.slice(0, half)) as [KerasValue];
  const [behind, ...behindStates] = oneDirection(to, backward, x, states.slice(half)) as [KerasValue];
  // Keras turns what the second layer gives, so that both have the order of the first.
  const turned: KerasValue = { ...behind, ...(behind.steps && ahead.steps && { steps: ahead.steps }) };
  const rest = returnsState ? [...aheadStates, ...behindStates] : [];
  const placed = (y: KerasValue) => (isBackwards ? to.unmasked(layer, y, TURNS_STEPS) : y);
  if (merge === null) return [placed(ahead), placed(turned), ...rest];
  const columns = merge === 'concat' ? ahead.columns + turned.columns : ahead.columns;
  if (merge !== 'concat' && ahead.columns !== turned.columns) throw to.refuse(layer, 'its directions differ in units');
  return [placed(to.node(layer.name, MERGES[merge](), [ahead, turned], columns)), ...rest];
}

/** Options of the layers inside that some versions repeat outside. */
const USES = ['return_sequences', 'return_state', 'go_backwards', 'stateful', 'num_constants'];
