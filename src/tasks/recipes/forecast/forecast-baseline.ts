/** Chooses what forecasts are relative to: a linear autoregression, or the simpler rule that it is shrunk to. */
import { meanOf } from '../../../core/statistics.js';
import { paceOf } from '../../building-blocks/pace.js';
import type { LinearForecast } from '../../naive/linear-forecast.js';
import { FORECAST } from '../defaults/forecast.js';
import type { Baseline } from './forecast-options.js';
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

const { rule: RULE, same: SAME } = FORECAST.baseline.value;

/** A baseline, what belongs to it, and why it is this one. */
export interface ChosenBaseline {
  readonly baseline: Baseline;
  readonly linear?: readonly LinearForecast[];
  readonly reason: string;
}

/**
 * The baseline that was given, or the linear autoregression, or the simpler rule that it is shrunk to altogether.
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
  if (given !== undefined && given !== RULE) return { baseline: given, reason: '' };
  const windows = await ruleWindows(parts, form);
  const linear = await fitColumns(windows, form, period, paceOf());
  if (given !== undefined) return { baseline: given, linear, reason: '' };
  const forecasts = Object.entries(ruleForecasts(form, period, linear)) as [Baseline, RuleForecast][];
  const errors = forecasts.map(([baseline, forecast]) => ({ baseline, error: meanError(windows.choosing, forecast) }));
  const { error: ofLinear } = errors.find(({ baseline: rule }) => rule === RULE) as (typeof errors)[number];
  // Where the linear autoregression is shrunk altogether, it is a simpler rule and goes by its name. The simplest comes first.
  const { baseline } = errors.find(
    ({ error }) => Math.abs(error - ofLinear) <= SAME * ofLinear,
  ) as (typeof errors)[number];
  const figures = errors.map((each) => `${each.baseline} ${each.error.toPrecision(3)}`).join(', ');
  const part = parts.validation === undefined ? 'newest training windows' : 'validation part';
  const reason = `squared errors on the ${part}: ${figures}`;
  return { baseline, ...(baseline === RULE && { linear }), reason };
}

/** The mean squared error of a forecast. */
function meanError({ windows }: SpreadWindows, forecast: RuleForecast): number {
  return meanOf(windows.map((window) => squaredErrorOf(window.future, forecast(window))));
}
