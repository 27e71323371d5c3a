/** Compares a trained model with naive rules. */
import type { JsonObject } from '../../core/json.js';
import { paceOf, TimeIsOver } from '../building-blocks/pace.js';
import { describeMetrics } from '../defaults/default-metrics.js';
import type { NaiveRule, NaiveRules, Pace } from '../definition/naive-rule.js';
import type { AnyPart } from '../definition/parts.js';
import type { AnyTask, AnyTaskData, TaskContext } from '../definition/task.js';
import { recordOnce } from './run-records.js';

/** What tells a lead from chance. */
const MORE = 'more test examples tell, and --folds 5 where examples can be divided';

/** The parts of a training; all else are files. */
const PARTS = ['training', 'validation', 'test'];

/** The metrics of a naive rule. */
export type NaiveResult = {
  readonly rule: string;
  /** Missing when the rule was not done in its time. */
  readonly metrics?: JsonObject;
  /** The same for people. */
  readonly text?: string;
};

/** The naive rules on one part. */
export type NaiveComparison = {
  /** `test`, `validation`, `training`, or a file. */
  readonly part: string;
  readonly results: readonly NaiveResult[];
  /** The best of the rules; missing when none was done. */
  readonly best?: string;
  /** Whether the network is ahead of the best rule; missing when none was done. */
  readonly isAhead?: boolean;
  /** Whether the better one is so by less than the standard error of the network's score; missing where that is not known. */
  readonly isClose?: boolean;
  /** What to try, when the network is not clearly ahead. */
  readonly advice?: string;
};

/** Relative difference of scores that are the same but for rounding. */
const SAME = 1e-6;

/** The naive rules of a task; none where it has none, or where they are switched off. */
export function naiveRulesOf(task: AnyTask, data: AnyTaskData, context: TaskContext): NaiveRules {
  if (context.options.naive === 0 || task.naiveRules === undefined) return { rules: [], advice: '' };
  return task.naiveRules(data, context) as NaiveRules;
}

/**
 * Judges a part by each rule, for at most the seconds of the option `naive` each, and compares the results with the network's.
 *
 * @param own metrics of the network on the part
 * @throws the signal's reason when it is aborted
 */
export async function compareWithRules(
  task: AnyTask,
  { rules, advice, describe = describeMetrics, score, error }: NaiveRules,
  { part, name, own }: { readonly part: AnyPart<unknown>; readonly name: string; readonly own: JsonObject },
  { options, signal }: TaskContext,
): Promise<NaiveComparison | undefined> {
  if (rules.length === 0) return undefined;
  const results: NaiveResult[] = [];
  for (const rule of rules) {
    const metrics = await judged(rule, part, paceOf({ seconds: options.naive, signal }));
    results.push({ rule: rule.name, ...(metrics !== undefined && { metrics, text: describe(metrics) }) });
  }
  const scoreOf = (metrics: JsonObject) => (score ?? task.score)?.(metrics, options) ?? Number(metrics['loss']);
  const scores = results.map(({ metrics }) => (metrics === undefined ? Number.POSITIVE_INFINITY : scoreOf(metrics)));
  const lowest = Math.min(...scores);
  const best = results[scores.indexOf(lowest)]?.rule;
  if (best === undefined || !Number.isFinite(lowest)) return { part: name, results };
  const lead = lowest - scoreOf(own);
  // A network that is the rule itself differs from it by rounding.
  const isAhead = lead > SAME * Math.abs(lowest);
  const isClose = error && Math.abs(lead) < error(own);
  // Nothing helps where neither makes an error.
  const canHelp = (!isAhead || isClose === true) && (lowest > 0 || lead < 0);
  return { part: name, results, best, isAhead, ...(isClose && { isClose }), ...(canHelp && { advice }) };
}

/**
 * Adds a line of the kind `naive` to the metrics of a run, unless its last step has one: the rules, and the network's own metrics
 * beside them, without tables such as the confusion matrix.
 */
export function recordComparison(run: string, step: number, comparison: NaiveComparison, own: JsonObject = {}): void {
  const network = Object.fromEntries(Object.entries(own).filter(([, value]) => !Array.isArray(value)));
  recordOnce(run, step, 'naive', { ...comparison, network });
}

async function judged(rule: NaiveRule, part: AnyPart<unknown>, pace: Pace): Promise<JsonObject | undefined> {
  try {
    return await rule.judge(part, pace);
  } catch (error) {
    if (error instanceof TimeIsOver) return undefined;
    throw error;
  }
}

/** What is said where a rule answers in place of the network. */
export function describeAnswer(rule: string): string {
  return `The rule '${rule}' answers: no step of the training was ahead of it on the validation part.`;
}

/**
 * A comparison for people: a line for each rule, and a sentence when the network is not clearly ahead of them.
 *
 * @param answeredBy the rule that answers in place of the network
 */
export function describeComparison(comparison: NaiveComparison, answeredBy?: string): string {
  const { part, results } = comparison;
  const where = PARTS.includes(part) ? `the ${part} part` : `'${part}'`;
  const width = Math.max(...results.map(({ rule }) => rule.length));
  const lines = results.map(
    ({ rule, text = 'not done in its time (--naive SECONDS)' }) => `  ${rule.padEnd(width)}  ${text}`,
  );
  const verdict = verdictOf(comparison, where, answeredBy);
  return [`naive rules on ${where}`, ...lines, ...(verdict === undefined ? [] : [verdict])].join('\n');
}

function verdictOf(
  { best, isAhead, isClose, advice }: NaiveComparison,
  where: string,
  answeredBy: string | undefined,
): string | undefined {
  if (best === undefined || isAhead === undefined || answeredBy === best) return undefined;
  const answers = answeredBy === undefined ? 'The network' : `The rule '${answeredBy}', which answers,`;
  const chance = isClose ? ', by less than the standard error of so few examples' : '';
  if (isAhead && !isClose) return undefined;
  if (isAhead) {
    const more = advice === undefined ? '' : `. To get further ahead, try ${advice}`;
    return `${answers} is ahead of the rule '${best}' on ${where}${chance}: ${MORE}${more}.`;
  }
  const help = advice === undefined ? '' : `: try ${advice}`;
  return `${answers} is not ahead of the rule '${best}' on ${where}${chance}${help}.`;
}
