/** Naive rules: what a result is compared with. */
import type { JsonObject } from '../../core/json.js';

/**
 * Lets the event loop run in a long computation, and ends it when its time is over. To be called between pieces of work of some
 * milliseconds each.
 *
 * @throws an error of its own when the time is over, and the reason of an abort; they must not be caught
 */
export type Pace = () => Promise<void>;

/**
 * A rule that needs no training, or next to none: the most frequent class, the last value, the nearest neighbour. A network that is not
 * ahead of it has learnt nothing that the rule does not know.
 *
 * @typeParam P a part of the data
 * @typeParam M metrics, those of the task or some of them
 */
export interface NaiveRule<P = unknown, M extends JsonObject = JsonObject> {
  /** For people and for `metrics.jsonl`: `most frequent class`. */
  readonly name: string;
  /** Metrics of a part by this rule. They must have what is compared, see `score`. */
  judge(part: P, pace: Pace): M | Promise<M>;
}

/** The naive rules of a task on its data. */
export interface NaiveRules<P = unknown, M extends JsonObject = JsonObject> {
  readonly rules: readonly NaiveRule<P, M>[];
  /** The metrics of a rule for people, as the task shows its own; default: names and numbers. */
  readonly describe?: (metrics: M) => string;
  /** The number by which rules and network are compared: lower is better. Default: `score` of the task, else the metric `loss`. */
  readonly score?: (metrics: M) => number;
  /**
   * Standard error of that number for the network's metrics, by the number of judged targets: a smaller lead may be chance. Default: not known.
   */
  readonly error?: (metrics: M) => number;
  /** What to try when the network is not ahead of the best of them: the end of a sentence that begins with `try`. */
  readonly advice: string;
}
