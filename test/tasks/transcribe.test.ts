import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { transcribe } from '../../src/tasks/recipes/transcribe/transcribe.js';
import { loadTask, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { SMALL, spokenTable } from './spoken.js';
import { QUIET } from './trained.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
describe('transcribe', () => {
  it('draws other strings in every epoch, and ends with the same model when it is stopped and resumed', async () => {
    const directory = temporaryDirectory();
    const data = spokenTable(directory);
    const tiny = {
      ...SMALL,
      units: 4,
      strings: 20,
      epochs: 3,
      checkpointEvery: 1,
      validStrings: 2,
      testStrings: 2,
      data,
    };
    await trainTask('transcribe', { ...tiny, out: join(directory, 'whole') });
    const out = join(directory, 'stopped');
    const controller = new AbortController();
    const stop = { onStep: ({ step }: { step: number }) => step === 4 && controller.abort(new Error('stop')) };
    const stopped = trainTask('transcribe', { ...tiny, out, signal: controller.signal, callbacks: [stop as never] });
    await expect(stopped).rejects.toThrow('stop');
    await trainTask('transcribe', { ...QUIET, out, resume: true });
    const metricsOf = (run: string) =>
      readFileSync(join(directory, run, 'metrics.jsonl'), 'utf8').replaceAll(/"timing":\{[^}]*\}/g, '');
    expect(metricsOf('stopped')).toBe(metricsOf('whole'));
    const tokens = metricsOf('whole')
      .split('\n')
      .filter((line) => line.includes('"kind":"epoch"'));
    expect(
      new Set(tokens.map((line) => (JSON.parse(line.replace(/,\}$/, '}')) as { tokens: number }).tokens)).size,
    ).toBe(3);
  });

  it('refuses to stream with a network that reads ahead', async () => {
    const directory = temporaryDirectory();
    const out = join(directory, 'run');
    await trainTask('transcribe', {
      ...SMALL,
      data: spokenTable(directory, 3),
      out,
      epochs: 1,
      strings: 8,
      units: 4,
      valid: 0,
    });
    const loaded = await loadTask(out, { threads: 1 });
    expect(() => transcribe.stream?.(loaded.model, loaded as never)).toThrow(code('not_streamable'));
    loaded.model.dispose();
  });
});
