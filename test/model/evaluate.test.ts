import { describe, expect, it } from 'vitest';
import {
  type Batch,
  dense,
  type LossDescription,
  lstm,
  type Metric,
  type MetricSequence,
  network,
  packSequences,
  pool,
  sequential,
} from '../../src/index.js';
import { imageOf, randomNumbers } from './small-models.js';

const FEATURES = 3;
const LENGTHS = [2, 4, 1, 3, 5, 2, 1];
const inputs = LENGTHS.map((length, at) => randomNumbers(length * FEATURES, at));
const numbers = LENGTHS.map((length, at) => randomNumbers(length * FEATURES, 20 + at));
const weights = LENGTHS.map((length, at) => Float32Array.from({ length }, (_, step) => (at + step) % 3));
const ids = LENGTHS.map((length, at) => Int32Array.from({ length }, (_, step) => ((at + 2 * step) % 4) - 1));

const described = () => sequential([lstm({ units: 4 }), dense({ units: FEATURES })], { features: FEATURES });
const modelOf = (loss: LossDescription) => described().compileSync({ loss, threads: 1, seed: 4 });

describe('an evaluation of many plain sequences', () => {
  it.each<[string, LossDescription, object]>([
    ['classes, some ignored', 'softmaxCrossEntropy', { targets: ids }],
    [
      'classes with weights',
      { kind: 'softmaxCrossEntropy', weights: 'step', classWeights: [1, 2, 0.5] },
      { targets: ids, weights },
    ],
    ['numbers', 'meanSquaredError', { targets: numbers }],
    ['numbers with weights', { kind: 'meanSquaredError', weights: 'step' }, { targets: numbers, weights }],
    [
      'weights of sequences',
      { kind: 'quantile', levels: [0.4], weights: 'sequence' },
      { targets: numbers, weights: [1, 0, 2, 1, 0, 0, 3] },
    ],
    ['ctc, per label', { kind: 'ctc', zeroInfinity: true }, { targets: LENGTHS.map(() => [1]) }],
    ['ctc, per frame', { kind: 'ctc', reduction: 'perFrame' }, { targets: LENGTHS.map(() => [2]) }],
    ['ctc, the sum', { kind: 'ctc', reduction: 'sum' }, { targets: LENGTHS.map(() => [2]) }],
  ])('in batches has the loss of all together: %s', async (_, loss, given) => {
    const model = modelOf(loss);
    const examples = { inputs, ...given } as never;
    const whole = model.evaluateSync(examples);
    for (const batch of [1, 2, 3, 6]) {
      const parts = model.evaluateSync(examples, { batch });
      expect(parts.loss).toBeCloseTo(whole.loss, 5);
      expect(parts.steps).toBe(whole.steps);
      expect(parts.targets).toBe(whole.targets);
      if (whole.weight === undefined) expect(parts.weight).toBeUndefined();
      else expect(parts.weight).toBeCloseTo(whole.weight, 4);
      expect(await model.evaluate(examples, { batch })).toEqual(parts);
    }
    expect(model.evaluateSync(examples, { batch: LENGTHS.length })).toEqual(whole);
  });

  it('adds up the losses of several outputs, each by what it was divided by', () => {
    const { description } = described();
    const nodes = [...description.nodes, { name: 'other', layer: dense({ units: FEATURES }), inputs: ['lstm'] }];
    const model = network({ inputs: description.inputs, nodes, outputs: { a: 'dense', b: 'other' } }).compileSync({
      losses: { a: 'softmaxCrossEntropy', b: { kind: 'meanSquaredError', weights: 'step' } },
      lossWeights: { b: 0.25 },
      threads: 1,
    });
    const examples = { inputs, targets: { a: ids, b: numbers }, weights: { b: weights } };
    const whole = model.evaluateSync(examples);
    const parts = model.evaluateSync(examples, { batch: 2 });
    expect(parts.loss).toBeCloseTo(whole.loss, 5);
    for (const name of ['a', 'b']) expect(parts.losses?.[name]).toBeCloseTo(whole.losses?.[name] as number, 5);
  });

  it('refuses a batch that is none, and no sequences at all', () => {
    const model = modelOf('meanSquaredError');
    expect(() => model.evaluateSync({ inputs, targets: numbers }, { batch: 0 })).toThrow(/'batch'/);
    expect(() => model.evaluateSync({ inputs: [], targets: [] })).toThrow(
      expect.objectContaining({ code: 'empty_data' }),
    );
  });

  it('computes all of them at once with a state', () => {
    const model = modelOf('meanSquaredError');
    const state = model.newState(LENGTHS.length);
    const whole = model.evaluateSync({ inputs, targets: numbers });
    expect(model.evaluateSync({ inputs, targets: numbers }, { batch: 2, state })).toEqual(whole);
    expect([...state.values.values()].some((values) => values.some((value) => value !== 0))).toBe(true);
  });
});

/** Keeps what it sees. */
const seeing = (seen: MetricSequence[], more: Partial<Metric<MetricSequence[]>> = {}): Metric<MetricSequence[]> => ({
  name: 'seen',
  begin: () => seen,
  update: (state, sequence) => void state.push(sequence),
  result: (state) => state.length,
  ...more,
});

const squaredError: Metric<{ sum: number; weight: number }> = {
  name: 'squaredError',
  better: 'lower',
  begin: () => ({ sum: 0, weight: 0 }),
  update(sums, { prediction, columns, target, weights: counted }) {
    for (let row = 0; row < prediction.length / columns; row++) {
      const weight = counted?.[row] ?? 1;
      let squares = 0;
      for (let at = row * columns; at < (row + 1) * columns; at++) {
        squares += ((prediction[at] as number) - (target[at] as number)) ** 2;
      }
      sums.sum += (weight * squares) / columns;
      sums.weight += weight;
    }
  },
  result: ({ sum, weight }) => sum / weight,
};

describe('a metric of one’s own', () => {
  it.each([2, 64])('sees predictions, targets and weights in the order of the sequences, %i at once', async (batch) => {
    const model = modelOf({ kind: 'meanSquaredError', weights: 'step' });
    const predicted = await model.predict(inputs);
    const seen: MetricSequence[] = [];
    const examples = { inputs, targets: numbers, weights };
    const { metrics, loss } = await model.evaluate(examples, { batch, metrics: [seeing(seen), squaredError] });
    expect(metrics?.['seen']).toBe(LENGTHS.length);
    expect(metrics?.['squaredError']).toBeCloseTo(loss, 5);
    const expected = LENGTHS.map((_, at) => ({
      prediction: predicted[at],
      columns: FEATURES,
      target: numbers[at],
      weights: weights[at],
    }));
    expect(seen).toEqual(expected);
    expect(model.evaluateSync(examples, { batch, metrics: [squaredError] }).metrics).toEqual({
      squaredError: metrics?.['squaredError'],
    });
  });

  it('changes no other result', () => {
    const model = modelOf('softmaxCrossEntropy');
    const { metrics, ...rest } = model.evaluateSync({ inputs, targets: ids }, { metrics: [seeing([])] });
    expect(rest).toEqual(model.evaluateSync({ inputs, targets: ids }));
    expect(metrics).toEqual({ seen: LENGTHS.length });
    expect(model.evaluateSync({ inputs, targets: ids }, { metrics: [] }).metrics).toEqual({});
  });

  it('sees a packed batch in the order in which it was packed, weights of sequences as one number', () => {
    const model = modelOf({ kind: 'meanSquaredError', weights: 'sequence' });
    const counts = Float32Array.from(LENGTHS.keys());
    const options = { features: FEATURES, targets: numbers, targetFeatures: FEATURES, weights: counts };
    const seen: MetricSequence[] = [];
    model.evaluateSync(packSequences(inputs, options) as Batch, { metrics: [seeing(seen)] });
    expect(seen.map(({ weights: own }) => [...(own ?? [])])).toEqual(LENGTHS.map((_, at) => [at]));
    expect(seen.map(({ target }) => target)).toEqual(numbers);
  });

  it('sees one row and one id for each sequence where the output is per sequence', () => {
    const model = sequential([pool({ over: 'mean' }), dense({ units: 2 })], { features: FEATURES }).compileSync();
    const seen: MetricSequence[] = [];
    const targets = LENGTHS.map((_, at) => at % 2);
    model.evaluateSync({ inputs, targets }, { metrics: [seeing(seen)] });
    expect(seen.map(({ target }) => [...target])).toEqual(targets.map((id) => [id]));
    expect(seen.every(({ prediction, columns }) => prediction.length === 2 && columns === 2)).toBe(true);
  });

  it('sees the labels of a CTC loss without what stands behind them', () => {
    const model = modelOf({ kind: 'ctc' });
    const seen: MetricSequence[] = [];
    const targets = LENGTHS.map((length) => (length > 2 ? [1, 2] : length > 1 ? [2] : []));
    model.evaluateSync({ inputs, targets }, { metrics: [seeing(seen)] });
    expect(seen.map(({ target }) => [...target])).toEqual(targets);
    expect(seen.map(({ prediction }) => prediction.length / FEATURES)).toEqual(LENGTHS);
  });

  it('is of one output, which it names where there are several', () => {
    const { description } = described();
    const nodes = [...description.nodes, { name: 'other', layer: dense({ units: 1 }), inputs: ['lstm'] }];
    const model = network({ inputs: description.inputs, nodes, outputs: { a: 'dense', b: 'other' } }).compileSync({
      losses: { a: 'softmaxCrossEntropy' },
      threads: 1,
    });
    const seen: MetricSequence[] = [];
    const evaluate = (metric: Metric<never>) => model.evaluateSync({ inputs, targets: ids }, { metrics: [metric] });
    expect(evaluate(seeing(seen, { output: 'a' }) as never).metrics).toEqual({ seen: LENGTHS.length });
    expect(evaluate(seeing([]) as never).metrics).toEqual({ seen: LENGTHS.length });
    expect(() => evaluate(seeing([], { output: 'b' }) as never)).toThrow(/is of the output 'b'/);
    const both = network({ inputs: description.inputs, nodes, outputs: { a: 'dense', b: 'other' } }).compileSync({
      losses: { a: 'softmaxCrossEntropy', b: 'meanSquaredError' },
      threads: 1,
    });
    expect(() => both.checkMetrics([seeing([])])).toThrow(/must name its output/);
  });

  it('is refused when it is none', () => {
    const model = modelOf('softmaxCrossEntropy');
    const refuse = (metrics: unknown, code: string, text: RegExp) =>
      expect(() => model.evaluateSync({ inputs, targets: ids }, { metrics: metrics as never })).toThrow(
        expect.objectContaining({ code, message: expect.stringMatching(text) }),
      );
    refuse(seeing([]), 'invalid_option', /must be a list of metrics/);
    refuse([() => 1], 'invalid_option', /metrics\[0\]/);
    refuse([{ ...seeing([]), compute: () => 1 }], 'unknown_option', /compute/);
    refuse([{ ...seeing([]), update: undefined }], 'invalid_option', /metrics\[0\]\.update/);
    refuse([{ ...seeing([]), name: '' }], 'invalid_option', /metrics\[0\]\.name/);
    refuse([{ ...seeing([]), name: 'loss' }], 'invalid_option', /not 'loss'/);
    refuse([seeing([]), seeing([])], 'invalid_option', /metrics\[1\]\.name/);
    refuse([{ ...seeing([]), better: 'more' }], 'invalid_option', /metrics\[0\]\.better/);
  });

  it('that throws, or gives no number, leaves the model and the state as they were', async () => {
    const model = modelOf('softmaxCrossEntropy');
    const state = model.newState(LENGTHS.length);
    const before = imageOf(model, state);
    const fail = seeing([], {
      update: () => {
        throw new Error('of my own');
      },
    });
    await expect(model.evaluate({ inputs, targets: ids }, { state, metrics: [fail] })).rejects.toThrow('of my own');
    for (const result of [() => Number.NaN, () => undefined as never]) {
      const metrics = [seeing([], { result })];
      expect(() => model.evaluateSync({ inputs, targets: ids }, { state, metrics })).toThrow(
        expect.objectContaining({ name: 'NumericError', code: 'non_finite_metric' }),
      );
    }
    expect(imageOf(model, state)).toEqual(before);
  });
});
