/** Weights of Keras for a network that the user gives: what is for another layer, or of another shape, is refused. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ready } from 'h5wasm';
import { afterAll, describe, expect, it } from 'vitest';
import {
  batchNormalization,
  conv1d,
  dense,
  embedding,
  gru,
  layerNormalization,
  lstm,
  sequential,
} from '../../src/index.js';
import { exportModel } from '../../src/interchange/export-model.js';
import { importModel } from '../../src/interchange/import-model.js';
import type { Network } from '../../src/model/network.js';

const folder = mkdtempSync(path.join(tmpdir(), 'bptt-keras-weights-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The code of the error with which weights of one network are refused for another one; `taken` where they are not. */
async function outcome(from: Network, to: Network, map: Readonly<Record<string, string>>): Promise<string> {
  const file = path.join(folder, 'model.weights.h5');
  const model = from.compileSync({ loss: 'meanSquaredError' });
  await exportModel(model, file, { to: 'keras' });
  model.dispose();
  const [code, back] = await importModel(file, { network: to, map }).then(
    (found) => ['taken', found.model] as const,
    (error: { code: string }) => [error.code, undefined] as const,
  );
  back?.dispose();
  return code;
}

const of = (layer: Parameters<typeof sequential>[0][number], features: number) => sequential([layer], { features });

describe('weights for a given network', () => {
  it.each<[string, Network, Network, Record<string, string>, string]>([
    [
      'a dense layer of exchanged sizes',
      of(dense({ units: 4, bias: false }), 3),
      of(dense({ units: 3, bias: false }), 4),
      { 'layers/dense': 'dense' },
      'tensor_mismatch',
    ],
    [
      'a dense layer with as many numbers',
      of(dense({ units: 4, bias: false }), 3),
      of(dense({ units: 6, bias: false }), 2),
      { 'layers/dense': 'dense' },
      'tensor_mismatch',
    ],
    [
      'a convolution of exchanged sizes',
      of(conv1d({ units: 4, kernelSize: 3 }), 2),
      of(conv1d({ units: 4, kernelSize: 2 }), 3),
      { 'layers/conv1d': 'conv1d' },
      'tensor_mismatch',
    ],
    [
      'a table of exchanged sizes',
      sequential([embedding({ size: 6, units: 4 })]),
      sequential([embedding({ size: 4, units: 6 })]),
      { 'layers/embedding': 'embedding' },
      'tensor_mismatch',
    ],
    [
      'both directions for one',
      of(lstm({ units: 4, direction: 'bidirectional' }), 4),
      of(lstm({ units: 4 }), 4),
      { 'layers/bidirectional': 'lstm' },
      'ambiguous_network',
    ],
    [
      'one direction for both',
      of(lstm({ units: 4 }), 4),
      of(lstm({ units: 4, direction: 'bidirectional' }), 4),
      { 'layers/lstm': 'lstm' },
      'ambiguous_network',
    ],
    [
      'two layers for one',
      sequential([dense({ units: 4, bias: false }), dense({ units: 4 })], { features: 4 }),
      of(dense({ units: 4 }), 4),
      { layers: 'dense' },
      'ambiguous_network',
    ],
    [
      'statistics for a normalisation with gains',
      of(batchNormalization({ affine: false }), 4),
      of(batchNormalization(), 4),
      { 'layers/batch_normalization': 'batchNormalization' },
      'missing_tensor',
    ],
    [
      'a GRU for an LSTM with as many numbers',
      of(gru({ units: 4, biases: 'none' }), 4),
      of(lstm({ units: 3, biases: 'none' }), 4),
      { 'layers/gru': 'lstm' },
      'tensor_mismatch',
    ],
    [
      'the same layer',
      of(layerNormalization(), 4),
      of(layerNormalization(), 4),
      { 'layers/layer_normalization': 'layerNormalization' },
      'taken',
    ],
  ])('of %s end as they should', async (_, from, to, map, code) => {
    expect(await outcome(from, to, map)).toBe(code);
  });

  it('of a Bidirectional belong to the directions of its layers, whatever its own name is', async () => {
    // The layout of Keras 2, with the name that `Bidirectional(LSTM(1), name='forward_x')` gives its variables.
    const { FS } = await ready;
    const { File } = await import('h5wasm');
    const file = new File('/directions.h5', 'w');
    const groups = ['forward_x', 'forward_x/forward_x'];
    const directions = ['forward', 'backward'].map((each) => `forward_x/forward_x/${each}_lstm`);
    for (const group of [...groups, ...directions, ...directions.map((each) => `${each}/lstm_cell`)]) {
      file.create_group(group);
    }
    for (const [at, direction] of directions.entries()) {
      const shapes = { kernel: [1, 4], recurrent_kernel: [1, 4], bias: [4] };
      for (const [place, [role, shape]] of Object.entries(shapes).entries()) {
        const data = new Float32Array(4).fill(10 * at + place);
        file.create_dataset({ name: `${direction}/lstm_cell/${role}:0`, data, shape, dtype: '<f' });
      }
    }
    file.close();
    const target = path.join(folder, 'directions.h5');
    writeFileSync(target, FS.readFile('/directions.h5') as Uint8Array);
    const network = of(lstm({ units: 1, biases: 'one', direction: 'bidirectional' }), 1);
    const { model } = await importModel(target, { network, map: { forward_x: 'lstm' } });
    const numbers = [...model.parameters].map(([name, { data }]) => [name, [...new Set(data)]]);
    expect(Object.fromEntries(numbers)).toEqual({
      'lstm.weight_ih_l0': [0],
      'lstm.weight_hh_l0': [1],
      'lstm.bias_ih_l0': [2],
      'lstm.weight_ih_l0_reverse': [10],
      'lstm.weight_hh_l0_reverse': [11],
      'lstm.bias_ih_l0_reverse': [12],
    });
    model.dispose();
  });
});
