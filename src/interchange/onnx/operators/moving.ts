/** Operators that compute nothing: they move, take apart and put together. */
import { columnAxes } from '../emission.js';
import type { OperatorContext, OperatorImports } from '../operator-context.js';
import { columnsOf, describeSizes, isRows, type Size, shapeNumber } from '../sizes.js';
import { type Computed, type Final, type GraphValue, type State, sizesOf } from '../value.js';
import { constantColumns } from './constant-columns.js';
import { movable, moved, resized } from './movable.js';
import { expanded, padded } from './padding.js';
import { flattened, reshaped } from './reshaping.js';
import { gathered, sliced, splitUp, tiled } from './selecting.js';

function squeezed(context: OperatorContext): readonly GraphValue[] {
  const value = movable(context);
  const { sizes } = value;
  const given = context.listed('axes', 1);
  const ones = sizes.flatMap((size, axis) => (size === 1 ? [axis] : []));
  const axes = given === undefined ? ones : given.map((axis) => context.axis(axis, sizes.length));
  for (const axis of axes) {
    if (sizes[axis] !== 1)
      context.refuse(`axis ${axis} of ${describeSizes(sizes)} is squeezed, which has more than one element`);
  }
  const kept = sizes.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]));
  const places = new Map(kept.map((axis, at) => [axis, at] as const));
  return [
    moved(
      value,
      kept.map((axis) => sizes[axis] as Size),
      places,
    ),
  ];
}

function unsqueezed(context: OperatorContext): readonly GraphValue[] {
  const value = movable(context);
  const given = context.listed('axes', 1) ?? context.refuse('axes are missing');
  const rank = value.sizes.length + given.length;
  const axes = given.map((axis) => context.axis(axis, rank));
  if (new Set(axes).size < axes.length) context.refuse(`axes are [${given.join(', ')}], one of them twice`);
  const sizes: Size[] = [];
  const places = new Map<number, number>();
  for (let axis = 0, from = 0; axis < rank; axis++) {
    if (!axes.includes(axis)) places.set(from, axis);
    sizes.push(axes.includes(axis) ? 1 : (value.sizes[from++] as Size));
  }
  return [moved(value, sizes, places)];
}

/** Elements of states in the order of other axes. */
function transposedElements<T>(sizes: readonly Size[], permutation: readonly number[], elements: readonly T[]): T[] {
  const axes = columnAxes(sizes);
  const strides = new Map<number, number>();
  let stride = 1;
  for (const axis of [...axes].reverse()) {
    strides.set(axis, stride);
    stride *= sizes[axis] as number;
  }
  let places = [0];
  for (const axis of permutation.filter((each) => axes.includes(each))) {
    const step = strides.get(axis) as number;
    places = places.flatMap((place) => Array.from({ length: sizes[axis] as number }, (_, at) => place + at * step));
  }
  return places.map((place) => elements[place] as T);
}

function transposed(context: OperatorContext): readonly GraphValue[] {
  const value = movable(context);
  const rank = value.sizes.length;
  const permutation = context.ints('perm') ?? Array.from({ length: rank }, (_, at) => rank - 1 - at);
  if ([...permutation].sort((a, b) => a - b).some((axis, at) => axis !== at) || permutation.length !== rank) {
    return context.refuse(`perm is [${permutation.slice(0, 20).join(', ')}] for ${rank} axes`);
  }
  const sizes = permutation.map((axis) => value.sizes[axis] as Size);
  if (value.kind === 'state' || value.kind === 'final') {
    const elements = transposedElements<unknown>(value.sizes, permutation, value.elements);
    return [{ ...value, sizes, elements } as State | Final];
  }
  return [resized(value, sizes, (old) => old.map((axis) => permutation.indexOf(axis)))];
}

function concatenated(context: OperatorContext): readonly GraphValue[] {
  const given = context.inputs.map((_, at) => context.input(at));
  const rank = sizesOf(given[0] as GraphValue).length;
  const axis = context.axis(context.int('axis', 0), rank);
  if (given.length === 1) return given;
  const others = (value: GraphValue) =>
    sizesOf(value)
      .map((size, at) => (at === axis ? -1 : shapeNumber(size)))
      .join();
  if (given.some((value) => others(value) !== others(given[0] as GraphValue)))
    context.refuse('its inputs differ in other axes');
  if (given.some((value) => isRows(sizesOf(value)[axis] as Size)))
    return context.refuse('rows are put one after the other');
  const kinds = new Set(given.map(({ kind }) => kind));
  const [kind] = kinds;
  if (kinds.size === 1 && (kind === 'final' || kind === 'state'))
    return [joinedElements(given as readonly (Final | State)[], axis)];
  const values = given.map((each, at) => asColumns(context, each, given) ?? context.computed(at));
  return [context.emission.joined(context.name, values, axis)];
}

/** A constant beside what the network computes; undefined for anything else. */
function asColumns(context: OperatorContext, value: GraphValue, all: readonly GraphValue[]): Computed | undefined {
  if (value.kind !== 'constant' && value.kind !== 'fill' && value.kind !== 'repeated') return undefined;
  const computed = all.flatMap((each) => context.asComputed(each) ?? []);
  const sizes = sizesOf(value);
  if (value.kind === 'fill')
    return constantColumns(context, [value.number], { from: 'fill', sizes, beside: computed[0] });
  const { name: from, read } = value.kind === 'constant' ? value : value.constant;
  return constantColumns(context, read().data as ArrayLike<number>, { from, sizes, beside: computed[0] });
}

/** States along an axis, as the file has them. */
function joinedElements(values: readonly (Final | State)[], axis: number): GraphValue {
  const [first] = values as readonly [Final | State];
  const before = columnsOf(first.sizes.slice(0, axis));
  const total = values.reduce((sum, { sizes }) => sum + (sizes[axis] as number), 0);
  const elements: unknown[] = [];
  for (let block = 0; block < before; block++) {
    for (const value of values) {
      const width = value.elements.length / before;
      elements.push(...value.elements.slice(block * width, (block + 1) * width));
    }
  }
  const sizes = first.sizes.map((size, at) => (at === axis ? total : size));
  return { ...first, sizes, elements } as GraphValue;
}

export const movingOperators: OperatorImports = {
  Expand: expanded,
  Squeeze: squeezed,
  Unsqueeze: unsqueezed,
  Transpose: transposed,
  Reshape: reshaped,
  Flatten: flattened,
  Slice: sliced,
  Gather: gathered,
  Split: splitUp,
  Concat: concatenated,
  Pad: padded,
  Tile: tiled,
};
