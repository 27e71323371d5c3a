/** Operators that compute element by element. */
import type { OperationName } from '../../../network/layers/operation.js';
import { columnAxes, numbersAsWeights, placesOf, stridesIn } from '../emission.js';
import type { OperatorContext, OperatorImport, OperatorImports } from '../operator-context.js';
import { describeSizes, isRows, type Size } from '../sizes.js';
import { type Computed, type Constant, type Fill, type GraphValue, sizesOf } from '../value.js';
import { expandedTo } from './padding.js';

/** Functions of two elements. */
export type Combination = 'add' | 'subtract' | 'multiply' | 'divide' | 'maximum' | 'minimum';

/** A tensor with axes of one element in front, so that it has as many as another. */
export function withRank(x: Computed, rank: number): Computed {
  const more = rank - x.sizes.length;
  if (more <= 0) return x;
  const front = Array.from({ length: more }, (_, at) => at);
  return { ...x, sizes: [...front.map(() => 1), ...x.sizes], order: [...front, ...x.order.map((axis) => axis + more)] };
}

/** The sizes of both together. */
function joinedSizes(context: OperatorContext, a: readonly Size[], b: readonly Size[]): Size[] {
  return a.map((left, axis) => {
    const right = b[axis] as Size;
    if (left === 1) return right;
    if (right === 1 || String(left) === String(right)) return left;
    return context.refuse(`${describeSizes(a)} and ${describeSizes(b)} do not go together`);
  });
}

/** Whether the elements of a value have one column in each row. */
const isOneColumn = ({ sizes }: Computed) => columnAxes(sizes).every((axis) => sizes[axis] === 1);

export function ofTwo(context: OperatorContext, f: Combination, left: Computed, right: Computed): Computed {
  const { emission, name } = context;
  const rank = Math.max(left.sizes.length, right.sizes.length);
  let [a, b] = [withRank(left, rank), withRank(right, rank)];
  const sizes = joinedSizes(context, a.sizes, b.sizes);
  const columns = (own: readonly Size[]) => sizes.map((size, axis) => (isRows(size) ? (own[axis] as Size) : size));
  if (!isOneColumn(a)) a = expandedTo(context, a, columns(a.sizes));
  if (!isOneColumn(b)) b = expandedTo(context, b, columns(b.sizes));
  const leader = isOneColumn(a) ? b : a;
  const order = [...columnAxes(sizes).filter((axis) => !leader.order.includes(axis)), ...leader.order];
  const inOrder = (x: Computed) => {
    const own = order.filter((axis) => !isRows(x.sizes[axis] as Size));
    return isOneColumn(x)
      ? x
      : emission.ordered(
          name,
          { ...x, order: [...columnAxes(x.sizes).filter((axis) => !x.order.includes(axis)), ...x.order] },
          own,
        );
  };
  const node = emission.operation(name, f, [inOrder(a).node, inOrder(b).node]);
  return { kind: 'computed', node, sizes, order: order.filter((axis) => !isRows(sizes[axis] as Size)) };
}

/**
 * The shape of a constant beside rows: 1 along axes of rows. A file for so many examples, or so many steps, may have the same numbers
 * for each of them.
 */
function alikeInRows(
  context: OperatorContext,
  sizes: readonly Size[],
  shape: readonly number[],
  numbers: ArrayLike<number>,
): number[] {
  return shape.map((length, axis) => {
    if (length === 1 || !isRows(sizes[axis] as Size)) return length;
    const inner = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
    for (let at = 0; at < numbers.length; at++) {
      const row = Math.floor(at / inner) % length;
      if (numbers[at] === numbers[at - row * inner]) continue;
      return context.refuse(`a constant [${shape.join(', ')}] that differs from row to row of ${describeSizes(sizes)}`);
    }
    return 1;
  });
}

/** A value in the size of both, and the number of a constant at each of its columns. */
function besideConstant(
  context: OperatorContext,
  x: Computed,
  constant: Constant,
): { readonly wide: Computed; readonly row: readonly number[] } {
  const numbers = constant.read().data as ArrayLike<number>;
  const rank = Math.max(x.sizes.length, constant.shape.length);
  const value = withRank(x, rank);
  const given = [...new Array<number>(rank - constant.shape.length).fill(1), ...constant.shape];
  const shape = alikeInRows(context, value.sizes, given, numbers);
  const sizes = joinedSizes(context, value.sizes, shape);
  const wide = expandedTo(context, value, sizes);
  const strides = stridesIn(
    given,
    given.map((_, axis) => axis),
  );
  for (const [axis, size] of shape.entries()) if (size === 1) strides.set(axis, 0);
  return { wide, row: placesOf(sizes, wide.order, strides).map((place) => numbers[place] as number) };
}

/** A value and a constant: a number, or a row that is trained like any other weight. */
function ofConstant(
  context: OperatorContext,
  f: Combination,
  x: Computed,
  constant: Constant,
  isFirst: boolean,
): Computed {
  const { wide, row } = besideConstant(context, x, constant);
  const [first] = row as readonly [number];
  if (row.every((number) => number === first)) return ofNumber(context, f, wide, first, isFirst);
  const options = { row: row.length, ...(isFirst && { isFirst }) };
  const node = context.emission.operation(context.name, f, [wide.node], options);
  context.emission.builder.weights.set(`${node}.row`, numbersAsWeights(constant.name, row));
  return { ...wide, node };
}

/** Largest number that a function of the library takes beside a value. */
const MOST_NUMBER = 1e30;

export function ofNumber(
  context: OperatorContext,
  f: Combination,
  x: Computed,
  number: number,
  isFirst: boolean,
): Computed {
  const changesNothing =
    (number === 0 && (f === 'add' || (f === 'subtract' && !isFirst))) ||
    (number === 1 && (f === 'multiply' || (f === 'divide' && !isFirst)));
  if (changesNothing) return x;
  if (!(Math.abs(number) <= MOST_NUMBER) || (f === 'divide' && number === 0 && !isFirst))
    return context.refuse(`the constant ${number}`);
  return context.emission.elementwise(context.name, f, x, { number, ...(isFirst && { isFirst }) });
}

/** Values of equal elements. */
function fillOf(value: GraphValue): Fill | undefined {
  return value.kind === 'fill' ? value : undefined;
}

/** A state or other moved thing to which 0 is added, or which is multiplied by 1, is itself. */
function unchanged(f: Combination, value: GraphValue, other: GraphValue, isFirst: boolean): GraphValue | undefined {
  if (value.kind === 'constant' || value.kind === 'computed') return undefined;
  const number =
    other.kind === 'fill'
      ? other.number
      : other.kind === 'constant' && other.shape.length === 0
        ? Number(other.read().data[0])
        : undefined;
  if (number === 0 && (f === 'add' || (f === 'subtract' && !isFirst))) return value;
  return number === 1 && (f === 'multiply' || (f === 'divide' && !isFirst)) ? value : undefined;
}

export function two(context: OperatorContext, f: Combination, a: GraphValue, b: GraphValue): GraphValue {
  const same = unchanged(f, a, b, false) ?? (f === 'add' || f === 'multiply' ? unchanged(f, b, a, true) : undefined);
  if (same !== undefined) return same;
  const [left, right] = [context.asComputed(a), context.asComputed(b)];
  if (left !== undefined && right !== undefined) return ofTwo(context, f, left, right);
  const x = left ?? right;
  const other = left === undefined ? a : b;
  const isFirst = left === undefined;
  if (x === undefined) return context.refuse(`${a.kind} and ${b.kind}`);
  const fill = fillOf(other);
  if (fill !== undefined) return ofNumber(context, f, x, fill.number, isFirst);
  if (other.kind === 'constant') return ofConstant(context, f, x, other, isFirst);
  if (other.kind === 'repeated') return ofConstant(context, f, x, other.constant, isFirst);
  return context.refuse(`an input ${describeSizes(sizesOf(other))} is a ${other.kind}`);
}

export const combination =
  (f: Combination): OperatorImport =>
  (context) => [two(context, f, context.input(0), context.input(1))];

/** Operators of any number of inputs. */
const combined =
  (f: Combination): OperatorImport =>
  (context) => {
    const [first, ...others] = context.inputs.map((_, at) => context.input(at));
    return [others.reduce((sum, other) => two(context, f, sum, other), first as GraphValue)];
  };

const unary =
  (f: OperationName): OperatorImport =>
  (context) => [context.emission.elementwise(context.name, f, context.computed(0))];

/** Most exponents that differ from column to column. */
const MOST_EXPONENTS = 64;

/** b^x = e^(x log b) */
function powerOf(context: OperatorContext, bases: Constant): readonly GraphValue[] {
  const numbers = bases.read().data as ArrayLike<number>;
  const [base] = Array.prototype.slice.call(numbers, 0, 1) as [number];
  if (numbers.length !== 1 || !(base > 0))
    return context.refuse(`the base [${bases.shape.join(', ')}] is not one number above 0`);
  const exponent = ofNumber(context, 'multiply', context.computed(1), Math.log(base), false);
  return [context.emission.elementwise(context.name, 'exp', exponent)];
}

function power(context: OperatorContext): readonly GraphValue[] {
  const base = context.input(0);
  if (base.kind === 'constant') return powerOf(context, base);
  const { wide, row } = besideConstant(context, context.computed(0), context.constant(1, 'the exponent'));
  const exponents = [...new Set(row)];
  const { emission, name } = context;
  const powerOfColumns = (node: string, number: number) =>
    number === 1 ? node : emission.operation(name, 'power', [node], { number });
  if (exponents.length === 1) return [{ ...wide, node: powerOfColumns(wide.node, exponents[0] as number) }];
  if (exponents.length > MOST_EXPONENTS) return context.refuse(`${exponents.length} exponents`);
  // Columns of one exponent after the other, and back into their places.
  const groups = exponents.map((exponent) => row.flatMap((each, at) => (each === exponent ? [at] : [])));
  const parts = groups.map((columns, at) =>
    powerOfColumns(emission.columns(name, wide.node, row.length, columns), exponents[at] as number),
  );
  const order = groups.flat();
  const places = row.map((_, column) => order.indexOf(column));
  return [{ ...wide, node: emission.columns(name, emission.concatenated(name, parts), row.length, places) }];
}

/** Values as they are. */
const same: OperatorImport = (context) => [context.input(0)];

/** In inference all elements stay. */
function withoutDropout(context: OperatorContext): readonly GraphValue[] {
  const mode = context.numbers(2, 'training_mode')?.[0] ?? 0;
  const ratio = context.numbers(1, 'ratio')?.[0] ?? 0.5;
  if (mode !== 0 && ratio !== 0) return context.refuse('training_mode is true: what comes out is random');
  const x = context.input(0);
  return [x, { kind: 'fill', sizes: sizesOf(x), number: 1 }];
}

export const arithmeticOperators: OperatorImports = {
  Identity: same,
  Dropout: withoutDropout,
  Add: combination('add'),
  Sub: combination('subtract'),
  Mul: combination('multiply'),
  Div: combination('divide'),
  Sum: combined('add'),
  Max: combined('maximum'),
  Min: combined('minimum'),
  Mean: (context) => {
    const [sum] = combined('add')(context) as readonly [Computed];
    return [ofNumber(context, 'divide', sum, context.inputs.length, false)];
  },
  Pow: power,
  Abs: unary('abs'),
  Cos: unary('cos'),
  Erf: unary('erf'),
  Exp: unary('exp'),
  Log: unary('log'),
  Neg: unary('negate'),
  Relu: unary('relu'),
  Sigmoid: unary('sigmoid'),
  Sign: unary('sign'),
  Sin: unary('sin'),
  Sqrt: unary('sqrt'),
  Tanh: unary('tanh'),
};
