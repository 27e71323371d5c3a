/** Forecasts of a table that is still growing. */
import type { JsonValue } from '../../../core/json.js';
import type { Model } from '../../../model/model.js';
import { inputValue } from '../../building-blocks/sequence-inputs.js';
import type { TaskStream } from '../../definition/task.js';
import type { SavedForecast } from './forecast-data.js';
import { type ForecastRecord, followSteps, forecastRecord, forecastsOf } from './forecast-outputs.js';
import { forecastRows, rowOfPiece } from './forecast-rows.js';
import { historyExample, type WindowForm } from './forecast-windows.js';

/**
 * A stream of a forecaster. A piece is a row: a list of the numbers of all columns,
 * or an object of columns by name, which a model with categories needs. Direct: the newest rows are
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
  const read = forecastRows(saved, form.width);
  const follow = form.mode === 'direct' ? newestRows(model, form, signal) : everyRow(model, form, signal);
  let line = 0;
  return {
    pieces: 'lines',
    async push(piece) {
      line += 1;
      const fields = inputValue(piece as JsonValue, 'features');
      const row = read(rowOfPiece(fields, saved), { file: 'stream', line });
      const forecast = await follow(row);
      return forecast === undefined ? [] : [forecastRecord(forecast, { last: row }, form, saved)];
    },
    end: async () => [],
    close: () => {},
  };
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
