import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { index, runs, type SetResult, table } from './defaults.js';

const set = {
  name: 'four-words',
  task: 'classify',
  about: 'words of two classes',
  parts: { data: 'four-words/training.jsonl', valid: 0, test: 'four-words/training.jsonl' },
  options: ['--input', 'word'],
  sizes: { training: 4 },
  metric: { path: 'accuracy', better: 'higher' as const },
  naive: { values: { majority: 0.5 } },
  published: [{ what: 'another network', value: 0.75, source: 'a paper' }],
  byHand: ['--units', '4', '--epochs', '1'],
  digest: 'a',
};
const job = { set, setting: 'byHand', seed: 1, commit: 'abc', limit: 1 };
const result = (value: number, seed: number, more: Partial<SetResult> = {}): SetResult => ({
  ...{ set: set.name, setting: 'default', seed, commit: 'abc', status: 'done', value, seconds: 2 },
  ...{ naive: { majority: 0.5 }, options: [], needed: set.options, digest: 'a', limit: 1 },
  ...more,
});

describe('the index of data sets', () => {
  it('is a list of sets with different names', () => {
    expect(index.dataSetsOf({ form: 1, sets: [set] })).toEqual([set]);
    expect(() => index.dataSetsOf({ form: 1, sets: [set, set] })).toThrow("two sets of the name 'four-words'");
    expect(() => index.dataSetsOf({ form: 2, sets: [set] })).toThrow('write it again');
  });

  it.each([
    ['name', 'Four words'],
    ['task', 'caption'],
    ['parts', { valid: 0.1 }],
    ['parts', { data: 'a', test: -1 }],
    ['options', ['--rows', 3]],
    ['sizes', { training: 0 }],
    ['metric', { path: 'accuracy', better: 'more' }],
    ['naive', { values: { majority: null } }],
    ['published', [{ what: 'a network', value: 0.5 }]],
    ['byHand', '--units 3'],
    ['digest', undefined],
  ])('refuses a set whose %s is %j', (field, value) => {
    const broken = { form: 1, sets: [{ ...set, [field]: value }] };
    expect(() => index.dataSetsOf(broken)).toThrow(`no valid '${field}'`);
  });

  it('says how it is made when it is missing', () => {
    expect(() => index.readDataSets(join(tmpdir(), 'no-such-folder'))).toThrow('make_data_sets.py');
  });

  it('becomes a command line with paths, numbers and options', () => {
    expect(index.argumentsOf(set, 'sets', ['--seed', '2'])).toEqual([
      ...['train', 'classify', '--data', join('sets', 'four-words', 'training.jsonl'), '--valid', '0'],
      ...['--test', join('sets', 'four-words', 'training.jsonl'), '--input', 'word', '--seed', '2'],
    ]);
  });
});

describe('a training of a set', () => {
  let folder: string | undefined;
  afterEach(() => rmSync(folder as string, { recursive: true, force: true }));
  const place = (lines: readonly string[]) => {
    folder = mkdtempSync(join(tmpdir(), 'bptt-defaults-'));
    mkdirSync(join(folder, 'four-words'));
    writeFileSync(join(folder, 'four-words', 'training.jsonl'), lines.join('\n'));
    return { data: folder, out: folder, threads: 1, keep: false };
  };

  it('leaves a line with its figures, which makes another run needless, and no run', async () => {
    const lines = ['a', 'b', 'c', 'd'].map((word, at) => JSON.stringify({ word, target: at % 2 }));
    const where = place(lines);
    const found = await runs.trainOnce(job, where);
    expect(found).toMatchObject({
      status: 'done',
      setting: 'byHand',
      steps: 1,
      naive: { majority: 0.5 },
      metric: 'accuracy',
    });
    expect([0, 0.25, 0.5, 0.75, 1]).toContain(found.value);
    expect(runs.readResults(where.out)).toEqual([found]);
    expect(readdirSync(join(where.out, 'runs'))).toEqual([]);
    expect(runs.answers(found, job)).toBe(true);
  });

  it('leaves a line with the reason when its data are refused', async () => {
    const where = place(['{"word": 3']);
    const found = await runs.trainOnce(job, where);
    expect(found).toMatchObject({ status: 'refused', code: 2 });
    expect(found.message).toContain('bptt: error [');
    expect(runs.readResults(where.out)).toEqual([found]);
  });

  it.each([
    ['seed', { seed: 2 }],
    ['commit', { commit: 'abd' }],
    ['setting', { setting: 'default' }],
    ['files', { set: { ...set, digest: 'b' } }],
    ['needed options', { set: { ...set, options: [] } }],
    ['options by hand', { set: { ...set, byHand: ['--units', '5'] } }],
  ])('does not answer when this differs: %s', (_, other) => {
    const own = result(1, 1, { setting: 'byHand', options: set.byHand });
    expect(runs.answers(own, job)).toBe(true);
    expect(runs.answers(own, { ...job, ...other })).toBe(false);
  });

  it('is repeated with a longer limit, and not with a shorter one, when the limit ended it', () => {
    const own = result(1, 1, { setting: 'byHand', options: set.byHand, status: 'limit', limit: 5 });
    expect(runs.answers(own, { ...job, limit: 5 })).toBe(true);
    expect(runs.answers(own, { ...job, limit: 6 })).toBe(false);
  });

  it('has no options by hand where nobody has searched', () => {
    expect(runs.optionsOf({ ...set, byHand: [] }, 'byHand')).toBeUndefined();
    expect(runs.optionsOf(set, 'default')).toEqual([]);
  });
});

describe('the tables', () => {
  it('have mean, sample standard deviation and number of the seeds, and what has no figure', () => {
    expect(table.meanAndDeviation([2, 3, 4])).toEqual({ mean: 3, deviation: 1 });
    const equal = 0.027034438217831823;
    expect(table.meanAndDeviation([equal, equal, equal]).deviation).toBe(0);
    expect(table.meanAndDeviation([2])).toEqual({ mean: 2, deviation: undefined });
    const results = [result(0.5, 1), result(0.7, 2), result(0, 3, { status: 'refused' }), result(0.6, 1)];
    const lines = table.defaultsTable([set], results).split('\n');
    expect(lines.at(-1)).toBe('- four-words: a paper');
    expect(lines[2]).toContain(
      '| 0.6500 ± 0.07071 (2), 1 refused | - | 0.5000 majority | 0.7500 another network | ahead | - | 2 |',
    );
  });

  it('say where the defaults stand beside the rules and the options found by hand', () => {
    expect(table.standingOf([0.5, 0.7], { mean: 0.4, deviation: undefined }, 'higher')).toBe('ahead');
    expect(table.standingOf([0.5, 0.7], { mean: 0.8, deviation: undefined }, 'higher')).toBe('behind');
    expect(table.standingOf([0.5, 0.7], { mean: 0.8, deviation: undefined }, 'lower')).toBe('ahead');
    expect(table.standingOf([0.5, 0.7], { mean: 0.65, deviation: undefined }, 'higher')).toBe('even');
    expect(table.standingOf([0.5, 0.5], { mean: 0.65, deviation: 0.2 }, 'higher')).toBe('even');
    expect(table.standingOf([0.5], { mean: 0.50001, deviation: undefined }, 'higher')).toBe('even');
    expect(table.standingOf([], { mean: 1, deviation: undefined }, 'higher')).toBe('-');
    const hand = { setting: 'byHand', options: set.byHand };
    const results = [result(0.5, 1), result(0.7, 2), result(0.9, 1, hand), result(0.9, 2, hand)];
    const [titles, , row] = table.defaultsTable([set], results, [result(0.3, 1)]).split('\n');
    expect(titles).toContain('| default before | default | by hand |');
    expect(row).toContain('| 0.3000 (1) | 0.6000 ± 0.1414 (2) | 0.9000 ± 0 (2) |');
    expect(row).toMatch(/ \| even \| behind \| 2 \|$/);
  });

  it('compare two sides by twice the standard error of the difference', () => {
    expect(table.verdictOf([0.5, 0.6], [0.8, 0.9], 'higher')).toBe('better');
    expect(table.verdictOf([0.5, 0.6], [0.8, 0.9], 'lower')).toBe('worse');
    expect(table.verdictOf([0.5, 0.6], [0.55, 0.7], 'higher')).toBe('same');
    expect(table.verdictOf([0.5], [0.8, 0.9], 'higher')).toBe('-');
    const [before, after] = [
      [result(0.5, 1), result(0.6, 2)],
      [result(0.8, 1), result(0.9, 2)],
    ];
    const rows = table.comparisonTable([set], before, after, ['default', 'byHand']).split('\n').slice(2);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toContain('| 0.5500 ± 0.07071 (2) | 0.8500 ± 0.07071 (2) | 0.3000 | better |');
  });
});
