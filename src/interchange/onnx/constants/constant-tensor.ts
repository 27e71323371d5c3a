/** Tensors whose numbers are known: constants of a file, and what is folded of them. */
import { InterchangeError } from '../../../core/errors.js';
import type { NumberType } from '../../sources/number-types.js';

/** Numbers, row-major. */
export interface NumberTensor {
  readonly shape: readonly number[];
  readonly type: NumberType;
  /** Bits of whole numbers that the file stores with fewer than their type has. */
  readonly bits?: 2 | 4 | undefined;
  /**
   * Each number exactly, whatever its type. `bool` is 0 or 1. Whole numbers from 2^62 on, which stand for "to the end" in slices, are
   * the only ones that are rounded.
   */
  readonly data: Float64Array;
}

/** How numbers are put together: as float32 they take half the memory. */
export type NumberKind = 'float32' | 'float64';

/** From so many numbers on, a tensor is put together each time it is read, and not kept. */
export const LEAST_LATER = 2 ** 16;

/** A large tensor of real numbers of a file, or one that has them in other places. */
export class LaterTensor implements NumberTensor {
  readonly shape: readonly number[];
  readonly type: NumberType;
  readonly #read: (kind: NumberKind) => Float32Array | Float64Array;

  /** @param read the numbers; a new array, or one that nobody changes */
  constructor(shape: readonly number[], type: NumberType, read: (kind: NumberKind) => Float32Array | Float64Array) {
    this.shape = shape;
    this.type = type;
    this.#read = read;
  }

  /** Read anew at each call: take it once. */
  get data(): Float64Array {
    return this.#read('float64') as Float64Array;
  }

  numbers(kind: NumberKind): Float32Array | Float64Array {
    return this.#read(kind);
  }

  reshaped(shape: readonly number[]): LaterTensor {
    return new LaterTensor(shape, this.type, this.#read);
  }

  /** The tensor with its numbers in memory. */
  kept(): NumberTensor {
    return { shape: this.shape, type: this.type, data: this.data };
  }
}

/** Texts, row-major. */
export interface StringTensor {
  readonly shape: readonly number[];
  readonly type: 'string';
  readonly data: readonly string[];
}

/** A tensor of numbers or of texts. Nobody changes its data. */
export type ConstantTensor = NumberTensor | StringTensor;

/** How many numbers there are. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, length) => size * length, 1);
}

/** How far apart neighbours along each axis are, row-major. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides: number[] = new Array(shape.length).fill(0);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis] as number;
  }
  return strides;
}

/**
 * Goes over all places of a shape, row-major: each call gives the offset of the next one.
 *
 * @param strides how far a step along each axis goes; 0 stays, which repeats
 */
export function strideWalk(shape: readonly number[], strides: readonly number[], start = 0): () => number {
  const index = new Array<number>(shape.length).fill(0);
  let offset = start;
  return () => {
    const current = offset;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const stride = strides[axis] as number;
      const next = (index[axis] as number) + 1;
      if (next < (shape[axis] as number)) {
        index[axis] = next;
        offset += stride;
        break;
      }
      index[axis] = 0;
      offset -= stride * (next - 1);
    }
    return current;
  };
}

/** The shape that several are spread to, as NumPy does it; undefined where they do not fit. */
export function broadcastShape(shapes: readonly (readonly number[])[]): number[] | undefined {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    for (const [at, length] of shape.entries()) {
      const axis = rank - shape.length + at;
      if (length === 1 || length === result[axis]) continue;
      if (result[axis] !== 1) return undefined;
      result[axis] = length;
    }
  }
  return result;
}

/** Goes over a tensor as if it were spread to a shape that its own fits to. */
export function broadcastWalk(from: readonly number[], to: readonly number[]): () => number {
  const own = stridesOf(from).map((stride, axis) => (from[axis] === 1 ? 0 : stride));
  return strideWalk(to, [...new Array<number>(to.length - from.length).fill(0), ...own]);
}

/** A tensor of given numbers; one of no axes by default. */
export function numberTensor(type: NumberType, data: Iterable<number>, shape: readonly number[] = []): NumberTensor {
  return { type, shape, data: data instanceof Float64Array ? data : Float64Array.from(data) };
}

/**
 * A tensor with elements of another one, in any order.
 *
 * @param indexOf which element comes next; it is called once for each, in row-major order
 */
export function rearranged(
  source: ConstantTensor,
  shape: readonly number[],
  indexOf: (at: number) => number,
): ConstantTensor {
  const size = sizeOf(shape);
  if (source.type === 'string') {
    return { ...source, shape, data: Array.from({ length: size }, (_, at) => source.data[indexOf(at)] as string) };
  }
  const numbers = new Float64Array(size);
  for (let at = 0; at < size; at++) numbers[at] = source.data[indexOf(at)] as number;
  return { ...source, shape, data: numbers };
}

/** Where the elements of a part of a tensor stand in it: the first one, and how far a step along each axis goes. */
export interface Places {
  readonly begin: number;
  readonly strides: readonly number[];
}

/** A part of a tensor, or the tensor with its axes in another order. */
export function moved(source: ConstantTensor, shape: readonly number[], { begin, strides }: Places): ConstantTensor {
  if (!(source instanceof LaterTensor)) return rearranged(source, shape, strideWalk(shape, strides, begin));
  const own = stridesOf(shape);
  const follows = shape.every((length, axis) => length === 1 || strides[axis] === own[axis]);
  return new LaterTensor(shape, source.type, (kind) => {
    const from = source.numbers(kind);
    const size = sizeOf(shape);
    if (follows) return from.subarray(begin, begin + size);
    const to = kind === 'float32' ? new Float32Array(size) : new Float64Array(size);
    const walk = strideWalk(shape, strides, begin);
    for (let at = 0; at < size; at++) to[at] = from[walk()] as number;
    return to;
  });
}

/** The numbers of a tensor as float32; those that are wider are rounded. */
export function float32Of(tensor: ConstantTensor): Float32Array {
  if (tensor instanceof LaterTensor) return tensor.numbers('float32') as Float32Array;
  return Float32Array.from(tensor.data as ArrayLike<number>);
}

/** The same elements in another shape of the same size. */
export function reshaped(tensor: ConstantTensor, shape: readonly number[]): ConstantTensor {
  return tensor instanceof LaterTensor ? tensor.reshaped(shape) : { ...tensor, shape };
}

const isWholeType = (type: string) => type.includes('int');

/** The first number that was rounded when it was read; undefined where there is none. */
export function roundedNumber(tensor: ConstantTensor): number | undefined {
  if (tensor.type !== 'int64' && tensor.type !== 'uint64') return undefined;
  return tensor.data.find((number) => !Number.isSafeInteger(number));
}

/** Whether two tensors are the same: type, shape and each element. NaN is the same as NaN, and 0 is not the same as -0. */
export function sameConstant(a: ConstantTensor, b: ConstantTensor): boolean {
  if (a.type !== b.type || a.shape.length !== b.shape.length) return false;
  if (a.shape.some((length, axis) => length !== b.shape[axis])) return false;
  if (roundedNumber(a) !== undefined) return false;
  const [left, right] = [a.data, b.data];
  return left.length === right.length && left.every((each: unknown, at: number) => Object.is(each, right[at]));
}

/**
 * The numbers of a tensor of whole numbers, such as a shape or axes.
 *
 * @param what it is, for messages
 * @throws {InterchangeError} `tensor_mismatch` for a tensor of another type, or of more than one axis
 */
export function wholeNumbers({ type, shape, data }: ConstantTensor, what: string): number[] {
  if (type !== 'string' && isWholeType(type) && shape.length <= 1) return Array.from(data);
  const message = `${what} is ${type} [${shape.join(', ')}], expected whole numbers in one axis`;
  throw new InterchangeError('tensor_mismatch', message, { what, type, shape });
}
