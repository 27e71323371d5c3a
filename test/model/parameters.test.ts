import { describe, expect, it } from 'vitest';
import type { Model } from '../../src/model/model.js';
import { sequential } from '../../src/model/network.js';
import { dense } from '../../src/network/layers/dense.js';
import { embedding } from '../../src/network/layers/embedding.js';
import { gru, lstm, rnn } from '../../src/network/layers/recurrent.js';
import {
  adam,
  adamW,
  momentum,
  type OptimizerDescription,
  rmsprop,
  sgd,
} from '../../src/network/optimizers/optimizer.js';
import { bitsOf, characterModel, randomBatch, SYMBOLS } from './small-models.js';

const shapesOf = (model: Model) => Object.fromEntries([...model.parameters].map(([name, { shape }]) => [name, shape]));
const dataOf = (model: Model, name: string) => model.parameters.get(name)?.data as Float32Array;

describe('the parameters of a model', () => {
  it('are named and shaped as in a PyTorch state dict', () => {
    expect(shapesOf(characterModel({ cell: 'lstm', units: 9, layers: 2 }))).toEqual({
      'embedding.weight': [SYMBOLS, 5],
      'lstm.weight_ih_l0': [36, 5],
      'lstm.weight_hh_l0': [36, 9],
      'lstm.bias_ih_l0': [36],
      'lstm.bias_hh_l0': [36],
      'lstm.weight_ih_l1': [36, 9],
      'lstm.weight_hh_l1': [36, 9],
      'lstm.bias_ih_l1': [36],
      'lstm.bias_hh_l1': [36],
      'dense.weight': [SYMBOLS, 9],
      'dense.bias': [SYMBOLS],
    });
  });

  it.each([
    ['rnn', 1],
    ['gru', 3],
    ['lstm', 4],
  ] as const)('stack the gates of an %s in %d blocks of rows', (cell, gates) => {
    const shapes = shapesOf(characterModel({ cell, units: 6 }));
    expect(shapes[`${cell}.weight_ih_l0`]).toEqual([6 * gates, 5]);
    expect(shapes[`${cell}.bias_hh_l0`]).toEqual([6 * gates]);
  });

  it('number layers of one kind from the second on', () => {
    const model = sequential([dense({ units: 4 }), rnn({ units: 3 }), dense({ units: 2, bias: false })], {
      features: 5,
    }).compileSync({ loss: 'meanSquaredError' });
    expect(model.parameters.has('dense.bias')).toBe(true);
    expect(shapesOf(model)['dense_1.weight']).toEqual([2, 3]);
    expect(model.parameters.has('dense_1.bias')).toBe(false);
  });

  it('are counted without the padding between them', () => {
    const model = characterModel({ cell: 'rnn', units: 3 });
    expect(model.parameterCount).toBe(11 * 5 + 3 * 5 + 3 * 3 + 3 + 3 + 11 * 3 + 11);
  });

  it('are aligned views that do not overlap, with a gradient of their own', () => {
    const views = [...characterModel().parameters.values()].flatMap(({ data, gradient }) => [data, gradient]);
    for (const [index, view] of views.entries()) view.fill(index + 1);
    for (const [index, view] of views.entries()) expect(new Set(view)).toEqual(new Set([index + 1]));
    const [first] = views as [Float32Array, ...Float32Array[]];
    const inOneBlock = views.filter(({ buffer }) => buffer === first.buffer);
    expect(inOneBlock).toHaveLength(views.length / 2);
    for (const { byteOffset } of inOneBlock) expect((byteOffset - first.byteOffset) % 64).toBe(0);
  });

  it('are the memory that training works on, not copies', async () => {
    const model = characterModel();
    const { data, gradient } = model.parameters.get('dense.weight') as { data: Float32Array; gradient: Float32Array };
    const before = data.slice();
    await model.trainStep(randomBatch([4, 2]));
    expect(data).not.toEqual(before);
    expect(gradient.some((value) => value !== 0)).toBe(true);
    expect(model.parameters.get('dense.weight')?.data).toBe(data);
  });

  it('stay as they are in evaluation and prediction', async () => {
    const model = characterModel();
    const before = bitsOf(dataOf(model, 'lstm.weight_hh_l0'));
    await model.evaluate(randomBatch([3]));
    await model.predictPacked(randomBatch([3]));
    expect(bitsOf(dataOf(model, 'lstm.weight_hh_l0'))).toBe(before);
    expect(model.step).toBe(0);
  });
});

describe('the first values of parameters', () => {
  it('are the same for the same seed and differ for another', () => {
    const valuesOf = (seed: number) => {
      const { parameters } = characterModel({}, { seed, initializer: 'pytorch' });
      return new Map([...parameters].map(([name, { data }]) => [name, bitsOf(data)]));
    };
    expect(valuesOf(3)).toEqual(valuesOf(3));
    const others = valuesOf(4);
    for (const [name, bits] of valuesOf(3)) expect(others.get(name), name).not.toBe(bits);
  });

  it('do not depend on layers that stand before or behind', () => {
    const layers = [embedding({ size: 7, units: 4 }), lstm({ units: 4 }), dense({ units: 3 })];
    const plain = sequential(layers).compileSync();
    const longer = sequential([
      layers[0] as never,
      gru({ units: 4 }),
      ...layers.slice(1),
      rnn({ units: 2 }),
    ]).compileSync();
    for (const name of ['embedding.weight', 'lstm.weight_ih_l0', 'lstm.weight_hh_l0', 'dense.weight']) {
      expect(dataOf(longer, name), name).toEqual(dataOf(plain, name));
    }
  });

  it('differ between layers of the same size', () => {
    const model = characterModel({ layers: 2, units: 9 });
    expect(dataOf(model, 'lstm.weight_hh_l1')).not.toEqual(dataOf(model, 'lstm.weight_hh_l0'));
  });

  it('follow the initializer of the layer, else that of the model', () => {
    const model = sequential([
      embedding({ size: 7, units: 4, initializer: 'normal:0' }),
      lstm({ units: 4 }),
      dense({ units: 3, initializer: 'uniform:0' }),
    ]).compileSync({ initializer: 'uniform:0.01' });
    expect(new Set(dataOf(model, 'embedding.weight'))).toEqual(new Set([0]));
    expect(new Set(dataOf(model, 'dense.weight').map(Math.abs))).toEqual(new Set([0]));
    const recurrent = dataOf(model, 'lstm.weight_hh_l0');
    expect(Math.max(...recurrent.map(Math.abs))).toBeLessThanOrEqual(0.01);
    expect(new Set(recurrent).size).toBeGreaterThan(recurrent.length / 2);
  });
});

describe('what the optimizer keeps', () => {
  const slotsOf = (optimizer: OptimizerDescription) => {
    const model = characterModel({}, { optimizer });
    expect(model.optimizerState.size % model.parameters.size).toBe(0);
    return [...new Set([...model.optimizerState.keys()].map((name) => name.split('/')[0]))];
  };

  it('is named SLOT/PARAMETER and zero at first', () => {
    const model = characterModel({}, { optimizer: adam() });
    const state = model.optimizerState.get('meanSquare/lstm.weight_hh_l0') as Float32Array;
    expect(state).toEqual(new Float32Array(36 * 9));
    model.trainStepSync(randomBatch([4]));
    expect(state.some((value) => value > 0)).toBe(true);
  });

  it('is what each optimizer needs and no more', () => {
    expect(slotsOf(sgd({ learningRate: 0.1 }))).toEqual([]);
    expect(slotsOf(momentum({ learningRate: 0.1 }))).toEqual(['momentum']);
    expect(slotsOf(adam())).toEqual(['mean', 'meanSquare']);
    expect(slotsOf(adamW())).toEqual(['mean', 'meanSquare']);
    expect(slotsOf(rmsprop())).toEqual(['meanSquare']);
    expect(slotsOf(rmsprop({ momentum: 0.5 }))).toEqual(['meanSquare', 'momentum']);
  });
});

describe('a parameter that is written from outside', () => {
  it('is used by the next prediction once the model is told', () => {
    const model = characterModel();
    const batch = randomBatch([3, 1]);
    const before = model.predictPackedSync(batch);
    dataOf(model, 'dense.bias').fill(0);
    dataOf(model, 'dense.weight').fill(0);
    model.parametersChanged();
    expect(before.some((value) => value !== 0)).toBe(true);
    expect(model.predictPackedSync(batch)).toEqual(new Float32Array(before.length));
  });

  it('is used even when it was written while a prediction was under way', async () => {
    const model = characterModel();
    const batch = randomBatch([3, 1]);
    model.predictPackedSync(batch);
    model.parametersChanged(); // so that the next run packs its weights
    const running = model.predictPacked(batch);
    await Promise.resolve();
    await Promise.resolve();
    dataOf(model, 'dense.bias').fill(0);
    dataOf(model, 'dense.weight').fill(0);
    model.parametersChanged();
    await running;
    expect(model.predictPackedSync(batch)).toEqual(new Float32Array(4 * SYMBOLS));
  });
});
