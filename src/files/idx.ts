/**
 * The IDX format of the MNIST files: a type, a shape, and big-endian numbers; often compressed with gzip.
 *
 * @see LeCun, Cortes, Burges, "The MNIST database of handwritten digits" (the page's part on the file format)
 */

import { constants, gunzipSync } from 'node:zlib';
import { requireList, requireObject } from '../core/arguments.js';
import { DataError, ShapeError } from '../core/errors.js';
import { rejectUnknownKeys, requireNumber } from '../core/options.js';
import { isUint8Array, kindForMessage } from '../core/typed-array.js';
import {
  corrupt,
  decodeFile,
  decodeFileSync,
  MOST_INFLATION,
  otherKind,
  requireBytes,
  requireInput,
  unsupported,
  viewOf,
} from './file-bytes.js';

/** The types that the format knows. */
export type IdxValues = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** How an IDX file is read. */
export interface IdxOptions {
  /** Most bytes that a compressed file may decompress to, integer >= 1; default 2^30. */
  readonly maxBytes?: number | undefined;
}

/** The content of an IDX file. */
export interface IdxArray {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly values: IdxValues;
}

/** Pictures of one size, with one channel. */
export interface IdxImages {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** [count * height * width] in [0, 1]. */
  readonly values: Float32Array;
}

interface NumberType {
  readonly bytes: number;
  readonly make: (count: number) => IdxValues;
  readonly read: (view: DataView, at: number) => number;
}

const TYPES: Readonly<Record<number, NumberType>> = {
  8: { bytes: 1, make: (count) => new Uint8Array(count), read: (view, at) => view.getUint8(at) },
  9: { bytes: 1, make: (count) => new Int8Array(count), read: (view, at) => view.getInt8(at) },
  11: { bytes: 2, make: (count) => new Int16Array(count), read: (view, at) => view.getInt16(at) },
  12: { bytes: 4, make: (count) => new Int32Array(count), read: (view, at) => view.getInt32(at) },
  13: { bytes: 4, make: (count) => new Float32Array(count), read: (view, at) => view.getFloat32(at) },
  14: { bytes: 8, make: (count) => new Float64Array(count), read: (view, at) => view.getFloat64(at) },
};

interface Header {
  readonly type: NumberType;
  readonly shape: readonly number[];
  readonly count: number;
  readonly begin: number;
  readonly end: number;
}

function readHeader(bytes: Uint8Array, source: string): Header {
  requireBytes(bytes, source, 'the IDX magic number', 4);
  const view = viewOf(bytes);
  if (view.getUint16(0) !== 0) {
    const magic = view.getUint32(0).toString(16).padStart(8, '0');
    throw otherKind(bytes, source, `0x${magic}, expected two zero bytes`, { magic });
  }
  const type = TYPES[view.getUint8(2)];
  if (type === undefined) throw unsupported(source, `has numbers of the unknown type ${view.getUint8(2)}`);
  const rank = view.getUint8(3);
  if (rank === 0) throw corrupt(source, 'has a shape without dimensions');
  const begin = 4 + 4 * rank;
  requireBytes(bytes, source, `the shape of ${rank} dimensions`, begin);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const count = shape.reduce((product, size) => product * size, 1);
  const end = begin + count * type.bytes;
  if (!Number.isSafeInteger(end)) throw corrupt(source, `has an impossible shape ${shape.join(' x ')}`, { shape });
  return { type, shape, count, begin, end };
}

/**
 * The decompressed bytes, limited to the size in the header: compressed data may decompress to more than any memory.
 */
function inflate(compressed: Uint8Array, source: string, maxBytes: number): Uint8Array {
  // A thousand bytes decompress to at most a megabyte. They contain the header with any compression.
  const start = gunzip(compressed.subarray(0, 1024), source, { finishFlush: constants.Z_SYNC_FLUSH });
  const { end, shape } = readHeader(start, source);
  const most = MOST_INFLATION * compressed.length;
  if (end > most) {
    const message = `'${source}' is cut off: its array ${shape.join(' x ')} takes ${end} bytes, ${compressed.length} bytes of gzip hold at most ${most}`;
    throw new DataError('file_truncated', message, { source, expected: end, actual: compressed.length });
  }
  if (end > maxBytes) {
    const message = `decompresses to ${end} bytes, more than the limit of ${maxBytes}: give a larger 'maxBytes', or decompress it first`;
    throw unsupported(source, message, { expected: maxBytes, actual: end });
  }
  return gunzip(compressed, source, { maxOutputLength: end + 1 });
}

function gunzip(compressed: Uint8Array, source: string, options: Parameters<typeof gunzipSync>[1]): Uint8Array {
  try {
    return gunzipSync(compressed, options);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason =
      code === 'ERR_BUFFER_TOO_LARGE' ? `more than the ${options?.maxOutputLength} bytes of its shape` : message;
    const truncated = code === 'Z_BUF_ERROR';
    throw new DataError(
      truncated ? 'file_truncated' : 'file_corrupt',
      `'${source}' cannot be decompressed: ${reason}, from ${compressed.length} bytes of gzip`,
      { source, bytes: compressed.length },
      cause,
    );
  }
}

/**
 * The numbers of an IDX file, decompressed if they are gzip.
 *
 * @param source name of the bytes in messages: a file name
 * @throws {DataError} `file_truncated` and `file_corrupt` with both sizes, `file_unsupported` also for a compressed file that
 *   becomes larger than `maxBytes`
 * @throws {OptionError} `invalid_option`, `unknown_option`
 */
export function decodeIdx(bytes: Uint8Array, source: string, options: IdxOptions = {}): IdxArray {
  requireInput(bytes, source);
  rejectUnknownKeys('the reading of an IDX file', options, ['maxBytes']);
  const maxBytes = requireNumber('maxBytes', options.maxBytes ?? 2 ** 30, { integer: true, min: 1 });
  const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? inflate(bytes, source, maxBytes) : bytes;
  const { type, shape, count, begin, end } = readHeader(plain, source);
  requireBytes(plain, source, `the array ${shape.join(' x ')}`, end);
  if (plain.length > end) {
    const message = `has ${plain.length} bytes, more than the ${end} of its shape ${shape.join(' x ')}`;
    throw corrupt(source, message, { expected: end, actual: plain.length });
  }
  const view = viewOf(plain);
  const values = type.make(count);
  for (let index = 0; index < count; index++) values[index] = type.read(view, begin + index * type.bytes);
  return { shape, values };
}

/** Reads an IDX file. @throws as `decodeIdx`, and {DataError} `file_unreadable` */
export function readIdx(path: string, options: IdxOptions = {}): Promise<IdxArray> {
  return decodeFile(path, (bytes, source) => decodeIdx(bytes, source, options));
}

/** As `readIdx`, on the calling thread. */
export function readIdxSync(path: string, options: IdxOptions = {}): IdxArray {
  return decodeFileSync(path, (bytes, source) => decodeIdx(bytes, source, options));
}

function requireBytesOfRank(array: IdxArray, name: string, rank: number): Uint8Array {
  requireObject(name, array);
  requireList(`the shape of ${name}`, array.shape);
  if (isUint8Array(array.values) && array.shape.length === rank) return array.values;
  const actual = `${kindForMessage(array.values)} ${array.shape.join(' x ')}`;
  throw new ShapeError('shape_mismatch', `${name} must be a Uint8Array of ${rank} dimensions, got ${actual}`, {
    expected: rank,
    shape: array.shape,
  });
}

/**
 * Pictures of an IDX array [count, height, width] of bytes, as numbers in [0, 1].
 *
 * @throws {ShapeError} `shape_mismatch`
 */
export function idxImages(array: IdxArray): IdxImages {
  const bytes = requireBytesOfRank(array, 'images', 3);
  const [count, height, width] = array.shape as [number, number, number];
  const values = new Float32Array(bytes.length);
  for (let at = 0; at < bytes.length; at++) values[at] = (bytes[at] as number) / 255;
  return { count, height, width, values };
}

/**
 * Class ids of an IDX array [count] of bytes.
 *
 * @throws {ShapeError} `shape_mismatch`
 */
export function idxLabels(array: IdxArray): Int32Array {
  return Int32Array.from(requireBytesOfRank(array, 'labels', 1));
}
