import type { OperatorContext } from '../operator-context.js';
import { describeSizes, type RowAxis, type Size } from '../sizes.js';
import type { GraphValue, Movable } from '../value.js';
import { movable, moved } from './movable.js';
import { reshapedTo } from './reshaping.js';

/** Which elements of an axis of so many a slice takes. */
export function slicedIndices(length: number, begin: number, end: number, step: number): number[] {
  const clamp = (at: number, low: number, high: number) => Math.min(Math.max(at < 0 ? at + length : at, low), high);
  const indices: number[] = [];
  if (step === 0) return indices;
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
  const node = context.emission.operation(context.name, f, [value.node]);
  const sizes = value.sizes.flatMap((each, at) => (at === axis ? (keeps ? [1] : []) : [each]));
  const place = (at: number) => (at < axis || keeps ? at : at - 1);
  const order = value.order.map(place);
  return { ...value, node, sizes, order: keeps ? [axis, ...order] : order };
}

export function slicedAxis(
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
  // A file that was made for so many steps may say them in place of the end.
  const length = size.reduce((product, row) => product * context.rowsOf(row), 1);
  const toEnd = end >= Math.min(2 ** 31 - 1, Number.isNaN(length) ? Number.POSITIVE_INFINITY : length);
  if (begin === 0 && toEnd && step === 1) return value;
  if ((begin === -1 || begin === length - 1) && toEnd && step === 1) return stepOf(context, value, axis, 'last', true);
  if (begin === 0 && end === 1 && step === 1) return stepOf(context, value, axis, 'first', true);
  return context.refuse(
    `a slice ${begin}:${end}:${step} of ${size.join('*')}, whose length is known only when data arrive`,
  );
}

export function sliced(context: OperatorContext): readonly GraphValue[] {
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

export function gathered(context: OperatorContext): readonly GraphValue[] {
  const value = movable(context);
  const indices = context.constant(1, 'the indices');
  const { shape } = indices;
  const axis = context.axis(context.int('axis', 0), value.sizes.length);
  const size = value.sizes[axis] as Size;
  const numbers = [...context.neededNumbers(1, 'the indices')];
  if (typeof size !== 'number') {
    const [only] = numbers;
    const length = size.reduce((product, row) => product * context.rowsOf(row), 1);
    if (numbers.length === 1 && (only === -1 || only === 0 || only === length - 1)) {
      if (shape.length > 1) return context.refuse(`indices [${shape.join(', ')}] of ${size.join('*')}, expected one`);
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

export function splitUp(context: OperatorContext): readonly GraphValue[] {
  const value = movable(context);
  const axis = context.axis(context.int('axis', 0), value.sizes.length);
  const size = value.sizes[axis] as Size;
  if (typeof size !== 'number') return context.refuse('rows are split');
  const count = context.int('num_outputs', context.node.outputs.length);
  if (count !== context.node.outputs.length) {
    return context.refuse(`num_outputs is ${count} for ${context.node.outputs.length} outputs`);
  }
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

/** The elements of each axis again and again. */
export function tiled(context: OperatorContext): readonly GraphValue[] {
  let value = movable(context);
  const repeats = known(context, 1, 'repeats');
  if (repeats.length !== value.sizes.length) {
    return context.refuse(`${repeats.length} repeats of ${describeSizes(value.sizes)}`);
  }
  for (const [axis, count] of repeats.entries()) {
    if (count === 1) continue;
    const size = value.sizes[axis] as Size;
    if (typeof size !== 'number') return context.refuse(`${size.join('*')} is repeated`);
    if (count < 1) return context.refuse(`axis ${axis} is repeated ${count} times`);
    const places = Array.from({ length: context.bounded(size * count) }, (_, at) => at % size);
    value = context.emission.select(context.name, value, axis, places);
  }
  return [value];
}
