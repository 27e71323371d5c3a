/**
 * The header of a safetensors file, as bytes and as data. Nothing in a file is used before it is checked here.
 *
 * A file is: 8 bytes, the length of the header (unsigned, little-endian); the header, JSON padded with spaces to a
 * multiple of 8; the data. The header maps names to {dtype, shape, data_offsets: [begin, end)} in bytes of the data,
 * and `__metadata__` to an object of strings. The tensors fill the data without gap or overlap.
 * Source: https://github.com/huggingface/safetensors (README, "Format").
 */
import { CheckpointError } from '../core/errors.js';
import { kindHint } from '../core/file-kind.js';
import { isJsonObject, type JsonValue, parseStrictJson } from '../core/json.js';
import { describeValue } from '../core/options.js';
import {
  bytesPerElement,
  DTYPES,
  type Dtype,
  dtypeOf,
  elementCount,
  isDtype,
  type StoredTensor,
} from './tensor-types.js';

/** Longest header that is accepted, in bytes; the limit of the reference implementation. */
export const MAX_HEADER_BYTES = 100_000_000;

/** Longest name of a tensor, UTF-16 units. */
export const MAX_NAME_LENGTH = 1024;

/** Bytes of the number before the header. */
export const LENGTH_BYTES = 8;

const METADATA_KEY = '__metadata__';

/** The place of a tensor: bytes [begin, end) of the data section. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** A checked header: tensors in the order of their bytes, and the strings of the metadata. */
export interface SafetensorsHeader {
  readonly entries: readonly TensorEntry[];
  readonly metadata: ReadonlyMap<string, string>;
}

/** The error for a file with wrong content; `facts` have the place and the sizes. */
export function corrupt(source: string, reason: string, facts: Record<string, unknown> = {}): CheckpointError {
  return new CheckpointError('checkpoint_corrupt', `'${source}' is corrupt: ${reason}`, { source, ...facts });
}

/** The error for a file that is too short. */
export function truncated(source: string, what: string, needed: number, actual: number, hint = ''): CheckpointError {
  return new CheckpointError(
    'checkpoint_truncated',
    `'${source}' is truncated: ${what} needs ${needed} bytes, the file has ${actual}${hint}`,
    { source, needed, actual },
  );
}

/**
 * Length of the header from the first 8 bytes.
 *
 * @param prefix the first bytes, at least 8; the others tell what a file is that is no safetensors file
 *
 * @throws {CheckpointError} `checkpoint_truncated`, `checkpoint_corrupt`
 */
export function readHeaderLength(source: string, prefix: Uint8Array, fileBytes: number): number {
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength);
  const length = view.getBigUint64(0, true);
  const kind = kindHint(prefix);
  if (length < 2n || length > BigInt(MAX_HEADER_BYTES)) {
    const what = `its header length is ${length}, allowed are 2 to ${MAX_HEADER_BYTES} bytes`;
    const hint = kind || ': is it a safetensors file at all?';
    throw corrupt(source, `${what}${hint}`, { headerBytes: String(length) });
  }
  if (LENGTH_BYTES + Number(length) > fileBytes) {
    throw truncated(source, `its header of ${length} bytes`, LENGTH_BYTES + Number(length), fileBytes, kind);
  }
  return Number(length);
}

function parseJson(source: string, bytes: Uint8Array): JsonValue {
  // The reference implementation also refuses white space before the object, so that a file has only one form.
  if (bytes[0] !== 0x7b) throw corrupt(source, `its header begins with byte ${bytes[0]}, not with '{'`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw corrupt(source, 'its header is not UTF-8');
  }
  try {
    return parseStrictJson(text);
  } catch (cause) {
    throw corrupt(source, `its header is not valid JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function readMetadata(source: string, value: JsonValue): Map<string, string> {
  if (!isJsonObject(value)) throw corrupt(source, `${METADATA_KEY} must be an object, got ${describeValue(value)}`);
  const metadata = new Map<string, string>();
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') {
      throw corrupt(source, `${METADATA_KEY} '${key}' must be a string, got ${describeValue(text)}`);
    }
    metadata.set(key, text);
  }
  return metadata;
}

const isPlace = (offset: unknown) => Number.isSafeInteger(offset) && (offset as number) >= 0;

function readEntry(source: string, name: string, value: JsonValue): TensorEntry {
  const fail = (reason: string, facts: Record<string, unknown> = {}): CheckpointError =>
    corrupt(source, `tensor ${describeValue(name)} ${reason}`, { tensor: name, ...facts });
  if (name === '' || name.length > MAX_NAME_LENGTH) {
    throw fail(`has a name of ${name.length} characters, allowed are 1 to ${MAX_NAME_LENGTH}`);
  }
  if (!isJsonObject(value)) throw fail(`must be an object, got ${describeValue(value)}`);
  for (const key of Object.keys(value)) {
    if (!['dtype', 'shape', 'data_offsets'].includes(key)) throw fail(`has an unknown field '${key}'`);
  }
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isDtype(dtype)) throw fail(`has dtype ${describeValue(dtype)}, known are ${DTYPES.join(' ')}`, { dtype });
  const count = Array.isArray(shape) ? elementCount(shape) : undefined;
  const bytes = count === undefined ? Number.NaN : count * bytesPerElement(dtype);
  if (!Number.isSafeInteger(bytes)) throw fail(`has an impossible shape ${describeValue(shape)}`, { shape });
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isPlace)) {
    throw fail(`has impossible data_offsets ${describeValue(offsets)}`, { offsets });
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end || end - begin !== bytes) {
    throw fail(
      `has ${end - begin} bytes at [${begin}, ${end}), but shape ${describeValue(shape)} of ${dtype} needs ${bytes}`,
      {
        begin,
        end,
        needed: bytes,
      },
    );
  }
  return { name, dtype, shape: Object.freeze(shape as number[]), begin, end };
}

function checkLayout(source: string, entries: readonly TensorEntry[], dataBytes: number): void {
  let filled = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== filled) {
      const what = begin < filled ? 'overlaps the tensor before it' : 'leaves a gap before it';
      throw corrupt(source, `tensor ${describeValue(name)} ${what}: it begins at ${begin}, expected ${filled}`, {
        tensor: name,
        begin,
        expected: filled,
      });
    }
    filled = end;
  }
  if (filled > dataBytes) {
    const last = entries.find((entry) => entry.end > dataBytes);
    throw truncated(source, `tensor ${describeValue(last?.name)} (data up to byte ${last?.end})`, filled, dataBytes);
  }
  if (filled < dataBytes) {
    throw corrupt(source, `its tensors take ${filled} bytes of data, the file has ${dataBytes}`, { filled, dataBytes });
  }
}

/**
 * Checks and reads a header.
 *
 * @param source file name, for messages
 * @param bytes the header itself, without the 8 bytes before it
 * @param dataBytes bytes of the file after the header
 * @throws {CheckpointError} `checkpoint_corrupt` or `checkpoint_truncated`, naming the tensor and both sizes
 */
export function decodeHeader(source: string, bytes: Uint8Array, dataBytes: number): SafetensorsHeader {
  const header = parseJson(source, bytes);
  if (!isJsonObject(header)) throw corrupt(source, 'its header is not an object');
  let metadata = new Map<string, string>();
  const entries: TensorEntry[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === METADATA_KEY) metadata = readMetadata(source, value);
    else entries.push(readEntry(source, name, value));
  }
  entries.sort((left, right) => left.begin - right.begin || left.end - right.end);
  checkLayout(source, entries, dataBytes);
  return { entries, metadata };
}

/** False for a lone surrogate, which JavaScript writes as JSON and other readers refuse. */
function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** A tensor with its place in the file that is to be written. */
export interface PlacedTensor extends TensorEntry {
  readonly bytes: Uint8Array;
}

/**
 * Assigns a place to every tensor: wide elements first, then by name, so that each tensor is aligned to its element.
 *
 * @throws {CheckpointError} `checkpoint_write_failed` for a name that cannot be read again, an array that cannot be
 *   stored, or a shape that is not the size of its array
 */
export function placeTensors(tensors: ReadonlyMap<string, StoredTensor>): PlacedTensor[] {
  const typed = [...tensors].map(([name, tensor]) => {
    const fail = (reason: string): CheckpointError =>
      new CheckpointError('checkpoint_write_failed', `tensor ${describeValue(name)} cannot be written: ${reason}`, {
        tensor: name,
      });
    if (name === '' || name.length > MAX_NAME_LENGTH || name === METADATA_KEY || !isWellFormed(name)) {
      throw fail(`its name is reserved, ill-formed, empty, or longer than ${MAX_NAME_LENGTH} characters`);
    }
    const { shape, data } = tensor;
    const dtype = dtypeOf(name, tensor);
    const count = elementCount(shape);
    if (count !== data.length) {
      throw fail(
        `shape ${describeValue(shape)} needs ${count ?? 'an impossible number of'} elements, its array has ${data.length}`,
      );
    }
    return { name, dtype, shape: [...shape], bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
  });
  typed.sort(
    (left, right) =>
      bytesPerElement(right.dtype) - bytesPerElement(left.dtype) ||
      (left.name < right.name ? -1 : Number(left.name > right.name)),
  );
  let filled = 0;
  return typed.map((tensor) => {
    const begin = filled;
    filled += tensor.bytes.byteLength;
    return { ...tensor, begin, end: filled };
  });
}

/**
 * The first bytes of a file: length and header, padded so that the data begins at a multiple of 8.
 *
 * @throws {CheckpointError} `checkpoint_write_failed` when the header is longer than MAX_HEADER_BYTES, or a string of
 *   the metadata is not well-formed Unicode
 */
export function encodeHeader(entries: readonly TensorEntry[], metadata: ReadonlyMap<string, string>): Uint8Array {
  // Written member by member: an object would put names that look like numbers first, and would lose the name
  // __proto__.
  const members = entries.map(
    ({ name, dtype, shape, begin, end }) =>
      `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`,
  );
  const strings = [...metadata].map(([key, text]) => {
    if (isWellFormed(key) && isWellFormed(text)) return `${JSON.stringify(key)}:${JSON.stringify(text)}`;
    throw new CheckpointError('checkpoint_write_failed', `metadata ${describeValue(key)} is not well-formed Unicode`, {
      key,
    });
  });
  if (strings.length > 0) members.unshift(`${JSON.stringify(METADATA_KEY)}:{${strings.join(',')}}`);
  const json = new TextEncoder().encode(`{${members.join(',')}}`);
  const length = Math.ceil(json.byteLength / LENGTH_BYTES) * LENGTH_BYTES;
  if (length > MAX_HEADER_BYTES) {
    throw new CheckpointError(
      'checkpoint_write_failed',
      `the header (names, shapes and metadata) takes ${length} bytes, at most ${MAX_HEADER_BYTES} can be read again`,
      { headerBytes: length },
    );
  }
  const bytes = new Uint8Array(LENGTH_BYTES + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, LENGTH_BYTES);
  return bytes;
}
