/**
 * Feature files of HTK and of CMU Sphinx.
 *
 * @see Young and others, "The HTK Book", section 5.10.1, storage of parameter files
 */
import { type RecordedFeatures, rowsAt } from './feature-rows.js';
import { corrupt, requireBytes, requireInput, unsupported, viewOf } from './file-bytes.js';

const HTK_HEADER = 12;
/** Codes of what an HTK file has: a kind in the low bits, and qualifiers. */
const KIND_BITS = 0o77;
const COMPRESSED = 0o2000;
const CHECKSUM = 0o10000;
const CHECKSUM_BYTES = 2;
/** Kinds of 16-bit numbers: the waveform, and others that are not floats. */
const INTEGER_KINDS: readonly number[] = [0, 5, 10];

interface HtkHeader {
  readonly rows: number;
  readonly rowBytes: number;
  readonly code: number;
  /** Where the numbers end, and where the file does. */
  readonly end: number;
  readonly whole: number;
}

function htkHeader(bytes: Uint8Array): HtkHeader {
  const view = viewOf(bytes);
  const [rows, rowBytes, code] = [view.getInt32(0), view.getInt16(8), view.getUint16(10)];
  const end = HTK_HEADER + rows * rowBytes;
  return { rows, rowBytes, code, end, whole: end + ((code & CHECKSUM) === 0 ? 0 : CHECKSUM_BYTES) };
}

/** Whether the sizes in the header of an HTK file are those of the bytes. */
export function isHtk(bytes: Uint8Array): boolean {
  if (bytes.length <= HTK_HEADER) return false;
  const { rows, rowBytes, whole } = htkHeader(bytes);
  return rows > 0 && rowBytes > 0 && whole === bytes.length;
}

/**
 * The features of an HTK file: big-endian floats.
 *
 * @param source name of the bytes in messages: a file name
 * @throws {DataError} `file_truncated`, `file_corrupt` with both sizes; `file_unsupported` for compressed features and kinds of whole numbers
 */
export function decodeHtk(bytes: Uint8Array, source: string): RecordedFeatures {
  requireInput(bytes, source);
  requireBytes(bytes, source, 'the HTK header', HTK_HEADER);
  const { rows, rowBytes, code, end, whole } = htkHeader(bytes);
  if ((code & COMPRESSED) !== 0) {
    throw unsupported(source, `has compressed HTK features (code ${code}); save them without the qualifier _C`, {
      code,
    });
  }
  if (INTEGER_KINDS.includes(code & KIND_BITS)) {
    throw unsupported(source, `has whole numbers (HTK code ${code}), expected a kind of floats such as MFCC`, { code });
  }
  if (rows < 1 || rowBytes < 4 || rowBytes % 4 !== 0) {
    throw corrupt(source, `has ${rows} HTK rows of ${rowBytes} bytes, expected rows of floats`, { rows, rowBytes });
  }
  requireBytes(bytes, source, `the matrix of ${rows} rows of ${rowBytes} bytes`, end);
  if (bytes.length !== whole) {
    const sizes = { expected: whole, actual: bytes.length };
    throw corrupt(source, `has ${bytes.length} bytes, but its HTK features end at ${whole}`, sizes);
  }
  return rowsAt(bytes, source, { begin: HTK_HEADER, rows, columns: rowBytes / 4, size: 4, isLittle: false });
}

/** The byte order of a Sphinx file: its first number counts the floats that follow. Undefined for another file. */
function sphinxOrder(bytes: Uint8Array): { readonly isLittle: boolean } | undefined {
  if (bytes.length < 8) return undefined;
  const counted = (bytes.length - 4) / 4;
  const isLittle = [true, false].find((little) => viewOf(bytes).getInt32(0, little) === counted);
  return isLittle === undefined ? undefined : { isLittle };
}

/** Whether the count in the header of a Sphinx file is that of the bytes. */
export function isSphinx(bytes: Uint8Array): boolean {
  return sphinxOrder(bytes) !== undefined;
}

/**
 * The features of a Sphinx file (`.mfc`), of either byte order.
 *
 * @param source name of the bytes in messages: a file name
 * @param columns numbers in a row, which the file does not say; Sphinx itself uses 13
 * @throws {DataError} `file_corrupt` when the count is not that of the file, or not one of whole rows
 */
export function decodeSphinx(bytes: Uint8Array, source: string, columns = 13): RecordedFeatures {
  requireInput(bytes, source);
  requireBytes(bytes, source, 'the Sphinx header', 4);
  const order = sphinxOrder(bytes);
  if (order === undefined) {
    const [little, big] = [viewOf(bytes).getInt32(0, true), viewOf(bytes).getInt32(0)];
    const message = `has ${bytes.length} bytes, but its first number counts ${little} floats (little-endian) or ${big} (big-endian)`;
    throw corrupt(source, message, { bytes: bytes.length, little, big });
  }
  const count = (bytes.length - 4) / 4;
  if (count % columns !== 0) {
    const help = 'give the numbers in a row as --coefficients';
    throw corrupt(source, `has ${count} floats, which are no rows of ${columns}; ${help}`, { count, columns });
  }
  return rowsAt(bytes, source, { begin: 4, rows: count / columns, columns, size: 4, ...order });
}
