/** A resume loses no result, and two trainings do not share a run or a model. */
import { copyFileSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCheckpoint, saveCheckpoint } from '../../src/checkpoint/checkpoint.js';
import type { JsonObject } from '../../src/core/json.js';
import { TokenStreams } from '../../src/data/streams.js';
import { Trainer } from '../../src/training/trainer.js';
import type { TrainerOptions } from '../../src/training/trainer-options.js';
import type { TrainingSet } from '../../src/training/training-data.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { newModel, streams } from './toy-run.js';

const quiet = { progress: false } as const;
const data: TrainingSet = { training: streams(18, 2, 2), validation: streams(5, 1, 2) };

function train(directory: string, options: Partial<TrainerOptions>, model = newModel(), set: TrainingSet = data) {
  return new Trainer(model, { ...quiet, epochs: 4, directory, ...options }).fit(set);
}

const content = (directory: string) => ({
  best: readFileSync(join(directory, 'best.safetensors')),
  metrics: readFileSync(join(directory, 'metrics.jsonl'), 'utf8'),
});

function removeCheckpoints(directory: string): void {
  const folder = join(directory, 'checkpoints');
  for (const name of readdirSync(folder)) rmSync(join(folder, name));
}

describe('a run whose checkpoints were removed', () => {
  it('goes on from its best checkpoint and ends as if nothing had happened', async () => {
    const [whole, emptied] = [temporaryDirectory(), temporaryDirectory()];
    const straight = newModel();
    await train(whole, {}, straight);
    await train(emptied, { epochs: 3 });
    removeCheckpoints(emptied);
    const resumed = newModel();
    const before = content(emptied);
    await train(emptied, { epochs: 1, resume: true }); // there is nothing more to do
    expect(content(emptied)).toEqual(before);
    await train(emptied, { resume: true }, resumed);
    expect(resumed.numbers()).toEqual(straight.numbers());
    const untimed = (text: string) =>
      text
        .trimEnd()
        .split('\n')
        .map((line) => ({ ...JSON.parse(line), timing: 0 }));
    expect(untimed(content(emptied).metrics)).toEqual(untimed(content(whole).metrics));
  });

  it('keeps its measures where the best checkpoint is gone, too', async () => {
    const directory = temporaryDirectory();
    await train(directory, {});
    const { metrics } = content(directory);
    removeCheckpoints(directory);
    rmSync(join(directory, 'best.safetensors'));
    await train(directory, { resume: true });
    expect(readFileSync(join(directory, 'metrics-1.jsonl'), 'utf8')).toBe(metrics);
  });
});

describe('a best checkpoint that is newer than the others', () => {
  it('is where the run goes on, so that no worse one takes its place', async () => {
    const directory = temporaryDirectory();
    const options = { steps: 4, validateEvery: 1, checkpointEvery: 100 };
    await train(directory, options);
    // As left by a process that was killed between the best checkpoint and its second name.
    const folder = join(directory, 'checkpoints');
    const { metadata } = await loadCheckpoint(join(directory, 'best.safetensors'));
    const { step } = metadata['run'] as { step: number };
    for (const name of readdirSync(folder)) if (Number(name.slice(5, 11)) >= step) rmSync(join(folder, name));
    let resumedFrom: string | undefined;
    const callbacks = {
      onStart: (event: { resumedFrom: string | undefined }) => {
        resumedFrom = event.resumedFrom;
      },
    };
    await train(directory, { ...options, resume: true, callbacks });
    expect(resumedFrom).toBe(join(directory, 'best.safetensors'));
  });
});

describe('the metadata of a checkpoint', () => {
  async function forged(change: (metadata: JsonObject) => JsonObject): Promise<string> {
    const directory = temporaryDirectory();
    await train(directory, { epochs: 1 });
    const folder = join(directory, 'checkpoints');
    const path = join(folder, readdirSync(folder).toSorted().at(-1) as string);
    const { tensors, metadata } = await loadCheckpoint(path);
    await saveCheckpoint(path, { tensors, metadata: { ...metadata, ...change(metadata) } });
    rmSync(join(directory, 'best.safetensors'));
    return directory;
  }

  it.each<[string, (metadata: JsonObject) => JsonObject, string, RegExp]>([
    ['a list as steps of the model', () => ({ modelStep: [] }), 'checkpoint_corrupt', /'modelStep' is \[\]/],
    ['a text as steps of the model', () => ({ modelStep: '4' }), 'checkpoint_corrupt', /'modelStep' is "?4/],
    ['fewer steps of the model than of the run', () => ({ modelStep: 1 }), 'checkpoint_corrupt', /an integer >= 4/],
    [
      'another step than its name',
      ({ run }) => ({ run: { ...(run as JsonObject), step: 3 } }),
      'checkpoint_mismatch',
      /after step 3, its name says 4/,
    ],
    ['another seed', () => ({ seed: 99 }), 'checkpoint_mismatch', /seed 99/],
    ['no object as configuration', () => ({ configuration: [] }), 'checkpoint_corrupt', /configuration/],
    [
      'the configuration of another run',
      ({ configuration }) => ({ configuration: { ...(configuration as JsonObject), training: { clipNorm: 7 } } }),
      'configuration_mismatch',
      /training\./,
    ],
  ])('with %s is refused, and the model stays as it is', async (_name, change, code, message) => {
    const directory = await forged(change);
    const model = newModel();
    const before = model.numbers();
    const resumed = train(directory, { resume: true }, model);
    await expect(resumed).rejects.toMatchObject({ code });
    await expect(resumed).rejects.toThrow(message);
    expect(model.numbers()).toEqual(before);
    expect(readdirSync(directory)).not.toContain('run.lock');
  });

  it('of another run is refused even where its tensors fit', async () => {
    const [mine, other] = [temporaryDirectory(), temporaryDirectory()];
    await train(mine, { epochs: 1, clipNorm: 1 });
    await train(other, { epochs: 1, clipNorm: 2 });
    for (const name of readdirSync(join(other, 'checkpoints'))) {
      copyFileSync(join(other, 'checkpoints', name), join(mine, 'checkpoints', name));
    }
    const resumed = train(mine, { clipNorm: 1, resume: true });
    await expect(resumed).rejects.toThrow(/another configuration: 'training\.clipNorm' is 2 there and 1 here/);
  });
});

describe('data that changed', () => {
  const ids = Int32Array.from({ length: 18 }, (_, at) => (at * 5) % 11);
  it.each<[string, TrainingSet]>([
    ['of another size', { ...data, training: streams(22, 2, 2) }],
    ['of the same size with other ids', { ...data, training: new TokenStreams(ids, { batch: 2, steps: 2 }) }],
    ['without a validation', { training: streams(18, 2, 2) }],
  ])('%s are called so', async (_name, changed) => {
    const directory = temporaryDirectory();
    await train(directory, { epochs: 1 });
    const resumed = train(directory, { resume: true }, newModel(), changed);
    await expect(resumed).rejects.toThrow(/^the data have changed.* since the run '.*' was started: 'data\./);
    await expect(resumed).rejects.toMatchObject({ code: 'configuration_mismatch', details: { reason: 'data' } });
  });

  it('are noticed in arrays of batches', async () => {
    const batches = (value: number) => [{ batchSizes: Int32Array.of(1), inputs: { input: Int32Array.of(value) } }];
    const directory = temporaryDirectory();
    const set = (value: number) => ({ training: batches(value) });
    await train(directory, { epochs: 1 }, newModel(), set(1));
    await expect(train(directory, { resume: true }, newModel(), set(2))).rejects.toThrow(/^the data have changed/);
    await train(directory, { resume: true }, newModel(), set(1));
  });

  it('are not blamed where a setting changed', async () => {
    const directory = temporaryDirectory();
    await train(directory, { epochs: 1, clipNorm: 1 });
    const changed = { ...data, training: streams(22, 2, 2) };
    const resumed = train(directory, { resume: true, clipNorm: 2 }, newModel(), changed);
    await expect(resumed).rejects.toThrow(/another configuration: 'training\.clipNorm'/);
  });
});

describe('two trainings', () => {
  it('in one directory: the second is refused and changes nothing, the first ends well', async () => {
    const directory = temporaryDirectory();
    let second: Promise<unknown> | undefined;
    const model = newModel();
    const other = newModel();
    const callbacks = {
      onStep: async () => {
        second ??= train(directory, { resume: true }, other).catch((error: unknown) => error);
        await second;
      },
    };
    await train(directory, { callbacks }, model);
    expect(await second).toMatchObject({ code: 'run_locked', details: { run: directory, pid: process.pid } });
    expect(other.calls).toEqual([]);
    const straight = newModel();
    await train(temporaryDirectory(), {}, straight);
    expect(model.numbers()).toEqual(straight.numbers());
    expect(readdirSync(directory).toSorted()).toEqual([
      'best.safetensors',
      'checkpoints',
      'config.json',
      'metrics.jsonl',
    ]);
  });

  it('of one model: the second is refused before anything changes', async () => {
    const model = newModel();
    const directory = temporaryDirectory();
    const trainer = new Trainer(model, { ...quiet, epochs: 2 });
    const first = trainer.fit(data);
    await expect(trainer.fit(data)).rejects.toMatchObject({ code: 'model_busy' });
    await expect(train(directory, {}, model)).rejects.toMatchObject({ code: 'model_busy' });
    expect(readdirSync(directory)).toEqual([]);
    await first;
    const straight = newModel();
    await new Trainer(straight, { ...quiet, epochs: 2 }).fit(data);
    expect(model.numbers()).toEqual(straight.numbers());
    await trainer.fit(data);
  });

  it('one after the other: a run that fails to begin leaves neither a lock nor a busy model', async () => {
    const directory = temporaryDirectory();
    const model = newModel();
    const failing = {
      onStart: () => {
        throw new Error('no');
      },
    };
    await expect(train(directory, { callbacks: failing }, model)).rejects.toThrow('no');
    expect(readdirSync(directory)).not.toContain('run.lock');
    await train(directory, { resume: true }, model);
  });
});
