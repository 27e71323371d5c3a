/** Options of layers, losses, optimizers and schedules that users define: tables of checks, and the frozen JSON that they give. */
import { OptionError } from '../core/errors.js';
import { MAX_JSON_DEPTH } from '../core/json.js';
import { describeValue, type NumberBounds, rejectUnknownKeys, requireNumber, requireOneOf } from '../core/options.js';
import { type LayerDefinitions, ownDefinition } from './layers/layer.js';
import { type AnyLayer, layerFromJSON } from './layers/layers.js';

/** One option of a layer or loss, whose checked value is a T. R says whether it must be given. */
export interface DefinedOption<T = unknown, R extends boolean = boolean> {
  readonly isRequired: R;
  /** The value that nobody gave. */
  readonly default?: T | undefined;
  /**
   * The value to keep: plain JSON, or the description of a layer.
   *
   * @param name what it is called in messages
   * @param definitions of layers that may stand in the value
   * @throws {OptionError} `invalid_option`
   */
  check(name: string, value: unknown, definitions: LayerDefinitions): T;
}

/** Options by name. */
export type DefinedOptions = Readonly<Record<string, DefinedOption>>;

export type RequiredOptions<T> = { [N in keyof T]: T[N] extends DefinedOption<unknown, true> ? N : never }[keyof T];

/** What a caller gives. */
export type GivenOptions<T extends DefinedOptions> = {
  readonly [N in RequiredOptions<T>]: T[N] extends DefinedOption<infer V> ? V : never;
} & {
  readonly [N in Exclude<keyof T, RequiredOptions<T>>]?: T[N] extends DefinedOption<infer V> ? V : never;
};

/** The checked options, defaults filled in. */
export type CheckedOptions<T extends DefinedOptions> = {
  readonly [N in keyof T]: T[N] extends DefinedOption<infer V> ? V : never;
};

/** Whether an option with this default must be given. */
type IsRequired<D> = [D] extends [undefined] ? true : false;

/** What every maker of options takes. */
interface Settings<D> {
  /** Without one the option must be given. */
  readonly default?: D;
}

function defined<T, D>(settings: Settings<D>, check: DefinedOption<T>['check']): DefinedOption<T, IsRequired<D>> {
  const fallback = settings.default;
  const isRequired = (fallback === undefined) as IsRequired<D>;
  return Object.freeze({ isRequired, ...(fallback !== undefined && { default: fallback as unknown as T }), check });
}

function number<const D extends number | undefined = undefined>(settings: NumberBounds & Settings<D> = {}) {
  const { default: _, ...bounds } = settings;
  return defined<number, D>(settings, (name, value) => requireNumber(name, value, bounds));
}

function integer<const D extends number | undefined = undefined>(
  settings: Omit<NumberBounds, 'integer'> & Settings<D> = {},
) {
  return number<D>({ ...settings, integer: true });
}

function flag<const D extends boolean | undefined = undefined>(settings: Settings<D> = {}) {
  return defined<boolean, D>(settings, (name, value) => requireOneOf(name, value, [true, false]));
}

function choice<const C extends string, const D extends C | undefined = undefined>(
  choices: readonly C[],
  settings: Settings<D> = {},
) {
  return defined<C, D>(settings, (name, value) => requireOneOf(name, value, choices));
}

function numbers<const D extends readonly number[] | undefined = undefined>(settings: NumberBounds & Settings<D> = {}) {
  const { default: _, ...bounds } = settings;
  return defined<readonly number[], D>(settings, (name, value) => {
    if (!Array.isArray(value)) refuse(name, 'a list of numbers', value);
    // Not map(): it skips the holes of a sparse array.
    return Array.from(value as unknown[], (each, at) => requireNumber(`${name}[${at}]`, each, bounds));
  });
}

function layer() {
  return defined<AnyLayer, undefined>({}, (name, value, definitions) => {
    const kind = (value as { readonly kind?: unknown } | null | undefined)?.kind;
    if (typeof kind !== 'string') refuse(name, 'the description of a layer', value);
    return ownDefinition(value) === undefined ? layerFromJSON(value as AnyLayer, definitions) : (value as AnyLayer);
  });
}

function optional<T>(option: DefinedOption<T>): DefinedOption<T | undefined, false> {
  return Object.freeze({ ...option, isRequired: false as const });
}

/**
 * Makers of options for `defineLayer`, `defineLoss`, `defineOptimizer` and `defineSchedule`. Each takes a `default`; without one the option must be given, unless it
 * stands in `optional`.
 *
 * @example const options = { units: option.integer({ min: 1 }), rate: option.number({ min: 0, max: 1, default: 0.5 }) };
 */
export const option = Object.freeze({
  /** A finite number within bounds. */
  number,
  /** A whole number within bounds. */
  integer,
  /** True or false. */
  flag,
  /** One of some names. */
  choice,
  /** A list of finite numbers within bounds. */
  numbers,
  /** The description of a layer, for a layer that wraps others. */
  layer,
  /** An option that need not be given, and has no default. */
  optional,
});

function refuse(name: string, expected: string, value: unknown): never {
  const message = `option '${name}' must be ${expected}, got ${describeValue(value)}`;
  throw new OptionError('invalid_option', message, { name, value });
}

/** Whether a value is an object of no class, in any realm: the prototype of its prototype is null. */
function isPlainObject(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** A frozen copy of plain JSON, in which descriptions of layers stay as they are. @throws {OptionError} `invalid_option` */
function frozenJson(name: string, value: unknown, depth = 0): unknown {
  if (depth > MAX_JSON_DEPTH) refuse(name, `plain JSON, nested at most ${MAX_JSON_DEPTH} deep`, value);
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) return value;
  if (Array.isArray(value))
    return Object.freeze(Array.from(value, (each, at) => frozenJson(`${name}[${at}]`, each, depth + 1)));
  if (ownDefinition(value) !== undefined) return value;
  if (!isPlainObject(value)) return refuse(name, 'plain JSON', value);
  const fields = Object.entries(value as object).filter(([, each]) => each !== undefined);
  return Object.freeze(
    Object.fromEntries(fields.map(([key, each]) => [key, frozenJson(`${name}.${key}`, each, depth + 1)])),
  );
}

/**
 * Checks the table of a definition itself.
 *
 * @param owner what is defined, for messages
 * @throws {OptionError} `invalid_option`
 */
export function requireOptionTable(owner: string, table: unknown): DefinedOptions {
  if (typeof table !== 'object' || table === null) return refuse('options', `a table of options of ${owner}`, table);
  for (const [name, each] of Object.entries(table)) {
    if (name === 'kind') refuse('options', "a table without 'kind', which is the name of the definition", table);
    if (typeof (each as Partial<DefinedOption> | null)?.check !== 'function') {
      refuse(`options.${name}`, 'made by one of option.number, option.integer, ..., or have a function check', each);
    }
  }
  return table as DefinedOptions;
}

/**
 * The checked options of a description, defaults filled in: frozen plain JSON.
 *
 * @param owner what they belong to, for messages
 * @throws {OptionError} `invalid_option`, `unknown_option`, `unknown_layer`
 */
export function checkDefinedOptions(
  owner: string,
  table: DefinedOptions,
  given: unknown,
  definitions: LayerDefinitions,
): Readonly<Record<string, unknown>> {
  const names = Object.keys(table);
  rejectUnknownKeys(owner, given, names, names);
  const checked: [string, unknown][] = [];
  for (const [name, { isRequired, default: fallback, check }] of Object.entries(table)) {
    const value = (given as Readonly<Record<string, unknown>>)[name] ?? fallback;
    if (value !== undefined) checked.push([name, frozenJson(name, check(name, value, definitions))]);
    else if (isRequired) throw new OptionError('invalid_option', `${owner} needs option '${name}'`, { name });
  }
  return Object.fromEntries(checked);
}
