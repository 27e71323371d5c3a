import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { callBptt } from './call-bptt.js';
import { jsonOf } from './training-run.js';

const SMALL = '--epochs 1 --units 4 --valid 0 --test 0'.split(' ');
const WINDOW = '--history 12 --horizon 2 --period 12'.split(' ');

function place() {
  const directory = temporaryDirectory();
  mkdirSync(directory, { recursive: true });
  return {
    run: (name: string) => join(directory, name),
    write(name: string, lines: readonly string[], encoding: BufferEncoding = 'utf8') {
      const file = join(directory, name);
      writeFileSync(file, Buffer.from(`${lines.join('\n')}\n`, encoding));
      return file;
    },
  };
}

const day = (at: number) =>
  `${String(1 + (at % 28)).padStart(2, '0')}.${String(1 + Math.floor(at / 28)).padStart(2, '0')}.2024`;
const values = Array.from({ length: 60 }, (_, at) => 20 + Math.sin(at));

describe('the command line with tables', () => {
  it('reads a table as it is written when options say so, and later tables in the same way', async () => {
    const { run, write } = place();
    const lines = [
      '// logger',
      ...values.map((value, at) => `${day(at)};'${value.toFixed(3).replace('.', ',')}';Köln`),
      'Summe;;',
    ];
    const data = write('european.csv', lines, 'latin1');
    const form = ['--delimiter', ';', '--decimal', 'comma', '--quote', "'", '--header', 'none', '--encoding', 'latin1'];
    const more = ['--comment', '//', '--skip-footer', '1', '--time', '1', '--date-format', 'dd.mm.yyyy'];
    const train = ['train', 'forecast', '--data', data, '--columns', '2', '--categories', '3', ...SMALL, ...WINDOW];
    const trained = await callBptt([...train, ...form, ...more, '--out', run('a'), '--json']);
    expect(jsonOf(trained)).toMatchObject({ examples: { training: 51 } });
    expect(trained.stderr).toContain("note: rows are in the order of '1', one every day\n");
    const predicted = await callBptt(['predict', run('a'), '--data', data]);
    expect(JSON.parse(predicted.stdout)).toMatchObject({
      '1': ['2024-03-05', '2024-03-06'],
      '2': [expect.any(Number), expect.any(Number)],
    });
    expect(predicted.stderr).toContain("note: rows are in the order of '1', one every day\n");
    const evaluated = await callBptt(['eval', run('a'), '--data', data, '--json']);
    expect(jsonOf(evaluated)).toMatchObject({ examples: 51 });
    expect(evaluated.stderr).toContain("note: rows are in the order of '1', one every day\n");
    const plain = write(
      'plain.csv',
      values.map((value, at) => `${day(at)}|${value}|Köln`),
    );
    const options = JSON.stringify({
      delimiter: 'pipe',
      decimal: 'point',
      encoding: 'utf-8',
      comment: '#',
      skipFooter: 0,
    });
    const other = await callBptt(['predict', run('a'), '--data', plain, '--options', options]);
    expect(Object.keys(JSON.parse(other.stdout))).toEqual(['1', '2', 'index']);
  });

  it('names columns with commas, and the columns of sequences', async () => {
    const { run, write } = place();
    const rows = Array.from({ length: 40 }, (_, at) => `${at},s${at % 10},${at % 2},${at % 10 < 5 ? 3 : 20230101}`);
    const data = write('table.csv', [',who,"speed, km/h",grade', ...rows]);
    const train = ['train', 'classify', '--data', data, ...SMALL, '--out', run('a'), '--json'];
    const refused = await callBptt(train);
    expect([refused.status, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/\[invalid_row\]: '.*table\.csv' line 1.*--target COLUMN/),
    ]);
    const options = ['--sequence', 'who', '--target', 'grade'];
    const all = await callBptt([...train, ...options]);
    expect(jsonOf(all)).toMatchObject({ examples: { training: 10 } });
    expect(all.stderr).toMatch(/^note: the inputs of .*\nnote: column 1 has no name in '.*table\.csv' and is left out/);
    const named = [...train, ...options, '--input', '"speed, km/h"', '--out', run('b')];
    expect(jsonOf(await callBptt(named))).toMatchObject({ examples: { training: 10 } });
    const { stdout } = await callBptt(['predict', run('b'), '--data', data]);
    const { probabilities } = JSON.parse(stdout.split('\n')[0] as string) as { probabilities: object };
    expect(Object.keys(probabilities)).toEqual(['3', '20230101']);
  });

  it('takes every option of tables that its errors name', async () => {
    const { run, write } = place();
    const number = write('number.csv', ['x', ...values.map(String), 'gone', '7']);
    const train = ['train', 'forecast', '--data', number, '--columns', 'x', ...SMALL, ...WINDOW];
    const refused = await callBptt([...train, '--out', run('a')]);
    expect([refused.status, refused.stderr]).toEqual([
      2,
      expect.stringMatching(
        /\[invalid_row\]: '.*number\.csv' line 62, column 'x': expected a number, found 'gone'; --missing-values 'gone'/,
      ),
    ]);
    const options = ['--missing-values', 'gone,lost', '--missing', 'forward'];
    expect((await callBptt([...train, ...options, '--out', run('a')])).status).toBe(0);
    const text = write('text.csv', ['text,target', 'a,-1', 'b,x']);
    const classify = ['train', 'classify', '--data', text, ...SMALL, '--json'];
    const left = await callBptt([...classify, '--out', run('b')]);
    expect(jsonOf(left)).toMatchObject({ examples: { training: 1 } });
    expect(left.stderr).toContain('note: 1 of 2 sequences of');
    const kept = await callBptt([...classify, '--ignore', '', '--out', run('c')]);
    expect(jsonOf(kept)).toMatchObject({ examples: { training: 2 } });
  });
});
