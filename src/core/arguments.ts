/** Checks of the arguments of public functions: what is of another kind is an OptionError that says what was expected. */
import { OptionError } from './errors.js';
import { describeValue } from './options.js';
import { elementCount, isDetached, typedArrayKind } from './typed-array.js';

function refuse(name: string, expected: string, value: unknown): never {
  throw new OptionError('invalid_option', `${name} must be ${expected}, got ${describeValue(value)}`, { name, value });
}

/** A text. @throws {OptionError} `invalid_option` */
export function requireText(name: string, value: unknown): string {
  return typeof value === 'string' ? value : refuse(name, 'a text', value);
}

/** The path of a file or folder. @throws {OptionError} `invalid_option` */
export function requirePath(value: unknown): string {
  return typeof value === 'string' ? value : refuse('the path of a file', 'a text', value);
}

/** An object, neither a list nor null. @throws {OptionError} `invalid_option` */
export function requireObject<T>(name: string, value: T): T & object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  return refuse(name, 'an object', value);
}

/** A list or an array of numbers whose memory is there. @throws {OptionError} `invalid_option` */
export function requireList<T>(name: string, value: T): T {
  if (Array.isArray(value)) return value;
  const kind = typedArrayKind(value);
  if (kind === undefined) return refuse(name, 'a list', value);
  requireElements(name, value as unknown as ArrayBufferView);
  return value;
}

/** A typed array that has its memory and says how long it is. @throws {OptionError} `invalid_option` */
export function requireElements(name: string, value: ArrayBufferView): void {
  const kind = typedArrayKind(value);
  if (isDetached(value)) {
    const message = `the memory of ${name}, a ${kind}, has been moved away`;
    throw new OptionError('invalid_option', message, { name });
  }
  const { length } = value as Float32Array;
  const actual = elementCount(value);
  if (length === actual) return;
  const message = `${name}, a ${kind}, says that its length is ${describeValue(length)}, and has ${actual} numbers`;
  throw new OptionError('invalid_option', message, { name, length, actual });
}

/** A signal, or none. @throws {OptionError} `invalid_option` */
export function requireSignal(signal: unknown): void {
  const { addEventListener, removeEventListener, throwIfAborted } = (signal ?? {}) as Partial<AbortSignal>;
  const isSignal = [addEventListener, removeEventListener, throwIfAborted].every((each) => typeof each === 'function');
  if (signal === undefined || isSignal) return;
  const message = `option 'signal' must be an AbortSignal, got ${describeValue(signal)}`;
  throw new OptionError('invalid_option', message, { name: 'signal', value: signal });
}

/** Bytes whose memory is there. @throws {OptionError} `invalid_option` */
export function requireBytesOf(name: string, value: unknown): Uint8Array {
  if (typedArrayKind(value) !== 'Uint8Array') return refuse(name, 'a Uint8Array', value);
  return requireList(name, value as Uint8Array);
}
