/** The dates of forecasts: they continue the rows that they follow, in the way in which these were written. */
import { isUnnamed } from '../../../files/column-names.js';
import { type TimeStyle, writeTime } from '../../../files/time-stamps.js';
import { stampAfter, type TimeStep } from '../../../files/time-step.js';
import { type SeriesTime, styleAt } from './forecast-steps.js';

/** Names for a column of dates that has none. */
const NAMES = ['time', 'date', 'stamp'] as const;

/** The last known row of a series in time. */
export interface LastTime {
  /** The name of the dates in a forecast. */
  readonly name: string;
  readonly stamp: number;
  readonly step: TimeStep;
  readonly style: TimeStyle;
}

/**
 * The time of the last row of a series; undefined where its rows have no time, or no regular one.
 *
 * @param end one after the last row
 * @param columns that are forecast: a column of dates without a name gets another one
 */
export function lastTime(
  time: SeriesTime | undefined,
  series: number,
  end: number,
  columns: readonly string[],
): LastTime | undefined {
  const step = time?.steps[series];
  if (time === undefined || step === undefined) return undefined;
  const free = NAMES.find((name) => !columns.includes(name)) ?? time.column;
  const name = isUnnamed(time.column) ? free : time.column;
  return { name, stamp: time.stamps[end - 1] as number, step, style: styleAt(time, end - 1) };
}

/** The dates of the steps of a forecast, by their name. */
export function datesAfter(
  last: LastTime | undefined,
  horizon: number,
): Readonly<Record<string, readonly (string | number)[]>> {
  if (last === undefined) return {};
  const { name, stamp, step, style } = last;
  const dateOf = (at: number) => writeTime(stampAfter(stamp, step, at + 1, style.zone), style);
  return { [name]: Array.from({ length: horizon }, (_, at) => dateOf(at)) };
}
