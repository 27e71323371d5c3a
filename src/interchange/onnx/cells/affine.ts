/** Values as sums of products with constant matrices, of constant vectors, and of other products. */
import type { NumberTensor } from '../constants/constant-tensor.js';
import type { OnnxNode } from '../ir.js';
import { allColumns, type Columns, columnsKey, columnsOfInput, width } from './columns.js';
import { flag } from './cuts.js';
import type { GraphFacts } from './graph-facts.js';

/** A block of a constant matrix: which rows of the left side it multiplies, and which columns it gives. */
export interface WeightBlock {
  readonly tensor: NumberTensor;
  /** Whether the tensor is [columns, rows]. */
  readonly isTransposed: boolean;
  readonly row: number;
  readonly rows: number;
  readonly column: number;
  readonly columns: number;
}

/** A value times a constant matrix. */
export interface MatrixTerm {
  readonly source: Columns;
  readonly key: string;
  readonly weight: WeightBlock;
}

/** A constant vector. */
export interface Bias {
  readonly numbers: Float64Array;
  /** The value whose product it is added to at once; undefined where there are several, or none. */
  readonly beside: string | undefined;
}

/** A sum. Nothing is left out of it. */
export interface Affine {
  readonly terms: readonly MatrixTerm[];
  readonly biases: readonly Bias[];
  /** Columns that are products of two values that are not constant. */
  readonly products: readonly Columns[];
}

/** Most sums within sums. */
const MOST_DEPTH = 8;

const EMPTY: Affine = { terms: [], biases: [], products: [] };

function added(a: Affine | undefined, b: Affine | undefined): Affine | undefined {
  if (a === undefined || b === undefined) return undefined;
  return {
    terms: [...a.terms, ...b.terms],
    biases: [...a.biases, ...b.biases],
    products: [...a.products, ...b.products],
  };
}

/** A constant vector, or number, spread to columns of a value; undefined where it is none. */
function bias(facts: GraphFacts, name: string, columns: Columns, beside?: string): Affine | undefined {
  const tensor = facts.weights(name);
  const count = width(facts, columns);
  if (tensor === undefined || count === undefined) return undefined;
  const { shape, data } = tensor;
  if (shape.slice(0, -1).some((size) => size !== 1)) return undefined;
  const isOne = data.length === 1;
  const from = columns.range?.from ?? 0;
  if (!isOne && data.length !== facts.sizes(columns.of)?.at(-1)) return undefined;
  const numbers = isOne ? new Float64Array(count).fill(data[0] as number) : data.slice(from, from + count);
  return { ...EMPTY, biases: [{ numbers, beside }] };
}

/** A value as what it was put together of: parts of its columns, with their sizes. @param size how many columns there are */
function partsOf(facts: GraphFacts, name: string, size: number): { source: Columns; size: number }[] | undefined {
  const { of, range } = allColumns(facts, name);
  const node = range === undefined ? facts.producer(of)?.node : undefined;
  const rank = facts.sizes(name)?.length ?? facts.sizes(node?.inputs[0] ?? '')?.length;
  const axis = node?.attributes.get('axis');
  const isJoined = node?.op === 'Concat' && node.domain === '' && axis?.kind === 'int';
  if (!isJoined || (axis.value !== -1 && axis.value + 1 !== rank)) return [{ source: allColumns(facts, name), size }];
  const sizes = node.inputs.map((input) => width(facts, allColumns(facts, input)));
  const known = sizes.reduce<number>((sum, each) => sum + (each ?? 0), 0);
  if (sizes.filter((each) => each === undefined).length > 1) return undefined;
  const parts = node.inputs.map((input, at) => partsOf(facts, input, sizes[at] ?? size - known));
  if (parts.some((part) => part === undefined)) return undefined;
  const all = parts.flatMap((part) => part ?? []);
  return all.reduce((sum, part) => sum + part.size, 0) === size && all.every((part) => part.size > 0) ? all : undefined;
}

/** A product with a constant matrix on the right. */
function product(facts: GraphFacts, node: OnnxNode, columns: Columns, isTransposed: boolean): Affine | undefined {
  const [left, right] = node.inputs as readonly [string, string];
  const tensor = facts.weights(right);
  if (tensor?.shape.length !== 2) return undefined;
  const [outer, inner] = tensor.shape as [number, number];
  const [rows, all] = isTransposed ? [inner, outer] : [outer, inner];
  const { from, to } = columns.range ?? { from: 0, to: all };
  const parts = partsOf(facts, left, rows);
  if (parts === undefined) return undefined;
  let row = 0;
  const terms = parts.map(({ source, size }): MatrixTerm => {
    row += size;
    const weight = { tensor, isTransposed, row: row - size, rows: size, column: from, columns: to - from };
    return { source, key: columnsKey(source), weight };
  });
  return { ...EMPTY, terms };
}

function number(node: OnnxNode, name: string): number {
  const found = node.attributes.get(name);
  return found?.kind === 'float' ? found.value : 1;
}

function gemm(facts: GraphFacts, node: OnnxNode, columns: Columns, depth: number): Affine | undefined {
  if (flag(node, 'transA') || number(node, 'alpha') !== 1) return undefined;
  const main = product(facts, node, columns, flag(node, 'transB'));
  const [, , addend] = node.inputs;
  if (addend === undefined || addend === '' || main === undefined) return main;
  if (number(node, 'beta') !== 1) return undefined;
  const [only, ...others] = main.terms;
  const constant = facts.constant(addend) !== undefined;
  if (constant) return added(main, bias(facts, addend, columns, others.length === 0 ? only?.key : undefined));
  return added(main, operand(facts, columns, addend, depth));
}

function operand(facts: GraphFacts, columns: Columns, name: string, depth: number): Affine | undefined {
  if (facts.constant(name) !== undefined) return bias(facts, name, columns);
  const own = columnsOfInput(facts, columns, name);
  // One column that is spread to all is no product with a matrix.
  const count = own && width(facts, own);
  return own && count === width(facts, columns) ? affine(facts, own, depth + 1) : undefined;
}

/**
 * Columns of a value as a sum.
 *
 * @returns undefined for what is none, or has axes other than rows and columns
 */
export function affine(facts: GraphFacts, columns: Columns, depth = 0): Affine | undefined {
  const node = facts.producer(columns.of)?.node;
  if (depth > MOST_DEPTH) return undefined;
  if (node?.domain !== '' || facts.sizes(columns.of)?.length !== 2) return undefined;
  if (node.op === 'Mul') return { ...EMPTY, products: [columns] };
  if (node.op === 'MatMul') return product(facts, node, columns, false);
  if (node.op === 'Gemm') return gemm(facts, node, columns, depth);
  if (node.op !== 'Add') return undefined;
  const [a, b] = node.inputs as readonly [string, string];
  return added(operand(facts, columns, a, depth), operand(facts, columns, b, depth));
}

/** The block as [columns, rows], as ONNX has the weights of recurrent operators. */
export function weightNumbers({ tensor, isTransposed, row, rows, column, columns }: WeightBlock): Float32Array {
  const numbers = new Float32Array(columns * rows);
  const stride = tensor.shape[1] as number;
  const { data } = tensor;
  for (let at = 0; at < numbers.length; at++) {
    const [to, from] = [column + Math.floor(at / rows), row + (at % rows)];
    numbers[at] = data[isTransposed ? to * stride + from : from * stride + to] as number;
  }
  return numbers;
}
