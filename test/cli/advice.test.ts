/** What errors of eval and predict advise: options that these commands have, and that work. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evalCommand } from '../../src/cli/eval-command.js';
import { predictCommand } from '../../src/cli/predict-command.js';
import { withoutForeignAdvice } from '../../src/cli/reading-options.js';
import { trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { QUIET, UNTRAINED } from '../tasks/trained.js';
import { callBptt } from './call-bptt.js';

const small = { ...QUIET, ...UNTRAINED, units: 2, embedding: 2, valid: 0, test: 0, batch: 4 } as const;
const place = (name: string) => join(temporaryDirectory(), name);
function written(name: string, text: string | Uint8Array): string {
  const file = place(name);
  writeFileSync(file, text);
  return file;
}
const numbers = (rows: string) => `sequence,time,x,target\n${rows}`;
const ROWS = '1,2024-01-01,1,a\n1,2024-01-02,2,a\n2,2024-01-01,3,b\n2,2024-01-02,4,b\n';

async function tableRun(options: object = { time: 'time' }): Promise<string> {
  const out = place('run');
  await trainTask('classify', { ...small, data: written('a.csv', numbers(ROWS)), out, ...options } as never);
  return out;
}

/** Options that a text names, except for those in quotes. */
const named = (text: string) => text.match(/(?<!')--[a-z][a-z-]*/g) ?? [];

describe('the options of reading', () => {
  it.each([
    [
      'encoding',
      ['--encoding', 'latin1'],
      Buffer.from(
        numbers(ROWS)
          .replace('target\n', 'target,ü\n')
          .replaceAll(/,([ab])\n/g, ',$1,ü\n'),
        'latin1',
      ),
    ],
    [
      'decimal',
      ['--decimal', 'comma', '--delimiter', ';'],
      numbers(ROWS).replaceAll(',', ';').replace(';1;a', ';1,5;a'),
    ],
    ['dates', ['--date-format', 'dd.mm.yyyy'], numbers(ROWS.replaceAll(/2024-01-(\d\d)/g, '$1.01.2024'))],
    ['missing', ['--missing', 'forward'], numbers(ROWS.replace(',2,a', ',NA,a'))],
  ])('are taken by eval and predict: %s', async (_what, options, bytes) => {
    const run = await tableRun();
    const file = written('b.csv', bytes);
    for (const words of [
      ['predict', run, '--data', file],
      ['eval', run, '--data', file, '--naive', '0'],
    ]) {
      const [command] = words;
      const allowed = command === 'eval' ? evalCommand({} as never) : predictCommand({} as never);
      const with_ = await callBptt([...words, ...options]);
      expect([with_.stderr.includes('error'), with_.status]).toEqual([false, 0]);
      const without = await callBptt(words);
      if (without.status === 0) continue;
      const long = allowed.options.map((option) => option.long);
      expect(named(without.stderr).filter((name) => !long.includes(name))).toEqual([]);
    }
  });

  it('are refused by a task without them, and marks by a model without them', async () => {
    const run = await tableRun();
    const marks = await callBptt(['predict', run, '--data', written('b.csv', numbers(ROWS)), '--missing', 'mask']);
    expect([marks.status, marks.stderr]).toEqual([
      2,
      expect.stringMatching(/trained without marks of missing numbers/),
    ]);
    const out = place('lm');
    await trainTask('lm', {
      ...QUIET,
      data: written('a.txt', 'abc '.repeat(100)),
      out,
      units: 2,
      epochs: 1,
      batch: 2,
      steps: 4,
    });
    const refused = await callBptt(['predict', out, 'a', '--encoding', 'latin1']);
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringMatching(/\[unknown_option\].*'encoding'/)]);
  });
});

describe('advice', () => {
  it('to use options that the command does not have is left out', async () => {
    const run = await tableRun();
    for (const [command, file] of [
      ['predict', written('b.jsonl', '{"txt":"a"}\n')],
      ['eval', written('b.csv', 'a,b\n1,2\n')],
      ['eval', written('b.txt', 'plain text\n')],
      ['predict', written('b.csv', numbers(ROWS.replace(',2,a', ',NA,a')))],
    ] as const) {
      const { stderr, status } = await callBptt([command, run, '--data', file]);
      expect(status).toBe(2);
      const long = (command === 'eval' ? evalCommand : predictCommand)({} as never).options.map(
        (option) => option.long,
      );
      expect(named(stderr).filter((name) => !long.includes(name))).toEqual([]);
    }
  });

  it('is a part that begins with an option; others stay', () => {
    const command = predictCommand({} as never);
    expect(
      withoutForeignAdvice(
        'a; --input FIELD names it; b --input; --encoding x reads; --options \'{"form": 1}\' does',
        command,
      ),
    ).toBe('a; b --input; --encoding x reads; --options \'{"form": 1}\' does');
  });
});
