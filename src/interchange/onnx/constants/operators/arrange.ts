/** Operators that put the elements of tensors elsewhere. */
import { refuseAttribute } from '../../ir.js';
import {
  broadcastWalk,
  type ConstantTensor,
  LaterTensor,
  moved,
  type NumberTensor,
  rearranged,
  sizeOf,
  stridesOf,
  strideWalk,
} from '../constant-tensor.js';
import type { Fold, Operator } from '../fold.js';

const clamped = (number: number, low: number, high: number) => Math.min(Math.max(number, low), high);

const transpose: Operator = (fold) => {
  const input = fold.source(0);
  const rank = input.shape.length;
  const order = fold.attribute('perm', 'ints') ?? input.shape.map((_, axis) => rank - 1 - axis);
  if (order.length !== rank) refuseAttribute(fold.node, 'perm', order, `an order of ${rank} axes`);
  const axes = fold.axes(order, rank);
  const shape = axes.map((axis) => input.shape[axis] as number);
  const strides = stridesOf(input.shape);
  return [moved(input, fold.shape(shape), { begin: 0, strides: axes.map((axis) => strides[axis] as number) })];
};

const expand: Operator = (fold) => {
  const input = fold.input(0);
  const shape = fold.broadcast([input.shape, fold.shape(fold.wholes(1))]);
  return [rearranged(input, shape, broadcastWalk(input.shape, shape))];
};

/** Repeats along an axis stand before it, in an axis of their own that goes nowhere. */
const tile: Operator = (fold) => {
  const input = fold.input(0);
  const repeats = fold.wholes(1);
  if (repeats.length !== input.shape.length) {
    throw fold.mismatch(`input 1 has ${repeats.length} numbers, expected one for each of ${input.shape.length} axes`);
  }
  const shape = fold.shape(input.shape.map((length, axis) => length * (repeats[axis] as number)));
  const strides = stridesOf(input.shape).flatMap((stride) => [0, stride]);
  const walk = strideWalk(
    input.shape.flatMap((length, axis) => [repeats[axis] as number, length]),
    strides,
  );
  return [rearranged(input, shape, walk)];
};

interface Bounds {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly axes?: readonly number[] | undefined;
  readonly steps?: readonly number[] | undefined;
}

/** Attributes before operator set 10, inputs from then on. */
function sliceBounds(fold: Fold): Bounds {
  if (fold.opset >= 10) {
    const [axes, steps] = [fold.optionalWholes(3), fold.optionalWholes(4)];
    return { starts: fold.wholes(1), ends: fold.wholes(2), axes, steps };
  }
  const ints = (name: string) => fold.attribute(name, 'ints') ?? refuseAttribute(fold.node, name, undefined, 'a list');
  return { starts: ints('starts'), ends: ints('ends'), axes: fold.attribute('axes', 'ints') };
}

/** The first index of a slice, and how many there are. Bounds beyond the ends are moved to them. */
function sliceOf(length: number, start: number, end: number, step: number): { first: number; count: number } {
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
  const first = clamped(start < 0 ? start + length : start, Math.max(low, 0), high);
  const last = clamped(end < 0 ? end + length : end, low, high);
  return { first, count: Math.max(0, Math.ceil((last - first) / step)) };
}

const slice: Operator = (fold) => {
  const input = fold.source(0);
  const { starts, ends, axes = starts.map((_, at) => at), steps = starts.map(() => 1) } = sliceBounds(fold);
  const lists = [starts, ends, axes, steps];
  if (lists.some((list) => list.length !== starts.length)) {
    throw fold.mismatch(`starts, ends, axes and steps have ${lists.map((list) => list.length).join(', ')} numbers`);
  }
  const shape = [...input.shape];
  const strides = stridesOf(input.shape);
  let begin = 0;
  for (const [at, axis] of fold.axes(axes, shape.length).entries()) {
    const step = steps[at] as number;
    if (step === 0) throw fold.mismatch('a step is 0', { axis });
    const { first, count } = sliceOf(shape[axis] as number, starts[at] as number, ends[at] as number, step);
    begin += first * (strides[axis] as number);
    strides[axis] = step * (strides[axis] as number);
    shape[axis] = count;
  }
  return [moved(input, fold.shape(shape), { begin, strides })];
};

/** Numbers of which some are put together later: blocks of each tensor in turn. */
function joinedLater(tensors: readonly NumberTensor[], shape: readonly number[], outer: number): ConstantTensor {
  const [{ type }] = tensors as [NumberTensor];
  const all = sizeOf(shape) / outer;
  return new LaterTensor(shape, type, (kind) => {
    const result = kind === 'float32' ? new Float32Array(all * outer) : new Float64Array(all * outer);
    let before = 0;
    for (const tensor of tensors) {
      const numbers = tensor instanceof LaterTensor ? tensor.numbers(kind) : tensor.data;
      const block = numbers.length / outer;
      for (let row = 0; row < outer; row++) {
        result.set(numbers.subarray(row * block, (row + 1) * block), row * all + before);
      }
      before += block;
    }
    return result;
  });
}

/** Copies blocks of each tensor in turn. */
function joined(tensors: readonly ConstantTensor[], shape: readonly number[], outer: number): ConstantTensor {
  const [{ type }] = tensors as [ConstantTensor];
  const blocks = tensors.map(({ data }) => data.length / outer);
  const parts = function* () {
    for (let row = 0; row < outer; row++) {
      for (const [at, { data }] of tensors.entries()) {
        const block = blocks[at] as number;
        yield data.slice(row * block, (row + 1) * block);
      }
    }
  };
  if (type === 'string') return { type, shape, data: [...parts()].flatMap((part) => [...(part as readonly string[])]) };
  const data = new Float64Array(sizeOf(shape));
  let at = 0;
  for (const part of parts()) {
    data.set(part as Float64Array, at);
    at += part.length;
  }
  return { type, shape, data };
}

const concat: Operator = (fold) => {
  const tensors = fold.inputs.map((_, at) => fold.source(at));
  const first = fold.source(0);
  fold.sameType(tensors);
  const given = fold.attribute('axis', 'int') ?? refuseAttribute(fold.node, 'axis', undefined, 'an axis');
  const axis = fold.axis(given, first.shape.length);
  for (const { shape } of tensors) {
    const fits =
      shape.length === first.shape.length && shape.every((size, at) => at === axis || size === first.shape[at]);
    if (fits) continue;
    throw fold.mismatch(`[${first.shape.join(', ')}] and [${shape.join(', ')}] do not fit together along axis ${axis}`);
  }
  const length = tensors.reduce((sum, { shape }) => sum + (shape[axis] as number), 0);
  const shape = fold.shape(first.shape.map((size, at) => (at === axis ? length : size)));
  if (sizeOf(shape) === 0) return [rearranged(first, shape, () => 0)];
  const outer = sizeOf(first.shape.slice(0, axis));
  const isLater = tensors.some((tensor) => tensor instanceof LaterTensor);
  return [isLater ? joinedLater(tensors as NumberTensor[], shape, outer) : joined(tensors, shape, outer)];
};

/** Sizes of the parts: an attribute before operator set 13, an input from then on; equal parts where they are left out. */
function partSizes(fold: Fold, length: number): readonly number[] {
  const parts = fold.node.outputs.length;
  const count = fold.opset < 18 ? undefined : fold.attribute('num_outputs', 'int');
  const given = fold.opset < 13 ? fold.attribute('split', 'ints') : fold.optionalWholes(1);
  if (given !== undefined) return given;
  if (count !== undefined && count !== parts) refuseAttribute(fold.node, 'num_outputs', count, `${parts}, its outputs`);
  const size = Math.ceil(length / parts);
  if (count === undefined && size * parts !== length) throw fold.mismatch(`${length} has no ${parts} equal parts`);
  return Array.from({ length: parts }, (_, at) => clamped(length - at * size, 0, size));
}

const split: Operator = (fold) => {
  const input = fold.source(0);
  const axis = fold.axis(fold.int('axis', 0), input.shape.length);
  const length = input.shape[axis] as number;
  const sizes = partSizes(fold, length);
  const sum = sizes.reduce((total, size) => total + (size >= 0 ? size : Number.NaN), 0);
  if (sum !== length || sizes.length !== fold.node.outputs.length) {
    const parts = `${fold.node.outputs.length} parts of ${length}`;
    throw fold.mismatch(`[${sizes.slice(0, 20).join(', ')}] are not the sizes of ${parts}`, { sizes, length });
  }
  const strides = stridesOf(input.shape);
  let begin = 0;
  return sizes.map((size) => {
    const shape = fold.shape(input.shape.map((each, at) => (at === axis ? size : each)));
    const first = begin * (strides[axis] as number);
    begin += size;
    return moved(input, shape, { begin: first, strides });
  });
};

/** Keeps one side of a diagonal of matrices; the other side becomes 0. */
const trilu: Operator = (fold) => {
  const { type, shape, data } = fold.numbers(0);
  const isUpper = fold.flag('upper', true);
  const diagonal = fold.optional(1) === undefined ? 0 : fold.single(1);
  const [rows, columns] = shape.slice(-2);
  if (rows === undefined || columns === undefined)
    throw fold.mismatch(`input 0 has ${shape.length} axes, expected matrices`);
  const isKept = (at: number) => {
    const distance = (at % columns) - (Math.floor(at / columns) % rows);
    return isUpper ? distance >= diagonal : distance <= diagonal;
  };
  return [fold.compute(type, shape, (at) => (isKept(at) ? (data[at] as number) : 0))];
};

export const ARRANGE: Readonly<Record<string, Operator>> = {
  Transpose: transpose,
  Expand: expand,
  Tile: tile,
  Slice: slice,
  Concat: concat,
  Split: split,
  Trilu: trilu,
};
