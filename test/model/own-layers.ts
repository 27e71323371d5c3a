/** Layers of one's own for tests: of single steps, with a state, over time, and around other layers. */
import { defineLayer, lstm, option } from '../../src/index.js';
import {
  add,
  dropout,
  linear,
  meanOverTime,
  multiply,
  recurrence,
  repeatOverTime,
  sigmoid,
  subtract,
  tanh,
} from '../../src/network/operations.js';

/** An affine map, as `dense`. */
export const affine = defineLayer({
  name: 'affine',
  options: { units: option.integer({ min: 1 }) },
  build: ([x], { options: { units }, parameter }) =>
    linear(x, parameter('weight', [units, x.columns]), parameter('bias', [units])),
});

/** A gate mixes the input with what is made of it. Source: Srivastava, Greff, Schmidhuber 2015. */
export const highway = defineLayer({
  name: 'highway',
  options: { bias: option.number({ default: -1 }) },
  build([x], { options, parameter }) {
    const { columns } = x;
    const candidate = tanh(linear(x, parameter('weight', [columns, columns]), parameter('bias', [columns])));
    const gateBias = parameter('gate_bias', [columns], { initializer: options.bias });
    const gate = sigmoid(linear(x, parameter('gate', [columns, columns]), gateBias));
    return add(x, multiply(gate, subtract(candidate, x)));
  },
});

/** A vanilla RNN without biases, made of a recurrence. */
export const elman = defineLayer({
  name: 'elman',
  options: { units: option.integer({ min: 1 }) },
  states: () => ['h'],
  build([x], { options: { units }, parameter, initialState, finalState }) {
    const W = parameter('input', [units, x.columns]);
    const R = parameter('recurrent', [units, units], { use: 'recurrent' });
    const { output, final } = recurrence(linear(x, W), R, { initial: initialState('h', units) });
    finalState('h', final);
    return output;
  },
});

/** Adds the input to the output of the layer that it wraps, which keeps its width. */
export const residual = defineLayer({
  name: 'residual',
  options: { layer: option.layer(), rate: option.number({ min: 0, max: 0.9, default: 0 }) },
  states: ({ layer }) => (layer.kind === 'lstm' ? ['lstm.h_l0', 'lstm.c_l0'] : []),
  build: ([x], { options: { layer, rate }, apply }) => add(x, dropout(apply(layer, x), rate)),
});

/** Subtracts the mean of the whole sequence. */
export const centre = defineLayer({
  name: 'centre',
  build: ([x]) => subtract(x, repeatOverTime(meanOverTime(x))),
});

/** A cell inside a layer inside a layer. */
export const nested = residual({ layer: residual({ layer: lstm({ units: 5 }) }) });
