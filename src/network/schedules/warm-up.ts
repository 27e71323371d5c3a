import { OptionError } from '../../core/errors.js';
import { rejectUnknownKeys, requireNumber } from '../../core/options.js';
import { constant } from './constant.js';
import type { Schedule, ScheduleContext } from './schedule.js';
import type { ScheduleDescription, WarmUpDescription } from './schedule-description.js';

/** Options of {@link warmUp}. */
export interface WarmUpOptions {
  /** Optimizer steps until the full rate, integer >= 1. Give either `steps` or `epochs`. */
  readonly steps?: number;
  /** The same in epochs, > 0; needs a run whose epochs have a known length. */
  readonly epochs?: number;
  /** Fraction of the rate in the very first step, in (0, 1]; default 0.01. */
  readonly start?: number;
  /** The schedule that is warmed up; default constant. */
  readonly then?: ScheduleDescription;
}

/**
 * A linear rise before another schedule: for the first `steps` steps the other schedule's first rate times
 * `start + (1 - start) * step / steps`; then the other schedule, its steps counted from there. Epochs are not shifted:
 * an epoch of a step decay remains an epoch of the run.
 *
 * The same as SequentialLR of LinearLR (`start_factor = start`) and the other schedule in PyTorch.
 *
 * @throws {OptionError} `invalid_option`
 * @example const schedule = warmUp({ steps: 200, then: cosine({ minimum: 1e-5 }) });
 */
export function warmUp(options: WarmUpOptions): WarmUpDescription {
  rejectUnknownKeys('warmUp', options, ['steps', 'epochs', 'start', 'then']);
  if ((options.steps === undefined) === (options.epochs === undefined)) {
    throw new OptionError('invalid_option', 'warmUp needs either steps or epochs', { name: 'warmUp.steps' });
  }
  const length =
    options.steps === undefined
      ? { epochs: requireNumber('warmUp.epochs', options.epochs, { exclusiveMin: 0 }) }
      : { steps: requireNumber('warmUp.steps', options.steps, { min: 1, integer: true }) };
  const start = requireNumber('warmUp.start', options.start ?? 0.01, { exclusiveMin: 0, max: 1 });
  return Object.freeze({ kind: 'warmUp' as const, ...length, start, then: options.then ?? constant() });
}

/**
 * Length of the rise in optimizer steps.
 *
 * @throws {OptionError} `invalid_option` when it is given in epochs whose length is not known
 */
export function warmUpSteps(description: WarmUpDescription, context: ScheduleContext): number {
  if (description.steps !== undefined) return description.steps;
  if (context.stepsPerEpoch === undefined) {
    throw new OptionError(
      'invalid_option',
      'warmUp.steps must be given: the length of an epoch is not known beforehand',
      {
        name: 'warmUp.steps',
      },
    );
  }
  return Math.max(1, Math.round((description.epochs ?? 1) * context.stepsPerEpoch));
}

/** The schedule of {@link warmUp} over `steps` steps before the schedule `then`. */
export function warmUpSchedule(description: WarmUpDescription, steps: number, then: Schedule): Schedule {
  const { start } = description;
  return {
    rate: (step, epoch) => {
      if (step >= steps) return then.rate(step - steps, epoch);
      return then.rate(0, epoch) * (start + ((1 - start) * step) / steps);
    },
    observe: (validationLoss) => then.observe(validationLoss),
    state: () => then.state(),
    restore: (state) => then.restore(state),
  };
}
