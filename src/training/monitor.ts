/** The criterion that chooses the best weights of a run. */

import { NumericError, OptionError } from '../core/errors.js';
import { describeValue } from '../core/options.js';
import type { Metric } from '../model/use/metric.js';
import type { ValidationRecord } from './run-state.js';

/** A name that no metric has. */
const LOSS = 'loss';

/**
 * Compares validations: by the score if there is one, else by a metric, else by the loss; ties are decided by the loss.
 */
export class Monitor {
  /** Name of the metric; undefined for the loss. */
  readonly metric: string | undefined;
  readonly #sign: 1 | -1;

  /**
   * @throws {OptionError} `invalid_option` when no metric has the name, or the metric does not say which results are
   * better
   */
  constructor(name: string | undefined, metrics: readonly Metric[]) {
    const found = metrics.find((metric) => metric.name === name);
    if (name !== undefined && name !== LOSS && found?.better === undefined) refuse(name, metrics);
    this.metric = found?.name;
    this.#sign = found?.better === 'higher' ? -1 : 1;
  }

  /** The value that chooses the best weights and that early stopping follows: lower is better. */
  followed({ loss, score, metrics }: Pick<ValidationRecord, 'loss' | 'score' | 'metrics'>): number {
    if (score !== undefined) return score;
    if (this.metric === undefined) return loss;
    const value = metrics?.[this.metric];
    return value === undefined ? Number.POSITIVE_INFINITY : this.#sign * value;
  }

  /** What early stopping observes: the followed value, and the loss where that is another number. */
  stopping(validation: ValidationRecord): [followed: number, loss?: number] {
    const followed = this.followed(validation);
    return validation.score === undefined && this.metric === undefined ? [followed] : [followed, validation.loss];
  }

  /** Whether a validation is better than another. */
  isBetter(one: ValidationRecord, other: ValidationRecord): boolean {
    const [left, right] = [this.followed(one), this.followed(other)];
    return left < right || (left === right && one.loss < other.loss);
  }
}

/**
 * The number that a function of the user's own gave.
 *
 * @throws {OptionError} `invalid_option` for what is no number
 * @throws {NumericError} `non_finite_metric`
 */
export function requireScore(score: unknown, step: number): number {
  if (typeof score !== 'number') {
    const message = `option 'score' must return a number, or a promise of one, got ${describeValue(score)}`;
    throw new OptionError('invalid_option', message, { name: 'score', value: score });
  }
  if (Number.isFinite(score)) return score;
  throw new NumericError('non_finite_metric', `the score after step ${step} is ${score}`, {
    name: 'score',
    value: score,
  });
}

function refuse(name: unknown, metrics: readonly Metric[]): never {
  const isKnown = metrics.some((metric) => metric.name === name);
  const names = metrics.filter(({ better }) => better !== undefined).map((metric) => metric.name);
  const message = isKnown
    ? `the metric ${describeValue(name)} is monitored, and must say by 'better' which results are: 'higher' or 'lower'`
    : `option 'monitor' must be one of ${[LOSS, ...names].map(describeValue).join(', ')}, got ${describeValue(name)}`;
  throw new OptionError('invalid_option', message, { name: 'monitor', value: name });
}
