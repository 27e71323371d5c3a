import { describe, expect, it } from 'vitest';
import {
  checkGradients,
  defineLayer,
  defineLoss,
  dense,
  type LayerContext,
  type LossContext,
  type LossDescription,
  network,
  sequential,
} from '../../src/index.js';
import * as operations from '../../src/network/operations.js';
import {
  add,
  additiveAttention,
  attention,
  carryTo,
  concatenate,
  ctc,
  dropout,
  gather,
  lastStep,
  layerNormalization,
  linear,
  maxOverTime,
  meanOverTime,
  meanSquare,
  meanSquaredError,
  multiply,
  negate,
  quantileLoss,
  recurrence,
  relu,
  repeatOverTime,
  scale,
  sigmoid,
  sigmoidCrossEntropy,
  slice,
  softmax,
  softmaxCrossEntropy,
  subtract,
  sumOverTime,
  tanh,
  temporalDifference,
  type Value,
} from '../../src/network/operations.js';
import { batchSizesOf, randomNumbers } from '../model/small-models.js';

const LENGTHS = [3, 2];
const ROWS = 5;
const COLUMNS = 2;
/** Packed rows; those of the first sequence are 0, 2 and 4, those of the second 1 and 3. */
const X = [
  [0.5, -1],
  [2, 0.25],
  [-0.75, 1.5],
  [1, -2],
  [0.125, 0.625],
] as const;
const SEQUENCES = [
  [0, 2, 4],
  [1, 3],
];

type Row = readonly number[];
type Rows = readonly Row[];
type Build = (x: Value, context: LayerContext<object>) => Value;

const x = (row: number): Row => X[row] as Row;
const perRow = (map: (row: Row) => Row): Rows => X.map((row) => map(row));
const perElement = (map: (value: number) => number): Rows => perRow((row) => row.map(map));
/** One row for each sequence, from its rows in order. */
const perSequence = (reduce: (rows: Rows) => Row): Rows => SEQUENCES.map((rows) => reduce(rows.map(x)));
const zip = (a: Row, b: Row, map: (a: number, b: number) => number): Row =>
  a.map((value, at) => map(value, b[at] as number));
const sumOf = (rows: Rows): Row => rows.reduce((a, b) => zip(a, b, (p, q) => p + q));
/** One row for each sequence at all of its steps. */
const repeated = (rows: Rows): Rows =>
  X.map((_, row) => rows[SEQUENCES.findIndex((sequence) => sequence.includes(row))] as Row);
const softmaxOf = (row: Row): Row => {
  const sum = row.reduce((total, value) => total + Math.exp(value), 0);
  return row.map((value) => Math.exp(value) / sum);
};
const normalized = (row: Row): Row => {
  const mean = row.reduce((a, b) => a + b) / row.length;
  const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
  return row.map((value) => (value - mean) / Math.sqrt(variance + 1e-5));
};

const W = [
  [1, 2],
  [-0.5, 0.25],
  [3, -1],
] as const;
const matrix = (context: LayerContext<object>, rows: Rows) =>
  context.parameter('weight', [rows.length, (rows[0] as Row).length], {
    initializer: (_, row, column) => (rows[row] as Row)[column] as number,
  });
const row = (context: LayerContext<object>, values: Row, name = 'row') =>
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

const cases: readonly (readonly [string, Build, Rows])[] = [
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
  ['tanh', tanh, perElement(Math.tanh)],
  ['sigmoid', sigmoid, perElement((value) => 1 / (1 + Math.exp(-value)))],
  ['relu', relu, perElement((value) => Math.max(value, 0))],
  ['softmax', softmax, perRow(softmaxOf)],
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

describe('an operation on values', () => {
  const input = Float32Array.from(X.flat());

  it.each(cases)('%s: computes what it says, with a gradient', (_, build, expected) => {
    const layer = defineLayer({ name: 'mine', build: ([v], context) => build(v, context) });
    const model = sequential([layer()], { features: COLUMNS }).compileSync({ loss: 'meanSquaredError', threads: 1 });
    const batch = { batchSizes: batchSizesOf(LENGTHS), inputs: { input } };
    const output = [...model.predictPackedSync(batch)];
    expect(output).toEqual(expected.flat().map((value) => expect.closeTo(value, 5)));
    const report = checkGradients(model, { ...batch, targets: { target: randomNumbers(output.length) } });
    expect(report.failures).toEqual([]);
  });

  it('gather: takes the rows that indices name', () => {
    const table = defineLayer({
      name: 'table',
      build: ([ids], context) => gather(matrix(context, W), ids),
    });
    const model = network({
      inputs: { ids: { kind: 'indices', size: 3 } },
      nodes: [{ name: 'table', layer: table(), inputs: ['ids'] }],
      output: 'table',
    }).compileSync({ loss: 'meanSquaredError', threads: 1 });
    const batch = { batchSizes: batchSizesOf([3]), inputs: { ids: Int32Array.of(2, 0, 2) } };
    expect([...model.predictPackedSync(batch)]).toEqual([3, -1, 1, 2, 3, -1]);
    expect(checkGradients(model, { ...batch, targets: { target: randomNumbers(6) } }).passed).toBe(true);
  });

  it('carryTo: brings one row for each sequence to another time axis, by the samples', () => {
    const bridge = defineLayer({
      name: 'bridge',
      inputs: 2,
      build: ([source, like]) => repeatOverTime(carryTo(lastStep(source), like)),
    });
    const model = network({
      inputs: { source: { kind: 'features', units: 1, axis: 'source' }, own: { kind: 'features', units: 1 } },
      nodes: [{ name: 'bridge', layer: bridge(), inputs: ['own', 'source'] }],
      output: 'bridge',
    }).compileSync({ loss: 'meanSquaredError', threads: 1 });
    const output = model.predictPackedSync({
      batchSizes: Int32Array.of(2, 1),
      order: Int32Array.of(0, 1),
      axes: { source: { batchSizes: Int32Array.of(2), order: Int32Array.of(1, 0) } },
      inputs: { source: Float32Array.of(7, 8), own: Float32Array.of(1, 2, 3) },
    });
    // The axis `own` has sample 0 first, which ends with 3; the axis `source` has sample 1 first.
    expect([...output]).toEqual([2, 3]);
  });
});

describe('an operation that gives one number', () => {
  const rows = Float32Array.from(X.flat());
  const lossOf = (build: (outputs: Value, target: Value) => Value, target: object = { kind: 'features' }) => {
    const loss = defineLoss({ name: 'mine', target: target as never, build });
    const model = sequential([dense({ units: COLUMNS, bias: false, initializer: 'identity' })], {
      features: COLUMNS,
    }).compileSync({ loss: loss(), threads: 1 });
    model.parameters.get('dense.weight')?.data.set([1, 0, 0, 1]);
    model.parametersChanged();
    return (targets: Float32Array | Int32Array) => {
      const batch = { batchSizes: batchSizesOf(LENGTHS), inputs: { input: rows }, targets: { target: targets } };
      expect(checkGradients(model, batch).failures).toEqual([]);
      return model.evaluateSync(batch).loss;
    };
  };
  const zeros = new Float32Array(ROWS * COLUMNS);
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
  const flat = X.flat();

  it('is the mean over all elements of squares, and of their change', () => {
    expect(lossOf((outputs) => meanSquare(outputs))(zeros)).toBeCloseTo(mean(flat.map((value) => value ** 2)), 5);
    expect(lossOf((outputs, truth) => meanSquaredError(outputs, truth))(rows.map((value) => value + 2))).toBeCloseTo(
      4,
      5,
    );
    const changes = SEQUENCES.flatMap((sequence) =>
      sequence.slice(1).flatMap((at, step) => zip(x(at), x(sequence[step] as number), (a, b) => (a - b) ** 2)),
    );
    expect(lossOf((outputs) => temporalDifference(outputs))(zeros)).toBeCloseTo(mean(changes), 5);
  });

  it('is a cross-entropy, or a quantile loss', () => {
    const classes = Int32Array.of(0, 1, -1, 0, 1);
    const counted = X.flatMap((each, at) =>
      (classes[at] as number) < 0 ? [] : [-Math.log(softmaxOf(each)[classes[at] as number] as number)],
    );
    expect(
      lossOf((outputs, truth) => softmaxCrossEntropy(outputs, truth), { kind: 'indices', ignore: true })(classes),
    ).toBeCloseTo(mean(counted), 5);
    const bits = flat.map((_, at) => at % 2);
    const entropies = flat.map((value, at) => Math.log1p(Math.exp(-value)) + (1 - (bits[at] as number)) * value);
    expect(lossOf((outputs, truth) => sigmoidCrossEntropy(outputs, truth))(Float32Array.from(bits))).toBeCloseTo(
      2 * mean(entropies),
      5,
    );
    const quantile = lossOf((outputs, target) => quantileLoss(outputs, target, 0.9));
    expect(quantile(rows.map((value) => value + 2))).toBeCloseTo(1.8, 5);
    expect(() => lossOf((outputs, target) => quantileLoss(outputs, target, 1))).toThrow(/level/);
  });
});

it('a loss in a loss has weights as that of the library', () => {
  type Context = LossContext<object, 'weights'>;
  const own = (build: (outputs: Value, target: Value, context: Context) => Value, target: object) =>
    defineLoss({
      name: 'mine',
      target: target as never,
      inputs: { weights: { kind: 'features', units: 1 } },
      build: (outputs, truth, context) => build(outputs, truth, context),
    })();
  const lossOf = (loss: LossDescription, target: Float32Array | Int32Array) =>
    sequential([dense({ units: 2 })], { features: COLUMNS })
      .compileSync({ loss, threads: 1 })
      .evaluateSync({
        batchSizes: batchSizesOf(LENGTHS),
        inputs: { input: Float32Array.from(X.flat()) },
        targets: { target, 'target/weights': Float32Array.of(1, 0, 2, 0.5, 1) },
      }).loss;
  const features = { kind: 'features' };
  const indices = { kind: 'indices', ignore: true };
  const numbers = Float32Array.from(X.flat(), (value) => value / 4 + 0.5);
  const ids = Int32Array.of(0, 1, -1, 1, 0);
  const weights = 'step';
  expect(
    lossOf(
      own((y, t, { inputs }) => meanSquaredError(y, t, inputs), features),
      numbers,
    ),
  ).toBe(lossOf({ kind: 'meanSquaredError', weights }, numbers));
  expect(
    lossOf(
      own((y, t, { inputs }) => quantileLoss(y, t, 0.75, inputs), features),
      numbers,
    ),
  ).toBe(lossOf({ kind: 'quantile', levels: [0.75], weights }, numbers));
  const scores = own(
    (y, t, { inputs, constant }) => sigmoidCrossEntropy(y, t, { ...inputs, positiveWeights: constant([2, 0.5]) }),
    features,
  );
  expect(lossOf(scores, numbers)).toBe(
    lossOf({ kind: 'sigmoidCrossEntropy', weights, positiveWeights: [2, 0.5] }, numbers),
  );
  const classes = own(
    (y, t, { inputs, constant }) =>
      softmaxCrossEntropy(y, t, { ...inputs, classWeights: constant([2, 0.5]), labelSmoothing: 0.25 }),
    indices,
  );
  expect(lossOf(classes, ids)).toBe(
    lossOf({ kind: 'softmaxCrossEntropy', labelSmoothing: 0.25, classWeights: [2, 0.5], weights }, ids),
  );
  const refused = (build: Parameters<typeof own>[0], target: object) => expect(() => lossOf(own(build, target), ids));
  refused((y, t) => softmaxCrossEntropy(y, t, { labelSmoothing: 1 }), indices).toThrow(/labelSmoothing/);
  refused((y, t) => meanSquaredError(y, t, { weight: t } as never), features).toThrow(/no option 'weight'/);
});

it('ctc is the loss of that name, with labels on a time axis of their own', () => {
  const own = defineLoss({
    name: 'mine',
    target: { kind: 'indices', per: 'label', ignore: true },
    build: (outputs, labels) => ctc(outputs, labels, { reduction: 'sum' }),
  });
  const batch = {
    batchSizes: batchSizesOf(LENGTHS),
    order: Int32Array.of(0, 1),
    axes: { 'output/labels': { batchSizes: Int32Array.of(2, 2), order: Int32Array.of(0, 1) } },
    inputs: { input: Float32Array.from(X.flat()) },
    targets: { target: Int32Array.of(1, 1, -1, -1) },
  };
  const [a, b] = [own(), { kind: 'ctc', reduction: 'sum' } as const].map((loss) => {
    return sequential([dense({ units: 2 })], { features: COLUMNS })
      .compileSync({ loss, threads: 1 })
      .evaluateSync(batch);
  });
  expect(a?.loss).toBe(b?.loss);
  expect(a?.loss).toBeGreaterThan(0);
});

it('every function of the entry is tested here', () => {
  const text = [...cases.map(([name]) => name.split(/[ ,]/)[0]), 'gather', 'carryTo', 'meanSquare', 'meanSquaredError'];
  const others = ['temporalDifference', 'softmaxCrossEntropy', 'sigmoidCrossEntropy', 'quantileLoss', 'ctc'];
  expect(Object.keys(operations).sort()).toEqual([...new Set([...text, ...others])].sort());
});
