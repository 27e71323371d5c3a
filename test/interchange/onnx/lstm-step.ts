import { numbers, type SmallGraph } from './onnx-file.js';

export const UNITS = 3;
export const INPUTS = 2;
export const W = numbers(4 * UNITS * INPUTS, 1);
export const R = numbers(4 * UNITS * UNITS, 2);
export const B = numbers(8 * UNITS, 3);

export const tensors = {
  W: { shape: [1, 4 * UNITS, INPUTS], numbers: W },
  R: { shape: [1, 4 * UNITS, UNITS], numbers: R },
  B: { shape: [1, 8 * UNITS], numbers: B },
  zero: { shape: [1], numbers: [0] },
};

export const lstm = (x: string, h: string, c: string) => ({
  op: 'LSTM',
  inputs: [x, 'W', 'R', 'B', '', h, c],
  outputs: ['Y', 'Y_h', 'Y_c'],
  attributes: { hidden_size: UNITS },
});

/** A model of one step: [batch, 2] and a state [2, batch, 3] of h and c. */
export const step: SmallGraph = {
  opset: 11,
  inputs: { x: ['batch', INPUTS], state: [2, 'batch', UNITS] },
  outputs: ['y', 'stateN'],
  tensors,
  nodes: [
    { op: 'Unsqueeze', inputs: ['x'], outputs: ['x3'], attributes: { axes: [0] } },
    { op: 'Split', inputs: ['state'], outputs: ['h', 'c'], attributes: { axis: 0 } },
    lstm('x3', 'h', 'c'),
    { op: 'Squeeze', inputs: ['Y'], outputs: ['y'], attributes: { axes: [0, 1] } },
    { op: 'Concat', inputs: ['Y_h', 'Y_c'], outputs: ['stateN'], attributes: { axis: 0 } },
  ],
};
