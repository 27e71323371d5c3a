import { describe, expect, it } from 'vitest';
import { createSchedule } from '../../src/network/schedules/create-schedule.js';
import { oneCycle } from '../../src/network/schedules/one-cycle.js';
import { loadGoldens } from './load.js';

describe.each(loadGoldens('schedule'))('$name', ({ options, results }) => {
  const { data: expected } = results.get('rates') as { data: Float32Array };
  const { maximum, steps, ...others } = options;

  /** The goldens are rounded once, to float32. */
  const expectRates = (rateOf: (step: number) => number) => {
    expect(expected).toHaveLength(steps);
    for (const [step, rate] of expected.entries()) {
      expect(Math.abs(rateOf(step) - rate), `step ${step}`).toBeLessThanOrEqual(2 ** -23 * rate);
    }
  };

  it('has the rates of PyTorch, with the maximum and the length that are given', () => {
    const schedule = createSchedule(oneCycle(options), { learningRate: 7 });
    expectRates((step) => schedule.rate(step, 0));
  });

  it('has them with the learning rate of the optimizer and the length of the run', () => {
    const schedule = createSchedule(oneCycle(others), { learningRate: maximum, totalSteps: steps });
    expectRates((step) => schedule.rate(step, 0));
  });
});
