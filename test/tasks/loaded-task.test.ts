import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import {
  type ClassPrediction,
  commonOptions,
  defineTask,
  type ForecastRecord,
  type LoadedTaskOf,
  loadTask,
  type OutputPrediction,
  type PredictionSource,
  predictTask,
  type StepClass,
  streamTask,
  type TagPrediction,
  trainTask,
} from '../../src/entries/tasks.js';
import { dense, sequential } from '../../src/index.js';
import type { POOLINGS } from '../../src/tasks/recipes/classify/class-network.js';
import { parityFile, QUIET, UNTRAINED, waveTable, wordFolder } from './trained.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const small = { ...QUIET, ...UNTRAINED, units: 6, batch: 16, dropout: 0 } as const;

/** A task of one's own with a form of its own for values and predictions. */
const doubled = defineTask({
  name: 'doubled',
  summary: 'twice a number',
  options: commonOptions({ units: 4, epochs: 1, batch: 4, valid: 0, test: 0 }),
  read: () => ({ training: [{ input: Float32Array.of(1), target: Float32Array.of(2) }] }),
  packing: () => ({ features: 1, targetPer: 'step', targetFeatures: 1 }),
  network: () => sequential([dense({ units: 1 })], { features: 1 }),
  loss: 'meanSquaredError',
  readInputs: (source: PredictionSource<number>) =>
    'values' in source ? source.values.map((value) => ({ input: Float32Array.of(value) })) : [],
  async *predict(model, inputs): AsyncGenerator<{ readonly twice: number }, void, void> {
    for (const [output] of await model.predict(inputs.map(({ input }) => [[...input]]))) {
      yield { twice: output as number };
    }
  },
});

async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const directory = mkdtempSync(join(tmpdir(), 'bptt-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const runs = { names: join(directory, 'names'), tags: join(directory, 'tags'), waves: join(directory, 'waves') };
const own = join(directory, 'own');

beforeAll(async () => {
  await trainTask('classify', { ...small, data: wordFolder(directory), out: runs.names });
  const forward = { ...small, direction: 'forward', embedding: 4 } as const;
  await trainTask('tag', { ...forward, data: parityFile(directory, 40), out: runs.tags });
  const windows = { history: 8, horizon: 3, period: 4, columns: 'a', covariates: 'b' } as const;
  await trainTask('forecast', { ...small, ...windows, data: waveTable(directory, 80), out: runs.waves });
  await trainTask(doubled, { ...QUIET, out: own });
});

describe('a loaded task', () => {
  it('predicts what predictTask predicts, time after time, with one model', async () => {
    const names = await loadTask(runs.names, { task: 'classify', threads: 1 });
    const values = ['Satoshi', 'Kowalski', 'x'];
    const expected = await allOf(predictTask(runs.names, { values, threads: 1 }));
    expect(await names.predict(values)).toEqual(expected);
    expect(await names.predict(['x'])).toEqual(expected.slice(2));
    expect(await allOf(names.predictions({ values }))).toEqual(expected);
    expect(await names.predict([])).toEqual([]);
    expect(names.model.step).toBeGreaterThan(0);
    names.dispose();
  });

  it('says which task, run and checkpoint it is, what it was trained with and what it had reached', async () => {
    const names = await loadTask(runs.names, { task: 'classify', threads: 1 });
    expect(names).toMatchObject({ task: 'classify', name: 'names', checkpoint: join(runs.names, 'best.safetensors') });
    expect(names.options).toMatchObject({ units: 6, pooling: 'last+mean+max' });
    const lines = readFileSync(join(runs.names, 'metrics.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const { loss, score } = lines.find(({ kind }) => kind === 'validation');
    expect(score).toBeTypeOf('number');
    expect(names.metrics).toMatchObject({ epoch: 1, step: names.model.step, loss, score });
    names.dispose();
    const other = await loadTask(own, { task: doubled, threads: 1 });
    expect(other.metrics).toBeUndefined(); // there was no validation
    expect(other.name).toBe('own');
    other.dispose();
  });

  it('evaluates the test part of the training, or another file', async () => {
    const tags = await loadTask(runs.tags, { task: 'tag', threads: 1 });
    const { part, metrics, examples } = await tags.evaluate();
    expect([part, examples]).toEqual(['test', 4]);
    expect(await tags.evaluate()).toEqual(expect.objectContaining({ metrics }));
    expect(await tags.evaluate(join(directory, 'parity.jsonl'))).toMatchObject({ examples: 40, of: 'examples' });
    tags.dispose();
  });

  it('has many streams at once, each with its own state, of the one model', async () => {
    const tags = await loadTask(runs.tags, { task: 'tag', threads: 1 });
    const texts = Array.from({ length: 20 }, (_, at) => (at + 16).toString(2));
    const streams = texts.map(() => tags.stream());
    const labels: string[][] = texts.map(() => []);
    for (let step = 0; step < 6; step++) {
      for (const [at, text] of texts.entries()) {
        const piece = text[step];
        const found = piece === undefined ? [] : await streams[at]?.push(piece);
        for (const { label } of found ?? []) labels[at]?.push(label);
      }
    }
    expect(labels.map((each) => ({ labels: each }))).toEqual(await tags.predict(texts));
    streams[0]?.close();
    await expect(streams[0]?.push('1')).rejects.toThrow(code('stream_closed'));
    expect(await streams[1]?.push('1')).toHaveLength(1); // the others go on
    tags.dispose();
    await expect(streams[1]?.push('1')).rejects.toThrow(code('model_disposed'));
  });

  it('answers fifty calls at once, while streams step and it evaluates, with the results of one after the other', async () => {
    const tags = await loadTask(runs.tags, { task: 'tag', threads: 1 });
    const calls = Array.from({ length: 50 }, (_, at) => [(at + 1).toString(2), (7 * at).toString(2)]);
    const expected = [];
    for (const values of calls) expected.push(await tags.predict(values));
    const { metrics } = await tags.evaluate();
    const stream = tags.stream();
    const wrong = tags.predict(['1', 7 as never]).catch((error) => error);
    const [answers, evaluation, pushed] = await Promise.all([
      Promise.all(calls.map((values) => tags.predict(values))),
      tags.evaluate(),
      stream.push('1101'),
    ]);
    expect(answers).toEqual(expected);
    expect(evaluation.metrics).toEqual(metrics);
    expect(pushed.map(({ label }) => label)).toEqual((await tags.predict(['1101']))[0]?.labels);
    expect(await wrong).toEqual(code('invalid_row'));
    tags.dispose();
  });

  it('refuses calls after dispose, which may be called twice', async () => {
    const names = await loadTask(runs.names, { task: 'classify', threads: 1 });
    names.dispose();
    names.dispose();
    await expect(names.predict(['x'])).rejects.toThrow(code('model_disposed'));
    await expect(names.predict([])).rejects.toThrow(code('model_disposed'));
    await expect(names.evaluate()).rejects.toThrow(code('model_disposed'));
    expect(() => names.stream()).toThrow(code('model_disposed'));
  });

  it('stops with its signal, or with that of the call', async () => {
    const stopped = AbortSignal.abort(new Error('stopped'));
    const names = await loadTask(runs.names, { task: 'classify', threads: 1 });
    await expect(names.predict(['x'], { signal: stopped })).rejects.toThrow('stopped');
    expect(await names.predict(['x'])).toHaveLength(1);
    names.dispose();
  });

  it('refuses wrong arguments by name', async () => {
    const names = await loadTask(runs.names, { task: 'classify', threads: 1 });
    const wrong = names as unknown as {
      predict(...args: unknown[]): Promise<unknown>;
      evaluate(data: unknown): unknown;
    };
    await expect(wrong.predict('x')).rejects.toThrow(/the inputs, as option 'values', must be a list, got "x"/);
    await expect(wrong.predict(undefined)).rejects.toThrow(code('invalid_option'));
    await expect(wrong.predict(['x'], { sginal: 1 })).rejects.toThrow(code('unknown_option'));
    await expect(wrong.predict(['x'], null)).rejects.toThrow(code('invalid_option'));
    await expect(wrong.evaluate(7)).rejects.toThrow(code('invalid_option'));
    const both = { file: 'a', values: [] } as unknown as PredictionSource<string>;
    await expect(allOf(names.predictions(both))).rejects.toThrow(/exclude each other/);
    expect(() => names.stream()).toThrow(code('not_streamable'));
    names.dispose();
  });
});

describe('loadTask', () => {
  it('finds the task of a run, and refuses a run of another one', async () => {
    const loaded = await loadTask(runs.waves, { threads: 1 });
    expect(loaded.task).toBe('forecast');
    loaded.dispose();
    await expect(loadTask(runs.waves, { task: 'classify' })).rejects.toThrow(code('configuration_mismatch'));
    await expect(loadTask(runs.waves, { task: doubled })).rejects.toThrow(code('configuration_mismatch'));
  });

  it('takes tasks that are not built in as task, or among tasks', async () => {
    await expect(loadTask(own)).rejects.toThrow(code('task_missing'));
    await expect(loadTask(own, { tasks: [{}] as never })).rejects.toThrow(code('invalid_option'));
    for (const load of [
      () => loadTask(own, { task: doubled, threads: 1 }),
      () => loadTask(own, { tasks: [doubled], threads: 1 }),
    ]) {
      const loaded = await load();
      if (loaded.task !== 'doubled') throw new Error('another task');
      const [first] = await loaded.predict([3]);
      expect(typeof first?.twice).toBe('number');
      loaded.dispose();
    }
    const built = await loadTask(runs.names, { tasks: [doubled], threads: 1 });
    expect(built.task).toBe('classify');
    built.dispose();
  });

  it('gives each task its own types', () => {
    type Names = LoadedTaskOf<'classify'>;
    expectTypeOf<Awaited<ReturnType<Names['predict']>>>().toEqualTypeOf<ClassPrediction[]>();
    expectTypeOf<Names['task']>().toEqualTypeOf<'classify'>();
    expectTypeOf<Names['options']['pooling']>().toEqualTypeOf<(typeof POOLINGS)[number]>();
    type Tags = LoadedTaskOf<'tag'>;
    expectTypeOf<Awaited<ReturnType<Tags['predict']>>>().toEqualTypeOf<TagPrediction[]>();
    expectTypeOf<Awaited<ReturnType<ReturnType<Tags['stream']>['push']>>>().toEqualTypeOf<readonly StepClass[]>();
    expectTypeOf<Awaited<ReturnType<LoadedTaskOf<'forecast'>['predict']>>>().toEqualTypeOf<ForecastRecord[]>();
    expectTypeOf<Parameters<LoadedTaskOf<'lm'>['predict']>[0]>().toEqualTypeOf<readonly string[]>();
    type Own = LoadedTaskOf<typeof doubled>;
    expectTypeOf<Own['task']>().toEqualTypeOf<'doubled'>();
    expectTypeOf<Parameters<Own['predict']>[0]>().toEqualTypeOf<readonly number[]>();
    expectTypeOf<Awaited<ReturnType<Own['predict']>>>().toEqualTypeOf<{ readonly twice: number }[]>();
    const plain = defineTask({
      name: 'plain',
      summary: 'x',
      read: () => ({ training: [] }),
      network: () => sequential([]),
      loss: 'meanSquaredError',
    });
    expectTypeOf<Awaited<ReturnType<LoadedTaskOf<typeof plain>['predict']>>>().toEqualTypeOf<OutputPrediction[]>();
    const uses = async () => {
      const loaded = await loadTask('run', { tasks: [doubled] });
      if (loaded.task === 'translate')
        return (await loaded.predict(['a b'])).map(({ nBest }) => nBest[0]?.logProbability);
      if (loaded.task === 'doubled') return (await loaded.predict([1])).map(({ twice }) => twice);
      // @ts-expect-error the values of a task that is not known yet
      return loaded.predict([1]);
    };
    // @ts-expect-error a value of another form
    const wrong = (lm: LoadedTaskOf<'lm'>) => lm.predict([1]);
    expect([uses, wrong]).toHaveLength(2);
  });

  it('is what streamTask does for one stream, whose end frees the model', async () => {
    const stream = await streamTask(runs.tags, { threads: 1 });
    expect(await stream.push('1')).toHaveLength(1);
    stream.close();
    await expect(stream.push('1')).rejects.toThrow(code('stream_closed'));
  });
});
