/** The user's own metrics: numbers computed from predictions and targets, sequence by sequence. */
import { NumericError, OptionError } from '../../core/errors.js';
import { describeValue, rejectUnknownKeys, requireOneOf } from '../../core/options.js';
import { requireFunctions } from '../../network/layers/define-layer.js';

/** One sequence as a metric receives it. The arrays are copies: the metric may keep them. */
export interface MetricSequence {
  /**
   * The output of the network, as `predict` returns it: row-major [rows, columns], with one row for each step, or a
   * single row for an output per sequence.
   */
  readonly prediction: Float32Array;
  /** Numbers in a row of the prediction. */
  readonly columns: number;
  /**
   * Class ids (-1 is ignored by the loss) or rows of numbers, as the loss reads them; for a CTC loss the labels alone.
   */
  readonly target: Int32Array | Float32Array;
  /**
   * The weight of each row of the prediction, or one number for the whole sequence; undefined when the loss has no
   * weights.
   */
  readonly weights: Float32Array | undefined;
}

/**
 * A user's own metric: a plain object. In every evaluation it starts with `begin`, receives each sequence once, and
 * returns a number at the end. Its functions are synchronous: one that returns a promise is refused.
 *
 * Plain sequences come in the order in which they were given. A validation passes batch after batch, the sequences of
 * each in the order in which they were packed. Token streams come in pieces, one for each window.
 *
 * @example
 * const accuracy: Metric<{ right: number; all: number }> = {
 *   name: 'accuracy',
 *   better: 'higher',
 *   begin: () => ({ right: 0, all: 0 }),
 *   update(sums, { prediction, columns, target }) {
 *     for (const [row, id] of target.entries()) {
 *       const scores = prediction.subarray(row * columns, (row + 1) * columns);
 *       sums.right += Number(scores.indexOf(Math.max(...scores)) === id);
 *       sums.all += 1;
 *     }
 *   },
 *   result: ({ right, all }) => right / all,
 * };
 */
export interface Metric<S = unknown> {
  /** Name of the result. */
  readonly name: string;
  /** Whether higher or lower results are better. A metric that is monitored must have it. */
  readonly better?: 'higher' | 'lower';
  /** The output that it measures; default the only output that has a loss. */
  readonly output?: string;
  /** Returns the initial state: a new object each time, which `update` changes. */
  begin(): S;
  /** Adds a sequence to the state. */
  update(state: S, sequence: MetricSequence): void;
  /** Returns the result, a finite number. */
  result(state: S): number;
}

const NAMES = ['name', 'better', 'output', 'begin', 'update', 'result'];

/**
 * Checks metrics.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`; also for two of one name, and for one named `loss`
 */
export function requireMetrics(metrics: unknown): readonly Metric[] {
  if (!Array.isArray(metrics)) return refuse('metrics', 'a list of metrics', metrics);
  const seen = new Set<string>();
  for (const [at, metric] of metrics.entries()) {
    const place = `metrics[${at}]`;
    rejectUnknownKeys(place, metric, NAMES);
    const { name, better, output, begin, update, result } = metric as Metric;
    if (typeof name !== 'string' || name === '') refuse(`${place}.name`, 'a name', name);
    if (name === 'loss' || seen.has(name)) refuse(`${place}.name`, "a name of its own, and not 'loss'", name);
    seen.add(name);
    if (better !== undefined) requireOneOf(`${place}.better`, better, ['higher', 'lower']);
    if (output !== undefined && typeof output !== 'string') refuse(`${place}.output`, 'the name of an output', output);
    requireFunctions({ [`${place}.begin`]: begin, [`${place}.update`]: update, [`${place}.result`]: result });
  }
  return metrics;
}

function refuse(name: string, expected: string, value: unknown): never {
  throw new OptionError('invalid_option', `option '${name}' must be ${expected}, got ${describeValue(value)}`, {
    name,
    value,
  });
}

/**
 * What a function of a metric returned, which nobody waits for.
 *
 * @throws {OptionError} `invalid_option` for a promise
 */
function atOnce<T>(name: string, part: 'begin' | 'update' | 'result', returned: T): T {
  if (typeof (returned as PromiseLike<unknown> | null | undefined)?.then !== 'function') return returned;
  // Its rejection would have no handler.
  Promise.resolve(returned).catch(() => {});
  const message = `the metric '${name}' returned a promise from ${part}: metrics are synchronous, compute at once or collect in update and evaluate afterwards`;
  throw new OptionError('invalid_option', message, { name, part });
}

/** Metrics with their states during an evaluation. */
export class RunningMetrics {
  readonly #running: readonly { readonly metric: Metric; readonly state: unknown }[];

  /** Begins all of them. @throws {OptionError} `invalid_option` for a function that returns a promise */
  constructor(metrics: readonly Metric[]) {
    this.#running = metrics.map((metric) => ({ metric, state: atOnce(metric.name, 'begin', metric.begin()) }));
  }

  /** The same metrics. Each keeps its state in every evaluation and has no result yet. */
  asMetrics(): readonly Metric[] {
    return this.#running.map(({ metric, state }) => ({
      ...metric,
      begin: () => state,
      update: (running: unknown, sequence: MetricSequence) => metric.update(running, sequence),
      result: () => 0,
    }));
  }

  /** Passes sequences of an output to its metrics: those that name it, or name none when there is only one output. */
  update(output: string, sequences: readonly MetricSequence[]): void {
    for (const { metric, state } of this.#running) {
      if ((metric.output ?? output) !== output) continue;
      for (const sequence of sequences) atOnce(metric.name, 'update', metric.update(state, sequence));
    }
  }

  /** The numbers by name. @throws {NumericError} `non_finite_metric` @throws {OptionError} `invalid_option` for a promise */
  results(): Record<string, number> {
    return Object.fromEntries(
      this.#running.map(({ metric, state }) => {
        const value = atOnce(metric.name, 'result', metric.result(state));
        if (Number.isFinite(value)) return [metric.name, value];
        const message = `the metric '${metric.name}' gave ${describeValue(value)}, expected a finite number`;
        throw new NumericError('non_finite_metric', message, { name: metric.name, value });
      }),
    );
  }
}
