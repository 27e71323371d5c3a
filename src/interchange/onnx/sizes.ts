/**
 * Sizes of tensors while a graph is taken over. Rows of a batch are known only when data arrive: they are axes of the library, by
 * name. Everything else is a number.
 */

/** What rows of a value belong to. `step` is one row for each call of a model of one step, whose states go in and out. */
export type RowAxis = 'batch' | 'step' | `time${string}`;

/** The size of an axis of a tensor: a number of columns, or rows; several rows axes in one after a reshape. */
export type Size = number | readonly RowAxis[];

/** A whole number in a computation of shapes: known, or a text that stands for it. Equal texts are equal numbers. */
export type ShapeNumber = number | string;

/** Whether an axis of a tensor has rows. */
export function isRows(size: Size): size is readonly RowAxis[] {
  return typeof size !== 'number';
}

/** A size as an element of a shape. */
export function shapeNumber(size: Size): ShapeNumber {
  return isRows(size) ? [...size].sort().join('*') : size;
}

/** A size for people: `batch`, `time`, `3`. */
export function describeSizes(sizes: readonly Size[]): string {
  return `[${sizes.map((size) => (isRows(size) ? size.join('*') : String(size))).join(', ')}]`;
}

/** Factors of a product: its number, and the names in it. */
function factors(value: ShapeNumber): { readonly number: number; readonly names: readonly string[] } {
  if (typeof value === 'number') return { number: value, names: [] };
  const parts = value.split('*');
  const [first] = parts;
  const number = Number(first);
  return Number.isInteger(number) ? { number, names: parts.slice(1) } : { number: 1, names: parts };
}

function product(number: number, names: readonly string[]): ShapeNumber {
  if (names.length === 0 || number === 0) return number;
  const text = [...names].sort().join('*');
  return number === 1 ? text : `${number}*${text}`;
}

/** a * b */
export function multiplied(a: ShapeNumber, b: ShapeNumber): ShapeNumber {
  const [left, right] = [factors(a), factors(b)];
  return product(left.number * right.number, [...left.names, ...right.names]);
}

/** a / b where it is exact; undefined where it is not known to be. */
export function divided(a: ShapeNumber, b: ShapeNumber): ShapeNumber | undefined {
  if (typeof a === 'number' && typeof b === 'number') return b === 0 ? undefined : Math.trunc(a / b);
  const [left, right] = [factors(a), factors(b)];
  const names = [...left.names];
  for (const name of right.names) {
    const at = names.indexOf(name);
    if (at < 0) return undefined;
    names.splice(at, 1);
  }
  return right.number !== 0 && left.number % right.number === 0
    ? product(left.number / right.number, names)
    : undefined;
}

/** a + b, or a - b. What is no number has a name of its own: its two parts in brackets. */
export function added(a: ShapeNumber, b: ShapeNumber, sign: 1 | -1): ShapeNumber {
  if (typeof a === 'number' && typeof b === 'number') return a + sign * b;
  if (b === 0) return a;
  if (a === b && sign === -1) return 0;
  if (a === 0 && sign === 1) return b;
  return `(${a}${sign === 1 ? '+' : '-'}${b})`.replaceAll('*', '·');
}

/** The product of the numbers of columns. */
export function columnsOf(sizes: readonly Size[]): number {
  return sizes.reduce<number>((columns, size) => (isRows(size) ? columns : columns * size), 1);
}

/** All axes of rows in a shape. */
export function rowAxesOf(sizes: readonly Size[]): readonly RowAxis[] {
  return sizes.flatMap((size) => (isRows(size) ? [...size] : []));
}
