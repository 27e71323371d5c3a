/**
 * A checkpoint: tensors and one JSON object in a safetensors file, with a checksum. `__metadata__` has three strings:
 * `bptt_format` (version of this layout), `bptt_sha256` (SHA-256 of the whole file, with zeros in place of the checksum
 * itself) and `bptt` (the JSON).
 */
import { createHash, type Hash } from 'node:crypto';
import { CheckpointError } from '../core/errors.js';
import { canonicalJson, isJsonObject, type JsonObject, type JsonValue, parseStrictJson } from '../core/json.js';
import { describeValue, rejectUnknownKeys, requireOneOf } from '../core/options.js';
import { readFileBy, readFileBySync, type Transfer, writeFileBy, writeFileBySync } from './file-transfer.js';
import { type HeaderBytes, type LoadedTensor, readHeader, readTensors, writeTensors } from './safetensors.js';
import { corrupt } from './safetensors-header.js';
import type { StoredTensor } from './tensor-types.js';

/** Version of the layout that is written. Older versions stay readable, newer ones are refused. */
export const CHECKPOINT_FORMAT = 1;

const NO_CHECKSUM = '0'.repeat(64);
// The text before the checksum in the header. A string of the metadata cannot contain this: its quotes are escaped.
const CHECKSUM_FIELD = '"bptt_sha256":"';

/** The content of a checkpoint: all tensors by name, and everything else as JSON. */
export interface Checkpoint {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: JsonObject;
}

/** How a checkpoint is read. */
export interface LoadOptions {
  /**
   * Whether the checksum of the file is compared with its bytes; default true. It takes about as long as reading a file that is in
   * memory. Without it a changed weight is not noticed, and a file without a checksum is read.
   */
  readonly verify?: boolean | undefined;
}

/** A checkpoint that was read. */
export interface LoadedCheckpoint extends Checkpoint {
  readonly tensors: ReadonlyMap<string, LoadedTensor>;
}

/** Place of the 64 digits of the checksum in the header; undefined when there is none. */
function checksumPlace(header: Uint8Array): Uint8Array | undefined {
  const at = Buffer.from(header.buffer, header.byteOffset, header.byteLength).indexOf(CHECKSUM_FIELD, 0, 'latin1');
  const begin = at + CHECKSUM_FIELD.length;
  return at < 0 || begin + NO_CHECKSUM.length > header.byteLength
    ? undefined
    : header.subarray(begin, begin + NO_CHECKSUM.length);
}

function* writeCheckpoint(checkpoint: Checkpoint): Transfer<void> {
  let json: string;
  try {
    json = canonicalJson(checkpoint.metadata);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CheckpointError(
      'checkpoint_write_failed',
      `the metadata of the checkpoint is not JSON: ${reason}`,
      {},
      cause,
    );
  }
  const metadata = new Map([
    ['bptt_format', String(CHECKPOINT_FORMAT)],
    ['bptt_sha256', NO_CHECKSUM],
    ['bptt', json],
  ]);
  const hash = createHash('sha256');
  yield* writeTensors(
    checkpoint.tensors,
    metadata,
    (bytes) => hash.update(bytes),
    (header) => checksumPlace(header)?.set(Buffer.from(hash.digest('hex'), 'latin1')),
  );
}

function readFormat(path: string, header: HeaderBytes): string {
  const format = header.metadata.get('bptt_format');
  const json = header.metadata.get('bptt');
  if (format === undefined || json === undefined) {
    throw new CheckpointError(
      'checkpoint_mismatch',
      `'${path}' is a safetensors file, but not a checkpoint of bptt: its metadata lacks '${format === undefined ? 'bptt_format' : 'bptt'}'`,
      { path },
    );
  }
  if (!/^[1-9]\d{0,8}$/.test(format)) throw corrupt(path, `its format version is ${describeValue(format)}`);
  if (Number(format) > CHECKPOINT_FORMAT) {
    throw new CheckpointError(
      'checkpoint_too_new',
      `'${path}' has checkpoint format ${format}, this version of bptt reads formats up to ${CHECKPOINT_FORMAT}: update bptt`,
      { path, format: Number(format), supported: CHECKPOINT_FORMAT },
    );
  }
  return json;
}

function parseMetadata(path: string, json: string): JsonObject {
  let value: JsonValue;
  try {
    value = parseStrictJson(json);
  } catch (cause) {
    throw corrupt(path, `its metadata is not valid JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  if (!isJsonObject(value)) throw corrupt(path, `its metadata must be an object, got ${describeValue(value)}`);
  return value;
}

/** Starts the checksum: the header with zeros in place of the checksum. Returns the checksum that the file contains. */
function startChecksum(path: string, hash: Hash, header: HeaderBytes): string {
  const expected = header.metadata.get('bptt_sha256');
  const blanked = header.bytes.slice();
  const place = checksumPlace(blanked);
  if (expected === undefined || place === undefined || Buffer.from(place).toString('latin1') !== expected) {
    throw corrupt(path, 'its checksum is missing');
  }
  place.fill(0x30);
  hash.update(blanked);
  return expected;
}

function* readCheckpoint(path: string, fileBytes: number, { verify = true }: LoadOptions): Transfer<LoadedCheckpoint> {
  const header = yield* readHeader(path, fileBytes);
  const json = readFormat(path, header);
  if (!verify) return { tensors: yield* readTensors(header, () => undefined), metadata: parseMetadata(path, json) };
  const hash = createHash('sha256');
  const expected = startChecksum(path, hash, header);
  const tensors = yield* readTensors(header, (bytes) => hash.update(bytes));
  const actual = hash.digest('hex');
  if (actual !== expected) {
    throw corrupt(path, `its checksum is ${actual}, it should be ${expected}`, { expected, actual });
  }
  return { tensors, metadata: parseMetadata(path, json) };
}

function* readMetadataOnly(path: string, fileBytes: number): Transfer<JsonObject> {
  const header = yield* readHeader(path, fileBytes);
  return parseMetadata(path, readFormat(path, header));
}

/**
 * Writes a checkpoint. The path has the complete old or the complete new one at every moment: the data is written to a
 * temporary file, flushed and renamed. The tensors must not change before the promise settles.
 *
 * @throws {CheckpointError} `checkpoint_write_failed`; the path then has its old content
 */
export function saveCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  return writeFileBy(path, () => writeCheckpoint(checkpoint));
}

/** As `saveCheckpoint`, on the calling thread: for signal handlers. */
export function saveCheckpointSync(path: string, checkpoint: Checkpoint): void {
  writeFileBySync(path, () => writeCheckpoint(checkpoint));
}

/** @throws {OptionError} `invalid_option`, `unknown_option` */
function requireLoadOptions(options: LoadOptions): LoadOptions {
  rejectUnknownKeys('loadCheckpoint', options, ['verify']);
  requireOneOf('verify', options.verify ?? true, [true, false]);
  return options;
}

/**
 * Reads a checkpoint and verifies its checksum: a single changed bit of header, metadata or tensors is found.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @throws {CheckpointError} `checkpoint_missing`, `checkpoint_unreadable`, `checkpoint_truncated`,
 *   `checkpoint_corrupt`; `checkpoint_mismatch` for a safetensors file of another program; `checkpoint_too_new` for a newer format
 */
export async function loadCheckpoint(path: string, options: LoadOptions = {}): Promise<LoadedCheckpoint> {
  requireLoadOptions(options);
  return readFileBy(path, (fileBytes) => readCheckpoint(path, fileBytes, options));
}

/** As `loadCheckpoint`, on the calling thread. */
export function loadCheckpointSync(path: string, options: LoadOptions = {}): LoadedCheckpoint {
  requireLoadOptions(options);
  return readFileBySync(path, (fileBytes) => readCheckpoint(path, fileBytes, options));
}

/**
 * Reads the JSON of a checkpoint without its tensors. It is fast, but the checksum is not verified.
 *
 * @throws {CheckpointError} as `loadCheckpoint`
 */
export function readCheckpointMetadata(path: string): Promise<JsonObject> {
  return readFileBy(path, (fileBytes) => readMetadataOnly(path, fileBytes));
}
