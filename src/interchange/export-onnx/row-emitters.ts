/** Operations on rows: functions of elements, of columns and of fixed matrices, products, normalisations. */
import { COMBINATIONS, FUNCTIONS } from '../../graph/operations/functions.js';
import type { Value } from '../../graph/value.js';
import { type Emission, type Emitter, type Emitters, hasSteps } from './emission.js';
import { float, int } from './onnx-graph.js';
import { packedRows } from './weights.js';

/** An operator that has the operands as its inputs. */
function same(operator: string, ...operands: readonly string[]): Emitter {
  return (operation) => ({
    y: operation.emit(
      operator,
      operands.map((operand) => operation.tensor(operand)),
    ),
  });
}

const OF_ONE: Readonly<Record<(typeof FUNCTIONS)[number], string>> = {
  exp: 'Exp',
  log: 'Log',
  sqrt: 'Sqrt',
  abs: 'Abs',
  sign: 'Sign',
  power: 'Pow',
  softplus: 'Softplus',
  erf: 'Erf',
  elu: 'Elu',
  leakyRelu: 'LeakyRelu',
  sin: 'Sin',
  cos: 'Cos',
};

const OF_TWO: Readonly<Record<(typeof COMBINATIONS)[number], { readonly operator: string; readonly swapped?: true }>> =
  {
    add: { operator: 'Add' },
    subtract: { operator: 'Sub' },
    multiply: { operator: 'Mul' },
    divide: { operator: 'Div' },
    maximum: { operator: 'Max' },
    minimum: { operator: 'Min' },
    subtractFrom: { operator: 'Sub', swapped: true },
    divideInto: { operator: 'Div', swapped: true },
  };

function ofOne(operation: Emission): Record<string, string> {
  const name = FUNCTIONS[operation.attribute('function')] as (typeof FUNCTIONS)[number];
  const number = operation.attribute('exponent');
  const exponent = name === 'power' ? [operation.onnx.float(number)] : [];
  const attributes = name === 'elu' || name === 'leakyRelu' ? { alpha: float(number) } : {};
  return { y: operation.emit(OF_ONE[name], [operation.tensor('x'), ...exponent], attributes) };
}

/** f(a, b), where the dimensions that b lacks, or has only one entry in, are those of a. */
function ofTwo(operation: Emission, b: string): Record<string, string> {
  const name = COMBINATIONS[operation.attribute('function')] as (typeof COMBINATIONS)[number];
  const { operator, swapped } = OF_TWO[name];
  const a = operation.tensor('a');
  return { y: operation.emit(operator, swapped ? [b, a] : [a, b]) };
}

/** x W^T + b. A product of two dimensions is one operator. */
function linear(operation: Emission): Record<string, string> {
  const { onnx, weights } = operation;
  const [x, bias] = [operation.value('x'), operation.optionalTensor('b')];
  const packed = packedRows(operation.value('p'));
  const isMatrix = !hasSteps(x) && x.rows !== 1;
  if (isMatrix && !packed.isTransposed) {
    const inputs = [operation.tensor('x'), weights.rows(operation, packed), ...(bias === undefined ? [] : [bias])];
    return { y: onnx.emit('Gemm', inputs, { transB: int(1) }) };
  }
  const right = packed.isTransposed ? weights.rows(operation, packed) : weights.transposed(operation, packed);
  const product = onnx.emit('MatMul', [operation.tensor('x'), right]);
  return { y: bias === undefined ? product : onnx.emit('Add', [product, bias]) };
}

/** The steps as the last dimension, as operators of columns in the middle want it. */
export function stepsLast(operation: Emission, x: string): string {
  return operation.onnx.transpose(x, 1, 2, 0);
}

/** And back. */
export function stepsFirst(operation: Emission, x: string): string {
  return operation.onnx.transpose(x, 2, 0, 1);
}

function batchNormalization(operation: Emission): Record<string, string> {
  const { onnx } = operation;
  const x = operation.value('x');
  if (x.rows === 1) operation.refuse('batch normalisation of a single row');
  const gain = operation.optionalTensor('gain') ?? onnx.equal(1, x.columns);
  const shift = operation.optionalTensor('shift') ?? onnx.equal(0, x.columns);
  const statistics = [gain, shift, operation.tensor('mean'), operation.tensor('variance')];
  const attributes = { epsilon: float(operation.attribute('epsilon')) };
  const of = (rows: string) => onnx.emit('BatchNormalization', [rows, ...statistics], attributes);
  const tensor = operation.tensor('x');
  return { y: hasSteps(x) ? stepsFirst(operation, of(stepsLast(operation, tensor))) : of(tensor) };
}

function layerNormalization(operation: Emission): Record<string, string> {
  const shift = operation.optionalTensor('shift');
  const inputs = [operation.tensor('x'), operation.tensor('gain'), ...(shift === undefined ? [] : [shift])];
  const attributes = { axis: int(-1), epsilon: float(operation.attribute('epsilon')) };
  return { y: operation.emit('LayerNormalization', inputs, attributes) };
}

/** How many rows there are, as a real number that others are divided by; undefined for a single one. */
function countOf(operation: Emission, { rows }: Value): string | undefined {
  const { onnx, axes } = operation;
  if (typeof rows === 'number') return rows === 1 ? undefined : onnx.float(rows);
  const { axis, kind } = rows;
  const real = (whole: string) => onnx.emit('Cast', [whole], { to: int(1) });
  if (kind === 'batch') return real(axes.batch(axis));
  const lengths = axes.lengths(axis);
  if (lengths !== undefined) return real(onnx.sum(lengths, [0]));
  return onnx.emit('Mul', [real(axes.steps(axis)), real(axes.batch(axis))]);
}

/** The sum of each column over all rows of all sequences: [columns]. */
function columnSums(operation: Emission, value: Value, tensor: string): string {
  const { onnx, axes } = operation;
  if (value.rows === 1) return tensor;
  if (!hasSteps(value)) return onnx.sum(tensor, [0]);
  return onnx.sum(axes.masked(operation.axisOf(value), tensor), [0, 1]);
}

function sumRows(operation: Emission): Record<string, string> {
  const x = operation.value('x');
  const sums = columnSums(operation, x, operation.tensor('x'));
  const count = operation.attribute('mean') === 1 ? countOf(operation, x) : undefined;
  return { y: count === undefined ? sums : operation.emit('Div', [sums, count]) };
}

function sumColumns(operation: Emission): Record<string, string> {
  const sums = operation.onnx.sum(operation.tensor('x'), [-1], true);
  if (operation.attribute('mean') === 0) return { y: sums };
  return { y: operation.emit('Div', [sums, operation.onnx.float(operation.value('x').columns)]) };
}

/** The mean of the squares of all elements: [1]. */
function meanSquare(operation: Emission): Record<string, string> {
  const { onnx } = operation;
  const x = operation.value('x');
  const tensor = operation.tensor('x');
  const squares = columnSums(operation, x, onnx.emit('Mul', [tensor, tensor]));
  const mean = onnx.emit('Div', [onnx.sum(squares, [0], true), onnx.float(x.columns)]);
  const count = countOf(operation, x);
  return { loss: count === undefined ? mean : onnx.emit('Div', [mean, count]) };
}

/** Sizes that a row is repeated to: a dimension of one stands for any. */
function repeatedSizes(operation: Emission, { rows, columns }: Value, isRow: boolean): string {
  const { onnx, axes } = operation;
  if (!isRow) return onnx.ints(columns);
  if (typeof rows === 'number') return onnx.ints(...(rows === 1 ? [1] : [rows, 1]));
  const sizes = rows.kind === 'steps' ? [axes.steps(rows.axis)] : [];
  return onnx.concatenate([...sizes, axes.batch(rows.axis), onnx.ints(1)], 0);
}

function repeat(operation: Emission): Record<string, string> {
  const y = operation.output('y') as Value;
  const isRow = operation.optional('row') !== undefined;
  const line = operation.tensor(isRow ? 'row' : 'column');
  const repeated = operation.emit('Expand', [line, repeatedSizes(operation, y, isRow)]);
  if (operation.attribute('mean') === 0) return { y: repeated };
  const count = isRow ? countOf(operation, y) : operation.onnx.float(y.columns);
  return { y: count === undefined ? repeated : operation.emit('Div', [repeated, count]) };
}

/** Columns in another order; -1 stands for one of zeros. */
function gatherColumns(operation: Emission): Record<string, string> {
  const { onnx } = operation;
  const order = operation.value('columns').constant ?? operation.refuse('it gathers columns that are not fixed');
  const isZero = order.map((column) => column < 0);
  const places = onnx.ints(...order.map((column) => Math.max(column, 0)));
  const gathered = onnx.emit('Gather', [operation.tensor('x'), places], { axis: int(-1) });
  if (!isZero.includes(true)) return { y: gathered };
  return { y: onnx.emit('Where', [onnx.truths(...isZero), onnx.float(0), gathered]) };
}

/** Emitters of the operations on rows. */
export const rowEmitters: Emitters = {
  embedding: (operation) => ({
    y: operation.emit('Gather', [
      operation.weights.table(operation, operation.value('table')),
      operation.tensor('ids'),
    ]),
  }),
  linear,
  add: same('Add', 'a', 'b'),
  subtract: same('Sub', 'a', 'b'),
  multiply: same('Mul', 'a', 'b'),
  scale: (operation) => ({
    y: operation.emit('Mul', [operation.tensor('x'), operation.onnx.float(operation.attribute('factor'))]),
  }),
  sigmoid: same('Sigmoid', 'x'),
  tanh: same('Tanh', 'x'),
  relu: same('Relu', 'x'),
  unary: ofOne,
  combine: (operation) => ofTwo(operation, operation.tensor('b')),
  spread: (operation) => ofTwo(operation, operation.tensor(operation.optional('row') === undefined ? 'column' : 'row')),
  sumRows,
  sumColumns,
  repeat,
  concatenate: (operation) => ({
    y: operation.onnx.concatenate([operation.tensor('a'), operation.tensor('b')], -1),
  }),
  slice: (operation) => {
    const begin = operation.attribute('begin');
    const { columns } = operation.output('y') as Value;
    return { y: operation.onnx.slice(operation.tensor('x'), -1, begin, begin + columns) };
  },
  gatherColumns,
  maxOverColumns: (operation) => ({ y: operation.onnx.largest(operation.tensor('x'), -1, true) }),
  logSoftmax: (operation) => ({ y: operation.emit('LogSoftmax', [operation.tensor('x')], { axis: int(-1) }) }),
  softmax: (operation) => ({ y: operation.emit('Softmax', [operation.tensor('x')], { axis: int(-1) }) }),
  layerNormalization,
  batchNormalization,
  meanSquare,
};
