/**
 * ZIP archives with random access: `.npz`, `.keras` and the files of torch.save. Nothing of an archive is trusted: its entries may
 * not overlap nor have one name twice, their sizes and checksums must be right, and all of them together are bounded.
 *
 * @see APPNOTE.TXT 6.3.10 of PKWARE, sections 4.3 to 4.5
 */
import { constants, crc32, inflateRawSync } from 'node:zlib';
import { type ByteSource, partOf, requireWithin } from '../../core/byte-source.js';
import { DataError } from '../../core/errors.js';

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

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const LOCATOR_BYTES = 20;
const END_64_BYTES = 56;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;
const MOST_COMMENT = 0xffff;

/** Most entries, and most bytes of the directory. */
const MOST_ENTRIES = 200_000;
const MOST_DIRECTORY_BYTES = 2 ** 26;

/** All entries together may unpack to this many times the archive, and so many bytes more: zeros pack 1000 to 1. */
const MOST_GROWTH = 64;
const FREE_BYTES = 2 ** 28;

/** What of a packed entry can be read without unpacking all of it. */
const BEGIN_BYTES = 2 ** 14;

/** Bytes that are read at once for a checksum. */
const CHUNK = 2 ** 20;

function corrupt(source: string, reason: string, facts: Record<string, unknown> = {}): DataError {
  return new DataError('file_corrupt', `'${source}' is corrupt: ${reason}`, { source, ...facts });
}

function unsupported(source: string, reason: string, facts: Record<string, unknown> = {}): DataError {
  return new DataError('file_unsupported', `'${source}' ${reason}`, { source, ...facts });
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Where the directory stands. */
interface Directory {
  readonly begin: number;
  readonly size: number;
  readonly count: number;
}

/** A 64-bit number that must be a place in a file. */
function place(source: string, value: bigint): number {
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw corrupt(source, `it says of a place ${value}`);
}

function findDirectory(source: ByteSource): Directory {
  const { name, size } = source;
  const length = Math.min(size, END_BYTES + MOST_COMMENT);
  const tail = source.read(size - length, length);
  const view = viewOf(tail);
  for (let at = length - END_BYTES; at >= 0; at--) {
    if (view.getUint32(at, true) !== END || at + END_BYTES + view.getUint16(at + 20, true) !== length) continue;
    if (view.getUint16(at + 4, true) !== 0 && view.getUint16(at + 4, true) !== 0xffff) {
      throw unsupported(name, 'is one of several parts of a ZIP archive: join them first');
    }
    return directory64(source, size - length + at) ?? { ...directory32(view, at) };
  }
  throw corrupt(name, 'a ZIP archive ends with a directory, which is not there: it is cut off, or no archive');
}

function directory32(view: DataView, at: number): Directory {
  return {
    count: view.getUint16(at + 10, true),
    size: view.getUint32(at + 12, true),
    begin: view.getUint32(at + 16, true),
  };
}

/** The directory of an archive beyond the limits of the old record. */
function directory64(source: ByteSource, end: number): Directory | undefined {
  if (end < LOCATOR_BYTES) return undefined;
  const locator = viewOf(source.read(end - LOCATOR_BYTES, LOCATOR_BYTES));
  if (locator.getUint32(0, true) !== LOCATOR_64) return undefined;
  const at = place(source.name, locator.getBigUint64(8, true));
  requireWithin(source, 'the ZIP64 directory', at, END_64_BYTES);
  const record = viewOf(source.read(at, END_64_BYTES));
  if (record.getUint32(0, true) !== END_64) throw corrupt(source.name, `there is no ZIP64 directory at byte ${at}`);
  const number = (offset: number) => place(source.name, record.getBigUint64(offset, true));
  return { count: number(32), size: number(40), begin: number(48) };
}

/** What the directory says of an entry. */
interface Listed {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  /** Of its local header. */
  readonly offset: number;
}

/** The sizes and the offset, which stand in an extra field where 32 bits do not hold them. */
function wideNumbers(source: string, entry: Listed, extra: DataView): Listed {
  const wanted = (['size', 'packed', 'offset'] as const).filter((field) => entry[field] === 0xffff_ffff);
  if (wanted.length === 0) return entry;
  for (let at = 0; at + 4 <= extra.byteLength; ) {
    const [id, length] = [extra.getUint16(at, true), extra.getUint16(at + 2, true)];
    if (id === 1 && length >= 8 * wanted.length && at + 4 + length <= extra.byteLength) {
      const numbers = wanted.map((field, index) => [
        field,
        place(source, extra.getBigUint64(at + 4 + 8 * index, true)),
      ]);
      return { ...entry, ...Object.fromEntries(numbers) };
    }
    at += 4 + length;
  }
  throw corrupt(source, `'${entry.name}' lacks its ZIP64 sizes`);
}

function readDirectory(source: ByteSource): { listed: Listed[]; begin: number } {
  const { name: path } = source;
  const { begin, size, count } = findDirectory(source);
  if (count > MOST_ENTRIES || size > MOST_DIRECTORY_BYTES) {
    throw unsupported(path, `has ${count} entries in a directory of ${size} bytes, at most ${MOST_ENTRIES} are read`);
  }
  requireWithin(source, 'the ZIP directory', begin, size);
  const bytes = source.read(begin, size);
  const view = viewOf(bytes);
  const listed: Listed[] = [];
  for (let at = 0; listed.length < count; ) {
    if (at + CENTRAL_BYTES > size || view.getUint32(at, true) !== CENTRAL) {
      throw corrupt(path, `entry ${listed.length} of ${count} is not in its directory`);
    }
    const [names, extras, comments] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true)) as [
      number,
      number,
      number,
    ];
    const next = at + CENTRAL_BYTES + names + extras + comments;
    if (next > size) throw corrupt(path, `entry ${listed.length} goes beyond its directory`);
    const nameEnd = at + CENTRAL_BYTES + names;
    const entry = {
      name: Buffer.from(bytes.subarray(at + CENTRAL_BYTES, nameEnd)).toString('utf8'),
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    };
    listed.push(wideNumbers(path, entry, new DataView(bytes.buffer, bytes.byteOffset + nameEnd, extras)));
    at = next;
  }
  return { listed, begin };
}

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
