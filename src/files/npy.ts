/**
 * NumPy's file format for one array.
 *
 * @see "NEP 1 - A simple file format for NumPy arrays", 2007, and numpy.lib.format
 */
import { kindHint } from '../core/file-kind.js';
import {
  asciiAt,
  corrupt,
  decodeFile,
  decodeFileSync,
  requireBytes,
  requireInput,
  unsupported,
  viewOf,
} from './file-bytes.js';

/** The supported types. */
export type NpyValues = Float32Array | Float64Array | Int32Array | BigInt64Array;

/** The content of an NPY file. */
export interface NpyArray {
  /** Empty for a single number. */
  readonly shape: readonly number[];
  /** Row-major; int64 as big integers, which are not rounded. */
  readonly values: NpyValues;
}

const TYPES = {
  '<f4': Float32Array,
  '<f8': Float64Array,
  '<i4': Int32Array,
  '<i8': BigInt64Array,
} as const;

/** Longest header that is read, in bytes: NumPy's own limit. */
const MAX_HEADER_BYTES = 10_000;

// The Python literal as every version of NumPy writes it: three keys, sorted. No two neighbours match the same characters,
// so the time grows with the length and not with its square.
const HEADER =
  /^\{ *'descr' *: *'([^']*)' *, *'fortran_order' *: *(True|False) *, *'shape' *: *\(((?: *\d+ *,)*(?: *\d+ *)?)\)(?: *,)? *\} *\n$/;

function readShape(text: string, source: string): readonly number[] {
  const sizes = text.split(',').map((size) => size.trim());
  // A single number in brackets is not a tuple in Python: it writes (3,).
  if (sizes.length === 1 && sizes[0] !== '') throw corrupt(source, `has the shape (${text}), which is not a tuple`);
  return sizes.filter((size) => size !== '').map(Number);
}

/**
 * The array of an NPY file, with a header of at most 10,000 bytes: float32, float64, int32 or int64, little-endian, in C order.
 *
 * @param source name of the bytes in messages: a file name
 * @throws {DataError} `file_truncated` and `file_corrupt` with both sizes; `file_unsupported` for other types,
 * big-endian numbers and Fortran order of several dimensions
 */
export function decodeNpy(bytes: Uint8Array, source: string): NpyArray {
  requireInput(bytes, source);
  requireBytes(bytes, source, 'the NPY magic number', 10);
  if (bytes[0] !== 0x93 || asciiAt(bytes, 1, 5) !== 'NUMPY') {
    throw corrupt(source, `does not begin with \\x93NUMPY${kindHint(bytes)}`);
  }
  const major = bytes[6] as number;
  const minor = bytes[7] as number;
  if (major < 1 || major > 3 || minor !== 0) throw unsupported(source, `is of NPY version ${major}.${minor}`);
  const headerBegin = major === 1 ? 10 : 12;
  requireBytes(bytes, source, 'the length of the header', headerBegin);
  const view = viewOf(bytes);
  const begin = headerBegin + (major === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (begin - headerBegin > MAX_HEADER_BYTES) {
    const found = { headerBytes: begin - headerBegin, limit: MAX_HEADER_BYTES };
    throw corrupt(source, `has a header of ${found.headerBytes} bytes, at most ${found.limit} are read`, found);
  }
  requireBytes(bytes, source, 'the header', begin);
  const header = Buffer.from(bytes.subarray(headerBegin, begin)).toString('latin1');
  const [, descr = '', order, shapeText = ''] = HEADER.exec(header) ?? [];
  if (order === undefined) throw corrupt(source, `has the header ${JSON.stringify(header.slice(0, 200))}`);
  const shape = readShape(shapeText, source);
  if (!Object.hasOwn(TYPES, descr)) {
    throw unsupported(source, `has numbers of type '${descr}'; supported are ${Object.keys(TYPES).join(', ')}`, {
      descr,
    });
  }
  if (order === 'True' && shape.length > 1) {
    throw unsupported(source, `stores its ${shape.length} dimensions in Fortran order, expected C order`, { shape });
  }
  return { shape, values: readValues(bytes, source, TYPES[descr as keyof typeof TYPES], shape, begin) };
}

function readValues(
  bytes: Uint8Array,
  source: string,
  Values: (typeof TYPES)[keyof typeof TYPES],
  shape: readonly number[],
  begin: number,
): NpyValues {
  const count = shape.reduce((product, size) => product * size, 1);
  const end = begin + count * Values.BYTES_PER_ELEMENT;
  const name = `the array (${shape.join(', ')})`;
  if (!Number.isSafeInteger(end)) throw corrupt(source, `has an impossible shape (${shape.join(', ')})`, { shape });
  requireBytes(bytes, source, name, end);
  if (bytes.length > end) {
    throw corrupt(source, `has ${bytes.length} bytes, but ${name} ends at ${end}`, {
      expected: end,
      actual: bytes.length,
    });
  }
  // A copy is aligned to its type, which the bytes in the file need not be.
  const copy = new Uint8Array(bytes.subarray(begin, end));
  return new Values(copy.buffer, 0, count);
}

/** Reads an NPY file. @throws as `decodeNpy`, and {DataError} `file_unreadable` */
export function readNpy(path: string): Promise<NpyArray> {
  return decodeFile(path, decodeNpy);
}

/** As `readNpy`, on the calling thread. */
export function readNpySync(path: string): NpyArray {
  return decodeFileSync(path, decodeNpy);
}
