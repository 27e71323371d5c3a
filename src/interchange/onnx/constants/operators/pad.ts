/** Places beside the elements of a tensor. */
import { refuseAttribute } from '../../ir.js';
import { type NumberTensor, stridesOf } from '../constant-tensor.js';
import type { Fold, Operator } from '../fold.js';

const clamped = (number: number, low: number, high: number) => Math.min(Math.max(number, low), high);

/** Where a place beside `length` elements takes its number from; -1 for the constant. */
const PAD: Readonly<Record<string, (at: number, length: number) => number>> = {
  constant: () => -1,
  edge: (at, length) => clamped(at, 0, length - 1),
  reflect: (at, length) => {
    const period = Math.max(2 * (length - 1), 1);
    const place = ((at % period) + period) % period;
    return place < length ? place : period - place;
  },
  wrap: (at, length) => ((at % length) + length) % length,
};

/** How many places come before and behind each axis; negative ones are cut off. */
function padSizes(fold: Fold, rank: number): { before: number[]; behind: number[] } {
  const given = fold.opset < 11 ? fold.attribute('pads', 'ints') : fold.wholes(1);
  const axes = fold.axes((fold.opset < 18 ? undefined : fold.optionalWholes(3)) ?? [...new Array(rank).keys()], rank);
  if (given?.length !== 2 * axes.length) throw fold.mismatch(`pads are ${given?.length}, expected ${2 * axes.length}`);
  const [before, behind] = [new Array<number>(rank).fill(0), new Array<number>(rank).fill(0)];
  for (const [at, axis] of axes.entries()) {
    before[axis] = given[at] as number;
    behind[axis] = given[axes.length + at] as number;
  }
  return { before, behind };
}

const pad: Operator = (fold) => {
  const input = fold.numbers(0);
  const mode = fold.attribute('mode', 'string') ?? 'constant';
  const place = Object.hasOwn(PAD, mode) && (mode !== 'wrap' || fold.opset >= 19) ? PAD[mode] : undefined;
  if (place === undefined)
    return refuseAttribute(fold.node, 'mode', mode, 'constant, reflect or edge (or wrap from 19 on)');
  const { before, behind } = padSizes(fold, input.shape.length);
  const shape = fold.shape(
    input.shape.map((length, axis) => length + (before[axis] as number) + (behind[axis] as number)),
  );
  const tables = input.shape.map((length, axis) => {
    const [cut, end] = [Math.max(-(before[axis] as number), 0), Math.max(-(behind[axis] as number), 0)];
    const kept = length - cut - end;
    const size = shape[axis] as number;
    if (kept < 0 || (kept === 0 && size > 0 && mode !== 'constant'))
      throw fold.mismatch(`axis ${axis} has nothing to pad`);
    return Float64Array.from({ length: size }, (_, at) => {
      const from = at - Math.max(before[axis] as number, 0);
      const found = from >= 0 && from < kept ? from : place(from, kept);
      return found < 0 ? -1 : found + cut;
    });
  });
  return [padded(fold, input, shape, tables)];
};

function padded(
  fold: Fold,
  input: NumberTensor,
  shape: readonly number[],
  tables: readonly Float64Array[],
): NumberTensor {
  const attribute = fold.opset < 11 ? fold.attribute('value', 'float') : undefined;
  const value = fold.opset >= 11 && fold.optional(2) !== undefined ? fold.single(2) : (attribute ?? 0);
  const [from, to] = [stridesOf(input.shape), stridesOf(shape)];
  return fold.compute(input.type, shape, (at) => {
    let offset = 0;
    for (let axis = 0; axis < shape.length; axis++) {
      const place = Math.floor(at / (to[axis] as number)) % (shape[axis] as number);
      const source = tables[axis]?.[place] as number;
      if (source < 0) return value;
      offset += source * (from[axis] as number);
    }
    return input.data[offset] as number;
  });
}

export const PADDING: Readonly<Record<string, Operator>> = { Pad: pad };
