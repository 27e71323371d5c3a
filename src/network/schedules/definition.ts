/** What every kind of schedule is to the rest of the library: those of the library and those that users define. */
import type { Schedule, ScheduleContext } from './schedule.js';
import type { ScheduleDescription } from './schedule-description.js';

/** What a schedule that holds another one needs of all schedules. */
export interface ScheduleRules {
  /** A checked description. @throws {OptionError} `invalid_option`, `unknown_option` */
  check(value: unknown): ScheduleDescription;
  /** A schedule at work. @throws {OptionError} `invalid_option` */
  create(description: ScheduleDescription, context: ScheduleContext): Schedule;
  /** Whether the schedule follows the validation loss. */
  needsValidation(description: ScheduleDescription): boolean;
}

/** One kind of schedule. */
export interface ScheduleDefinition<D extends { readonly kind: string } = { readonly kind: string }> {
  readonly kind: string;
  /** A checked, frozen description. @throws {OptionError} `invalid_option`, `unknown_option` */
  fromOptions(options: object, rules: ScheduleRules): D;
  /** A schedule at work. @throws {OptionError} `invalid_option` when it does not fit the run */
  make(description: D, context: ScheduleContext, rules: ScheduleRules): Schedule;
  /** Whether the schedule follows the validation loss; default false. */
  needsValidation?(description: D, rules: ScheduleRules): boolean;
}

const definitions = new WeakMap<object, ScheduleDefinition>();

/** Remembers by which definition a description was made. */
export function setScheduleDefinition(description: object, definition: ScheduleDefinition): void {
  definitions.set(description, definition);
}

/** The definition that made a description; undefined for those of the library. */
export function ownScheduleDefinition(description: unknown): ScheduleDefinition | undefined {
  return typeof description === 'object' && description !== null ? definitions.get(description) : undefined;
}
