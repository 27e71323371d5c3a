import { expect, it } from 'vitest';
import { numberOf, runExample } from './run-example.js';

it('own-optimizer.mjs stops a run in one process, and resumes it in another with its optimizer and schedule', async () => {
  const text = await runExample('own-optimizer.mjs', ['begin', 'resume']);
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
