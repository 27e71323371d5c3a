/** silero-vad in its three files, on spoken digits, against what ONNX Runtime and PyTorch compute (golden/make_speech.py). */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readWavSync } from '../../src/entries/data.js';
import { type ImportModelOptions, importModel } from '../../src/interchange/import-model.js';
import { speechNetwork } from './speech-network.js';

const shared = fileURLToPath(new URL('../../../shared', import.meta.url));
const models = path.join(shared, 'models', 'silero');
const digits = path.join(shared, 'data', 'fsdd');
const isMissing = !existsSync(models) || !existsSync(digits);
if (isMissing) console.warn(`SKIPPED: ${models} and ${digits} are not there`);

interface Golden {
  readonly files: number;
  readonly probabilities: readonly number[];
  /** By the weights of the safetensors file, which are others. */
  readonly ofTensors: readonly number[];
}

/** All spoken digits of the official test part one after the other, each sample twice: 16 kHz. */
function sound(golden: Golden): Float32Array {
  const files = (readdirSync(digits, { recursive: true }) as string[])
    .filter((file) => /_[0-4]\.wav$/.test(file))
    .map((file) => path.join(digits, file))
    .sort();
  expect(files).toHaveLength(golden.files);
  const all = files.flatMap((file) => [...(readWavSync(file).channels[0] as Float32Array)]);
  return Float32Array.from(all.flatMap((sample) => [sample, sample]));
}

const step: ImportModelOptions = { constants: { sr: 16000 }, axes: { input: ['step', 576] } };
const files: readonly (readonly [string, ImportModelOptions])[] = [
  ['silero_vad_16k_op15.onnx', step],
  ['silero_vad_op18_ifless.onnx', step],
  ['silero_vad_16k.safetensors', { network: speechNetwork }],
];

describe.skipIf(isMissing)('silero-vad', () => {
  it.each(files)('%s hears what the reference hears, over thousands of windows', async (file, options) => {
    const golden = JSON.parse(readFileSync(new URL('golden/speech.json', import.meta.url), 'utf8')) as Golden;
    const samples = sound(golden);
    const { model } = await importModel(path.join(models, file), { ...options, threads: 1 });
    const stream = model.stream();
    const window = new Float32Array(576);
    let largest = 0;
    const probabilities = file.endsWith('.onnx') ? golden.probabilities : golden.ofTensors;
    for (const [at, wanted] of probabilities.entries()) {
      window.copyWithin(0, 512);
      window.set(samples.subarray(at * 512, (at + 1) * 512), 64);
      largest = Math.max(largest, Math.abs((stream.step(window)[0] as number) - wanted));
    }
    expect(probabilities.length).toBeGreaterThanOrEqual(1500);
    expect(Math.max(...probabilities)).toBeGreaterThan(0.9);
    // Sums of 256 products in 8 layers, carried through the state; the file has 7 digits.
    expect(largest).toBeLessThan(2e-5);
    model.dispose();
  });
});
