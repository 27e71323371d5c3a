import { expect, it } from 'vitest';
import { numberOf, runExample } from './run-example.js';

it.each([
  // The mean square of the wave is 0.25 and 0.5: what a network that learnt nothing comes to.
  ['own-layer.mjs', 0.05, /ok {3}highway\.gru\.weight_hh_l0/],
  ['own-loss.mjs', 0.1, /of \{"kind":"trusted","smoothness":0.001\}/],
])('%s trains and saves in one process, and loads and serves in another', async (example, limit, detail) => {
  const text = await runExample(example, ['train', 'use']);
  expect(text).toMatch(detail);
  const trained = numberOf(text, /^trained \d+ steps, loss (\S+)/);
  expect(trained).toBeLessThan(limit);
  expect(numberOf(text, /loaded, loss (\S+)/)).toBe(trained);
  expect(Math.abs(numberOf(text, /streamed (\S+),/) - numberOf(text, /expected (\S+)/))).toBeLessThan(0.4);
});
