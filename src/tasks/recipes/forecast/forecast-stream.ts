/** Forecasts of a table that is still growing. */
import type { JsonValue } from '../../../core/json.js';
import type { MissingMode } from '../../../features/missing-values.js';
import type { Model } from '../../../model/model.js';
import { inputValue } from '../../building-blocks/sequence-inputs.js';
import type { TaskStream } from '../../definition/task.js';
import { withoutNumber } from './forecast-gaps.js';
import type { SavedForecast } from './forecast-options.js';
import { type Forecast, type ForecastRecord, followSteps, forecastRecord, forecastsOf } from './forecast-outputs.js';
import { type GivenRows, type KnownBefore, rowEncoder, rowOfPiece, rowReader } from './forecast-rows.js';
import { historyExample, type WindowForm } from './forecast-windows.js';

/** How a stream runs. */
export interface StreamOptions {
  /** What becomes of null. */
  readonly missing: MissingMode;
  readonly signal: AbortSignal | undefined;
}

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
  { missing, signal }: StreamOptions,
): TaskStream<ForecastRecord> {
  const read = rowReader(saved, missing);
  const encode = rowEncoder(saved, missing);
  const newest = new NewestRows([...saved.columns, ...saved.covariates], form.mode === 'direct' ? form.history : 1);
  const follow = form.mode === 'direct' ? directForecast(model, form, signal) : carriedForecast(model, form, signal);
  let line = 0;
  return {
    pieces: 'lines',
    async push(piece) {
      line += 1;
      const fields = inputValue(piece as JsonValue, 'features');
      const row = read(rowOfPiece(fields, saved), { file: 'stream', line });
      encode(row, newest.before(row)); // a wrong row is refused before it is kept
      newest.push(row);
      if (!newest.areEnough) return [];
      const known = encode(...newest.rows());
      return [forecastRecord(await follow(known), { last: known.subarray(-form.width) }, form, saved)];
    },
    end: async () => [],
    close: () => {},
  };
}

/** The newest rows of a stream, and what was known before them. */
class NewestRows {
  readonly #names: readonly string[];
  readonly #count: number;
  readonly #rows: GivenRows[] = [];
  /** What is known before the first of the rows, and after the last. */
  #before: KnownBefore;
  #after: KnownBefore;

  /** @param count how many rows are kept */
  constructor(names: readonly string[], count: number) {
    this.#names = names;
    this.#count = count;
    this.#before = { values: new Float64Array(names.length).fill(Number.NaN), ages: new Float64Array(names.length) };
    this.#after = this.#before;
  }

  get areEnough(): boolean {
    return this.#rows.length === this.#count;
  }

  push(row: GivenRows): void {
    this.#rows.push(row);
    this.#after = nextOf(this.#after, row);
    const [first] = this.#rows;
    if (this.#rows.length <= this.#count || first === undefined) return;
    this.#rows.shift();
    this.#before = nextOf(this.#before, first);
  }

  /**
   * What is known before a row that is new.
   *
   * @throws {DataError} `invalid_row` for a missing number in a column that has had none
   */
  before({ values, place }: GivenRows): KnownBefore {
    const known = this.#after;
    const column = values.findIndex((value, at) => Number.isNaN(value) && Number.isNaN(known.values[at]));
    if (column >= 0) throw withoutNumber(place, this.#names[column] as string, 'forward', '');
    return known;
  }

  /** All rows together, and what was known before them. */
  rows(): readonly [GivenRows, KnownBefore] {
    const { place, categories } = this.#rows.at(-1) as GivenRows;
    const values = Float64Array.from(this.#rows.flatMap((row) => [...row.values]));
    const textsOf = (column: string) => this.#rows.flatMap((row) => row.categories.get(column) as readonly string[]);
    const texts = new Map([...categories.keys()].map((column) => [column, textsOf(column)]));
    return [{ values, place, categories: texts }, this.#before];
  }
}

/** What is known after a row. */
function nextOf(before: KnownBefore, { values }: GivenRows): KnownBefore {
  const isKnown = (column: number) => !Number.isNaN(values[column]);
  return {
    values: before.values.map((value, column) => (isKnown(column) ? (values[column] as number) : value)),
    ages: before.ages.map((age, column) => (isKnown(column) ? 0 : age + 1)),
  };
}

/** Makes forecasts from the newest rows, which are a history. */
function directForecast(model: Model, form: WindowForm, signal: AbortSignal | undefined) {
  return async (known: Float64Array) => {
    let found: Forecast | undefined;
    for await (const forecast of forecastsOf(model, [historyExample(known, form)], form, signal)) found = forecast;
    return found as Forecast;
  };
}

/** Makes forecasts from all rows so far, of which the newest is new. */
function carriedForecast(model: Model, form: WindowForm, signal: AbortSignal | undefined) {
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
