/** The directory of a ZIP archive, which stands at its end. */
import { type ByteSource, requireWithin } from '../../core/byte-source.js';
import { DataError } from '../../core/errors.js';

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const CENTRAL = 0x02014b50;
const END_BYTES = 22;
const LOCATOR_BYTES = 20;
const END_64_BYTES = 56;
const CENTRAL_BYTES = 46;
const MOST_COMMENT = 0xffff;

/** Most entries, and most bytes of the directory. */
const MOST_ENTRIES = 200_000;
const MOST_DIRECTORY_BYTES = 2 ** 26;

export function corrupt(source: string, reason: string, facts: Record<string, unknown> = {}): DataError {
  return new DataError('file_corrupt', `'${source}' is corrupt: ${reason}`, { source, ...facts });
}

export function unsupported(source: string, reason: string, facts: Record<string, unknown> = {}): DataError {
  return new DataError('file_unsupported', `'${source}' ${reason}`, { source, ...facts });
}

export function viewOf(bytes: Uint8Array): DataView {
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
export interface Listed {
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

/** All entries, and where the directory begins. @throws {DataError} `file_truncated`, `file_corrupt`, `file_unsupported` */
export function readDirectory(source: ByteSource): { listed: Listed[]; begin: number } {
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
