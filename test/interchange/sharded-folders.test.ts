/** Folders in the layout of Hugging Face whose weights are in shards, or of torch.save, as huggingface_hub has written them (golden/make_folders.py). */
import { cpSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { writeSafetensorsSync } from '../../src/checkpoint/safetensors.js';
import { importModel, inspectFile } from '../../src/entries/interchange.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { uniform } from './golden/hashed-numbers.js';

const pathOf = (name: string) => fileURLToPath(new URL(`golden/folders/${name}`, import.meta.url));

const COUNTS = {
  ...{ 'embedding.weight': 15, 'rnn.weight_ih_l0': 36, 'rnn.weight_hh_l0': 48 },
  ...{ 'rnn.bias_ih_l0': 12, 'rnn.bias_hh_l0': 12, 'fc.weight': 8, 'fc.bias': 2 },
};
const INDEX = 'model.safetensors.index.json';
const [FIRST, SECOND, THIRD] = [1, 2, 3].map((at) => `model-0000${at}-of-00003.safetensors`) as [
  string,
  string,
  string,
];

/** A copy of a folder that may be changed. */
function copied(name: string): string {
  const folder = join(temporaryDirectory(), name);
  cpSync(pathOf(name), folder, { recursive: true });
  return folder;
}

/** Changes the map of an index: a shard of undefined takes a tensor out. */
function mapped(folder: string, changes: Readonly<Record<string, unknown>>): string {
  const index = JSON.parse(readFileSync(join(folder, INDEX), 'utf8'));
  writeFileSync(join(folder, INDEX), JSON.stringify({ ...index, weight_map: { ...index.weight_map, ...changes } }));
  return folder;
}

async function expectNumbers(path: string): Promise<readonly string[]> {
  const { model, notes, format } = await importModel(path);
  expect(format).toBe('huggingface');
  for (const [name, count] of Object.entries(COUNTS)) {
    expect([...(model.parameters.get(name)?.data ?? [])], name).toEqual([...uniform(1, name, count, 0.5)]);
  }
  model.dispose();
  return notes;
}

describe('a folder of huggingface_hub', () => {
  it.each(['safetensors', 'torch', 'torch-one'])('%s has the numbers, bit for bit', async (name) => {
    const notes = await expectNumbers(pathOf(name));
    expect(notes).toHaveLength(1); // that the file has weights alone
    const { tensors, facts, network } = await inspectFile(pathOf(name));
    expect([...tensors.keys()]).toEqual(Object.keys(COUNTS));
    expect([facts.get('model type'), facts.get('architectures')]).toEqual(['tagger', 'Tagger']);
    expect(facts.get('shards')).toBe(name === 'torch-one' ? undefined : '3');
    expect(network).toContain('gru');
  });

  it('is read by its index alone, without a configuration', async () => {
    await expectNumbers(join(pathOf('safetensors'), INDEX));
    await expectNumbers(join(pathOf('torch'), 'pytorch_model.bin.index.json'));
  });

  it('is read through symbolic links, of which the cache of downloads consists', async () => {
    const folder = copied('safetensors');
    const elsewhere = join(temporaryDirectory(), 'blob');
    renameSync(join(folder, SECOND), elsewhere);
    symlinkSync(elsewhere, join(folder, SECOND));
    await expectNumbers(folder);
  });

  it('with weights in several forms is read as safetensors, and says so', async () => {
    const folder = copied('safetensors');
    cpSync(join(pathOf('torch-one'), 'pytorch_model.bin'), join(folder, 'pytorch_model.bin'));
    const notes = await expectNumbers(folder);
    expect(notes).toContain(`The weights are those of ${INDEX}; not read: pytorch_model.bin.`);
  });
});

describe('an index of shards', () => {
  const refused = (folder: string, code: string, ...parts: string[]) =>
    expect(importModel(folder)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(new RegExp(parts.map((part) => part.replace(/[.[\]]/g, '\\$&')).join('.*'))),
    });

  it.each(['../secret.safetensors', '/etc/passwd', 'a/../../b.safetensors', 'C:\\b.safetensors', '', 3, null, [FIRST]])(
    'that names %j leaves its folder',
    async (shard) => {
      const folder = mapped(copied('safetensors'), { 'fc.bias': shard });
      await refused(folder, 'file_corrupt', INDEX, 'it names the file', 'expected one in its own folder');
    },
  );

  it('whose shard is missing names both', async () => {
    const folder = copied('safetensors');
    rmSync(join(folder, THIRD));
    await refused(folder, 'file_unreadable', THIRD, 'no such file', INDEX, 'into one folder');
  });

  it('whose shard is a folder is refused', async () => {
    await refused(mapped(copied('safetensors'), { 'fc.bias': '.' }), 'file_unreadable', 'it is a directory');
  });

  it('with a tensor that no shard has is refused', async () => {
    const folder = mapped(copied('safetensors'), { 'fc.gain': THIRD });
    await refused(folder, 'missing_tensor', `'${THIRD}' has the tensor 'fc.gain'`);
  });

  it('with a tensor in another shard is refused', async () => {
    const folder = mapped(copied('safetensors'), { 'fc.bias': FIRST });
    await refused(folder, 'file_corrupt', `'fc.bias' is in '${THIRD}'`, FIRST);
  });

  it('that leaves a tensor out is refused', async () => {
    const folder = mapped(copied('safetensors'), { 'fc.bias': undefined });
    await refused(folder, 'unused_tensor', `'${THIRD}' has the tensor 'fc.bias', which the index does not name`);
  });

  it('with a tensor in two shards is refused', async () => {
    const folder = copied('safetensors');
    const tensors = new Map(['fc.bias', 'fc.weight'].map((name) => [name, { shape: [2], data: new Float32Array(2) }]));
    writeSafetensorsSync(join(folder, SECOND), tensors, new Map());
    await refused(folder, 'file_corrupt', `'fc.bias' is in '${SECOND}', but the index says`, THIRD);
  });

  it('that names a tensor twice is refused', async () => {
    const folder = copied('safetensors');
    const text = readFileSync(join(folder, INDEX), 'utf8');
    writeFileSync(join(folder, INDEX), text.replace('"fc.bias":', `"fc.weight": "${FIRST}", "fc.bias":`));
    await refused(folder, 'file_corrupt', 'key "fc.weight" occurs twice');
  });

  it('with shards of another kind is refused', async () => {
    const folder = copied('safetensors');
    writeFileSync(join(folder, THIRD), '<html>not found</html>');
    await expect(importModel(folder)).rejects.toMatchObject({
      code: 'file_corrupt',
      message: expect.stringContaining(THIRD),
    });
    const torch = copied('torch');
    writeFileSync(join(torch, 'pytorch_model-00003-of-00003.bin'), '<html>not found</html>');
    await refused(torch, 'file_unsupported', '00003-of-00003.bin', 'no file of torch.save');
  });

  it('without a map is refused', async () => {
    const folder = copied('safetensors');
    for (const text of ['{}', '[]', '{"weight_map": []}']) {
      writeFileSync(join(folder, INDEX), text);
      await refused(folder, 'file_corrupt', INDEX, "no object 'weight_map'");
    }
  });
});
