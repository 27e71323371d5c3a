/** Chooses what forecasts are relative to: the rule that is best on the validation part. */
import { blockMeans, standardErrorOf } from '../../naive/linear-autoregression.js';
import type { LinearForecast } from '../../naive/linear-forecast.js';
import type { Baseline } from './forecast-data.js';
import {
  fitColumns,
  type RuleForecast,
  type RuleParts,
  type RuleWindow,
  ruleForecasts,
  ruleWindows,
} from './forecast-rules.js';
import type { WindowForm } from './forecast-windows.js';

/** Standard errors by which a rule must be ahead of the last value, which is the best forecast of a random walk. */
const AHEAD = 2;

/** A baseline, what belongs to it, and why it is this one. */
export interface ChosenBaseline {
  readonly baseline: Baseline;
  readonly linear?: readonly LinearForecast[];
  readonly reason: string;
}

/**
 * The baseline that was given, or the best one; with its weights.
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
  const errors = forecasts.map(([, forecast]) => blockErrors(windows.choosing, forecast));
  const last = errors[0] as number[];
  const ahead = errors.map((each) => (isAhead(each, last) ? mean(each) : Number.POSITIVE_INFINITY));
  const best = Math.max(0, ahead.indexOf(Math.min(...ahead.slice(1))));
  const [baseline] = forecasts[best] as [Baseline, RuleForecast];
  const figures = forecasts.map(([name], at) => `${name} ${mean(errors[at] as number[]).toPrecision(3)}`).join(', ');
  const part = parts.validation === undefined ? 'newest training windows' : 'validation part';
  const reason = `squared errors on the ${part}: ${figures}`;
  return { baseline, ...(baseline === 'linear' && { linear }), reason };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Mean squared errors of the windows, in blocks in the order of time. */
function blockErrors(windows: readonly RuleWindow[], forecast: RuleForecast): number[] {
  const errors = windows.map((window) => {
    const forecasted = forecast(window);
    return (
      window.future.reduce((sum, value, at) => sum + (value - (forecasted[at] as number)) ** 2, 0) / forecasted.length
    );
  });
  return blockMeans(errors);
}

/** Whether a rule is ahead of another one by more than chance. */
function isAhead(errors: readonly number[], other: readonly number[]): boolean {
  const gains = errors.map((error, block) => (other[block] as number) - error);
  return mean(gains) > AHEAD * standardErrorOf(gains);
}
