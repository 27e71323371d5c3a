/** The two containers of torch.save: a ZIP archive (since 1.6), and pickles with the numbers behind them (before). */
import { type ByteSource, partOf } from '../../core/byte-source.js';
import { DataError } from '../../core/errors.js';
import { bytesOf } from '../sources/number-types.js';
import { isZip, readZip, type ZipEntry } from '../sources/zip.js';
import { ByteCursor } from './byte-cursor.js';
import { readPickle } from './pickle.js';
import { PickleDict, PickleList, type PickleValue } from './pickle-values.js';
import { TorchRules, type TorchStorage } from './torch-values.js';

/** What torch.save was given, with the numbers of its tensors where they stand. */
export interface TorchArchive {
  readonly root: PickleValue;
  readonly form: string;
  readonly bigEndian: boolean;
  /** Numbers in all storages. */
  readonly count: number;
  /** The bytes of a storage. */
  bytes(storage: TorchStorage): ByteSource;
}

/** Largest pickle: names, shapes and what else stands beside the weights. */
const MOST_PICKLE_BYTES = 2 ** 28;

/** LONG1 with the magic number 0x1950a86a20f9469cfc6c, behind the instruction PROTO. */
const MAGIC = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/** Version of the older container. */
const OLD_VERSION = 1001;

function corrupt(source: string, reason: string): DataError {
  return new DataError('file_corrupt', `'${source}' is corrupt: ${reason}`, { source });
}

function unsupported(source: string, reason: string): DataError {
  return new DataError('file_unsupported', `'${source}' ${reason}`, { source });
}

/** Whether a file begins with the pickle of the older container. */
export function isOldTorch(begin: Uint8Array): boolean {
  return begin[0] === 0x80 && MAGIC.every((byte, at) => begin[at + 2] === byte);
}

const countAll = (storages: ReadonlyMap<string, TorchStorage>) =>
  [...storages.values()].reduce((sum, { count }) => sum + count, 0);

/** The entry with the pickle, and the folder in which it and the others stand. */
function pickleEntry(path: string, entries: ReadonlyMap<string, ZipEntry>): { entry: ZipEntry; folder: string } {
  const entry = [...entries.values()].find(({ name }) => /^(?:[^/]*\/)?data\.pkl$/.test(name));
  if (entry === undefined) throw unsupported(path, "is a ZIP archive without 'data.pkl': torch.save did not write it");
  const folder = entry.name.slice(0, -'data.pkl'.length);
  if (entries.has(`${folder}constants.pkl`)) {
    throw unsupported(
      path,
      "is a TorchScript program: save its weights, in Python with torch.save(torch.jit.load('IN.pt').state_dict(), 'OUT.pt')",
    );
  }
  if (entry.size <= MOST_PICKLE_BYTES) return { entry, folder };
  throw unsupported(path, `has a pickle of ${entry.size} bytes, at most ${MOST_PICKLE_BYTES} are read`);
}

function byteOrder(path: string, entry: ZipEntry | undefined): boolean {
  if (entry === undefined) return false;
  const text = entry.size > 16 ? '' : Buffer.from(entry.open().read(0, entry.size)).toString('latin1');
  if (text === 'little' || text === 'big') return text === 'big';
  throw corrupt(path, "its 'byteorder' is neither 'little' nor 'big'");
}

function zipArchive(source: ByteSource): TorchArchive {
  const entries = readZip(source);
  const { entry, folder } = pickleEntry(source.name, entries);
  const rules = new TorchRules(source.name);
  const pickle = entry.open();
  const cursor = new ByteCursor(pickle);
  const root = readPickle(cursor, rules);
  if (cursor.at !== pickle.size) throw corrupt(pickle.name, `its pickle ends at byte ${cursor.at} of ${pickle.size}`);
  const places = new Map(
    [...rules.storages].map(([key, storage]) => [key, storageEntry(source, entries, folder, storage)]),
  );
  return {
    root,
    form: 'torch.save, ZIP archive',
    bigEndian: byteOrder(source.name, entries.get(`${folder}byteorder`)),
    count: countAll(rules.storages),
    bytes: ({ key }) => (places.get(key) as ZipEntry).open(),
  };
}

/** @throws {DataError} `file_corrupt` for a storage that is not there in its size */
function storageEntry(
  { name: path }: ByteSource,
  entries: ReadonlyMap<string, ZipEntry>,
  folder: string,
  { key, type, count }: TorchStorage,
): ZipEntry {
  const entry = entries.get(`${folder}data/${key}`);
  if (entry === undefined) throw corrupt(path, `there is no storage '${folder}data/${key}'`);
  if (entry.size === count * bytesOf(type)) return entry;
  throw corrupt(
    path,
    `'${entry.name}' has ${entry.size} bytes, but ${count} numbers of ${type} are ${count * bytesOf(type)}`,
  );
}

function entryOf(value: PickleValue, key: string): PickleValue | undefined {
  return value instanceof PickleDict ? value.entries.get(key) : undefined;
}

/** Magic number, version, facts of the machine, the object, the keys of its storages; then each storage with its length. */
function oldArchive(source: ByteSource): TorchArchive {
  const { name: path } = source;
  const rules = new TorchRules(path);
  const cursor = new ByteCursor(source);
  readPickle(cursor, rules);
  const version = readPickle(cursor, rules);
  if (version !== OLD_VERSION)
    throw unsupported(path, `is of version ${String(version)} of torch.save, expected ${OLD_VERSION}`);
  const machine = readPickle(cursor, rules);
  const root = readPickle(cursor, rules);
  const keys = readPickle(cursor, rules);
  if (cursor.at > MOST_PICKLE_BYTES) throw unsupported(path, `has pickles of more than ${MOST_PICKLE_BYTES} bytes`);
  const places = new Map<string, ByteSource>();
  let at = cursor.at;
  for (const key of keys instanceof PickleList ? keys.items : []) {
    const storage = typeof key === 'string' ? rules.storages.get(key) : undefined;
    if (storage === undefined || places.has(storage.key))
      throw corrupt(path, `storage ${String(key)} is unknown, or there twice`);
    const count = new ByteCursor(source, at).unsigned(8);
    if (count !== storage.count)
      throw corrupt(path, `storage '${storage.key}' has ${count} numbers, expected ${storage.count}`);
    const size = count * bytesOf(storage.type);
    places.set(storage.key, partOf(source, `storage '${storage.key}'`, at + 8, size));
    at += 8 + size;
  }
  if (at !== source.size) throw corrupt(path, `its storages end at byte ${at} of ${source.size}`);
  for (const key of rules.storages.keys()) if (!places.has(key)) throw corrupt(path, `there is no storage '${key}'`);
  return {
    root,
    form: `torch.save before 1.6${entryOf(machine, 'little_endian') === false ? ', by a big-endian machine' : ''}`,
    // Numbers are little-endian whatever the machine: it exchanges them as it writes (torch/csrc/serialization.cpp).
    bigEndian: false,
    count: countAll(rules.storages),
    bytes: ({ key }) => places.get(key) as ByteSource,
  };
}

/**
 * What torch.save has written. Nothing is executed, and no number is read before it is asked for.
 *
 * @throws {DataError} `file_truncated`, `file_corrupt`, `file_unsupported`
 * @throws {InterchangeError} `refused_global` for a file that asks for anything but tensors and containers
 */
export function openTorchArchive(source: ByteSource, begin: Uint8Array): TorchArchive {
  if (isZip(begin)) return zipArchive(source);
  if (isOldTorch(begin)) return oldArchive(source);
  throw unsupported(source.name, 'is no file of torch.save: neither a ZIP archive nor one of its older pickles');
}
