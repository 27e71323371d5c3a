import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kebabCase } from '../../src/core/kebab-case.js';
import { TASKS } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { waveTable, wordFolder } from '../tasks/trained.js';
import { callBptt } from './call-bptt.js';
import { runBptt, startBptt } from './run-bptt.js';
import { endOf, jsonOf, newestStep, waitFor } from './training-run.js';

const SMALL = '--units 16 --embedding 8 --batch 16 --learning-rate 0.01 --dropout 0.1'.split(' ');

function workplace(): { data: string; run: (name: string) => string } {
  const directory = temporaryDirectory();
  return { data: wordFolder(directory), run: (name) => join(directory, name) };
}

describe('bptt train TASK', () => {
  it.each(Object.values(TASKS))('$name lists the options of its table in its help', async ({ name, options }) => {
    const { stdout, status } = await callBptt(['train', name, '--help']);
    const names = [...stdout.matchAll(/^ {2}--([a-z-]+)/gm)].map((match) => match[1]);
    expect(status).toBe(0);
    // A flag that the data decide can also be switched off.
    const flags = ([name, { kind, settles }]: [string, { kind: string; settles?: string | undefined }]) =>
      kind === 'flag' && settles !== undefined ? [kebabCase(name), `no-${kebabCase(name)}`] : [kebabCase(name)];
    expect(names).toEqual([...Object.entries(options).flatMap(flags), 'config', 'json']);
  });

  it('trains, evaluates and predicts, with one JSON value each', async () => {
    const { data, run } = workplace();
    const out = run('a');
    const args = [
      'train',
      'classify',
      '--data',
      data,
      '--out',
      out,
      ...SMALL,
      '--epochs',
      '12',
      '--patience',
      '0',
      '--json',
    ];
    const result = jsonOf(await runBptt(args));
    expect(result).toMatchObject({
      task: 'classify',
      run: out,
      epochs: 12,
      stoppedBy: 'epochs',
      examples: { training: 86, validation: 22, test: 12 },
      metrics: { validation: { targets: 22 }, test: { targets: 12, confusion: expect.any(Array) } },
      best: { checkpoint: join(out, 'best.safetensors'), score: expect.any(Number) },
    });
    const evaluated = jsonOf(await runBptt(['eval', out, '--json']));
    expect(evaluated).toEqual({
      task: 'classify',
      part: 'test',
      examples: 12,
      metrics: (result['metrics'] as never)['test'],
      naive: result['naive'],
    });
    expect(jsonOf(await runBptt(['eval', out, '--naive', '0', '--json']))).not.toHaveProperty('naive');
    const file = run('words.txt');
    writeFileSync(file, 'babalski\nnodelo\n');
    const predicted = async (...args: string[]) => {
      const { stdout } = await runBptt(['predict', ...args]);
      return stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
    };
    const labels = await predicted(out, 'babalski', 'nodelo');
    expect(labels).toMatchObject([{ label: 'north' }, { label: 'south' }]);
    const placed = labels.map((each, index) => ({ index, line: index + 1, ...each }));
    expect(await predicted(join(out, 'best.safetensors'), '--data', file)).toEqual(placed);
  });

  it('writes the metrics for people to standard output and progress to standard error', async () => {
    const { data, run } = workplace();
    const args = ['train', 'classify', '--data', data, '--out', run('a'), ...SMALL, '--epochs', '2'];
    const { stdout, stderr, status } = await callBptt(args);
    expect(status).toBe(0);
    expect(stderr).toMatch(
      /^note: texts are read as characters .*\nclassify: 1x16 gru bidirectional, \S+ parameters; 86 \+ 22 \+ 12 examples; 1 thread\n {2}--valid 0\.2 {2}\(120 examples\)\n {2}--patience 0 {2}\(.+\)\n {2}--init \S+ {2}\(.+\)\n {2}--pooling \S+ {2}\(.+\)\n {2}--hidden 64 {2}\(.+\)\n {2}--level character {2}\(texts of few words\)\nepoch 1 /,
    );
    expect(stdout).toMatch(
      /^run +\S+\nsteps +\d+ \(2 epochs\)\n.*\nvalidation\naccuracy .*\ntest\naccuracy \d.*\nnaive rules on the test part\n {2}most frequent class {2}accuracy [\d.]+ %\n {2}naive Bayes {10}accuracy /s,
    );
    const evaluated = await callBptt(['eval', run('a')]);
    expect(evaluated.stdout).toMatch(
      /^test: 12 examples\naccuracy [\d.]+ % {2}macro F1 [\d.]+ %\nby temperature \d.*\ntarget \\ predicted/,
    );
  });

  it('is stopped by a signal and goes on to the same end', async () => {
    const { data, run } = workplace();
    const args = ['train', 'classify', '--data', data, ...SMALL, '--epochs', '40', '--checkpoint-every', '5'];
    jsonOf(await callBptt([...args, '--out', run('whole'), '--json']));
    const [child, ended] = startBptt([...args, '--out', run('stopped')]);
    await waitFor(() => newestStep(run('stopped')) >= 10);
    child.kill('SIGINT');
    const { status, stderr } = await ended;
    expect([status, stderr]).toEqual([
      130,
      expect.stringMatching(/stopped by SIGINT; checkpoint: .*; continue with --resume/),
    ]);
    expect(newestStep(run('stopped'))).toBeLessThan(newestStep(run('whole')));
    jsonOf(await callBptt(['train', 'classify', '--out', run('stopped'), '--resume', '--json']));
    expect(await endOf(run('stopped'))).toEqual(await endOf(run('whole')));
  });

  it('takes options from a file by either name', async () => {
    const directory = temporaryDirectory();
    const config = join(directory, 'config.json');
    const out = join(directory, 'run');
    const options = {
      data: waveTable(directory),
      columns: 'a',
      units: 8,
      history: 20,
      horizon: 4,
      period: 17,
      epochs: 1,
    };
    writeFileSync(config, JSON.stringify({ ...options, 'learning-rate': 0.01 }));
    const { metrics, naive } = jsonOf(
      await callBptt(['train', 'forecast', '--config', config, '--out', out, '--json']),
    );
    expect(metrics).toMatchObject({ test: { mse: expect.any(Number) } });
    expect(naive).toMatchObject({ part: 'test', results: [{ rule: 'last value' }, {}, {}, {}] });
    const { task, place } = JSON.parse(readFileSync(join(out, 'config.json'), 'utf8'));
    expect(task).toMatchObject({ kind: 'forecast', learningRate: 0.01, saved: { columns: ['a'] } });
    const limits = { epochs: 1, patience: 6, checkpointEvery: 1000, naive: 20 };
    expect(place).toEqual({ data: options.data, precision: 'float32', ...limits });
  });

  it.each<[string, string[], string, RegExp]>([
    ['no data', ['classify', '--out', 'OUT'], 'invalid_option', /'data' is missing/],
    ['no run', ['classify', '--data', 'DATA'], 'invalid_option', /'out' is missing/],
    [
      'both limits of a batch',
      ['classify', '--data', 'DATA', '--out', 'OUT', '--batch', '3', '--tokens', '9'],
      'invalid_option',
      /exclude/,
    ],
    ['data for a generated problem', ['remember', '--data', 'DATA', '--out', 'OUT'], 'invalid_option', /left out/],
    ['a folder to tag', ['tag', '--data', 'DATA', '--out', 'OUT'], 'invalid_option', /no target for each step/],
  ])('%s is status 2, one line, and no run directory', async (_name, args, code, message) => {
    const { data, run } = workplace();
    const given = args.map((arg) => ({ DATA: data, OUT: run('a') })[arg] ?? arg);
    const { status, stdout, stderr } = await callBptt(['train', ...given, '--json']);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(new RegExp(`^bptt: error \\[${code}\\]: [^\\n]+\\n$`));
    expect(stderr).toMatch(message);
    expect(existsSync(run('a'))).toBe(false);
  });
});

describe('bptt predict', () => {
  it('needs inputs or a file, and a trained task', async () => {
    const { run } = workplace();
    const none = await callBptt(['predict', run('a')]);
    expect([none.status, none.stderr]).toEqual([
      2,
      expect.stringMatching(/\[bad_use\]: exactly one of inputs, --data/),
    ]);
    const missing = await callBptt(['predict', run('a'), 'word']);
    expect([missing.status, missing.stderr]).toEqual([2, expect.stringMatching(/\[invalid_configuration\]/)]);
  });
});
