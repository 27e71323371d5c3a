/** Products of matrices. Sums are of float64 and rounded once. */
import { broadcastWalk, type NumberTensor, sizeOf, stridesOf } from '../constant-tensor.js';
import type { Fold, Operator } from '../fold.js';

/** A matrix within a tensor: where it begins and how far rows and columns are apart. */
interface Matrix {
  readonly data: Float64Array;
  readonly row: number;
  readonly column: number;
}

/** sum over k of a[row, k] b[k, column] */
function dot(
  a: Matrix,
  b: Matrix,
  from: readonly [number, number],
  row: number,
  column: number,
  length: number,
): number {
  let [left, right] = [from[0] + row * a.row, from[1] + column * b.column];
  let sum = 0;
  for (let k = 0; k < length; k++) {
    sum += (a.data[left] as number) * (b.data[right] as number);
    left += a.column;
    right += b.row;
  }
  return sum;
}

/** As NumPy multiplies: a vector on the left is a row, one on the right a column, and axes before the last two are spread. */
const matMul: Operator = (fold) => {
  const [a, b] = [fold.numbers(0), fold.numbers(1)];
  fold.sameType([a, b]);
  if (a.shape.length === 0 || b.shape.length === 0) throw fold.mismatch('an input has no axes, expected at least one');
  const left = a.shape.length === 1 ? [1, ...a.shape] : a.shape;
  const right = b.shape.length === 1 ? [...b.shape, 1] : b.shape;
  const [rows, length] = left.slice(-2) as [number, number];
  const [other, columns] = right.slice(-2) as [number, number];
  if (length !== other) throw fold.mismatch(`[${a.shape.join(', ')}] and [${b.shape.join(', ')}] cannot be multiplied`);
  const batch = fold.broadcast([left.slice(0, -2), right.slice(0, -2)]);
  const full = fold.shape([...batch, rows, columns]);
  fold.requireProducts(sizeOf(full) * length);
  const begins = matrixBegins(batch, left, right);
  const [first, second] = [matrix(a, length, 1), matrix(b, columns, 1)];
  const size = rows * columns;
  const product = fold.compute(a.type, full, (at) => {
    const place = at % size;
    const from = begins[Math.floor(at / size)] as readonly [number, number];
    return dot(first, second, from, Math.floor(place / columns), place % columns, length);
  });
  const shape = [...batch, ...(a.shape.length === 1 ? [] : [rows]), ...(b.shape.length === 1 ? [] : [columns])];
  return [{ ...product, shape }];
};

const matrix = ({ data }: NumberTensor, row: number, column: number): Matrix => ({ data, row, column });

/** Where the two matrices of each product begin. */
function matrixBegins(
  batch: readonly number[],
  left: readonly number[],
  right: readonly number[],
): (readonly [number, number])[] {
  const walks = [left, right].map((shape) => {
    const walk = broadcastWalk(shape.slice(0, -2), batch);
    const size = sizeOf(shape.slice(-2));
    return () => walk() * size;
  }) as [() => number, () => number];
  return Array.from({ length: sizeOf(batch) }, () => [walks[0](), walks[1]()] as const);
}

function factor(fold: Fold, at: number, isTransposed: boolean): { rows: number; columns: number; of: Matrix } {
  const input = fold.numbers(at);
  const [first, second] = input.shape;
  if (first === undefined || second === undefined || input.shape.length !== 2) {
    throw fold.mismatch(`input ${at} has ${input.shape.length} axes, expected a matrix`, { input: at });
  }
  const [row] = stridesOf(input.shape) as [number];
  return isTransposed
    ? { rows: second, columns: first, of: matrix(input, 1, row) }
    : { rows: first, columns: second, of: matrix(input, row, 1) };
}

/** alpha A B + beta C */
const gemm: Operator = (fold) => {
  const a = factor(fold, 0, fold.flag('transA'));
  const b = factor(fold, 1, fold.flag('transB'));
  const [alpha, beta] = [fold.attribute('alpha', 'float') ?? 1, fold.attribute('beta', 'float') ?? 1];
  const inputs = fold.allNumbers().slice(0, 3);
  fold.sameType(inputs);
  const [{ type }, , added] = inputs as [NumberTensor, NumberTensor, NumberTensor?];
  if (a.columns !== b.rows)
    throw fold.mismatch(`[${a.rows}, ${a.columns}] and [${b.rows}, ${b.columns}] cannot be multiplied`);
  const shape = fold.shape([a.rows, b.columns]);
  if (added !== undefined && fold.broadcast([shape, added.shape]).join() !== shape.join()) {
    throw fold.mismatch(`input 2 is [${added.shape.join(', ')}], which does not fit to [${shape.join(', ')}]`);
  }
  fold.requireProducts(sizeOf(shape) * a.columns);
  const walk = added === undefined ? undefined : broadcastWalk(added.shape, shape);
  const product = (at: number) =>
    alpha * dot(a.of, b.of, [0, 0], Math.floor(at / b.columns), at % b.columns, a.columns);
  return [
    fold.compute(type, shape, (at) => {
      const sum = product(at);
      return added === undefined || walk === undefined ? sum : sum + beta * (added.data[walk()] as number);
    }),
  ];
};

export const PRODUCTS: Readonly<Record<string, Operator>> = { MatMul: matMul, Gemm: gemm };
