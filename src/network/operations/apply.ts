/** Applies operations to values without a graph in sight: the values know theirs. */
import { ShapeError, UsageError } from '../../core/errors.js';
import { describeValue } from '../../core/options.js';
import { describeExtent, sameExtent } from '../../graph/extent.js';
import { type Graph, graphOf, type Operands } from '../../graph/graph.js';
import type { AttributesOf, ExtentsOf, OperandsOf, OperationName, OutputsOf } from '../../graph/operands.js';
import type { Value } from '../../graph/value.js';
import { alignedRows, hasSteps } from '../layers/rows.js';

/** A value, or a number that stands for a value of equal entries. */
export type Operand = Value | number;

/**
 * The graph of the operands of a function.
 *
 * @param owner name of the function, for messages
 * @throws {UsageError} `not_a_value` when an operand is none, or they belong to two networks
 */
export function graphOfAll(owner: string, operands: Readonly<Record<string, unknown>>): Graph {
  let graph: Graph | undefined;
  for (const [name, operand] of Object.entries(operands)) {
    if (operand === undefined) continue;
    const own = typeof operand === 'object' && operand !== null ? graphOf(operand as Value) : undefined;
    if (own === undefined) {
      const message = `${owner}: ${name} is ${describeValue(operand)}, expected a value of the network that is being built`;
      throw new UsageError('not_a_value', message, { function: owner, operand: name });
    }
    if (graph !== undefined && graph !== own) {
      const message = `${owner}: ${name} belongs to another network, or to an earlier build of this one`;
      throw new UsageError('not_a_value', message, { function: owner, operand: name });
    }
    graph = own;
  }
  if (graph !== undefined) return graph;
  throw new UsageError('not_a_value', `${owner}: there is no value among its operands`, { function: owner });
}

/** What a function applies. */
export interface Application<N extends OperationName> {
  /** Name of the operation in native/kernels/operations.def. */
  readonly operation: N;
  readonly operands: OperandsOf<N>;
  readonly attributes?: AttributesOf<N>;
  readonly extents?: ExtentsOf<N>;
}

/**
 * Applies an operation for the function `owner`, which errors name.
 *
 * @returns the outputs by name
 * @throws {ShapeError} `shape_mismatch` when operands do not fit together
 * @throws {UsageError} `not_a_value`
 */
export function applied<N extends OperationName>(
  owner: string,
  { operation, operands, attributes, extents }: Application<N>,
): OutputsOf<N> {
  const graph = graphOfAll(owner, operands as Operands);
  try {
    return graph.apply(operation, operands, attributes, extents);
  } catch (error) {
    if (error instanceof ShapeError && owner !== operation && error.message.startsWith(`${operation}:`)) {
      const message = `${owner}${error.message.slice(operation.length)}`;
      throw new ShapeError(error.code, message, { ...error.details, operation: owner }, error);
    }
    throw error;
  }
}

/** Operations of one value. */
type UnaryOperation =
  | 'lastStep'
  | 'maxOverTime'
  | 'relu'
  | 'repeatOverTime'
  | 'sigmoid'
  | 'softmax'
  | 'sumOverTime'
  | 'tanh';

/** A function of one value that is the operation of the same name. */
export function unary(name: UnaryOperation): (x: Value) => Value {
  return (x) => applied(name, { operation: name, operands: { x } }).y;
}

/** Takes one row for each sequence, or step, to the rows of `like`: a row that is the same for all of them. */
function repeatedRow(row: Value, like: Value): Value {
  const graph = graphOf(like) as Graph;
  // A product with weights of 0 has the rows of `like`; what is added to it is the row.
  const column = like.columns === 1 ? like : graph.apply('slice', { x: like }, { begin: 0 }, { D: 1 }).y;
  const weights = graph.constant(row.columns, 1, new Array<number>(row.columns).fill(0));
  const p = graph.apply('pack', { w: weights }, {}, { O: row.columns }).p;
  return graph.apply('linear', { x: column, p, b: row }).y;
}

/** Whether a value is a single row, such as a parameter, that others may be joined with. */
function isRow({ rows }: Value): boolean {
  return rows === 1;
}

/**
 * Both operands with the same rows: a number becomes a row of equal numbers, a row [1, F] is repeated for all rows of the other
 * operand, one row for each sequence at all of its steps.
 *
 * @throws {UsageError} `not_a_value`
 */
export function aligned(owner: string, a: Operand, b: Operand): { readonly a: Value; readonly b: Value } {
  const values = { ...(typeof a !== 'number' && { a }), ...(typeof b !== 'number' && { b }) };
  const graph = graphOfAll(owner, values);
  const asValue = (operand: Operand, other: Operand): Value => {
    if (typeof operand !== 'number') return operand;
    const { columns } = other as Value;
    return graph.constant(1, columns, new Array<number>(columns).fill(operand));
  };
  const [left, right] = [asValue(a, b), asValue(b, a)];
  if (sameExtent(left.rows, right.rows)) return { a: left, b: right };
  if (isRow(right)) return { a: left, b: repeatedRow(right, left) };
  if (isRow(left)) return { a: repeatedRow(left, right), b: right };
  if (typeof left.rows === 'number' || typeof right.rows === 'number' || (hasSteps(left) && hasSteps(right))) {
    const message = `${owner}: a has ${describeExtent(left.rows)} rows, b ${describeExtent(right.rows)}: these cannot be joined`;
    throw new ShapeError('shape_mismatch', message, { operation: owner, actual: left.rows, expected: right.rows });
  }
  const [first, second] = alignedRows(graph, [left, right]) as [Value, Value];
  return { a: first, b: second };
}

/** A function of two values that is the operation of the same name, element by element. */
export function binary(name: 'add' | 'multiply' | 'subtract'): (a: Operand, b: Operand) => Value {
  return (a, b) => applied(name, { operation: name, operands: aligned(name, a, b) }).y;
}
