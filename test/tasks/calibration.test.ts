import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packSequences } from '../../src/batch/packed-batch.js';
import { Random } from '../../src/core/random.js';
import { probabilities } from '../../src/tasks/building-blocks/probabilities.js';
import { encoderOf } from '../../src/tasks/building-blocks/sequence-inputs.js';
import { NaiveBayes } from '../../src/tasks/naive/naive-bayes.js';
import type { CalibrationMetrics } from '../../src/tasks/recipes/classify/class-calibration.js';
import { evaluateTask, loadTask, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { QUIET } from './trained.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const small = { ...QUIET, units: 4, embedding: 4, epochs: 2, naive: 0 } as const;

/** Texts of ten words; two of three have a word of their class, which many words are. */
function texts(directory: string, count = 400): string {
  const file = join(directory, 'texts.jsonl');
  const random = new Random(3, 'texts');
  const line = (at: number) => {
    const target = at % 2;
    const input = Array.from({ length: 10 }, () => `w${random.integer(40)}`);
    if (at % 3 > 0) input[random.integer(10)] = `c${target}-${random.integer(60)}`;
    return JSON.stringify({ input, target });
  };
  writeFileSync(file, Array.from({ length: count }, (_, at) => line(at)).join('\n'));
  return file;
}

async function trained(options: object = {}) {
  const directory = temporaryDirectory();
  const [data, out] = [texts(directory), join(directory, 'run')];
  const result = await trainTask('classify', { ...small, data, out, ...options });
  const calibration = result.metrics.test?.['calibration'] as CalibrationMetrics | undefined;
  return { ...result, data, out, finished: join(out, 'finished.json'), calibration };
}

describe('the temperature of a classifier', () => {
  it('makes the validation part more probable, and changes no class', async () => {
    const { metrics, calibration, summary, out } = await trained({ blend: 'no' });
    expect(calibration?.temperature).not.toBe(1);
    expect(calibration?.naiveBayes).toBeUndefined();
    expect(calibration?.accuracy.after).toBe(calibration?.accuracy.before);
    const validation = metrics.validation?.['calibration'] as CalibrationMetrics | undefined;
    expect(validation?.loss.after).toBeLessThan(validation?.loss.before as number);
    expect(summary).toContain(`by temperature ${calibration?.temperature.toFixed(3)}: cross-entropy`);
    const again = await evaluateTask(out, { threads: 1 });
    expect(again.metrics).toEqual(metrics.test);
  });

  it('is in what is predicted', async () => {
    const { out, calibration } = await trained({ blend: 'no' });
    const loaded = await loadTask(out, { task: 'classify', threads: 1 });
    const input = ['w1', 'c1-3', 'w7'];
    const [found] = await loaded.predict([{ input }]);
    const encoded = encoderOf(loaded.saved.encoding)(input);
    const scores = await loaded.model.predictPacked(packSequences([encoded]));
    const expected = probabilities(Array.from(scores, (score) => score / (calibration?.temperature as number)));
    expect(Object.values(found?.probabilities ?? {})).toEqual(expected);
    loaded.dispose();
  });

  it('is none without a validation part, and where an option says so', async () => {
    for (const options of [{ valid: 0 }, { calibrate: 'no' }]) {
      const { finished, calibration, summary } = await trained(options);
      expect(existsSync(finished)).toBe(false);
      expect(calibration).toBeUndefined();
      expect(summary).not.toContain('temperature');
    }
  });

  it('is left out, with a note, for the weights of another step and of another run', async () => {
    const [one, other] = [await trained(), await trained({ seed: 2 })];
    const saved = JSON.parse(readFileSync(one.finished, 'utf8'));
    const evaluated = async (file: object) => {
      writeFileSync(one.finished, JSON.stringify(file));
      const notes: string[] = [];
      const { metrics } = await evaluateTask(one.out, { threads: 1, onNote: (note) => notes.push(note) });
      return { calibration: metrics['calibration'], notes: notes.filter((note) => note.includes('finished.json')) };
    };
    const own = { calibration: one.calibration, notes: [] };
    expect(await evaluated(saved)).toEqual(own);
    // A file from before the digest.
    expect(await evaluated({ ...saved, weights: undefined })).toEqual(own);
    const foreign = { ...JSON.parse(readFileSync(other.finished, 'utf8')), step: saved.step };
    for (const file of [foreign, { ...saved, step: saved.step + 1 }]) {
      const { calibration, notes } = await evaluated(file);
      expect(calibration).toBeUndefined();
      expect(notes).toEqual([expect.stringContaining('belongs to other weights')]);
    }
    const notes: string[] = [];
    const loaded = await loadTask(one.out, { threads: 1, onNote: (note) => notes.push(note) });
    loaded.dispose();
    expect(notes).toEqual([expect.stringContaining('the network answers alone')]);
  });

  it('is removed with the file of an earlier training of the run', async () => {
    const { finished, data, out } = await trained();
    expect(existsSync(finished)).toBe(true);
    await trainTask('classify', { ...small, data, out, epochs: 3, resume: true });
    const { step } = JSON.parse(readFileSync(finished, 'utf8'));
    const loaded = await loadTask(out, { task: 'classify', threads: 1 });
    expect(loaded.metrics?.step).toBe(step);
    loaded.dispose();
  });

  it('is refused where its file is damaged', async () => {
    const { finished, out } = await trained();
    const file = JSON.parse(readFileSync(finished, 'utf8'));
    for (const damaged of ['', '[]', '{"step": 1}', '{"finished": {}}', '{"step": 1, "weights": 1, "finished": {}}']) {
      writeFileSync(finished, damaged);
      await expect(loadTask(out, { threads: 1 })).rejects.toThrow(code('checkpoint_corrupt'));
    }
    const { temperature, naiveBayes } = file.finished;
    const { learnt } = naiveBayes;
    const counts = (changed: object) => ({ temperature, naiveBayes: { weight: 1, learnt: { ...learnt, ...changed } } });
    for (const wrong of [
      ...[{}, { temperature: 0 }, { temperature: 'x' }, { temperature: 1e-320 }, { temperature: Number.NaN }],
      ...[{}, { weight: 1 }, { weight: 'x', learnt }, { weight: -1, learnt }].map((each) => ({
        temperature,
        naiveBayes: each,
      })),
      ...[{ sequences: [1] }, { sequences: [1, -1] }, { symbols: 1 }, { order: 0 }, { order: 99 }].map(counts),
      ...[[1], [[]], [[0, 0]], [[0, 2, 1]], [[0, 0, 0.5]], [['x']]].map((grams) => counts({ grams })),
    ]) {
      writeFileSync(finished, JSON.stringify({ ...file, finished: wrong }));
      const refused = expect.objectContaining({
        code: 'checkpoint_corrupt',
        message: expect.stringContaining(`'${finished}': '`),
        details: expect.objectContaining({ path: finished }),
      });
      await expect(evaluateTask(out, { threads: 1 })).rejects.toThrow(refused);
    }
    writeFileSync(finished, JSON.stringify(file));
    await expect(evaluateTask(out, { threads: 1 })).resolves.toHaveProperty('metrics.calibration');
  });
});

describe('naive Bayes beside a network', () => {
  it('counts where the network knows less, and is in metrics, summary and predictions', async () => {
    const { calibration, summary, metrics, out, data } = await trained();
    expect(calibration?.naiveBayes).toBeGreaterThan(0);
    expect(calibration?.accuracy.after).toBe(metrics.test?.['accuracy']);
    expect(summary).toMatch(/and naive Bayes \(weight 0\.\d{3}\): .*accuracy/);
    const loaded = await loadTask(out, { task: 'classify', threads: 1 });
    const rows = readFileSync(data, 'utf8')
      .split('\n')
      .map((line) => JSON.parse(line));
    const found = await loaded.predict(rows);
    const { metrics: all } = await loaded.evaluate(data);
    const right = found.filter(({ label }, at) => label === String(rows[at].target)).length;
    expect(all['accuracy']).toBe(right / rows.length);
    loaded.dispose();
  });

  it('does not count by weights of examples or classes, nor for tags', async () => {
    expect((await trained({ classWeights: 'balanced' })).calibration?.naiveBayes).toBeUndefined();
    expect((await trained({ blend: 'no' })).calibration?.naiveBayes).toBeUndefined();
    await expect(trainTask('tag', { ...small, data: 'x', out: 'y', blend: 'yes' } as never)).rejects.toThrow(
      code('unknown_option'),
    );
  });

  it('is the same after it was saved', () => {
    const bayes = new NaiveBayes({ classes: 3, symbols: 5, order: 2 });
    for (const [ids, label] of [
      [[0, 1, 2], 0],
      [[4, 4, 1], 2],
      [[2, 1], 1],
      [[0, 1], 0],
    ] as const)
      bayes.learn(ids, label);
    const read = NaiveBayes.fromJSON(JSON.parse(JSON.stringify(bayes)));
    for (const ids of [[0], [1, 2, 1], [4, 4], [3], []]) expect(read.scores(ids)).toEqual(bayes.scores(ids));
    expect(read.size).toBe(bayes.size);
    read.learn([3, 3], 1);
    bayes.learn([3, 3], 1);
    expect(read.toJSON()).toEqual(bayes.toJSON());
  });
});
