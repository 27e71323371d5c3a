import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { QUIET } from '../tasks/trained.js';
import { callBptt } from './call-bptt.js';

describe('other options of a trained task', () => {
  it('are those that tasks let be given anew; the run takes its own and refuses the others', async () => {
    const directory = temporaryDirectory();
    const [data, out] = [join(directory, 'pieces.jsonl'), join(directory, 'run')];
    writeFileSync(data, '{"notes": [[60], [64], [67]]}\n{"notes": [[60], [67]]}\n');
    await trainTask('music', { ...QUIET, data, out, valid: 0, test: 0, units: 4, epochs: 1, steps: 5 });
    const frames = async (...args: string[]) => {
      const { stdout } = await callBptt(['predict', out, '[[60]]', ...args]);
      return (JSON.parse(stdout) as { notes: unknown[] }).notes.length;
    };
    expect([await frames(), await frames('--options', '{"steps": 3}')]).toEqual([5, 3]);
    const refused = await callBptt(['predict', out, '[[60]]', '--options', '{"units": 3}']);
    expect([refused.status, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toMatch(/\[unknown_option\].*'units'.*steps, choose/);
  });
});

describe('the results of a file', () => {
  const linesOf = (stdout: string): Record<string, unknown>[] =>
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));

  it('have the number of the input, and its line where the file has some that are no inputs', async () => {
    const directory = temporaryDirectory();
    const [data, out] = [join(directory, 'texts.jsonl'), join(directory, 'run')];
    writeFileSync(data, '{"input": "ab", "target": "x"}\n\n{"input": "ba", "target": "y"}\n');
    await trainTask('classify', { ...QUIET, data, out, valid: 0, test: 0, units: 4, epochs: 1 });
    const places = async (file: string) => {
      const { stdout } = await callBptt(['predict', out, '--data', file]);
      return linesOf(stdout).map(({ index, line, label }) => [index, line, typeof label]);
    };
    expect(await places(data)).toEqual([
      [0, 1, 'string'],
      [1, 3, 'string'],
    ]);
    const texts = join(directory, 'texts.txt');
    writeFileSync(texts, '\nab\n\n \nba\nb');
    expect(await places(texts)).toEqual([
      [0, 2, 'string'],
      [1, 5, 'string'],
      [2, 6, 'string'],
    ]);
    const { stdout } = await callBptt(['predict', out, 'ab']);
    expect(linesOf(stdout)[0]).not.toHaveProperty('index'); // the order of the command line
  });

  it('are all there or none: a line that is no input refuses the file, by name, before anything is written', async () => {
    const directory = temporaryDirectory();
    const [data, out] = [join(directory, 'texts.jsonl'), join(directory, 'run')];
    writeFileSync(data, '{"input": "ab", "target": "x"}\n{"input": "ba", "target": "y"}\n');
    await trainTask('classify', { ...QUIET, data, out, valid: 0, test: 0, units: 4, epochs: 1 });
    const wrong = join(directory, 'wrong.jsonl');
    writeFileSync(wrong, `${'{"input": "ab"}\n'.repeat(700)}{"input": 7}\n`);
    const refused = await callBptt(['predict', out, '--data', wrong]);
    expect([refused.status, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toMatch(/\[invalid_row\].*wrong\.jsonl' line 701, field 'input'/);
  });
});
