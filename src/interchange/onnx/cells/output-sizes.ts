/** Sizes of what nodes give, of what is known of their inputs. */
import type { ConstantTensor } from '../constants/constant-tensor.js';
import type { OnnxNode } from '../ir.js';
import { flag, int, type KnownLists, type Sizes, sliceRanges, splitParts, spread, withOnes } from './cuts.js';

/** What is known of the values of a graph. */
interface SizeFacts extends KnownLists {
  sizes(name: string): Sizes | undefined;
  constant(name: string): ConstantTensor | undefined;
}

/** Operators that give each number a new one, in its place. */
export const SAME_SIZES = new Set(
  'Identity Cast Dropout Neg Sqrt Exp Sigmoid Tanh Relu HardSigmoid LeakyRelu Elu Softplus'.split(' '),
);

/** Operators whose inputs are spread to one shape. */
export const SPREAD = new Set(['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Sum']);

/** The sizes of an output of a node, as far as they are clear. */
export function outputSizes(facts: SizeFacts, node: OnnxNode, output: number): Sizes | undefined {
  const { op, inputs } = node;
  const [first, second] = inputs.map((input) => (input === '' ? undefined : facts.sizes(input)));
  if (op === 'Constant') return facts.constant(node.outputs[output] as string)?.shape;
  if (SPREAD.has(op)) return first && second && spread(first, second);
  if (op === 'Gemm') return [flag(node, 'transA') ? undefined : first?.[0], columns(facts, node)];
  if (first === undefined) return undefined;
  if (SAME_SIZES.has(op)) return first;
  if (op === 'MatMul')
    return second && second.length === 2 && first.length >= 2 ? [...first.slice(0, -1), second[1]] : undefined;
  return movedSizes(facts, node, output, first);
}

function columns(facts: SizeFacts, node: OnnxNode): number | undefined {
  const b = facts.sizes(node.inputs[1] as string);
  return b?.[flag(node, 'transB') ? 0 : 1];
}

function movedSizes(facts: SizeFacts, node: OnnxNode, output: number, first: Sizes): Sizes | undefined {
  const axisOf = (axis: number) => (axis < 0 ? axis + first.length : axis);
  if (node.op === 'Gather') {
    const places = facts.sizes(node.inputs[1] as string);
    const axis = axisOf(int(node, 'axis', 0));
    return places && [...first.slice(0, axis), ...places, ...first.slice(axis + 1)];
  }
  if (node.op === 'Split') {
    const part = splitParts(facts, node, first)?.[output];
    return first.map((size, axis) => (axis === axisOf(int(node, 'axis', 0)) ? part && part.to - part.from : size));
  }
  if (node.op === 'Slice') {
    const found = sliceRanges(facts, node, first);
    return found?.map(({ from, to }, axis) => (to === undefined ? (from === 0 ? first[axis] : undefined) : to - from));
  }
  if (node.op === 'Transpose') {
    const order = node.attributes.get('perm');
    return order?.kind === 'ints' ? order.value.map((axis) => first[axis]) : [...first].reverse();
  }
  const axes = facts.listed(node, 'axes', 1);
  if (node.op === 'Squeeze') {
    const removed = axes?.map(axisOf);
    return removed && first.filter((_, axis) => !removed.includes(axis));
  }
  if (node.op === 'Unsqueeze') return axes && withOnes(first, axes);
  if (node.op === 'Reshape') return facts.numbers(node.inputs[1])?.map((size) => (size > 0 ? size : undefined));
  if (node.op === 'Concat') return joinedSizes(facts, node, axisOf(int(node, 'axis', 0)));
  return undefined;
}

function joinedSizes(facts: SizeFacts, node: OnnxNode, axis: number): Sizes | undefined {
  const parts = node.inputs.map((input) => facts.sizes(input));
  const [first] = parts;
  const lengths = parts.map((part) => part?.[axis]);
  const sum = lengths.every((length) => length !== undefined) ? lengths.reduce((a, b) => a + b, 0) : undefined;
  return first?.map((size, at) => (at === axis ? sum : size));
}
