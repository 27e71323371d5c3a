import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { projectRoot } from '../architecture/project-files.js';

const numberOf = (text: string, pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? Number.NaN);

it('the example of loading trains in one process, and goes on, predicts, streams and serves in another', async () => {
  const example = path.join(projectRoot, 'examples/load-model.mjs');
  const env = { ...process.env, BPTT_THREADS: '1' };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [example], { env });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^trained 60 steps.*\nloaded at step 60, trained on to step 80/);
  const [before, after] = [/60 steps, loss (\S+)/, /step 80, loss (\S+)/].map((pattern) => numberOf(stdout, pattern));
  expect(before).toBeLessThan(0.1); // 0.25 without learning
  expect(after).toBeLessThan(before as number);
  const predicted = numberOf(stdout, /predicted (\S+),/);
  expect(Math.abs(predicted - numberOf(stdout, /expected (\S+)/))).toBeLessThan(0.3);
  expect(numberOf(stdout, /streamed (\S+)/)).toBe(predicted);
  expect(numberOf(stdout, /served (\S+)/)).toBe(predicted);
});
