/** Checks of option values at the public functions: a wrong value is an OptionError before anything has changed. */
import { OptionError } from './errors.js';

/** Bounds of a numeric option; an absent bound does not limit. */
export interface NumberBounds {
  readonly min?: number;
  readonly max?: number;
  readonly exclusiveMin?: number;
  readonly exclusiveMax?: number;
  /** Accepts only safe integers. */
  readonly integer?: boolean;
  /** Accepts only numbers that are finite in float32, the type of parameters: up to 3.4e38. */
  readonly float32?: boolean;
}

/** The key of a method that says what an object is, for messages; of objects whose fields say nothing to people. */
export const DESCRIBE = Symbol('describe');

/** Most elements of a list, and characters of a text, of which a message shows the beginning. */
const MOST_SHOWN = 80;

/** What of a long text or list a message can show; other values as they are. */
function beginningOf(value: unknown): unknown {
  if (typeof value === 'string' && value.length > MOST_SHOWN) return value.slice(0, MOST_SHOWN);
  if (Array.isArray(value) && value.length > MOST_SHOWN) return value.slice(0, MOST_SHOWN);
  if (!ArrayBuffer.isView(value) || value.byteLength <= MOST_SHOWN) return value;
  const { length } = value as unknown as { readonly length?: unknown };
  return typeof length === 'number' ? { ...(value as Int8Array).subarray(0, MOST_SHOWN) } : value;
}

/** A value as people would write it, short enough for a message. */
export function describeValue(value: unknown): string {
  const describe = (value as { readonly [DESCRIBE]?: unknown } | null | undefined)?.[DESCRIBE];
  if (typeof describe === 'function') return describe.call(value) as string;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'symbol') return 'a symbol';
  if (typeof value !== 'string' && (typeof value !== 'object' || value === null)) return String(value);
  let text: string;
  try {
    text = JSON.stringify(beginningOf(value)) ?? 'an object';
  } catch {
    return 'an object';
  }
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** What to do with a function in the place of the description that it makes; empty for anything else. */
export function callHint(value: unknown): string {
  if (typeof value !== 'function') return '';
  const { kind } = value as { readonly kind?: unknown };
  const name = typeof kind === 'string' ? kind : value.name || 'it';
  return `; call it: ${name}({ ... })`;
}

function describeBounds(bounds: NumberBounds): string {
  const limits: string[] = [];
  if (bounds.min !== undefined) limits.push(`>= ${bounds.min}`);
  if (bounds.exclusiveMin !== undefined) limits.push(`> ${bounds.exclusiveMin}`);
  if (bounds.max !== undefined) limits.push(`<= ${bounds.max}`);
  if (bounds.exclusiveMax !== undefined) limits.push(`< ${bounds.exclusiveMax}`);
  const kind = bounds.integer === true ? 'an integer' : 'a finite number';
  const type = bounds.float32 === true ? ' that float32 can hold, up to 3.4e38' : '';
  return `${limits.length === 0 ? kind : `${kind} ${limits.join(' and ')}`}${type}`;
}

function withinBounds(value: number, bounds: NumberBounds): boolean {
  if (bounds.integer === true ? !Number.isSafeInteger(value) : !Number.isFinite(value)) return false;
  if (bounds.float32 === true && !Number.isFinite(Math.fround(value))) return false;
  if (bounds.min !== undefined && value < bounds.min) return false;
  if (bounds.max !== undefined && value > bounds.max) return false;
  if (bounds.exclusiveMin !== undefined && value <= bounds.exclusiveMin) return false;
  return bounds.exclusiveMax === undefined || value < bounds.exclusiveMax;
}

/**
 * The value, when it is a finite number within the bounds.
 *
 * @throws {OptionError} `invalid_option` for another type, NaN, an infinity, a fraction where an integer is asked for,
 *   or a number outside the bounds
 */
export function requireNumber(name: string, value: unknown, bounds: NumberBounds = {}): number {
  if (typeof value === 'number' && withinBounds(value, bounds)) return value;
  throw new OptionError(
    'invalid_option',
    `option '${name}' must be ${describeBounds(bounds)}, got ${describeValue(value)}`,
    { name, value, ...bounds },
  );
}

/**
 * The value, when it is one of the choices.
 *
 * @throws {OptionError} `invalid_option`, listing the choices
 */
export function requireOneOf<const T extends string | number | boolean>(
  name: string,
  value: unknown,
  choices: readonly T[],
): T {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  throw new OptionError(
    'invalid_option',
    `option '${name}' must be one of ${choices.map(describeValue).join(', ')}, got ${describeValue(value)}`,
    { name, value, choices },
  );
}

/**
 * Refuses unknown keys, because a misspelt option must not be ignored, and null, which is not a default.
 *
 * @param name name of the object in the message
 * @param nullable keys for which null is a value
 * @throws {OptionError} `unknown_option`, naming the key and listing the allowed ones; `invalid_option` when `object`
 *   is not an object, or has null for a key
 */
export function rejectUnknownKeys(
  name: string,
  object: unknown,
  allowed: readonly string[],
  nullable: readonly string[] = [],
): void {
  if (typeof object !== 'object' || object === null || Array.isArray(object)) {
    const [first] = allowed;
    const example =
      first === undefined ? '' : ` of options such as { ${first}: ${typeof object === 'number' ? object : '...'} }`;
    throw new OptionError('invalid_option', `${name} must be an object${example}, got ${describeValue(object)}`, {
      name,
      value: object,
    });
  }
  for (const [key, value] of Object.entries(object)) {
    if (allowed.includes(key) && (value !== null || nullable.includes(key))) continue;
    if (allowed.includes(key)) {
      const message = `option '${key}' of ${name} must have a value, or be left out for its default, got null`;
      throw new OptionError('invalid_option', message, { name: key, value });
    }
    const known = allowed.length === 0 ? 'it takes none' : `known options: ${allowed.join(', ')}`;
    throw new OptionError('unknown_option', `${name} has no option '${key}'; ${known}`, { name, key, allowed });
  }
}
