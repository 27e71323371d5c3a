/**
 * NumPy's format for one array, as a tensor that is read when it is asked for.
 *
 * @see "NEP 1 - A simple file format for NumPy arrays", 2007, and numpy.lib.format
 */

import type { ByteSource } from '../../core/byte-source.js';
import { DataError } from '../../core/errors.js';
import { kindHint } from '../../core/file-kind.js';
import { bytesOf, type NumberType } from '../sources/number-types.js';
import { countOf, type SourceTensor, storedTensor } from '../sources/source-tensor.js';
import { strided } from '../sources/strided.js';

const TYPES: Readonly<Record<string, NumberType>> = {
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
  i1: 'int8',
  i2: 'int16',
  i4: 'int32',
  i8: 'int64',
  u1: 'uint8',
  u2: 'uint16',
  u4: 'uint32',
  u8: 'uint64',
  b1: 'bool',
};

/** Longest header, in bytes: NumPy's own limit. */
const MOST_HEADER_BYTES = 10_000;

const HEADER =
  /^\{ *'descr' *: *'([<>|=])([a-zA-Z]\d+)' *, *'fortran_order' *: *(True|False) *, *'shape' *: *\(((?: *\d+ *,)*(?: *\d+ *)?)\)(?: *,)? *\} *\n$/;

function corrupt(source: string, reason: string): DataError {
  return new DataError('file_corrupt', `'${source}' is corrupt: ${reason}`, { source });
}

/**
 * The array of an NPY file.
 *
 * @throws {DataError} `file_truncated`, `file_corrupt`; `file_unsupported` for what is no array of real numbers
 */
export function npyTensor(source: ByteSource, name: string): SourceTensor {
  const { name: path, size } = source;
  const begin = source.read(0, Math.min(12, size));
  if (begin.byteLength < 10 || begin[0] !== 0x93 || Buffer.from(begin.subarray(1, 6)).toString('latin1') !== 'NUMPY') {
    throw corrupt(path, `it does not begin with \\x93NUMPY${kindHint(begin)}`);
  }
  const [major = 0, minor = 0] = begin.subarray(6, 8);
  if (major < 1 || major > 3 || minor !== 0) {
    throw new DataError('file_unsupported', `'${path}' is of NPY version ${major}.${minor}`, { source: path });
  }
  const view = new DataView(begin.buffer, begin.byteOffset, begin.byteLength);
  const headerBegin = major === 1 ? 10 : 12;
  const length = major === 1 || begin.byteLength < 12 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MOST_HEADER_BYTES)
    throw corrupt(path, `its header has ${length} bytes, at most ${MOST_HEADER_BYTES} are read`);
  const header = Buffer.from(source.read(headerBegin, length)).toString('latin1');
  const [, order, code = '', fortran, sizes = ''] = HEADER.exec(header) ?? [];
  if (order === undefined) {
    const isStructure = /'descr' *: *\[|'descr' *: *'\|O'/.test(header);
    if (!isStructure) throw corrupt(path, `its header is ${JSON.stringify(header.slice(0, 200))}`);
    const message = `'${path}' holds Python objects or records, expected an array of numbers`;
    throw new DataError('file_unsupported', message, { source: path });
  }
  const type = TYPES[code];
  if (type === undefined) {
    const message = `'${path}' has numbers of type '${order}${code}'; known are ${Object.keys(TYPES).join(', ')}`;
    throw new DataError('file_unsupported', message, { source: path, type: code });
  }
  const shape = sizes.split(',').flatMap((each) => (each.trim() === '' ? [] : [Number(each)]));
  const place = headerBegin + length;
  const end = place + countOf(path, name, shape) * bytesOf(type);
  if (end < size) throw corrupt(path, `it has ${size} bytes, but its array ends at ${end}`);
  const tensor = storedTensor(source, name, type, shape, { begin: place, bigEndian: order === '>' });
  if (fortran === 'False' || shape.length < 2) return tensor;
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, size) => product * size, 1));
  return { ...tensor, read: () => strided(tensor.read(), shape, strides) };
}
