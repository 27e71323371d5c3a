/** Reshape and Flatten. */
import { columnAxes } from '../emission.js';
import type { OperatorContext } from '../operator-context.js';
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
import type { GraphValue, Movable } from '../value.js';
import { movable, resized } from './movable.js';

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
    isRows(size) ? size.reduce((product, axis) => product * lengthOfRows(context, axis), 1) : size;
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
    const before = sizes.slice(from, from + 1);
    const now = shape.slice(to, to + 1);
    let [left, right] = [lengths[from++] ?? 1, shape[to++] ?? 1];
    while (left !== right) {
      if (left < right ? from >= sizes.length : to >= shape.length) return undefined;
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

/** Large primes stand for numbers of rows that the file leaves open, so that products can be told apart. */
const OPEN_LENGTHS: Readonly<Record<string, number>> = { batch: 1_000_003, time: 1_000_033, step: 1_000_037 };

function lengthOfRows(context: OperatorContext, axis: RowAxis): number {
  const length = context.rowsOf(axis);
  return Number.isNaN(length) ? (OPEN_LENGTHS[axis] ?? Number.NaN) : length;
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

export function reshaped(context: OperatorContext): readonly GraphValue[] {
  const value = movable(context);
  return reshapedTo(context, value, ofDeclaredRows(context, value.sizes) ?? target(context, value.sizes));
}

/**
 * Rows are apart from columns, so a reshape that keeps both is one of the columns alone. Rows may be joined and parted, as long as
 * columns do not come between in another order: the tensor in the file has them all in one order.
 */
export function reshapedTo(context: OperatorContext, value: Movable, sizes: readonly Size[]): readonly GraphValue[] {
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

export function flattened(context: OperatorContext): readonly GraphValue[] {
  const value = movable(context);
  const { sizes } = value;
  const given = context.int('axis', 1);
  const axis = given === sizes.length ? given : context.axis(given, sizes.length);
  const parts = [sizes.slice(0, axis), sizes.slice(axis)].map((part) => part.map(shapeNumber).reduce(multiplied, 1));
  return reshapedTo(context, value, sizesFrom(context, parts, sizes));
}
