import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  type LoadedTensor,
  readSafetensors,
  readSafetensorsSync,
  writeSafetensors,
  writeSafetensorsSync,
} from '../../src/checkpoint/safetensors.js';
import { decodeHeader } from '../../src/checkpoint/safetensors-header.js';
import type { StoredTensor } from '../../src/checkpoint/tensor-types.js';
import { temporaryDirectory } from './temporary-directory.js';

const code = (expected: string) => expect.objectContaining({ code: expected });
const golden = fileURLToPath(new URL('golden/reference.safetensors', import.meta.url));

/** A file of a header (as an object or as text) and that many zeros of data. */
function fileOf(header: unknown, dataBytes: number): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(dataBytes)]);
}

function readBytes(bytes: Uint8Array) {
  const path = join(temporaryDirectory(), 'x.safetensors');
  writeFileSync(path, bytes);
  return readSafetensorsSync(path);
}

const entry = (begin: number, end: number, shape: unknown = [(end - begin) / 4], dtype: unknown = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe('a large file', () => {
  it('has offsets whose product is beyond 2^53', () => {
    const [begin, end] = [2e8, 4e8];
    const header = { a: entry(0, begin, [begin], 'U8'), b: entry(begin, end, [begin], 'U8') };
    const { entries } = decodeHeader('x', new TextEncoder().encode(JSON.stringify(header)), end);
    expect(entries.map(({ name, begin: at }) => [name, at])).toEqual([
      ['a', 0],
      ['b', begin],
    ]);
  });
});

describe('a file of the reference implementation', () => {
  it('is read, every type of it', async () => {
    const { tensors, metadata } = await readSafetensors(golden);
    const values = Object.fromEntries(
      [...tensors].map(([name, { dtype, shape, data }]) => [name, [dtype, shape, data]]),
    );
    expect(values).toEqual({
      'layer.0.weight': ['F32', [2, 3], Float32Array.of(-0.5, -0.25, 0, 0.25, 0.5, 0.75)],
      double: ['F64', [2], Float64Array.of(1 / 3, -1e300)],
      counts: ['I32', [3], Int32Array.of(-1, 0, 2 ** 31 - 1)],
      long: ['I64', [2], BigInt64Array.of(-(2n ** 63n), 2n ** 53n + 1n)],
      bytes: ['U8', [3], Uint8Array.of(0, 127, 255)],
      mask: ['BOOL', [3], Uint8Array.of(1, 0, 1)],
      half: ['F16', [2], Uint16Array.of(0x3c00, 0xc000)],
      brain: ['BF16', [2], Uint16Array.of(0x3f80, 0xc000)],
      scalar: ['F32', [], Float32Array.of(2.5)],
      empty: ['F32', [0, 4], new Float32Array(0)],
      名前: ['I16', [1], Int16Array.of(7)],
    });
    expect([...metadata].sort()).toEqual([
      ['note', 'größer "1"\n'],
      ['origin', 'PyTorch'],
    ]);
    expect(readSafetensorsSync(golden)).toEqual({ tensors, metadata });
  });

  it('is written back with the same data section', () => {
    const path = join(temporaryDirectory(), 'copy.safetensors');
    const { tensors, metadata } = readSafetensorsSync(golden);
    writeSafetensorsSync(path, tensors, metadata);
    expect(readSafetensorsSync(path)).toEqual({ tensors, metadata });
    const data = (file: Buffer) => file.subarray(8 + Number(file.readBigUInt64LE()));
    expect(data(readFileSync(path)).byteLength).toBe(data(readFileSync(golden)).byteLength);
  });
});

describe('writing', () => {
  it('gives the layout that the format describes: padded header, wide elements first, aligned', () => {
    const path = join(temporaryDirectory(), 'a.safetensors');
    const tensors = new Map<string, StoredTensor>([
      ['bytes', { shape: [3], data: Uint8Array.of(1, 2, 3) }],
      ['b', { shape: [1, 2], data: Float32Array.of(1, 2) }],
      ['a', { shape: [1], data: Float32Array.of(3) }],
      ['wide', { shape: [], data: Float64Array.of(4) }],
    ]);
    writeSafetensorsSync(path, tensors, new Map([['k', 'v']]));
    const file = readFileSync(path);
    const length = Number(file.readBigUInt64LE());
    expect(length % 8).toBe(0);
    expect(file.toString('latin1', 8, 8 + length)).toBe(
      (
        '{"__metadata__":{"k":"v"},' +
        '"wide":{"dtype":"F64","shape":[],"data_offsets":[0,8]},' +
        '"a":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},' +
        '"b":{"dtype":"F32","shape":[1,2],"data_offsets":[12,20]},' +
        '"bytes":{"dtype":"U8","shape":[3],"data_offsets":[20,23]}}'
      ).padEnd(length),
    );
    expect(file.length).toBe(8 + length + 23);
  });

  it('gives the same bytes on either thread, and from views of shared memory', async () => {
    const directory = temporaryDirectory();
    const shared = new Float32Array(new SharedArrayBuffer(64), 16, 3);
    shared.set([1, 2, 3]);
    const plain = new Map([['x', { shape: [3], data: Float32Array.of(1, 2, 3) }]]);
    writeSafetensorsSync(join(directory, 'a'), plain);
    await writeSafetensors(join(directory, 'b'), new Map([['x', { shape: [3], data: shared }]]));
    expect(readFileSync(join(directory, 'b'))).toEqual(readFileSync(join(directory, 'a')));
  });

  it('moves tensors larger than one chunk unchanged', async () => {
    const path = join(temporaryDirectory(), 'large');
    const data = Int32Array.from({ length: 2_500_001 }, (_, index) => Math.imul(index, 2654435761));
    const tensors = new Map([['large', { shape: [data.length], data }]]);
    await writeSafetensors(path, tensors);
    for (const { tensors: read } of [await readSafetensors(path), readSafetensorsSync(path)]) {
      const copy = (read.get('large') as LoadedTensor).data;
      expect(Buffer.compare(Buffer.from(copy.buffer), Buffer.from(data.buffer))).toBe(0);
    }
  });

  it('keeps names that JavaScript objects would lose or reorder', () => {
    const path = join(temporaryDirectory(), 'names');
    const names = ['__proto__', '10', '9', 'toString', 'a"b\\\n', '😀', ' '];
    const tensors = new Map(names.map((name, index) => [name, { shape: [1], data: Float32Array.of(index) }]));
    writeSafetensorsSync(path, tensors, new Map([['__proto__', 'x']]));
    const read = readSafetensorsSync(path);
    for (const [index, name] of names.entries()) expect(read.tensors.get(name)?.data).toEqual(Float32Array.of(index));
    expect(read.metadata.get('__proto__')).toBe('x');
    expect(Object.getPrototypeOf({})).not.toHaveProperty('dtype');
  });

  it('writes files without tensors and without metadata', () => {
    const path = join(temporaryDirectory(), 'none');
    writeSafetensorsSync(path, new Map());
    expect(readSafetensorsSync(path)).toEqual({ tensors: new Map(), metadata: new Map() });
  });

  it.each<[string, string, StoredTensor, string]>([
    [
      'a shape of another size',
      'w',
      { shape: [2, 3], data: new Float32Array(5) },
      'shape [2,3] needs 6 elements, its array has 5',
    ],
    ['a negative size', 'w', { shape: [-1, -5], data: new Float32Array(5) }, 'an impossible number of elements'],
    [
      'an array that is no typed array',
      'w',
      { shape: [1], data: [1] as unknown as Float32Array },
      'Array does not hold a known type',
    ],
    [
      'a type that the array does not hold',
      'w',
      { shape: [1], data: new Float32Array(1), dtype: 'F64' },
      'does not hold type F64',
    ],
    ['the name of the metadata', '__metadata__', { shape: [1], data: new Float32Array(1) }, 'its name is reserved'],
    ['an empty name', '', { shape: [1], data: new Float32Array(1) }, 'its name is'],
    ['a name that is no Unicode', '\ud800', { shape: [1], data: new Float32Array(1) }, 'its name is'],
  ])('refuses %s and leaves the file as it was', async (_, name, tensor, message) => {
    const directory = temporaryDirectory();
    const path = join(directory, 'kept');
    writeFileSync(path, 'before');
    const attempt = () => writeSafetensorsSync(path, new Map([[name, tensor]]));
    expect(attempt).toThrow(message);
    expect(attempt).toThrow(code('checkpoint_write_failed'));
    await expect(writeSafetensors(path, new Map([[name, tensor]]))).rejects.toThrow(message);
    expect(readFileSync(path, 'utf8')).toBe('before');
    expect(readdirSync(directory)).toEqual(['kept']);
  });

  it('refuses metadata that other readers could not read', () => {
    const path = join(temporaryDirectory(), 'x');
    expect(() => writeSafetensorsSync(path, new Map(), new Map([['k', '\udc00']]))).toThrow('not well-formed Unicode');
  });

  it('says where it could not write', async () => {
    const path = join(temporaryDirectory(), 'no-such-directory', 'x');
    expect(() => writeSafetensorsSync(path, new Map())).toThrow(code('checkpoint_write_failed'));
    await expect(writeSafetensors(path, new Map())).rejects.toThrow(`cannot write '${path}'`);
  });
});

describe('reading what cannot be true', () => {
  it.each<[string, Uint8Array, string]>([
    ['an empty file', Buffer.alloc(0), 'needs 8 bytes, the file has 0'],
    ['a file of seven bytes', Buffer.alloc(7), 'needs 8 bytes, the file has 7'],
    [
      'a header longer than the file',
      fileOf({}, 0).fill(100, 0, 1),
      'its header of 100 bytes needs 108 bytes, the file has 10',
    ],
    [
      'data that ends too soon',
      fileOf({ w: entry(0, 8) }, 7),
      'tensor "w" (data up to byte 8) needs 8 bytes, the file has 7',
    ],
  ])('finds %s truncated', (_, bytes, message) => {
    expect(() => readBytes(bytes)).toThrow(message);
    expect(() => readBytes(bytes)).toThrow(code('checkpoint_truncated'));
  });

  const huge = Buffer.alloc(16);
  huge.writeBigUInt64LE(2n ** 63n);
  const long = Buffer.alloc(16);
  long.writeBigUInt64LE(100_000_001n);
  it.each<[string, Uint8Array, string]>([
    ['a length of 2^63', huge, 'its header length is 9223372036854775808'],
    ['a length above the limit', long, 'its header length is 100000001, allowed are 2 to 100000000 bytes'],
    ['a length of zero', Buffer.alloc(16), 'its header length is 0'],
    ['white space before the object', fileOf(' {}', 0), "begins with byte 32, not with '{'"],
    ['an array', fileOf('[]', 0), "begins with byte 91, not with '{'"],
    ['bytes that are not UTF-8', fileOf('{"\u00ff":1}', 0).fill(0xff, 10, 12), 'not UTF-8'],
    ['broken JSON', fileOf('{"w":', 0), 'not valid JSON'],
    ['text after the object', fileOf('{} x', 0), 'not valid JSON'],
    ['a name that occurs twice', fileOf('{"w":{},"\\u0077":{}}', 0), 'key "w" occurs twice'],
    [
      'an offset that occurs twice',
      fileOf('{"w":{"dtype":"U8","dtype":"F64","shape":[0],"data_offsets":[0,0]}}', 0),
      'occurs twice',
    ],
    ['nesting without end', fileOf(`{"w":${'['.repeat(5000)}${']'.repeat(5000)}}`, 0), 'nested deeper'],
    ['metadata that is no object', fileOf({ __metadata__: ['a'] }, 0), '__metadata__ must be an object'],
    ['metadata that is no string', fileOf({ __metadata__: { a: 1 } }, 0), "__metadata__ 'a' must be a string, got 1"],
    ['a tensor that is no object', fileOf({ w: 3 }, 0), 'tensor "w" must be an object, got 3'],
    ['an empty name', fileOf({ '': entry(0, 4) }, 4), 'a name of 0 characters'],
    ['a name of 2000 characters', fileOf({ ['n'.repeat(2000)]: entry(0, 4) }, 4), 'a name of 2000 characters'],
    ['a field that nobody knows', fileOf({ w: { ...entry(0, 4), stride: [1] } }, 4), "unknown field 'stride'"],
    ['a type that nobody knows', fileOf({ w: entry(0, 4, [1], 'F33') }, 4), 'tensor "w" has dtype "F33"'],
    ['an inherited name as type', fileOf({ w: entry(0, 4, [1], 'toString') }, 4), 'has dtype "toString"'],
    ['a type that is no string', fileOf({ w: entry(0, 4, [1], null) }, 4), 'has dtype null'],
    ['a shape that is no array', fileOf({ w: entry(0, 4, 1) }, 4), 'an impossible shape 1'],
    ['a negative size', fileOf({ w: entry(0, 4, [-1, -1]) }, 4), 'an impossible shape [-1,-1]'],
    ['a fractional size', fileOf({ w: entry(0, 4, [0.5, 2]) }, 4), 'an impossible shape [0.5,2]'],
    ['a size given as text', fileOf({ w: entry(0, 4, ['1']) }, 4), 'an impossible shape ["1"]'],
    ['a product that overflows', fileOf({ w: entry(0, 0, [2 ** 40, 2 ** 40, 0]) }, 0), 'an impossible shape'],
    ['offsets that are missing', fileOf({ w: { dtype: 'F32', shape: [1] } }, 4), 'impossible data_offsets undefined'],
    ['three offsets', fileOf({ w: { ...entry(0, 4), data_offsets: [0, 4, 8] } }, 4), 'impossible data_offsets [0,4,8]'],
    ['a negative offset', fileOf({ w: entry(-4, 0) }, 4), 'impossible data_offsets [-4,0]'],
    [
      'an offset beyond 2^53',
      fileOf('{"w":{"dtype":"U8","shape":[0],"data_offsets":[1e300,1e300]}}', 4),
      'impossible data_offsets',
    ],
    [
      'an end before its begin',
      fileOf({ w: entry(8, 4, [1]) }, 8),
      'has -4 bytes at [8, 4), but shape [1] of F32 needs 4',
    ],
    [
      'a size that is not the shape',
      fileOf({ w: entry(0, 8, [3]) }, 8),
      'has 8 bytes at [0, 8), but shape [3] of F32 needs 12',
    ],
    [
      'tensors that overlap',
      fileOf({ v: entry(0, 8), w: entry(4, 12) }, 12),
      'tensor "w" overlaps the tensor before it: it begins at 4, expected 8',
    ],
    [
      'a hole between tensors',
      fileOf({ v: entry(0, 4), w: entry(8, 12) }, 12),
      'tensor "w" leaves a gap before it: it begins at 8, expected 4',
    ],
    [
      'bytes that belong to no tensor',
      fileOf({ v: entry(0, 4) }, 5),
      'its tensors take 4 bytes of data, the file has 5',
    ],
  ])('finds %s corrupt', (_, bytes, message) => {
    expect(() => readBytes(bytes)).toThrow(message);
    expect(() => readBytes(bytes)).toThrow(code('checkpoint_corrupt'));
  });

  it('takes no memory for a tensor that the file cannot hold', () => {
    const before = process.memoryUsage().arrayBuffers;
    expect(() => readBytes(fileOf({ w: entry(0, 2 ** 45) }, 16))).toThrow(code('checkpoint_truncated'));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
  });

  it('names the tensor in the details', () => {
    expect(() => readBytes(fileOf({ w: entry(0, 8, [3]) }, 8))).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ tensor: 'w', needed: 12 }) }),
    );
  });

  it('accepts tensors of no elements anywhere, in any order of the header', () => {
    const { tensors } = readBytes(
      fileOf({ b: entry(4, 8), e: entry(4, 4, [0]), a: entry(0, 4), f: entry(8, 8, [3, 0]) }, 8),
    );
    expect([...tensors.keys()]).toEqual(['a', 'e', 'b', 'f']);
  });

  it('tells a missing file, a directory and a named pipe apart from a damaged one', async () => {
    const directory = temporaryDirectory();
    const missing = join(directory, 'none');
    expect(() => readSafetensorsSync(missing)).toThrow(code('checkpoint_missing'));
    await expect(readSafetensors(missing)).rejects.toThrow(`there is no checkpoint '${missing}'`);
    mkdirSync(join(directory, 'folder'));
    expect(() => readSafetensorsSync(join(directory, 'folder'))).toThrow(code('checkpoint_unreadable'));
    await expect(readSafetensors(join(directory, 'folder'))).rejects.toThrow('it is a directory');
    if (process.platform === 'win32' || !existsSync('/usr/bin/mkfifo')) return;
    execFileSync('/usr/bin/mkfifo', [join(directory, 'pipe')]);
    await expect(readSafetensors(join(directory, 'pipe'))).rejects.toThrow(code('checkpoint_unreadable'));
    expect(() => readSafetensorsSync(join(directory, 'pipe'))).toThrow(code('checkpoint_unreadable'));
  });
});
