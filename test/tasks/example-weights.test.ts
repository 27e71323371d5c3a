import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluateTask, trainTask } from '../../src/entries/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { predictions, QUIET } from './trained.js';
import { all, type Choice, distance, KINDS, learned, prepareFiles, quick, valuesOf } from './weighed-examples.js';

prepareFiles();

const SAME = 2e-6;
const OTHER = 1e-4;

describe.each(KINDS.map((kind) => [kind.task, kind] as const))('the weights of examples of %s', (task, kind) => {
  const weighed = { weight: 'w' };

  it('of 1 teach the same as none, bit for bit', async () => {
    const plain = await learned(kind, kind.write(all()));
    const ones = await learned(kind, kind.write(all(1)), weighed);
    expect(distance(ones.values, plain.values)).toBe(0);
    expect([plain.loss, ones.loss]).toEqual([expect.not.objectContaining({ weights: 'sequence' }), kind.loss]);
    expect(plain.notes).not.toMatch(/weights/);
    expect(ones.notes).toMatch(/the loss counts by the weights in 'w', from 1 to 1; metrics do not/);
  });

  it('of 0 teach nothing, and those of 2 as much as two examples', async () => {
    const plain = await learned(kind, kind.write(all()));
    const zero = (isWrong: boolean) => learned(kind, kind.write([...all(1), { at: 0, weight: 0, isWrong }]), weighed);
    const [right, wrong] = [await zero(false), await zero(true)];
    expect(distance(wrong.values, right.values)).toBe(0);
    expect(distance(right.values, plain.values)).toBeLessThan(SAME);
    const twice = await learned(kind, kind.write([...all(), { at: 0 }]));
    const double = await learned(kind, kind.write(all(1, { 0: 2 })), weighed);
    expect(distance(double.values, twice.values)).toBeLessThan(SAME);
    expect(distance(double.values, plain.values)).toBeGreaterThan(OTHER);
  });

  it('change neither metrics nor later files, and are the same when a training is resumed', async () => {
    const data = kind.write(all(1, { 1: 0, 2: 3.5 }));
    const whole = await learned(kind, data, { ...weighed, epochs: 3 });
    const out = join(temporaryDirectory(), 'run');
    const controller = new AbortController();
    const stop = { onStep: ({ step }: { step: number }) => step === 2 && controller.abort(new Error('stop')) };
    const options = { ...quick, ...kind.options, ...weighed, data, out, epochs: 3, checkpointEvery: 1 };
    const stopped = trainTask(task, { ...options, signal: controller.signal, callbacks: [stop] } as never);
    await expect(stopped).rejects.toThrow('stop');
    await trainTask(task, { ...QUIET, out, resume: true } as never);
    expect(distance(await valuesOf(out), whole.values)).toBe(0);
    const later = kind.write(all());
    const own = await evaluateTask(out, { threads: 1 });
    expect(own.part).toBe('training');
    const { metrics } = await evaluateTask(out, { data: later, threads: 1 });
    expect(Object.keys(metrics).length).toBeGreaterThan(2);
    expect(metrics).toEqual(own.metrics);
    expect(await predictions(out, { file: later })).toHaveLength(4);
    copyFileSync(kind.write(all(1, { 1: 1, 2: 3.5 })), data);
    await expect(evaluateTask(out, { threads: 1 })).rejects.toMatchObject({ code: 'checkpoint_mismatch' });
  });

  it('are those of the validation part, too', async () => {
    const data = kind.write(all(1));
    const valid = async (own: Readonly<Record<number, number>>) => {
      const out = join(temporaryDirectory(), 'run');
      const file = kind.write(all(1, own));
      const given = { ...quick, ...kind.options, ...weighed, data, valid: file, out };
      return (await trainTask(task, given as never)).metrics;
    };
    expect(await valid({ 0: 5 })).toBeDefined();
    await expect(valid({ 0: 0, 1: 0, 2: 0, 3: 0 })).rejects.toThrow(/all weights of the validation part are 0/);
    await expect(valid({ 1: -1 })).rejects.toThrow(new RegExp(`line ${kind.first + 1}, ${kind.part}`));
  });

  it.each<[string, Choice['weight'], RegExp]>([
    ['a negative one', -1, /expected 0, or numbers from .* found -1/],
    ['a huge one', 1e31, /expected 0, or numbers from .* found 1e\+31/],
    ['a text', 'heavy', /expected a number, found 'heavy'/],
    ['NaN', 'NaN', /expected a number, found 'NaN'/],
    ['a missing one', null, /expected a number, found (null|nothing)/],
  ])('refuse %s before anything is written', async (_name, weight, message) => {
    const out = join(temporaryDirectory(), 'run');
    const choices = all(1).map((choice) => (choice.at === 2 ? { ...choice, weight } : choice));
    const data = kind.write(choices as Choice[]);
    const training = trainTask(task, { ...quick, ...kind.options, ...weighed, data, out } as never);
    await expect(training).rejects.toMatchObject({ code: 'invalid_row', message: expect.stringMatching(message) });
    await expect(training).rejects.toThrow(`${data}' line ${kind.first + 2}, ${kind.part}`);
    expect(existsSync(out)).toBe(false);
  });

  it('refuse a name that is not there, and nothing but 0', async () => {
    const out = join(temporaryDirectory(), 'run');
    const train = (data: string, weight: string) =>
      trainTask(task, { ...quick, ...kind.options, data, out, weight } as never);
    await expect(train(kind.write(all(1)), 'v')).rejects.toMatchObject({
      code: 'invalid_row',
      message: expect.stringMatching(/line 1, (field 'v'.*; --weight FIELD names it|header: expected a column 'v')/),
    });
    await expect(train(kind.write(all(0)), 'w')).rejects.toMatchObject({
      code: 'invalid_weights',
      message: expect.stringMatching(/all weights of the training part are 0 in 'w'/),
    });
    expect(existsSync(out)).toBe(false);
  });
});
