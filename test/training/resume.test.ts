import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/batch/batch.js';
import { loadCheckpoint } from '../../src/checkpoint/checkpoint.js';
import { cosine } from '../../src/network/schedules/cosine.js';
import { reduceOnPlateau } from '../../src/network/schedules/reduce-on-plateau.js';
import { warmUp } from '../../src/network/schedules/warm-up.js';
import { Trainer } from '../../src/training/trainer.js';
import type { TrainerOptions } from '../../src/training/trainer-options.js';
import type { BatchSource, TrainingSet } from '../../src/training/training-data.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import type { ToyModel } from './toy-model.js';
import { newModel, streams, vocabulary } from './toy-run.js';

const quiet = { progress: false } as const;

const batches: Batch[] = [3, 1, 4, 1, 5].map((id) => ({
  batchSizes: Int32Array.of(1, 1),
  inputs: { input: Int32Array.of(id, id + 1) },
}));

/** Everything in a run directory that must not depend on interruptions. */
async function contentOf(directory: string): Promise<unknown> {
  const names = readdirSync(join(directory, 'checkpoints')).sort();
  const last = await loadCheckpoint(join(directory, 'checkpoints', names.at(-1) as string));
  const best = readdirSync(directory).includes('best.safetensors')
    ? (await loadCheckpoint(join(directory, 'best.safetensors'))).metadata['run']
    : undefined;
  const metrics = readFileSync(join(directory, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
  return {
    best,
    metadata: last.metadata,
    tensors: [...last.tensors].map(([name, { data }]) => [name, [...(data as Float32Array)]]),
    metrics: metrics.map((line) => ({ ...JSON.parse(line), timing: undefined })),
  };
}

const scenarios: [string, Omit<TrainerOptions, 'directory'>, TrainingSet | BatchSource][] = [
  [
    'streams with plateau, early stopping and validation within epochs',
    {
      epochs: 3,
      schedule: warmUp({ steps: 3, then: reduceOnPlateau({ factor: 0.5, patience: 0 }) }),
      earlyStopping: { patience: 5 },
      validateEvery: 2,
      checkpointEvery: 3,
      metricsEvery: 2,
      clipNorm: 1,
    },
    {
      training: streams(18, 2, 2),
      validation: streams(5, 1, 2),
      vocabulary,
    },
  ],
  [
    'streams that stop early',
    { epochs: 9, earlyStopping: { patience: 2 }, validateEvery: 3, checkpointEvery: 2, metricsEvery: 3 },
    { training: streams(18, 2, 2), validation: streams(5, 1, 2) },
  ],
  [
    'a shuffled array with a cosine schedule and a limit of steps',
    { steps: 12, schedule: cosine(), checkpointEvery: 4, metricsEvery: 5 },
    { training: batches, validation: batches },
  ],
  [
    'an iterable of unknown length',
    { epochs: 3, checkpointEvery: 5, metricsEvery: 3, schedule: (epoch) => 0.1 / (1 + epoch) },
    { training: new Set(batches), validation: new Set(batches) },
  ],
];

describe.each(scenarios)('%s', (_name, options, data) => {
  async function uninterrupted(): Promise<{ model: ToyModel; content: unknown; events: number; evaluations: number }> {
    const directory = temporaryDirectory();
    const model = newModel();
    let events = 0;
    let evaluations = 0;
    model.onEvaluate = () => {
      evaluations += 1;
    };
    const callbacks = {
      onStep: ({ step }: { step: number }) => {
        events = step;
      },
    };
    await new Trainer(model, { ...options, ...quiet, directory, callbacks }).fit(data);
    return { model, content: await contentOf(directory), events, evaluations };
  }

  /** Resumes the run until it is done. */
  async function resume(directory: string): Promise<ToyModel> {
    const model = newModel();
    await new Trainer(model, { ...options, ...quiet, directory, resume: true }).fit(data);
    return model;
  }

  it('aborted after any step and resumed, ends like a run that never stopped', async () => {
    const whole = await uninterrupted();
    expect(whole.events).toBeGreaterThan(8);
    for (let cut = 1; cut < whole.events; cut += 1) {
      const directory = temporaryDirectory();
      const controller = new AbortController();
      const callbacks = { onStep: ({ step }: { step: number }) => void (step === cut && controller.abort('stop')) };
      const trainer = new Trainer(newModel(), {
        ...options,
        ...quiet,
        directory,
        callbacks,
        signal: controller.signal,
      });
      await expect(trainer.fit(data)).rejects.toBe('stop');
      expect(trainer.lastCheckpoint?.step).toBe(cut);
      const model = await resume(directory);
      expect(model.numbers()).toEqual(whole.model.numbers());
      expect(await contentOf(directory)).toEqual(whole.content);
    }
  });

  it('killed after any step, without a last checkpoint, and resumed, ends like a run that never stopped', async () => {
    const whole = await uninterrupted();
    for (let cut = 1; cut <= whole.events; cut += 1) {
      const directory = temporaryDirectory();
      const callbacks = {
        onStep: ({ step }: { step: number }) => {
          if (step === cut) throw new Error('killed');
        },
      };
      await expect(new Trainer(newModel(), { ...options, ...quiet, directory, callbacks }).fit(data)).rejects.toThrow(
        'killed',
      );
      const model = await resume(directory);
      expect(model.numbers()).toEqual(whole.model.numbers());
      expect(await contentOf(directory)).toEqual(whole.content);
    }
  });

  it.each(['aborted', 'killed'])(
    '%s in any validation and resumed, ends like a run that never stopped',
    async (how) => {
      const whole = await uninterrupted();
      for (let cut = 1; cut <= whole.evaluations; cut += 1) {
        const directory = temporaryDirectory();
        const controller = new AbortController();
        const model = newModel();
        let evaluations = 0;
        model.onEvaluate = () => {
          evaluations += 1;
          if (evaluations < cut) return;
          if (how === 'killed') throw new Error('killed');
          controller.abort(new Error('aborted'));
        };
        const trainer = new Trainer(model, { ...options, ...quiet, directory, signal: controller.signal });
        await expect(trainer.fit(data)).rejects.toThrow(how);
        const resumed = await resume(directory);
        expect(resumed.numbers()).toEqual(whole.model.numbers());
        expect(await contentOf(directory)).toEqual(whole.content);
      }
    },
  );

  it('stopped again and again, after every single step, ends like a run that never stopped', async () => {
    const whole = await uninterrupted();
    const directory = temporaryDirectory();
    for (let step = 0; step < whole.events + 3; step += 1) {
      const controller = new AbortController();
      const callbacks = { onStep: () => controller.abort('stop') };
      const trainer = new Trainer(newModel(), {
        ...options,
        ...quiet,
        directory,
        resume: true,
        callbacks,
        signal: controller.signal,
      });
      await trainer.fit(data).catch((error: unknown) => expect(error).toBe('stop'));
    }
    const model = await resume(directory);
    expect(model.numbers()).toEqual(whole.model.numbers());
    expect(await contentOf(directory)).toEqual(whole.content);
  });

  it('aborted in a validation, then killed right after the same one, ends like a run that never stopped', async () => {
    const whole = await uninterrupted();
    const directory = temporaryDirectory();
    const controller = new AbortController();
    const model = newModel();
    model.onEvaluate = () => controller.abort('stop');
    const aborted = new Trainer(model, { ...options, ...quiet, directory, signal: controller.signal }).fit(data);
    await expect(aborted).rejects.toBe('stop');
    const callbacks = {
      onValidation: () => {
        throw new Error('killed');
      },
    };
    const killed = new Trainer(newModel(), { ...options, ...quiet, directory, resume: true, callbacks }).fit(data);
    await expect(killed).rejects.toThrow('killed');
    const resumed = await resume(directory);
    expect(resumed.numbers()).toEqual(whole.model.numbers());
    expect(await contentOf(directory)).toEqual(whole.content);
  });

  it('resumed after its end, does nothing and gives the same result', async () => {
    const directory = temporaryDirectory();
    const first = await new Trainer(newModel(), { ...options, ...quiet, directory }).fit(data);
    const content = await contentOf(directory);
    const model = newModel();
    const second = await new Trainer(model, { ...options, ...quiet, directory, resume: true }).fit(data);
    expect(model.calls).toEqual([]);
    expect({ ...second, seconds: 0, tokensPerSecond: 0 }).toEqual({ ...first, seconds: 0, tokensPerSecond: 0 });
    expect(await contentOf(directory)).toEqual(content);
  });
});

describe('resuming', () => {
  const data = { training: streams(18, 2, 2), validation: streams(5, 1, 2) };

  it('with more epochs goes on where the shorter run ended', async () => {
    const whole = newModel();
    await new Trainer(whole, { ...quiet, epochs: 3, directory: temporaryDirectory() }).fit(data);
    const directory = temporaryDirectory();
    await new Trainer(newModel(), { ...quiet, epochs: 1, directory }).fit(data);
    const longer = newModel();
    await new Trainer(longer, { ...quiet, epochs: 3, directory, resume: true }).fit(data);
    expect(longer.numbers()).toEqual(whole.numbers());
  });

  it('a directory in which nothing was begun begins the run', async () => {
    const directory = join(temporaryDirectory(), 'new');
    const model = newModel();
    await new Trainer(model, { ...quiet, epochs: 1, directory, resume: true }).fit(data);
    expect(model.step).toBe(4);
  });

  it('is needed for a directory that holds a run', async () => {
    const directory = temporaryDirectory();
    await new Trainer(newModel(), { ...quiet, epochs: 1, directory }).fit(data);
    const model = newModel();
    await expect(new Trainer(model, { ...quiet, epochs: 1, directory }).fit(data)).rejects.toMatchObject({
      code: 'run_exists',
    });
    expect(model.calls).toEqual([]);
  });

  it.each<[string, object, RegExp]>([
    ['clipping', { clipNorm: 2 }, /training\.clipNorm.*1 there and 2 here/],
    ['schedule', { schedule: cosine() }, /training\.schedule\.kind.*"constant" there and "cosine" here/],
    ['learning rate', { learningRate: 0.5 }, /training\.learningRate.*0\.05 there and 0\.5 here/],
    ['task', { configuration: { task: { level: 'word' } } }, /task\.level.*"char" there and "word" here/],
  ])('with another %s is an error that names both', async (_name, change, message) => {
    const directory = temporaryDirectory();
    const options = { ...quiet, epochs: 2, clipNorm: 1, directory, configuration: { task: { level: 'char' } } };
    await new Trainer(newModel(), { ...options, epochs: 1 }).fit(data);
    const model = newModel();
    const resumed = new Trainer(model, { ...options, ...change, resume: true }).fit(data);
    await expect(resumed).rejects.toThrow(message);
    await expect(resumed).rejects.toMatchObject({ code: 'configuration_mismatch' });
    expect(model.calls).toEqual([]);
  });

  it('with other data is an error', async () => {
    const directory = temporaryDirectory();
    await new Trainer(newModel(), { ...quiet, epochs: 1, directory }).fit(data);
    const resumed = new Trainer(newModel(), { ...quiet, epochs: 2, directory, resume: true }).fit(streams(18, 3, 2));
    await expect(resumed).rejects.toThrow(/data\.training\.batch.*2 there and 3 here/);
  });

  it('passes over a damaged checkpoint, says so, and ends the same', async () => {
    const whole = newModel();
    await new Trainer(whole, { ...quiet, epochs: 2, directory: temporaryDirectory() }).fit(data);
    const directory = temporaryDirectory();
    const options = { ...quiet, epochs: 2, directory, checkpointEvery: 1 };
    const callbacks = {
      onStep: ({ step }: { step: number }) => {
        if (step === 4) throw new Error('killed');
      },
    };
    await expect(new Trainer(newModel(), { ...options, callbacks }).fit(data)).rejects.toThrow('killed');
    const damaged = join(directory, 'checkpoints', 'step-000003.safetensors');
    writeFileSync(damaged, readFileSync(damaged).subarray(0, 300));
    const notes: string[] = [];
    const progress = { begin() {}, update() {}, note: (line: string) => void notes.push(line), end() {} };
    const model = newModel();
    await new Trainer(model, { ...options, progress, resume: true }).fit(data);
    expect(model.numbers()).toEqual(whole.numbers());
    expect(notes[0]).toContain(damaged);
    expect(notes[1]).toMatch(/resumed at step 2 from .*step-000002/);
    expect(notes.join()).not.toContain('nothing is left');
  });

  it('says so where a run has as many epochs or steps behind it as it is to have', async () => {
    const directory = temporaryDirectory();
    const notes: string[] = [];
    const progress = { begin() {}, update() {}, note: (line: string) => void notes.push(line), end() {} };
    await new Trainer(newModel(), { ...quiet, epochs: 3, directory }).fit(data);
    for (const length of [{ epochs: 2 }, { epochs: 9, steps: 1 }]) {
      const { epochs } = await new Trainer(newModel(), { ...quiet, ...length, directory, progress, resume: true }).fit(
        data,
      );
      expect(epochs).toBe(3);
    }
    const left = notes.filter((note) => note.startsWith('nothing is left to train'));
    expect(left).toEqual([
      expect.stringMatching(/: 3 epochs are done, and option 'epochs' is 2; a larger number continues the run$/),
      expect.stringMatching(/: \d+ steps are done, and option 'steps' is 1; a larger number continues the run$/),
    ]);
  });

  it('a checkpoint of another model is an error that names the tensor, and changes nothing', async () => {
    const directory = temporaryDirectory();
    await new Trainer(newModel(), { ...quiet, epochs: 1, directory }).fit(data);
    const model = newModel();
    model.parameters.set('w', { shape: [4], data: new Float32Array(4) });
    const resumed = new Trainer(model, { ...quiet, epochs: 2, directory, resume: true }).fit(data);
    await expect(resumed).rejects.toThrow(/'parameters\/w' is F32 \[2, 2\] in the file and F32 \[4\] in the model/);
    expect(model.parameters.get('b')?.data[0]).toBe(Math.fround(0.1));
  });
});
