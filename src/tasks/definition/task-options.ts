/** Options as tables: what the library checks, the command line reads and its help lists is written once. */
import { OptionError } from '../../core/errors.js';
import { isJsonObject, type JsonObject } from '../../core/json.js';
import {
  describeValue,
  type NumberBounds,
  rejectUnknownKeys,
  requireNumber,
  requireOneOf,
} from '../../core/options.js';

/** How a text on the command line becomes a value. A flag has none. */
export const OPTION_KINDS = ['number', 'text', 'numberOrText', 'json', 'flag'] as const;

/** One option of a task, whose checked value is a T. */
export interface TaskOption<T = unknown> {
  readonly kind: (typeof OPTION_KINDS)[number];
  /** What stands for the value in the help: `n`, `file`, `rnn|lstm|gru`. */
  readonly placeholder: string;
  readonly description: string;
  /** The value that nobody gave. Without one the option must be given, unless it is optional. */
  readonly default?: T;
  /**
   * The value of runs that were started before the option was there. It is not written into the configuration of a run.
   */
  readonly before?: T;
  /** Whether the value may be missing. */
  readonly isOptional: boolean;
  /**
   * Whether the data decide the default, which `settle` of the task gives when they have been read: always, or only sometimes for an
   * option that may also stay missing.
   */
  readonly settles?: 'always' | 'sometimes';
  /** The value to keep. @throws {OptionError} `invalid_option` */
  check(name: string, value: unknown): T;
}

/** The options of a task by name, in the order of the help. */
export type OptionTable = Readonly<Record<string, TaskOption>>;

/** The checked values of a table. */
export type Checked<T extends OptionTable> = {
  readonly [Name in keyof T]: T[Name] extends TaskOption<infer Value> ? Value : never;
};

/** What a caller may give: any of the values. */
export type Given<T extends OptionTable> = Partial<{ -readonly [Name in keyof T]: Checked<T>[Name] | undefined }>;

/** What all makers of options take. */
export interface OptionAbout<T> {
  readonly description: string;
  readonly default?: T;
  readonly before?: T;
  readonly placeholder?: string;
}

/** A number within bounds. */
export function numberOption(bounds: NumberBounds, about: OptionAbout<number>): TaskOption<number> {
  const check = (name: string, value: unknown) => requireNumber(name, value, bounds);
  return { kind: 'number', placeholder: bounds.integer === true ? 'n' : 'x', isOptional: false, check, ...about };
}

/** One of some names. */
export function choiceOption<const C extends string>(choices: readonly C[], about: OptionAbout<C>): TaskOption<C> {
  const check = (name: string, value: unknown) => requireOneOf(name, value, choices);
  return { kind: 'text', placeholder: choices.join('|'), isOptional: false, check, ...about };
}

/** A text that is not empty, brought into its final form by `parse`. */
export function textOption(
  about: OptionAbout<string>,
  parse = (_name: string, text: string) => text,
): TaskOption<string> {
  const check = (name: string, value: unknown) => {
    if (typeof value === 'string' && value !== '') return parse(name, value);
    return refuse(name, 'a text', value);
  };
  return { kind: 'text', placeholder: 'text', isOptional: false, check, ...about };
}

/** A number within bounds, or a text: a fraction to hold back, or the file that holds it. */
export function numberOrTextOption(
  bounds: NumberBounds,
  about: OptionAbout<number | string>,
): TaskOption<number | string> {
  const check = (name: string, value: unknown) =>
    typeof value === 'string' && value !== '' ? value : requireNumber(name, value, bounds);
  return { kind: 'numberOrText', placeholder: 'file|x', isOptional: false, check, ...about };
}

/** A JSON object. */
export function jsonOption(
  about: OptionAbout<JsonObject>,
  parse = (_name: string, value: JsonObject) => value,
): TaskOption<JsonObject> {
  const check = (name: string, value: unknown) =>
    isJsonObject(value) ? parse(name, value) : refuse(name, 'an object', value);
  return { kind: 'json', placeholder: 'json', isOptional: false, check, ...about };
}

/** True or false, false when it is not given. */
export function flagOption(description: string): TaskOption<boolean> {
  const check = (name: string, value: unknown) => requireOneOf(name, value, [true, false]);
  return { kind: 'flag', placeholder: '', description, default: false, isOptional: false, check };
}

/** An option that nobody need give, and that has no default. */
export function optional<T>(option: TaskOption<T>): TaskOption<T | undefined> {
  return { ...option, isOptional: true };
}

/**
 * An option whose default the data decide, by `settle` of the task. Until then it is missing although its type does not say so: `read`
 * of a task must not use it.
 */
export function settled<T>(option: TaskOption<T>): TaskOption<T> {
  const { default: _default, description, ...rest } = option;
  const settles = option.isOptional && option.default === undefined ? 'sometimes' : 'always';
  return { ...rest, description: `${description} (default: by the data)`, isOptional: true, settles };
}

/**
 * Checks the options of a task and fills in what is not given.
 *
 * @param given undefined values count as not given
 * @param earlier settings of a run; they take the place of the defaults. Empty for a new run
 * @throws {OptionError} `invalid_option`, `unknown_option`
 */
export function checkTaskOptions<T extends OptionTable>(
  task: string,
  table: T,
  given: Readonly<Record<string, unknown>>,
  earlier: Readonly<Record<string, unknown>> = {},
): Checked<T> {
  rejectUnknownKeys(`task '${task}'`, given, Object.keys(table));
  const isNew = Object.keys(earlier).length === 0;
  const usual = (name: string, option: TaskOption) => {
    if (Object.hasOwn(earlier, name)) return earlier[name];
    return isNew ? option.default : (option.before ?? option.default);
  };
  const checked = Object.entries(table).map(([name, option]) => {
    const value = given[name] ?? usual(name, option);
    if (value !== undefined) return [name, option.check(name, value)] as const;
    if (option.isOptional) return [name, undefined] as const;
    throw new OptionError('invalid_option', `option '${name}' is missing`, { name });
  });
  return Object.fromEntries(checked) as Checked<T>;
}

function refuse(name: string, expected: string, value: unknown): never {
  const message = `option '${name}' must be ${expected}, got ${describeValue(value)}`;
  throw new OptionError('invalid_option', message, { name, value });
}
