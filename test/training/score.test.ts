import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCheckpoint } from '../../src/checkpoint/checkpoint.js';
import { lineProgress } from '../../src/training/progress.js';
import { Trainer } from '../../src/training/trainer.js';
import type { TrainerOptions } from '../../src/training/trainer-options.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { newModel, streams } from './toy-run.js';

/** Scores after each epoch: equal ones are decided by the loss, which is lower after the second of them. */
const SCORES = [0.5, 0.3, 0.4, 0.2, 0.2, 0.25];
const STEPS = 4;

/** A run of some epochs of four steps; its validation losses do not follow the scores. */
async function train(directory: string, epochs: number, resume = false) {
  const model = newModel();
  model.validationLoss = (step) => 10 - step / STEPS;
  const score = async () => SCORES[model.step / STEPS - 1] as number;
  const trainer = new Trainer(model, { progress: false, epochs, directory, resume, score });
  return trainer.fit({ training: streams(9, 1, 2), validation: streams(3, 1, 5) });
}

describe('the score of a run', () => {
  it('chooses the best checkpoint, whatever the loss', async () => {
    const directory = join(temporaryDirectory(), 'run');
    const { best, validation } = await train(directory, 6);
    expect(best).toMatchObject({ step: 20, score: 0.2, loss: 5 });
    expect(validation).toMatchObject({ loss: 4 });
    const { metadata } = await loadCheckpoint(join(directory, 'best.safetensors'));
    expect(metadata['run']).toMatchObject({ step: 20, best: { step: 20, score: 0.2 } });
  });

  it('is remembered by a run that is resumed', async () => {
    const directory = join(temporaryDirectory(), 'run');
    expect((await train(directory, 2)).best).toMatchObject({ step: 8, score: 0.3 });
    expect((await train(directory, 3, true)).best).toMatchObject({ step: 8, score: 0.3 });
    expect((await train(directory, 6, true)).best).toMatchObject({ step: 20, score: 0.2 });
  });

  it('is what early stopping follows, through a resume with its count', async () => {
    const stopping = { earlyStopping: { patience: 2 } };
    const scores = [0.5, 0.3, 0.4, 0.35, 0.1];
    const run = (directory: string, epochs: number, options: Partial<TrainerOptions> = {}) => {
      const model = newModel();
      model.validationLoss = (step) => 10 - step / STEPS;
      const score = async () => scores[model.step / STEPS - 1] as number;
      const trainer = new Trainer(model, { progress: false, epochs, directory, score, ...stopping, ...options });
      return trainer.fit({ training: streams(9, 1, 2), validation: streams(3, 1, 5) });
    };
    const directory = join(temporaryDirectory(), 'run');
    expect(await run(directory, 3)).toMatchObject({ stoppedBy: 'epochs', epochs: 3 });
    const text: string[] = [];
    const progress = lineProgress({ write: (line: string) => text.push(line) });
    const result = await run(directory, 5, { resume: true, progress });
    expect(result).toMatchObject({ stoppedBy: 'earlyStopping', epochs: 4, weights: 'best', bestStep: 8 });
    expect(text.join('')).toMatch(
      /stopped early in epoch 4 at step 16: the score has not got better in 2 validations; weights of step 8, the best \(score 0\.3/,
    );
    // More patience continues a run that stopped early.
    const more = await run(directory, 5, { resume: true, earlyStopping: { patience: 3 } });
    expect(more).toMatchObject({ stoppedBy: 'epochs', epochs: 5, bestStep: 20 });
  });

  it('is followed from now on in a run that had no early stopping', async () => {
    const directory = join(temporaryDirectory(), 'run');
    await train(directory, 3);
    const model = newModel();
    const trainer = new Trainer(model, {
      ...{ progress: false, epochs: 9, directory, resume: true, score: async () => 1 },
      earlyStopping: { patience: 2 },
    });
    const result = await trainer.fit({ training: streams(9, 1, 2), validation: streams(3, 1, 5) });
    expect(result).toMatchObject({ stoppedBy: 'earlyStopping', epochs: 6 });
  });

  it('needs validation data', async () => {
    const trainer = new Trainer(newModel(), { progress: false, epochs: 1, score: async () => 0 });
    await expect(trainer.fit(streams(9, 1, 2))).rejects.toThrow(/'score' needs validation data/);
  });
});
