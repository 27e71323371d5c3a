import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commonOptions, defineTask, evaluateTask, type NaiveRule, trainTask } from '../../src/entries/tasks.js';
import { dense, gru, sequential } from '../../src/index.js';
import { describeComparison } from '../../src/tasks/runner/naive-results.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { QUIET } from './trained.js';

/** Two thirds of the sequences are of class b; the first number tells. */
const examples = Array.from({ length: 30 }, (_, at) => ({
  input: Float32Array.of(at % 3, 1),
  target: at % 3 === 0 ? 0 : 1,
}));

/** A task whose score is the error rate, with these rules. */
function taskWith(rules: readonly NaiveRule[], more: { readonly error?: () => number } = {}) {
  return defineTask({
    name: 'first-number',
    summary: 'the class of the first number',
    options: commonOptions({ units: 4, epochs: 1 }),
    read: () => ({ training: examples, validation: examples.slice(0, 9), test: examples.slice(0, 12) }),
    network: ({ units }) => sequential([gru({ units, output: 'last' }), dense({ units: 2 })], { features: 1 }),
    loss: 'softmaxCrossEntropy',
    score: ({ loss }) => loss,
    naiveRules: () => ({ rules, advice: 'a longer training', ...more }),
  });
}

const rule = (name: string, loss: number): NaiveRule => ({ name, judge: () => ({ loss }) });

describe('naive rules', () => {
  it('stand beside the result, with a sentence when the network is not ahead of the best of them', async () => {
    const out = join(temporaryDirectory(), 'run');
    const task = taskWith([rule('a guess', 9), rule('the truth', 0)]);
    const { naive, summary, steps, metrics } = await trainTask(task, { ...QUIET, out });
    expect(naive).toEqual({
      part: 'test',
      results: [
        { rule: 'a guess', metrics: { loss: 9 }, text: 'loss 9' },
        { rule: 'the truth', metrics: { loss: 0 }, text: 'loss 0' },
      ],
      best: 'the truth',
      isAhead: false,
      advice: 'a longer training',
    });
    expect(summary).toMatch(/\nnaive rules on the test part\n {2}a guess {4}loss 9\n {2}the truth {2}loss 0\n/);
    expect(summary).toMatch(
      /The network is not ahead of the rule 'the truth' on the test part: try a longer training\.$/,
    );
    const lines = readFileSync(join(out, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
    expect(JSON.parse(lines.at(-1) as string)).toEqual({ kind: 'naive', step: steps, ...naive, network: metrics.test });
    const evaluated = await evaluateTask(out, { task });
    expect(evaluated).toMatchObject({ naive, metrics: metrics.test });
    // A second resume adds no second line.
    await trainTask(task, { ...QUIET, out, resume: true });
    expect(readFileSync(join(out, 'metrics.jsonl'), 'utf8').trimEnd().split('\n')).toHaveLength(lines.length);
  });

  it('praise nothing when the network is ahead, and are switched off by an option', async () => {
    const out = join(temporaryDirectory(), 'run');
    const task = taskWith([rule('a guess', 9)]);
    const { naive, summary } = await trainTask(task, { ...QUIET, out });
    expect(naive).toMatchObject({ best: 'a guess', isAhead: true });
    expect(summary).not.toContain('not ahead');
    const none = await trainTask(task, { ...QUIET, out: join(temporaryDirectory(), 'run'), naive: 0 });
    expect(none).not.toHaveProperty('naive');
    expect(none.summary).not.toContain('naive');
  });

  it('are told apart by chance alone where the lead is below the standard error', async () => {
    const out = () => join(temporaryDirectory(), 'run');
    const ahead = await trainTask(taskWith([rule('a guess', 9)], { error: () => 10 }), { ...QUIET, out: out() });
    expect(ahead.naive).toMatchObject({ isAhead: true, isClose: true });
    expect(ahead.summary).toMatch(
      /\nThe network is ahead of the rule 'a guess' on the test part, by less than the standard error of so few examples: more test examples tell, .*\. To get further ahead, try a longer training\./,
    );
    const behind = await trainTask(taskWith([rule('a guess', 0.01)], { error: () => 10 }), { ...QUIET, out: out() });
    expect(behind.summary).toMatch(/is not ahead of .*, by less than the standard error .*: try a longer training\.$/);
    const clear = await trainTask(taskWith([rule('a guess', 9)], { error: () => 0.1 }), { ...QUIET, out: out() });
    expect(clear.naive).not.toHaveProperty('isClose');
    expect(clear.summary).not.toContain('standard error');
  });

  it('say nothing of the rule that answers, and give no advice where neither makes an error', () => {
    const comparison = { part: 'test', results: [{ rule: 'a' }, { rule: 'b' }], best: 'a', isAhead: false };
    expect(describeComparison(comparison, 'a')).not.toContain('ahead');
    expect(describeComparison(comparison, 'b')).toMatch(
      /\nThe rule 'b', which answers, is not ahead of the rule 'a' on the test part\.$/,
    );
    expect(describeComparison(comparison)).toMatch(/\nThe network is not ahead of the rule 'a' on the test part\.$/);
  });

  it('are bounded in time, and keep the event loop free', async () => {
    const endless: NaiveRule = {
      name: 'endless',
      async judge(_part, pace) {
        for (;;) await pace();
      },
    };
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 10);
    const task = taskWith([endless, rule('a guess', 9)]);
    const { naive, summary } = await trainTask(task, { ...QUIET, out: join(temporaryDirectory(), 'run'), naive: 0.2 });
    clearInterval(timer);
    expect(naive?.results).toEqual([{ rule: 'endless' }, { rule: 'a guess', metrics: { loss: 9 }, text: 'loss 9' }]);
    expect(summary).toContain('endless  not done in its time (--naive SECONDS)');
    expect(turns).toBeGreaterThan(0);
  });

  it('are left out with a note when a file is judged and the data of the training are gone', async () => {
    const directory = temporaryDirectory();
    const [data, other, out] = ['a.jsonl', 'b.jsonl', 'run'].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ];
    const lines = Array.from({ length: 40 }, (_, at) =>
      JSON.stringify({ input: at % 2 ? 'ab' : 'ba', target: at % 2 ? 'x' : 'y' }),
    );
    for (const file of [data, other]) writeFileSync(file, `${lines.join('\n')}\n`);
    await trainTask('classify', { ...QUIET, data, out, units: 4, epochs: 1 });
    const notes: string[] = [];
    const onNote = (note: string) => notes.push(note);
    expect((await evaluateTask(out, { data: other, onNote })).naive?.results).toMatchObject([
      { rule: 'most frequent class', metrics: { accuracy: 0.5 } },
      { rule: 'naive Bayes', metrics: { accuracy: 1 } },
    ]);
    rmSync(data);
    expect(await evaluateTask(out, { data: other, onNote })).not.toHaveProperty('naive');
    expect(notes.at(-1)).toMatch(/naive rules are left out: the data of the training are not there/);
  });
});
