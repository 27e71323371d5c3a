import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCheckpointSync, saveCheckpointSync } from '../../src/checkpoint/checkpoint.js';
import { writeSafetensorsSync } from '../../src/checkpoint/safetensors.js';
import type { StoredTensor } from '../../src/checkpoint/tensor-types.js';
import type { JsonObject } from '../../src/core/json.js';
import { CharacterVocabulary } from '../../src/data/character-vocabulary.js';
import { characterStreams } from '../../src/data/corpus.js';
import { type SubwordTokenizer, TokenizerVocabulary } from '../../src/data/tokenizer-vocabulary.js';
import type { Model } from '../../src/model/model.js';
import { network, sequential } from '../../src/model/network.js';
import { dense } from '../../src/network/layers/dense.js';
import { embedding } from '../../src/network/layers/embedding.js';
import { gru, lstm } from '../../src/network/layers/recurrent.js';
import { momentum, sgd } from '../../src/network/optimizers/optimizer.js';
import { type LoadedModel, loadModel } from '../../src/saved/load-model.js';
import { saveModelSync } from '../../src/saved/save-model.js';
import { Trainer } from '../../src/training/trainer.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { contentOf, rewrite, settings, smallBatches, smallNetwork, trainedModel } from './small-saved.js';

const code = (name: string) => expect.objectContaining({ code: name });

/** The small model in a file of its own. */
function savedFile(model = trainedModel(), options: Parameters<typeof saveModelSync>[2] = {}): string {
  const path = join(temporaryDirectory(), 'model.safetensors');
  saveModelSync(model, path, options);
  return path;
}

/** Changes what a file says of its model. */
function redescribe(path: string, change: (text: string) => string): void {
  rewrite(path, ({ tensors, metadata }) => {
    const changed = change(JSON.stringify(metadata));
    expect(changed).not.toBe(JSON.stringify(metadata));
    return { tensors, metadata: JSON.parse(changed) as JsonObject };
  });
}

/** Changes the tensors of a file. */
function retensor(path: string, change: (tensors: Map<string, StoredTensor>) => void): void {
  rewrite(path, ({ tensors, metadata }) => {
    const changed = new Map(tensors);
    change(changed);
    return { tensors: changed, metadata };
  });
}

describe('a model that was loaded', () => {
  it('is the one that was saved, and goes on training as that would have', async () => {
    const model = trainedModel();
    const loaded = await loadModel(savedFile(model), { threads: 1 });
    expect(contentOf(loaded.model)).toEqual(contentOf(model));
    const { description, loss, optimizer, seed, initializer } = model;
    expect(loaded.model).toMatchObject({ description, loss, optimizer, seed, initializer, threads: 1 });
    for (const batch of smallBatches(4)) {
      expect(loaded.model.evaluateSync(batch)).toEqual(model.evaluateSync(batch));
      expect(loaded.model.trainStepSync(batch, { clipNorm: 1 })).toEqual(model.trainStepSync(batch, { clipNorm: 1 }));
    }
    expect(contentOf(loaded.model)).toEqual(contentOf(model));
    expect(loaded.model.step).toBe(9);
    const [one, other] = [model.stream(), loaded.model.stream()];
    for (let step = 0; step < 3; step++)
      expect(other.step(Float32Array.of(step, 1))).toEqual(one.step(Float32Array.of(step, 1)));
  });

  it.each<[string, () => Model]>([
    [
      'no memory of the optimizer',
      () => smallNetwork().compileSync({ ...settings, optimizer: sgd({ learningRate: 0.1 }) }),
    ],
    [
      'momentum',
      () => smallNetwork().compileSync({ ...settings, optimizer: momentum({ learningRate: 0.1, nesterov: true }) }),
    ],
    [
      'a loss with levels',
      () =>
        sequential([gru({ units: 2 }), dense({ units: 3 })], { features: 2 }).compileSync({
          loss: { kind: 'quantile', levels: [0.1, 0.5, 0.9] },
        }),
    ],
    [
      'several outputs with losses and weights',
      () =>
        network({
          inputs: { input: { kind: 'features', units: 2 } },
          nodes: [
            { name: 'body', layer: lstm({ units: 3 }), inputs: ['input'] },
            { name: 'a', layer: dense({ units: 1 }), inputs: ['body'] },
            { name: 'b', layer: dense({ units: 2 }), inputs: ['body'] },
          ],
          outputs: { next: 'a', kind: 'b' },
        }).compileSync({
          losses: { next: 'meanSquaredError', kind: 'softmaxCrossEntropy' },
          lossWeights: { kind: 0.5 },
        }),
    ],
  ])('comes back with %s', async (_, compile) => {
    const model = compile();
    model.step = 3;
    const { model: loaded } = await loadModel(savedFile(model));
    const { description, loss, optimizer, seed, initializer } = model;
    expect(loaded).toMatchObject({ description, loss, optimizer, seed, initializer });
    expect(contentOf(loaded)).toEqual(contentOf(model));
  });

  it('without training has no memory for the optimizer, and refuses training steps', async () => {
    const model = trainedModel();
    const path = savedFile(model);
    const { model: loaded } = await loadModel(path, { training: false });
    const [batch] = smallBatches(1) as [ReturnType<typeof smallBatches>[0]];
    expect(loaded.evaluateSync(batch)).toEqual(model.evaluateSync(batch));
    expect([loaded.optimizerState.size, loaded.optimizer, loaded.step]).toEqual([0, model.optimizer, 5]);
    expect(loaded.memory.optimizer).toBeLessThan(model.memory.optimizer / 10);
    expect(() => loaded.trainStepSync(batch)).toThrow(code('not_trainable'));
    await expect(loaded.trainStep(batch)).rejects.toThrow(/training: true/);
    // What it is saved as can be used like it, and not be trained.
    saveModelSync(loaded, path);
    await expect(loadModel(path)).rejects.toThrow(/saved without the state of the optimizer.*training: false/);
    const { model: again } = await loadModel(path, { training: false });
    expect(again.evaluateSync(batch)).toEqual(model.evaluateSync(batch));
  });

  it('comes from a run: the best checkpoint, or the newest', async () => {
    const directory = temporaryDirectory();
    const batches = smallBatches(3);
    let score = 0;
    const options = {
      epochs: 3,
      directory,
      progress: false,
      keep: 'last' as const,
      score: async () => score++,
      configuration: { note: 'x' },
    };
    const model = smallNetwork().compileSync(settings);
    await new Trainer(model, options).fit({ training: batches, validation: batches });
    expect(await loadModel(directory)).toMatchObject({ step: 3, path: join(directory, 'best.safetensors') });
    expect(await loadModel(directory, { checkpoint: 'best' })).toMatchObject({ step: 3 });
    const latest = await loadModel(directory, { checkpoint: 'latest' });
    expect(latest).toMatchObject({ step: 9, configuration: { note: 'x', training: { epochs: 3 } } });
    expect(latest).not.toHaveProperty('task');
    expect(latest).not.toHaveProperty('vocabulary');
    expect(contentOf(latest.model)).toEqual(contentOf(model));
    await expect(loadModel(latest.path, { checkpoint: 'best' })).rejects.toThrow(/is a file/);
  });

  it('brings the vocabulary of a corpus, and samples with it', async () => {
    const directory = temporaryDirectory();
    const corpus = characterStreams('the sea and the ship and the sun\n'.repeat(6), { batch: 2, steps: 8 });
    const { vocabulary } = corpus;
    const model = sequential([
      embedding({ size: vocabulary.size, units: 3 }),
      gru({ units: 4 }),
      dense({ units: vocabulary.size }),
    ]).compileSync({ threads: 1 });
    await new Trainer(model, { epochs: 1, directory, progress: false }).fit(corpus);
    const loaded = await loadModel(directory, { training: false });
    expect(loaded.vocabulary?.toJSON()).toEqual(vocabulary.toJSON());
    const options = { prompt: 'the', length: 30 };
    expect(loaded.model.sample(loaded.vocabulary as never, options)).toBe(model.sample(vocabulary, options));
    await expect(loadModel(directory, { checkpoint: 'best' })).rejects.toThrow(code('checkpoint_missing'));
  });

  it('has whatever was said of it: vocabulary, configuration, and nothing that was not', async () => {
    const vocabulary = CharacterVocabulary.fromText('abc');
    const model = sequential([embedding({ size: 3, units: 2 }), gru({ units: 2 }), dense({ units: 2 })]).compileSync();
    const configuration = { columns: ['a', 'b'], task: { kind: 'mine' } };
    const { vocabulary: read, ...rest } = await loadModel(savedFile(model, { vocabulary, configuration }));
    expect(read?.toJSON()).toEqual(vocabulary.toJSON());
    expect(rest).toMatchObject({ configuration, task: 'mine', step: 0 });
    expect(Object.keys(await loadModel(savedFile(model))).sort()).toEqual(['model', 'path', 'step']);
  });
});

describe('loadModel refuses', () => {
  const rejects = (run: unknown, options?: unknown): Promise<LoadedModel> => loadModel(run as never, options as never);

  it('what is no checkpoint and no run, and a run without checkpoints', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'file');
    writeFileSync(path, 'a text that is no checkpoint at all\n');
    await expect(loadModel(path)).rejects.toThrow(expect.objectContaining({ name: 'CheckpointError' }));
    await expect(loadModel(path)).rejects.toThrow(path);
    writeSafetensorsSync(path, new Map(), new Map([['format', 'pt']]));
    await expect(loadModel(path)).rejects.toThrow(/not a checkpoint of bptt/);
    saveCheckpointSync(path, { tensors: new Map(), metadata: {} });
    await expect(loadModel(path)).rejects.toThrow(/describes no network.*option 'network'/);
    const empty = join(directory, 'run');
    mkdirSync(empty);
    await expect(loadModel(empty)).rejects.toThrow(code('invalid_configuration'));
    await expect(loadModel(join(directory, 'nowhere'))).rejects.toThrow(code('invalid_configuration'));
    writeFileSync(join(empty, 'config.json'), '{}');
    await expect(loadModel(empty)).rejects.toThrow(code('checkpoint_missing'));
  });

  it('a file of a newer format', async () => {
    const path = join(temporaryDirectory(), 'newer');
    const strings = { bptt_format: '2', bptt_sha256: '0'.repeat(64), bptt: '{}' };
    writeSafetensorsSync(path, new Map(), new Map(Object.entries(strings)));
    await expect(loadModel(path)).rejects.toThrow(code('checkpoint_too_new'));
  });

  it("a layer of the user's own that was not given, naming it and the option", async () => {
    const path = savedFile();
    redescribe(path, (text) => text.replace('"kind":"dense"', '"kind":"mine"'));
    await expect(loadModel(path)).rejects.toThrow(code('unknown_layer'));
    await expect(loadModel(path)).rejects.toThrow(/'mine' is unknown.*'layers'/);
    await expect(loadModel(path)).rejects.toThrow(path);
  });

  it("a loss of the user's own that was not given, naming it", async () => {
    const path = savedFile();
    redescribe(path, (text) => text.replace('"meanSquaredError"', '"meanError"'));
    await expect(loadModel(path)).rejects.toThrow(code('unknown_loss'));
    await expect(loadModel(path)).rejects.toThrow(/meanError/);
  });

  it("an optimizer of the user's own that was not given, naming it and the option", async () => {
    const path = savedFile();
    redescribe(path, (text) => text.replace('"adam"', '"eve"'));
    await expect(loadModel(path)).rejects.toThrow(code('unknown_optimizer'));
    await expect(loadModel(path)).rejects.toThrow(/'eve', which is unknown.*'optimizers'/);
    await expect(loadModel(path)).rejects.toThrow(path);
  });

  it.each<[string, (text: string) => string, RegExp]>([
    ['an option of a layer', (text) => text.replace('"dropout":0.3', '"dropping":0.3'), /no option 'dropping'/],
    ['an initializer', (text) => text.replace('"uniform:0.2"', '"magic"'), /magic/],
    ['a seed', (text) => text.replace('"seed":9,"step', '"seed":-9,"step').replace('"seed":9}', '"seed":-9}'), /-9/],
    ['a number of steps', (text) => text.replace('"modelStep":5', '"modelStep":-5'), /-5/],
    ['layers that do not fit together', (text) => text.replace('"inputs":["lstm"]', '"inputs":["other"]'), /other/],
  ])('%s that this version does not know', async (_, change, message) => {
    const path = savedFile();
    redescribe(path, change);
    await expect(loadModel(path)).rejects.toThrow(code('checkpoint_mismatch'));
    await expect(loadModel(path)).rejects.toThrow(message);
  });

  it('a network that has changed since, with both shapes', async () => {
    const path = savedFile();
    const load = (units: number, layers = 2) => {
      const other = sequential([lstm({ units, layers, dropout: 0.3 }), dense({ units: 1 })], { features: 2 });
      return loadModel(path, { network: other });
    };
    await expect(load(5)).rejects.toThrow(code('checkpoint_mismatch'));
    await expect(load(5)).rejects.toThrow(
      "tensor 'parameters/lstm.weight_ih_l0' is F32 [16, 2] in the file and F32 [20, 2] in the model",
    );
    await expect(load(4, 3)).rejects.toThrow(
      "tensor 'parameters/lstm.weight_ih_l2' is absent in the file and F32 [16, 4] in the model",
    );
    await expect(load(4, 1)).rejects.toThrow(/is F32 \[16(, 4)?\] in the file and absent in the model/);
  });

  it('tensors that are missing, left over, or of another type or shape', async () => {
    const cases: [Parameters<typeof retensor>[1], RegExp][] = [
      [(tensors) => tensors.delete('parameters/dense.bias'), /dense\.bias' is absent in the file and F32 \[1\]/],
      [
        (tensors) => tensors.set('parameters/more', { shape: [2], data: new Float32Array(2) }),
        /more' is F32 \[2\] in the file and absent/,
      ],
      [
        (tensors) => tensors.set('parameters/dense.bias', { shape: [1], data: new Float64Array(1) }),
        /dense\.bias' is F64 \[1\] in the file and F32 \[1\]/,
      ],
      [
        (tensors) => tensors.delete('optimizer/mean/dense.bias'),
        /'optimizer\/mean\/dense\.bias' is absent in the file and F32 \[1\]/,
      ],
      [
        (tensors) => tensors.set('optimizer/momentum/dense.bias', { shape: [1], data: new Float32Array(1) }),
        /'optimizer\/momentum\/dense\.bias' is F32 \[1\] in the file and absent/,
      ],
    ];
    for (const [change, message] of cases) {
      const path = savedFile();
      retensor(path, change);
      await expect(loadModel(path)).rejects.toThrow(code('checkpoint_mismatch'));
      await expect(loadModel(path)).rejects.toThrow(message);
    }
  });

  it('sizes that its tensors do not have, before there is memory for them', async () => {
    // 64 TB of weights, and a walk over 10^12 layers: whoever believed it would not come back.
    const claims: ((text: string) => string)[] = [
      (text) => text.replace('"units":4', '"units":1000000'),
      (text) => text.replace('"layers":2', '"layers":1000000000000'),
      (text) => text.replace('{"kind":"features","units":2}', '{"kind":"features","units":4000000000000}'),
    ];
    for (const claim of claims) {
      const path = savedFile();
      redescribe(path, claim);
      const before = process.memoryUsage();
      await expect(loadModel(path)).rejects.toThrow(code('checkpoint_mismatch'));
      const after = process.memoryUsage();
      expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(2 ** 24);
    }
  });

  it('a vocabulary whose ids the network neither reads nor gives, and one without its tokenizer', async () => {
    const compile = (size: number) =>
      sequential([embedding({ size, units: 2 }), gru({ units: 2 }), dense({ units: size })]).compileSync();
    const path = savedFile(compile(3), { vocabulary: CharacterVocabulary.fromText('abc') });
    redescribe(path, (text) => text.replace('["a","b","c"]', '["a","b","c","d"]'));
    await expect(loadModel(path)).rejects.toThrow(code('vocabulary_mismatch'));
    await expect(loadModel(path)).rejects.toThrow(/has 4 symbols.*indices below 3 and gives 3 outputs/);
    redescribe(path, (text) => text.replace('["a","b","c","d"]', '["a","a"]'));
    await expect(loadModel(path)).rejects.toThrow(code('invalid_vocabulary'));
    await expect(loadModel(path)).rejects.toThrow(path);

    const pieces = ['a', 'b', 'ab'];
    const tokenizer: SubwordTokenizer = {
      size: 3,
      encode: (text) => Int32Array.from(text, (letter) => pieces.indexOf(letter)),
      decode: (ids) => ids.map((id) => pieces[id]).join(''),
    };
    const subwords = savedFile(compile(3), { vocabulary: new TokenizerVocabulary(tokenizer) });
    await expect(loadModel(subwords)).rejects.toThrow(/tokenizer/);
    expect((await loadModel(subwords, { tokenizer })).vocabulary?.level).toBe('subword');
  });

  it.each<[string, unknown, RegExp]>([
    ['a choice', { checkpoint: 'first' }, /'checkpoint'.*first/],
    ['training', { training: 'no' }, /'training'/],
    ['threads', { threads: 0 }, /threads is 0/],
    ['a network', { network: { inputs: {} } }, /'network'/],
    ['a name', { thread: 1 }, /no option 'thread'/],
  ])('%s that is none', async (_, options, message) => {
    await expect(rejects(savedFile(), options)).rejects.toThrow(message);
    await expect(rejects(savedFile(), options)).rejects.toMatchObject({ name: 'OptionError' });
  });

  it('a path that is none', async () => {
    await expect(rejects(undefined)).rejects.toThrow(code('invalid_option'));
  });
});

describe('a checkpoint without a description, as a loop of one’s own may have written it', () => {
  it('is loaded into the network of the caller', async () => {
    const model = trainedModel();
    const path = savedFile(model);
    rewrite(path, ({ tensors }) => ({
      tensors: new Map([...tensors].filter(([name]) => name.startsWith('parameters/'))),
      metadata: { modelStep: 5 },
    }));
    expect(loadCheckpointSync(path).metadata).toEqual({ modelStep: 5 });
    const options = { network: smallNetwork(), training: false };
    const { model: loaded, step } = await loadModel(path, options);
    expect(step).toBe(5);
    expect([...loaded.parameters].map(([name, { data }]) => [name, [...data]])).toEqual(
      [...model.parameters].map(([name, { data }]) => [name, [...data]]),
    );
  });
});
