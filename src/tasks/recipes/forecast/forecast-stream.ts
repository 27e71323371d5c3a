/** Forecasts of a table that is still growing. */
import { UsageError } from '../../../core/errors.js';
import type { JsonValue } from '../../../core/json.js';
import { Standardizer } from '../../../features/standardizer.js';
import { JsonRow } from '../../../files/json-lines.js';
import type { Model } from '../../../model/model.js';
import { inputValue } from '../../building-blocks/sequence-inputs.js';
import type { TaskStream } from '../../definition/task.js';
import { type SavedForecast, scalingOf } from './forecast-data.js';
import { type ForecastRecord, followSteps, forecastRecord, forecastsOf } from './forecast-outputs.js';
import { historyExample, type WindowForm } from './forecast-windows.js';

/**
 * A stream of a forecaster. A piece is a row, as a list of the numbers of all columns. Direct: the newest rows are
 * kept, and each row gives a forecast as soon as there are enough rows for a history. Autoregressive: the network reads
 * each row with its state carried, and each row gives a forecast from a copy of that state. The first row of the stream
 * is subtracted from all rows.
 *
 * @throws {UsageError} `not_streamable` for a network that reads later steps, when the rows are read one by one
 */
export function forecastStream(
  model: Model,
  saved: SavedForecast,
  form: WindowForm,
  signal: AbortSignal | undefined,
): TaskStream<ForecastRecord> {
  const { width } = form;
  const numbers = requireNumbersAlone(saved);
  const standardizer = Standardizer.fromJSON(scalingOf(saved));
  const follow = form.mode === 'direct' ? newestRows(model, form, signal) : everyRow(model, form, signal);
  let line = 0;
  return {
    pieces: 'lines',
    async push(piece) {
      line += 1;
      const { input = null } = inputValue(piece as JsonValue, 'features');
      const rows = new JsonRow({ input: [input] }, { file: 'stream', line }).doubles('input', numbers);
      standardizer.applyInPlace(rows);
      const row = withoutMarks(rows, width);
      const forecast = await follow(row);
      return forecast === undefined ? [] : [forecastRecord(forecast, { last: row }, form, saved)];
    },
    end: async () => [],
    close: () => {},
  };
}

/**
 * Numbers in a row of a stream.
 *
 * @throws {UsageError} `not_streamable` for a forecaster that reads categories
 */
export function requireNumbersAlone({ columns, covariates, categories = [] }: SavedForecast): number {
  if (categories.length === 0) return columns.length + covariates.length;
  const message = 'a forecaster with --categories reads tables: rows of numbers have no categories';
  throw new UsageError('not_streamable', message, { categories: categories.map(({ column }) => column) });
}

/** Rows without a missing number: their marks are zeros. @param rows [n * numbers] */
export function withoutMarks(rows: Float64Array, width: number, numbers = rows.length): Float64Array {
  if (width === numbers) return rows;
  const marked = new Float64Array((rows.length / numbers) * width);
  for (let at = 0; at < rows.length / numbers; at++) {
    marked.set(rows.subarray(at * numbers, (at + 1) * numbers), at * width);
  }
  return marked;
}

/** The forecast from the newest rows, when there are enough of them. */
function newestRows(model: Model, form: WindowForm, signal: AbortSignal | undefined) {
  const { history } = form;
  const rows: Float64Array[] = [];
  return async (row: Float64Array) => {
    rows.push(row);
    if (rows.length > history) rows.shift();
    if (rows.length < history) return undefined;
    const known = Float64Array.from(rows.flatMap((numbers) => [...numbers]));
    for await (const forecast of forecastsOf(model, [historyExample(known, form)], form, signal)) {
      return forecast;
    }
    return undefined;
  };
}

/** The forecast from all rows so far. */
function everyRow(model: Model, form: WindowForm, signal: AbortSignal | undefined) {
  const stream = model.stream();
  let first: Float64Array | undefined;
  return async (row: Float64Array) => {
    const origin = first ?? row;
    const last = Float32Array.from(row, (value, column) => value - (origin[column] as number));
    const changes = stream.step(last);
    first = origin;
    const run = { state: stream.snapshot().state, ...(signal !== undefined && { signal }) };
    const [forecast] = await followSteps(model, changes, [last], form, run);
    return { forecast: forecast as Float32Array, quantiles: [] };
  };
}
