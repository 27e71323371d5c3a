/** Nodes that compute with data and are not as ONNX has them, or not as they could be taken over, are refused with their names. */
import { describe, expect, it } from 'vitest';
import { InterchangeError } from '../../../src/core/errors.js';
import { importModel } from '../../../src/interchange/import-model.js';
import { numbers, onnxFile, type SmallGraph } from './onnx-file.js';

type Node = SmallGraph['nodes'][number];

const whole = (...list: number[]) => ({ shape: [list.length], numbers: list, isWhole: true });
const real = (...shape: number[]) => ({
  shape,
  numbers: numbers(
    shape.reduce((all, size) => all * size, 1),
    1,
  ),
});
const number = (value: number) => ({ shape: [], numbers: [value] });

const node = (op: string, inputs: readonly string[], attributes: Node['attributes'] = {}, output = 'y'): Node => {
  return { op, inputs, outputs: [output], attributes };
};

/** Channels before steps and back. */
const transposed = (inner: Node): Node[] => [
  node('Transpose', ['x'], { perm: [0, 2, 1] }, 'columns'),
  { ...inner, inputs: ['columns', ...inner.inputs], outputs: ['made'] },
  node('Transpose', ['made'], { perm: [0, 2, 1] }),
];

const fileOf = (nodes: readonly Node[], tensors: SmallGraph['tensors'] = {}) =>
  onnxFile({ inputs: { x: ['batch', 'time', 4] }, outputs: ['y'], nodes, tensors });
const read = (nodes: readonly Node[], tensors: SmallGraph['tensors'] = {}) =>
  importModel(fileOf(nodes, tensors), { axes: { x: ['batch', 'time', 4] } });

const lstm = (attributes: Node['attributes']): Node[] => [
  node('Transpose', ['x'], { perm: [1, 0, 2] }, 'steps'),
  { op: 'LSTM', inputs: ['steps', 'W', 'R'], outputs: ['all'], attributes: { hidden_size: 2, ...attributes } },
  node('Squeeze', ['all', 'one']),
];
const weights = { W: real(1, 8, 4), R: real(1, 8, 2), one: whole(1) };
const KNOWN = ['Sigmoid', 'Tanh', 'Tanh'];

describe('a node', () => {
  it.each<[string, readonly Node[], NonNullable<SmallGraph['tensors']>, string]>([
    [
      'of a negative size',
      [node('Unsqueeze', ['x', 'at'], {}, 'u'), node('Expand', ['u', 'to'])],
      { at: whole(2), to: whole(1, 1, -1, 1) },
      "Expand 'y': would give -1 numbers",
    ],
    ['with one axis twice', [node('Unsqueeze', ['x', 'at'])], { at: whole(1, 1) }, "Unsqueeze 'y': axes are [1, 1]"],
    [
      'with a table of places',
      [node('Gather', ['x', 'at'], { axis: 1 })],
      { at: { ...whole(-1), shape: [1, 1] } },
      "Gather 'y': indices [1, 1] of time",
    ],
    [
      'with one pad of two',
      transposed(node('Conv', ['w'], { pads: [1] })),
      { w: real(3, 4, 2) },
      "Conv 'made': pads is [1]",
    ],
    [
      'with two strides of one',
      transposed(node('MaxPool', [], { kernel_shape: [2], strides: [1, 2] })),
      {},
      "MaxPool 'made': strides is [1,2]",
    ],
    [
      'with negative pads',
      transposed(node('Conv', ['w'], { pads: [-1, 0] })),
      { w: real(3, 4, 2) },
      "Conv 'made': option 'padding[0]'",
    ],
    [
      'with unequal groups',
      transposed(node('Conv', ['w'], { group: 2 })),
      { w: real(3, 2, 2) },
      "Conv 'made': option 'groups'",
    ],
    ['with a number beyond the bounds', [node('Mul', ['x', 'n'])], { n: number(3e38) }, "Mul 'y': the constant 3"],
    [
      'with numbers for no activation',
      lstm({ activations: KNOWN, activation_alpha: { floats: [0.5] } }),
      weights,
      "LSTM 'all': activation_alpha is [0.5], expected 0 of them",
    ],
    [
      'with numbers of all activations',
      lstm({ activations: ['HardSigmoid', 'Tanh', 'Tanh'], activation_alpha: { floats: [0.5, 0.25, 1] } }),
      weights,
      'expected 1 of them',
    ],
    ['with another layout', lstm({ layout: 2 }), weights, "LSTM 'all': layout is 2, expected 0 or 1"],
    ['with another kind of coupling', lstm({ input_forget: 2 }), weights, "LSTM 'all': input_forget is 2"],
  ])('%s is refused', async (_, nodes, tensors, part) => {
    const error = await read(nodes, tensors).then(
      () => undefined,
      (caught: unknown) => caught as InterchangeError,
    );
    expect(error).toBeInstanceOf(InterchangeError);
    expect(error?.code).toMatch(/^unsupported_(operator|attribute)$/);
    expect(error?.message).toContain(part);
  });

  it('with a negative variance is refused where the weights are read', async () => {
    const row = (value: number) => ({ shape: [4], numbers: new Float32Array(4).fill(value) });
    const normalised = transposed(node('BatchNormalization', ['s', 'b', 'm', 'v']));
    await expect(read(normalised, { s: row(1), b: row(0), m: row(0), v: row(-1) })).rejects.toThrow(
      "'v' has -1 at 0, expected a finite number >= 0",
    );
  });
});

describe('steps that are put behind others', () => {
  it.each<[string, readonly (number | string)[], string]>([
    // Other readings of its axes come further, to the cell.
    ['of a fixed number', [2, 5, 4], "LSTM 'all': the input is"],
    ['of names', ['batch', 'time', 4], "Concat 'long': rows are put one after the other"],
  ])('%s are refused with the node', async (_, sizes, part) => {
    const nodes = [node('Concat', ['x', 'x'], { axis: 1 }, 'long'), ...lstm({}).slice(0, 2)];
    const [, steps, cell] = nodes as [Node, Node, Node];
    const all = [nodes[0] as Node, { ...steps, inputs: ['long'] }, cell];
    const file = onnxFile({ inputs: { x: sizes }, outputs: ['all'], nodes: all, tensors: weights });
    await expect(importModel(file)).rejects.toMatchObject({
      code: 'unsupported_operator',
      message: expect.stringContaining(part),
    });
  });
});

describe('lengths of sequences as an input', () => {
  const steps = node('Transpose', ['x'], { perm: [1, 0, 2] }, 'steps');
  const cell = (lengths: string, output: string): Node => {
    const inputs = ['steps', 'W', 'R', '', lengths];
    return { op: 'LSTM', inputs, outputs: [output], attributes: { hidden_size: 2 } };
  };
  const fileWith = (second: string) =>
    onnxFile({
      inputs: { x: ['batch', 'time', 4], ...(second === 'l2' && { l2: ['batch'] }), l1: ['batch'] },
      wholeInputs: ['l1', 'l2'],
      outputs: ['y'],
      nodes: [
        steps,
        cell('l1', 'a'),
        cell(second, 'b'),
        node('Add', ['a', 'b'], {}, 'sum'),
        node('Squeeze', ['sum', 'one']),
      ],
      tensors: weights,
    });

  it('is left out, and the notes say so', async () => {
    const { model, notes } = await importModel(fileWith('l1'));
    expect(notes).toContain("The input 'l1' is left out: each sequence has its own length.");
    expect(Object.keys(model.description.inputs)).toEqual(['x']);
    model.dispose();
  });

  it('is refused where another input has those of the same steps', async () => {
    await expect(importModel(fileWith('l2'))).rejects.toMatchObject({
      code: 'unsupported_operator',
      message: expect.stringMatching(/LSTM 'b': sequence_lens are 'l2'.* 'l1', expected one input/),
    });
  });
});

describe('a product with a matrix behind an axis of one', () => {
  it('has that axis in front', async () => {
    const nodes = [node('MatMul', ['x', 'w'], {}, 'product'), node('Squeeze', ['product', 'at'])];
    const { model } = await read(nodes, { w: real(1, 1, 4, 2), at: whole(0) });
    const [found] = await model.predict([[[1, 0, 0, 0]]]);
    expect([...(found ?? [])]).toEqual([...numbers(8, 1).subarray(0, 2)]);
    model.dispose();
  });

  it('does not take examples for columns', async () => {
    const nodes = [node('MatMul', ['x', 'w'], {}, 'product'), node('Gather', ['product', 'at'], { axis: 1 })];
    await expect(read(nodes, { w: real(1, 1, 4, 2), at: whole(0) })).rejects.toThrow(
      "Gather 'y': first element of batch",
    );
  });
});

describe('a choice between computed numbers', () => {
  it('says in the notes what it does with numbers that are not finite', async () => {
    const nodes = [
      node('Greater', ['x', 'zero'], {}, 'is'),
      node('Log', ['x'], {}, 'log'),
      node('Where', ['is', 'log', 'zero']),
    ];
    const { model, notes } = await read(nodes, { zero: number(0) });
    expect(notes.join()).toContain("'y' chooses by products with 0 and 1");
    model.dispose();
  });
});
