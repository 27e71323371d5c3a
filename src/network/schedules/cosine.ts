import { OptionError } from '../../core/errors.js';
import { rejectUnknownKeys, requireNumber } from '../../core/options.js';
import type { Schedule, ScheduleContext } from './schedule.js';
import { stateless } from './stateless.js';

/** Options of {@link cosine}. */
export interface CosineOptions {
  /** Rate at the end, >= 0; default 0. */
  readonly minimum?: number;
  /** Optimizer steps until the minimum, integer >= 1; default: the length of the run. */
  readonly steps?: number;
}

/** A rate that falls along half a cosine. */
export interface CosineDescription {
  readonly kind: 'cosine';
  readonly minimum: number;
  readonly steps?: number;
}

/**
 * Half a cosine from the learning rate to `minimum`, step by step:
 * `rate = minimum + (learningRate - minimum) * (1 + cos(pi * step / steps)) / 2`, then `minimum` for ever.
 *
 * Loshchilov & Hutter 2017 without restarts; up to `steps` the same as torch.optim.lr_scheduler.CosineAnnealingLR.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 */
export function cosine(options: CosineOptions = {}): CosineDescription {
  rejectUnknownKeys('cosine', options, ['steps', 'minimum']);
  const minimum = requireNumber('cosine.minimum', options.minimum ?? 0, { min: 0 });
  if (options.steps === undefined) return Object.freeze({ kind: 'cosine' as const, minimum });
  const steps = requireNumber('cosine.steps', options.steps, { min: 1, integer: true });
  return Object.freeze({ kind: 'cosine' as const, minimum, steps });
}

/**
 * The schedule of {@link cosine}.
 *
 * @throws {OptionError} `invalid_option` when neither the description nor the run says how many steps there are, or the
 *   minimum is above the learning rate
 */
export function cosineSchedule(description: CosineDescription, context: ScheduleContext): Schedule {
  const { minimum } = description;
  const { learningRate } = context;
  const steps = description.steps ?? context.totalSteps;
  if (steps === undefined) {
    throw new OptionError(
      'invalid_option',
      'cosine.steps must be given: the length of this run is not known beforehand',
      {
        name: 'cosine.steps',
      },
    );
  }
  if (minimum > learningRate) {
    throw new OptionError(
      'invalid_option',
      `cosine.minimum must be at most the learning rate: ${minimum} > ${learningRate}`,
      { name: 'cosine.minimum', value: minimum, learningRate },
    );
  }
  return stateless((step) => {
    if (step >= steps) return minimum;
    return minimum + ((learningRate - minimum) * (1 + Math.cos((Math.PI * step) / steps))) / 2;
  });
}
