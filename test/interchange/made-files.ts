/** ZIP archives and pickles that are written by hand, right ones and hostile ones. */
import { crc32, deflateRawSync } from 'node:zlib';

/** An entry of an archive; what is not given is as it must be. */
export interface MadeEntry {
  readonly name: string;
  readonly data: Uint8Array;
  readonly isPacked?: boolean;
  readonly crc?: number;
  /** What headers say of it. */
  readonly size?: number;
  readonly flags?: number;
  readonly method?: number;
  /** Of the local header, where the directory says that it is. */
  readonly offset?: number;
}

function record(size: number, write: (view: DataView) => void): Buffer {
  const bytes = Buffer.alloc(size);
  write(new DataView(bytes.buffer, bytes.byteOffset, size));
  return bytes;
}

/** An archive. @param options.comment behind its directory; `count` of entries that it says to have */
export function zip(entries: readonly MadeEntry[], options: { count?: number; zip64?: boolean } = {}): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.name);
    const packed = entry.isPacked === true ? deflateRawSync(entry.data) : Buffer.from(entry.data);
    const { crc = crc32(entry.data), size = entry.data.byteLength, flags = 0 } = entry;
    const method = entry.method ?? (entry.isPacked === true ? 8 : 0);
    const wide = options.zip64 === true;
    const local = record(30, (view) => {
      view.setUint32(0, 0x04034b50, true);
      view.setUint16(6, flags, true);
      view.setUint16(8, method, true);
      view.setUint32(14, crc, true);
      view.setUint32(18, packed.byteLength, true);
      view.setUint32(22, size, true);
      view.setUint16(26, name.byteLength, true);
    });
    const offset = entry.offset ?? at;
    const extra = record(wide ? 28 : 0, (view) => {
      if (!wide) return;
      view.setUint16(0, 1, true);
      view.setUint16(2, 24, true);
      view.setBigUint64(4, BigInt(size), true);
      view.setBigUint64(12, BigInt(packed.byteLength), true);
      view.setBigUint64(20, BigInt(offset), true);
    });
    const central = record(46, (view) => {
      view.setUint32(0, 0x02014b50, true);
      view.setUint16(8, flags, true);
      view.setUint16(10, method, true);
      view.setUint32(16, crc, true);
      view.setUint32(20, wide ? 0xffffffff : packed.byteLength, true);
      view.setUint32(24, wide ? 0xffffffff : size, true);
      view.setUint16(28, name.byteLength, true);
      view.setUint16(30, extra.byteLength, true);
      view.setUint32(42, wide ? 0xffffffff : offset, true);
    });
    parts.push(local, name, packed);
    directory.push(central, name, extra);
    at += 30 + name.byteLength + packed.byteLength;
  }
  const listed = Buffer.concat(directory);
  const end = record(22, (view) => {
    view.setUint32(0, 0x06054b50, true);
    view.setUint16(8, options.count ?? entries.length, true);
    view.setUint16(10, options.count ?? entries.length, true);
    view.setUint32(12, listed.byteLength, true);
    view.setUint32(16, at, true);
  });
  return Buffer.concat([...parts, listed, end]);
}

const text = (value: string) =>
  Buffer.concat([
    record(5, (view) => {
      view.setUint8(0, 0x58);
      view.setUint32(1, Buffer.byteLength(value), true);
    }),
    Buffer.from(value),
  ]);

const int = (value: number) =>
  record(5, (view) => {
    view.setUint8(0, 0x4a);
    view.setInt32(1, value, true);
  });

const long = (value: bigint) =>
  record(10, (view) => {
    view.setUint8(0, 0x8a);
    view.setUint8(1, 8);
    view.setBigInt64(2, value, true);
  });

const code = (...codes: number[]) => Buffer.from(codes);

/** Instructions of pickles. */
export const pickle = {
  text,
  int,
  long,
  code,
  mark: code(0x28),
  stop: code(0x2e),
  tuple: (...items: Buffer[]) => Buffer.concat([code(0x28), ...items, code(0x74)]),
  dict: (entries: readonly (readonly [Buffer, Buffer])[]) =>
    Buffer.concat([code(0x7d, 0x28), ...entries.flat(), code(0x75)]),
  global: (module: string, name: string) => Buffer.from(`c${module}\n${name}\n`),
  call: (callable: Buffer, ...args: Buffer[]) => Buffer.concat([callable, pickle.tuple(...args), code(0x52)]),
  whole: (...parts: Buffer[]) => Buffer.concat([code(0x80, 2), ...parts, code(0x2e)]),
};

/** What is told of a tensor. */
export interface MadeTensor {
  readonly shape: readonly (number | bigint)[];
  readonly strides?: readonly (number | bigint)[];
  readonly offset?: number | bigint;
  /** Numbers of its storage. */
  readonly count: number;
  readonly key?: string;
  readonly type?: string;
  /** A dict behind the other arguments. */
  readonly metadata?: Buffer;
}

const number = (value: number | bigint) => (typeof value === 'bigint' ? long(value) : int(value));

/** A tensor in a pickle. */
export function tensor(made: MadeTensor): Buffer {
  const { shape, strides, offset = 0, count, key = '0', type = 'FloatStorage', metadata } = made;
  const plain = shape.map((_, axis) =>
    shape.slice(axis + 1).reduce<number>((product, size) => product * Number(size), 1),
  );
  const storage = Buffer.concat([
    pickle.tuple(text('storage'), pickle.global('torch', type), text(key), text('cpu'), int(count)),
    code(0x51),
  ]);
  return pickle.call(
    pickle.global('torch._utils', '_rebuild_tensor_v2'),
    storage,
    number(offset),
    pickle.tuple(...shape.map(number)),
    pickle.tuple(...(strides ?? plain).map(number)),
    code(0x89),
    pickle.call(pickle.global('collections', 'OrderedDict')),
    ...(metadata === undefined ? [] : [metadata]),
  );
}

/** A file of torch.save. */
export function torchFile(root: Buffer, storages: Readonly<Record<string, Float32Array>> = {}): Buffer {
  return zip([
    { name: 'archive/data.pkl', data: pickle.whole(root) },
    ...Object.entries(storages).map(([key, data]) => ({
      name: `archive/data/${key}`,
      data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    })),
  ]);
}

/** An array of NumPy. */
export function npy(descr: string, shape: string, data: Uint8Array, order = 'False'): Buffer {
  const header = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${shape}), }`.padEnd(117);
  const head = Buffer.from(`\x93NUMPY\x01\x00vv${header}\n`, 'latin1');
  head.writeUInt16LE(header.length + 1, 8);
  return Buffer.concat([head, data]);
}
