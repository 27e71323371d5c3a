import { describe, expect, it } from 'vitest';
import { IntervalCoverage, QuantileLoss, RegressionErrors } from '../../src/metrics/forecast-errors.js';
import { naiveForecast, seasonalNaiveForecast } from '../../src/metrics/naive-forecast.js';
import { golden } from './load-golden.js';

const code = (expected: string) => expect.objectContaining({ code: expected });

describe('errors of forecasts', () => {
  it('agree with scikit-learn, however the numbers are cut into parts', () => {
    for (const { quantile, targets, predictions, loss, squared, absolute } of golden.pinballs) {
      const errors = new RegressionErrors();
      const pinball = new QuantileLoss(quantile);
      for (const [begin, end] of [
        [0, 7],
        [7, 7],
        [7, 30],
      ] as const) {
        errors.add(targets.slice(begin, end), predictions.slice(begin, end));
        pinball.add(targets.slice(begin, end), predictions.slice(begin, end));
      }
      expect(errors.meanSquaredError).toBeCloseTo(squared, 14);
      expect(errors.rootMeanSquaredError).toBeCloseTo(Math.sqrt(squared), 14);
      expect(errors.meanAbsoluteError).toBeCloseTo(absolute, 14);
      expect(errors.count).toBe(30);
      expect(pinball.value).toBeCloseTo(loss, 14);
      if (quantile === 0.5) expect(pinball.value).toBeCloseTo(absolute / 2, 14);
    }
  });

  it('charge more for the side that the quantile forbids, and count what it covers', () => {
    const loss = new QuantileLoss(0.9);
    loss.add([10, 10], [9, 11]);
    expect(loss.value).toBeCloseTo((0.9 + 0.1) / 2, 15);
    expect(loss.coverage).toBe(0.5);
    loss.add([3], [3]);
    expect(loss.coverage).toBeCloseTo(2 / 3, 15);
  });

  it('count the ends of an interval as within', () => {
    const coverage = new IntervalCoverage();
    coverage.add([1, 2, 3, 4], [1, 0, 4, 4], [2, 2, 5, 4]);
    expect([coverage.value, coverage.meanWidth]).toEqual([0.75, 1]);
  });

  it('are undefined before any number', () => {
    const { meanSquaredError, rootMeanSquaredError, meanAbsoluteError } = new RegressionErrors();
    expect([meanSquaredError, rootMeanSquaredError, meanAbsoluteError]).toEqual([undefined, undefined, undefined]);
    expect([new QuantileLoss(0.5).value, new QuantileLoss(0.5).coverage]).toEqual([undefined, undefined]);
    expect([new IntervalCoverage().value, new IntervalCoverage().meanWidth]).toEqual([undefined, undefined]);
  });

  it('refuse unequal lengths, NaN and intervals turned round, and change nothing', () => {
    const errors = new RegressionErrors();
    expect(() => errors.add([1, 2], [1])).toThrow('there are 2 targets, but 1 predictions');
    expect(() => errors.add([1, 2], [1, Number.NaN])).toThrow('predictions[1] is NaN');
    expect(() => errors.add(Float32Array.of(Number.NEGATIVE_INFINITY), [1])).toThrow('targets[0] is -Infinity');
    expect(errors.count).toBe(0);
    const coverage = new IntervalCoverage();
    expect(() => coverage.add([1, 1], [0, 3], [2, 2])).toThrow('lower[1] is 3, above upper[1], which is 2');
    expect(coverage.value).toBeUndefined();
    for (const quantile of [0, 1, Number.NaN]) {
      expect(() => new QuantileLoss(quantile)).toThrow(code('invalid_option'));
    }
  });
});

describe('naive forecasts', () => {
  it('repeat the last row', () => {
    expect([...naiveForecast(Float32Array.of(1, 2, 3), 2)]).toEqual([3, 3]);
    expect([...naiveForecast(Float32Array.of(1, 2, 3, 4), 2, 2)]).toEqual([3, 4, 3, 4]);
  });

  it('repeat the last season, also beyond one and cut off within', () => {
    const history = Float32Array.of(9, 9, 1, 2, 3);
    expect([...seasonalNaiveForecast(history, 5, 3)]).toEqual([1, 2, 3, 1, 2]);
    expect([...seasonalNaiveForecast(history, 2, 5)]).toEqual([9, 9]);
    expect([...seasonalNaiveForecast(Float32Array.of(0, 0, 1, 2, 3, 4), 3, 2, 2)]).toEqual([1, 2, 3, 4, 1, 2]);
  });

  it('are without error on what is periodic', () => {
    const day = Float32Array.from({ length: 24 * 5 }, (_, hour) => Math.sin((2 * Math.PI * (hour % 24)) / 24));
    const errors = new RegressionErrors();
    errors.add(day.subarray(48), seasonalNaiveForecast(day.subarray(0, 48), 72, 24));
    expect(errors.meanSquaredError).toBe(0);
  });

  it('refuse a history that is too short or not finite', () => {
    expect(() => seasonalNaiveForecast(new Float32Array(23), 1, 24)).toThrow(
      'a history of 23 rows is too short for a season of 24',
    );
    expect(() => naiveForecast(new Float32Array(0), 1)).toThrow(code('too_short'));
    expect(() => naiveForecast(Float32Array.of(Number.NaN), 1)).toThrow('history[0] is NaN');
    expect(() => naiveForecast(new Float32Array(3), 1, 2)).toThrow(code('shape_mismatch'));
    expect(() => naiveForecast(new Float32Array(3), 0)).toThrow(code('invalid_option'));
  });
});
