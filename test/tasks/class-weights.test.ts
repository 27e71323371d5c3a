import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluateTask, trainTask } from '../../src/entries/tasks.js';
import { loadModel } from '../../src/index.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { parityFile, QUIET, trainWithNotes, UNTRAINED } from './trained.js';

const quick = { ...QUIET, ...UNTRAINED, units: 4, valid: 0, test: 0 } as const;

/** Words of three languages, 6, 3 and 1 of each. */
function uneven(directory: string): string {
  const file = join(directory, 'uneven.csv');
  const languages = ['b', 'b', 'b', 'b', 'b', 'b', 'a', 'a', 'a', 'c, d'];
  writeFileSync(file, `text,target\n${languages.map((name, at) => `word${at},"${name}"`).join('\n')}\n`);
  return file;
}

/** The loss that a run was trained with, and what was said of the data. */
async function trained(task: 'classify' | 'tag', options: { data: string; classWeights?: string }) {
  const out = join(temporaryDirectory(), 'run');
  const { result, notes } = await trainWithNotes(task, { ...quick, ...options, out });
  const { model } = await loadModel(out, { threads: 1 });
  const { loss } = model;
  model.dispose();
  return { loss, notes, out, result, configuration: JSON.parse(readFileSync(join(out, 'config.json'), 'utf8')) };
}

describe('the weights of classes', () => {
  it('are balanced by the training part, saved with the run, and said', async () => {
    const data = uneven(temporaryDirectory());
    const { loss, notes, out, configuration, result } = await trained('classify', { data, classWeights: 'balanced' });
    // Classes in the order of their names: a, b, 'c, d'.
    const classWeights = [10 / 9, 10 / 18, 10 / 3];
    expect(loss).toEqual({ kind: 'softmaxCrossEntropy', classWeights });
    expect(configuration.task).toMatchObject({ classWeights: 'balanced', saved: { classWeights } });
    expect(notes.join('\n')).toMatch(/count in the loss as a=1\.111, b=0\.5556, "c, d=3\.333" \(balanced/);
    expect(result.metrics).toEqual({});
    expect((await evaluateTask(out, { threads: 1 })).metrics).toHaveProperty('accuracy');
  });

  it('count the steps of a task that tags', async () => {
    const data = parityFile(temporaryDirectory(), 10);
    const { loss } = await trained('tag', { data, classWeights: 'balanced' });
    const targets = readFileSync(data, 'utf8')
      .trim()
      .split('\n')
      .flatMap((line) => JSON.parse(line).target as string[]);
    const weightOf = (name: string) => targets.length / (2 * targets.filter((target) => target === name).length);
    expect(loss).toEqual({ kind: 'softmaxCrossEntropy', classWeights: [weightOf('even'), weightOf('odd')] });
  });

  it('are given by name; classes that are not named count 1', async () => {
    const data = uneven(temporaryDirectory());
    const { loss, notes } = await trained('classify', { data, classWeights: 'b=0.5,"c, d=2"' });
    expect(loss).toEqual({ kind: 'softmaxCrossEntropy', classWeights: [1, 0.5, 2] });
    expect(notes.join('\n')).toMatch(/as a=1, b=0\.5, "c, d=2"$/);
    const plain = await trained('classify', { data });
    expect(plain.loss).toBe('softmaxCrossEntropy');
    expect(plain.configuration.task.saved).not.toHaveProperty('classWeights');
  });

  it.each<[string, string, RegExp]>([
    ['an unknown class', 'a=2,d=1', /has the class "d", which the data do not have; there are a, b, c, d/],
    ['no number', 'a=two', /weights by class such as a=2,b=0\.5, got "a=two"/],
    ['no name', '=2', /weights by class/],
    ['another word', 'even', /balanced, or weights by class/],
    ['a negative number', 'a=-1', /0, or numbers from 1e-30 to/],
    ['a class twice', 'a=1,a=2', /one weight for each class.*'a' twice/],
    ['nothing but 0', 'a=0,b=0,"c, d=0"', /one is above 0/],
  ])('refuse %s before anything is written', async (_name, classWeights, message) => {
    const directory = temporaryDirectory();
    const out = join(directory, 'run');
    const training = trainTask('classify', { ...quick, data: uneven(directory), classWeights, out });
    await expect(training).rejects.toMatchObject({ code: 'invalid_option', message: expect.stringMatching(message) });
    expect(existsSync(out)).toBe(false);
  });
});
