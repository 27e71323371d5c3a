import { OptionError } from '../../core/errors.js';
import { rejectUnknownKeys } from '../../core/options.js';
import { constant, constantSchedule } from './constant.js';
import { cosine, cosineSchedule } from './cosine.js';
import { exponential, exponentialSchedule } from './exponential.js';
import { ONE_CYCLE_OPTIONS, oneCycle, oneCycleSchedule } from './one-cycle.js';
import { reduceOnPlateau, reduceOnPlateauSchedule } from './reduce-on-plateau.js';
import type { RateFunction, Schedule, ScheduleContext } from './schedule.js';
import type { ScheduleDescription } from './schedule-description.js';
import { stateless } from './stateless.js';
import { stepDecay, stepDecaySchedule } from './step-decay.js';
import { warmUp, warmUpSchedule, warmUpSteps } from './warm-up.js';

/**
 * A schedule ready for a run.
 *
 * @param schedule a description, or a function from epoch (from 0) to learning rate
 * @throws {OptionError} `invalid_option`, `unknown_option`; also from `rate` when a function returns no usable number
 * @example createSchedule(cosine({ minimum: 1e-5 }), { learningRate: 2e-3, totalSteps: 1000 }).rate(500, 0)
 */
export function createSchedule(schedule: ScheduleDescription | RateFunction, context: ScheduleContext): Schedule {
  if (typeof schedule === 'function') return functionSchedule(schedule);
  const description = checkSchedule(schedule);
  switch (description.kind) {
    case 'constant':
      return constantSchedule(description, context);
    case 'stepDecay':
      return stepDecaySchedule(description, context);
    case 'exponential':
      return exponentialSchedule(description, context);
    case 'cosine':
      return cosineSchedule(description, context);
    case 'oneCycle':
      return oneCycleSchedule(description, context);
    case 'reduceOnPlateau':
      return reduceOnPlateauSchedule(description, context);
    case 'warmUp': {
      const steps = warmUpSteps(description, context);
      const { totalSteps } = context;
      const remaining = totalSteps === undefined ? undefined : Math.max(1, totalSteps - steps);
      const then = createSchedule(description.then, { ...context, totalSteps: remaining });
      return warmUpSchedule(description, steps, then);
    }
  }
}

/** What each kind of schedule may say, and how it is checked. One row per kind. */
const checks: {
  readonly [Kind in ScheduleDescription['kind']]: {
    readonly options: readonly string[];
    readonly make: (options: never) => Extract<ScheduleDescription, { kind: Kind }>;
  };
} = {
  constant: { options: [], make: constant },
  stepDecay: { options: ['every', 'factor', 'from'], make: stepDecay },
  exponential: { options: ['factor'], make: exponential },
  cosine: { options: ['minimum', 'steps'], make: cosine },
  oneCycle: { options: ONE_CYCLE_OPTIONS, make: oneCycle },
  reduceOnPlateau: { options: ['factor', 'patience', 'threshold', 'cooldown', 'minimum'], make: reduceOnPlateau },
  warmUp: { options: ['steps', 'epochs', 'start', 'then'], make: warmUp },
};

/** Kinds of schedules, by the name that their descriptions carry. */
export const scheduleKinds = Object.keys(checks) as readonly ScheduleDescription['kind'][];

/**
 * Checks a description that comes from outside (JSON of a configuration or checkpoint), and fills in what it leaves out.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 */
export function checkSchedule(value: unknown): ScheduleDescription {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new OptionError('invalid_option', `schedule must be an object with a kind, not ${JSON.stringify(value)}`, {
      name: 'schedule',
      value,
    });
  }
  const { kind, ...options } = value as { kind?: unknown; then?: unknown };
  if (typeof kind !== 'string' || !Object.hasOwn(checks, kind)) {
    throw new OptionError(
      'invalid_option',
      `schedule.kind must be one of ${scheduleKinds.join(', ')}, not ${JSON.stringify(kind)}`,
      { name: 'schedule.kind', value: kind, allowed: scheduleKinds },
    );
  }
  const check = checks[kind as ScheduleDescription['kind']];
  rejectUnknownKeys(kind, options, check.options);
  if (options.then !== undefined) options.then = checkSchedule(options.then);
  return check.make(options as never);
}

/** Whether the schedule follows the validation loss, so that a run without validation cannot use it. */
export function needsValidation(schedule: ScheduleDescription | RateFunction): boolean {
  if (typeof schedule === 'function') return false;
  return schedule.kind === 'reduceOnPlateau' || (schedule.kind === 'warmUp' && needsValidation(schedule.then));
}

function functionSchedule(rateOf: RateFunction): Schedule {
  return stateless((_step, epoch) => {
    const rate: unknown = rateOf(epoch);
    if (typeof rate === 'number' && Number.isFinite(rate) && rate >= 0) return rate;
    throw new OptionError(
      'invalid_option',
      `schedule: the function must return a finite learning rate >= 0, for epoch ${epoch} it returned ${String(rate)}`,
      { name: 'schedule', value: rate, epoch },
    );
  });
}
