import { numbersAsWeights } from '../emission.js';
import type { OperatorContext } from '../operator-context.js';
import { describeSizes, isRows, type Size, shapeNumber } from '../sizes.js';
import type { Computed, GraphValue } from '../value.js';
import { slicedAxis } from './selecting.js';

/** What stands at each place of an axis of so many with so many more at both ends; -1 for zeros. */
export function paddedIndices(
  context: OperatorContext,
  length: number,
  begin: number,
  end: number,
  mode: string,
): number[] {
  const mirrored = (at: number): number => {
    const period = Math.max(1, 2 * (length - 1));
    const place = ((at % period) + period) % period;
    return place < length ? place : period - place;
  };
  return Array.from({ length: context.bounded(length + begin + end) }, (_, at) => {
    const place = at - begin;
    if (place >= 0 && place < length) return place;
    if (mode === 'constant') return -1;
    if (mode === 'edge') return place < 0 ? 0 : length - 1;
    if (mode === 'reflect') return mirrored(place);
    if (mode === 'wrap') return ((place % length) + length) % length;
    return context.refuse(`the mode '${mode}'`);
  });
}

export function padded(context: OperatorContext): readonly GraphValue[] {
  let value: Computed = context.computed(0);
  const rank = value.sizes.length;
  const pads = context.listed('pads', 1) ?? context.refuse('pads are missing');
  const axes = context.numbers(3, 'axes') ?? Array.from({ length: rank }, (_, at) => at);
  const mode = context.text('mode', 'constant');
  const fill = context.numbers(2, 'the value')?.[0] ?? context.float('value', 0);
  const isFilled = mode === 'constant' && fill !== 0;
  let isPad = value.sizes.map((size): number[] => (isRows(size) ? [0] : new Array<number>(size).fill(0)));
  for (const [at, given] of [...axes].entries()) {
    const [begin, end] = [pads[at] as number, pads[at + axes.length] as number];
    if (begin === 0 && end === 0) continue;
    const axis = context.axis(given, rank);
    const size = value.sizes[axis] as Size;
    if (typeof size !== 'number') {
      const help = "if the axis holds columns, say so by the option axes, { INPUT: ['batch', 40, 80] }";
      return context.refuse(`${size.join('*')} is padded, and sequences have lengths of their own here; ${help}`);
    }
    if (begin < 0 || end < 0)
      value = slicedAxis(context, value, axis, Math.max(0, -begin), size + Math.min(0, end), 1) as Computed;
    const left = value.sizes[axis] as number;
    const indices = paddedIndices(context, left, Math.max(0, begin), Math.max(0, end), mode);
    value = context.emission.select(context.name, value, axis, indices);
    isPad = isPad.map((own, each) =>
      each === axis ? indices.map((index) => (index < 0 ? 1 : (own[0] as number))) : own,
    );
  }
  return [isFilled ? filledAt(context, value, isPad, fill) : value];
}

/** A number where an axis has been padded, in place of 0. */
function filledAt(
  context: OperatorContext,
  value: Computed,
  isPad: readonly (readonly number[])[],
  fill: number,
): Computed {
  const { emission, name } = context;
  const plain = emission.rowMajor(name, value);
  let row = [0];
  for (const each of isPad) row = row.flatMap((before) => each.map((own) => Math.max(before, own)));
  if (!row.includes(1)) return value;
  const node = emission.operation(name, 'add', [plain.node], { row: row.length });
  emission.builder.weights.set(
    `${node}.row`,
    numbersAsWeights(
      'pads',
      row.map((is) => is * fill),
    ),
  );
  return { ...plain, node };
}

/** A larger size, of which each element is the one that is there. */
export function expandedTo(context: OperatorContext, value: Computed, sizes: readonly Size[]): Computed {
  let expanded = value;
  for (const [axis, size] of sizes.entries()) {
    if (typeof size !== 'number' || value.sizes[axis] === size) continue;
    if (value.sizes[axis] !== 1) context.refuse(`${describeSizes(value.sizes)} is expanded to ${describeSizes(sizes)}`);
    expanded = context.emission.select(context.name, expanded, axis, new Array<number>(context.bounded(size)).fill(0));
  }
  return expanded;
}

/** How many rows a file was made for; undefined where it does not say, and for columns. */
const declaredLength = (context: OperatorContext, size: Size) =>
  isRows(size) ? size.reduce((product, axis) => product * context.rowsOf(axis), 1) : undefined;

/** Larger sizes by the operator Expand: rows stay. */
export function expanded(context: OperatorContext): readonly GraphValue[] {
  const value = context.computed(0);
  const wanted = context.shapeNumbers(1, 'the shape');
  const rank = Math.max(value.sizes.length, wanted.length);
  const more = rank - value.sizes.length;
  const front = Array.from({ length: more }, (_, at) => at);
  const sizes = [...front.map(() => 1), ...value.sizes];
  const spread: Computed = { ...value, sizes, order: [...front, ...value.order.map((axis) => axis + more)] };
  const larger = sizes.map((size, axis): Size => {
    const asked = wanted[axis - (rank - wanted.length)] ?? 1;
    if (asked === 1 || asked === shapeNumber(size) || asked === declaredLength(context, size)) return size;
    if (isRows(size)) return context.refuse(`${describeSizes(value.sizes)} is expanded to [${wanted.join(', ')}]`);
    return typeof asked === 'number'
      ? asked
      : context.refuse(`${describeSizes(value.sizes)} is expanded to [${wanted.join(', ')}]`);
  });
  return [expandedTo(context, spread, larger)];
}
