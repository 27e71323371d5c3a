import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSafetensorsSync, writeSafetensorsSync } from '../../src/checkpoint/safetensors.js';
import { CharacterVocabulary } from '../../src/data/character-vocabulary.js';
import { exportModel, importModel } from '../../src/entries/interchange.js';
import {
  defineLayer,
  dense,
  embedding,
  gru,
  loadModel,
  type Model,
  network,
  saveModel,
  sequential,
} from '../../src/index.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { exportedNetworks } from './exported-networks.js';
import { networkOf, tensorsOf, torchCases } from './torch-cases.js';

function compiled(name: string): Model {
  const network = exportedNetworks[name];
  if (network === undefined) throw new Error(name);
  const names = Object.keys(network.description.outputs ?? {});
  const losses = Object.fromEntries(names.map((each) => [each, 'meanSquaredError' as const]));
  return network.compileSync({
    ...(names.length === 0 ? { loss: 'meanSquaredError' } : { losses }),
    threads: 1,
    seed: 3,
  });
}

function expectSameNumbers(actual: Model, expected: Model): void {
  for (const kind of ['parameters', 'buffers'] as const) {
    expect([...actual[kind].keys()]).toEqual([...expected[kind].keys()]);
    for (const [name, { data }] of expected[kind]) expect(actual[kind].get(name)?.data, name).toEqual(data);
  }
}

describe('weights from PyTorch', () => {
  it('go back to PyTorch under the same names, in the same shapes, bit for bit', async () => {
    const folder = temporaryDirectory();
    for (const each of torchCases.filter(({ seed }) => seed % 3 === 0)) {
      const [from, to] = [join(folder, 'from.safetensors'), join(folder, 'to.safetensors')];
      const tensors = tensorsOf(each);
      writeSafetensorsSync(from, tensors);
      const { model } = await importModel(from, { network: networkOf(each) });
      await exportModel(model, to, { to: 'pytorch' });
      model.dispose();
      const written = new Map(readSafetensorsSync(to).tensors);
      for (const name of written.keys()) {
        if (!name.endsWith('num_batches_tracked')) continue;
        expect(written.get(name)).toMatchObject({ shape: [], dtype: 'I64' });
        written.delete(name);
      }
      // Cells have no numbers in their names: here they are layers of one cell.
      const names = new Map(
        Object.keys(each.tensors).map((name) => [
          name,
          each.links.some(({ name: own, type }) => type.endsWith('Cell') && name.startsWith(`${own}.`))
            ? `${name}_l0`
            : name,
        ]),
      );
      expect([...written.keys()].sort()).toEqual([...names.values()].sort());
      for (const [name, { shape, data }] of tensors) {
        expect(written.get(names.get(name) as string), `${each.seed}: ${name}`).toMatchObject({ shape, data });
      }
    }
  });
});

describe.each(Object.keys(exportedNetworks))('the network %s', (name) => {
  it('is written for PyTorch and read back', async () => {
    const path = join(temporaryDirectory(), 'a.safetensors');
    const model = compiled(name);
    const { files } = await exportModel(model, path, { to: 'pytorch', module: true });
    expect(files).toEqual([path, path.replace('.safetensors', '.py')]);
    expect(files.every((file) => existsSync(file))).toBe(true);
    const { model: read, format } = await importModel(path);
    expect(format).toBe('safetensors');
    expect(read.description).toEqual(model.description);
    expectSameNumbers(read, model);
    read.dispose();
    model.dispose();
  });

  it('is written as a folder, which loadModel and importModel read', async () => {
    const folder = join(temporaryDirectory(), 'model');
    const model = compiled(name);
    await exportModel(model, folder, { to: 'huggingface', configuration: { labels: ['a'] } });
    const { model: loaded, configuration, step } = await loadModel(folder, { threads: 1 });
    const { model: imported, format } = await importModel(folder);
    expect([configuration, step, format]).toEqual([{ labels: ['a'] }, 0, 'huggingface']);
    for (const each of [loaded, imported]) {
      expect(each.description).toEqual(model.description);
      expectSameNumbers(each, model);
      each.dispose();
    }
    expect([loaded.loss, loaded.optimizer, loaded.seed]).toEqual([model.loss, model.optimizer, model.seed]);
    model.dispose();
  });
});

describe('a folder', () => {
  const characters = CharacterVocabulary.fromText('abcab');
  const trained = sequential([
    embedding({ size: characters.size, units: 3 }),
    gru({ units: 4 }),
    dense({ units: characters.size }),
  ]);
  const example = { inputs: [[0, 1, 2]], targets: [[1, 2, 0]] };

  it('has the vocabulary, a card with the measures of the run, and trains on as a new model does', async () => {
    const directory = temporaryDirectory();
    const run = join(directory, 'run');
    mkdirSync(run);
    writeFileSync(join(run, 'config.json'), '{}');
    writeFileSync(
      join(run, 'metrics.jsonl'),
      '{"step":0,"loss":9}\n{"step":1,"loss":1.25,"valid":{"perplexity":3.5}}\n{"step":1,"kind":"test","loss":2}\n{"st',
    );
    const model = trained.compileSync({ threads: 1 });
    await model.trainStep(example);
    const folder = join(directory, 'letters');
    const { files } = await exportModel(model, folder, {
      to: 'huggingface',
      vocabulary: characters,
      run,
      name: 'Letters',
      module: true,
    });
    expect(files.map((file) => file.slice(folder.length + 1)).sort()).toEqual([
      'README.md',
      'config.json',
      'model.py',
      'model.safetensors',
    ]);
    const card = readFileSync(join(folder, 'README.md'), 'utf8');
    expect(card).toContain('# Letters');
    expect(card).toMatch(
      /## Measures at step 1\n[^#]*\| loss \| 1\.25 \|\n\| valid perplexity \| 3\.5 \|\n\| test loss \| 2 \|/,
    );
    expect(card).not.toContain('| 9 |');
    expect(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'))).toMatchObject({
      model_type: 'bptt',
      architectures: ['BpttModel'],
    });

    const { model: loaded, vocabulary } = await loadModel(folder, { threads: 1 });
    expect(vocabulary?.decode([0, 1, 2])).toBe(characters.decode([0, 1, 2]));
    const fresh = trained.compileSync({ threads: 1 });
    for (const [name, { data }] of model.parameters) fresh.parameters.get(name)?.data.set(data);
    fresh.parametersChanged();
    await Promise.all([loaded, fresh].map((each) => each.trainStep(example)));
    expectSameNumbers(loaded, fresh);
    const { model: fixed } = await loadModel(folder, { training: false });
    await expect(fixed.trainStep(example)).rejects.toMatchObject({ code: 'not_trainable' });
    for (const each of [model, loaded, fresh, fixed]) each.dispose();
  });

  it('that is broken, or of another library, is refused', async () => {
    const folder = join(temporaryDirectory(), 'letters');
    const model = trained.compileSync({ threads: 1 });
    await exportModel(model, folder, { to: 'huggingface' });
    const config = readFileSync(join(folder, 'config.json'), 'utf8');
    const withConfig = async (text: string) => {
      writeFileSync(join(folder, 'config.json'), text);
      return Promise.all(
        [loadModel(folder), importModel(folder)].map((each) =>
          each.then(
            () => 'model',
            ({ code }) => code,
          ),
        ),
      );
    };
    expect(await withConfig(config.slice(0, -20))).toEqual(['checkpoint_corrupt', 'file_corrupt']);
    expect(await withConfig('[]')).toEqual(['checkpoint_corrupt', 'file_corrupt']);
    expect(await withConfig('{"model_type": "bert"}')).toEqual(['checkpoint_mismatch', 'model']); // its safetensors has the network
    expect(await withConfig('{"model_type": "bptt", "network": {"nodes": 1}}')).toEqual([
      'checkpoint_corrupt',
      'file_corrupt',
    ]);
    expect(await withConfig(config.replaceAll('"units": 4', '"units": 5'))).toEqual([
      'checkpoint_mismatch',
      'tensor_mismatch',
    ]);
    await expect(loadModel(folder, { checkpoint: 'best' })).rejects.toMatchObject({ code: 'invalid_option' });
    model.dispose();
  });
});

describe('exportModel', () => {
  const own = defineLayer({ name: 'own', build: ([x]) => x });

  it('writes the weights of layers that torch.nn does not have, and says so', async () => {
    const model = compiled('peepholes');
    const { notes } = await exportModel(model, join(temporaryDirectory(), 'a.safetensors'), {
      to: 'pytorch',
      module: true,
    });
    expect(notes.join('\n')).toMatch(
      /torch\.nn has no such layers as 'lstm'[\s\S]*'lstm' has the random part of zoneout in training/,
    );
    model.dispose();
  });

  it("refuses modules of layers of one's own and of names that nn.Module has, before it writes", async () => {
    const folder = temporaryDirectory();
    const path = join(folder, 'a.safetensors');
    const mine = sequential([gru({ units: 2 }), own()], { features: 2 }).compileSync({ loss: 'meanSquaredError' });
    await expect(exportModel(mine, path, { to: 'pytorch', module: true })).rejects.toMatchObject({
      code: 'not_exportable',
      message: expect.stringContaining("node 'own' cannot be written for PyTorch: layer 'own' is one of your own"),
    });
    const taken = network({
      inputs: { input: { kind: 'features', units: 2 } },
      nodes: [{ name: 'forward', layer: gru({ units: 2 }), inputs: ['input'] }],
      output: 'forward',
    }).compileSync({ loss: 'meanSquaredError' });
    await expect(exportModel(taken, path, { to: 'pytorch', module: true })).rejects.toMatchObject({
      code: 'not_exportable',
    });
    expect(existsSync(path)).toBe(false);
    await exportModel(taken, path, { to: 'pytorch' });
    expect(existsSync(path)).toBe(true);
    for (const each of [mine, taken]) each.dispose();
  });

  it.each([
    ['another format', { to: 'caffe' }, 'invalid_option'],
    ['an option of another format', { to: 'pytorch', vocabulary: null }, 'unknown_option'],
    ['no text as a name', { to: 'huggingface', name: 3 }, 'invalid_option'],
    ['a run that is none', { to: 'huggingface', run: '/nowhere' }, 'invalid_configuration'],
    ['no object as a configuration', { to: 'huggingface', configuration: [] }, 'invalid_option'],
  ])('refuses %s', async (_, options, code) => {
    const model = compiled('last');
    await expect(
      exportModel(model, join(temporaryDirectory(), 'a.safetensors'), options as never),
    ).rejects.toMatchObject({ code });
    model.dispose();
  });

  it('refuses what is no model, a path with another ending, and a folder that cannot be', async () => {
    const model = compiled('last');
    const file = join(temporaryDirectory(), 'file');
    await saveModel(model, file);
    await expect(exportModel({} as never, 'a.safetensors', { to: 'pytorch' })).rejects.toMatchObject({
      code: 'invalid_option',
    });
    await expect(exportModel(model, `${file}.pt`, { to: 'pytorch' })).rejects.toMatchObject({ code: 'invalid_option' });
    await expect(exportModel(model, join(file, 'a'), { to: 'huggingface' })).rejects.toMatchObject({
      code: 'export_failed',
    });
    await expect(exportModel(model, join(file, 'a.safetensors'), { to: 'pytorch' })).rejects.toMatchObject({
      code: 'export_failed',
    });
    model.dispose();
  });
});
