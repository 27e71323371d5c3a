/** Metrics of one's own: numbers made of predictions and targets, sequence by sequence. */
import { NumericError, OptionError } from '../../core/errors.js';
import { describeValue, rejectUnknownKeys, requireOneOf } from '../../core/options.js';
import { requireFunctions } from '../../network/layers/define-layer.js';

/** One sequence as a metric sees it. The arrays are its own: it may keep them. */
export interface MetricSequence {
  /** What the network gives, as `predict` does: row-major [rows, columns], one row for each step, or one where the output is per sequence. */
  readonly prediction: Float32Array;
  /** Numbers in a row of the prediction. */
  readonly columns: number;
  /** Class ids (-1 is ignored by the loss) or rows of numbers, as the loss has them; for a CTC loss the labels alone. */
  readonly target: Int32Array | Float32Array;
  /** What each row of the prediction counts for, or one number for the whole sequence; undefined where the loss has no weights. */
  readonly weights: Float32Array | undefined;
}

/**
 * A metric of one's own: a plain object. For every evaluation it begins anew, sees each sequence once, and gives a number in the end.
 *
 * Plain sequences come in the order in which they were given. A validation shows batch after batch, the sequences of each in the order in
 * which they were packed; token streams come in pieces, one for each window.
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
  /** What results are called. */
  readonly name: string;
  /** Which results are better. A metric that is monitored must say it. */
  readonly better?: 'higher' | 'lower';
  /** The output that it is of; default the only one that has a loss. */
  readonly output?: string;
  /** What it begins with: a new object each time, which `update` changes. */
  begin(): S;
  /** Takes note of a sequence. */
  update(state: S, sequence: MetricSequence): void;
  /** The number: finite. */
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

/** Metrics at work: their states. */
export class RunningMetrics {
  readonly #running: readonly { readonly metric: Metric; readonly state: unknown }[];

  /** Begins all of them. */
  constructor(metrics: readonly Metric[]) {
    this.#running = metrics.map((metric) => ({ metric, state: metric.begin() }));
  }

  /** The same metrics, of which each goes on with its state in every evaluation and has no result yet. */
  asMetrics(): readonly Metric[] {
    return this.#running.map(({ metric, state }) => ({
      ...metric,
      begin: () => state,
      update: (running: unknown, sequence: MetricSequence) => metric.update(running, sequence),
      result: () => 0,
    }));
  }

  /** Shows sequences of an output to its metrics: those that name it, or none where there is only one. */
  update(output: string, sequences: readonly MetricSequence[]): void {
    for (const { metric, state } of this.#running) {
      if ((metric.output ?? output) !== output) continue;
      for (const sequence of sequences) metric.update(state, sequence);
    }
  }

  /** The numbers by name. @throws {NumericError} `non_finite_metric` */
  results(): Record<string, number> {
    return Object.fromEntries(
      this.#running.map(({ metric, state }) => {
        const value = metric.result(state);
        if (Number.isFinite(value)) return [metric.name, value];
        const message = `the metric '${metric.name}' gave ${describeValue(value)}, expected a finite number`;
        throw new NumericError('non_finite_metric', message, { name: metric.name, value });
      }),
    );
  }
}
