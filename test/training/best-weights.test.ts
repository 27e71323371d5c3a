import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCheckpoint } from '../../src/checkpoint/checkpoint.js';
import { Run } from '../../src/checkpoint/run.js';
import { CheckpointError, OptionError } from '../../src/core/errors.js';
import { BestWeights } from '../../src/training/best-weights.js';
import { type ProgressReporter, silentProgress } from '../../src/training/progress.js';
import { Trainer } from '../../src/training/trainer.js';
import type { TrainerOptions } from '../../src/training/trainer-options.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { characterModel, imageOf, randomBatch } from '../model/small-models.js';
import { ToyModel } from './toy-model.js';
import { streams } from './toy-run.js';

const LOSSES = [3, 1.5, 2, 2.5, 2.25, 2.75];
const BEST = 2;
/** The loss before the first step. */
const BEFORE = 1;
const data = { training: streams(3, 1, 2), validation: streams(3, 1, 2) }; // a step an epoch

const weightsOf = (model: ToyModel) => [...model.parameters.values()].flatMap(({ data: values }) => [...values]);

/** A run, the weights after each of its steps, and its notes. */
async function train(options: Partial<TrainerOptions> = {}, set: Parameters<Trainer['fit']>[0] = data) {
  const model = new ToyModel();
  model.validationLoss = (step) => (step === 0 ? BEFORE : (LOSSES[step - 1] as number));
  const after: number[][] = [];
  const notes: string[] = [];
  const progress: ProgressReporter = { ...silentProgress, note: (line) => void notes.push(line) };
  const callbacks = {
    onStep({ step }: { step: number }) {
      after[step] = weightsOf(model);
    },
  };
  const trainer = new Trainer(model, { epochs: LOSSES.length, progress, callbacks, ...options });
  return { model, after, notes, result: await trainer.fit(set) };
}

/** Until the calls that were requested have begun. */
async function begun(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await Promise.resolve();
}

const newRun = () => join(temporaryDirectory(), 'run');

describe('the best weights', () => {
  it('are put back between the calls that read the model, not in the middle of one', async () => {
    const make = () => characterModel({ units: 64, layers: 2 });
    const [model, alone] = [make(), make()];
    const batch = randomBatch([24, 24, 24, 20]);
    const input = Array.from({ length: 12 }, (_, at) => [at % 11, 3, 5]);
    const first = imageOf(model)['parameters'];
    const best = new BestWeights(model, undefined, 'best');
    best.note();
    await model.trainStep(batch);
    await alone.trainStep(batch);
    const reading = model.predict(input, { batch: 1 });
    await begun();
    const chosen = best.choose({ step: 1, best: { step: 0 } } as Parameters<BestWeights['choose']>[0]);
    expect(await reading).toEqual(await alone.predict(input));
    expect(await chosen).toBe('best');
    expect(imageOf(model)['parameters']).toEqual(first);
    expect(model.predictSync(input)).toEqual(make().predictSync(input));
  });
});

describe('the model after a run with validation', () => {
  it.each<[string, () => { directory?: string }]>([
    ['without a directory', () => ({})],
    ['with a directory', () => ({ directory: newRun() })],
  ])('holds the best weights, %s, and says so', async (_, where) => {
    const options = where();
    const { model, after, notes, result } = await train(options);
    expect(weightsOf(model)).toEqual(after[BEST]);
    expect(model.changes).toBe(1);
    expect(result).toMatchObject({ weights: 'best', bestStep: BEST, steps: 6, best: { step: BEST, loss: 1.5 } });
    expect(notes.at(-1)).toBe('weights of step 2, the best (validation loss 1.5000); the last step was 6');
    // All else is that of the last step.
    const last = await train({ keep: 'last' });
    expect(model.step).toBe(6);
    expect([...model.optimizerState]).toEqual([...last.model.optimizerState]);
  });

  it.each([
    ['without a directory', () => ({})],
    ['with a directory', () => ({ directory: newRun() })],
  ])(
    'holds the initial weights where no step is better and they are validated too, %s, also after a resume',
    async (_, where) => {
      const options: Partial<TrainerOptions> = { ...where(), validateFirst: true };
      const initial = weightsOf(new ToyModel());
      const { model, result } = await train(options);
      expect(weightsOf(model)).toEqual(initial);
      expect(result).toMatchObject({ weights: 'best', bestStep: 0, steps: 6, best: { step: 0, loss: BEFORE } });
      if (options.directory === undefined) return;
      const again = await train({ ...options, resume: true, epochs: LOSSES.length });
      expect(again.result).toMatchObject({ bestStep: 0, steps: 6 });
      expect(weightsOf(again.model)).toEqual(initial);
    },
  );

  it('holds the last ones where it was told to', async () => {
    for (const options of [{}, { directory: newRun() }]) {
      const { model, after, notes, result } = await train({ ...options, keep: 'last' });
      expect(weightsOf(model)).toEqual(after[6]);
      expect(model.changes).toBe(0);
      expect(result).toMatchObject({ weights: 'last', bestStep: BEST, best: { loss: 1.5 } });
      expect(notes.at(-1)).toBe('weights of the last step 6; the best were those of step 2 (validation loss 1.5000)');
    }
  });

  it('is left alone where the last step is the best', async () => {
    const { model, after, notes, result } = await train({ epochs: BEST });
    expect(weightsOf(model)).toEqual(after[BEST]);
    expect(model.changes).toBe(0);
    expect(result).toMatchObject({ weights: 'best', bestStep: BEST });
    expect(notes.at(-1)).toBe('weights of the last step 2, the best (validation loss 1.5000)');
  });

  it('holds the best ones when it stops early', async () => {
    const { model, after, result } = await train({ earlyStopping: { patience: 2 } });
    expect(result).toMatchObject({ stoppedBy: 'earlyStopping', steps: 4, weights: 'best' });
    expect(weightsOf(model)).toEqual(after[BEST]);
  });

  it('holds those of the best score', async () => {
    let calls = 0;
    const { model, after, notes, result } = await train({
      score: async () => ([4, 3, 2, 1, 5, 6] as const)[calls++] ?? 0,
    });
    expect(result).toMatchObject({ bestStep: 4, best: { score: 1, loss: 2.5 } });
    expect(weightsOf(model)).toEqual(after[4]);
    expect(notes.at(-1)).toMatch(/^weights of step 4, the best \(score 1\.0000, validation loss 2\.5000\)/);
  });

  it('holds the last ones without validation, and no line says anything', async () => {
    const { model, after, notes, result } = await train({}, data.training);
    expect(weightsOf(model)).toEqual(after[6]);
    expect(result).toMatchObject({ weights: 'last', bestStep: undefined, best: undefined });
    expect(notes.filter((line) => line.startsWith('weights'))).toEqual([]);
  });
});

describe('the checkpoints of a run whose model ends with its best weights', () => {
  it('are those of the steps, from which a resumed run goes on bit for bit', async () => {
    const directory = newRun();
    const { after } = await train({ directory, epochs: 4 });
    const newest = (await Run.read(directory).loadLatest())?.checkpoint.tensors;
    expect([...(newest?.get('parameters/w')?.data ?? [])]).toEqual(after[4]?.slice(0, 4));
    const resumed = await train({ directory, resume: true });
    const whole = await train();
    for (const step of [5, 6]) expect(resumed.after[step]).toEqual(whole.after[step]);
    expect(resumed.result).toMatchObject({ weights: 'best', bestStep: BEST });
    // The best step was before the resume.
    expect(weightsOf(resumed.model)).toEqual(whole.after[BEST]);
    expect(resumed.model.numbers()).toEqual(whole.model.numbers());
    const { tensors } = await loadCheckpoint(join(directory, 'best.safetensors'));
    expect([...(tensors.get('parameters/w')?.data ?? [])]).toEqual(whole.after[BEST]?.slice(0, 4));
  });

  it('must hold the best ones in the end', async () => {
    const directory = newRun();
    const lose = {
      onCheckpoint: ({ step }: { step: number }) => void (step === 6 && rmSync(join(directory, 'best.safetensors'))),
    };
    const failed = await train({ directory, callbacks: lose }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(CheckpointError);
    expect(failed).toMatchObject({ code: 'checkpoint_missing', details: { step: BEST } });
  });

  it('are counted by an option of another name', async () => {
    expect(() => new Trainer(new ToyModel(), { epochs: 1, keep: 3 as never })).toThrow(OptionError);
    expect(() => new Trainer(new ToyModel(), { epochs: 1, keepCheckpoints: 0 })).toThrow(OptionError);
  });
});
