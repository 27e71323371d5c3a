import { describe, expect, it } from 'vitest';
import { type AnyLayer, checkGradients, defineLayer, layerNormalization, option, sequential } from '../../src/index.js';
import {
  add,
  divide,
  meanOverColumns,
  meanOverRows,
  multiply,
  power,
  sqrt,
  subtract,
  type Value,
} from '../../src/network/operations.js';
import { batchSizesOf, randomNumbers } from '../model/small-models.js';

const FEATURES = 19;
const batch = {
  batchSizes: batchSizesOf([5, 3, 3]),
  inputs: { input: randomNumbers(11 * FEATURES, 3) },
  targets: { target: randomNumbers(11 * FEATURES, 4) },
};
const epsilon = option.number({ exclusiveMin: 0, default: 1e-5 });

const variance = (centred: Value) => meanOverColumns(power(centred, 2));

/** Layer normalisation as its equations say. Source: Ba, Kiros, Hinton 2016. */
const byHand = defineLayer({
  name: 'byHand',
  options: { epsilon },
  build([x], { options, parameter }) {
    const centred = subtract(x, meanOverColumns(x));
    const normal = divide(centred, sqrt(add(variance(centred), options.epsilon)));
    return add(
      multiply(normal, parameter('gain', [x.columns], { initializer: 1 })),
      parameter('shift', [x.columns], { initializer: 0 }),
    );
  },
});

/** Root mean square normalisation. Source: Zhang & Sennrich 2019. */
const rmsNormalization = defineLayer({
  name: 'rmsNormalization',
  options: { epsilon },
  build([x], { options, parameter }) {
    const scale = power(add(variance(x), options.epsilon), -0.5);
    return multiply(multiply(x, scale), parameter('gain', [x.columns], { initializer: 1 }));
  },
});

/** Subtracts the mean of all rows, of which those of later steps are some. */
const overRows = defineLayer({ name: 'overRows', build: ([x]) => subtract(x, meanOverRows(x)) });

const settings = { loss: 'meanSquaredError', threads: 1 } as const;

describe('a normalisation written with the operations', () => {
  it('is the layer normalisation of the library, in its outputs, its gradients and after training', () => {
    const modelOf = (layer: AnyLayer) => sequential([layer], { features: FEATURES }).compileSync(settings);
    const [own, known] = [modelOf(byHand()), modelOf(layerNormalization())];
    const expected = [...known.predictPackedSync(batch)];
    expect([...own.predictPackedSync(batch)]).toEqual(expected.map((value) => expect.closeTo(value, 5)));
    expect(checkGradients(own, batch).failures).toEqual([]);
    for (let step = 0; step < 5; step++) {
      expect(own.trainStepSync(batch).loss).toBeCloseTo(known.trainStepSync(batch).loss, 5);
    }
    const values = (model: typeof own) => [...model.parameters.values()].flatMap(({ data }) => [...data]);
    expect(values(own)).toEqual(values(known).map((value) => expect.closeTo(value, 5)));
  });

  it('cannot be read step by step where it is made of all rows', () => {
    const model = sequential([overRows()], { features: FEATURES }).compileSync(settings);
    expect(model.streamObstacle?.layer).toBe('overRows');
    expect(() => model.stream()).toThrow(expect.objectContaining({ code: 'not_streamable' }));
    expect(checkGradients(model, batch).failures).toEqual([]);
  });

  it('is the normalisation by the root of the mean square', () => {
    const model = sequential([rmsNormalization()], { features: FEATURES }).compileSync(settings);
    const { input } = batch.inputs;
    const expected = [...input].map((value, at) => {
      const begin = at - (at % FEATURES);
      const squares = input.subarray(begin, begin + FEATURES).reduce((sum, each) => sum + each * each, 0);
      return value / Math.sqrt(squares / FEATURES + 1e-5);
    });
    expect([...model.predictPackedSync(batch)]).toEqual(expected.map((value) => expect.closeTo(value, 5)));
    expect(checkGradients(model, batch).failures).toEqual([]);
    const stream = model.stream();
    const [first] = stream.step(input.subarray(0, FEATURES));
    expect(first).toBeCloseTo(expected[0] as number, 5);
  });
});
