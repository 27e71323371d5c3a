/**
 * ZIP archives with random access: `.npz`, `.keras` and the files of torch.save. Nothing of an archive is trusted: its entries may
 * not overlap nor have one name twice, their sizes and checksums must be right, and all of them together are bounded.
 *
 * @see APPNOTE.TXT 6.3.10 of PKWARE, sections 4.3 to 4.5
 */
import { constants, crc32, inflateRawSync } from 'node:zlib';
import { type ByteSource, partOf, requireWithin } from '../../core/byte-source.js';
import type { DataError } from '../../core/errors.js';
import { corrupt, type Listed, readDirectory, unsupported, viewOf } from './zip-directory.js';

/** One file of an archive. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes, unpacked. */
  readonly size: number;
  /** Whether it stands in the archive as it is, so that parts of it can be read where they are. */
  readonly isStored: boolean;
  /** Its bytes. The checksum is compared before the first of them are given, but for the first 16 KiB of a packed one. */
  open(): ByteSource;
}

const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;

/** All entries together may unpack to this many times the archive, and so many bytes more: zeros pack 1000 to 1. */
const MOST_GROWTH = 64;
const FREE_BYTES = 2 ** 28;

/** What of a packed entry can be read without unpacking all of it. */
const BEGIN_BYTES = 2 ** 14;

/** Bytes that are read at once for a checksum. */
const CHUNK = 2 ** 20;

/** The begin of an entry's data, behind its local header, which must say what the directory says. */
function dataBegin(source: ByteSource, { name, method, offset }: Listed): number {
  requireWithin(source, `the header of '${name}'`, offset, LOCAL_BYTES);
  const header = viewOf(source.read(offset, LOCAL_BYTES));
  const names = header.getUint16(26, true);
  const isSame =
    header.getUint32(0, true) === LOCAL &&
    header.getUint16(8, true) === method &&
    Buffer.from(source.read(offset + LOCAL_BYTES, names)).toString('utf8') === name;
  if (!isSame) throw corrupt(source.name, `the header at byte ${offset} is not that of '${name}'`, { entry: name });
  return offset + LOCAL_BYTES + names + header.getUint16(28, true);
}

function requireKnown(path: string, { name, flags, method, packed, size }: Listed): void {
  if ((flags & 1) !== 0) throw unsupported(path, `has the entry '${name}', which is encrypted`, { entry: name });
  if (method !== 0 && method !== 8) {
    throw unsupported(path, `has the entry '${name}' packed by method ${method}; stored and deflated ones are read`);
  }
  if (method !== 0 || packed === size) return;
  throw corrupt(path, `'${name}' is stored with ${packed} bytes, but is said to have ${size}`, { entry: name });
}

function wrongChecksum(path: string, { name, crc }: Listed, actual: number): DataError {
  const hex = (number: number) => number.toString(16).padStart(8, '0');
  return corrupt(path, `'${name}' has the checksum ${hex(actual)}, expected ${hex(crc)}`, { entry: name });
}

/** A stored entry: its checksum is compared once, at the first read. */
function storedEntry(source: ByteSource, listed: Listed, begin: number): ByteSource {
  const part = partOf(source, listed.name, begin, listed.size);
  let isChecked = false;
  const check = () => {
    let crc = 0;
    for (let at = 0; at < listed.size; at += CHUNK) crc = crc32(part.read(at, Math.min(CHUNK, listed.size - at)), crc);
    if (crc !== listed.crc) throw wrongChecksum(source.name, listed, crc);
    isChecked = true;
  };
  return {
    ...part,
    read(position, length) {
      if (!isChecked) check();
      return part.read(position, length);
    },
  };
}

/** A packed entry: what is read beyond its begin unpacks all of it. */
function deflatedEntry(source: ByteSource, listed: Listed, begin: number): ByteSource {
  const packed = partOf(source, listed.name, begin, listed.packed);
  const { size } = listed;
  const inflate = (bytes: Uint8Array, options: object): Uint8Array => {
    try {
      const { buffer, byteOffset, byteLength } = inflateRawSync(bytes, options);
      return new Uint8Array(buffer, byteOffset, byteLength); // no Buffer: slice() of one is a view
    } catch (cause) {
      const reason = `'${listed.name}' cannot be unpacked to its ${size} bytes: ${(cause as Error).message}`;
      throw corrupt(source.name, reason, { entry: listed.name });
    }
  };
  const entry: ByteSource = {
    name: packed.name,
    size,
    read(position, length) {
      requireWithin(entry, `a part of ${length} bytes`, position, length);
      const end = position + length;
      if (end <= BEGIN_BYTES && end < size) {
        const some = packed.read(0, Math.min(2 * BEGIN_BYTES, packed.size));
        const unpacked = inflate(some, { finishFlush: constants.Z_SYNC_FLUSH });
        if (unpacked.byteLength >= end) return unpacked.slice(position, end);
      }
      const all = inflate(packed.read(0, packed.size), { maxOutputLength: Math.max(1, size) });
      if (all.byteLength !== size) {
        throw corrupt(source.name, `'${listed.name}' has ${all.byteLength} bytes, but is said to have ${size}`);
      }
      const crc = crc32(all);
      if (crc !== listed.crc) throw wrongChecksum(source.name, listed, crc);
      return length === size ? all : all.slice(position, end);
    },
  };
  return entry;
}

/** @throws {DataError} `file_unsupported` for what unpacks to far more than the archive */
function requireBounded({ name, size }: ByteSource, listed: readonly Listed[]): void {
  const unpacked = listed.reduce((sum, entry) => sum + entry.size, 0);
  const limit = MOST_GROWTH * size + FREE_BYTES;
  if (unpacked <= limit) return;
  throw unsupported(name, `has ${size} bytes that unpack to ${unpacked}, at most ${limit} are read`, { unpacked });
}

/**
 * The files of an archive by name; folders are left out.
 *
 * @throws {DataError} `file_truncated`, `file_corrupt`; `file_unsupported` for encryption, other methods than stored and deflated, several
 *   parts, and for entries that unpack to far more than the archive
 */
export function readZip(source: ByteSource): ReadonlyMap<string, ZipEntry> {
  const { listed, begin: directory } = readDirectory(source);
  requireBounded(source, listed);
  const entries = new Map<string, ZipEntry>();
  let free = 0;
  for (const entry of [...listed].sort((left, right) => left.offset - right.offset)) {
    requireKnown(source.name, entry);
    const begin = dataBegin(source, entry);
    const end = begin + entry.packed;
    if (entry.offset < free || end > directory) {
      throw corrupt(source.name, `'${entry.name}' [${entry.offset}, ${end}) overlaps what stands beside it`);
    }
    free = end;
    const { name, size, method } = entry;
    if (name.endsWith('/') && size === 0) continue;
    if (entries.has(name)) throw corrupt(source.name, `it has '${name}' twice`, { entry: name });
    const isStored = method === 0;
    const open = () => (isStored ? storedEntry : deflatedEntry)(source, entry, begin);
    entries.set(name, { name, size, isStored, open });
  }
  // In the order of the directory, which is that in which they were written.
  return new Map(listed.flatMap(({ name }) => (entries.has(name) ? [[name, entries.get(name) as ZipEntry]] : [])));
}

/** Whether a file begins as a ZIP archive does. */
export function isZip(begin: Uint8Array): boolean {
  return begin.byteLength >= 4 && viewOf(begin).getUint32(0, true) === LOCAL;
}

/** The name of the first entry, as far as it stands in the first bytes. */
export function firstEntryName(begin: Uint8Array): string {
  if (!isZip(begin) || begin.byteLength < LOCAL_BYTES) return '';
  const end = LOCAL_BYTES + viewOf(begin).getUint16(26, true);
  return Buffer.from(begin.subarray(LOCAL_BYTES, end)).toString('utf8');
}
