import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { projectRoot } from '../architecture/project-files.js';

const numberOf = (text: string, pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? Number.NaN);

it('own-optimizer.mjs stops a run in one process, and resumes it in another with its optimizer and schedule', async () => {
  const env = { ...process.env, BPTT_THREADS: '1' };
  const file = path.join(projectRoot, 'examples', 'own-optimizer.mjs');
  const { stdout: text, stderr } = await promisify(execFile)(process.execPath, [file], { env });
  expect(stderr).toBe('');
  expect(text).toMatch(/^stopped after half of the run\ntrained 100 steps/);
  expect(text).toContain('optimizer {"kind":"lion","learningRate":0.002,"beta1":0.9,"beta2":0.99,"weightDecay":0}');
  expect(text).toContain('schedule {"kind":"rootDecay","steps":50}');
  const trained = numberOf(text, /trained \d+ steps, loss (\S+)/);
  expect(numberOf(text, /loaded, loss (\S+)/)).toBe(trained);
  // The mean square of the wave is 0.25: what a network that learnt nothing comes to.
  expect(trained).toBeLessThan(0.1);
  expect(numberOf(text, /resumed, (\d+) steps/)).toBe(200);
  expect(numberOf(text, /resumed, \d+ steps, loss (\S+)/)).toBeLessThan(trained);
});
