import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadTask, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { QUIET, wordFolder } from './trained.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const small = { ...QUIET, units: 16, embedding: 8, epochs: 12, batch: 16, learningRate: 1e-2 } as const;

describe('classify', () => {
  it('ends with the same model when it is stopped and resumed', async () => {
    const directory = temporaryDirectory();
    const data = wordFolder(directory);
    const options = { ...small, data, epochs: 4, dropout: 0.2, checkpointEvery: 3, schedule: 'step:every=2' };
    await trainTask('classify', { ...options, out: join(directory, 'whole') });
    const out = join(directory, 'stopped');
    const controller = new AbortController();
    const stop = { onStep: ({ step }: { step: number }) => step === 10 && controller.abort(new Error('stop')) };
    const stopped = trainTask('classify', { ...options, out, signal: controller.signal, callbacks: [stop as never] });
    await expect(stopped).rejects.toThrow('stop');
    await trainTask('classify', { ...QUIET, out, resume: true });
    const bytes = (run: string) => loadTask(join(directory, run), { threads: 1 });
    const [whole, resumed] = [await bytes('whole'), await bytes('stopped')];
    for (const [name, { data: values }] of whole.model.parameters) {
      expect(resumed.model.parameters.get(name)?.data).toEqual(values);
    }
    const metricsOf = (run: string) =>
      readFileSync(join(directory, run, 'metrics.jsonl'), 'utf8').replaceAll(/"timing":\{[^}]*\}/g, '');
    expect(metricsOf('stopped')).toBe(metricsOf('whole'));
    whole.model.dispose();
    resumed.model.dispose();
  });

  it('refuses to resume with other data or another task, and leaves the run alone', async () => {
    const directory = temporaryDirectory();
    const out = join(directory, 'run');
    const data = wordFolder(directory);
    await trainTask('classify', { ...small, data, out, epochs: 1 });
    const before = readFileSync(join(out, 'config.json'), 'utf8');
    await expect(trainTask('tag', { ...QUIET, out, resume: true })).rejects.toThrow(/not one of the task 'tag'/);
    await expect(trainTask('classify', { ...QUIET, out, resume: true, units: 8 })).rejects.toThrow(
      /16 there and 8 here/,
    );
    wordFolder(directory, 70);
    await expect(trainTask('classify', { ...QUIET, out, resume: true, epochs: 2 })).rejects.toThrow(
      code('configuration_mismatch'),
    );
    expect(readFileSync(join(out, 'config.json'), 'utf8')).toBe(before);
  });

  it.each<[string, object, string, RegExp]>([
    ['data that is not given', { data: undefined }, 'invalid_option', /'data' is missing/],
    ['data that is not there', { data: 'nowhere' }, 'file_unreadable', /nowhere/],
    ['a fraction of one', { valid: 1 }, 'invalid_option', /'valid' must be a fraction below 1.*got 1/],
    ['an option of another task', { horizon: 3 }, 'unknown_option', /'horizon'/],
    ['a misspelt recurrent option', { recurrent: { zonout: 0.1 } }, 'unknown_option', /zonout/],
  ])('refuses %s before anything is written', async (_name, wrong, expected, message) => {
    const directory = temporaryDirectory();
    const out = join(directory, 'run');
    const given = { ...small, data: wordFolder(directory), out, ...wrong };
    const training = trainTask('classify', given as never);
    await expect(training).rejects.toThrow(message);
    await expect(training).rejects.toMatchObject({ code: expected });
    expect(existsSync(out)).toBe(false);
  });
});
