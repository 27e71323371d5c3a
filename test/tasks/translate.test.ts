import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../src/core/json.js';
import { heldPart } from '../../src/tasks/recipes/translate/translate-data.js';
import type { TaskStart } from '../../src/tasks/runner/train-task.js';
import { evaluateTask, loadTask, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { reversedTraining } from './reversed-language.js';
import { predictions, QUIET } from './trained.js';

describe('translate', () => {
  it('ends with the same model when it is stopped and resumed, with scheduled sampling', async () => {
    const directory = temporaryDirectory();
    const noisy = { sampling: 0.5, dropout: 0.2, epochs: 3, batch: 20, checkpointEvery: 4, valid: 0, test: 0 };
    const options = reversedTraining(directory, noisy, 180);
    await trainTask('translate', { ...options, out: join(directory, 'whole') });
    const controller = new AbortController();
    const stop = { onStep: ({ step }: { step: number }) => step === 14 && controller.abort(new Error('stop')) };
    const stopped = trainTask('translate', { ...options, signal: controller.signal, callbacks: [stop as never] });
    await expect(stopped).rejects.toThrow('stop');
    await trainTask('translate', { ...QUIET, out: options.out, resume: true });
    const [whole, resumed] = [await loadTask(join(directory, 'whole')), await loadTask(options.out)];
    for (const [name, { data }] of whole.model.parameters) {
      expect(resumed.model.parameters.get(name)?.data).toEqual(data);
    }
    whole.model.dispose();
    resumed.model.dispose();
  });

  it('leaves out long pairs of the training part only', async () => {
    const directory = temporaryDirectory();
    const options = reversedTraining(directory, { maxLength: 3, epochs: 1, units: 4 }, 100);
    const { examples } = await trainTask('translate', options);
    expect(examples.training).toBeLessThan(70);
    expect([examples.validation, examples.test]).toEqual([40, 40]);
  });

  it('reads JSON lines, in training and later, as it reads two files', async () => {
    const directory = temporaryDirectory();
    const options = reversedTraining(directory, { epochs: 1, units: 4, valid: 0, test: 0 }, 60);
    await trainTask('translate', options);
    const [low, up] = ['low', 'up'].map((end) => readFileSync(`${options.data}.${end}`, 'utf8').trim().split('\n'));
    const lines = (low as string[]).map((source, at) =>
      JSON.stringify({ source, target: at % 2 === 0 ? up?.[at] : up?.[at]?.split(' ') }),
    );
    const data = join(directory, 'pairs.jsonl');
    writeFileSync(data, lines.join('\n'));
    const out = join(directory, 'lines');
    const { languages: _, ...others } = options;
    await trainTask('translate', { ...others, data, out });
    const { metrics } = await evaluateTask(options.out, { threads: 1 });
    for (const run of [out, options.out])
      expect((await evaluateTask(run, { data, threads: 1 })).metrics).toEqual(metrics);
    expect(await predictions(out, { file: data })).toEqual(
      await predictions(options.out, { file: `${options.data}.low` }),
    );
  });

  it.each<[string, object, string, RegExp]>([
    ['data that is not given', { data: undefined }, 'invalid_option', /'data' is missing/],
    ['languages that are none', { languages: 'english' }, 'invalid_option', /two languages.*got "english"/],
    ['a language without a file', { languages: 'low-de' }, 'file_unreadable', /train\.de/],
    ['a limit that leaves nothing', { maxLength: 1 }, 'too_long', /'maxLength' is 1/],
    ['copies of characters', { unknown: 'copy', level: 'character' }, 'invalid_option', /needs words and attention/],
    ['copies without attention', { unknown: 'copy', attention: 'none' }, 'invalid_option', /attention 'none'/],
    ['a cell with a misspelt option', { recurrent: { zonout: 0.1 } }, 'unknown_option', /zonout/],
    ['a vocabulary without words', { minCount: 10_000 }, 'invalid_vocabulary', /10000 times/],
  ])('refuses %s before anything is written', async (_name, wrong, expected, message) => {
    const directory = temporaryDirectory();
    const options = { ...reversedTraining(directory), ...wrong };
    const training = trainTask('translate', options as never);
    await expect(training).rejects.toThrow(message);
    await expect(training).rejects.toMatchObject({ code: expected });
    expect(existsSync(options.out)).toBe(false);
  });

  it('refuses to translate what is no sentence', async () => {
    const directory = temporaryDirectory();
    const options = reversedTraining(directory, { epochs: 1, units: 4, valid: 0, test: 0 });
    await trainTask('translate', options);
    for (const wrong of ['  ', [], [1], 7]) {
      await expect(predictions(options.out, { values: ['a', wrong as JsonValue] })).rejects.toMatchObject({
        code: 'invalid_option',
      });
    }
  });
});

describe('the parts that are held out', () => {
  it('have about a hundred pairs, within a fiftieth and a tenth', () => {
    expect([12, 544, 2000, 4000, 50_000].map((pairs) => heldPart(pairs).value)).toEqual([0.1, 0.1, 0.05, 0.025, 0.02]);
    expect(heldPart(544).reason).toBe('of 544 pairs');
  });

  it('follow from the number of pairs in a run, which keeps them, and are as in an earlier run', async () => {
    const directory = temporaryDirectory();
    const data = join(directory, 'pairs.tsv');
    writeFileSync(data, Array.from({ length: 60 }, (_, at) => `a${at % 7} b\tc${at % 7} d`).join('\n'));
    const out = join(directory, 'run');
    let start: TaskStart | undefined;
    const onStart = (each: TaskStart) => {
      start = each;
    };
    const small = { units: 2, embedding: 2, epochs: 1, threads: 1, progress: false, naive: 0, data, out } as const;
    await trainTask('translate', { ...small, onStart });
    expect(start?.examples).toEqual({ training: 49, validation: 5, test: 6 });
    expect(start?.settled).toContainEqual({ name: 'valid', value: 0.1, reason: 'of 60 pairs' });
    const { task } = JSON.parse(readFileSync(join(out, 'config.json'), 'utf8'));
    expect(task).toMatchObject({ valid: 0.1, test: 0.1 });
    const own = { ...small, out: join(directory, 'own'), valid: 0.5, test: 0 } as const;
    const result = await trainTask('translate', own);
    expect(result.examples).toEqual({ training: 30, validation: 30, test: 0 });
    // A run from before the rule has its fractions.
    const resumed = await trainTask('translate', { ...small, out: own.out, epochs: 2, resume: true });
    expect(resumed.examples).toEqual(result.examples);
  });
});
