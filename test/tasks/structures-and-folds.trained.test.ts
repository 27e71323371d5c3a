import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { meanOf } from '../../src/core/statistics.js';
import { commonOptions, defineTask, numberOption, trainTask } from '../../src/entries/tasks.js';
import { dense, gru, sequential } from '../../src/index.js';
import { sizeOf } from '../../src/tasks/definition/parts.js';
import { foldsOf } from '../../src/tasks/runner/folds.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { QUIET } from './trained.js';

/** Two thirds of the sequences are of class b; the first number tells. */
const examples = Array.from({ length: 30 }, (_, at) => ({
  input: Float32Array.of(at % 3, 1),
  target: at % 3 === 0 ? 0 : 1,
}));

/** A task that learns nothing with its default learning rate. */
const firstNumber = defineTask({
  name: 'first-number',
  summary: 'the class of the first number',
  options: commonOptions({ units: 4, epochs: 30, learningRate: 1e-9, valid: 0 }),
  read: ({ valid }) => ({
    training: examples,
    ...(valid !== 0 && { validation: examples.slice(0, 9) }),
    test: examples.slice(0, 12),
  }),
  network: ({ units }) => sequential([gru({ units, output: 'last' }), dense({ units: 2 })], { features: 1 }),
  loss: 'softmaxCrossEntropy',
  score: ({ loss }) => loss,
  structures: () => [
    { name: 'no rate', options: { learningRate: 1e-12 } },
    { name: 'a good rate', options: { learningRate: 0.05 } },
  ],
});

const CERTAINTY = { chance: { gain: 0.2, noise: 4 }, sure: { gain: 0.1, noise: 0.01 } };

/** A task whose score is 1 less the gain of the options; a noise without mean differs from example to example. */
function withScores(names: readonly (keyof typeof CERTAINTY)[]) {
  const numbers = Array.from({ length: 60 }, (_, at) => ({ input: Float32Array.of(at), target: at % 2 }));
  return defineTask({
    name: 'scored',
    summary: 'scores of options',
    options: {
      ...commonOptions({ units: 4, epochs: 1, valid: 0 }),
      gain: numberOption({}, { description: 'gain', default: 0 }),
      noise: numberOption({}, { description: 'noise', default: 0 }),
    },
    read: ({ valid }) => ({ training: numbers, ...(valid !== 0 && { validation: numbers.slice(0, 40) }) }),
    network: ({ units }) => sequential([gru({ units, output: 'last' }), dense({ units: 2 })], { features: 1 }),
    loss: 'softmaxCrossEntropy',
    evaluate: (_model, part, { options: { gain, noise } }) => {
      const ids = (part as typeof numbers).map(({ input }) => (Number(input[0]) % 10) - 4.5);
      return { score: 1 - gain + (noise * meanOf(ids)) / 4.5 };
    },
    describe: ({ score }) => String(score),
    score: ({ score }) => Number(score),
    structures: () => names.map((name) => ({ name, options: CERTAINTY[name] })),
  });
}

const runPath = () => join(temporaryDirectory(), 'run');
const linesOf = (run: string) =>
  readFileSync(join(run, 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('the option auto', () => {
  it.each([
    { valid: 0, judgedBy: '3 folds' },
    { valid: 0.5, judgedBy: 'the validation part' },
  ])('trains the best of the structures by $judgedBy, saves its options and says why', async ({ valid, judgedBy }) => {
    const out = runPath();
    let settled: unknown;
    const onStart = (start: { settled: unknown }) => {
      settled = start.settled;
    };
    const seen: string[] = [];
    const onStructure = ({ name }: { name: string }) => seen.push(name);
    const { structures, metrics } = await trainTask(firstNumber, {
      ...QUIET,
      out,
      valid,
      auto: 60,
      onStart,
      onStructure,
    });
    expect(seen).toEqual(['default', 'no rate', 'a good rate']);
    expect(structures).toMatchObject({
      chosen: 'a good rate',
      judgedBy,
      results: [
        { name: 'default', options: {}, epochs: 30 },
        { name: 'no rate', options: { learningRate: 1e-12 }, epochs: 30 },
        { name: 'a good rate', options: { learningRate: 0.05 }, epochs: 30 },
      ],
    });
    expect(settled).toEqual([{ name: 'learningRate', value: 0.05, reason: `best of 3 structures on ${judgedBy}` }]);
    expect(metrics.test?.loss).toBeLessThan(0.2);
    expect(JSON.parse(readFileSync(join(out, 'config.json'), 'utf8'))).toMatchObject({ task: { learningRate: 0.05 } });
    expect(linesOf(out)[0]).toEqual({ kind: 'structures', step: 0, ...structures });
    // A resumed run has its structure.
    const again = await trainTask(firstNumber, { ...QUIET, out, resume: true });
    expect(again).not.toHaveProperty('structures');
    expect(again.metrics).toEqual(metrics);
  });

  it.each([{ valid: 0 }, { valid: 0.5 }])('does not choose by chance, with valid $valid', async ({ valid }) => {
    const { structures } = await trainTask(withScores(['chance', 'sure']), {
      ...QUIET,
      auto: 60,
      valid,
      out: runPath(),
    });
    const [, chance, sure] = structures?.results ?? [];
    expect(chance?.score).toBeLessThan(sure?.score as number);
    expect(structures?.chosen).toBe('sure');
    const { structures: alone } = await trainTask(withScores(['chance']), {
      ...{ ...QUIET, auto: 60, valid, out: runPath() },
    });
    expect(alone).toMatchObject({ chosen: 'default', results: [{ name: 'default' }, { gain: chance?.gain }] });
  });

  it('reads the data again for structures that change them', async () => {
    const scaled = defineTask({
      name: 'scaled-number',
      summary: 'the class of the first number, by a scale',
      network: ({ units }) => sequential([gru({ units, output: 'last' }), dense({ units: 2 })], { features: 1 }),
      loss: 'softmaxCrossEntropy',
      score: ({ loss }) => loss,
      options: {
        ...commonOptions({ units: 4, epochs: 30, learningRate: 0.05, valid: 0 }),
        scale: numberOption({}, { description: 'factor', default: 0 }),
      },
      read: ({ scale }) => {
        const own = examples.map(({ input, target }) => ({ input: input.map((value) => value * scale), target }));
        return { training: own, validation: own.slice(0, 9), test: own.slice(0, 12), saved: { scale } };
      },
      structures: () => [{ name: 'numbers', options: { scale: 1 }, readsAnew: true }],
    });
    const out = runPath();
    const { structures, metrics } = await trainTask(scaled, { ...QUIET, out, auto: 60 });
    expect(structures).toMatchObject({ chosen: 'numbers' });
    expect(metrics.test?.loss).toBeLessThan(0.2);
    expect(JSON.parse(readFileSync(join(out, 'config.json'), 'utf8'))).toMatchObject({
      task: { scale: 1, saved: { scale: 1 } },
    });
  });

  it('leaves the options alone that somebody gave', async () => {
    const result = await trainTask(firstNumber, { ...QUIET, out: runPath(), auto: 60, learningRate: 1e-9, epochs: 1 });
    expect(result.structures).toMatchObject({ chosen: 'default', results: [{ name: 'default' }] });
  });

  it('keeps the default structure where there is no time for an epoch, and says so', async () => {
    const { structures } = await trainTask(firstNumber, { ...QUIET, out: runPath(), auto: 1e-6, epochs: 1 });
    expect(structures?.chosen).toBe('default');
    expect(structures?.results.map(({ score }) => score)).toEqual([undefined, undefined, undefined]);
  });

  it('goes on where the options exclude a structure, and takes the best of those with a score', async () => {
    const task = defineTask({
      ...firstNumber,
      structures: () => [
        { name: 'impossible', options: { units: -1 } },
        { name: 'a good rate', options: { learningRate: 0.05 } },
      ],
    });
    const { structures } = await trainTask(task, { ...QUIET, out: runPath(), auto: 60 });
    expect(structures?.chosen).toBe('a good rate');
    expect(structures?.results[1]?.refused).toMatch(/'units' must be an integer/);
  });

  it('is refused for a run that has begun, as minutes are, before anything changes', async () => {
    const out = runPath();
    await trainTask(firstNumber, { ...QUIET, out, epochs: 1 });
    const before = readFileSync(join(out, 'config.json'), 'utf8');
    for (const given of [{ auto: 5 }, { minutes: 1 }]) {
      const again = trainTask(firstNumber, { ...QUIET, out, resume: true, epochs: 2, ...given });
      await expect(again).rejects.toMatchObject({ code: 'invalid_option', details: { name: Object.keys(given)[0] } });
    }
    expect(readFileSync(join(out, 'config.json'), 'utf8')).toBe(before);
  });

  it('is refused for a task without structures, and for a folder that is not empty, before anything is trained', async () => {
    const { structures: _structures, ...definition } = firstNumber;
    const plain = defineTask({ ...definition, name: 'plain' });
    await expect(trainTask(plain, { ...QUIET, out: runPath(), auto: 1 })).rejects.toMatchObject({
      code: 'invalid_option',
      details: { name: 'auto', task: 'plain' },
    });
    const out = runPath();
    mkdirSync(out);
    writeFileSync(join(out, 'notes.txt'), 'mine');
    await expect(trainTask(firstNumber, { ...QUIET, out, auto: 3600 })).rejects.toMatchObject({ code: 'run_exists' });
  });
});

describe('the option minutes', () => {
  it('lowers the epochs to what fits, at least one, and says so', async () => {
    let settled: unknown;
    const onStart = (start: { settled: unknown }) => {
      settled = start.settled;
    };
    const { epochs } = await trainTask(firstNumber, { ...QUIET, out: runPath(), minutes: 1e-9, onStart });
    expect(epochs).toBe(1);
    const reason = '1e-9 minutes at the speed of the first steps, in place of 30';
    expect(settled).toEqual([{ name: 'epochs', value: 1, reason }]);
  });

  it('leaves epochs alone that fit, and trains the same weights', async () => {
    const given = { ...QUIET, epochs: 3, learningRate: 0.05 };
    const plain = await trainTask(firstNumber, { ...given, out: runPath() });
    const bounded = await trainTask(firstNumber, { ...given, out: runPath(), minutes: 100 });
    expect(bounded.epochs).toBe(3);
    expect(bounded.metrics).toEqual(plain.metrics);
  });
});

describe('the option folds', () => {
  it('judges each fold by a model that has not seen it, and records mean and spread', async () => {
    const out = runPath();
    const given = { ...QUIET, out, folds: 3, learningRate: 0.05 };
    const { folds, summary, steps } = await trainTask(firstNumber, given);
    expect(folds?.count).toBe(3);
    expect(folds?.metrics['loss']?.mean).toBeLessThan(0.3);
    expect(folds?.metrics['loss']?.deviation).toBeGreaterThan(0);
    expect(folds?.metrics).not.toHaveProperty('tokens');
    expect(summary).toMatch(
      /\n3 folds of the training examples, mean and standard deviation\n {2}loss 0\.\d+ ± 0\.\d+/,
    );
    expect(linesOf(out).at(-1)).toEqual({ kind: 'folds', step: steps, ...folds });
    await trainTask(firstNumber, { ...given, resume: true });
    expect(linesOf(out).filter(({ kind }) => kind === 'folds')).toHaveLength(1);
  });

  it('has the naive rules on the same folds', async () => {
    const task = defineTask({
      ...firstNumber,
      naiveRules: ({ training }) => ({
        rules: [{ name: 'size', judge: (part) => ({ loss: sizeOf(training) + sizeOf(part) / 100 }) }],
        advice: '',
      }),
    });
    const { folds, summary } = await trainTask(task, { ...QUIET, out: runPath(), epochs: 1, folds: 5 });
    expect(folds?.rules).toEqual({ size: { loss: { mean: 24.06, deviation: 0 } } });
    expect(summary).toMatch(/\n {2}size {2}loss 24\.06 ± 0\.0$/);
  });

  it.each([
    { folds: 1, code: 'invalid_option' },
    { folds: 31, code: 'too_short' },
  ])('refuses $folds folds of 30 examples before anything is written', async ({ folds, code }) => {
    await expect(trainTask(firstNumber, { ...QUIET, out: runPath(), folds })).rejects.toMatchObject({ code });
  });

  it('has each example in one fold, and the same part of each class', () => {
    const folds = foldsOf(examples, { count: 5, seed: 3, option: 'folds' });
    expect(folds.flatMap(({ judged }) => judged)).toHaveLength(30);
    expect(new Set(folds.flatMap(({ judged }) => judged))).toEqual(new Set(examples));
    for (const { training, judged } of folds) {
      expect(training).toHaveLength(24);
      expect(judged.filter((example) => (example as (typeof examples)[number]).target === 0)).toHaveLength(2);
      expect(training.filter((example) => judged.includes(example))).toEqual([]);
    }
    expect(foldsOf(examples, { count: 5, seed: 3, option: 'folds' })).toEqual(folds);
    expect(foldsOf(examples, { count: 5, seed: 4, option: 'folds' })).not.toEqual(folds);
  });

  it('refuses examples that are made when a batch needs them', () => {
    const windows = { count: 3, lengths: Int32Array.of(1, 1, 1), read: () => [] };
    expect(() => foldsOf(windows as never, { count: 3, seed: 1, option: 'folds' })).toThrow(
      /'folds' divides separate examples into folds/,
    );
  });
});
