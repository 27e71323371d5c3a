/** Chooses what forecasts are relative to: a linear autoregression, or the simpler rule that it is shrunk to. */
import { mean } from '../../naive/block-means.js';
import type { LinearForecast } from '../../naive/linear-forecast.js';
import type { Baseline } from './forecast-data.js';
import {
  fitColumns,
  type RuleForecast,
  type RuleParts,
  ruleForecasts,
  ruleWindows,
  type SpreadWindows,
  squaredErrorOf,
} from './forecast-rules.js';
import type { WindowForm } from './forecast-windows.js';

/** Errors of the same forecasts differ by the digits of weights. */
const SAME = 1e-6;

/** A baseline, what belongs to it, and why it is this one. */
export interface ChosenBaseline {
  readonly baseline: Baseline;
  readonly linear?: readonly LinearForecast[];
  readonly reason: string;
}

/**
 * The baseline that was given, or the linear autoregression, which has the simpler rules in it: it is shrunk towards the best of them as far
 * as windows do not tell it apart. On 150
 * series of 70 to 1,200 rows it was behind the best simple rule by 4 % in the mean; the rule with the smallest error in the validation part
 * was so by 11 %.
 *
 * @param form with the last known step as its baseline
 */
export async function chooseBaseline(
  parts: RuleParts,
  form: WindowForm,
  period: number,
  given: Baseline | undefined,
): Promise<ChosenBaseline> {
  if (form.mode === 'autoregressive') return { baseline: 'last', reason: 'each step is against the one before' };
  if (given !== undefined && given !== 'linear') return { baseline: given, reason: '' };
  const windows = await ruleWindows(parts, form);
  const linear = await fitColumns(windows, form, period);
  if (given !== undefined) return { baseline: given, linear, reason: '' };
  const forecasts = Object.entries(ruleForecasts(form, period, linear)) as [Baseline, RuleForecast][];
  const errors = forecasts.map(([baseline, forecast]) => ({ baseline, error: meanError(windows.choosing, forecast) }));
  const { error: ofLinear } = errors.at(-1) as (typeof errors)[number];
  // Where the linear autoregression is shrunk altogether, it is a simpler rule and goes by its name. The simplest comes first.
  const { baseline } = errors.find(
    ({ error }) => Math.abs(error - ofLinear) <= SAME * ofLinear,
  ) as (typeof errors)[number];
  const figures = errors.map((each) => `${each.baseline} ${each.error.toPrecision(3)}`).join(', ');
  const part = parts.validation === undefined ? 'newest training windows' : 'validation part';
  const reason = `squared errors on the ${part}: ${figures}`;
  return { baseline, ...(baseline === 'linear' && { linear }), reason };
}

/** The mean squared error of a forecast. */
function meanError({ windows }: SpreadWindows, forecast: RuleForecast): number {
  return mean(windows.map((window) => squaredErrorOf(window.future, forecast(window))));
}
