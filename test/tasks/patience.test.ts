import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commonOptions, defineTask, type TaskName, trainTask } from '../../src/entries/tasks.js';
import { dense, gru, sequential } from '../../src/index.js';
import { lineProgress } from '../../src/training/progress.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { smallText } from '../cli/small-text.js';
import { parityFile, QUIET, waveTable, wordFolder } from './trained.js';

/** Steps too small to change a weight: every validation gives the same numbers. */
const STILL = { learningRate: 1e-30, units: 4, epochs: 9 } as const;

const examples = Array.from({ length: 12 }, (_, at) => ({ input: Float32Array.of(at, -at, 1), target: at % 2 }));

/** A task without a score of its own: it follows the loss. */
const still = defineTask({
  name: 'still-task',
  summary: 'the parity of the first number',
  options: commonOptions({ units: 4, batch: 4 }),
  read: () => ({ training: examples, validation: examples.slice(0, 6) }),
  network: ({ units }) => sequential([gru({ units, output: 'last' }), dense({ units: 2 })], { features: 1 }),
  loss: 'softmaxCrossEntropy',
});

function textFile(directory: string): string {
  const file = join(directory, 'text.txt');
  writeFileSync(file, smallText(60));
  return file;
}

const tasks: readonly [string, TaskName | typeof still, (directory: string) => object][] = [
  ['classify', 'classify', (directory) => ({ data: wordFolder(directory, 20) })],
  ['tag', 'tag', (directory) => ({ data: parityFile(directory, 40) })],
  ['lm', 'lm', (directory) => ({ data: textFile(directory), embedding: 4, steps: 8, batch: 4, layers: 1 })],
  [
    'forecast',
    'forecast',
    (directory) => ({ data: waveTable(directory, 200), columns: 'a,b', history: 17, period: 17, horizon: 4 }),
  ],
  ['a task of one’s own', still, () => ({})],
];

describe.each(tasks)('the patience of %s', (_name, task, options) => {
  it('ends the run in time, says so in a line, and is counted through a resume', async () => {
    const directory = temporaryDirectory();
    const text: string[] = [];
    const progress = lineProgress({ write: (line: string) => text.push(line) });
    const out = join(directory, 'run');
    const all = { ...QUIET, ...STILL, ...options(directory), patience: 3, out };
    const train = (given: object) => trainTask(task as 'classify', given as typeof all & { data: string });
    expect(await train({ ...all, epochs: 2 })).toMatchObject({ stoppedBy: 'epochs', epochs: 2 });
    const resumed = await train({ ...all, progress, resume: true });
    // A forecast is validated before its first step, too.
    const epochs = task === 'forecast' ? 3 : 4;
    expect(resumed).toMatchObject({ stoppedBy: 'earlyStopping', epochs, weights: 'best' });
    const followed = task === 'lm' || task === still ? 'the validation loss' : 'the score';
    expect(text.join('')).toMatch(
      new RegExp(
        `stopped early in epoch ${epochs} at step \\d+: ${followed} has not got better in 3 validations; (?:the initial weights|weights of (?:the last )?step \\d+), the best \\(`,
      ),
    );
    // A run that stopped may go on with more patience.
    expect(await train({ out, ...QUIET, resume: true, patience: 5 })).toMatchObject({ epochs: epochs + 2 });
    const { place, task: settings } = JSON.parse(readFileSync(join(out, 'config.json'), 'utf8'));
    expect({ place, settings }).toMatchObject({ place: { patience: 5 } });
    expect(settings).not.toHaveProperty('patience');
  });
});

describe('patience', () => {
  it.each([
    { perfectScore: 0, stoppedBy: 'earlyStopping', epochs: 3 },
    { perfectScore: -1, stoppedBy: 'epochs', epochs: 6 },
  ])('is counted from a score of 0 on where $perfectScore is perfect, although the loss falls', async (expected) => {
    const { perfectScore, ...stopped } = expected;
    // Equal scores with lower losses still choose the best weights.
    const task = defineTask({ ...still, name: 'perfect', score: () => 0, perfectScore });
    const given = { ...QUIET, out: join(temporaryDirectory(), 'run'), learningRate: 1e-3, units: 4 };
    const result = await trainTask(task, { ...given, epochs: 6, patience: 2, schedule: 'constant' });
    expect(result).toMatchObject({ ...stopped, best: { epoch: stopped.epochs, score: 0 } });
  });

  it('is refused without validation data, and where it is no count, before anything is written', async () => {
    const directory = temporaryDirectory();
    const out = join(directory, 'run');
    const options = { ...QUIET, ...STILL, data: wordFolder(directory, 20), out };
    await expect(trainTask('classify', { ...options, valid: 0, patience: 2 })).rejects.toMatchObject({
      code: 'invalid_option',
      message: "option 'patience' needs validation data, and there is none: give option 'valid'",
    });
    for (const patience of [-1, 1.5, Number.NaN]) {
      await expect(trainTask('classify', { ...options, patience })).rejects.toMatchObject({ code: 'invalid_option' });
    }
    expect(existsSync(out)).toBe(false);
  });
});
