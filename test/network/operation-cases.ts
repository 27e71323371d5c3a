/** What the functions of `bptt/operations` are to compute of one batch, as formulas over its rows. */
import type { LayerContext } from '../../src/index.js';
import {
  abs,
  add,
  additiveAttention,
  attention,
  carryTo,
  concatenate,
  cos,
  divide,
  dropout,
  elu,
  erf,
  exp,
  firstStep,
  gatherColumns,
  gelu,
  lastStep,
  layerNormalization,
  leakyRelu,
  linear,
  log,
  logSoftmax,
  maximum,
  maxOverColumns,
  maxOverTime,
  meanOverColumns,
  meanOverRows,
  meanOverTime,
  minimum,
  minOverColumns,
  multiply,
  negate,
  power,
  recurrence,
  relu,
  repeatOverTime,
  scale,
  selu,
  sigmoid,
  sign,
  sin,
  slice,
  softmax,
  softplus,
  sqrt,
  subtract,
  sumOverColumns,
  sumOverRows,
  sumOverTime,
  tanh,
  type Value,
} from '../../src/network/operations.js';
import { erf as erfOf } from '../oracle/functions.js';

export const LENGTHS = [3, 2];
export const ROWS = 5;
export const COLUMNS = 2;
/** Packed rows; those of the first sequence are 0, 2 and 4, those of the second 1 and 3. */
export const X = [
  [0.5, -1],
  [2, 0.25],
  [-0.75, 1.5],
  [1, -2],
  [0.125, 0.625],
] as const;
export const SEQUENCES = [
  [0, 2, 4],
  [1, 3],
];

export type Row = readonly number[];
type Rows = readonly Row[];
type Build = (x: Value, context: LayerContext<object>) => Value;

export const x = (row: number): Row => X[row] as Row;
const perRow = (map: (row: Row) => Row): Rows => X.map((row) => map(row));
const perElement = (map: (value: number) => number): Rows => perRow((row) => row.map(map));
/** One row for each sequence, from its rows in order. */
const perSequence = (reduce: (rows: Rows) => Row): Rows => SEQUENCES.map((rows) => reduce(rows.map(x)));
export const zip = (a: Row, b: Row, map: (a: number, b: number) => number): Row =>
  a.map((value, at) => map(value, b[at] as number));
const sumOf = (rows: Rows): Row => rows.reduce((a, b) => zip(a, b, (p, q) => p + q));
/** One row for each sequence at all of its steps. */
const repeated = (rows: Rows): Rows =>
  X.map((_, row) => rows[SEQUENCES.findIndex((sequence) => sequence.includes(row))] as Row);
export const softmaxOf = (row: Row): Row => {
  const sum = row.reduce((total, value) => total + Math.exp(value), 0);
  return row.map((value) => Math.exp(value) / sum);
};
const normalized = (row: Row): Row => {
  const mean = row.reduce((a, b) => a + b) / row.length;
  const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
  return row.map((value) => (value - mean) / Math.sqrt(variance + 1e-5));
};

export const W = [
  [1, 2],
  [-0.5, 0.25],
  [3, -1],
] as const;
export const matrix = (context: LayerContext<object>, rows: Rows) =>
  context.parameter('weight', [rows.length, (rows[0] as Row).length], {
    initializer: (_, row, column) => (rows[row] as Row)[column] as number,
  });
export const row = (context: LayerContext<object>, values: Row, name = 'row') =>
  context.parameter(name, [values.length], { initializer: (_, __, column) => values[column] as number });

/** y_t = x_t + R y_(t-1) with R = [[0.5, 0], [1, 0]]. */
function filtered(): Rows {
  const output: Row[] = [];
  for (const sequence of SEQUENCES) {
    let before: Row = [0, 0];
    for (const at of sequence) {
      const [first = 0] = before;
      before = zip(x(at), [0.5 * first, first], (a, b) => a + b);
      output[at] = before;
    }
  }
  return output;
}

export const cases: readonly (readonly [string, Build, Rows])[] = [
  ['add, two values', (v) => add(v, v), perElement((value) => 2 * value)],
  ['add, a number', (v) => add(v, 3), perElement((value) => value + 3)],
  ['add, a row', (v, context) => add(v, row(context, [1, 2])), perRow((each) => zip(each, [1, 2], (a, b) => a + b))],
  [
    'add, one row for each sequence',
    (v) => add(sumOverTime(v), v),
    X.map((each, at) => zip(each, repeated(perSequence(sumOf))[at] as Row, (a, b) => a + b)),
  ],
  ['subtract, a number from a value', (v) => subtract(v, 1), perElement((value) => value - 1)],
  ['subtract, a value from a number', (v) => subtract(1, v), perElement((value) => 1 - value)],
  [
    'subtract, a row',
    (v, context) => subtract(row(context, [1, 2]), v),
    perRow((each) => zip([1, 2], each, (a, b) => a - b)),
  ],
  ['multiply, two values', (v) => multiply(v, v), perElement((value) => value ** 2)],
  ['multiply, a number', (v) => multiply(-2, v), perElement((value) => -2 * value)],
  ['multiply, a row', (v, context) => multiply(v, row(context, [3, 4])), perRow(([a = 0, b = 0]) => [3 * a, 4 * b])],
  [
    'multiply, one row for each sequence',
    (v) => multiply(lastStep(v), v),
    X.map((each, at) => zip(each, repeated(perSequence((rows) => rows.at(-1) as Row))[at] as Row, (a, b) => a * b)),
  ],
  ['scale', (v) => scale(v, 0.5), perElement((value) => value / 2)],
  ['negate', negate, perElement((value) => -value)],
  ['divide, two values', (v) => divide(v, add(v, 4)), perElement((value) => value / (value + 4))],
  ['divide, a value by a number', (v) => divide(v, 4), perElement((value) => value / 4)],
  ['divide, a number by a value', (v) => divide(2, v), perElement((value) => 2 / value)],
  ['divide, a row', (v, context) => divide(row(context, [3, 4]), v), perRow(([a = 0, b = 0]) => [3 / a, 4 / b])],
  ['divide, by a column', (v) => divide(v, sumOverColumns(v)), perRow(([a = 0, b = 0]) => [a / (a + b), b / (a + b)])],
  ['divide, a column', (v) => divide(slice(v, 1), v), perRow(([a = 0, b = 0]) => [b / a, 1])],
  [
    'add, a row to a column',
    (v, context) => add(row(context, [1, 2]), slice(v, 0, 1)),
    perRow(([a = 0]) => [1 + a, 2 + a]),
  ],
  [
    'multiply, one row for each sequence of one column',
    (v) => multiply(slice(lastStep(v), 0, 1), v),
    X.map((each, at) =>
      each.map((value) => value * ((repeated(perSequence((rows) => rows.at(-1) as Row))[at] as Row)[0] as number)),
    ),
  ],
  ['maximum, a number', (v) => maximum(v, 0.3), perElement((value) => Math.max(value, 0.3))],
  [
    'maximum, a row',
    (v, context) => maximum(row(context, [0.75, -0.5]), v),
    perRow((each) => zip(each, [0.75, -0.5], Math.max)),
  ],
  ['minimum, two values', (v) => minimum(v, scale(v, 2)), perElement((value) => Math.min(value, 2 * value))],
  ['exp', exp, perElement(Math.exp)],
  ['log', (v) => log(abs(v)), perElement((value) => Math.log(Math.abs(value)))],
  ['sqrt', (v) => sqrt(abs(v)), perElement((value) => Math.sqrt(Math.abs(value)))],
  ['abs', abs, perElement(Math.abs)],
  ['sign', (v) => multiply(sign(v), v), perElement(Math.abs)],
  ['power', (v) => power(v, 3), perElement((value) => value ** 3)],
  ['power, negative', (v) => power(v, -2), perElement((value) => value ** -2)],
  ['power, of no whole number', (v) => power(exp(v), 0.3), perElement((value) => Math.exp(0.3 * value))],
  ['sumOverColumns', sumOverColumns, perRow((each) => [each.reduce((a, b) => a + b)])],
  ['meanOverColumns', meanOverColumns, perRow((each) => [each.reduce((a, b) => a + b) / 2])],
  ['sumOverRows', (v) => add(v, sumOverRows(v)), perRow((each) => zip(each, sumOf(X), (a, b) => a + b))],
  ['meanOverRows', (v) => subtract(v, meanOverRows(v)), perRow((each) => zip(each, sumOf(X), (a, b) => a - b / ROWS))],
  ['tanh', tanh, perElement(Math.tanh)],
  ['sigmoid', sigmoid, perElement((value) => 1 / (1 + Math.exp(-value)))],
  ['relu', relu, perElement((value) => Math.max(value, 0))],
  ['softmax', softmax, perRow(softmaxOf)],
  ['logSoftmax', logSoftmax, perRow((each) => softmaxOf(each).map(Math.log))],
  ['maxOverColumns', maxOverColumns, perRow((each) => [Math.max(...each)])],
  ['minOverColumns', minOverColumns, perRow((each) => [Math.min(...each)])],
  ['softplus', softplus, perElement((value) => Math.log(1 + Math.exp(value)))],
  ['erf', erf, perElement(erfOf)],
  ['gelu', gelu, perElement((value) => 0.5 * value * (1 + erfOf(value / Math.SQRT2)))],
  ['elu', (v) => elu(v), perElement((value) => (value > 0 ? value : Math.exp(value) - 1))],
  ['elu with alpha', (v) => elu(v, 0.5), perElement((value) => (value > 0 ? value : 0.5 * (Math.exp(value) - 1)))],
  [
    'selu',
    selu,
    perElement((value) => 1.0507009873554805 * (value > 0 ? value : 1.6732632423543772 * (Math.exp(value) - 1))),
  ],
  ['leakyRelu', (v) => leakyRelu(v), perElement((value) => (value > 0 ? value : 0.01 * value))],
  ['leakyRelu with alpha', (v) => leakyRelu(v, 0.3), perElement((value) => (value > 0 ? value : 0.3 * value))],
  ['sin', sin, perElement(Math.sin)],
  ['cos', cos, perElement(Math.cos)],
  ['gatherColumns', (v) => gatherColumns(v, [1, -1, 1, 0]), perRow(([a = 0, b = 0]) => [b, 0, b, a])],
  [
    'linear',
    (v, context) => linear(v, matrix(context, W), row(context, [1, 2, 3])),
    perRow((each) =>
      W.map((weights, o) => (sumOf(zip(each, weights, (a, b) => a * b).map((p) => [p]))[0] as number) + o + 1),
    ),
  ],
  [
    'concatenate',
    (v) => concatenate(v, lastStep(v), v),
    X.map((each, at) => [...each, ...(repeated(perSequence((rows) => rows.at(-1) as Row))[at] as Row), ...each]),
  ],
  ['slice', (v) => slice(concatenate(v, v), 1, 3), perRow(([a = 0, b = 0]) => [b, a])],
  ['layerNormalization', (v) => layerNormalization(v), perRow(normalized)],
  [
    'layerNormalization with gain and shift',
    (v, context) => layerNormalization(v, { gain: row(context, [2, 3], 'gain'), shift: row(context, [1, 0], 'shift') }),
    perRow((each) => zip(normalized(each), [0, 1], (value, at) => (at === 0 ? 2 * value + 1 : 3 * value))),
  ],
  ['firstStep', firstStep, perSequence((rows) => rows[0] as Row)],
  ['lastStep', lastStep, perSequence((rows) => rows.at(-1) as Row)],
  ['maxOverTime', maxOverTime, perSequence((rows) => rows.reduce((a, b) => zip(a, b, Math.max)))],
  ['sumOverTime', sumOverTime, perSequence(sumOf)],
  ['meanOverTime', meanOverTime, perSequence((rows) => sumOf(rows).map((value) => value / rows.length))],
  ['repeatOverTime', (v) => repeatOverTime(sumOverTime(v)), repeated(perSequence(sumOf))],
  ['carryTo its own axis', (v) => carryTo(lastStep(v), v), perSequence((rows) => rows.at(-1) as Row)],
  [
    'recurrence',
    (v, context) =>
      recurrence(
        v,
        matrix(context, [
          [0.5, 0],
          [1, 0],
        ]),
        { activation: 'identity' },
      ).output,
    filtered(),
  ],
  [
    'recurrence, its end',
    (v, context) =>
      recurrence(
        v,
        matrix(context, [
          [0.5, 0],
          [1, 0],
        ]),
        { activation: 'identity' },
      ).final,
    SEQUENCES.map((rows) => filtered()[rows.at(-1) as number] as Row),
  ],
  [
    'attention',
    (v) => attention(v, v, v, { scale: 0.5 }),
    X.map((query, at) => {
      const steps = (SEQUENCES.find((sequence) => sequence.includes(at)) as number[]).map(x);
      const scores = softmaxOf(steps.map((key) => 0.5 * zip(query, key, (a, b) => a * b).reduce((a, b) => a + b)));
      return sumOf(steps.map((value, step) => value.map((each) => each * (scores[step] as number))));
    }),
  ],
  [
    'additiveAttention',
    (v, context) => additiveAttention(v, v, row(context, [0.5, -1]), v),
    X.map((query, at) => {
      const steps = (SEQUENCES.find((sequence) => sequence.includes(at)) as number[]).map(x);
      const scores = softmaxOf(
        steps.map((key) =>
          zip(
            zip(query, key, (a, b) => Math.tanh(a + b)),
            [0.5, -1],
            (a, b) => a * b,
          ).reduce((a, b) => a + b),
        ),
      );
      return sumOf(steps.map((value, step) => value.map((each) => each * (scores[step] as number))));
    }),
  ],
  ['dropout outside training', (v) => dropout(v, 0.5), X],
];
