import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { saveCheckpoint } from '../../src/checkpoint/checkpoint.js';
import {
  evaluateLanguageModel,
  type LanguageModelStart,
  loadLanguageModel,
  sampleLanguageModel,
  trainLanguageModel,
} from '../../src/tasks/language-model.js';
import { languageModelNetwork } from '../../src/tasks/language-model-network.js';
import { checkLanguageModelOptions, LANGUAGE_MODEL_DEFAULTS } from '../../src/tasks/language-model-options.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { smallText } from '../cli/small-text.js';

const place = { data: 'text.txt', out: 'runs/a' };
const small = {
  embedding: 8,
  units: 16,
  layers: 1,
  batch: 8,
  steps: 16,
  epochs: 2,
  threads: 1,
  progress: false,
} as const;

describe('options of a language model', () => {
  it('have the defaults that the help names', () => {
    const { schedule, checkpointEvery, ...settings } = checkLanguageModelOptions(place);
    const defaults = { ...LANGUAGE_MODEL_DEFAULTS, ...place, resume: false, threads: undefined };
    expect({ ...settings, schedule, checkpointEvery }).toEqual(defaults);
  });

  it('are taken from what is given, then from the run that is resumed, then from the defaults', () => {
    const checked = checkLanguageModelOptions(
      { ...place, units: 3, seed: undefined },
      { units: 4, layers: 5, seed: 6 },
    );
    expect(checked).toMatchObject({ units: 3, layers: 5, seed: 6, embedding: 128 });
  });

  it('write a schedule with everything that was left out, from text and from a description', () => {
    expect(checkLanguageModelOptions({ ...place, schedule: 'step' }).schedule).toBe('step:every=1,factor=0.1,from=1');
    const description = { kind: 'cosine', minimum: 1e-5 };
    expect(checkLanguageModelOptions({ ...place, schedule: description }).schedule).toBe('cosine:minimum=0.00001');
  });

  it('take the name of an optimizer in any case', () => {
    expect(checkLanguageModelOptions({ ...place, optimizer: 'adamw' }).optimizer).toBe('adamW');
  });

  it.each<[string, unknown]>([
    ['valid', 1],
    ['valid', -0.1],
    ['valid', ''],
    ['level', 'byte'],
    ['cell', 'LSTM'],
    ['embedding', 0],
    ['units', 1.5],
    ['layers', '2'],
    ['dropout', 0.9999995],
    ['recurrent', null],
    ['recurrent', []],
    ['recurrent', '{}'],
    ['recurrent', { units: 16 }],
    ['recurrent', { layers: 2 }],
    ['recurrent', { dropout: 0.1 }],
    ['recurrent', { initializer: 'he' }],
    ['recurrent', { output: 'sequence' }],
    ['recurrent', { direction: 'reverse' }],
    ['recurrent', { direction: 'bidirectional', merge: 'sum' }],
    ['batch', Number.NaN],
    ['epochs', 0],
    ['optimizer', null],
    ['learningRate', Number.POSITIVE_INFINITY],
    ['weightDecay', -1],
    ['weightDecay', null],
    ['schedule', 5],
    ['init', ''],
    ['clipNorm', -1],
    ['seed', -1],
    ['threads', 0],
    ['checkpointEvery', 0],
    ['resume', 'yes'],
    ['data', 7],
    ['out', undefined],
  ])('%s of %j is an error that names it', (name, value) => {
    expect(() => checkLanguageModelOptions({ ...place, [name]: value })).toThrow(
      expect.objectContaining({ code: 'invalid_option', message: expect.stringContaining(name) }),
    );
  });

  it('of the recurrent layers are named when the task decides them', () => {
    const check = (recurrent: object) => () => checkLanguageModelOptions({ ...place, recurrent });
    expect(check({ zoneout: 0.1, dropout: 0.2 })).toThrow("'recurrent' has 'dropout' 0.2: option 'dropout' decides it");
    expect(check({ initializer: 'he' })).toThrow(/'recurrent' has 'initializer' "he": option 'init' decides it/);
    expect(check({ output: 'last' })).toThrow(/'output' "last": .*every step/);
    expect(check({ direction: 'reverse' })).toThrow(/'direction' "reverse": .*forward only/);
    const { recurrent } = checkLanguageModelOptions({
      ...place,
      recurrent: { direction: 'forward', units: undefined, zoneout: undefined },
    });
    expect(Object.entries(recurrent)).toEqual([['direction', 'forward']]);
  });

  it('that do not exist are errors', () => {
    const options = { ...place, unit: 3 } as object;
    expect(() => checkLanguageModelOptions(options)).toThrow(expect.objectContaining({ code: 'unknown_option' }));
  });
});

describe('the network of a language model', () => {
  it('is embedding, recurrent layers, dropout where it is asked for, and logits', () => {
    const settings = { cell: 'gru', embedding: 3, units: 4, layers: 2, dropout: 0.5, recurrent: {} } as const;
    const layers = languageModelNetwork(7, settings).description.nodes.map(({ layer }) => layer);
    expect(layers).toMatchObject([
      { kind: 'embedding', size: 7, units: 3 },
      { kind: 'gru', units: 4, layers: 2, dropout: 0.5 },
      { kind: 'dropout', rate: 0.5 },
      { kind: 'dense', units: 7 },
    ]);
    const plain = languageModelNetwork(7, { ...settings, dropout: 0 }).description.nodes;
    expect(plain.map(({ layer }) => layer.kind)).toEqual(['embedding', 'gru', 'dense']);
  });
});

describe('the recurrent layers of a language model', () => {
  const settings = { cell: 'gru', embedding: 3, units: 4, layers: 2, dropout: 0, recurrent: {} } as const;

  it('have the further options as they are given', () => {
    const recurrent = { resetAfter: false, zoneout: 0.1, biases: 'one' } as const;
    const [, layer] = languageModelNetwork(7, { ...settings, recurrent }).description.nodes;
    expect(layer?.layer).toEqual({ kind: 'gru', units: 4, layers: 2, dropout: 0, ...recurrent });
  });

  it('refuse what they do not take', () => {
    const build = (recurrent: object) => () => languageModelNetwork(7, { ...settings, recurrent });
    expect(build({ projection: 3 })).toThrow(expect.objectContaining({ code: 'unknown_option' }));
    expect(build({ kind: 'lstm' })).toThrow(expect.objectContaining({ code: 'unknown_option' }));
    expect(build({ zoneout: 1 })).toThrow(expect.objectContaining({ code: 'invalid_option' }));
  });
});

describe('a language model in a program', () => {
  function text(): { data: string; out: string } {
    const directory = temporaryDirectory();
    const data = join(directory, 'text.txt');
    writeFileSync(data, smallText(200));
    return { data, out: join(directory, 'run') };
  }

  it('is trained, evaluated, sampled and loaded', async () => {
    const files = text();
    const starts: LanguageModelStart[] = [];
    const result = await trainLanguageModel({ ...files, ...small, onStart: (start) => void starts.push(start) });
    expect(starts).toMatchObject([{ parameters: result.parameters, threads: 1, options: { batch: 8 } }]);
    expect(result).toMatchObject({ run: files.out, epochs: 2, memory: { plannedBytes: expect.any(Number) } });
    const { arena, scratch, parameters, gradients, optimizer, plannedBytes } = result.memory;
    expect(arena + scratch + parameters + gradients + optimizer).toBe(plannedBytes);
    expect(parameters).toBeGreaterThanOrEqual(4 * result.parameters);

    const summary = await evaluateLanguageModel(files.out, { data: files.data, threads: 1 });
    expect(summary.loss).toBeLessThan(Math.log(23));

    let sampled = '';
    for await (const piece of sampleLanguageModel(files.out, { length: 30, seed: 2 })) sampled += piece;
    expect(sampled).toHaveLength(30);
    const { model, vocabulary, checkpoint } = await loadLanguageModel(files.out, { threads: 1 });
    expect(model.sample(vocabulary, { prompt: '\n', length: 30, seed: 2 })).toBe(sampled);
    expect(checkpoint).toBe(join(files.out, 'best.safetensors'));
    model.dispose();
  });

  it('aborted, rejects with the reason when its checkpoint is written', async () => {
    const files = text();
    const controller = new AbortController();
    const callbacks = [{ onStep: ({ step }: { step: number }) => void (step === 5 && controller.abort('enough')) }];
    const training = trainLanguageModel({ ...files, ...small, signal: controller.signal, callbacks });
    await expect(training).rejects.toBe('enough');
    expect(readdirSync(join(files.out, 'checkpoints'))).toEqual(['step-000005.safetensors']);
  });

  it('diverging, names the step, the layer and the last good checkpoint', async () => {
    const files = text();
    const wild = { ...small, optimizer: 'adam', learningRate: 3e38, clipNorm: 0, checkpointEvery: 1 } as const;
    const error = await trainLanguageModel({ ...files, ...wild }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: expect.stringMatching(/^non_finite_(loss|gradient)$/) });
    expect(error).toMatchObject({ details: { step: expect.any(Number), layer: expect.any(String) } });
    expect((error as Error).message).toMatch(/last good checkpoint: .*step-\d{6}\.safetensors$/);
  });

  it('refuses a checkpoint that is not of a language model, and a run without checkpoints', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'other.safetensors');
    await saveCheckpoint(path, { tensors: new Map(), metadata: { configuration: {}, vocabulary: null } });
    await expect(loadLanguageModel(path)).rejects.toMatchObject({ code: 'checkpoint_mismatch' });
    writeFileSync(join(directory, 'config.json'), '{}');
    await expect(loadLanguageModel(directory)).rejects.toMatchObject({ code: 'checkpoint_missing' });
    const resumed = trainLanguageModel({ data: path, out: directory, resume: true });
    await expect(resumed).rejects.toMatchObject({ code: 'configuration_mismatch' });
  });
});
