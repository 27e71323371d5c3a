import { OptionError } from '../../core/errors.js';
import { callHint, describeValue, rejectUnknownKeys, requireNumber } from '../../core/options.js';
import { requirePositive, requireRate } from '../optimizers/definition.js';
import { constant, constantSchedule } from './constant.js';
import { cosine, cosineSchedule } from './cosine.js';
import {
  type AnyScheduleMaker,
  ownScheduleDefinition,
  type ScheduleDefinition,
  type ScheduleDefinitions,
  type ScheduleRules,
  scheduleDefinitions,
} from './definition.js';
import { exponential, exponentialSchedule } from './exponential.js';
import { ONE_CYCLE_OPTIONS, oneCycle, oneCycleSchedule } from './one-cycle.js';
import { reduceOnPlateau, reduceOnPlateauSchedule } from './reduce-on-plateau.js';
import type { RateFunction, Schedule, ScheduleContext } from './schedule.js';
import type { ScheduleDescription } from './schedule-description.js';
import { stateless } from './stateless.js';
import { stepDecay, stepDecaySchedule } from './step-decay.js';
import { warmUp, warmUpSchedule, warmUpSteps } from './warm-up.js';

/** A kind of the library out of its maker, its schedule and the names of its options. */
function builtIn<D extends ScheduleDescription>(
  options: readonly string[],
  describe: (options: never) => D,
  make: (description: D, context: ScheduleContext, rules: ScheduleRules) => Schedule,
  needsValidation?: (description: D, rules: ScheduleRules) => boolean,
) {
  return (kind: string): ScheduleDefinition<D> => ({
    kind,
    fromOptions(given, rules) {
      rejectUnknownKeys(kind, given, options);
      const { then } = given as { readonly then?: unknown };
      return describe((then === undefined ? given : { ...given, then: rules.check(then) }) as never);
    },
    make,
    ...(needsValidation && { needsValidation }),
  });
}

const BUILT_IN = {
  constant: builtIn([], constant, constantSchedule),
  stepDecay: builtIn(['every', 'factor', 'from'], stepDecay, stepDecaySchedule),
  exponential: builtIn(['factor'], exponential, exponentialSchedule),
  cosine: builtIn(['minimum', 'steps'], cosine, cosineSchedule),
  oneCycle: builtIn(ONE_CYCLE_OPTIONS, oneCycle, oneCycleSchedule),
  reduceOnPlateau: builtIn(
    ['factor', 'patience', 'threshold', 'cooldown', 'minimum'],
    reduceOnPlateau,
    reduceOnPlateauSchedule,
    () => true,
  ),
  warmUp: builtIn(
    ['steps', 'epochs', 'start', 'then'],
    warmUp,
    (description, context, { create }) => {
      const steps = warmUpSteps(description, context);
      const { totalSteps } = context;
      const remaining = totalSteps === undefined ? undefined : Math.max(1, totalSteps - steps);
      return warmUpSchedule(description, steps, create(description.then, { ...context, totalSteps: remaining }));
    },
    ({ then }, rules) => rules.needsValidation(then),
  ),
};

/** The definitions of the schedules of the library. */
export const builtInSchedules: ReadonlyMap<string, ScheduleDefinition> = new Map(
  Object.entries(BUILT_IN).map(([kind, define]) => [kind, define(kind) as ScheduleDefinition]),
);

/** Kinds of schedules, by the name that their descriptions carry. */
export const scheduleKinds: readonly string[] = [...builtInSchedules.keys()];

/** The functions that make descriptions: easily given in place of what they return, as a function of the step may be given. */
const MAKERS: ReadonlySet<unknown> = new Set([
  constant,
  stepDecay,
  exponential,
  cosine,
  oneCycle,
  reduceOnPlateau,
  warmUp,
]);

/** A function of the step. @throws {OptionError} `invalid_option` for the maker of a schedule, which was not called */
export function requireRateFunction(schedule: RateFunction): RateFunction {
  if (!MAKERS.has(schedule) && !('kind' in schedule)) return schedule;
  const message = `option 'schedule' must be a schedule or a function of the step, got the maker of one${callHint(schedule)}`;
  throw new OptionError('invalid_option', message, { name: 'schedule' });
}

const NONE: ScheduleDefinitions = new Map();

/** The definition of a schedule. @throws {OptionError} `invalid_option`, `unknown_schedule` */
function scheduleRule(description: { readonly kind?: unknown }, definitions = NONE): ScheduleDefinition {
  const { kind } = description;
  const found =
    ownScheduleDefinition(description) ?? builtInSchedules.get(kind as string) ?? definitions.get(kind as string);
  if (found !== undefined) return found;
  const allowed = [...scheduleKinds, ...definitions.keys()];
  const help = `a schedule of one's own is brought back by the option 'schedules', with what defineSchedule returned`;
  throw new OptionError(
    typeof kind === 'string' ? 'unknown_schedule' : 'invalid_option',
    `schedule.kind must be one of ${allowed.join(', ')}, not ${describeValue(kind)}; ${help}`,
    { name: 'schedule.kind', value: kind, allowed, option: 'schedules' },
  );
}

/**
 * Checks a description that comes from outside (JSON of a configuration or checkpoint), and fills in what it leaves out.
 *
 * @param definitions of schedules beside those of the library
 * @throws {OptionError} `invalid_option`, `unknown_option`, `unknown_schedule`
 */
export function checkSchedule(value: unknown, definitions: ScheduleDefinitions = NONE): ScheduleDescription {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new OptionError('invalid_option', `schedule must be an object with a kind, not ${describeValue(value)}`, {
      name: 'schedule',
      value,
    });
  }
  const definition = scheduleRule(value, definitions);
  if (ownScheduleDefinition(value) !== undefined) return value as ScheduleDescription;
  const { kind: _, ...options } = value as { readonly kind?: unknown };
  const nested = { ...rules, check: (inner: unknown) => checkSchedule(inner, definitions) };
  return definition.fromOptions(options, nested) as ScheduleDescription;
}

const rules: ScheduleRules = { check: checkSchedule, create: createSchedule, needsValidation };

/** What `createSchedule` may be told besides. */
export interface CreateScheduleOptions {
  /** What `defineSchedule` returned, for a schedule of one's own that is given as JSON. */
  readonly schedules?: readonly AnyScheduleMaker[] | undefined;
}

/**
 * A schedule ready for a run, or for a training loop of one's own.
 *
 * @param schedule a description, or a function from epoch (from 0) to learning rate
 * @throws {OptionError} `invalid_option`, `unknown_option`, `unknown_schedule`; also from `rate` when a function returns no usable number
 * @example createSchedule(cosine({ minimum: 1e-5 }), { learningRate: 2e-3, totalSteps: 1000 }).rate(500, 0)
 */
export function createSchedule(
  schedule: ScheduleDescription | RateFunction,
  context: ScheduleContext,
  options: CreateScheduleOptions = {},
): Schedule {
  rejectUnknownKeys('createSchedule', options, ['schedules']);
  const definitions = scheduleDefinitions(options.schedules);
  requireContext(context);
  if (typeof schedule === 'function') return checkedSchedule(functionSchedule(schedule));
  const description = checkSchedule(schedule, definitions);
  return checkedSchedule(scheduleRule(description).make(description, context, rules));
}

/** @throws {OptionError} `invalid_option`, `unknown_option` */
function requireContext(context: ScheduleContext): void {
  rejectUnknownKeys('the context of a schedule', context, ['learningRate', 'totalSteps', 'stepsPerEpoch']);
  requirePositive('learningRate', context.learningRate);
  for (const name of ['totalSteps', 'stepsPerEpoch'] as const) {
    if (context[name] !== undefined) requireNumber(name, context[name], { min: 1, integer: true });
  }
}

/** The schedule, asked only for steps and epochs that there are. */
function checkedSchedule(schedule: Schedule): Schedule {
  return {
    rate: (step, epoch) => {
      requireNumber('step', step, { min: 0, integer: true });
      return schedule.rate(step, requireNumber('epoch', epoch, { min: 0, integer: true }));
    },
    observe: (validationLoss) => schedule.observe(validationLoss),
    state: () => schedule.state(),
    restore: (state) => schedule.restore(state),
  };
}

/** Whether the schedule follows the validation loss, so that a run without validation cannot use it. */
export function needsValidation(schedule: ScheduleDescription | RateFunction): boolean {
  if (typeof schedule === 'function') return false;
  return scheduleRule(schedule).needsValidation?.(schedule, rules) ?? false;
}

function functionSchedule(rateOf: RateFunction): Schedule {
  return stateless((_step, epoch) => {
    const rate: unknown = rateOf(epoch);
    return requireRate(`rate of the schedule at epoch ${epoch}`, rate);
  });
}
