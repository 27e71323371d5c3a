/** Errors of a forecaster on a part. */
import { isJsonObject, type JsonObject } from '../../../core/json.js';
import { meanOf } from '../../../core/statistics.js';
import { RegressionErrors } from '../../../metrics/forecast-errors.js';
import type { Model } from '../../../model/model.js';
import type { Part } from '../../definition/parts.js';
import { blockMeans, standardErrorOf } from '../../naive/block-means.js';
import { formOf } from './forecast-data.js';
import type { ForecastOptions, SavedForecast } from './forecast-options.js';
import { forecastsOf } from './forecast-outputs.js';
import { describeQuantiles, QuantileErrors } from './forecast-quantiles.js';
import { squaredErrorOf } from './forecast-rules.js';
import { againstLast, truthOf, type WindowForm } from './forecast-windows.js';

/** Columns whose errors are all shown. */
const SHOWN_COLUMNS = 20;
/** Columns that are shown of more. */
const WORST_COLUMNS = 10;

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

/** Errors of a model or a column. */
type Errors = {
  readonly mse: number;
  readonly mae: number;
};

/** The errors as lines: of the model, of its quantiles, and of each of several columns; of many columns those with the largest errors, and the range of the others. */
export function describeErrors({ mse, mae, columns, quantiles }: JsonObject): string {
  const line = (name: string, errors: Errors) =>
    `${name.padEnd(16)} MSE ${errors.mse.toFixed(4)}  MAE ${errors.mae.toFixed(4)}`;
  const all = Object.entries((columns ?? {}) as Readonly<Record<string, Errors>>);
  const isLong = all.length > SHOWN_COLUMNS;
  const shown = isLong ? all.toSorted(([, one], [, other]) => other.mse - one.mse).slice(0, WORST_COLUMNS) : all;
  const others = isLong ? all.filter((each) => !shown.includes(each)).map(([, errors]) => errors.mse) : [];
  return [
    line('model', { mse: Number(mse), mae: Number(mae) }),
    ...(isJsonObject(quantiles) ? [describeQuantiles(quantiles)] : []),
    ...(isLong ? [`the ${WORST_COLUMNS} columns with the largest errors, of ${all.length}`] : []),
    ...shown.map(([name, errors]) => line(name, errors)),
    ...(isLong ? [`${others.length} more columns, MSE ${rangeOf(others)} (all: --json)`] : []),
  ].join('\n');
}

function rangeOf(values: readonly number[]): string {
  return `${Math.min(...values).toFixed(4)} to ${Math.max(...values).toFixed(4)}`;
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
