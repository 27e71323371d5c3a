import { describe, expect, it } from 'vitest';
import { CalibrationError } from '../../src/metrics/calibration-error.js';

describe('the expected calibration error', () => {
  it('is the distance between probability and accuracy of each bin, by its predictions', () => {
    const error = new CalibrationError();
    // Three of four are right at 0.9, one of two at 0.6.
    for (const isRight of [true, true, true, false]) error.add(0.9, isRight);
    for (const isRight of [true, false]) error.add(0.6, isRight);
    expect(error.value).toBeCloseTo((4 * 0.15 + 2 * 0.1) / 6, 12);
  });

  it('adds up what has the same bin before it takes the distance', () => {
    const error = new CalibrationError();
    error.add(0.61, true);
    error.add(0.65, false);
    expect(error.value).toBeCloseTo(Math.abs(0.63 - 0.5), 12);
  });

  it('has a bin for certainty, and no value for nothing', () => {
    const error = new CalibrationError();
    expect(error.value).toBeUndefined();
    error.add(1, true);
    expect(error.value).toBe(0);
    error.add(1, false);
    expect(error.value).toBe(0.5);
  });
});
