/** Functions of two values of which one may be smaller: a number, a row for all rows, a column for all columns, a row for each sequence. */
import { ShapeError } from '../../core/errors.js';
import { describeSize, type Extent, sameExtent } from '../../graph/extent.js';
import type { Graph } from '../../graph/graph.js';
import { COMBINATIONS, type Combination } from '../../graph/operations/functions.js';
import type { Value } from '../../graph/value.js';
import { alignedRows } from '../layers/rows.js';
import { applied, graphOfAll, requireArgument } from './apply.js';

/** A value, or a number that stands for a value of equal entries. */
export type Operand = Value | number;

/** The size that rows, or columns, have together: 1 stands for any. */
function common<E extends Extent>(a: E, b: E, same: (a: E, b: E) => boolean): E | undefined {
  if (same(a, b) || b === 1) return a;
  return a === 1 ? b : undefined;
}

/** Both as values: a number is one of one row and one column, which a row of equal numbers stands for. @throws {OptionError} `invalid_option` */
function asValues(owner: string, a: Operand, b: Operand): { graph: Graph; a: Value; b: Value } {
  const given = { ...(typeof a !== 'number' && { a }), ...(typeof b !== 'number' && { b }) };
  const graph = graphOfAll(owner, given);
  const asValue = (name: string, operand: Operand) => {
    if (typeof operand !== 'number') return operand;
    return graph.constant(1, 1, [requireArgument(owner, name, operand, { float32: true })]);
  };
  return { graph, a: asValue('a', a), b: asValue('b', b) };
}

/** @throws {ShapeError} `shape_mismatch` for indices */
function requireReal(owner: string, given: Readonly<Record<string, Value>>): void {
  for (const [name, value] of Object.entries(given)) {
    if (value.type === 'real') continue;
    const message = `${owner}: ${name} ${describeSize(value)} has indices, expected real numbers`;
    throw new ShapeError('shape_mismatch', message, { operation: owner, operand: name, actual: value.type });
  }
}

/** Rows of sequences at all steps, where the one has steps and the other sequences. */
function onOneAxis(owner: string, graph: Graph, a: Value, b: Value): readonly [Value, Value] {
  const { rows: left } = a;
  const { rows: right } = b;
  if (sameExtent(left, right) || typeof left === 'number' || typeof right === 'number') return [a, b];
  if (left.kind === 'steps' && right.kind === 'steps') throw notJoined(owner, 'rows', a, b);
  return alignedRows(graph, [a, b]) as [Value, Value];
}

function notJoined(owner: string, what: string, a: Value, b: Value): ShapeError {
  const [left, right] = [describeSize(a), describeSize(b)];
  const message = `${owner}: a is ${left}, b ${right}: their ${what} cannot be joined`;
  return new ShapeError('shape_mismatch', message, { operation: owner, actual: left, expected: right });
}

/** Repeats the rows or the columns of which a value has only one. */
function repeated(graph: Graph, value: Value, rows: Extent, columns: number): Value {
  const wide =
    value.columns === columns ? value : graph.apply('repeat', { column: value }, { mean: 0 }, { C: columns }).y;
  if (sameExtent(wide.rows, rows)) return wide;
  return graph.apply('repeat', { row: wide }, { mean: 0 }, { R: rows }).y;
}

const SWAPPED: Partial<Record<Combination, Combination>> = { subtract: 'subtractFrom', divide: 'divideInto' };

/**
 * f(a, b) element by element, in which nothing is repeated that need not be.
 *
 * @throws {ShapeError} `shape_mismatch` when neither of two different numbers of rows, or of columns, is 1
 * @throws {UsageError} `not_a_value`
 */
export function joined(owner: string, f: Combination, left: Operand, right: Operand): Value {
  const { graph, a: first, b: second } = asValues(owner, left, right);
  const given = { a: first, b: second };
  requireReal(owner, given);
  const [a, b] = onOneAxis(owner, graph, first, second);
  const rows = common<Extent>(a.rows, b.rows, sameExtent);
  const columns = common<number>(a.columns, b.columns, Object.is);
  if (rows === undefined) throw notJoined(owner, 'rows', a, b);
  if (columns === undefined) throw notJoined(owner, 'columns', a, b);
  const isWhole = (value: Value) => sameExtent(value.rows, rows) && value.columns === columns;
  if (isWhole(a) && isWhole(b)) {
    const operands = { a, b };
    if (f === 'add' || f === 'subtract' || f === 'multiply') return applied(owner, { operation: f, operands, given }).y;
    const attributes = { function: COMBINATIONS.indexOf(f) };
    return applied(owner, { operation: 'combine', operands, attributes, given }).y;
  }
  const isSwapped = !isWhole(a) && isWhole(b);
  const [whole, other] = isSwapped ? [b, a] : [repeated(graph, a, rows, columns), b];
  // A single number beside a matrix is a row of equal numbers.
  const line = sameExtent(other.rows, rows) ? { column: other } : { row: repeated(graph, other, 1, columns) };
  const attributes = { function: COMBINATIONS.indexOf(isSwapped ? (SWAPPED[f] ?? f) : f) };
  return applied(owner, { operation: 'spread', operands: { a: whole, ...line }, attributes, given }).y;
}

/** Both operands with the same rows, each with its own columns: for setting them side by side. */
export function withSameRows(owner: string, left: Value, right: Value): { readonly a: Value; readonly b: Value } {
  const graph = graphOfAll(owner, { a: left, b: right });
  requireReal(owner, { a: left, b: right });
  const [a, b] = onOneAxis(owner, graph, left, right);
  const rows = common<Extent>(a.rows, b.rows, sameExtent);
  if (rows === undefined) throw notJoined(owner, 'rows', a, b);
  return { a: repeated(graph, a, rows, a.columns), b: repeated(graph, b, rows, b.columns) };
}
