/** What every kind of schedule is to the rest of the library: those of the library and those that users define. */
import { OptionError } from '../../core/errors.js';
import { describeValue } from '../../core/options.js';
import type { Schedule, ScheduleContext } from './schedule.js';
import type { DefinedSchedule, ScheduleDescription } from './schedule-description.js';

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

/** Definitions of schedules by their kind, beside those of the library. */
export type ScheduleDefinitions = ReadonlyMap<string, ScheduleDefinition>;

/** A definition of any schedule of one's own, as the option `schedules` takes it. */
export type AnyScheduleMaker = ((...options: never) => DefinedSchedule) & { readonly kind: string };

const makerDefinitions = new WeakMap<AnyScheduleMaker, ScheduleDefinition>();

/** Remembers what a maker makes. */
export function setMakerDefinition(maker: AnyScheduleMaker, definition: ScheduleDefinition): void {
  makerDefinitions.set(maker, definition);
}

/**
 * Definitions by their kind.
 *
 * @param makers what `defineSchedule` returned
 * @throws {OptionError} `invalid_option` for what is none, and for two of one name
 */
export function scheduleDefinitions(makers: readonly AnyScheduleMaker[] = []): ScheduleDefinitions {
  if (!Array.isArray(makers)) return refuse('schedules', 'a list of what defineSchedule returned', makers);
  const byKind = new Map<string, ScheduleDefinition>();
  for (const [at, maker] of makers.entries()) {
    const definition = makerDefinitions.get(maker) ?? refuse(`schedules[${at}]`, 'what defineSchedule returned', maker);
    if ((byKind.get(definition.kind) ?? definition) !== definition) {
      refuse('schedules', 'definitions of different names', definition.kind);
    }
    byKind.set(definition.kind, definition);
  }
  return byKind;
}

function refuse(name: string, expected: string, value: unknown): never {
  const message = `option '${name}' must be ${expected}, got ${describeValue(value)}`;
  throw new OptionError('invalid_option', message, { name, value });
}
