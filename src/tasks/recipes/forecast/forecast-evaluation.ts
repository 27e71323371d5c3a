/** Errors of a forecaster on a part. */
import type { JsonObject } from '../../../core/json.js';
import { meanOf } from '../../../core/statistics.js';
import { RegressionErrors } from '../../../metrics/forecast-errors.js';
import type { Model } from '../../../model/model.js';
import type { Part } from '../../definition/parts.js';
import { blockMeans, standardErrorOf } from '../../naive/block-means.js';
import { formOf } from './forecast-data.js';
import type { ForecastOptions, SavedForecast } from './forecast-options.js';
import { forecastsOf } from './forecast-outputs.js';
import { QuantileErrors } from './forecast-quantiles.js';
import { squaredErrorOf } from './forecast-rules.js';
import { againstLast, truthOf, type WindowForm } from './forecast-windows.js';

interface ForecastContext {
  readonly options: ForecastOptions;
  readonly saved: SavedForecast;
  readonly signal?: AbortSignal | undefined;
}

/** The forecast of each window of a part, and what is true. */
async function* judgedForecasts(model: Model, part: Part, form: WindowForm, signal?: AbortSignal) {
  for await (const forecasted of forecastsOf(model, part, form, signal)) {
    yield { ...forecasted, future: truthOf(forecasted.example, form).future };
  }
}

/** Errors on standardised values: of all columns, of each of several columns, and of the quantiles. */
export async function evaluateForecasts(
  model: Model,
  part: Part,
  { options, saved, signal }: ForecastContext,
): Promise<JsonObject> {
  const form = formOf(options, saved);
  const { horizon, targets, levels } = form;
  const ofQuantiles = new QuantileErrors(levels);
  const errors = new RegressionErrors();
  const ofColumn = saved.columns.map(() => new RegressionErrors());
  for await (const { future, forecast, quantiles } of judgedForecasts(model, part, form, signal)) {
    errors.add(future, forecast);
    if (levels.length > 0) ofQuantiles.add(future, quantiles);
    for (const [column, own] of ofColumn.entries()) {
      const only = (rows: Float32Array) =>
        Float32Array.from({ length: horizon }, (_, step) => rows[step * targets + column] as number);
      own.add(only(future), only(forecast));
    }
  }
  const columns = Object.fromEntries(saved.columns.map((name, at) => [name, summary(ofColumn[at])]));
  const found = levels.length > 0 && { quantiles: ofQuantiles.summary() };
  return { ...summary(errors), ...(targets > 1 && { columns }), ...found };
}

function summary(errors: RegressionErrors | undefined) {
  return { mse: errors?.meanSquaredError ?? null, mae: errors?.meanAbsoluteError ?? null };
}

/**
 * The squared error, and how uncertain its difference from that of the baseline is: the standard error over blocks of windows. The
 * score of a network is the sum of both. So a network must be ahead of the baseline by more than its standard error, before it
 * answers in place of it.
 */
export async function squaredErrors(
  model: Model,
  part: Part,
  { options, saved, signal }: ForecastContext,
): Promise<JsonObject> {
  const form = formOf(options, saved);
  const [own, gains]: [number[], number[]] = [[], []];
  const nothing = new Float32Array(form.horizon * form.targets);
  for await (const { example, future, forecast } of judgedForecasts(model, part, form, signal)) {
    const ofRule = form.mode === 'direct' ? againstLast(nothing, example, form) : nothing;
    const error = squaredErrorOf(future, forecast);
    own.push(error);
    gains.push(error - squaredErrorOf(future, ofRule));
  }
  return { mse: meanOf(own), doubt: standardErrorOf(blockMeans(gains, form.horizon)) };
}
