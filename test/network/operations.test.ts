import { describe, expect, it } from 'vitest';
import { checkGradients, defineLayer, defineLoss, dense, network, sequential } from '../../src/index.js';
import * as operations from '../../src/network/operations.js';
import {
  carryTo,
  ctc,
  gather,
  huberLoss,
  lastStep,
  meanAbsoluteError,
  meanSquare,
  meanSquaredError,
  quantileLoss,
  repeatOverTime,
  sigmoidCrossEntropy,
  softmaxCrossEntropy,
  temporalDifference,
  type Value,
} from '../../src/network/operations.js';
import { batchSizesOf, randomNumbers } from '../model/small-models.js';
import { COLUMNS, cases, LENGTHS, matrix, ROWS, SEQUENCES, softmaxOf, W, X, x, zip } from './operation-cases.js';

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

  it('is a cross-entropy, an absolute error, a Huber loss, or a quantile loss', () => {
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
    const shifted = rows.map((value, at) => value + (at % 2 === 0 ? 2 : -0.5));
    expect(lossOf((outputs, target) => meanAbsoluteError(outputs, target))(shifted)).toBeCloseTo(1.25, 5);
    // 2 is beyond delta: 1 * (2 - 0.5); 0.5 is not: 0.5^2 / 2.
    expect(lossOf((outputs, target) => huberLoss(outputs, target, 1))(shifted)).toBeCloseTo((1.5 + 0.125) / 2, 5);
    for (const delta of [0, -1, Number.NaN, 1e31]) {
      expect(() => lossOf((outputs, target) => huberLoss(outputs, target, delta))).toThrow(/delta/);
    }
    const quantile = lossOf((outputs, target) => quantileLoss(outputs, target, 0.9));
    expect(quantile(rows.map((value) => value + 2))).toBeCloseTo(1.8, 5);
    expect(() => lossOf((outputs, target) => quantileLoss(outputs, target, 1))).toThrow(/level/);
  });
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
  const others = [
    'temporalDifference',
    'softmaxCrossEntropy',
    'sigmoidCrossEntropy',
    'quantileLoss',
    'meanAbsoluteError',
    'huberLoss',
    'ctc',
  ];
  expect(Object.keys(operations).sort()).toEqual([...new Set([...text, ...others])].sort());
});
