/** What imports and inspections say beside a model, and names of files that are refused. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { exportModel, importModel, inspectFile } from '../../src/entries/interchange.js';
import { activation, batchNormalization, dense, gru, rnn, sequential } from '../../src/index.js';
import { FORMATS } from '../../src/interchange/formats.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';

const goldenFile = (name: string) => fileURLToPath(new URL(`golden/files/${name}`, import.meta.url));

describe('an empty file', () => {
  const names = ['a.onnx', 'a.pt', 'a.keras', 'a.h5', 'a.json', 'a.safetensors', 'a.npz', 'a.npy', 'model.json', 'a'];

  it.each(names)('%s is called empty', async (name) => {
    const path = join(temporaryDirectory(), name);
    writeFileSync(path, '');
    const error = { code: 'file_truncated', message: expect.stringContaining(`'${path}' is empty (0 bytes)`) };
    await expect(importModel(path)).rejects.toMatchObject(error);
    await expect(inspectFile(path)).rejects.toMatchObject(error);
  });

  it.each(FORMATS.map(({ name }) => name))('is called empty as a file of the format %s', async (format) => {
    const path = join(temporaryDirectory(), 'a');
    writeFileSync(path, '');
    await expect(importModel(path, { format })).rejects.toMatchObject({ code: 'file_truncated' });
  });
});

describe('notes', () => {
  const network = sequential([gru({ units: 3 }), dense({ units: 2 }), activation('softmax')], { features: 2 });

  it.each(['onnx', 'pytorch', 'keras'] as const)('of an inspection are those of the import from %s', async (to) => {
    const model = await network.compile({ loss: 'meanSquaredError' });
    const path = join(temporaryDirectory(), `a.${{ onnx: 'onnx', pytorch: 'safetensors', keras: 'keras' }[to]}`);
    await exportModel(model, path, { to });
    const { notes, model: back } = await importModel(path);
    expect(notes.join()).toMatch(
      /'(activation|softmax)' is a softmax and gives probabilities.*softmaxCrossEntropy takes logits/,
    );
    expect((await inspectFile(path)).notes).toEqual(notes);
    back.dispose();
    model.dispose();
  });

  it('of a file with several kinds of numbers are in an inspection, too', async () => {
    const { notes, model } = await importModel(goldenFile('double.pt'));
    expect(notes.join()).toContain('rounded to float32');
    expect((await inspectFile(goldenFile('double.pt'))).notes).toEqual(notes);
    model.dispose();
  });

  it('do not name a softmax within a network, nor the count of steps of a batch normalisation', async () => {
    const layers = [activation('softmax'), batchNormalization(), dense({ units: 2 })] as const;
    const model = await sequential(layers, { features: 2 }).compile({ loss: 'meanSquaredError' });
    const path = join(temporaryDirectory(), 'a.safetensors');
    await exportModel(model, path, { to: 'pytorch' });
    const { notes, model: back } = await importModel(path);
    expect(notes).toEqual([]);
    back.dispose();
    model.dispose();
  });
});

it.each(['torch', 'numpy', 'json', 'typing_extensions'])('a program %s.py is refused by its name', async (name) => {
  const model = await sequential([rnn({ units: 2 })], { features: 1 }).compile({ loss: 'meanSquaredError' });
  const path = join(temporaryDirectory(), `${name}.safetensors`);
  await expect(exportModel(model, path, { to: 'pytorch', module: true })).rejects.toMatchObject({
    code: 'invalid_option',
    message: expect.stringContaining(`'${name}.py'`),
  });
  await exportModel(model, path, { to: 'pytorch' }); // its weights alone hide nothing
  model.dispose();
});
