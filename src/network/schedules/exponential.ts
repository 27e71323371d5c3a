import { rejectUnknownKeys, requireNumber } from '../../core/options.js';
import type { Schedule, ScheduleContext } from './schedule.js';
import { stateless } from './stateless.js';

/** Options of {@link exponential}. */
export interface ExponentialOptions {
  /** What the rate is multiplied by after each epoch, in (0, 1]. */
  readonly factor: number;
}

/** A rate that shrinks by the same factor after every epoch. */
export interface ExponentialDescription {
  readonly kind: 'exponential';
  readonly factor: number;
}

/**
 * `rate = learningRate * factor^epoch`, as torch.optim.lr_scheduler.ExponentialLR.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 */
export function exponential(options: ExponentialOptions): ExponentialDescription {
  rejectUnknownKeys('exponential', options, ['factor']);
  const factor = requireNumber('exponential.factor', options.factor, { exclusiveMin: 0, max: 1 });
  return Object.freeze({ kind: 'exponential' as const, factor });
}

/** The schedule of {@link exponential}. */
export function exponentialSchedule(description: ExponentialDescription, context: ScheduleContext): Schedule {
  return stateless((_step, epoch) => context.learningRate * description.factor ** epoch);
}
