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
