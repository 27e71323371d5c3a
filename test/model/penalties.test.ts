import { describe, expect, it } from 'vitest';
import { type AnyLayer, dense, lstm, type Model, penalty, pool, ShapeError, sequential, sgd } from '../../src/index.js';
import { imageOf, randomNumbers } from './small-models.js';

const FEATURES = 3;
const ALPHA = 0.3;

const batch = {
  batchSizes: Int32Array.of(3, 2, 2, 1),
  inputs: { input: randomNumbers(8 * FEATURES) },
  targets: { target: randomNumbers(8 * 2, 2) },
};

function modelOf(middle: readonly AnyLayer[]): Model {
  const layers = [lstm({ units: 5 }), ...middle, dense({ units: 2 })];
  return sequential(layers, { features: FEATURES }).compileSync({
    loss: 'meanSquaredError',
    optimizer: sgd({ learningRate: 0.1 }),
    threads: 1,
  });
}

/** The gradient of a training step that changes nothing. */
function gradientOf(model: Model): Map<string, Float32Array> {
  model.trainStepSync(batch, { learningRate: 0 });
  return new Map([...model.parameters].map(([name, { gradient }]) => [name, gradient.slice()]));
}

/** Mean square of the outputs of the recurrent layer. */
function meanSquareOf(model: Model): number {
  const layer = sequential([lstm({ units: 5 })], { features: FEATURES }).compileSync({ threads: 1 });
  for (const [name, { data }] of layer.parameters) data.set(model.parameters.get(name)?.data as Float32Array);
  layer.parametersChanged();
  const outputs = layer.predictPackedSync(batch);
  return outputs.reduce((sum, value) => sum + value * value, 0) / outputs.length;
}

describe('a penalty on changes in time', () => {
  it.each([
    ['pooling', [lstm({ units: 5 }), pool({ over: 'max' })]],
    ['a layer that gives its last step', [lstm({ units: 5, output: 'last' })]],
  ] as const)('is refused behind %s before anything is trained, naming the layer', (_, layers) => {
    const compile = (options: Parameters<typeof penalty>[0]) =>
      sequential([...layers, penalty(options)], { features: FEATURES }).compileSync();
    expect(() => compile({ temporal: 1 })).toThrow(ShapeError);
    expect(() => compile({ temporal: 1 })).toThrow(
      "penalty with option 'temporal' has an input of batch(time) rows, expected steps(time)",
    );
    expect(compile({ activation: 1 }).outputPer).toBe('sequence');
  });
});

describe('a penalty of a layer', () => {
  const plain = () => modelOf([]);
  const penalized = () => modelOf([penalty({ activation: ALPHA })]);

  it('is no part of the loss that is reported', () => {
    expect(penalized().evaluateSync(batch)).toEqual(plain().evaluateSync(batch));
    expect(penalized().trainStepSync(batch).loss).toBe(plain().trainStepSync(batch).loss);
    expect(penalized().predictPackedSync(batch)).toEqual(plain().predictPackedSync(batch));
  });

  it('adds its gradient, weighted, to that of the loss', () => {
    const model = penalized();
    const [withPenalty, without] = [gradientOf(model), gradientOf(plain())];
    expect(withPenalty.get('dense.weight')).toEqual(without.get('dense.weight'));
    const width = 1e-2;
    for (const name of ['lstm.weight_ih_l0', 'lstm.weight_hh_l0', 'lstm.bias_hh_l0']) {
      const { data } = model.parameters.get(name) ?? { data: new Float32Array() };
      for (let index = 0; index < data.length; index += 7) {
        const value = data[index] as number;
        const at = (moved: number) => {
          data[index] = moved;
          return meanSquareOf(model);
        };
        const slope = (at(value + width) - at(value - width)) / (2 * width);
        data[index] = value;
        const added = (withPenalty.get(name)?.[index] as number) - (without.get(name)?.[index] as number);
        expect(Math.abs(added - ALPHA * slope), `${name} ${index}`).toBeLessThan(2e-5);
      }
    }
    const added = withPenalty.get('lstm.weight_ih_l0')?.map((value, index) => {
      return value - (without.get('lstm.weight_ih_l0')?.[index] as number);
    });
    expect(Math.hypot(...(added as Float32Array))).toBeGreaterThan(1e-3);
  });

  it('grows with its weight, adds up, and is nothing at a weight of 0', () => {
    const base = gradientOf(plain());
    const addedBy = (middle: readonly AnyLayer[]) => {
      const gradient = gradientOf(modelOf(middle)).get('lstm.weight_hh_l0') as Float32Array;
      return gradient.map((value, index) => value - (base.get('lstm.weight_hh_l0')?.[index] as number));
    };
    const once = addedBy([penalty({ activation: ALPHA })]);
    const near = (factor: number) => [...once].map((value) => expect.closeTo(factor * value, 6));
    expect([...addedBy([penalty({ activation: 2 * ALPHA })])]).toEqual(near(2));
    expect([...addedBy([penalty({ activation: ALPHA }), penalty({ activation: ALPHA })])]).toEqual(near(2));
    expect([...addedBy([penalty({ activation: 0 })])]).toEqual(near(0));
  });

  it('leaves a network without one as it is, bit for bit', () => {
    const [a, b] = [plain(), modelOf([penalty({ activation: 0 })])];
    for (let step = 0; step < 3; step++) expect(a.trainStepSync(batch)).toEqual(b.trainStepSync(batch));
    expect(imageOf(a)).toEqual(imageOf(b));
  });
});
