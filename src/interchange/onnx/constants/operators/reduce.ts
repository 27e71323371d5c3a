/** Operators along axes. */
import type { NumberType } from '../../../sources/number-types.js';
import { type NumberTensor, sizeOf, stridesOf, strideWalk } from '../constant-tensor.js';
import type { Fold, Operator } from '../fold.js';
import { isWhole, rangeOf } from '../rounding.js';

/** Axes of a reduction: an attribute before the given operator set, an input from then on. */
function reducedAxes(fold: Fold, rank: number, inputSince: number): number[] {
  const isInput = fold.opset >= inputSince;
  const given = isInput ? fold.optionalWholes(1) : fold.attribute('axes', 'ints');
  const keepsAll = isInput && fold.flag('noop_with_empty_axes');
  if (given !== undefined && given.length > 0) return fold.axes(given, rank);
  return keepsAll ? [] : [...new Array(rank).keys()];
}

interface Reduction {
  readonly begin: (type: NumberType) => number;
  readonly join: (sum: number, number: number) => number;
  readonly end?: (sum: number, count: number) => number;
  /** Operator set from which on axes are an input. */
  readonly inputSince?: number;
}

function reduction({ begin, join, end = (sum) => sum, inputSince = 18 }: Reduction): Operator {
  return (fold) => {
    const { type, shape, data } = fold.numbers(0);
    const axes = new Set(reducedAxes(fold, shape.length, inputSince));
    const isKept = fold.flag('keepdims', true);
    const ones = fold.shape(shape.map((length, axis) => (axes.has(axis) ? 1 : length)));
    const strides = stridesOf(ones).map((stride, axis) => (axes.has(axis) ? 0 : stride));
    const walk = strideWalk(shape, strides);
    const round = fold.rounder(isWhole(type) ? 'int64' : 'float64');
    const sums = new Float64Array(sizeOf(ones)).fill(begin(type));
    for (const number of data) {
      const at = walk();
      sums[at] = round(join(sums[at] as number, number));
    }
    const count = data.length / sums.length;
    const result = isKept ? ones : shape.filter((_, axis) => !axes.has(axis));
    return [fold.compute(type, result, (at) => end(sums[at] as number, count))];
  };
}

/** A tensor as [outer, length, inner], with the axis in the middle. */
function along(shape: readonly number[], axis: number) {
  return { length: shape[axis] as number, inner: sizeOf(shape.slice(axis + 1)) };
}

const argMax: Operator = (fold) => {
  const { shape, data } = fold.numbers(0);
  const axis = fold.axis(fold.int('axis', 0), shape.length);
  const isLast = fold.opset >= 12 && fold.flag('select_last_index');
  const isKept = fold.flag('keepdims', true);
  const { length, inner } = along(shape, axis);
  if (length === 0) throw fold.mismatch(`axis ${axis} is empty`, { axis });
  const best = (at: number) => {
    const begin = Math.floor(at / inner) * length * inner + (at % inner);
    let found = 0;
    for (let place = 1; place < length; place++) {
      const [old, number] = [data[begin + found * inner] as number, data[begin + place * inner] as number];
      if (number > old || (Number.isNaN(number) && !Number.isNaN(old)) || (isLast && Object.is(number + 0, old + 0))) {
        found = place;
      }
    }
    return found;
  };
  const result = isKept ? shape.map((each, at) => (at === axis ? 1 : each)) : shape.filter((_, at) => at !== axis);
  return [fold.compute('int64', result, best)];
};

const cumSum: Operator = (fold) => {
  const { type, shape, data } = fold.numbers(0);
  const axis = fold.axis(fold.single(1), shape.length);
  const [isExclusive, isReverse] = [fold.flag('exclusive'), fold.flag('reverse')];
  const { length, inner } = along(shape, axis);
  const sums = new Float64Array(sizeOf(fold.shape(shape)));
  const round = fold.rounder(type);
  for (let row = 0; row < sums.length / (length || 1); row++) {
    const begin = Math.floor(row / inner) * length * inner + (row % inner);
    let sum = 0;
    for (let step = 0; step < length; step++) {
      const at = begin + (isReverse ? length - 1 - step : step) * inner;
      const next = round(sum + (data[at] as number));
      sums[at] = isExclusive ? sum : next;
      sum = next;
    }
  }
  return [{ type, shape, data: sums } satisfies NumberTensor];
};

/** Over one axis from operator set 13 on; before, over it and all behind it. */
const softmax: Operator = (fold) => {
  const { type, shape, data } = fold.numbers(0);
  const isOne = fold.opset >= 13;
  const axis = fold.axis(fold.int('axis', isOne ? -1 : 1), shape.length);
  const rest = sizeOf(shape.slice(axis));
  const { length, inner } = isOne ? along(shape, axis) : { length: rest, inner: 1 };
  const result = new Float64Array(sizeOf(fold.shape(shape)));
  for (let row = 0; row < result.length / (length || 1); row++) {
    const begin = Math.floor(row / inner) * length * inner + (row % inner);
    let most = Number.NEGATIVE_INFINITY;
    for (let at = 0; at < length; at++) most = Math.max(most, data[begin + at * inner] as number);
    let sum = 0;
    for (let at = 0; at < length; at++) sum += Math.exp((data[begin + at * inner] as number) - most);
    for (let at = 0; at < length; at++) {
      result[begin + at * inner] = Math.exp((data[begin + at * inner] as number) - most) / sum;
    }
  }
  return [fold.compute(type, shape, (at) => result[at] as number)];
};

export const REDUCE: Readonly<Record<string, Operator>> = {
  ReduceSum: reduction({ begin: () => 0, join: (sum, number) => sum + number, inputSince: 13 }),
  ReduceMean: reduction({
    begin: () => 0,
    join: (sum, number) => sum + number,
    end: (sum, count) => sum / count,
  }),
  ReduceProd: reduction({ begin: () => 1, join: (product, number) => product * number }),
  ReduceMax: reduction({ begin: (type) => rangeOf(type)[0], join: Math.max }),
  ReduceMin: reduction({ begin: (type) => rangeOf(type)[1], join: Math.min }),
  ArgMax: argMax,
  CumSum: cumSum,
  Softmax: softmax,
};
