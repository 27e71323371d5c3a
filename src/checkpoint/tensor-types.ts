/** Element types of a safetensors file and the arrays that hold them. */
import { CheckpointError } from '../core/errors.js';
import { kindForMessage, typedArrayKind } from '../core/typed-array.js';

/** Arrays that can be stored. */
export type TensorArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

interface ArrayType {
  new (length: number): TensorArray;
  readonly BYTES_PER_ELEMENT: number;
  readonly name: string;
}

// Types without a JavaScript array are returned as their bits, in an unsigned array of the same width.
const ARRAYS = {
  F64: Float64Array,
  F32: Float32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  F8_E4M3: Uint8Array,
  F8_E5M2: Uint8Array,
  I64: BigInt64Array,
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U64: BigUint64Array,
  U32: Uint32Array,
  U16: Uint16Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} satisfies Record<string, ArrayType>;

/** Name of an element type, as safetensors writes it. */
export type Dtype = keyof typeof ARRAYS;

/** Names of all element types that can be read and written. */
export const DTYPES = Object.keys(ARRAYS) as readonly Dtype[];

/** A tensor as it is stored: row-major, any view (also one of a SharedArrayBuffer). */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: TensorArray;
  /**
   * Element type; default: the type of the array. It is required for types that are stored as their bits, such as
   * `BF16`.
   */
  readonly dtype?: Dtype;
}

/** True when the name is one of DTYPES. */
export function isDtype(name: unknown): name is Dtype {
  return typeof name === 'string' && Object.hasOwn(ARRAYS, name);
}

/** Bytes of one element. */
export function bytesPerElement(dtype: Dtype): number {
  return ARRAYS[dtype].BYTES_PER_ELEMENT;
}

/** A new array of zeros for the element type. */
export function makeTensorArray(dtype: Dtype, length: number): TensorArray {
  return new ARRAYS[dtype](length);
}

/** Number of elements of a shape; undefined when a size is not an integer >= 0 or the product is not exact. */
export function elementCount(shape: readonly unknown[]): number | undefined {
  let count = 1;
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || (size as number) < 0) return undefined;
    count *= size as number;
    if (!Number.isSafeInteger(count)) return undefined;
  }
  return count;
}

/**
 * The element type of a tensor that is to be written.
 *
 * @throws {CheckpointError} `checkpoint_write_failed` when the array cannot be stored as the tensor's type
 */
export function dtypeOf(name: string, tensor: StoredTensor): Dtype {
  const { data, dtype } = tensor;
  const fits = (candidate: Dtype): boolean => typedArrayKind(data) === ARRAYS[candidate].name;
  if (dtype !== undefined && isDtype(dtype) && fits(dtype)) return dtype;
  const found = dtype === undefined ? PLAIN_DTYPES.find(fits) : undefined;
  if (found !== undefined) return found;
  const kind = kindForMessage(data);
  throw new CheckpointError(
    'checkpoint_write_failed',
    `tensor '${name}' cannot be written: ${kind} does not hold ${dtype === undefined ? 'a known type' : `type ${dtype}`}`,
    { tensor: name, array: kind, dtype },
  );
}

const PLAIN_DTYPES: readonly Dtype[] = ['F32', 'F64', 'I32', 'I64', 'I16', 'I8', 'U8', 'U16', 'U32', 'U64'];
