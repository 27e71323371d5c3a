/** Models that TensorFlow.js has saved compute here what they compute there. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { importModel } from '../../src/interchange/import-model.js';
import { bitsOf, hashedWeight } from './hashed-numbers.js';
import { countOf, expectOutputs, type TensorflowJsCase, tensorflowJsCases } from './keras-cases.js';

const folder = mkdtempSync(path.join(tmpdir(), 'bptt-tensorflow-js-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly quantization?: { readonly dtype: string };
}

/** The bytes of a weight, by the same hash as in golden/keras/make-tensorflow-js-models.cjs. */
function bytesOf({ name, shape, quantization }: Weight, tensor: number): Buffer {
  const count = countOf(shape);
  const bits = Array.from({ length: count }, (_, at) => bitsOf(tensor, at));
  if (quantization?.dtype === 'uint8') return Buffer.from(bits.map((each) => each >>> 24));
  if (quantization === undefined)
    return Buffer.from(hashedWeight(tensor, name.split('/').at(-1) as string, count).buffer);
  const isHalf = quantization.dtype === 'float16';
  return Buffer.from(
    Uint16Array.from(bits, (each) => (isHalf ? ((each >>> 16) & 0x83ff) | 0x3800 : each >>> 16)).buffer,
  );
}

/** Writes a model as TensorFlow.js does, its weights in several files. @returns the path of its JSON */
function write({ name, json }: TensorflowJsCase): string {
  const target = path.join(folder, name);
  mkdirSync(target);
  const [group] = json['weightsManifest'] as unknown as [{ readonly weights: readonly Weight[] }];
  const data = Buffer.concat(group.weights.map(bytesOf));
  const most = Math.max(1, Math.ceil(data.length / 3));
  const paths = [];
  for (let at = 0; at < data.length; at += most) {
    paths.push(`group1-shard${paths.length + 1}of3.bin`);
    writeFileSync(path.join(target, paths.at(-1) as string), data.subarray(at, at + most));
  }
  const file = path.join(target, 'model.json');
  writeFileSync(file, JSON.stringify({ ...json, weightsManifest: [{ ...group, paths }] }));
  return file;
}

describe('models of TensorFlow.js', () => {
  const cases = tensorflowJsCases();

  it('are at least 60', () => {
    expect(cases.length).toBeGreaterThanOrEqual(60);
  });

  it.each(cases.map((each) => [each.name, each] as const))('%s gives the same outputs', async (_, each) => {
    const imported = await importModel(write(each));
    expect(imported.format).toBe('tensorflow-js');
    try {
      await expectOutputs(imported, each);
    } finally {
      imported.model.dispose();
    }
  });
});
