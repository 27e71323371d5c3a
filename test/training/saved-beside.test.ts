/** Checkpoints that are written while training goes on hold what the model was when they began. */
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { loadCheckpoint } from '../../src/checkpoint/checkpoint.js';
import { Trainer } from '../../src/training/trainer.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { newModel, streams, vocabulary } from './toy-run.js';

const data = { training: streams(18, 2, 2), validation: streams(5, 1, 2), vocabulary };
const options = { progress: false, epochs: 4, checkpointEvery: 1, keepCheckpoints: 100 } as const;

function filesOf(run: string): Map<string, Buffer> {
  const names = readdirSync(join(run, 'checkpoints')).map((name) => join('checkpoints', name));
  return new Map([...names, 'best.safetensors'].sort().map((name) => [name, readFileSync(join(run, name))]));
}

describe('checkpoints written beside training', () => {
  it('are the same bytes as those that training waits for, also after a resume', async () => {
    const [waiting, beside] = [temporaryDirectory(), temporaryDirectory()];
    await new Trainer(newModel(), { ...options, directory: waiting }).fit(data);
    const begin = { ...options, directory: beside, saveWhile: 'training', epochs: 2 } as const;
    await new Trainer(newModel(), begin).fit(data);
    await new Trainer(newModel(), { ...begin, epochs: 4, resume: true }).fit(data);
    expect([...filesOf(beside).keys()]).toEqual([...filesOf(waiting).keys()]);
    const steps = [...filesOf(waiting).keys()].length;
    expect(steps).toBeGreaterThan(8);
    for (const [name] of filesOf(waiting)) {
      const [left, right] = await Promise.all([waiting, beside].map((run) => loadCheckpoint(join(run, name))));
      expect(left?.tensors, name).toEqual(right?.tensors);
      expect(left?.metadata['run'], name).toEqual(right?.metadata['run']);
    }
  });

  it('let steps go on, and are told in order when they are whole', async () => {
    const directory = temporaryDirectory();
    const model = newModel();
    const told: string[] = [];
    const trained = { ...options, directory, saveWhile: 'training' } as const;
    const callbacks = {
      onStep: ({ step }: { step: number }) => void told.push(`step ${step}`),
      onCheckpoint: async ({ step, path }: { step: number; path: string }) => {
        told.push(`checkpoint ${step}`);
        expect((await loadCheckpoint(path)).metadata['run']).toMatchObject({ step });
      },
    };
    const { steps } = await new Trainer(model, { ...trained, callbacks }).fit(data);
    const saved = told.filter((line) => line.startsWith('checkpoint'));
    expect(saved.at(-1)).toBe(`checkpoint ${steps}`);
    expect(saved).toEqual([...saved].sort((a, b) => Number(a.slice(11)) - Number(b.slice(11))));
    expect(told.indexOf('step 2')).toBeLessThan(told.indexOf('checkpoint 1'));
  });

  it('that cannot be written end the run with their error, and the last good one stays', async () => {
    const directory = temporaryDirectory();
    const trained = { ...options, directory, saveWhile: 'training' } as const;
    const callbacks = {
      async onStep({ step }: { step: number }) {
        if (step !== 3) return;
        const isWritten = () =>
          readdirSync(join(directory, 'checkpoints')).some((name) => name.endsWith('.safetensors'));
        while (!isWritten()) await sleep(1); // the first one
        // A file in the place of the folder: what is written from now on cannot be renamed into it.
        renameSync(join(directory, 'checkpoints'), join(directory, 'moved'));
        writeFileSync(join(directory, 'checkpoints'), '');
      },
    };
    const training = new Trainer(newModel(), { ...trained, callbacks }).fit(data);
    await expect(training).rejects.toMatchObject({ code: 'checkpoint_write_failed' });
    const [first] = readdirSync(join(directory, 'moved'))
      .filter((name) => name.endsWith('.safetensors'))
      .sort();
    expect((await loadCheckpoint(join(directory, 'moved', first as string))).metadata['run']).toMatchObject({
      step: 1,
    });
  });

  it('are finished before an error or an abort ends the run', async () => {
    const directory = temporaryDirectory();
    const model = newModel();
    model.nonFiniteAt = 6;
    const trained = { ...options, directory, saveWhile: 'training' } as const;
    await expect(new Trainer(model, trained).fit(data)).rejects.toMatchObject({ code: 'non_finite_loss' });
    const [newest] = readdirSync(join(directory, 'checkpoints')).sort().reverse();
    expect((await loadCheckpoint(join(directory, 'checkpoints', newest as string))).metadata['run']).toMatchObject({
      step: 5,
    });
    expect(readdirSync(directory).filter((name) => /lock|tmp/.test(name))).toEqual([]);
    await sleep(20);
    expect(readdirSync(join(directory, 'checkpoints')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect(() => new Trainer(model, { ...trained, saveWhile: 'sleeping' as never })).toThrow(
      expect.objectContaining({ code: 'invalid_option' }),
    );
  });
});
