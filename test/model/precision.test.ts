/** Models that compute their products in bfloat16. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  attention,
  conv1d,
  dense,
  embedding,
  gru,
  loadModel,
  lstm,
  type Model,
  network,
  rnn,
  saveModel,
  sequential,
} from '../../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'bptt-precision-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const FEATURES = 5;
const rows = (length: number, width: number, seed: number) =>
  Float32Array.from({ length: length * width }, (_, at) => Math.sin(seed + 1.7 * at));
const LENGTHS = [11, 1, 7, 4];
const inputs = LENGTHS.map((length, at) => rows(length, FEATURES, at));
const targets = LENGTHS.map((length, at) => rows(length, 2, 10 + at));

type Layers = Parameters<typeof sequential>[0];
const NETWORKS: Readonly<Record<string, Layers>> = {
  lstm: [lstm({ units: 19, layers: 2 }), dense({ units: 2 })],
  'lstm of all kinds': [
    lstm({ units: 19, projection: 7, peepholes: true, layerNormalization: true, zoneout: 0.1 }),
    dense({ units: 2 }),
  ],
  gru: [gru({ units: 19 }), dense({ units: 2 })],
  'gru, reset before': [gru({ units: 19, resetAfter: false }), dense({ units: 2 })],
  rnn: [rnn({ units: 19 }), dense({ units: 2 })],
  convolution: [conv1d({ units: 9, kernelSize: 3, padding: 'causal' }), gru({ units: 8 }), dense({ units: 2 })],
};

function compiled(
  layers: Layers,
  options: Parameters<ReturnType<typeof sequential>['compile']>[0] = {},
): Promise<Model> {
  return sequential(layers, { features: FEATURES }).compile({
    loss: 'meanSquaredError',
    precision: 'bf16',
    ...options,
  });
}

const bytesOf = (arrays: Iterable<Float32Array>) =>
  [...arrays].map(({ buffer, byteOffset, byteLength }) =>
    Buffer.from(buffer, byteOffset, byteLength).toString('base64'),
  );

describe.each(Object.entries(NETWORKS))('%s in bf16', (_, layers) => {
  it('gives a sequence the same bits in a batch, alone, as a stream, and on any number of threads', async () => {
    const model = await compiled(layers, { threads: 1 });
    const together = await model.predict(inputs);
    for (const [at, input] of inputs.entries()) {
      const [alone] = await model.predict([input]);
      expect(bytesOf([alone as Float32Array])).toEqual(bytesOf([together[at] as Float32Array]));
      const stream = model.stream();
      const steps = LENGTHS.slice(at, at + 1).flatMap((length) =>
        Array.from({ length }, (_step, t) => [
          ...(stream.step(input.subarray(t * FEATURES, (t + 1) * FEATURES)) as Float32Array),
        ]),
      );
      expect(steps.flat()).toEqual([...(together[at] as Float32Array)]);
    }
    const two = await compiled(layers, { threads: 2 });
    expect(bytesOf(await two.predict(inputs))).toEqual(bytesOf(together));
    for (const each of [model, two]) await each.trainStep({ inputs, targets });
    const weights = [model, two].map(({ parameters }) => bytesOf([...parameters.values()].map(({ data }) => data)));
    expect(weights[1]).toEqual(weights[0]);
  });

  it('is near to float32 and not the same, forwards and backwards', async () => {
    const [low, full] = [await compiled(layers), await compiled(layers, { precision: 'float32' })];
    const [a, b] = [await low.predict(inputs), await full.predict(inputs)];
    const [x, y] = [a, b].map((outputs) => outputs.flatMap((output) => [...output])) as [number[], number[]];
    const difference = Math.hypot(...x.map((value, at) => value - (y[at] as number)));
    expect(difference).toBeGreaterThan(0);
    expect(difference).toBeLessThan(0.05 * Math.hypot(...y));
    const [one, other] = [await low.trainStep({ inputs, targets }), await full.trainStep({ inputs, targets })];
    expect(Math.abs(one.gradientNorm / other.gradientNorm - 1)).toBeLessThan(0.05);
  });
});

describe('the precision of a model', () => {
  it('is float32 unless it is said, and is refused by name', async () => {
    expect(
      (await sequential([gru({ units: 3 })], { features: 2 }).compile({ loss: 'meanSquaredError' })).precision,
    ).toBe('float32');
    await expect(compiled(NETWORKS['gru'] as Layers, { precision: 'half' as never })).rejects.toMatchObject({
      code: 'invalid_option',
      message: expect.stringMatching(/option 'precision' must be one of .*float32.*bf16.*, got .*half/),
    });
  });

  it('goes with a saved model, whose weights are float32, and can be changed when that is loaded', async () => {
    const path = join(folder, 'model.safetensors');
    const model = await compiled(NETWORKS['lstm'] as Layers);
    await model.trainStep({ inputs, targets });
    await saveModel(model, path);
    const { model: same } = await loadModel(path);
    const { model: full } = await loadModel(path, { precision: 'float32' });
    expect([same.precision, full.precision]).toEqual(['bf16', 'float32']);
    expect(bytesOf(await same.predict(inputs))).toEqual(bytesOf(await model.predict(inputs)));
    for (const [name, { data }] of model.parameters) {
      expect(bytesOf([full.parameters.get(name)?.data as Float32Array])).toEqual(bytesOf([data]));
    }
    const [low, high] = [await same.trainStep({ inputs, targets }), await full.trainStep({ inputs, targets })];
    expect(low.loss).not.toBe(high.loss);
    expect(Math.abs(low.loss / high.loss - 1)).toBeLessThan(0.01);
    await expect(loadModel(path, { precision: 'fp8' as never })).rejects.toMatchObject({ code: 'invalid_option' });
  });

  it('is that of a snapshot, too', async () => {
    const model = await compiled(NETWORKS['gru'] as Layers);
    const copy = await model.snapshot();
    expect(copy.precision).toBe('bf16');
    expect(bytesOf(await copy.predict(inputs))).toEqual(bytesOf(await model.predict(inputs)));
  });

  it('counts for the products of attention, too', async () => {
    const build = (precision: 'float32' | 'bf16') =>
      network({
        inputs: { source: { kind: 'indices', size: 9 } },
        nodes: [
          { name: 'words', layer: embedding({ size: 9, units: 4 }), inputs: ['source'] },
          { name: 'encoder', layer: gru({ units: 6 }), inputs: ['words'] },
          { name: 'read', layer: attention({ score: 'additive', units: 5 }), inputs: ['words', 'encoder'] },
          { name: 'scores', layer: dense({ units: 3 }), inputs: ['read'] },
        ],
        output: 'scores',
      }).compile({ loss: 'meanSquaredError', precision });
    const given = {
      inputs: [
        [1, 2, 3, 8],
        [5, 6],
      ],
    };
    const [low, full] = [await build('bf16'), await build('float32')];
    const [a, b] = [await low.predict(given.inputs), await full.predict(given.inputs)];
    expect(bytesOf(a)).not.toEqual(bytesOf(b));
  });
});
