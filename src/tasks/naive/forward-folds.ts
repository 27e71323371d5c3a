/** Cross-validation by time: weights are fitted to older windows, and judged by those that follow. */
import type { Pace } from '../definition/naive-rule.js';
import type { LinearWindows } from './linear-forecast.js';
import { type Moments, momentsOf, sumOf } from './window-moments.js';

/** The newer part of the training windows, which is judged in at most so many folds. */
const JUDGED = { part: 0.6, folds: 3 } as const;
/** A fold has at least this many times the windows that share a step with those before it. */
const SHORTEST = 2;

/** Older windows, and newer ones that share no step to forecast with them. */
export interface Fold {
  readonly fit: Moments;
  readonly judge: Moments;
  /** How many windows to judge by are independent: windows overlap. */
  readonly independent: number;
}

/** The folds, and the sums of all training windows. */
export interface ForwardFolds {
  /** In the order of time. The last one fits all training windows and judges by the other ones. */
  readonly folds: readonly Fold[];
  readonly training: Moments;
}

/** Folds of training windows and of windows that come later. Where training windows are few, the later ones are the only fold. */
export async function forwardFolds(
  training: LinearWindows,
  choosing: LinearWindows,
  horizon: number,
  pace: Pace,
): Promise<ForwardFolds> {
  const count = training.last.length;
  const overlap = overlapOf(training, horizon);
  const most = Math.min(JUDGED.folds, Math.floor((JUDGED.part * count) / (SHORTEST * overlap)));
  const length = most < 1 ? 0 : Math.floor((JUDGED.part * count) / most);
  const begin = count - most * length;
  const folds: Fold[] = [];
  let fit = momentsOf(training, 0, begin);
  for (let from = begin; from < count; from += length) {
    await pace();
    const shared = momentsOf(training, from, from + overlap - 1);
    const judge = momentsOf(training, from + overlap - 1, from + length);
    folds.push({ fit, judge, independent: judge.count / overlap });
    fit = sumOf([fit, shared, judge]);
  }
  await pace();
  const judge = momentsOf(choosing, 0, choosing.last.length);
  const independent = Math.max(1, judge.count / overlapOf(choosing, horizon));
  return { folds: [...folds, { fit, judge, independent }], training: fit };
}

/** Windows in a row that share a step to forecast. */
function overlapOf({ apart = 1 }: LinearWindows, horizon: number): number {
  return Math.max(1, Math.ceil(horizon / apart));
}
