/** How good models of a task are, by folds of the training examples. */
import type { JsonObject } from '../../core/json.js';
import type { RunTable } from '../definition/common-options.js';
import type { AnyTask, AnyTaskData, TaskContext } from '../definition/task.js';
import type { Checked } from '../definition/task-options.js';
import { foldsOf } from './folds.js';
import { runTrial } from './trial.js';

/** Mean and spread of a metric over folds. */
export type FoldMetric = {
  readonly mean: number;
  /** Sample standard deviation. */
  readonly deviation: number;
};

/** Models that were trained as the run's, each without a fold of the training examples, and judged by that fold. */
export type FoldResults = {
  readonly count: number;
  /** Of each metric that is a number. */
  readonly metrics: Readonly<Record<string, FoldMetric>>;
};

/**
 * Judges each fold by a model that has learnt from the others. The validation part, if there is one, chooses the best weights as in the run.
 *
 * @throws as `foldsOf`
 */
export async function judgeByFolds(task: AnyTask, data: AnyTaskData, context: TaskContext): Promise<FoldResults> {
  const { folds: count, seed } = context.options;
  const results: JsonObject[] = [];
  for (const { training, judged } of foldsOf(data.training, { count, seed, option: 'folds' })) {
    const trial = await runTrial(task, { ...data, training, test: judged }, context, { judged });
    if (trial !== undefined) results.push(trial.metrics);
  }
  return { count, metrics: metricsOf(results) };
}

/** Checks before a training that its examples can be divided. @throws as `foldsOf` */
export function requireFolds({ training }: AnyTaskData, { folds: count, seed }: Checked<RunTable>): void {
  foldsOf(training, { count, seed, option: 'folds' });
}

function metricsOf(results: readonly JsonObject[]): FoldResults['metrics'] {
  const names = Object.keys(results[0] ?? {}).filter(
    (name) => results.every((one) => typeof one[name] === 'number') && !results.every((one) => isCount(one[name])),
  );
  return Object.fromEntries(names.map((name) => [name, spreadOf(results.map((one) => one[name] as number))]));
}

/** Whether a value counts examples, which differ between folds by their sizes alone. */
function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) > 1;
}

function spreadOf(values: readonly number[]): FoldMetric {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / Math.max(1, values.length - 1)) };
}

/** The results for people. */
export function describeFolds({ count, metrics }: FoldResults): string {
  const lines = Object.entries(metrics).map(
    ([name, { mean, deviation }]) => `  ${name} ${mean.toPrecision(4)} ± ${deviation.toPrecision(2)}`,
  );
  return [`${count} folds of the training examples, mean and standard deviation`, ...lines].join('\n');
}
