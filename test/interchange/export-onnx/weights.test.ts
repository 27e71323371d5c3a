import { describe, expect, it } from 'vitest';
import type { Model } from '../../../src/model/model.js';
import { sequential } from '../../../src/model/network.js';
import { batchNormalization } from '../../../src/network/layers/batch-normalization.js';
import { conv1d } from '../../../src/network/layers/conv1d.js';
import { dense } from '../../../src/network/layers/dense.js';
import { embedding } from '../../../src/network/layers/embedding.js';
import { gru, lstm } from '../../../src/network/layers/recurrent.js';
import { exported, numbersOf, tensorOf } from './read-onnx.js';

const loss = { loss: 'meanSquaredError' } as const;
const parameter = (model: Model, name: string) => model.parameters.get(name)?.data as Float32Array;

/** Blocks of equal size in another order; null for zeros. */
function blocks(data: Float32Array, count: number, order: readonly (number | null)[]): Float32Array {
  const size = data.length / count;
  const parts = order.map((at) => (at === null ? new Float32Array(size) : data.subarray(at * size, (at + 1) * size)));
  return Float32Array.from(parts.flatMap((part) => [...part]));
}

describe('exported weights', () => {
  it('are those of the model, bit by bit, each once', async () => {
    const layers = [
      embedding({ size: 7, units: 4 }),
      conv1d({ units: 3, kernelSize: 2 }),
      batchNormalization(),
      dense({ units: 2 }),
    ];
    const model = sequential(layers).compileSync({ ...loss, initializer: 'uniform:1' });
    const { graph } = await exported(model);
    const all = new Map<string, { readonly data: Float32Array }>([...model.parameters, ...model.buffers]);
    for (const [name, { data }] of all) expect([...numbersOf(tensorOf(graph, name))]).toEqual([...data]);
    const stored = graph.initializer.filter(({ dataType, name }) => dataType === 1 && !name.startsWith('constant.'));
    expect(stored.map(({ name }) => name).sort()).toEqual([...all.keys()].sort());
  });

  it('of a tied layer are the table of its embedding', async () => {
    const model = sequential([
      embedding({ size: 7, units: 4 }),
      gru({ units: 4 }),
      dense({ units: 7, tied: 'embedding' }),
    ]).compileSync();
    const { graph } = await exported(model);
    const table = graph.node.filter(({ input }) => input.includes('embedding.weight')).map(({ opType }) => opType);
    expect(table).toEqual(['Gather', 'Transpose']);
  });

  it('of an LSTM have the gates in the order i o f c', async () => {
    const model = sequential([lstm({ units: 3, peepholes: true })], { features: 2 }).compileSync({
      ...loss,
      initializer: 'uniform:1',
    });
    const { graph } = await exported(model);
    const order = [0, 3, 1, 2];
    for (const name of ['lstm.weight_ih_l0', 'lstm.weight_hh_l0']) {
      expect(numbersOf(tensorOf(graph, name))).toEqual(blocks(parameter(model, name), 4, order));
    }
    const biases = ['lstm.bias_ih_l0', 'lstm.bias_hh_l0'].flatMap((name) => [
      ...blocks(parameter(model, name), 4, order),
    ]);
    expect([...numbersOf(tensorOf(graph, 'lstm.bias_l0'))]).toEqual(biases);
    const peepholes = blocks(parameter(model, 'lstm.peepholes_l0'), 3, [0, 2, 1]);
    expect(numbersOf(tensorOf(graph, 'lstm.peepholes_l0'))).toEqual(peepholes);
  });

  it('of coupled gates have zeros in place of the forget gate, and those of one bias zeros for the other', async () => {
    const cell = lstm({ units: 3, coupledGates: true, biases: 'one' });
    const model = sequential([cell], { features: 2 }).compileSync({ ...loss, initializer: 'uniform:1' });
    const { graph } = await exported(model);
    const name = 'lstm.weight_hh_l0';
    expect(numbersOf(tensorOf(graph, name))).toEqual(blocks(parameter(model, name), 3, [0, 2, null, 1]));
    const bias = blocks(parameter(model, 'lstm.bias_ih_l0'), 3, [0, 2, null, 1]);
    expect([...numbersOf(tensorOf(graph, 'lstm.bias_l0'))]).toEqual([...bias, ...new Float32Array(12)]);
  });

  it.each([true, false])('of a GRU with resetAfter %s have the gates in the order z r h', async (resetAfter) => {
    const model = sequential([gru({ units: 3, resetAfter })], { features: 2 }).compileSync({
      ...loss,
      initializer: 'uniform:1',
    });
    const { graph } = await exported(model);
    for (const name of ['gru.weight_ih_l0', 'gru.weight_hh_l0']) {
      expect(numbersOf(tensorOf(graph, name))).toEqual(blocks(parameter(model, name), 3, [1, 0, 2]));
    }
  });

  it('are those of the moment between two training steps', async () => {
    const model = sequential([dense({ units: 1 })], { features: 1 }).compileSync(loss);
    const steps = [1, 2, 3].map(() => model.trainStep({ inputs: [[1, 2]], targets: [[3, 4]] }));
    const before = exported(model);
    await Promise.all([...steps, model.trainStep({ inputs: [[1, 2]], targets: [[3, 4]] })]);
    const { graph } = await before;
    expect(numbersOf(tensorOf(graph, 'dense.weight'))).not.toEqual(parameter(model, 'dense.weight'));
  });
});
