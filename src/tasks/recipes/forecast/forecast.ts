/** Forecasts the next steps of a table of numbers, for example the oil temperature of the next day. */

import type { SequenceExample } from '../../../batch/sequence-packing.js';
import { DataError } from '../../../core/errors.js';
import { isJsonObject } from '../../../core/json.js';
import { Standardizer } from '../../../features/standardizer.js';
import { JsonRow } from '../../../files/json-lines.js';
import { RegressionErrors } from '../../../metrics/forecast-errors.js';
import { seasonalNaiveForecast } from '../../../metrics/naive-forecast.js';
import { sequential } from '../../../model/network.js';
import { dense } from '../../../network/layers/dense.js';
import { recurrentBody } from '../../building-blocks/recurrent-body.js';
import { requireData } from '../../building-blocks/require-data.js';
import { inputValue } from '../../building-blocks/sequence-inputs.js';
import { commonOptions } from '../../definition/common-options.js';
import { defineTask } from '../../definition/define-task.js';
import { type Checked, choiceOption, numberOption, optional, textOption } from '../../definition/task-options.js';
import { columnsOf, formOf, readColumns, readTable, type SavedForecast, scalingOf } from './forecast-data.js';
import { forecastRecord, forecastsOf } from './forecast-outputs.js';
import { describeQuantiles, levelsOf, QuantileErrors, requireLevelList } from './forecast-quantiles.js';
import { forecastStream } from './forecast-stream.js';
import { historyExample, truthOf, windowsOf } from './forecast-windows.js';

const count = { integer: true, min: 1 } as const;
const options = {
  ...commonOptions(
    {
      ...{ valid: 0.2, test: 0.2, cell: 'gru', units: 64, dropout: 0.2, epochs: 10, batch: 32 },
      ...{ learningRate: 1e-3, schedule: 'cosine' },
    },
    'a fraction of the rows, or their number, after the training rows; 0 for none',
  ),
  columns: textOption({ description: 'columns to forecast, separated by commas', placeholder: 'names' }),
  covariates: optional(
    textOption({ description: 'further columns to read, separated by commas', placeholder: 'names' }),
  ),
  rows: optional(numberOption(count, { description: 'read only the first n rows' })),
  history: numberOption(count, { description: 'known steps before a forecast', default: 96 }),
  horizon: numberOption(count, { description: 'steps to forecast', default: 24 }),
  period: numberOption(count, {
    description: 'steps of a season, for the seasonal forecast that results are compared with',
    default: 24,
  }),
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
};

type Options = Checked<typeof options>;

/** What is saved with a forecaster. */
export type ForecastSaved = SavedForecast;

const formFor = (given: Options, { columns, covariates }: SavedForecast) =>
  formOf(given, columns.length + covariates.length, columns.length);

/** Forecasts of tables. */
export const forecast = defineTask({
  name: 'forecast',
  summary: 'the next steps of columns of a CSV file',
  options,
  loss({ quantiles }) {
    return quantiles === undefined ? 'meanSquaredError' : { kind: 'quantile', levels: levelsOf(quantiles) };
  },

  async read(given) {
    const table = await readTable(requireData(given), given);
    const { values, rows, trainingEnd, validationEnd, standardizer, digest } = table;
    const saved = { ...columnsOf(given), ...standardizer.toJSON() };
    const form = formFor(given, saved);
    const part = (begin: number, end: number) => (end > begin ? windowsOf(values, form, begin, end) : undefined);
    return {
      training: windowsOf(values, form, 0, trainingEnd),
      validation: part(trainingEnd, validationEnd),
      test: part(validationEnd, rows),
      saved,
      fingerprint: { values: digest },
    };
  },

  /** All windows of another table, scaled like the training rows. */
  async readExamples(file, given, saved) {
    const { values, rows } = await readColumns(file, [...saved.columns, ...saved.covariates]);
    const form = formFor(given, saved);
    requireRows(file, rows, form.history + form.horizon);
    return windowsOf(Standardizer.fromJSON(scalingOf(saved)).apply(values), form, 0, rows);
  },

  packing(given, saved) {
    const { mode, width, targets, horizon } = formFor(given, saved);
    if (mode === 'autoregressive') return { features: width, targetFeatures: width };
    return { features: width, targetFeatures: horizon * targets, targetPer: 'sequence' };
  },

  network(given, saved) {
    const { mode, width, targets, horizon, levels } = formFor(given, saved);
    const isDirect = mode === 'direct';
    const body = recurrentBody(given, isDirect ? 'last' : 'none');
    const units = isDirect ? horizon * targets * Math.max(1, levels.length) : width;
    return sequential([...body, dense({ units })], { features: width });
  },

  /** Errors on standardised values, of the model and of the naive forecasts. */
  async evaluate(model, part, { options: given, saved, signal }) {
    const form = formFor(given, saved);
    const { horizon, targets, levels } = form;
    const ofQuantiles = new QuantileErrors(levels);
    const errors = { model: new RegressionErrors(), naive: new RegressionErrors(), seasonal: new RegressionErrors() };
    const ofColumn = saved.columns.map(() => new RegressionErrors());
    for await (const { example, forecast: forecasted, quantiles } of forecastsOf(model, part, form, signal)) {
      const { history, future } = truthOf(example, form);
      errors.model.add(future, forecasted);
      errors.naive.add(future, new Float32Array(future.length));
      errors.seasonal.add(future, seasonalNaiveForecast(history, horizon, given.period, targets));
      if (levels.length > 0) ofQuantiles.add(future, quantiles);
      for (const [column, own] of ofColumn.entries()) {
        const only = (rows: Float32Array) => rows.filter((_, at) => at % targets === column);
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

  /** The newest rows of a table, or rows as JSON: lists of the numbers of all columns. */
  async readInputs(source, given, saved) {
    const names = [...saved.columns, ...saved.covariates];
    const { history, width } = formFor(given, saved);
    const standardizer = Standardizer.fromJSON(scalingOf(saved));
    const newest = (name: string, values: Float32Array) => {
      requireRows(name, values.length / width, history);
      return { input: standardizer.apply(values).slice(-history * width) };
    };
    if ('file' in source) return [newest(source.file, (await readColumns(source.file, names)).values)];
    return source.values.map((value, at) => {
      const row = new JsonRow(inputValue(value, 'features'), { file: 'inputs', line: at + 1 });
      return newest(`input ${at}`, row.rows('input', width));
    });
  },

  /** The next steps of every column, in the unit of the table, and the quantiles, if there are any. */
  async *predict(model, inputs, { options: given, saved, signal }) {
    const form = formFor(given, saved);
    const histories = inputs.map(({ input }) => historyExample(input as Float32Array, form));
    let at = 0;
    for await (const forecasted of forecastsOf(model, histories, form, signal)) {
      const last = (inputs[at++] as SequenceExample).input.slice(-form.width);
      yield forecastRecord(forecasted, last, form, saved);
    }
  },

  stream: (model, { options: given, saved, signal }) => forecastStream(model, saved, formFor(given, saved), signal),
});

function summary(errors: RegressionErrors | undefined) {
  return { mse: errors?.meanSquaredError ?? null, mae: errors?.meanAbsoluteError ?? null };
}

function requireRows(name: string, rows: number, needed: number): void {
  if (rows >= needed) return;
  throw new DataError('too_short', `'${name}' has ${rows} rows, ${needed} are needed`, { name, rows, needed });
}
