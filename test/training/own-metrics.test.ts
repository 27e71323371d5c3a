import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/batch/batch.js';
import type { Metric, MetricSequence, TrainerOptions, TrainingResult, ValidationEvent } from '../../src/index.js';
import type { CarriedState } from '../../src/model/execute/carried-state.js';
import { lineProgress } from '../../src/training/progress.js';
import { Trainer } from '../../src/training/trainer.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { ToyModel } from './toy-model.js';
import { streams } from './toy-run.js';

const STEPS = 4;
/** Accuracies after each epoch; the validation losses fall all the time. */
const ACCURACIES = [0.5, 0.75, 0.625, 0.875, 0.875, 0.8125, 0.75, 0.625];

/** A toy that passes one sequence of each batch to metrics: its prediction encodes the epoch. */
class MeasuredModel extends ToyModel {
  override async evaluate(
    batch: Batch,
    options: { state?: CarriedState; signal?: AbortSignal; metrics?: readonly Metric[] } = {},
  ) {
    const sequence: MetricSequence = {
      prediction: Float32Array.of(this.step / STEPS - 1),
      columns: 1,
      target: batch.inputs['input'] as Int32Array,
      weights: undefined,
    };
    for (const metric of options.metrics ?? []) metric.update(metric.begin(), sequence);
    return super.evaluate(batch, options);
  }
}

const accuracy = (more: Partial<Metric<number[]>> = {}): Metric<number[]> => ({
  name: 'accuracy',
  better: 'higher',
  begin: () => [],
  update: (seen, { prediction }) => void seen.push(ACCURACIES[prediction[0] as number] as number),
  result: (seen) => seen.reduce((sum, value) => sum + value, 0) / seen.length,
  ...more,
});

/** How many batches a validation has. */
const batches: Metric<{ count: number }> = {
  name: 'batches',
  begin: () => ({ count: 0 }),
  update: (state) => void state.count++,
  result: ({ count }) => count,
};

const data = () => ({ training: streams(9, 1, 2), validation: streams(7, 1, 2) });

async function train(options: Partial<TrainerOptions>): Promise<TrainingResult> {
  const model = new MeasuredModel(3);
  model.validationLoss = (step) => 10 - step / STEPS;
  return new Trainer(model, { progress: false, metrics: [accuracy(), batches], ...options }).fit(data());
}

describe('metrics of one’s own in a run', () => {
  it('stand beside the loss in events, in the lines of metrics, in progress and in the result', async () => {
    const directory = join(temporaryDirectory(), 'run');
    const events: ValidationEvent[] = [];
    const text: string[] = [];
    const progress = lineProgress({ write: (line: string) => text.push(line) });
    const callbacks = { onValidation: (event: ValidationEvent) => void events.push(event) };
    const { validation, best } = await train({ epochs: 3, directory, callbacks, progress });
    expect(validation).toMatchObject({ loss: 7, metrics: { accuracy: ACCURACIES[2], batches: 3 } });
    expect(best).toMatchObject({ step: 12, metrics: { accuracy: ACCURACIES[2] } });
    expect(events.map(({ metrics }) => metrics?.['accuracy'])).toEqual(ACCURACIES.slice(0, 3));
    const lines = readFileSync(join(directory, 'metrics.jsonl'), 'utf8').trim().split('\n');
    const recorded = lines.map((line) => JSON.parse(line)).filter(({ kind }) => kind === 'validation');
    expect(recorded.map(({ metrics }) => metrics)).toEqual(
      ACCURACIES.slice(0, 3).map((value) => ({ accuracy: value, batches: 3 })),
    );
    expect(text.join('')).toMatch(/validation loss 7\.0000 .*accuracy 0\.6250 {2}batches 3/);
  });

  it('choose the best weights where one is monitored; equal ones are decided by the loss', async () => {
    const { best, weights } = await train({ epochs: 8, monitor: 'accuracy' });
    expect(best).toMatchObject({ step: 20, loss: 5, metrics: { accuracy: 0.875 } });
    expect(weights).toBe('best');
    const lower = await train({ epochs: 8, monitor: 'accuracy', metrics: [accuracy({ better: 'lower' })] });
    expect(lower.best).toMatchObject({ step: 4, metrics: { accuracy: 0.5 } });
    expect((await train({ epochs: 8, monitor: 'loss' })).best).toMatchObject({ step: 32 });
  });

  it('end the run when the one that is monitored has stopped getting better', async () => {
    const text: string[] = [];
    const progress = lineProgress({ write: (line: string) => text.push(line) });
    const earlyStopping = { patience: 2 };
    const { stoppedBy, epochs } = await train({ epochs: 8, monitor: 'accuracy', earlyStopping, progress });
    expect({ stoppedBy, epochs }).toEqual({ stoppedBy: 'earlyStopping', epochs: 7 });
    expect(text.join('')).toMatch(
      /stopped early in epoch 7 at step 28: accuracy has not got better in 2 validations; weights of step 20, the best \(accuracy 0\.8750, validation loss 5\.0000\)/,
    );
    expect((await train({ epochs: 8, earlyStopping })).stoppedBy).toBe('epochs');
  });

  it('are the same in a run that is resumed', async () => {
    const options = { monitor: 'accuracy', earlyStopping: { patience: 3 } };
    const whole = join(temporaryDirectory(), 'run');
    const parts = join(temporaryDirectory(), 'run');
    const expected = await train({ ...options, epochs: 8, directory: whole });
    await train({ ...options, epochs: 2, directory: parts });
    await train({ ...options, epochs: 6, directory: parts, resume: true });
    const result = await train({ ...options, epochs: 8, directory: parts, resume: true });
    for (const name of ['stoppedBy', 'steps', 'epochs', 'bestStep', 'validation'] as const) {
      expect(result[name]).toEqual(expected[name]);
    }
    const read = (directory: string) =>
      readFileSync(join(directory, 'metrics.jsonl'), 'utf8').replaceAll(/,"timing":\{[^}]*\}/g, '');
    expect(read(parts)).toBe(read(whole));
    const other = train({ epochs: 9, directory: parts, resume: true });
    await expect(other).rejects.toMatchObject({ code: 'configuration_mismatch' });
  });

  it('may be added to a run that had none', async () => {
    const directory = join(temporaryDirectory(), 'run');
    const model = new MeasuredModel(3);
    await new Trainer(model, { progress: false, epochs: 1, directory }).fit(data());
    const { validation } = await train({ epochs: 2, directory, resume: true });
    expect(validation?.metrics).toEqual({ accuracy: ACCURACIES[1], batches: 3 });
  });

  it('are refused before the first step', async () => {
    const refuse = (options: Partial<TrainerOptions>, text: RegExp) =>
      expect(() => new Trainer(new MeasuredModel(), { epochs: 1, ...options })).toThrow(
        expect.objectContaining({ code: 'invalid_option', message: expect.stringMatching(text) }),
      );
    refuse({ metrics: [batches, batches] }, /metrics\[1\]\.name/);
    refuse({ metrics: [batches], monitor: 'batches' }, /must say by 'better'/);
    refuse({ metrics: [accuracy()], monitor: 'f1' }, /'monitor' must be one of "loss", "accuracy", got "f1"/);
    refuse({ monitor: 'accuracy' }, /'monitor' must be one of "loss", got "accuracy"/);
    refuse({ metrics: [accuracy()], monitor: 'accuracy', score: async () => 0 }, /exclude each other/);
    const trainer = new Trainer(new MeasuredModel(), { epochs: 1, progress: false, metrics: [accuracy()] });
    await expect(trainer.fit(streams(9, 1, 2))).rejects.toThrow(/'metrics' needs validation data/);
  });

  it('that give no number end the run, and the last checkpoint stays good', async () => {
    const directory = join(temporaryDirectory(), 'run');
    const metrics = [accuracy({ result: () => Number.NaN })];
    await expect(train({ epochs: 2, directory, checkpointEvery: 2, metrics })).rejects.toMatchObject({
      code: 'non_finite_metric',
      details: { name: 'accuracy', checkpoint: expect.stringMatching(/\.safetensors$/) },
    });
    const { steps } = await train({ epochs: 2, directory, checkpointEvery: 2, resume: true });
    expect(steps).toBe(2 * STEPS);
  });
});
