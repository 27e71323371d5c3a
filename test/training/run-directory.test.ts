import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCheckpoint, saveCheckpoint } from '../../src/checkpoint/checkpoint.js';
import { reduceOnPlateau } from '../../src/network/schedules/reduce-on-plateau.js';
import { Trainer } from '../../src/training/trainer.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { newModel, streams, vocabulary } from './toy-run.js';

const quiet = { progress: false } as const;

describe('a number that is not finite', () => {
  it('stops the run and names the step, the layer and the last good checkpoint', async () => {
    const directory = temporaryDirectory();
    const model = newModel();
    model.nonFiniteAt = 6;
    const training = new Trainer(model, { ...quiet, epochs: 3, directory, checkpointEvery: 2 }).fit(streams(18, 2, 2));
    const checkpoint = join(directory, 'checkpoints', 'step-000004.safetensors');
    const error = await training.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'non_finite_loss', details: { step: 6, layer: 'lstm.0', checkpoint } });
    expect((error as Error).message).toContain(`last good checkpoint: ${checkpoint}`);
    expect(readdirSync(join(directory, 'checkpoints')).sort()).toEqual([
      'step-000002.safetensors',
      'step-000004.safetensors',
    ]);
  });

  it('says so when there is no checkpoint', async () => {
    const model = newModel();
    model.nonFiniteAt = 1;
    const training = new Trainer(model, { ...quiet, epochs: 1 }).fit(streams(18, 2, 2));
    await expect(training).rejects.toThrow(/layer 'lstm.0'; there is no checkpoint/);
  });
});

describe('checkpoints', () => {
  const data = {
    training: streams(18, 2, 2),
    validation: streams(5, 1, 2),
    vocabulary,
  };

  it('are announced when they are on the disk, every so many steps and at the end of every epoch', async () => {
    const directory = temporaryDirectory();
    const seen: [number, boolean][] = [];
    const callbacks = {
      onCheckpoint: ({ step, path }: { step: number; path: string }) =>
        void seen.push([step, readdirSync(join(directory, 'checkpoints')).includes(path.split('/').at(-1) as string)]),
    };
    await new Trainer(newModel(), { ...quiet, epochs: 2, directory, checkpointEvery: 3, callbacks }).fit(data);
    expect(seen).toEqual([3, 4, 6, 8].map((step) => [step, true]));
  });

  it('stay as many as asked for, and the best one besides', async () => {
    const directory = temporaryDirectory();
    const model = newModel();
    model.validationLoss = (step) => (step === 4 ? 1 : 2);
    const options = { ...quiet, epochs: 4, directory, keepCheckpoints: 2, checkpointEvery: 100 };
    const result = await new Trainer(model, options).fit(data);
    expect(readdirSync(join(directory, 'checkpoints')).sort()).toEqual([
      'step-000012.safetensors',
      'step-000016.safetensors',
    ]);
    expect(result.best).toMatchObject({ step: 4, epoch: 1, loss: 1, checkpoint: join(directory, 'best.safetensors') });
    const best = await loadCheckpoint(join(directory, 'best.safetensors'));
    expect(best.metadata['run']).toMatchObject({ step: 4 });
  });

  it('hold weights, optimizer, carried state, cursor, schedule, seed, vocabulary and configuration', async () => {
    const directory = temporaryDirectory();
    const model = newModel();
    const options = { ...quiet, steps: 2, directory, schedule: reduceOnPlateau(), clipNorm: 3 };
    const { checkpoint } = await new Trainer(model, options).fit(data);
    const { tensors, metadata } = await loadCheckpoint(checkpoint as string);
    expect([...tensors.keys()].sort()).toEqual([
      'optimizer/momentum/b',
      'optimizer/momentum/w',
      'parameters/b',
      'parameters/w',
      'state/h',
    ]);
    expect(tensors.get('parameters/w')).toMatchObject({ shape: [2, 2], data: model.parameters.get('w')?.data });
    expect(tensors.get('state/h')?.shape).toEqual([2, 2]);
    expect(metadata).toMatchObject({
      seed: 3,
      modelStep: 2,
      vocabulary: { level: 'char' },
      schedule: { rate: 0.05 },
      run: { step: 2, epoch: 0, batch: 2 },
      configuration: { training: { clipNorm: 3 }, model: { seed: 3 }, data: { training: { batch: 2, windows: 4 } } },
    });
  });

  it('of a corrupt run state are refused', async () => {
    const directory = temporaryDirectory();
    const options = { ...quiet, epochs: 1, directory };
    const { checkpoint } = await new Trainer(newModel(), options).fit(data);
    const loaded = await loadCheckpoint(checkpoint as string);
    const run = { ...(loaded.metadata['run'] as object), step: -1 };
    await saveCheckpoint(checkpoint as string, { tensors: loaded.tensors, metadata: { ...loaded.metadata, run } });
    const resumed = new Trainer(newModel(), { ...options, resume: true }).fit(data);
    await expect(resumed).rejects.toThrow(/'run\.step': -1/);
    await expect(resumed).rejects.toMatchObject({ code: 'checkpoint_corrupt' });
  });
});

describe('metrics', () => {
  it('say what happened, with everything that depends on the clock apart', async () => {
    const directory = temporaryDirectory();
    const data = { training: streams(18, 2, 2), validation: streams(5, 1, 2) };
    await new Trainer(newModel(), { ...quiet, epochs: 1, directory, metricsEvery: 3 }).fit(data);
    const lines = readFileSync(join(directory, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
    const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(records.map(({ kind, step }) => [kind, step])).toEqual([
      ['train', 3],
      ['validation', 4],
      ['epoch', 4],
    ]);
    const [train, validation, epoch] = records;
    expect(Object.keys(train ?? {}).sort()).toEqual([
      'bitsPerToken',
      'epoch',
      'gradientNorm',
      'kind',
      'learningRate',
      'loss',
      'perplexity',
      'step',
      'timing',
      'tokens',
    ]);
    expect(train).toMatchObject({ epoch: 1, tokens: 12, learningRate: 0.05, timing: { seconds: expect.any(Number) } });
    expect(validation).toMatchObject({ loss: 2.45, bitsPerToken: 2.45 / Math.LN2, isBest: true, tokens: 4 });
    expect(epoch).toMatchObject({ epoch: 1, tokens: 16 });
  });
});
