/** Operators that compute nothing: they move, take apart and put together. */
import { columnAxes } from '../emission.js';
import type { OperatorContext, OperatorImports } from '../operator-context.js';
import {
  columnsOf,
  describeSizes,
  divided,
  isRows,
  multiplied,
  type RowAxis,
  rowAxesOf,
  type ShapeNumber,
  type Size,
  shapeNumber,
} from '../sizes.js';
import { type Computed, type Final, type GraphValue, type Movable, type State, sizesOf } from '../value.js';

/** What can be moved: anything but constants, which are folded. */
function movable(context: OperatorContext, at = 0): Movable {
  const value = context.input(at);
  if (value.kind === 'constant' || value.kind === 'shape')
    return context.refuse(`input ${at} is constant and was not folded`);
  return value;
}

/** The same elements under other sizes, in the same order of the axes of columns. */
function resized(
  value: Movable,
  sizes: readonly Size[],
  order: (old: readonly number[]) => readonly number[],
): Movable {
  return value.kind === 'computed' ? { ...value, sizes, order: order(value.order) } : { ...value, sizes };
}

/** Axes removed or added: `places` says where each remaining axis of before is now. */
function moved(value: Movable, sizes: readonly Size[], places: ReadonlyMap<number, number>): Movable {
  return resized(value, sizes, (old) => {
    const kept = old.flatMap((axis) => places.get(axis) ?? []);
    const added = columnAxes(sizes).filter((axis) => !kept.includes(axis));
    return [...added, ...kept];
  });
}

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
  const sizes = permutation.map((axis) => value.sizes[axis] as Size);
  if (value.kind === 'state' || value.kind === 'final') {
    const elements = transposedElements<unknown>(value.sizes, permutation, value.elements);
    return [{ ...value, sizes, elements } as State | Final];
  }
  return [resized(value, sizes, (old) => old.map((axis) => permutation.indexOf(axis)))];
}

/** The rows and columns of a shape one after the other, for comparing what a reshape keeps. */
function target(context: OperatorContext, sizes: readonly Size[]): Size[] {
  const wanted = context.shapeNumbers(1, 'the shape');
  const allowZero = context.int('allowzero', 0) === 1;
  const asked = wanted.map((size, at) =>
    size === 0 && !allowZero
      ? shapeNumber(sizes[at] ?? context.refuse('the shape has a 0 where there is no axis'))
      : size,
  );
  const all = sizes.map(shapeNumber).reduce(multiplied, 1);
  const known = asked.filter((size) => size !== -1).reduce(multiplied, 1);
  const rest = divided(all, known);
  if (rest === undefined || (rest !== 1 && !asked.includes(-1))) {
    context.refuse(`${describeSizes(sizes)} is reshaped to [${wanted.join(', ')}], which is not possible`);
  }
  return sizesFrom(
    context,
    asked.map((size) => (size === -1 ? (rest as ShapeNumber) : size)),
    sizes,
  );
}

/**
 * The sizes of a reshape in a file that was made for so many examples and steps, whose numbers stand in the shape: which of them are
 * rows follows from the order, which a reshape keeps.
 */
function ofDeclaredRows(context: OperatorContext, sizes: readonly Size[]): Size[] | undefined {
  const wanted = context.shapeNumbers(1, 'the shape');
  if (context.rows.size === 0 || wanted.some((size) => typeof size !== 'number')) return undefined;
  const lengthOf = (size: Size) =>
    isRows(size) ? size.reduce((product, axis) => product * context.rowsOf(axis), 1) : size;
  const lengths = sizes.map(lengthOf);
  const all = lengths.reduce((product, length) => product * length, 1);
  const asked = (wanted as readonly number[]).map((size, at) =>
    size === 0 && context.int('allowzero', 0) === 0 ? (lengths[at] as number) : size,
  );
  const known = asked.filter((size) => size !== -1).reduce((product, size) => product * size, 1);
  const shape = asked.map((size) => (size === -1 ? all / known : size));
  if (!Number.isInteger(all) || shape.reduce((product, size) => product * size, 1) !== all) return undefined;
  const result: Size[] = [];
  // Axes of before and of now in groups of equal products.
  for (let from = 0, to = 0; from < sizes.length || to < shape.length; ) {
    const before = [sizes[from] ?? 1];
    const now = [shape[to] ?? 1];
    let [left, right] = [lengths[from++] ?? 1, shape[to++] ?? 1];
    while (left !== right) {
      if (left < right) {
        before.push(sizes[from] as Size);
        left *= lengths[from++] as number;
      } else {
        now.push(shape[to] as number);
        right *= shape[to++] as number;
      }
    }
    const rows = before.filter(isRows);
    if (rows.length === 0) result.push(...now);
    else if (rows.length === before.length && now.length === 1) result.push(rows.flat());
    else return undefined;
  }
  return result;
}

/** Sizes of numbers and names: what is a product of rows and columns cannot be one axis. */
function sizesFrom(context: OperatorContext, shape: readonly ShapeNumber[], sizes: readonly Size[]): Size[] {
  return shape.map((size) => {
    if (typeof size === 'number') return size;
    const names = size.split('*');
    if (names.some((name) => !/^(batch|step|time.*)$/.test(name))) {
      return context.refuse(
        `${describeSizes(sizes)} is reshaped to [${shape.join(', ')}]: rows and columns in one axis`,
      );
    }
    const rows = rowAxesOf(sizes);
    return (names as RowAxis[]).sort((a, b) => rows.indexOf(a) - rows.indexOf(b));
  });
}

function reshaped(context: OperatorContext): readonly GraphValue[] {
  const value = movable(context);
  return reshapedTo(context, value, ofDeclaredRows(context, value.sizes) ?? target(context, value.sizes));
}

/**
 * Rows are apart from columns, so a reshape that keeps both is one of the columns alone. Rows may be joined and parted, as long as
 * columns do not come between in another order: the tensor in the file has them all in one order.
 */
function reshapedTo(context: OperatorContext, value: Movable, sizes: readonly Size[]): readonly GraphValue[] {
  if (columnsOf(sizes) !== columnsOf(value.sizes)) {
    context.refuse(`${describeSizes(value.sizes)} is reshaped to ${describeSizes(sizes)}: rows become columns`);
  }
  const pattern = (all: readonly Size[]) => {
    const parts: string[] = [];
    let columns = 1;
    for (const size of all) {
      if (typeof size === 'number') {
        columns *= size;
        continue;
      }
      if (columns !== 1) parts.push(String(columns));
      columns = 1;
      parts.push(...size);
    }
    return [...parts, ...(columns === 1 ? [] : [String(columns)])].join();
  };
  if (pattern(value.sizes) !== pattern(sizes)) {
    context.refuse(
      `${describeSizes(value.sizes)} is reshaped to ${describeSizes(sizes)}: rows and columns change places`,
    );
  }
  const plain = value.kind === 'computed' ? context.emission.rowMajor(context.name, value) : value;
  return [resized(plain, sizes, () => columnAxes(sizes))];
}

function flattened(context: OperatorContext): readonly GraphValue[] {
  const value = movable(context);
  const { sizes } = value;
  const axis = context.axis(context.int('axis', 1), sizes.length + 1);
  const parts = [sizes.slice(0, axis), sizes.slice(axis)].map((part) => part.map(shapeNumber).reduce(multiplied, 1));
  return reshapedTo(context, value, sizesFrom(context, parts, sizes));
}

/** Which elements of an axis of so many a slice takes. */
export function slicedIndices(length: number, begin: number, end: number, step: number): number[] {
  const clamp = (at: number, low: number, high: number) => Math.min(Math.max(at < 0 ? at + length : at, low), high);
  const indices: number[] = [];
  if (step > 0) {
    for (let at = clamp(begin, 0, length); at < clamp(end, 0, length); at += step) indices.push(at);
  } else {
    for (let at = clamp(begin, -1, length - 1), last = clamp(end, -1, length - 1); at > last; at += step)
      indices.push(at);
  }
  return indices;
}

/** The last step of each sequence, and the first. */
function stepOf(
  context: OperatorContext,
  value: Movable,
  axis: number,
  which: 'first' | 'last',
  keeps: boolean,
): Movable {
  if (value.kind !== 'computed') return context.refuse('a step of what is not computed');
  const size = value.sizes[axis] as readonly RowAxis[];
  if (size.length !== 1 || !(size[0] as string).startsWith('time')) {
    return context.refuse(
      `${which} element of ${size.join('*')}: what is known of one sequence must not depend on others`,
    );
  }
  const f = which === 'last' ? 'lastStep' : 'firstStep';
  const node = context.emission.operation(context.name, f as 'lastStep', [value.node]);
  const sizes = value.sizes.flatMap((each, at) => (at === axis ? (keeps ? [1] : []) : [each]));
  const place = (at: number) => (at < axis || keeps ? at : at - 1);
  const order = value.order.map(place);
  return { ...value, node, sizes, order: keeps ? [axis, ...order] : order };
}

function slicedAxis(
  context: OperatorContext,
  value: Movable,
  axis: number,
  begin: number,
  end: number,
  step: number,
): Movable {
  const size = value.sizes[axis] as Size;
  if (typeof size === 'number') {
    const indices = slicedIndices(size, begin, end, step);
    if (indices.length === 0) return context.refuse(`nothing is left of axis ${axis}`);
    return indices.length === size && step === 1 ? value : context.emission.select(context.name, value, axis, indices);
  }
  const toEnd = end >= 2 ** 31 - 1;
  if (begin === 0 && toEnd && step === 1) return value;
  if (begin === -1 && toEnd && step === 1) return stepOf(context, value, axis, 'last', true);
  if (begin === 0 && end === 1 && step === 1) return stepOf(context, value, axis, 'first', true);
  return context.refuse(
    `a slice ${begin}:${end}:${step} of ${size.join('*')}, whose length is known only when data arrive`,
  );
}

function sliced(context: OperatorContext): readonly GraphValue[] {
  let value = movable(context);
  const starts = context.ints('starts') ?? known(context, 1, 'starts');
  const ends = context.ints('ends') ?? known(context, 2, 'ends');
  const axes =
    context.ints('axes') ?? (context.inputs[3] === undefined ? starts.map((_, at) => at) : known(context, 3, 'axes'));
  const steps = context.inputs[4] === undefined ? starts.map(() => 1) : known(context, 4, 'steps');
  const { length } = value.sizes;
  for (const [at, given] of axes.entries()) {
    const axis = context.axis(given, length);
    // A slice up to the length itself is the whole.
    const whole = ends[at] === undefined ? Number.POSITIVE_INFINITY : (ends[at] as number);
    value = slicedAxis(context, value, axis, starts[at] ?? 0, whole, steps[at] ?? 1);
  }
  return [value];
}

/** Whole numbers of an input. The length of rows as an end is their end. */
function known(context: OperatorContext, at: number, what: string): number[] {
  return context.shapeNumbers(at, what).map((each) => {
    if (typeof each === 'number') return each;
    if (what === 'ends' && /^(batch|step|time[^*()]*)$/.test(each)) return Number.POSITIVE_INFINITY;
    return context.refuse(`${what} depend on the lengths of data (${each})`);
  });
}

function gathered(context: OperatorContext): readonly GraphValue[] {
  const value = movable(context);
  const indices = context.constant(1, 'the indices');
  const { shape } = indices;
  const axis = context.axis(context.int('axis', 0), value.sizes.length);
  const size = value.sizes[axis] as Size;
  const numbers = [...(context.numbers(1, 'the indices') as Float64Array)];
  if (typeof size !== 'number') {
    const [only] = numbers;
    if (numbers.length === 1 && (only === -1 || only === 0)) {
      return [stepOf(context, value, axis, only === 0 ? 'first' : 'last', shape.length === 1)];
    }
    return context.refuse(
      `elements ${numbers.slice(0, 5).join(', ')} of ${size.join('*')}, whose length is known only when data arrive`,
    );
  }
  const chosen = numbers.map((index) => (index < 0 ? index + size : index));
  if (chosen.some((index) => index < 0 || index >= size)) context.refuse(`an index is not below ${size}`);
  const taken = context.emission.select(context.name, value, axis, chosen);
  if (shape.length === 1) return [taken];
  const sizes = [...taken.sizes.slice(0, axis), ...shape, ...taken.sizes.slice(axis + 1)];
  if (shape.length > 1) return reshapedTo(context, taken, sizes);
  const places = new Map(taken.sizes.flatMap((_, at) => (at === axis ? [] : [[at, at < axis ? at : at - 1] as const])));
  return [moved(taken, sizes, places)];
}

function splitUp(context: OperatorContext): readonly GraphValue[] {
  const value = movable(context);
  const axis = context.axis(context.int('axis', 0), value.sizes.length);
  const size = value.sizes[axis] as Size;
  if (typeof size !== 'number') return context.refuse('rows are split');
  const count = context.int('num_outputs', context.node.outputs.length);
  const equal = Math.ceil(size / count);
  const given = context.listed('split', 1);
  const lengths = given ?? Array.from({ length: count }, (_, at) => Math.min(equal, size - at * equal));
  if (lengths.reduce((sum, length) => sum + length, 0) !== size || lengths.some((length) => length < 1)) {
    return context.refuse(`${size} elements are split into ${lengths.join(', ')}`);
  }
  let begin = 0;
  return lengths.map((length) => {
    const from = begin;
    begin += length;
    return context.emission.select(
      context.name,
      value,
      axis,
      Array.from({ length }, (_, at) => from + at),
    );
  });
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
  const kinds = new Set(given.map(({ kind }) => kind));
  const [kind] = kinds;
  if (kinds.size === 1 && (kind === 'final' || kind === 'state'))
    return [joinedElements(given as readonly (Final | State)[], axis)];
  const values = given.map((_, at) => context.computed(at));
  if (values.some(({ sizes }) => isRows(sizes[axis] as Size)))
    return context.refuse('rows are put one after the other');
  return [context.emission.joined(context.name, values, axis)];
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

/** What stands at each place of an axis of so many with so many more at both ends; -1 for zeros. */
function paddedIndices(context: OperatorContext, length: number, begin: number, end: number, mode: string): number[] {
  const mirrored = (at: number): number => {
    const period = Math.max(1, 2 * (length - 1));
    const place = ((at % period) + period) % period;
    return place < length ? place : period - place;
  };
  return Array.from({ length: length + begin + end }, (_, at) => {
    const place = at - begin;
    if (place >= 0 && place < length) return place;
    if (mode === 'constant') return -1;
    if (mode === 'edge') return place < 0 ? 0 : length - 1;
    if (mode === 'reflect') return mirrored(place);
    if (mode === 'wrap') return ((place % length) + length) % length;
    return context.refuse(`the mode '${mode}'`);
  });
}

function padded(context: OperatorContext): readonly GraphValue[] {
  let value: Movable = context.computed(0);
  const rank = value.sizes.length;
  const pads = context.listed('pads', 1) ?? context.refuse('pads are missing');
  const axes = context.numbers(3, 'axes') ?? Array.from({ length: rank }, (_, at) => at);
  const mode = context.text('mode', 'constant');
  const fill = context.numbers(2, 'the value')?.[0] ?? context.float('value', 0);
  const isPadded = pads.some((count) => count !== 0);
  if (isPadded && mode === 'constant' && fill !== 0) context.refuse(`padding with ${fill}, expected 0`);
  for (const [at, given] of [...axes].entries()) {
    const [begin, end] = [pads[at] as number, pads[at + axes.length] as number];
    if (begin === 0 && end === 0) continue;
    const axis = context.axis(given, rank);
    const size = value.sizes[axis] as Size;
    if (typeof size !== 'number') return context.refuse(`${size.join('*')} is padded`);
    if (begin < 0 || end < 0) value = slicedAxis(context, value, axis, Math.max(0, -begin), size + Math.min(0, end), 1);
    const left = value.sizes[axis] as number;
    const indices = paddedIndices(context, left, Math.max(0, begin), Math.max(0, end), mode);
    value = context.emission.select(context.name, value, axis, indices);
  }
  return [value];
}

/** A larger size, of which each element is the one that is there. */
export function expandedTo(context: OperatorContext, value: Computed, sizes: readonly Size[]): Computed {
  let expanded = value;
  for (const [axis, size] of sizes.entries()) {
    if (typeof size !== 'number' || value.sizes[axis] === size) continue;
    if (value.sizes[axis] !== 1) context.refuse(`${describeSizes(value.sizes)} is expanded to ${describeSizes(sizes)}`);
    expanded = context.emission.select(context.name, expanded, axis, new Array<number>(size).fill(0));
  }
  return expanded;
}

/** Larger sizes by the operator Expand: rows stay. */
function expanded(context: OperatorContext): readonly GraphValue[] {
  const value = context.computed(0);
  const wanted = context.shapeNumbers(1, 'the shape');
  const rank = Math.max(value.sizes.length, wanted.length);
  const more = rank - value.sizes.length;
  const front = Array.from({ length: more }, (_, at) => at);
  const sizes = [...front.map(() => 1), ...value.sizes];
  const spread: Computed = { ...value, sizes, order: [...front, ...value.order.map((axis) => axis + more)] };
  const larger = sizes.map((size, axis): Size => {
    const asked = wanted[axis - (rank - wanted.length)] ?? 1;
    if (asked === 1 || asked === shapeNumber(size) || (isRows(size) && typeof asked === 'number')) return size;
    return typeof asked === 'number'
      ? asked
      : context.refuse(`${describeSizes(value.sizes)} is expanded to [${wanted.join(', ')}]`);
  });
  return [expandedTo(context, spread, larger)];
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
};
