/** Numbers as files store them, and as float32. */
import { InterchangeError } from '../../core/errors.js';

/** How the numbers of a tensor are stored, by the names of NumPy. */
export type NumberType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'bool';

const BYTES: Readonly<Record<NumberType, number>> = {
  float32: 4,
  float64: 8,
  float16: 2,
  bfloat16: 2,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  bool: 1,
};

/** Bytes of one number. */
export function bytesOf(type: NumberType): number {
  return BYTES[type];
}

/** Whether numbers of the type are float32 without rounding. */
export function isExact(type: NumberType): boolean {
  return bytesOf(type) < 4 || type === 'float32';
}

/** A half precision number by its bits. Source: IEEE 754-2019, binary16. */
export function fromFloat16(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const scratch = new DataView(new ArrayBuffer(4));

/** A bfloat16 by its bits: the upper half of a float32. */
export function fromBfloat16(bits: number): number {
  scratch.setUint32(0, bits << 16);
  return scratch.getFloat32(0);
}

type Reader = (view: DataView, at: number) => number;

const READ: Readonly<Record<NumberType, (little: boolean) => Reader>> = {
  float32: (little) => (view, at) => view.getFloat32(at, little),
  float64: (little) => (view, at) => view.getFloat64(at, little),
  float16: (little) => (view, at) => fromFloat16(view.getUint16(at, little)),
  bfloat16: (little) => (view, at) => fromBfloat16(view.getUint16(at, little)),
  int8: () => (view, at) => view.getInt8(at),
  int16: (little) => (view, at) => view.getInt16(at, little),
  int32: (little) => (view, at) => view.getInt32(at, little),
  int64: (little) => (view, at) => Number(view.getBigInt64(at, little)),
  uint8: () => (view, at) => view.getUint8(at),
  uint16: (little) => (view, at) => view.getUint16(at, little),
  uint32: (little) => (view, at) => view.getUint32(at, little),
  uint64: (little) => (view, at) => Number(view.getBigUint64(at, little)),
  bool: () => (view, at) => Number(view.getUint8(at) !== 0),
};

const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** How numbers become float32. */
export interface ReadNumbersOptions {
  /** Byte order; default little-endian. */
  readonly bigEndian?: boolean;
}

/**
 * Numbers of any type as float32. Those of float64 and of wide integers are rounded.
 *
 * @param bytes whole numbers of the type
 * @param name of the tensor, for messages
 * @throws {InterchangeError} `tensor_mismatch` for a finite number that float32 cannot hold
 */
export function toFloat32(
  bytes: Uint8Array,
  type: NumberType,
  name: string,
  { bigEndian = false }: ReadNumbersOptions = {},
): Float32Array {
  const count = bytes.byteLength / bytesOf(type);
  if (type === 'float32' && !bigEndian && isLittleEndian) {
    const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
    return new Float32Array(aligned.buffer as ArrayBuffer, aligned.byteOffset, count);
  }
  const read = READ[type](!bigEndian);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const numbers = new Float32Array(count);
  for (let at = 0; at < count; at++) {
    const number = read(view, at * bytesOf(type));
    numbers[at] = number;
    if (Number.isFinite(number) && !Number.isFinite(numbers[at])) throw tooLarge(name, at, number);
  }
  return numbers;
}

function tooLarge(name: string, index: number, value: number): InterchangeError {
  const message = `tensor '${name}' has ${value} at ${index}, which float32 cannot hold`;
  return new InterchangeError('tensor_mismatch', message, { tensor: name, index, value });
}

/**
 * Numbers of any type without rounding: whole numbers beyond 2^53 are refused.
 *
 * @throws {InterchangeError} `tensor_mismatch`
 */
export function toNumbers(
  bytes: Uint8Array,
  type: NumberType,
  name: string,
  { bigEndian = false }: ReadNumbersOptions = {},
): number[] {
  const read = READ[type](!bigEndian);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.byteLength / bytesOf(type) }, (_, at) => {
    const number = read(view, at * bytesOf(type));
    if (type.includes('int') && !Number.isSafeInteger(number)) throw tooLarge(name, at, number);
    return number;
  });
}

/** Numbers of any type as float64. Whole numbers beyond 2^53 are rounded. @param bytes whole numbers of the type */
export function toFloat64(
  bytes: Uint8Array,
  type: NumberType,
  { bigEndian = false }: ReadNumbersOptions = {},
): Float64Array {
  const read = READ[type](!bigEndian);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const numbers = new Float64Array(bytes.byteLength / bytesOf(type));
  for (let at = 0; at < numbers.length; at++) numbers[at] = read(view, at * bytesOf(type));
  return numbers;
}
