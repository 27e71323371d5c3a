/** Schedules of one's own. */
import { OptionError } from '../../core/errors.js';
import { describeValue, rejectUnknownKeys, requireOneOf } from '../../core/options.js';
import {
  type CheckedOptions,
  checkDefinedOptions,
  type DefinedOptions,
  type GivenOptions,
  requireOptionTable,
} from '../defined-options.js';
import { requireFunctions, requireKind } from '../layers/define-layer.js';
import { requireRate } from '../optimizers/definition.js';
import { builtInSchedules } from './create-schedule.js';
import { type ScheduleDefinition, setMakerDefinition, setScheduleDefinition } from './definition.js';
import type { Schedule, ScheduleContext } from './schedule.js';
import type { DefinedSchedule } from './schedule-description.js';

export type { DefinedSchedule } from './schedule-description.js';

/** What a schedule of one's own is. */
export interface OwnSchedule<T extends DefinedOptions> {
  /** Its kind in descriptions: not empty, without slash and dot. */
  readonly name: string;
  /** Options by name, each made by `option`; default none. */
  readonly options?: T;
  /** Whether it follows the validation loss, so that a run without validation is refused; default false. */
  readonly needsValidation?: boolean;
  /** The schedule at work. `state` and `restore` hold everything that `observe` changes. */
  make(options: CheckedOptions<T>, context: ScheduleContext): Schedule;
}

/** Makes descriptions of one kind of schedule; a description is frozen plain JSON. */
export interface ScheduleMaker<T extends DefinedOptions = DefinedOptions> {
  /** @throws {OptionError} `invalid_option`, `unknown_option` */
  (
    ...options: Record<never, never> extends GivenOptions<T> ? [options?: GivenOptions<T>] : [options: GivenOptions<T>]
  ): DefinedSchedule & CheckedOptions<T>;
  readonly kind: string;
}

/** Names of the library: of its schedules, and the one under which runs say that a function gave the rates. */
const RESERVED: ReadonlyMap<string, unknown> = new Map([...builtInSchedules, ['function', undefined] as const]);

function refuse(name: string, expected: string, value: unknown): never {
  throw new OptionError('invalid_option', `option '${name}' must be ${expected}, got ${describeValue(value)}`, {
    name,
    value,
  });
}

/**
 * Defines a schedule of one's own. The description goes where those of the library go. A run directory holds the description and
 * the state, not the code: give the same one again when the run is resumed, and it goes on from its state.
 *
 * @returns what makes descriptions of the schedule. Give it to the option `schedules` of a `Trainer`, of `createSchedule` and of
 *   `loadModel` where a schedule comes back from JSON
 * @throws {OptionError} `invalid_option`, also for the name of a schedule of the library; `unknown_option`. `rate` of the schedule
 *   throws `invalid_option` when it gives no finite rate >= 0
 * @example
 * const inverse = defineSchedule({
 *   name: 'inverse',
 *   options: { decay: option.number({ min: 0, default: 0.01 }) },
 *   make: ({ decay }, { learningRate }) => ({
 *     rate: (step) => learningRate / (1 + decay * step),
 *     observe() {},
 *     state: () => null,
 *     restore() {},
 *   }),
 * });
 * new Trainer(model, { epochs: 10, schedule: inverse({ decay: 0.1 }) });
 */
export function defineSchedule<const T extends DefinedOptions = Record<never, never>>(
  schedule: OwnSchedule<T>,
): ScheduleMaker<T> {
  rejectUnknownKeys('defineSchedule', schedule, ['name', 'options', 'needsValidation', 'make']);
  const { name: kind, make, needsValidation = false } = schedule;
  requireKind('a schedule', kind, RESERVED);
  requireFunctions({ make });
  requireOneOf('needsValidation', needsValidation, [true, false]);
  const owner = `schedule '${kind}'`;
  const table = requireOptionTable(owner, schedule.options ?? {});
  const definition: ScheduleDefinition<DefinedSchedule> = {
    kind,
    fromOptions(options) {
      const checked = checkDefinedOptions(owner, table, options, new Map());
      const description = Object.freeze({ kind, ...checked }) as unknown as DefinedSchedule;
      setScheduleDefinition(description, definition as ScheduleDefinition);
      return description;
    },
    make({ kind: _, ...options }, context) {
      const made = make.call(schedule, Object.freeze(options) as unknown as CheckedOptions<T>, context);
      if (typeof made !== 'object' || made === null)
        refuse('make', `a function that returns a schedule (${owner})`, made);
      const { rate, observe, state, restore } = made;
      requireFunctions({ rate, observe, state, restore });
      return {
        rate: (step, epoch) => requireRate(`rate of ${owner} at step ${step}`, made.rate(step, epoch)),
        observe: (validationLoss) => made.observe(validationLoss),
        state: () => made.state(),
        restore: (held) => made.restore(held),
      };
    },
    needsValidation: () => needsValidation,
  };
  const describe = (options: unknown = {}) => definition.fromOptions(options as object, undefined as never);
  const maker = Object.freeze(Object.assign(describe, { kind }));
  setMakerDefinition(maker as never, definition as ScheduleDefinition);
  return maker as unknown as ScheduleMaker<T>;
}
