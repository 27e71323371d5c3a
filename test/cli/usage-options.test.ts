import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { callBptt } from './call-bptt.js';
import { jsonOf } from './training-run.js';

describe('options of a trained model', () => {
  it('are changed by eval and predict where training does not depend on them, and refused elsewhere', async () => {
    const directory = temporaryDirectory();
    const data = join(directory, 'pairs.txt');
    writeFileSync(data, 'a b\tB A\nb c\tC B\na c\tC A\nb\tB\n');
    const out = join(directory, 'run');
    const size = { units: 4, embedding: 4, epochs: 1, minCount: 1, beams: 3, valid: 0, test: data };
    await trainTask('translate', { data, out, ...size, threads: 1, progress: false });
    const nBest = async (...args: string[]) => {
      const { stdout } = await callBptt(['predict', out, 'a b', '--threads', '1', ...args]);
      return JSON.parse(stdout).nBest.length;
    };
    expect(await nBest()).toBe(3);
    expect(await nBest('--options', '{"beams": 2}')).toBe(2);
    const evaluated = jsonOf(await callBptt(['eval', out, '--options', '{"beams": 1, "lengthPenalty": 0}', '--json']));
    expect(evaluated).toMatchObject({ task: 'translate', part: 'test', examples: 4 });
    const refused = await callBptt(['eval', out, '--options', '{"units": 8}']);
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringMatching(/\[unknown_option\].*'units'/)]);
  });
});
