import { rejectUnknownKeys, requireNumber } from '../../core/options.js';
import type { Schedule, ScheduleContext } from './schedule.js';
import { stateless } from './stateless.js';

/** Options of {@link stepDecay}. */
export interface StepDecayOptions {
  /** Epochs between two drops, integer >= 1; default 1. */
  readonly every?: number;
  /** What the rate is multiplied by at each drop, in (0, 1]; default 0.1 as in PyTorch. */
  readonly factor?: number;
  /** Epochs at the full rate before the first drop, integer >= 0; default `every`. */
  readonly from?: number;
}

/** A rate that drops by a factor every few epochs. */
export interface StepDecayDescription {
  readonly kind: 'stepDecay';
  readonly every: number;
  readonly factor: number;
  readonly from: number;
}

/**
 * The rate stays for `from` epochs, then drops by `factor`, and again after each further `every` epochs:
 * `rate = learningRate * factor^k`, `k = 0` while `epoch < from`, else `1 + floor((epoch - from) / every)`.
 *
 * Without `from` this is torch.optim.lr_scheduler.StepLR. Zaremba (2014), rate 1 for four epochs and halved in the
 * fifth and each later one: `stepDecay({ every: 1, factor: 0.5, from: 4 })`.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 */
export function stepDecay(options: StepDecayOptions = {}): StepDecayDescription {
  rejectUnknownKeys('stepDecay', options, ['every', 'factor', 'from']);
  const every = requireNumber('stepDecay.every', options.every ?? 1, { min: 1, integer: true });
  const factor = requireNumber('stepDecay.factor', options.factor ?? 0.1, { exclusiveMin: 0, max: 1 });
  const from = requireNumber('stepDecay.from', options.from ?? every, { min: 0, integer: true });
  return Object.freeze({ kind: 'stepDecay' as const, every, factor, from });
}

/** The schedule of {@link stepDecay}. */
export function stepDecaySchedule(description: StepDecayDescription, context: ScheduleContext): Schedule {
  const { every, factor, from } = description;
  return stateless((_step, epoch) => {
    const drops = epoch < from ? 0 : 1 + Math.floor((epoch - from) / every);
    return context.learningRate * factor ** drops;
  });
}
