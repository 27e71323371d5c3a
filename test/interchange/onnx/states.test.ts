import { describe, expect, it } from 'vitest';
import { importModel } from '../../../src/interchange/import-model.js';
import { B, INPUTS, lstm, R, step, tensors, UNITS, W } from './lstm-step.js';
import { onnxFile, type SmallGraph } from './onnx-file.js';

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** One step of an LSTM in the gate order of ONNX: i o f c. */
function lstmStep(x: readonly number[], h: readonly number[], c: readonly number[]): { h: number[]; c: number[] } {
  const sum = (gate: number, unit: number) => {
    const row = gate * UNITS + unit;
    const product = (weights: Float32Array, values: readonly number[]) =>
      values.reduce((total, value, at) => total + value * (weights[row * values.length + at] as number), 0);
    return product(W, x) + product(R, h) + (B[row] as number) + (B[4 * UNITS + row] as number);
  };
  const next = c.map((old, unit) => sigmoid(sum(2, unit)) * old + sigmoid(sum(0, unit)) * Math.tanh(sum(3, unit)));
  return { c: next, h: next.map((cell, unit) => sigmoid(sum(1, unit)) * Math.tanh(cell)) };
}

const sequence = [
  [0.5, -1],
  [2, 0.25],
  [-0.75, 1.5],
  [0, 1],
];

function expected(): number[][] {
  let state = { h: [0, 0, 0], c: [0, 0, 0] };
  return sequence.map((x) => {
    state = lstmStep(x, state.h, state.c);
    return state.h;
  });
}

const close = (got: ArrayLike<number>, wanted: readonly number[]) => {
  expect(got).toHaveLength(wanted.length);
  for (const [at, value] of wanted.entries()) expect(got[at]).toBeCloseTo(value, 5);
};

describe('a state that an ONNX file passes by input and output', () => {
  it('is the state of a stream where a call is one step', async () => {
    const { model, notes } = await importModel(onnxFile(step));
    expect(notes.join('\n')).toContain("'state' and the output 'stateN' are the state of a stream");
    const stream = model.stream();
    for (const [at, wanted] of expected().entries())
      close(stream.step(Float32Array.from(sequence[at] as number[])), wanted);
    const [whole] = await model.predict([sequence]);
    close(whole as Float32Array, expected().flat());
    model.dispose();
  });

  it('is the state of a stream where a call is a part of a sequence', async () => {
    const graph: SmallGraph = {
      inputs: { x: ['time', 'batch', INPUTS], h0: [1, 'batch', UNITS], c0: [1, 'batch', UNITS] },
      outputs: ['y', 'Y_h', 'Y_c'],
      tensors: { ...tensors, axis: { shape: [1], numbers: [1] } },
      nodes: [lstm('x', 'h0', 'c0'), { op: 'Reshape', inputs: ['Y', 'shape'], outputs: ['y'] }],
    };
    const shape = { op: 'Constant', inputs: [], outputs: ['shape'], attributes: { value_ints: [0, 0, -1] } };
    const transposed = { op: 'Transpose', inputs: ['Y'], outputs: ['Yt'], attributes: { perm: [0, 2, 1, 3] } };
    const [rnn] = graph.nodes as readonly [SmallGraph['nodes'][number]];
    const nodes = [shape, rnn, transposed, { op: 'Reshape', inputs: ['Yt', 'shape'], outputs: ['y'] }];
    const { model } = await importModel(onnxFile({ ...graph, nodes }));
    const [whole] = await model.predict([sequence]);
    close(whole as Float32Array, expected().flat());
    const stream = model.stream();
    stream.read(sequence.slice(0, 2));
    close(stream.read(sequence.slice(2)), expected()[3] as number[]);
    model.dispose();
  });

  it('must come out as it went in, where a call is one step', async () => {
    const nodes = step.nodes.map((node) => (node.op === 'Concat' ? { ...node, inputs: ['Y_c', 'Y_h'] } : node));
    await expect(importModel(onnxFile({ ...step, nodes }))).rejects.toMatchObject({ name: 'InterchangeError' });
  });
});

describe('the notes of an ONNX file', () => {
  it('say where an axis is not what its name says', async () => {
    const nodes = [{ op: 'ReduceMean', inputs: ['x'], outputs: ['y'], attributes: { axes: [0], keepdims: 0 } }];
    const file = (sizes: (number | string)[]) => onnxFile({ inputs: { x: sizes }, outputs: ['y'], nodes });
    const turned = await importModel(file(['batch', 'time', 2]));
    expect(turned.notes.join('\n')).toContain("Against its names, 'x' has 'batch' as time, 'time' as batch");
    const named = await importModel(file(['time', 'batch', 2]));
    expect(named.notes.join('\n')).not.toContain('Against');
    turned.model.dispose();
    named.model.dispose();
  });
});
