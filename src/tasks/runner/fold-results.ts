/** How good models of a task are, by folds of the training examples. */
import { groupBy } from '../../core/group-by.js';
import type { JsonObject } from '../../core/json.js';
import { deviationOf, meanOf } from '../../core/statistics.js';
import type { RunTable } from '../definition/common-options.js';
import type { AnyTask, AnyTaskData, TaskContext } from '../definition/task.js';
import type { Checked } from '../definition/task-options.js';
import { foldsOf } from './folds.js';
import { compareWithRules, type NaiveResult, naiveRulesOf } from './naive-results.js';
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
  /** Those of the naive rules on the same folds, by the names of the rules. */
  readonly rules: Readonly<Record<string, Readonly<Record<string, FoldMetric>>>>;
};

type FoldMetrics = FoldResults['metrics'];

/**
 * Judges each fold by a model that has learnt from the others. The validation part, if there is one, chooses the best weights as in the run.
 *
 * @throws as `foldsOf`
 */
export async function judgeByFolds(task: AnyTask, data: AnyTaskData, context: TaskContext): Promise<FoldResults> {
  const { folds: count, seed } = context.options;
  const results: JsonObject[] = [];
  const compared: NaiveResult[] = [];
  for (const { training, judged } of foldsOf(data.training, { count, seed, option: 'folds' })) {
    const own = { ...data, training, test: judged };
    const trial = await runTrial(task, own, context, { judged });
    if (trial === undefined) continue;
    results.push(trial.metrics);
    const fold = { part: judged, name: 'fold', own: trial.metrics };
    compared.push(...((await compareWithRules(task, naiveRulesOf(task, own, context), fold, context))?.results ?? []));
  }
  const rules = Object.fromEntries(
    Array.from(
      groupBy(compared, ({ rule }) => rule),
      ([rule, all]) => [rule, metricsOf(all.flatMap(({ metrics }) => (metrics === undefined ? [] : [metrics])))],
    ),
  );
  return { count, metrics: metricsOf(results), rules };
}

/** Checks before a training that its examples can be divided. @throws as `foldsOf` */
export function requireFolds({ training }: AnyTaskData, { folds: count, seed }: Checked<RunTable>): void {
  foldsOf(training, { count, seed, option: 'folds' });
}

function metricsOf(results: readonly JsonObject[]): FoldMetrics {
  const names = Object.keys(results[0] ?? {}).filter(
    (name) => results.every((one) => typeof one[name] === 'number') && !results.every((one) => isCount(one[name])),
  );
  return Object.fromEntries(
    names.map((name) => {
      const values = results.map((one) => one[name] as number);
      return [name, { mean: meanOf(values), deviation: deviationOf(values) }];
    }),
  );
}

/** Whether a value counts examples, which differ between folds by their sizes alone. */
function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) > 1;
}

/** The results for people. */
export function describeFolds({ count, metrics, rules }: FoldResults): string {
  const text = (of: FoldMetrics) =>
    Object.entries(of).map(
      ([name, { mean, deviation }]) => `${name} ${mean.toPrecision(4)} ± ${deviation.toPrecision(2)}`,
    );
  const width = Math.max(0, ...Object.keys(rules).map((rule) => rule.length));
  return [
    `${count} folds of the training examples, mean and standard deviation`,
    ...text(metrics).map((line) => `  ${line}`),
    ...Object.entries(rules).map(([rule, of]) => `  ${rule.padEnd(width)}  ${text(of).join('  ')}`),
  ].join('\n');
}
