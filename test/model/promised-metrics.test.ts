/** Metrics are synchronous: a promise would be measured before it is settled, and its rejection would have no handler. */
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { dense, type Metric, sequential, Trainer } from '../../src/index.js';

const model = () => sequential([dense({ units: 1 })], { features: 1 }).compileSync({ loss: 'meanSquaredError' });
const data = { inputs: [[1, 2], [3]], targets: [[1, 2], [3]] };

const metric = (more: object): Metric => ({
  name: 'mine',
  better: 'lower',
  begin: () => ({ count: 0 }),
  update: (state) => void (state as { count: number }).count++,
  result: (state) => (state as { count: number }).count,
  ...more,
});

describe('a metric that returns a promise is refused by its name', () => {
  it.each([
    ['begin', metric({ begin: async () => ({ count: 0 }) })],
    ['update', metric({ update: async () => {} })],
    ['update', metric({ update: () => Promise.reject(new Error('nobody hears this')) })],
    ['result', metric({ result: async () => 1 })],
  ])('from %s', async (part, promising) => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    const refusal = expect.objectContaining({
      code: 'invalid_option',
      message: expect.stringMatching(`the metric 'mine' returned a promise from ${part}: metrics are synchronous`),
    });
    const options = { metrics: [promising] };
    expect(() => model().evaluateSync(data, options)).toThrow(refusal);
    await expect(model().evaluate(data, { ...options, batch: 1 })).rejects.toThrow(refusal);
    const trainer = new Trainer(model(), { epochs: 1, progress: false, ...options });
    await expect(trainer.fit({ ...data, validation: data })).rejects.toThrow(refusal);
    await setImmediate();
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
});
