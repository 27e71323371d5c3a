/** What arrays of numbers are: by their own mark, which no other object can have, and not by their constructor, which differs between realms (`node:vm`, test runners). */

// The getter of all typed arrays: it gives the name of the kind, and undefined for every other value.
const kindOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Int8Array.prototype), Symbol.toStringTag)?.get as (
  this: unknown,
) => string | undefined;

/** Kind of a typed array, such as `Float32Array`; undefined for every other value. */
export function typedArrayKind(value: unknown): string | undefined {
  return kindOf.call(value);
}

const elementsOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Int8Array.prototype), 'length')?.get as (
  this: unknown,
) => number;

/** Number of elements of a typed array, which a class of a user's own may misstate as its `length`. */
export function elementCount(value: ArrayBufferView): number {
  return elementsOf.call(value);
}

/** True for an Int32Array of any realm. */
export function isInt32Array(value: unknown): value is Int32Array {
  return typedArrayKind(value) === 'Int32Array';
}

/** True for a Float32Array of any realm. */
export function isFloat32Array(value: unknown): value is Float32Array {
  return typedArrayKind(value) === 'Float32Array';
}

/** True for a Float64Array of any realm. */
export function isFloat64Array(value: unknown): value is Float64Array {
  return typedArrayKind(value) === 'Float64Array';
}

/** True for bytes, of any realm. */
export function isUint8Array(value: unknown): value is Uint8Array {
  return typedArrayKind(value) === 'Uint8Array';
}

/** True when the memory of a typed array has been moved away: it has no elements any more. */
export function isDetached(value: ArrayBufferView): boolean {
  if (value.byteLength > 0) return false;
  try {
    return new Uint8Array(value.buffer).byteLength < 0; // Node 20 has no property for this: a view of such memory is refused
  } catch {
    return true;
  }
}

/** Kind of a value for messages: of a typed array its name, else what people would write. */
export function kindForMessage(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  return typedArrayKind(value) ?? (Array.isArray(value) ? 'Array' : typeof value);
}
