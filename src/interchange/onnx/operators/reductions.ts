/** Sums, means, largest elements and softmax. */
import { columnAxes } from '../emission.js';
import type { OperatorContext, OperatorImport, OperatorImports } from '../operator-context.js';
import { describeSizes, isRows, type RowAxis, type Size } from '../sizes.js';
import type { Computed, GraphValue } from '../value.js';
import { ofTwo } from './arithmetic.js';

export type Reduction = 'sum' | 'mean' | 'max' | 'min' | 'product';

const OVER_TIME = { sum: 'sumOverTime', mean: 'meanOverTime', max: 'maxOverTime' } as const;
const OVER_COLUMNS = {
  sum: 'sumOverColumns',
  mean: 'meanOverColumns',
  max: 'maxOverColumns',
  min: 'minOverColumns',
} as const;
const IN_PAIRS = { sum: 'add', mean: 'add', max: 'maximum', min: 'minimum', product: 'multiply' } as const;

/** Elements along an axis of columns, joined in pairs. */
function pairwise(context: OperatorContext, x: Computed, axis: number, how: Reduction): Computed {
  const { emission, name } = context;
  let value = x;
  let left = x.sizes[axis] as number;
  const range = (begin: number, end: number) => Array.from({ length: end - begin }, (_, at) => begin + at);
  while (left > 1) {
    const half = Math.floor(left / 2);
    const [a, b] = [
      emission.select(name, value, axis, range(0, half)),
      emission.select(name, value, axis, range(half, 2 * half)),
    ];
    const joined = {
      ...a,
      node: emission.operation(name, IN_PAIRS[how], [a.node, emission.ordered(name, b, a.order).node]),
    };
    value =
      left % 2 === 0 ? joined : emission.joined(name, [joined, emission.select(name, value, axis, [left - 1])], axis);
    left = half + (left % 2);
  }
  return how === 'mean' ? emission.elementwise(name, 'divide', value, { number: x.sizes[axis] as number }) : value;
}

/** One axis reduced to one element. */
function reducedAxis(context: OperatorContext, x: Computed, axis: number, how: Reduction): Computed {
  const { emission, name } = context;
  const size = x.sizes[axis] as Size;
  if (size === 1) return x;
  const sizes = x.sizes.map((each, at) => (at === axis ? 1 : each));
  if (isRows(size)) {
    const isTime = size.length === 1 && (size[0] as RowAxis).startsWith('time');
    if (!isTime)
      return context.refuse(
        `${describeSizes(x.sizes)} is reduced over ${size.join('*')}: a result must not depend on other examples`,
      );
    const order = [axis, ...x.order];
    if (how === 'product') return context.refuse(`the product over ${size.join('*')}`);
    if (how !== 'min') return { ...x, node: emission.operation(name, OVER_TIME[how], [x.node]), sizes, order };
    const negative = emission.operation(name, 'negate', [x.node]);
    const largest = emission.operation(name, 'maxOverTime', [negative]);
    return { ...x, node: emission.operation(name, 'negate', [largest]), sizes, order };
  }
  const others = columnAxes(x.sizes).filter((each) => each !== axis);
  const isAll = others.every((each) => x.sizes[each] === 1);
  if (isAll && how !== 'product') return { ...x, node: emission.operation(name, OVER_COLUMNS[how], [x.node]), sizes };
  return pairwise(context, x, axis, how);
}

export function reduced(
  context: OperatorContext,
  x: Computed,
  axes: readonly number[],
  keeps: boolean,
  how: Reduction,
): Computed {
  let value = x;
  for (const axis of axes) value = reducedAxis(context, value, axis, how);
  return keeps ? value : without(value, axes);
}

/** A value without these axes, which have one element. */
function without(value: Computed, axes: readonly number[]): Computed {
  const kept = value.sizes.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]));
  const order = value.order.flatMap((axis) => (kept.includes(axis) ? [kept.indexOf(axis)] : []));
  return { ...value, sizes: kept.map((axis) => value.sizes[axis] as Size), order };
}

/** The axes that a node reduces; undefined where it reduces none. */
function axesOf(context: OperatorContext, rank: number): readonly number[] | undefined {
  const given = context.listed('axes', 1);
  if (given !== undefined && given.length > 0) return given.map((axis) => context.axis(axis, rank));
  return context.int('noop_with_empty_axes', 0) === 1 ? undefined : Array.from({ length: rank }, (_, at) => at);
}

type Step = (context: OperatorContext, x: Computed) => Computed;

const asIs: Step = (_, x) => x;

/** @param before of each element @param after of each result */
const reduction =
  (how: Reduction, before: Step = asIs, after: Step = asIs): OperatorImport =>
  (context) => {
    const x = context.computed(0);
    const axes = axesOf(context, x.sizes.length);
    const value = before(context, x);
    if (axes === undefined) return [after(context, value)];
    return [after(context, reduced(context, value, axes, context.int('keepdims', 1) === 1, how))];
  };

/** m + log(sum(e^(x - m))) with the largest x as m, so that no power is too large. */
function logSumExp(context: OperatorContext): readonly GraphValue[] {
  const x = context.computed(0);
  const { emission, name } = context;
  const axes = axesOf(context, x.sizes.length);
  if (axes === undefined) return [x];
  const largest = reduced(context, x, axes, true, 'max');
  const powers = emission.elementwise(name, 'exp', ofTwo(context, 'subtract', x, largest));
  const sum = emission.elementwise(name, 'log', reduced(context, powers, axes, true, 'sum'));
  const result = ofTwo(context, 'add', sum, largest);
  return [context.int('keepdims', 1) === 1 ? result : without(result, axes)];
}

/** Each place of the other axes of columns by itself, where a function works on whole rows. */
function alongAxes(
  context: OperatorContext,
  x: Computed,
  axes: readonly number[],
  f: 'softmax' | 'logSoftmax',
): Computed {
  const { emission, name } = context;
  const isOne = axes.every((axis) => !isRows(x.sizes[axis] as Size));
  if (!isOne) return context.refuse(`along the axes ${axes.join(', ')} of ${describeSizes(x.sizes)}`);
  const order = [...columnAxes(x.sizes).filter((each) => !axes.includes(each)), ...axes];
  const ordered = emission.ordered(name, x, order);
  const count = order.reduce((product, each) => product * (x.sizes[each] as number), 1);
  const size = axes.reduce((product, each) => product * (x.sizes[each] as number), 1);
  const parts = Array.from({ length: count / size }, (_, at) => {
    const place = Array.from({ length: size }, (_each, index) => at * size + index);
    return emission.operation(name, f, [emission.columns(name, ordered.node, count, place)]);
  });
  return { ...ordered, node: emission.concatenated(name, parts) };
}

/** Softmax and its logarithm. Before opset 13 all axes from `axis` on were one. */
const softmax =
  (f: 'softmax' | 'logSoftmax'): OperatorImport =>
  (context) => {
    const x = context.computed(0);
    const rank = x.sizes.length;
    const axis = context.axis(context.int('axis', context.opset < 13 ? 1 : -1), rank);
    const axes = context.opset < 13 ? x.sizes.map((_, at) => at).slice(axis) : [axis];
    return [alongAxes(context, x, axes, f)];
  };

const squared = (context: OperatorContext, x: Computed) =>
  context.emission.elementwise(context.name, 'power', x, { number: 2 });
const absolute = (context: OperatorContext, x: Computed) => context.emission.elementwise(context.name, 'abs', x);

/** The mean over the last axes of what convolutions give. */
const globally =
  (how: Reduction): OperatorImport =>
  (context) => {
    const x = context.computed(0);
    return [reduced(context, x, x.sizes.map((_, at) => at).slice(2), true, how)];
  };

export const reductionOperators: OperatorImports = {
  ReduceSum: reduction('sum'),
  ReduceMean: reduction('mean'),
  ReduceMax: reduction('max'),
  ReduceMin: reduction('min'),
  ReduceSumSquare: reduction('sum', squared),
  ReduceL1: reduction('sum', absolute),
  ReduceL2: reduction('sum', squared, (context, sum) => context.emission.elementwise(context.name, 'sqrt', sum)),
  ReduceProd: reduction('product'),
  ReduceLogSum: reduction('sum', asIs, (context, sum) => context.emission.elementwise(context.name, 'log', sum)),
  ReduceLogSumExp: logSumExp,
  GlobalAveragePool: globally('mean'),
  GlobalMaxPool: globally('max'),
  Softmax: softmax('softmax'),
  LogSoftmax: softmax('logSoftmax'),
};
