import { expect, it } from 'vitest';
import { numberOf, runExample } from './run-example.js';

it('the example of loading trains in one process, and goes on, predicts, streams and serves in another', async () => {
  const stdout = await runExample('load-model.mjs', ['train', 'use']);
  expect(stdout).toMatch(/^trained 60 steps.*\nloaded at step 60, trained on to step 80/);
  const [before, after] = [/60 steps, loss (\S+)/, /step 80, loss (\S+)/].map((pattern) => numberOf(stdout, pattern));
  expect(before).toBeLessThan(0.1); // 0.25 without learning
  expect(after).toBeLessThan(before as number);
  const predicted = numberOf(stdout, /predicted (\S+),/);
  expect(Math.abs(predicted - numberOf(stdout, /expected (\S+)/))).toBeLessThan(0.3);
  expect(numberOf(stdout, /streamed (\S+)/)).toBe(predicted);
  expect(numberOf(stdout, /served (\S+)/)).toBe(predicted);
});
