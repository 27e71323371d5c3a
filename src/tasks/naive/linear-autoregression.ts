/** Fits a linear autoregression of one column. */
import { forecastLinear, type LinearForecast, type LinearSizes, type LinearWindows } from './linear-forecast.js';
import { FORMS, type Form, rounded, solved, sumsOf } from './ridge.js';

/** Penalties of large weights, as parts of the mean variance of the known steps. */
const PENALTIES = [1e-6, 1e-4, 1e-2, 1e-1, 1] as const;
/** Blocks of windows whose mean errors are compared: windows overlap, so single ones say the same several times. */
const BLOCKS = 10;
/** The older part of the training windows, which the weights are fitted to once more for a second comparison on the newer part. */
const OLDER = 0.6;
/** Forms that are behind the best one by less than this are as good: their mean is used. */
const ALIKE = { standardErrors: 1.5, part: 0.05 } as const;

/** The best order and penalty of a form. */
interface FormChoice {
  readonly order: number;
  readonly penalty: number;
  readonly found: LinearForecast;
}

/**
 * Fits the weights to training windows by least squares with a penalty (ridge regression). The order and the penalty of each form are
 * those with the smallest squared error on other windows, which come later. A form that seems best there is not trusted alone: the
 * result is the mean of the forms that are about as good as the best, there and on the newer training windows. The last value and the
 * last season are forms too.
 *
 * @param training in the order of time
 * @param choosing in the order of time
 * @see Hoerl and Kennard, "Ridge regression", 1970
 */
export function fitLinear(training: LinearWindows, choosing: LinearWindows, sizes: LinearSizes): LinearForecast {
  const count = training.last.length;
  const border = Math.floor(OLDER * count);
  const [older, newer] = [windowsFrom(training, 0, border), windowsFrom(training, border, count)];
  const isEnough = border > 0 && border < count;
  const plain = lastSeason(1, sizes.horizon);
  const errorsOfBoth = (later: LinearForecast, early: () => LinearForecast) => [
    ...relativeErrors(later, plain, choosing, sizes),
    ...(isEnough ? relativeErrors(early(), plain, newer, sizes) : []),
  ];
  const fixed = [1, ...(sizes.period > 1 ? [sizes.period] : [])].map((period) => lastSeason(period, sizes.horizon));
  const choices = [
    ...fixed.map((found) => ({ found, errors: errorsOfBoth(found, () => found) })),
    ...FORMS.map((form) => {
      const { order, penalty, found } = bestOf(form, training, choosing, sizes);
      return { found, errors: errorsOfBoth(found, () => solved(sumsOf(older, sizes, form), order, penalty)) };
    }),
  ];
  const { errors: best } = choices.reduce((least, each) => (mean(each.errors) < mean(least.errors) ? each : least));
  const alike = choices.filter(({ errors }) => isAlike(errors, best));
  return meanOf(
    alike.map(({ found }) => found),
    sizes.horizon,
  );
}

function bestOf(form: Form, training: LinearWindows, choosing: LinearWindows, sizes: LinearSizes): FormChoice {
  const sums = sumsOf(training, sizes, form);
  let best: { readonly error: number; readonly choice: FormChoice } | undefined;
  for (const order of sizes.orders) {
    for (const penalty of form !== 'level' && order === 1 ? [0] : PENALTIES) {
      const found = solved(sums, order, penalty);
      const error = mean(errorsOf(found, choosing, sizes));
      if (best === undefined || error < best.error) best = { error, choice: { order, penalty, found } };
    }
  }
  return (best as { readonly choice: FormChoice }).choice;
}

function windowsFrom({ known, last, future }: LinearWindows, begin: number, end: number): LinearWindows {
  const part = (numbers: Float32Array) => {
    const size = numbers.length / last.length;
    return numbers.subarray(begin * size, end * size);
  };
  return { known: part(known), last: last.subarray(begin, end), future: part(future) };
}

/** The last season, again and again; with a period of 1 the last known step, the difference from which is 0. */
function lastSeason(period: number, horizon: number): LinearForecast {
  const zeros = Array.from({ length: horizon }, () => 0);
  const read = period - 1;
  const weights = Array.from({ length: horizon * read }, (_, at) =>
    Math.floor(at / read) % period === at % read ? 1 : 0,
  );
  return { order: period, weights, level: zeros, bias: zeros };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Mean errors of blocks of windows, as parts of the error of the plain forecast. */
function relativeErrors(linear: LinearForecast, plain: LinearForecast, windows: LinearWindows, sizes: LinearSizes) {
  const whole = mean(errorsOf(plain, windows, sizes));
  return blockMeans(errorsOf(linear, windows, sizes)).map((error) => (whole > 0 ? error / whole : error));
}

/** Means of values in blocks in their order; ten blocks, or one for each value where there are fewer. */
export function blockMeans(values: readonly number[]): number[] {
  const blocks = Math.min(BLOCKS, values.length);
  const border = (block: number) => Math.round((block * values.length) / blocks);
  return Array.from({ length: blocks }, (_, block) => mean(values.slice(border(block), border(block + 1))));
}

/** The standard error of the mean of values; 0 where they do not differ. */
export function standardErrorOf(values: readonly number[]): number {
  const middle = mean(values);
  const squares = values.reduce((sum, each) => sum + (each - middle) ** 2, 0);
  return Math.sqrt(squares / Math.max(1, values.length - 1) / values.length);
}

function isAlike(errors: readonly number[], best: readonly number[]): boolean {
  const behind = errors.map((error, at) => error - (best[at] as number));
  return mean(behind) <= Math.max(ALIKE.standardErrors * standardErrorOf(behind), ALIKE.part * mean(best));
}

/** The mean of forecasts, which is a forecast of the highest order. */
function meanOf(forecasts: readonly LinearForecast[], horizon: number): LinearForecast {
  const order = Math.max(...forecasts.map((each) => each.order));
  const meanAt = (of: (each: LinearForecast) => number) => rounded(mean(forecasts.map(of)));
  const weights = Array.from({ length: horizon * (order - 1) }, (_, at) => {
    const [step, place] = [Math.floor(at / (order - 1)), at % (order - 1)];
    return meanAt((each) => {
      const own = place - (order - each.order);
      return own < 0 ? 0 : (each.weights[step * (each.order - 1) + own] as number);
    });
  });
  const steps = Array.from({ length: horizon }, (_, step) => step);
  return {
    order,
    weights,
    level: steps.map((step) => meanAt(({ level }) => level[step] as number)),
    bias: steps.map((step) => meanAt(({ bias }) => bias[step] as number)),
  };
}

/** The mean squared error of each window. */
function errorsOf(linear: LinearForecast, windows: LinearWindows, { history, horizon }: LinearSizes): number[] {
  const { known, future } = windows;
  const out = new Float32Array(horizon);
  return Array.from(windows.last, (last, window) => {
    forecastLinear(linear, { known, begin: window * history, history, last }, { out, place: 0, stride: 1 });
    let sum = 0;
    for (let step = 0; step < horizon; step++) {
      sum += ((out[step] as number) - (future[window * horizon + step] as number)) ** 2;
    }
    return sum / horizon;
  });
}
