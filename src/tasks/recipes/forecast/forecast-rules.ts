/** Rules that forecast without a network: they are what it is compared with, what it starts from, and what answers where it is not ahead. */
import type { JsonObject } from '../../../core/json.js';
import { RegressionErrors } from '../../../metrics/forecast-errors.js';
import { seasonalNaiveForecast } from '../../../metrics/naive-forecast.js';
import type { NaiveRule, NaiveRules, Pace } from '../../definition/naive-rule.js';
import { type Part, partExamples, sizeOf } from '../../definition/parts.js';
import { fitLinear } from '../../naive/linear-autoregression.js';
import { forecastLinear, type LinearForecast, type LinearWindows } from '../../naive/linear-forecast.js';
import type { Baseline } from './forecast-options.js';
import { MEDIAN, QuantileErrors, sortLevels } from './forecast-quantiles.js';
import { truthOf, type WindowExample, type WindowForm } from './forecast-windows.js';

/** The names of the rules, for people and for metrics; the simplest first. */
export const RULE_NAMES: Readonly<Record<Baseline, string>> = {
  last: 'last value',
  season: 'last season',
  mean: 'mean',
  linear: 'linear autoregression',
};

/** Most windows that a linear autoregression is fitted to, and chosen by; fewer where there are many columns. */
const FITTED = { windows: 4096, chosen: 512, columns: 8 } as const;
/** Orders of linear autoregressions, beside those of one to three seasons and the whole history. */
const ORDERS = [1, 2, 3, 5, 8, 12, 24, 48, 96] as const;
/** Without a validation part: the newest part of the training windows in its place. */
const TAIL = 0.2;

/** A window outside the network: differences from the last known step, which is `last`. */
export interface RuleWindow {
  /** [history * targets] */
  readonly history: Float32Array;
  /** [horizon * targets] */
  readonly future: Float32Array;
  /** [targets] */
  readonly last: Float64Array;
}

/** The forecast of a window: [horizon * targets], as the difference from the last known step. */
export type RuleForecast = (window: Pick<RuleWindow, 'history' | 'last'>) => Float32Array;

function windowOf(example: WindowExample, form: WindowForm): RuleWindow {
  return { ...truthOf(example, form), last: example.last };
}

/** At most so many windows of a part, evenly spread, from the place `from` to the place `to`. */
async function windowsOfPart(
  part: Part,
  form: WindowForm,
  most: number,
  [from, to]: readonly [number, number],
): Promise<SpreadWindows> {
  const all = to - from;
  const count = Math.min(most, all);
  const indices = Int32Array.from({ length: count }, (_, at) => from + Math.floor((at * all) / count));
  const examples = 'read' in part ? await part.read(indices) : Array.from(indices, (at) => part[at]);
  return { windows: examples.map((example) => windowOf(example as WindowExample, form)), apart: all / count };
}

/** The parts that rules are learnt from. */
export interface RuleParts {
  readonly training: Part;
  readonly validation?: Part | undefined;
}

/** Some windows of a part. */
export interface SpreadWindows {
  readonly windows: readonly RuleWindow[];
  /** Steps from one to the next. */
  readonly apart: number;
}

/** Windows to fit rules to, and others to choose among them. */
export interface RuleWindows {
  readonly fitting: SpreadWindows;
  readonly choosing: SpreadWindows;
}

/** Some windows of the training part, and of the validation part or the newest training windows. */
export async function ruleWindows({ training, validation }: RuleParts, form: WindowForm): Promise<RuleWindows> {
  const share = Math.min(1, FITTED.columns / form.targets);
  const [most, chosen] = [Math.ceil(FITTED.windows * share), Math.ceil(FITTED.chosen * share)];
  const count = sizeOf(training);
  if (validation !== undefined) {
    return {
      fitting: await windowsOfPart(training, form, most, [0, count]),
      choosing: await windowsOfPart(validation, form, chosen, [0, sizeOf(validation)]),
    };
  }
  const border = Math.ceil((1 - TAIL) * count);
  const learnt = Math.max(1, border - form.horizon);
  return {
    fitting: await windowsOfPart(training, form, most, [0, learnt]),
    choosing: await windowsOfPart(training, form, chosen, [Math.min(border, count - 1), count]),
  };
}

function linearWindows(
  { windows, apart }: SpreadWindows,
  { history, horizon, targets }: WindowForm,
  column: number,
): LinearWindows {
  const known = new Float32Array(windows.length * history);
  const future = new Float32Array(windows.length * horizon);
  for (const [at, window] of windows.entries()) {
    for (let step = 0; step < history; step++)
      known[at * history + step] = window.history[step * targets + column] as number;
    for (let step = 0; step < horizon; step++)
      future[at * horizon + step] = window.future[step * targets + column] as number;
  }
  return { known, future, last: Float64Array.from(windows, ({ last }) => last[column] as number), apart };
}

/** A linear autoregression of each column. */
export async function fitColumns(
  { fitting, choosing }: RuleWindows,
  form: WindowForm,
  period: number,
  pace: Pace,
): Promise<LinearForecast[]> {
  const { history, horizon, targets } = form;
  const seasons = [1, 2, 3].flatMap((times) => [times * period, times * period + 1]);
  const possible = [...ORDERS, ...seasons, history].filter((order) => order <= history);
  const orders = [...new Set(possible)].sort((a, b) => a - b);
  const found: LinearForecast[] = [];
  for (let column = 0; column < targets; column++) {
    await pace();
    const [training, choice] = [linearWindows(fitting, form, column), linearWindows(choosing, form, column)];
    found.push(await fitLinear(training, choice, { horizon, orders, period: Math.min(period, history) }, pace));
  }
  return found;
}

/** The forecasts of all rules. A period of 1 has no rule of its own: the last season is the last value. */
export function ruleForecasts(
  { history, horizon, targets }: WindowForm,
  period: number,
  linear: readonly LinearForecast[],
): Partial<Record<Baseline, RuleForecast>> {
  const size = horizon * targets;
  const ofLinear: RuleForecast = ({ history: rows, last }) => {
    const out = new Float32Array(size);
    const known = new Float32Array(history);
    for (const [column, weights] of linear.entries()) {
      for (let at = 0; at < history; at++) known[at] = rows[at * targets + column] as number;
      const steps = { known, begin: 0, history, last: last[column] as number };
      forecastLinear(weights, steps, { out, place: column, stride: targets });
    }
    return out;
  };
  return {
    last: () => new Float32Array(size),
    ...(period > 1 && { season: ({ history: rows }) => seasonalNaiveForecast(rows, horizon, period, targets) }),
    // The mean of the training rows is 0 in standardised numbers.
    mean: ({ last }) => Float32Array.from({ length: size }, (_, at) => -(last[at % targets] as number)),
    linear: ofLinear,
  };
}

/** Quantiles of the errors of a forecast at each place: [horizon * targets] for each level. */
export function errorQuantiles(errors: readonly Float32Array[], levels: readonly number[]): Float32Array[] {
  const size = errors[0]?.length ?? 0;
  const found = levels.map(() => new Float32Array(size));
  for (let at = 0; at < size; at++) {
    const sorted = Float32Array.from(errors, (each) => each[at] as number).sort();
    for (const [index, level] of levels.entries()) {
      (found[index] as Float32Array)[at] = sorted[
        Math.min(sorted.length - 1, Math.floor(level * sorted.length))
      ] as number;
    }
  }
  return found;
}

/** The mean squared error of a window. */
export function squaredErrorOf(future: Float32Array, forecast: Float32Array): number {
  return future.reduce((sum, value, at) => sum + (value - (forecast[at] as number)) ** 2, 0) / future.length;
}

const difference = (future: Float32Array, forecast: Float32Array) =>
  future.map((value, at) => value - (forecast[at] as number));

function ruleOf(
  name: string,
  form: WindowForm,
  learn: (pace: Pace) => Promise<{ readonly forecast: RuleForecast; readonly windows: RuleWindows }>,
): NaiveRule<Part> {
  const { levels } = form;
  return {
    name,
    async judge(part, pace) {
      const { forecast, windows } = await learn(pace);
      // A rule has one forecast: the quantiles of its errors in training make a band of it.
      const band =
        levels.length === 0
          ? []
          : errorQuantiles(
              windows.fitting.windows.map((each) => difference(each.future, forecast(each))),
              levels,
            );
      const [errors, ofQuantiles] = [new RegressionErrors(), new QuantileErrors(levels)];
      for await (const example of partExamples(part)) {
        await pace();
        const window = windowOf(example as WindowExample, form);
        const single = forecast(window);
        const quantiles = sortLevels(band.map((shift) => single.map((value, at) => value + (shift[at] as number))));
        errors.add(window.future, quantiles[levels.indexOf(MEDIAN)] ?? single);
        if (levels.length > 0) ofQuantiles.add(window.future, quantiles);
      }
      const found = levels.length > 0 && { quantiles: ofQuantiles.summary() };
      return { mse: errors.meanSquaredError ?? null, mae: errors.meanAbsoluteError ?? null, ...found };
    },
  };
}

/** The naive rules of a forecast: all on the windows of the network, with its errors. */
export function forecastRules(
  parts: RuleParts,
  form: WindowForm,
  period: number,
  known: readonly LinearForecast[] | undefined,
): NaiveRules<Part> {
  let windows: Promise<RuleWindows> | undefined;
  let linear = known;
  const rules = (Object.keys(ruleForecasts(form, period, [])) as Baseline[]).map((baseline) =>
    ruleOf(RULE_NAMES[baseline], form, async (pace) => {
      windows ??= ruleWindows(parts, form);
      const found = await windows;
      if (baseline === 'linear') linear ??= await fitColumns(found, form, period, pace);
      return { forecast: ruleForecasts(form, period, linear ?? [])[baseline] as RuleForecast, windows: found };
    }),
  );
  return {
    rules,
    describe: ({ mse, mae, quantiles }) => {
      const { pinball } = (quantiles ?? {}) as JsonObject;
      const loss = pinball === undefined ? '' : `  mean pinball loss ${Number(pinball).toFixed(4)}`;
      return `MSE ${Number(mse).toFixed(4)}  MAE ${Number(mae).toFixed(4)}${loss}`;
    },
    advice:
      'more rows, --auto 60, which compares other baselines and structures, another --history or --period, or columns that tell more by --covariates',
  };
}
