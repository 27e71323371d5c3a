/** Reads and writes safetensors files: named tensors and strings, readable by PyTorch, numpy, JAX and others. */

import { KIND_BYTES } from '../core/file-kind.js';
import {
  CHUNK_BYTES,
  readFileBy,
  readFileBySync,
  type Transfer,
  writeFileBy,
  writeFileBySync,
} from './file-transfer.js';
import {
  decodeHeader,
  encodeHeader,
  LENGTH_BYTES,
  placeTensors,
  readHeaderLength,
  type SafetensorsHeader,
  truncated,
} from './safetensors-header.js';
import { type Dtype, makeTensorArray, type StoredTensor, type TensorArray } from './tensor-types.js';

/** A tensor that was read: a separate array, row-major. */
export interface LoadedTensor extends StoredTensor {
  readonly dtype: Dtype;
}

/** The content of a safetensors file. */
export interface Safetensors {
  readonly tensors: ReadonlyMap<string, LoadedTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** A header together with its bytes, including the 8 bytes of the length. */
export interface HeaderBytes extends SafetensorsHeader {
  readonly bytes: Uint8Array;
}

/** Receives every byte of a file once, in order. */
export type ByteObserver = (bytes: Uint8Array) => void;

function ignoreBytes(): void {}

/** Reads length and header, and checks them against the size of the file. */
export function* readHeader(path: string, fileBytes: number): Transfer<HeaderBytes> {
  if (fileBytes < LENGTH_BYTES) throw truncated(path, 'a safetensors file', LENGTH_BYTES, fileBytes);
  const prefix = new Uint8Array(Math.min(KIND_BYTES, fileBytes));
  yield { bytes: prefix, position: 0 };
  const bytes = new Uint8Array(LENGTH_BYTES + readHeaderLength(path, prefix, fileBytes));
  bytes.set(prefix.subarray(0, LENGTH_BYTES));
  const json = bytes.subarray(LENGTH_BYTES);
  for (let at = 0; at < json.byteLength; at += CHUNK_BYTES) {
    yield { bytes: json.subarray(at, at + CHUNK_BYTES), position: LENGTH_BYTES + at };
  }
  return { ...decodeHeader(path, json, fileBytes - bytes.byteLength), bytes };
}

/** Reads the tensors after a header, each into a separate array. */
export function* readTensors(header: HeaderBytes, observe: ByteObserver): Transfer<Map<string, LoadedTensor>> {
  const tensors = new Map<string, LoadedTensor>();
  for (const { name, dtype, shape, begin } of header.entries) {
    const data: TensorArray = makeTensorArray(
      dtype,
      shape.reduce((product, size) => product * size, 1),
    );
    const bytes = new Uint8Array(data.buffer);
    for (let at = 0; at < bytes.byteLength; at += CHUNK_BYTES) {
      const chunk = bytes.subarray(at, at + CHUNK_BYTES);
      yield { bytes: chunk, position: header.bytes.byteLength + begin + at };
      observe(chunk);
    }
    tensors.set(name, { dtype, shape, data });
  }
  return tensors;
}

/**
 * Writes a whole file. When all data has been written, `finish` may change bytes of the header (a checksum): the bytes
 * that it returns are written again.
 *
 * @throws {CheckpointError} `checkpoint_write_failed`
 */
export function* writeTensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: ReadonlyMap<string, string>,
  observe: ByteObserver = ignoreBytes,
  finish?: (header: Uint8Array) => void,
): Transfer<void> {
  const placed = placeTensors(tensors);
  const header = encodeHeader(placed, metadata);
  observe(header);
  for (let at = 0; at < header.byteLength; at += CHUNK_BYTES) {
    yield { bytes: header.subarray(at, at + CHUNK_BYTES), position: at };
  }
  // Chunks are copied first. So the observed bytes are the written bytes, and neither hashing nor writing uses shared
  // memory.
  const largest = placed.reduce((bytes, { begin, end }) => Math.max(bytes, end - begin), 0);
  const staging = new Uint8Array(Math.min(CHUNK_BYTES, largest));
  for (const { bytes, begin } of placed) {
    for (let at = 0; at < bytes.byteLength; at += CHUNK_BYTES) {
      const source = bytes.subarray(at, at + CHUNK_BYTES);
      staging.set(source);
      const chunk = staging.subarray(0, source.byteLength);
      observe(chunk);
      yield { bytes: chunk, position: header.byteLength + begin + at };
    }
  }
  if (finish === undefined) return;
  finish(header);
  yield { bytes: header, position: 0 };
}

function* readAll(path: string, fileBytes: number): Transfer<Safetensors> {
  const header = yield* readHeader(path, fileBytes);
  return { tensors: yield* readTensors(header, ignoreBytes), metadata: header.metadata };
}

/**
 * Reads a safetensors file. Nothing in it is trusted: sizes, JSON, names, types, shapes and offsets are checked before
 * memory is allocated. The allocated memory is never larger than the file.
 *
 * @throws {CheckpointError} `checkpoint_missing`, `checkpoint_unreadable`, `checkpoint_truncated`, `checkpoint_corrupt`
 */
export function readSafetensors(path: string): Promise<Safetensors> {
  return readFileBy(path, (fileBytes) => readAll(path, fileBytes));
}

/** As `readSafetensors`, on the calling thread. */
export function readSafetensorsSync(path: string): Safetensors {
  return readFileBySync(path, (fileBytes) => readAll(path, fileBytes));
}

/**
 * Writes a safetensors file. It appears under its name when it is complete. The tensors must not change before the
 * promise settles.
 *
 * @throws {CheckpointError} `checkpoint_write_failed`
 * @example await writeSafetensors('weights.safetensors', model.parameters);
 */
export function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Promise<void> {
  return writeFileBy(path, () => writeTensors(tensors, metadata));
}

/** As `writeSafetensors`, on the calling thread. */
export function writeSafetensorsSync(
  path: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
): void {
  writeFileBySync(path, () => writeTensors(tensors, metadata));
}
