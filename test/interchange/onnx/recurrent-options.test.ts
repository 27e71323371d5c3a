/** `clip` and activations with numbers: against ONNX Runtime forward and PyTorch backward (golden/make_recurrent_options.py). */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { importModel } from '../../../src/entries/interchange.js';
import { rnn, sequential } from '../../../src/index.js';
import type { LayerDescription } from '../../../src/network/layers/layer.js';
import { layerFromJSON } from '../../../src/network/layers/layers.js';
import type { RecurrentDescription } from '../../../src/network/layers/recurrent.js';

interface Case {
  readonly kind: 'rnn' | 'lstm' | 'gru';
  readonly options: Readonly<Record<string, unknown>>;
  readonly model: string;
  readonly weights: Readonly<Record<string, readonly number[]>>;
  readonly input: readonly number[];
  readonly target: readonly number[];
  readonly output: readonly number[];
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}

const file = new URL('golden/recurrent_options.json', import.meta.url);
const { inputs, steps, batch, cases } = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly inputs: number;
  readonly steps: number;
  readonly batch: number;
  readonly cases: readonly Case[];
};
const batchSizes = new Int32Array(steps).fill(batch);
const named = cases.map((each) => [`${each.kind} ${JSON.stringify(each.options)}`, each] as const);

const directory = mkdtempSync(join(tmpdir(), 'bptt-recurrent-options-'));
afterAll(() => rmSync(directory, { recursive: true }));

function expectNear(found: ArrayLike<number>, expected: readonly number[], tolerance: number, what: string): void {
  expect(found.length, what).toBe(expected.length);
  const size = Math.max(1, ...expected.map(Math.abs));
  const distance = expected.map((value, at) => Math.abs(value - (found[at] as number)) / size);
  expect(Math.max(...distance), what).toBeLessThan(tolerance);
}

function modelOf({ kind, options, weights }: Case, threads: number) {
  const layer = layerFromJSON({ kind, ...options } as LayerDescription) as RecurrentDescription;
  const model = sequential([layer], { features: inputs }).compileSync({ loss: 'meanSquaredError', threads });
  const suffix = `_l0${options['direction'] === 'reverse' ? '_reverse' : ''}`;
  const nameOf = (name: string) => `${kind}.${name}${suffix}`;
  for (const [name, values] of Object.entries(weights)) {
    const { coupledGates } = options;
    const numbers = name === 'peepholes' && coupledGates === true ? [values[0], values[2]].flat() : values;
    model.parameters.get(nameOf(name))?.data.set(numbers as number[]);
  }
  return { model, nameOf };
}

describe('a recurrent layer with limited arguments and activations with numbers', () => {
  it.each(named)('has the outputs of ONNX Runtime and the gradients of PyTorch: %s', (_, each) => {
    for (const threads of [1, 2]) {
      const { model, nameOf } = modelOf(each, threads);
      const input = Float32Array.from(each.input);
      const outputs = model.predictPackedSync({ batchSizes, inputs: { input } });
      expectNear(outputs, each.output, 2e-6, 'output');
      const targets = { target: Float32Array.from(each.target) };
      model.trainStepSync({ batchSizes, inputs: { input }, targets }, { learningRate: 0 });
      for (const [name, expected] of Object.entries(each.gradients)) {
        const gradient = model.parameters.get(nameOf(name))?.gradient as ArrayLike<number>;
        expectNear(gradient, expected, 2e-6, name);
      }
      model.dispose();
    }
  });

  it.each(named)('is what its ONNX file is read as: %s', async (_, each) => {
    const path = join(directory, 'model.onnx');
    writeFileSync(path, Buffer.from(each.model, 'base64'));
    const { model } = await importModel(path);
    const outputs = model.predictPackedSync({
      batchSizes,
      inputs: { x: Float32Array.from(each.input) },
    });
    expectNear(outputs, each.output, 2e-6, 'output');
    model.dispose();
  });

  it('passes gradients where the limit is just reached, and none beyond, as clamp of PyTorch does', () => {
    const layer = rnn({ units: 1, biases: 'none', activation: 'identity', inputClip: 0.5 });
    for (const [x, slope] of [
      [0.5, 1],
      [-0.5, 1],
      [0.75, 0],
      [-0.5625, 0],
    ] as const) {
      const model = sequential([layer], { features: 1 }).compileSync({ loss: 'meanSquaredError' });
      for (const { data } of model.parameters.values()) data.fill(1);
      const sample = { batchSizes: Int32Array.of(1), inputs: { input: Float32Array.of(x) } };
      model.trainStepSync({ ...sample, targets: { target: Float32Array.of(0) } }, { learningRate: 0 });
      const y = Math.sign(x) * 0.5;
      expect(model.parameters.get('rnn.weight_ih_l0')?.gradient[0]).toBe(2 * y * slope * x + 0);
      model.dispose();
    }
  });
});
