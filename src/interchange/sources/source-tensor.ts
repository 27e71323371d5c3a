/** Tensors of files, which are read one by one. */
import { type ByteSource, requireWithin } from '../../core/byte-source.js';
import { DataError } from '../../core/errors.js';
import { bytesOf, type NumberType, toFloat32 } from './number-types.js';

/** A tensor of a file. Nothing but its description is in memory until it is read. */
export interface SourceTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: NumberType;
  /** Its numbers, row-major, as float32: a new array. */
  read(): Float32Array;
}

/** Tensors by name, in the order of the file. */
export type SourceTensors = ReadonlyMap<string, SourceTensor>;

/** Most numbers of a tensor: a shape with more is a fault of the file. */
const MOST = 2 ** 40;

/**
 * How many numbers a shape has.
 *
 * @throws {DataError} `file_corrupt` for a size that is no whole number >= 0, and for more than can be
 */
export function countOf(source: string, name: string, shape: readonly number[]): number {
  let count = 1;
  for (const size of shape) count *= Number.isSafeInteger(size) && size >= 0 ? size : Number.NaN;
  if (count <= MOST) return count;
  const message = `'${source}' is corrupt: tensor '${name}' has the shape [${shape.slice(0, 20).join(', ')}]`;
  throw new DataError('file_corrupt', message, { source, tensor: name, shape });
}

/** Where the numbers of a tensor stand in a file, one after the other. */
export interface StoredPlace {
  readonly begin: number;
  readonly bigEndian?: boolean;
}

/** A tensor whose numbers stand one after the other in a file. @throws {DataError} `file_truncated`, `file_corrupt` */
export function storedTensor(
  source: ByteSource,
  name: string,
  type: NumberType,
  shape: readonly number[],
  { begin, bigEndian = false }: StoredPlace,
): SourceTensor {
  const bytes = countOf(source.name, name, shape) * bytesOf(type);
  requireWithin(source, `tensor '${name}'`, begin, bytes);
  const read = () => toFloat32(source.read(begin, bytes), type, name, { bigEndian });
  return { name, type, shape, read };
}

/** The shape and type of a tensor for people: `float32 [3, 4]`. */
export function describeTensor({ type, shape }: Pick<SourceTensor, 'type' | 'shape'>): string {
  return `${type} [${shape.join(', ')}]`;
}
