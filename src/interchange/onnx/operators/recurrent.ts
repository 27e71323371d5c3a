/** RNN, LSTM and GRU. */

import { type CellActivation, isSameActivation } from '../../../network/layers/cell-activations.js';
import {
  type GruOptions,
  gru,
  type LstmOptions,
  lstm,
  type RnnOptions,
  rnn,
} from '../../../network/layers/recurrent.js';
import type { WeightSource } from '../../shared/imported-network.js';
import { laterWeights } from '../emission.js';
import { refuseAttribute } from '../ir.js';
import type { OperatorContext, OperatorImports } from '../operator-context.js';
import { describeSizes, isRows, type RowAxis, type Size, shapeNumber } from '../sizes.js';
import type { Computed, Constant, Final, FinalPart, GraphValue } from '../value.js';
import { activationsOf, type Cell, requireSame } from './cell-activations.js';
import { givenStates, requireInitial, type Sizes } from './initial-states.js';
import { permutedBlocks } from './weights.js';

/** For each block of gates of the library, which block of ONNX it is: i o f c -> i f g o, z r h -> r z n. */
const GATES: Readonly<Record<Cell, readonly number[]>> = { RNN: [0], LSTM: [0, 2, 3, 1], GRU: [1, 0, 2] };

/** The same with coupled gates, where f = 1 - i has no block of its own: i g o. */
const COUPLED = [0, 3, 1];

const DIRECTIONS = ['forward', 'reverse', 'bidirectional'] as const;

/** The numbers of a constant input, [directions, ...]. */
function constantNumbers(context: OperatorContext, at: number, what: string, count: number): Constant | undefined {
  if (context.inputs[at] === undefined) return undefined;
  const constant = context.constant(at, what);
  if (constant.shape.reduce((product, size) => product * size, 1) === count) return constant;
  return context.refuse(`${what} is [${constant.shape.join(', ')}], expected ${count} numbers`);
}

function weightsOf(
  context: OperatorContext,
  { cell, gates, units, inputs, directions, isCoupled }: Sizes,
): Record<string, WeightSource> {
  const blocks = isCoupled ? COUPLED : GATES[cell];
  const W = constantNumbers(context, 1, 'W', directions * gates * units * inputs) as Constant;
  const R = constantNumbers(context, 2, 'R', directions * gates * units * units) as Constant;
  const B = constantNumbers(context, 3, 'B', directions * 2 * gates * units);
  const P = constantNumbers(context, 7, 'P', directions * 3 * units);
  const weights: Record<string, WeightSource> = {};
  const take = (
    name: string,
    input: number,
    constant: Constant,
    from: number,
    own: readonly number[],
    size: number,
  ) => {
    const read = () => permutedBlocks(constant.float32().subarray(from), own, size);
    weights[name] = laterWeights(`${context.node.inputs[input]}`, own.length * size, read);
  };
  for (let direction = 0; direction < directions; direction++) {
    const suffix = `_l0${direction === 1 || context.text('direction', 'forward') === 'reverse' ? '_reverse' : ''}`;
    take(`weight_ih${suffix}`, 1, W, direction * gates * units * inputs, blocks, units * inputs);
    take(`weight_hh${suffix}`, 2, R, direction * gates * units * units, blocks, units * units);
    if (B !== undefined) {
      take(`bias_ih${suffix}`, 3, B, direction * 2 * gates * units, blocks, units);
      take(`bias_hh${suffix}`, 3, B, (direction * 2 + 1) * gates * units, blocks, units);
    }
    // Peepholes: i o f in ONNX, i f o here; with coupled gates i o.
    if (P !== undefined) take(`peepholes${suffix}`, 7, P, direction * 3 * units, isCoupled ? [0, 1] : [0, 2, 1], units);
  }
  return weights;
}

/** Rows of time and of examples among the axes of the input: [time, batch, features], or the first two exchanged in layout 1. */
function requireLayout(
  context: OperatorContext,
  x: Computed,
): { readonly time: Size; readonly batch: Size; readonly features: number } {
  for (const name of ['layout', 'input_forget', 'linear_before_reset']) {
    const given = context.int(name, 0);
    if (given !== 0 && given !== 1) return refuseAttribute(context.node, name, given, '0 or 1');
  }
  const isBatchFirst = context.int('layout', 0) === 1;
  const [a, b, features] = x.sizes as readonly [Size, Size, Size];
  const [time, batch] = isBatchFirst ? [b, a] : [a, b];
  const isTime = isRows(time) && time.length === 1 && (time[0] as string).startsWith('time');
  const isStep = time === 1 && isRows(batch) && batch.join() === 'step';
  const isBatch = isRows(batch) && batch.join() === 'batch';
  if (x.sizes.length === 3 && typeof features === 'number' && (isStep || (isTime && isBatch)))
    return { time, batch, features };
  return context.refuse(`the input is ${describeSizes(x.sizes)}, expected [time, batch, features]`);
}

/** The limit of what activations read. */
function clipOf(context: OperatorContext): { readonly inputClip?: number } {
  if (context.node.attributes.get('clip') === undefined) return {};
  const clip = context.float('clip', 0);
  // No sum reaches larger ones.
  if (clip > 1e30) return {};
  if (clip >= 1e-30) return { inputClip: clip };
  return refuseAttribute(context.node, 'clip', clip, 'a number from 1e-30 on');
}

function recurrentLayer(context: OperatorContext, { cell, units, isCoupled, directions }: Sizes) {
  const direction = context.text('direction', 'forward');
  const found = DIRECTIONS.find((each) => each === direction);
  if (found === undefined) return refuseAttribute(context.node, 'direction', direction, DIRECTIONS.join(', '));
  const [f, g, h] = requireSame(context, activationsOf(context, cell, directions)) as readonly [
    CellActivation,
    CellActivation,
    CellActivation,
  ];
  const biases = context.inputs[3] === undefined ? ({ biases: 'none' } as const) : {};
  const shared = { units, ...(found !== 'forward' && { direction: found }), ...biases, ...clipOf(context) };
  if (cell === 'RNN') return rnn({ ...shared, ...(f !== 'tanh' && { activation: f }) } satisfies RnnOptions);
  if (cell === 'GRU') {
    const isAfter = context.int('linear_before_reset', 0) !== 0;
    const options: GruOptions = {
      ...shared,
      ...(f !== 'sigmoid' && { gateActivation: f }),
      ...(g !== 'tanh' && { activation: g }),
      ...(!isAfter && { resetAfter: false }),
    };
    return gru(options);
  }
  const options: LstmOptions = {
    ...shared,
    ...(f !== 'sigmoid' && { gateActivation: f }),
    ...(g !== 'tanh' && { activation: g }),
    ...(!isSameActivation(h, g) && { outputActivation: h }),
    ...(isCoupled && { coupledGates: true }),
    ...(context.inputs[7] !== undefined && { peepholes: true }),
  };
  return lstm(options);
}

function sizesFor(context: OperatorContext, cell: Cell, features: number): Sizes {
  const R = context.constant(2, 'R');
  const W = context.constant(1, 'W');
  const [directions = 0, , units = 0] = R.shape;
  const gates = GATES[cell].length;
  const direction = context.text('direction', 'forward');
  if (
    R.shape.length !== 3 ||
    directions !== (direction === 'bidirectional' ? 2 : 1) ||
    context.int('hidden_size', units) !== units
  ) {
    return context.refuse(
      `R is [${R.shape.join(', ')}] for the direction '${direction}' and the hidden size ${context.int('hidden_size', units)}`,
    );
  }
  if (W.shape.join() !== [directions, gates * units, features].join()) {
    return context.refuse(`W is [${W.shape.join(', ')}] for ${features} inputs and ${units} units`);
  }
  const isCoupled = cell === 'LSTM' && context.int('input_forget', 0) === 1;
  return { cell, gates, units, inputs: features, directions, isCoupled };
}

/** Lengths of sequences as an input: the library has those of the batch itself, one for each time axis. */
function requireOwnLengths(context: OperatorContext, time: Size): void {
  const lengths = context.inputs[4];
  if (lengths === undefined) return;
  if (lengths.kind === 'indices') {
    const axis = shapeNumber(time);
    const known = context.lengths.get(axis) ?? lengths.input;
    if (known !== lengths.input) {
      context.refuse(
        `sequence_lens are '${lengths.input}', but those of other nodes for the same steps (${axis}) '${known}', expected one input: sequences have one length`,
      );
    }
    context.lengths.set(axis, known);
    context.emission.builder.note(`The input '${known}' is left out: each sequence has its own length.`);
    return;
  }
  if (lengths.kind === 'constant' && isRows(time)) {
    const all = context.rowsOf(time[0] as RowAxis);
    if (context.neededNumbers(4, 'sequence_lens').every((length) => length === all)) return;
    context.refuse(`sequence_lens are constant, and not ${all}, the number of steps of the input`);
  }
  context.refuse('sequence_lens are computed, expected an input of the graph or none');
}

/** Everything that a recurrent operator gives. */
function recurrent(cell: Cell) {
  return (context: OperatorContext): readonly (GraphValue | undefined)[] => {
    const x = context.computed(0);
    const { time, batch, features } = requireLayout(context, x);
    requireOwnLengths(context, time);
    const sizes = sizesFor(context, cell, features);
    const { units, directions } = sizes;
    const names = cell === 'LSTM' ? (['h', 'c'] as const) : (['h'] as const);
    const initial = names.flatMap((name, at) => requireInitial(context, 5 + at, name, sizes) ?? []);
    const isStep = time === 1;
    if (isStep && initial.length < names.length)
      context.refuse('a model of one step whose state does not go in and out');
    const { emission } = context;
    const featuresAxis = x.sizes.length - 1;
    const input = emission.ordered(context.name, x, [...x.order.filter((axis) => axis !== featuresAxis), featuresAxis]);
    const suffixes =
      directions === 2 ? ['', '_reverse'] : [context.text('direction', 'forward') === 'reverse' ? '_reverse' : ''];
    const layer = recurrentLayer(context, sizes);
    const given = givenStates(context, initial, suffixes, units);
    const node = emission.builder.addNode(context.name, layer, [input.node], weightsOf(context, sizes), given);
    for (const { state, input: from, elements } of initial) {
      if (from === undefined || elements === undefined) continue;
      for (const [at, suffix] of suffixes.entries()) {
        context.states.push({
          node,
          state: `${state}_l0${suffix}`,
          input: from,
          elements: elements.slice(at * units, (at + 1) * units),
        });
      }
    }
    const isBatchFirst = context.int('layout', 0) === 1;
    // ONNX: Y [time, directions, batch, units], in layout 1 [batch, time, directions, units]; Y_h with directions before or behind batch.
    const ySizes: Size[] = isBatchFirst ? [batch, time, directions, units] : [time, directions, batch, units];
    const yOrder = isBatchFirst ? [...(isStep ? [1] : []), 2, 3] : [...(isStep ? [0] : []), 1, 3];
    const y: Computed = { kind: 'computed', node, sizes: ySizes, order: yOrder };
    const finals = names.map((state): Final => {
      const parts = suffixes.map(
        (suffix): FinalPart => ({
          node,
          state: `${state}_l0${suffix}`,
          width: units,
          output: isStep && state === 'h' ? y : undefined,
        }),
      );
      const elements = parts.flatMap((part) => Array.from({ length: units }, (_, unit) => ({ part, unit })));
      return { kind: 'final', sizes: isBatchFirst ? [batch, directions, units] : [directions, batch, units], elements };
    });
    return [y, ...finals];
  };
}

export const recurrentOperators: OperatorImports = {
  RNN: recurrent('RNN'),
  LSTM: recurrent('LSTM'),
  GRU: recurrent('GRU'),
};
