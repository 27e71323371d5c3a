import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { type ConstantTensor, numberTensor } from '../../../src/interchange/onnx/constants/constant-tensor.js';
import { evaluateConstant } from '../../../src/interchange/onnx/constants/evaluate.js';
import type { Attribute, OnnxNode } from '../../../src/interchange/onnx/ir.js';
import { TensorProtoSchema } from '../../../src/interchange/onnx/onnx-pb.js';
import type { NumberType } from '../../../src/interchange/sources/number-types.js';

const node = (op: string, attributes: Record<string, Attribute> = {}, outputs = ['y']): OnnxNode => ({
  op,
  domain: '',
  name: `the ${op}`,
  inputs: [],
  outputs,
  attributes: new Map(Object.entries(attributes)),
});

const int = (value: number): Attribute => ({ kind: 'int', value });
const ints = (...value: number[]): Attribute => ({ kind: 'ints', value });
const wholes = (...numbers: number[]) => numberTensor('int64', numbers, [numbers.length]);
const whole = (number: number) => numberTensor('int64', [number]);
const real = (number: number) => numberTensor('float32', [number]);
const tensor = (shape: readonly number[], type: NumberType = 'float32') =>
  numberTensor(type, new Float64Array(shape.reduce((size, length) => size * length, 1)), shape);
const texts = (...data: string[]): ConstantTensor => ({ type: 'string', shape: [data.length], data });

type Inputs = readonly (ConstantTensor | undefined)[];
type Refused = readonly [string, OnnxNode, Inputs, number];

const MANY = 2 ** 40;
const wide = tensor([8192, 1]);

/** Nodes of a few bytes that ask for more memory, or time, than there is. */
const BOMBS: readonly Refused[] = [
  ['one axis', node('ConstantOfShape'), [wholes(MANY)], 13],
  ['many axes', node('ConstantOfShape'), [wholes(...new Array<number>(40).fill(1000))], 13],
  ['an empty axis', node('ConstantOfShape'), [wholes(MANY, 0)], 13],
  ['spread', node('Expand'), [real(1), wholes(65536, 65536)], 13],
  ['spread both ways', node('Add'), [tensor([65536, 1]), tensor([1, 65536])], 13],
  ['repeats', node('Tile'), [tensor([1, 2]), wholes(MANY, 1)], 13],
  ['a range', node('Range'), [whole(0), whole(MANY), whole(1)], 13],
  ['a range by little', node('Range'), [real(0), real(1), real(1e-30)], 13],
  ['padding', node('Pad'), [tensor([1]), wholes(MANY, 0)], 13],
  ['classes', node('OneHot'), [wholes(1), whole(MANY), tensor([2])], 13],
  ['gathered rows', node('Gather'), [tensor([1, 65536]), tensor([65536], 'int64')], 13],
  ['an outer product', node('MatMul'), [tensor([65536, 1]), tensor([1, 65536])], 13],
  ['products', node('MatMul'), [tensor([1100, 2048]), tensor([2048, 1000])], 13],
  ['a product of rows', node('Gemm', { transB: int(1) }), [tensor([65536, 1]), tensor([65536, 1])], 13],
  ['pairs', node('Where'), [tensor([8192, 1, 1], 'bool'), tensor([1, 8192, 1]), tensor([8192])], 13],
  ['empty rows', node('Softmax'), [numberTensor('float32', [], [MANY, 0])], 13],
  ['empty rows that are summed', node('ReduceSum'), [numberTensor('float32', [], [MANY, 0]), wholes(1)], 13],
];

describe('nodes of constants that ask for too much', () => {
  it.each(BOMBS)('are refused before there is memory for it: %s', (_, bomb, inputs, opset) => {
    const evaluated = () => evaluateConstant(bomb, inputs, opset);
    expect(evaluated).toThrow(expect.objectContaining({ code: 'file_unsupported' }));
    expect(evaluated).toThrow(`${bomb.op} 'the ${bomb.op}'`);
  });

  it('are refused only when they are larger than the bound', () => {
    const [made] = evaluateConstant(node('ConstantOfShape'), [wholes(1024, 1024)], 13) ?? [];
    expect(made?.data).toHaveLength(2 ** 20);
    expect(evaluateConstant(node('MatMul'), [wide, tensor([1, 16])], 13)?.[0]?.shape).toEqual([8192, 16]);
  });
});

const INPUTS: readonly Refused[] = [
  ['none', node('Add'), [], 13],
  ['one of two', node('Add'), [real(1)], 13],
  ['one that is left out', node('Concat', { axis: int(0) }), [undefined, wholes(1)], 13],
  ['shapes that do not fit', node('Mul'), [tensor([2]), tensor([3])], 13],
  ['two types', node('Add'), [real(1), whole(1)], 13],
  ['two types in a list', node('Concat', { axis: int(0) }), [wholes(1), tensor([1])], 13],
  ['texts', node('Add'), [texts('a'), texts('b')], 13],
  ['numbers for truth', node('And'), [whole(1), whole(1)], 13],
  ['numbers to be negated', node('Not'), [whole(1)], 13],
  ['a condition of numbers', node('Where'), [whole(1), real(1), real(2)], 13],
  ['a zero to divide by', node('Div'), [wholes(1, 2), wholes(1, 0)], 13],
  ['a zero for a remainder', node('Mod'), [whole(1), whole(0)], 13],
  ['a sum beyond 2^53', node('Add'), [whole(2 ** 53 - 1), whole(1)], 13],
  ['numbers that were rounded', node('Sub'), [whole(2 ** 63), whole(1)], 13],
  ['rounded numbers that are compared', node('Equal'), [whole(2 ** 63), whole(2 ** 63)], 13],
  ['a sum that passes 2^53', node('ReduceSum'), [wholes(2 ** 53 - 1, 2, -5), wholes(0)], 13],
  ['no number as a whole one', node('Cast', { to: int(7) }), [real(Number.NaN)], 13],
  ['infinity as a whole number', node('Cast', { to: int(6) }), [real(Infinity)], 13],
  ['too large for its type', node('Cast', { to: int(3) }), [real(300)], 13],
  ['a text that is no number', node('Cast', { to: int(1) }), [texts('0x10')], 13],
  ['a type of texts', node('Cast', { to: int(8) }), [real(1)], 13],
  ['a type of 8 bits', node('Cast', { to: int(17) }), [real(1)], 19],
  ['a type of 4 bits', node('CastLike'), [real(1), { ...tensor([1], 'int8'), bits: 4 }], 19],
  ['no type', node('Cast'), [real(1)], 13],
  ['an axis beyond the last', node('Softmax', { axis: int(2) }), [tensor([2, 2])], 13],
  ['an axis twice', node('Transpose', { perm: ints(0, 0) }), [tensor([2, 2])], 13],
  ['an axis twice, from both ends', node('ReduceMax', { axes: ints(0, -2) }), [tensor([2, 2])], 13],
  ['an index beyond the last', node('Gather'), [tensor([2]), wholes(2)], 13],
  ['an index before the first', node('Gather'), [tensor([2]), wholes(-3)], 13],
  ['a fraction of an index', node('Gather'), [tensor([2]), tensor([1])], 13],
  ['an index that was rounded', node('Gather'), [tensor([2]), wholes(2 ** 63)], 13],
  [
    'more indices than elements',
    node('GatherElements', { axis: int(1) }),
    [tensor([1, 2]), tensor([2, 1], 'int64')],
    13,
  ],
  ['tuples that are too long', node('GatherND'), [tensor([2]), tensor([1, 2], 'int64')], 13],
  ['no tuples', node('GatherND'), [tensor([2]), whole(0)], 13],
  ['batches that differ', node('GatherND', { batch_dims: int(1) }), [tensor([2, 2]), tensor([3, 1], 'int64')], 13],
  ['updates of another shape', node('ScatterND'), [tensor([3]), tensor([1, 1], 'int64'), tensor([2])], 13],
  ['updates beside indices', node('ScatterElements'), [tensor([3]), wholes(0), tensor([2])], 13],
  ['another size', node('Reshape'), [tensor([6]), wholes(4, -1)], 13],
  ['two sizes that are left', node('Reshape'), [tensor([6]), wholes(-1, -1)], 13],
  ['a size of no axis', node('Reshape'), [tensor([6]), wholes(6, 0)], 13],
  ['a negative size', node('Reshape'), [tensor([6]), wholes(-2, -3)], 13],
  ['a shape of real numbers', node('Reshape'), [tensor([1]), tensor([1])], 13],
  ['a negative shape', node('ConstantOfShape'), [wholes(-1)], 13],
  ['an axis of two', node('Squeeze'), [tensor([2, 1]), wholes(0)], 13],
  ['no axes to add', node('Unsqueeze'), [tensor([2])], 13],
  ['a step of 0', node('Slice'), [tensor([2]), wholes(0), wholes(1), wholes(0), wholes(0)], 13],
  ['more starts than ends', node('Slice'), [tensor([2, 2]), wholes(0, 0), wholes(1)], 13],
  ['parts of another sum', node('Split', {}, ['a', 'b']), [tensor([4]), wholes(1, 2)], 13],
  ['a negative part', node('Split', {}, ['a', 'b']), [tensor([4]), wholes(5, -1)], 13],
  ['more parts than outputs', node('Split'), [tensor([4]), wholes(2, 2)], 13],
  ['no equal parts', node('Split', {}, ['a', 'b']), [tensor([3])], 13],
  ['lists of different lengths', node('Concat', { axis: int(1) }), [tensor([1, 2]), tensor([2, 2])], 13],
  ['matrices that do not fit', node('MatMul'), [tensor([2, 3]), tensor([2, 3])], 13],
  ['a vector as a matrix', node('Gemm'), [tensor([2]), tensor([2, 2])], 13],
  ['a sum that is larger than the product', node('Gemm'), [tensor([1, 2]), tensor([2, 2]), tensor([3, 2])], 13],
  ['too few pads', node('Pad'), [tensor([2, 2]), wholes(1, 1)], 13],
  ['an axis that is cut away', node('Pad'), [tensor([2]), wholes(-2, -1)], 13],
  ['nothing to repeat', node('Pad', { mode: { kind: 'string', value: 'edge' } }), [tensor([0]), wholes(1, 0)], 13],
  ['a range by 0', node('Range'), [whole(0), whole(1), whole(0)], 13],
  ['a list as a number', node('Range'), [wholes(0, 1), whole(1), whole(1)], 13],
  ['repeats for another rank', node('Tile'), [tensor([2]), wholes(1, 1)], 13],
  ['a number in place of matrices', node('Trilu'), [tensor([2])], 14],
  ['no elements', node('ArgMax'), [tensor([0])], 13],
  ['no axes', node('NonZero'), [real(1)], 13],
  ['training', node('Dropout'), [tensor([2]), real(0.5), numberTensor('bool', [1])], 13],
];

describe('nodes of constants that are wrong', () => {
  it.each(INPUTS)('are refused with the name of the node: %s', (_, wrong, inputs, opset) => {
    const evaluated = () => evaluateConstant(wrong, inputs, opset);
    expect(evaluated).toThrow(expect.objectContaining({ code: 'tensor_mismatch' }));
    expect(evaluated).toThrow(`${wrong.op} 'the ${wrong.op}'`);
  });

  const text = (value: string): Attribute => ({ kind: 'string', value });
  const two = create(TensorProtoSchema, { dims: [2n], dataType: 1, floatData: [1, 2] });
  const attributes: readonly Refused[] = [
    ['one that no operator has', node('Relu', { slope: int(1) }), [tensor([1])], 13],
    ['one of older operators', node('Squeeze', { axes: ints(0) }), [tensor([1])], 13],
    ['one of newer operators', node('Shape', { start: int(1) }), [tensor([1])], 14],
    ['one of another kind', node('Softmax', { axis: text('last') }), [tensor([1])], 13],
    ['a flag of 2', node('CumSum', { reverse: int(2) }), [tensor([1]), whole(0)], 13],
    ['a missing axis', node('Concat'), [tensor([1])], 13],
    ['an order of other axes', node('Transpose', { perm: ints(0) }), [tensor([1, 1])], 13],
    ['an unknown mode', node('Pad', { mode: text('constructor') }), [tensor([1]), wholes(0, 0)], 13],
    ['a newer mode', node('Pad', { mode: text('wrap') }), [tensor([1]), wholes(0, 0)], 13],
    ['an unknown reduction', node('ScatterND', { reduction: text('toString') }), [tensor([1]), wholes(0), real(1)], 18],
    ['a newer reduction', node('ScatterND', { reduction: text('max') }), [tensor([1]), wholes(0), real(1)], 16],
    ['a remainder of real numbers', node('Mod'), [real(1), real(1)], 13],
    ['no value', node('Constant'), [], 13],
    ['two values', node('Constant', { value_int: int(1), value_ints: ints(1) }), [], 13],
    ['a sparse value', node('Constant', { sparse_value: { kind: 'other' } }), [], 13],
    ['more than one value', node('ConstantOfShape', { value: { kind: 'tensor', value: two } }), [wholes(1)], 13],
    ['more outputs than there are', node('Split', { num_outputs: int(1e9) }), [tensor([4])], 18],
  ];

  it.each(attributes)('are refused for their attributes: %s', (_, wrong, inputs, opset) => {
    const evaluated = () => evaluateConstant(wrong, inputs, opset);
    expect(evaluated).toThrow(expect.objectContaining({ code: 'unsupported_attribute' }));
    expect(evaluated).toThrow(`${wrong.op} 'the ${wrong.op}'`);
  });

  it('are left alone where the operator is not known', () => {
    expect(evaluateConstant(node('LSTM'), [real(1)], 13)).toBeUndefined();
    expect(evaluateConstant(node('constructor'), [real(1)], 13)).toBeUndefined();
    expect(evaluateConstant({ ...node('Add'), domain: 'com.microsoft' }, [real(1), real(1)], 13)).toBeUndefined();
  });
});

describe('numbers of constants', () => {
  const added = (type: NumberType, a: number, b: number) =>
    evaluateConstant(node('Add'), [numberTensor(type, [a]), numberTensor(type, [b])], 14)?.[0]?.data[0];

  it('are rounded to their type behind each operator', () => {
    expect(added('float32', 0.1, 0.2)).toBe(Math.fround(0.1 + 0.2));
    expect(added('float64', 0.1, 0.2)).toBe(0.1 + 0.2);
    expect(added('float16', 2048, 1)).toBe(2048);
    expect(added('float16', 2048, 3)).toBe(2052);
    expect(added('float16', 65504, 16)).toBe(Infinity);
    expect(added('bfloat16', 256, 1)).toBe(256);
    expect(added('bfloat16', 256, 3)).toBe(260);
  });

  it('keep their lowest bits in small types', () => {
    expect(added('int8', 127, 1)).toBe(-128);
    expect(added('uint8', 255, 2)).toBe(1);
    expect(added('int32', 2 ** 31 - 1, 1)).toBe(-(2 ** 31));
    expect(added('uint32', 2 ** 32 - 1, 1)).toBe(0);
  });

  it('that say "to the end" pass through what does not compute with them', () => {
    const bounds = evaluateConstant(node('Concat', { axis: int(0) }), [wholes(1), wholes(2 ** 63)], 13)?.[0];
    const ends = evaluateConstant(node('Slice'), [bounds, wholes(1), wholes(2)], 13)?.[0];
    expect(evaluateConstant(node('Slice'), [tensor([3]), wholes(1), ends], 13)?.[0]?.shape).toEqual([2]);
  });
});
