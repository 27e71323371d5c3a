/** The season of a series whose time stamps tell none: the strongest period of its autocorrelation. */
import { meanOf } from '../../../core/statistics.js';
import { FORECAST } from '../defaults/forecast.js';

const { value: LIMITS } = FORECAST.period;
const { value: LOOKED_AT } = FORECAST.periodRows;

/** Rows of a table: [rows * width], of which the first columns are looked at. */
export interface PeriodRows {
  readonly values: Float64Array;
  readonly width: number;
  readonly columns: number;
  readonly begin: number;
  readonly end: number;
}

/**
 * The period of the rows, in rows; undefined where none stands out.
 *
 * @param most the longest period that is of use
 */
export function periodOfRows({ values, width, columns, begin, end }: PeriodRows, most: number): number | undefined {
  const from = Math.max(begin, end - LOOKED_AT.newest);
  const rows = end - from;
  const lags = Math.min(most, LOOKED_AT.longest, Math.floor(rows * LOOKED_AT.part));
  if (lags < 2) return undefined;
  const series = Array.from({ length: columns }, (_, column) =>
    Float64Array.from({ length: rows }, (__, row) => values[(from + row) * width + column] as number),
  );
  const changes = series.map((numbers) => numbers.subarray(1).map((value, at) => value - (numbers[at] as number)));
  const least = LIMITS.errors / Math.sqrt(rows);
  const found = [
    peakOf(meanAutocorrelation(series.map(withoutTrend), 2 * lags + 1), lags, Math.max(least, LIMITS.series)),
    peakOf(meanAutocorrelation(changes.map(withoutTrend), 2 * lags + 1), lags, Math.max(least, LIMITS.changes)),
  ];
  const best = found.reduce((strong, peak) => (peak.rise > strong.rise ? peak : strong));
  return best.rise > 0 ? best.lag : undefined;
}

/** The numbers without the line that fits best. */
function withoutTrend(numbers: Float64Array): Float64Array {
  const middle = (numbers.length - 1) / 2;
  const mean = meanOf(numbers);
  let [products, squares] = [0, 0];
  for (const [at, value] of numbers.entries()) {
    products += (at - middle) * (value - mean);
    squares += (at - middle) ** 2;
  }
  const slope = squares === 0 ? 0 : products / squares;
  return numbers.map((value, at) => value - mean - slope * (at - middle));
}

/** Autocorrelation at the lags 0 to `lags`, the mean of all series that are not constant. */
function meanAutocorrelation(series: readonly Float64Array[], lags: number): Float64Array {
  const sum = new Float64Array(lags + 1);
  let counted = 0;
  for (const numbers of series) {
    const variance = numbers.reduce((all, value) => all + value * value, 0) / numbers.length;
    if (!(variance > 0)) continue;
    counted += 1;
    for (let lag = 0; lag <= lags; lag++) {
      let product = 0;
      for (let at = lag; at < numbers.length; at++) product += (numbers[at] as number) * (numbers[at - lag] as number);
      sum[lag] = (sum[lag] as number) + product / (numbers.length - lag) / variance;
    }
  }
  return counted === 0 ? sum : sum.map((value) => value / counted);
}

/** @param lags the longest period */
function peakOf(
  correlation: Float64Array,
  lags: number,
  threshold: number,
): { readonly lag: number; readonly rise: number } {
  const at = (lag: number) => correlation[lag] ?? Number.NEGATIVE_INFINITY;
  const peaks: { readonly lag: number; readonly rise: number; readonly height: number }[] = [];
  let lowest = Number.POSITIVE_INFINITY;
  for (let lag = 1; lag <= lags; lag++) {
    lowest = Math.min(lowest, at(lag));
    const isPeak = lag > 1 && at(lag) > at(lag - 1) && at(lag) >= at(lag + 1);
    const again = Math.max(at(2 * lag - 1), at(2 * lag), at(2 * lag + 1));
    if (isPeak && at(lag) >= threshold && at(lag) - lowest >= LIMITS.rise && again >= LIMITS.repeated * at(lag)) {
      peaks.push({ lag, rise: at(lag) - lowest, height: at(lag) });
    }
  }
  const highest = Math.max(...peaks.map(({ height }) => height));
  return peaks.find(({ height }) => height >= LIMITS.alike * highest) ?? { lag: 0, rise: 0 };
}
