/** Forecasts the next steps of a table of numbers, for example the oil temperature of the next day. */

import { DataError } from '../../../core/errors.js';
import { isJsonObject, type JsonValue } from '../../../core/json.js';
import type { Examples } from '../../../data/examples.js';
import { RegressionErrors } from '../../../metrics/forecast-errors.js';
import { seasonalNaiveForecast } from '../../../metrics/naive-forecast.js';
import { sequential } from '../../../model/network.js';
import { dense } from '../../../network/layers/dense.js';
import type { LossDescription } from '../../../network/losses/losses.js';
import { recurrentBody } from '../../building-blocks/recurrent-body.js';
import { requireData } from '../../building-blocks/require-data.js';
import { inputValue } from '../../building-blocks/sequence-inputs.js';
import { commonOptions } from '../../definition/common-options.js';
import { defineTask } from '../../definition/define-task.js';
import {
  columnsOption,
  missingOptions,
  TABLE_USAGE,
  tableOptions,
  timeOptions,
} from '../../definition/table-options.js';
import type { PredictionSource } from '../../definition/task.js';
import { type Checked, choiceOption, numberOption, optional, textOption } from '../../definition/task-options.js';
import { formOf, readMore, readTable, type SavedForecast } from './forecast-data.js';
import { type ForecastInput, newestInput, readNewest, requireRows } from './forecast-inputs.js';
import { type ForecastOrigin, type ForecastRecord, forecastRecord, forecastsOf } from './forecast-outputs.js';
import { describeQuantiles, levelsOf, QuantileErrors, requireLevelList } from './forecast-quantiles.js';
import { forecastRows } from './forecast-rows.js';
import type { SeriesTable } from './forecast-series.js';
import { forecastStream } from './forecast-stream.js';
import { USUAL_PERIOD } from './forecast-time.js';
import { type ForecastRange, truthOf, type WindowForm, windowsOf } from './forecast-windows.js';

const count = { integer: true, min: 1 } as const;
const options = {
  ...commonOptions(
    {
      ...{ valid: 0.2, test: 0.2, cell: 'gru', units: 64, dropout: 0.2, epochs: 10, batch: 32 },
      ...{ learningRate: 1e-3, schedule: 'cosine' },
    },
    'a fraction of the rows, or their number, after the training rows; 0 for none',
  ),
  columns: optional(columnsOption('columns to forecast (default: all columns of numbers that have no other use)')),
  covariates: optional(columnsOption('further columns of numbers to read')),
  categories: optional(columnsOption('further columns of texts to read: each value in the training rows is an input')),
  ...timeOptions('which puts the rows into their order; none for none (default: the only column of ISO dates)'),
  item: optional(
    textOption({ description: 'the column that tells several series of one table apart', placeholder: 'column' }),
  ),
  weight: optional(
    textOption({
      description: 'the column of numbers that say what rows count for in the loss',
      placeholder: 'column',
    }),
  ),
  rows: optional(numberOption(count, { description: 'read only the first n rows' })),
  history: numberOption(count, { description: 'known steps before a forecast', default: 96 }),
  horizon: numberOption(count, { description: 'steps to forecast', default: 24 }),
  period: optional(
    numberOption(count, {
      description:
        'steps of a season, for the seasonal forecast that results are compared with (default: by the time column, 24 for hours, 7 for days, 12 for months, else 24)',
    }),
  ),
  mode: choiceOption(['direct', 'autoregressive'], {
    description: 'all steps in one output, or one step at a time, which is the next input',
    default: 'direct',
  }),
  baseline: choiceOption(['last', 'season'], {
    description: 'what direct forecasts are relative to: the last known step, or the last known season',
    default: 'last',
  }),
  scaling: choiceOption(['table', 'window'], {
    description:
      'of direct forecasts: windows are scaled as the table, or each is also divided by its own standard deviation',
    default: 'table',
  }),
  quantiles: optional(
    textOption(
      { description: 'of direct forecasts: quantiles to forecast; 0.5 must be one of them', placeholder: 'levels' },
      requireLevelList,
    ),
  ),
  ...missingOptions(),
  ...tableOptions(),
};

type Options = Checked<typeof options>;

export type { ForecastInput };

/** What is saved with a forecaster. */
export type ForecastSaved = SavedForecast;

/**
 * The known rows of a series: lists of the numbers of all columns, numbers of the only column, or objects of columns by name; or the
 * text of one of these as JSON.
 */
export type ForecastValue =
  | string
  | readonly number[]
  | readonly (readonly number[])[]
  | readonly { readonly [column: string]: JsonValue }[]
  | { readonly input: readonly JsonValue[] };

/** Whether all numbers of a row that are forecast are known; undefined when none is missing. */
function knownRows({ gaps }: SeriesTable, { targets, width, marks = 0 }: WindowForm, given: Options) {
  if (gaps === undefined || given.missing !== 'mask') return undefined;
  const numbers = width - marks;
  return (row: number) => !gaps.subarray(row * numbers, row * numbers + targets).some(Number.isNaN);
}

/** Forecasts of tables. */
export const forecast = defineTask({
  name: 'forecast',
  summary: 'the next steps of columns of a CSV file',
  options,
  usage: [...TABLE_USAGE, 'time', 'dateFormat'],
  loss({ quantiles, weight, mode }): LossDescription {
    const weights = weight === undefined ? {} : ({ weights: mode === 'direct' ? 'sequence' : 'step' } as const);
    if (quantiles !== undefined) return { kind: 'quantile', levels: levelsOf(quantiles), ...weights };
    return weight === undefined ? 'meanSquaredError' : { kind: 'meanSquaredError', ...weights };
  },

  async read(given) {
    const { values, table, training, validation, test, saved, digest, notes } = await readTable(
      requireData(given),
      given,
    );
    const form = formOf(given, saved);
    const isKnown = knownRows(table, form, given);
    const part = (ranges: readonly ForecastRange[]) =>
      ranges.length === 0
        ? undefined
        : requireWindows(table.file, windowsOf(values, form, ranges, isKnown, table.weights));
    return {
      training: part(training) as Examples<ForecastInput>,
      validation: part(validation),
      test: part(test),
      saved,
      fingerprint: { values: digest },
      notes,
    };
  },

  /** All windows of another table, scaled like the training rows. */
  async readExamples(file, given, saved, note) {
    const { values, table } = await readMore(file, given, saved);
    for (const line of table.notes) note(line);
    const form = formOf(given, saved);
    const longest = table.series.reduce((most, { begin, end }) => Math.max(most, end - begin), 0);
    requireRows(`'${file}'`, longest, form.history + form.horizon);
    const ranges = table.series.map(({ begin, end }) => ({ start: begin, begin, end }));
    return requireWindows(file, windowsOf(values, form, ranges, knownRows(table, form, given)));
  },

  packing(given, saved) {
    const { mode, width, targets, horizon } = formOf(given, saved);
    if (mode === 'autoregressive') return { features: width, targetFeatures: width };
    return { features: width, targetFeatures: horizon * targets, targetPer: 'sequence' };
  },

  network(given, saved) {
    const { mode, width, targets, horizon, levels } = formOf(given, saved);
    const isDirect = mode === 'direct';
    const body = recurrentBody(given, isDirect ? 'last' : 'none');
    const units = isDirect ? horizon * targets * Math.max(1, levels.length) : width;
    return sequential([...body, dense({ units })], { features: width });
  },

  /** Errors on standardised values, of the model and of the naive forecasts. */
  async evaluate(model, part, { options: given, saved, signal }) {
    const form = formOf(given, saved);
    const { horizon, targets, levels } = form;
    const period = given.period ?? saved.period ?? USUAL_PERIOD;
    const ofQuantiles = new QuantileErrors(levels);
    const errors = { model: new RegressionErrors(), naive: new RegressionErrors(), seasonal: new RegressionErrors() };
    const ofColumn = saved.columns.map(() => new RegressionErrors());
    for await (const { example, forecast: forecasted, quantiles } of forecastsOf(model, part, form, signal)) {
      const { history, future } = truthOf(example, form);
      errors.model.add(future, forecasted);
      errors.naive.add(future, new Float32Array(future.length));
      errors.seasonal.add(future, seasonalNaiveForecast(history, horizon, period, targets));
      if (levels.length > 0) ofQuantiles.add(future, quantiles);
      for (const [column, own] of ofColumn.entries()) {
        const only = (rows: Float32Array) =>
          Float32Array.from({ length: horizon }, (_, step) => rows[step * targets + column] as number);
        own.add(only(future), only(forecasted));
      }
    }
    const columns = Object.fromEntries(saved.columns.map((name, at) => [name, summary(ofColumn[at])]));
    const [naive, seasonalNaive] = [summary(errors.naive), summary(errors.seasonal)];
    const found = levels.length > 0 && { quantiles: ofQuantiles.summary() };
    return { ...summary(errors.model), naive, seasonalNaive, ...(targets > 1 && { columns }), ...found };
  },
  /** The loss: the squared error, or the mean loss of the quantiles. */
  score: ({ mse, quantiles }) => Number(isJsonObject(quantiles) ? quantiles['pinball'] : mse),

  describe({ mse, mae, naive, seasonalNaive, columns, quantiles }) {
    const line = (name: string, errors: unknown) => {
      const { mse: squared, mae: absolute } = errors as { mse: number; mae: number };
      return `${name.padEnd(16)} MSE ${squared.toFixed(4)}  MAE ${absolute.toFixed(4)}`;
    };
    const others = Object.entries({ naive, 'seasonal naive': seasonalNaive, ...(columns as object | undefined) });
    const ofQuantiles = isJsonObject(quantiles) ? [describeQuantiles(quantiles)] : [];
    return [line('model', { mse, mae }), ...ofQuantiles, ...others.map(([name, errors]) => line(name, errors))].join(
      '\n',
    );
  },

  /** The newest rows of each series of a table, or rows as JSON: lists of the numbers of all columns, or objects by their names. */
  async readInputs(source: PredictionSource<ForecastValue>, given, saved, note): Promise<ForecastInput[]> {
    const form = formOf(given, saved);
    if ('file' in source) return readNewest(source.file, given, saved, form, note);
    const read = forecastRows(saved, given.missing);
    return source.values.map((value, at) =>
      newestInput(`input ${at}`, read(inputValue(value, 'features'), { file: 'inputs', line: at + 1 }), form),
    );
  },

  /** The next steps of every column, in the unit of the table, and the quantiles, if there are any. */
  async *predict(model, inputs, { options: given, saved, signal }): AsyncGenerator<ForecastRecord, void, void> {
    const form = formOf(given, saved);
    let at = 0;
    for await (const forecasted of forecastsOf(model, inputs, form, signal)) {
      yield forecastRecord(forecasted, (inputs[at++] as ForecastInput).origin as ForecastOrigin, form, saved);
    }
  },

  stream: (model, { options: given, saved, signal }) =>
    forecastStream(model, saved, formOf(given, saved), { missing: given.missing, signal }),
});

function summary(errors: RegressionErrors | undefined) {
  return { mse: errors?.meanSquaredError ?? null, mae: errors?.meanAbsoluteError ?? null };
}

/** @throws {DataError} `too_short` when every window forecasts a missing number */
function requireWindows<E>(file: string, windows: Examples<E>): Examples<E> {
  if (windows.count > 0) return windows;
  throw new DataError('too_short', `every window of '${file}' forecasts a missing number`, { file });
}
