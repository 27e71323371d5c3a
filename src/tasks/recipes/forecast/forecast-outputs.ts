/** Forecasts of windows: all steps together, or each step as the input of the next. */

import { packSequences } from '../../../batch/packed-batch.js';
import type { SequenceExample } from '../../../batch/sequence-packing.js';
import { Standardizer } from '../../../features/standardizer.js';
import type { ExecutionOptions } from '../../../model/execute/execution-options.js';
import type { Model } from '../../../model/model.js';
import { outputsOf } from '../../building-blocks/outputs.js';
import { examplesOf, type Part } from '../../definition/parts.js';
import { scalingOf } from './forecast-data.js';
import { datesAfter, type LastTime } from './forecast-dates.js';
import type { SavedForecast } from './forecast-options.js';
import { MEDIAN, QUANTILES, sortLevels } from './forecast-quantiles.js';
import { againstLast, type WindowExample, type WindowForm } from './forecast-windows.js';

/** A forecast, as the difference from the last known step. */
export interface Forecast {
  /** [horizon * targets]; with quantiles this is the median. */
  readonly forecast: Float32Array;
  /** The same for every level of the quantiles, ascending; empty when there are none. */
  readonly quantiles: readonly Float32Array[];
}

/** An example and its forecast. */
export interface ExampleForecast extends Forecast {
  readonly example: SequenceExample;
}

/** Number of windows that are forecast together. It changes memory and speed, not the result. */
const AT_ONCE = 256;

/** The forecast of every window of a part, in their order. @throws the signal's reason when it is aborted */
export async function* forecastsOf(
  model: Model,
  part: Part,
  form: WindowForm,
  signal?: AbortSignal,
): AsyncGenerator<ExampleForecast, void, void> {
  if (form.mode === 'direct') {
    const targetFeatures = form.horizon * form.targets;
    const packing = { features: form.width, targetPer: 'sequence', targetFeatures } as const;
    for await (const { example, output } of outputsOf(model, part, packing, signal)) {
      yield { example, ...directForecast(output, example, form) };
    }
    return;
  }
  for await (const examples of examplesOf(part, AT_ONCE)) {
    const forecasts = await stepByStep(model, examples, form, signal);
    for (const [at, example] of examples.entries()) {
      yield { example, forecast: forecasts[at] as Float32Array, quantiles: [] };
    }
  }
}

/** The numbers of one output; with quantiles all numbers of the first level, then of the second, and so on. */
function directForecast(
  output: Float32Array,
  example: Pick<WindowExample, 'input' | 'scale' | 'rule'>,
  form: WindowForm,
): Forecast {
  const { levels } = form;
  if (levels.length === 0) return { forecast: againstLast(output, example, form), quantiles: [] };
  const size = output.length / levels.length;
  const blocks = levels.map((_, at) => output.subarray(at * size, (at + 1) * size));
  const quantiles = sortLevels(blocks.map((block) => againstLast(block, example, form)));
  return { forecast: quantiles[levels.indexOf(MEDIAN)] as Float32Array, quantiles };
}

/** What a forecast begins with. */
export interface ForecastOrigin {
  /** [width] the last known row, standardised, in double precision. */
  readonly last: ArrayLike<number>;
  /** The name of the series by its column. */
  readonly item?: readonly [column: string, name: string] | undefined;
  /** The time of the last known row. */
  readonly time?: LastTime | undefined;
}

/** A forecast by the names of columns. */
export type ForecastRecord = {
  /**
   * The forecast numbers of a column, step by step; the time stamps by the name of their column, and the name of the series by its own,
   * where there are any; the quantiles as `quantiles`, by column and level.
   */
  readonly [column: string]: string | readonly number[] | readonly (string | number)[] | QuantileRecord;
};

/** Quantiles by column and level, step by step. */
export type QuantileRecord = { readonly [column: string]: { readonly [level: string]: readonly number[] } };

/**
 * A forecast in the unit of the table, in double precision: the name of the series and the time stamps, if there are
 * any, the steps of each column by name, and the quantiles by column and level.
 */
export function forecastRecord(
  { forecast, quantiles }: Forecast,
  { last, item, time }: ForecastOrigin,
  { horizon, targets, levels }: WindowForm,
  saved: SavedForecast,
): ForecastRecord {
  const standardizer = Standardizer.fromJSON(scalingOf(saved));
  const ofColumns = (changes: Float32Array) => {
    const steps = Float64Array.from(changes, (value, at) => value + (last[at % targets] as number));
    const values = standardizer.invert(steps, 0, targets);
    return saved.columns.map((_, column) =>
      Array.from({ length: horizon }, (__, step) => values[step * targets + column] as number),
    );
  };
  const named = <T>(of: (column: number) => T) =>
    Object.fromEntries(saved.columns.map((name, column) => [name, of(column)] as const));
  const own = ofColumns(forecast);
  const names = { ...(item && { [item[0]]: item[1] }), ...datesAfter(time, horizon) };
  const record = { ...names, ...named((column) => own[column] as number[]) };
  if (quantiles.length === 0) return record;
  const ofLevels = quantiles.map(ofColumns);
  const byLevel = (column: number) =>
    Object.fromEntries(levels.map((level, at) => [String(level), (ofLevels[at] as number[][])[column] as number[]]));
  return { ...record, [QUANTILES]: named(byLevel) };
}

/**
 * Reads the known steps, then each forecast step as the next input, with the state carried. A stream does the same;
 * this function does it for many windows together.
 */
async function stepByStep(
  model: Model,
  examples: readonly SequenceExample[],
  form: WindowForm,
  signal?: AbortSignal,
): Promise<Float32Array[]> {
  const { history, width } = form;
  const run = { state: model.newState(examples.length), ...(signal !== undefined && { signal }) };
  const known = examples.map(({ input }) => (input as Float32Array).subarray(0, history * width));
  // Equal lengths keep their order: row b of a step belongs to example b.
  const changes = (await model.predictPacked(packSequences(known, { features: width }), run)).slice(
    -examples.length * width,
  );
  const last = known.map((rows) => rows.slice(-width));
  return followSteps(model, changes, last, form, run);
}

/**
 * The forecasts of several sequences. Each forecast step is the next input.
 *
 * @param changes [sequences * width] output of the network for the step after the last known one
 * @param last [width] of each sequence: the last known row as the network read it
 * @param run the state after it, which is carried
 * @returns [horizon * width] of each sequence, as the difference from the last known step
 */
export async function followSteps(
  model: Model,
  changes: Float32Array,
  last: readonly Float32Array[],
  { horizon, width }: WindowForm,
  run: ExecutionOptions,
): Promise<Float32Array[]> {
  const forecasts = last.map(() => new Float32Array(horizon * width));
  let next = changes;
  for (let step = 0; ; step++) {
    for (const [at, forecast] of forecasts.entries()) {
      for (let column = 0; column < width; column++) {
        const before = step === 0 ? 0 : (forecast[(step - 1) * width + column] as number);
        forecast[step * width + column] = before + (next[at * width + column] as number);
      }
    }
    if (step === horizon - 1) return forecasts;
    const rows = forecasts.map((forecast, at) =>
      (last[at] as Float32Array).map((value, column) => value + (forecast[step * width + column] as number)),
    );
    next = await model.predictPacked(packSequences(rows, { features: width }), run);
  }
}
