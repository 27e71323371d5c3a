/** Forecasts the next steps of a table of numbers, for example the oil temperature of the next day. */

import { isJsonObject, type JsonValue } from '../../../core/json.js';
import { sequential } from '../../../model/network.js';
import { dense } from '../../../network/layers/dense.js';
import type { LossDescription } from '../../../network/losses/losses.js';
import { recurrentBody } from '../../building-blocks/recurrent-body.js';
import { inputValue } from '../../building-blocks/sequence-inputs.js';
import { commonOptions, settledOptions } from '../../definition/common-options.js';
import { defineTask } from '../../definition/define-task.js';
import { sizeOf } from '../../definition/parts.js';
import { valuesOf } from '../../definition/reasoned.js';
import {
  columnsOption,
  missingOptions,
  TABLE_USAGE,
  tableOptions,
  timeOptions,
} from '../../definition/table-options.js';
import type { PredictionSource } from '../../definition/task.js';
import { choiceOption, numberOption, optional, textOption } from '../../definition/task-options.js';
import { FORECAST } from '../defaults/forecast.js';
import { GAP_MODES } from './forecast-absent.js';
import { formOf } from './forecast-data.js';
import { SETTLED, settleTraining } from './forecast-defaults.js';
import { describeErrors, evaluateForecasts, squaredErrors } from './forecast-evaluation.js';
import { type ForecastInput, newestInput, readNewest } from './forecast-inputs.js';
import { BASELINES, type SavedForecast } from './forecast-options.js';
import { type ForecastOrigin, type ForecastRecord, forecastRecord, forecastsOf } from './forecast-outputs.js';
import { levelsOf, requireLevelList } from './forecast-quantiles.js';
import { readForecast, readWindows } from './forecast-reading.js';
import { forecastRows } from './forecast-rows.js';
import { forecastRules, RULE_NAMES } from './forecast-rules.js';
import { startFromRule } from './forecast-start.js';
import { forecastStream } from './forecast-stream.js';
import { forecastStructures } from './forecast-structures.js';
import { USUAL_PERIOD } from './forecast-time.js';

const count = { integer: true, min: 1 } as const;
const table = {
  ...commonOptions(
    valuesOf(FORECAST, ['valid', 'test', 'cell', 'learningRate', 'schedule']),
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
  history: numberOption(count, { description: 'known steps before a forecast' }),
  horizon: numberOption(count, { description: 'steps to forecast' }),
  period: optional(
    numberOption(count, {
      description:
        'steps of a season: by the time column 24 for hours, 7 for days, 12 for months; else by the autocorrelation; 1 for none',
    }),
  ),
  mode: choiceOption(['direct', 'autoregressive'], {
    description: 'all steps in one output, or one step at a time, which is the next input',
    default: FORECAST.mode.value,
  }),
  baseline: choiceOption(BASELINES, {
    description:
      'what direct forecasts are relative to: the last known step or season, the mean of the training rows, or a linear autoregression',
  }),
  scaling: choiceOption(['table', 'window'], {
    description:
      'of direct forecasts: windows are scaled as the table, or each is also divided by its own standard deviation',
  }),
  quantiles: optional(
    textOption(
      { description: 'of direct forecasts: quantiles to forecast; 0.5 must be one of them', placeholder: 'levels' },
      requireLevelList,
    ),
  ),
  fallback: choiceOption(['yes', 'no'], {
    description: 'whether the baseline answers where no step of the training is ahead of it on the validation part',
    default: FORECAST.fallback.value,
    before: 'no',
  }),
  ...missingOptions(),
  gaps: choiceOption(GAP_MODES, {
    description:
      'of tables with regular times: rows that are absent are filled in, or the rows around them follow each other',
    default: FORECAST.gaps.value,
    before: 'join',
  }),
  ...tableOptions(),
};
const options = settledOptions(table, SETTLED);

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

/** Forecasts of tables. */
export const forecast = defineTask({
  name: 'forecast',
  summary: 'the next steps of columns of a CSV file',
  structures: forecastStructures,
  options,
  usage: [...TABLE_USAGE, 'time', 'dateFormat', 'gaps'],
  loss({ quantiles, weight, mode }): LossDescription {
    const weights = weight === undefined ? {} : ({ weights: mode === 'direct' ? 'sequence' : 'step' } as const);
    if (quantiles !== undefined) return { kind: 'quantile', levels: levelsOf(quantiles), ...weights };
    return weight === undefined ? 'meanSquaredError' : { kind: 'meanSquaredError', ...weights };
  },

  read: readForecast,
  readExamples: readWindows,
  settle: (given, { training, validation, settings }) => ({
    ...settings,
    ...settleTraining(sizeOf(training), given, validation !== undefined),
  }),
  /** The output begins at zero, or at the quantiles of the errors of the baseline: a new model is that rule. */
  initialize: (model, { training, saved }, given) => startFromRule(model, training, formOf(given, saved)),
  startsAs: ({ fallback, baseline }) => (fallback === 'yes' ? RULE_NAMES[baseline] : undefined),
  naiveRules: (data, { options: given, saved }) =>
    forecastRules(data, formOf(given, saved), given.period ?? saved.period ?? USUAL_PERIOD, saved.linear),

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

  evaluate: evaluateForecasts,
  evaluateQuickly: (model, part, context) =>
    context.options.quantiles !== undefined || context.options.fallback === 'no'
      ? evaluateForecasts(model, part, context)
      : squaredErrors(model, part, context),
  /** The loss: the squared error, or the mean loss of the quantiles. */
  score: ({ mse, doubt = 0, quantiles }) =>
    isJsonObject(quantiles) ? Number(quantiles['pinball']) : Number(mse) + Number(doubt),

  describe: describeErrors,

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
