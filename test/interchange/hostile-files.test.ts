/** Files that are broken, or made to hurt: each ends in an error with a code, in bounded memory; a walk without end would run into the time limit of the tests. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importModel, inspectFile } from '../../src/entries/interchange.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { npy, pickle, tensor, torchFile, zip } from './made-files.js';

const { text, int, code, dict, global, call, tuple, whole } = pickle;

const linear = (weight: Buffer) => dict([[text('fc.weight'), weight]]);
const numbers = (count: number) => Float32Array.from({ length: count }, (_, at) => at);
const bytes = (count: number) => new Uint8Array(numbers(count).buffer);

async function codeOf(name: string, content: Uint8Array): Promise<{ code: string; message: string }> {
  const path = join(temporaryDirectory(), name);
  writeFileSync(path, content);
  const before = process.memoryUsage().arrayBuffers;
  const failed = await importModel(path).then(
    ({ model }) => {
      model.dispose();
      return { code: 'model', message: '' };
    },
    (error) => error as { code: string; message: string },
  );
  await inspectFile(path).catch(() => undefined);
  // Nothing far larger than the file is allocated.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 27);
  return failed;
}

describe('a file of torch.save', () => {
  it('is read when it is right', async () => {
    const bias = [text('fc.bias'), tensor({ shape: [2], count: 6 })] as const;
    const layer = (weight: Buffer) => torchFile(dict([[text('fc.weight'), weight], bias]), { 0: numbers(6) });
    expect((await codeOf('a.pt', layer(tensor({ shape: [2, 3], count: 6 })))).code).toBe('model');
    // A tensor that shows its storage from the second number on, in columns.
    const view = tensor({ shape: [2, 2], strides: [1, 2], offset: 1, count: 6 });
    expect((await codeOf('a.pt', layer(view))).code).toBe('model');
    const plain = tensor({ shape: [2, 3], count: 6, metadata: dict([]) });
    expect((await codeOf('a.pt', layer(plain))).code).toBe('model');
  });

  const self = Buffer.concat([code(0x7d, 0x71, 0), text('self'), code(0x68, 0, 0x73)]);
  const nested = Buffer.concat([
    ...Array.from({ length: 100_000 }, () => Buffer.concat([code(0x7d), text('a')])),
    code(0x7d),
  ]);
  const closed = Buffer.concat(Array.from({ length: 100_000 }, () => code(0x73)));
  // Each dict holds the one before twice, so that a walk that forgets where it was takes 2^60 steps.
  const doubled = (at: number) =>
    Buffer.concat([code(0x30, 0x7d, 0x71, at + 1), text('a'), code(0x68, at, 0x73), text('b'), code(0x68, at, 0x73)]);
  const doubling = Buffer.concat([code(0x7d, 0x71, 0), ...Array.from({ length: 60 }, (_, at) => doubled(at))]);

  it.each([
    ['asks for a program', linear(call(global('os', 'system'), text('true'))), 'refused_global', "'os system'"],
    ['asks for eval', linear(call(global('builtins', 'eval'), text('1'))), 'refused_global', "'builtins eval'"],
    ['asks for a class of torch', linear(global('torch.nn.modules.linear', 'Linear')), 'refused_global', 'Linear'],
    [
      'asks by names on the stack',
      Buffer.concat([text('os'), text('system'), code(0x93)]),
      'refused_global',
      'os system',
    ],
    ['asks for a prototype', linear(global('__proto__', 'constructor')), 'refused_global', '__proto__'],
    ['calls what is no function', linear(call(global('torch', 'FloatStorage'))), 'file_corrupt', 'no function'],
    ['calls a number', Buffer.concat([int(1), tuple(), code(0x52)]), 'file_corrupt', 'a call of no function'],
    ['has a giant shape', linear(tensor({ shape: [2n ** 40n, 2n ** 40n], count: 6 })), 'file_corrupt', 'has the shape'],
    ['has a negative size', linear(tensor({ shape: [-1, 3], count: 6 })), 'file_corrupt', 'whole numbers >= 0'],
    ['has a negative stride', linear(tensor({ shape: [2, 3], strides: [-3, 1], count: 6 })), 'file_corrupt', '>= 0'],
    [
      'goes beyond its storage',
      linear(tensor({ shape: [2, 4], count: 6 })),
      'file_corrupt',
      'ends at 8 of a storage of 6',
    ],
    ['begins beyond its storage', linear(tensor({ shape: [1], offset: 6, count: 6 })), 'file_corrupt', 'ends at 7'],
    [
      'has strides beyond it',
      linear(tensor({ shape: [2, 3], strides: [2n ** 50n, 1], count: 6 })),
      'file_corrupt',
      'ends at',
    ],
    [
      'repeats numbers without end',
      linear(tensor({ shape: [2 ** 15, 2 ** 15], strides: [0, 0], count: 6 })),
      'file_unsupported',
      'its tensors show',
    ],
    [
      'has no such storage',
      linear(tensor({ shape: [2, 3], count: 6, key: '1' })),
      'file_corrupt',
      "no storage 'archive/data/1'",
    ],
    [
      'says of another count',
      linear(tensor({ shape: [2, 3], count: 7 })),
      'file_corrupt',
      'has 24 bytes, but 7 numbers',
    ],
    ['says of another type', linear(tensor({ shape: [2, 3], count: 6, type: 'DoubleStorage' })), 'file_corrupt', '48'],
    [
      'is of a type without numbers',
      linear(tensor({ shape: [2, 3], count: 6, type: 'ComplexFloatStorage' })),
      'refused_global',
      'Complex',
    ],
    [
      'says of conjugated numbers',
      linear(tensor({ shape: [2, 3], count: 6, metadata: dict([[text('conj'), code(0x88)]]) })),
      'file_unsupported',
      "the metadata 'conj'",
    ],
    [
      'says of an unknown name beside the sign',
      linear(
        tensor({
          shape: [2, 3],
          count: 6,
          metadata: dict([
            [text('neg'), code(0x88)],
            [text('a'), int(1)],
          ]),
        }),
      ),
      'file_unsupported',
      "the metadata 'a', expected",
    ],
    [
      'says of a sign that is no truth value',
      linear(tensor({ shape: [2, 3], count: 6, metadata: dict([[text('neg'), int(1)]]) })),
      'file_unsupported',
      "the metadata 'neg'",
    ],
    [
      'says of the other sign of bytes',
      linear(tensor({ shape: [2, 3], count: 24, type: 'ByteStorage', metadata: dict([[text('neg'), code(0x88)]]) })),
      'file_unsupported',
      "a tensor of uint8 with the metadata 'neg'",
    ],
    [
      'has metadata that are a number',
      linear(tensor({ shape: [2, 3], count: 6, metadata: int(1) })),
      'file_corrupt',
      'no dict',
    ],
    ['holds itself', self, 'missing_tensor', 'no dict of tensors'],
    ['is deep', Buffer.concat([nested, closed]), 'missing_tensor', 'no dict of tensors'],
    ['doubles without end', doubling, 'missing_tensor', 'no dict of tensors'],
    ['leaves a mark', Buffer.concat([code(0x28), int(1)]), 'file_corrupt', 'other than one value'],
    ['leaves two values', Buffer.concat([int(1), int(1)]), 'file_corrupt', 'other than one value'],
    ['takes from an empty stack', code(0x30), 'file_corrupt', 'no value left'],
    ['closes a mark that is not there', code(0x74), 'file_corrupt', 'no mark'],
    ['reads an empty memo', code(0x68, 9), 'file_corrupt', 'no value 9 in the memo'],
    ['sets items of a number', Buffer.concat([int(1), int(1), int(1), code(0x73)]), 'file_corrupt', 'of no dict'],
    ['has an odd number of items', Buffer.concat([code(0x7d, 0x28), int(1), code(0x75)]), 'file_corrupt', 'of no dict'],
    ['has a wrong text', Buffer.concat([code(0x58, 1, 0, 0, 0, 0xff)]), 'file_corrupt', 'not UTF-8'],
    ['has a text without end', code(0x58, 0xff, 0xff, 0xff, 0x7f), 'file_truncated', 'cut off'],
    ['has a giant number', Buffer.concat([code(0x8b, 0xff, 0xff, 0xff, 0x7f)]), 'file_corrupt', 'a whole number has'],
    ['has a name without end', Buffer.concat([code(0x63), Buffer.alloc(5000, 0x61)]), 'file_truncated', 'a line'],
    ['has an unknown instruction', code(0xff), 'file_corrupt', 'instruction 0xff'],
    ['has instructions of old protocols', Buffer.from('I1\n'), 'file_corrupt', 'instruction 0x49'],
    ['is only a number', int(3), 'missing_tensor', 'no dict of tensors'],
  ] as const)('that %s is refused', async (_, root, expected, message) => {
    const failed = await codeOf('a.pt', torchFile(root, { 0: numbers(6) }));
    expect(failed).toMatchObject({ code: expected, message: expect.stringContaining(message) });
  });

  it('that ends within its pickle is refused', async () => {
    const right = torchFile(linear(tensor({ shape: [2, 3], count: 6 })), { 0: numbers(6) });
    for (let length = 0; length < right.byteLength; length += 7) {
      const failed = await codeOf('a.pt', right.subarray(0, length));
      expect(failed.code).toMatch(/^(file_(truncated|corrupt|unsupported)|unknown_format)$/);
    }
  });

  it('with something behind its pickle is refused', async () => {
    const data = Buffer.concat([whole(linear(int(1))), code(0)]);
    const failed = await codeOf('a.pt', zip([{ name: 'a/data.pkl', data }]));
    expect(failed).toMatchObject({ code: 'file_corrupt', message: expect.stringContaining('its pickle ends at byte') });
  });

  it('that is a program of TorchScript is refused', async () => {
    const entries = ['a/data.pkl', 'a/constants.pkl'].map((name) => ({ name, data: whole(int(1)) }));
    expect(await codeOf('a.pt', zip(entries))).toMatchObject({
      code: 'file_unsupported',
      message: expect.stringContaining('TorchScript'),
    });
  });
});

describe('an archive', () => {
  const array = { name: 'fc.weight.npy', data: npy('<f4', '2, 3', bytes(6)) };
  const bias = { name: 'fc.bias.npy', data: npy('<f4', '2,', bytes(2)) };

  it.each([{ isPacked: false }, { isPacked: true }])('is read when it is right: %o', async ({ isPacked }) => {
    expect((await codeOf('a.npz', zip([{ ...array, isPacked }, bias]))).code).toBe('model');
    expect((await codeOf('a.npz', zip([{ ...array, isPacked }, bias], { zip64: true }))).code).toBe('model');
  });

  const zeros = npy('<f4', '16384, 16384', new Uint8Array());
  it.each([
    ['has a wrong checksum', [{ ...array, crc: 1 }], 'file_corrupt', 'has the checksum'],
    ['has a wrong checksum, packed', [{ ...array, isPacked: true, crc: 1 }, bias], 'file_corrupt', 'has the checksum'],
    ['has a name twice', [array, array], 'file_corrupt', "has 'fc.weight.npy' twice"],
    [
      'has entries in one another',
      [array, { ...array, name: 'fc.xeight.npy', offset: 0 }],
      'file_corrupt',
      'is not that of',
    ],
    ['lies about a stored size', [{ ...array, size: 1000 }], 'file_corrupt', 'is said to have 1000'],
    ['lies about a packed size', [{ ...array, isPacked: true, size: 5000 }], 'file_corrupt', 'it has 5000 bytes'],
    ['unpacks to more than it says', [{ ...array, isPacked: true, size: 20 }], 'file_truncated', 'cut off'],
    [
      'unpacks to far too much',
      [{ ...array, isPacked: true, size: 2 ** 32 - 2 }],
      'file_unsupported',
      'that unpack to',
    ],
    ['is encrypted', [{ ...array, flags: 1 }], 'file_unsupported', 'encrypted'],
    ['is packed otherwise', [{ ...array, method: 12 }], 'file_unsupported', 'method 12'],
    ['points beyond its end', [{ ...array, offset: 1_000_000 }], 'file_truncated', 'cut off'],
    ['has nothing', [], 'missing_tensor', 'no arrays'],
    ['has other files', [{ name: 'a.txt', data: bytes(1) }], 'missing_tensor', 'no arrays'],
    ['has an array of too many', [{ name: 'fc.weight.npy', data: zeros }], 'file_truncated', 'cut off'],
    [
      'has a giant array',
      [{ name: 'a.npy', data: npy('<f4', '9007199254740991, 9007199254740991', bytes(1)) }],
      'file_corrupt',
      'has the shape',
    ],
    [
      'has an array of too few',
      [{ name: 'a.npy', data: npy('<f4', '1,', bytes(6)) }],
      'file_corrupt',
      'its array ends at',
    ],
    [
      'has an array of records',
      [{ name: 'a.npy', data: npy("', [('a', '<f4')], '", '1,', bytes(1)) }],
      'file_corrupt',
      'its header is',
    ],
    ['has complex numbers', [{ name: 'a.npy', data: npy('<c8', '1,', bytes(2)) }], 'file_unsupported', '<c8'],
    ['has no array', [{ name: 'a.npy', data: bytes(6) }], 'file_corrupt', 'NUMPY'],
  ])('that %s is refused', async (_, entries, expected, message) => {
    const failed = await codeOf(
      'a.npz',
      entries.length === 0 ? Buffer.concat([Buffer.from('PK\x03\x04'), zip([])]) : zip(entries),
    );
    expect(failed).toMatchObject({ code: expected, message: expect.stringContaining(message) });
  });

  it('that overlaps itself, fifty names for one body, is refused', async () => {
    const body = npy('<f4', '2, 3', bytes(6));
    const names = Array.from({ length: 50 }, (_, at) => ({ name: `${String(at).padStart(2, '0')}.npy`, data: body }));
    const archive = zip(names);
    // Each entry is said to go on to the end of the last one.
    const end = names.length * (30 + 6 + body.byteLength);
    for (let at = 0, place = end; at < names.length; at++, place += 46 + 6) {
      const size = end - archive.readUInt32LE(place + 42) - 36;
      archive.writeUInt32LE(size, place + 20);
      archive.writeUInt32LE(size, place + 24);
    }
    expect(await codeOf('a.npz', archive)).toMatchObject({
      code: 'file_corrupt',
      message: expect.stringContaining('overlaps what stands beside it'),
    });
  });

  it('that says to have more entries than it has is refused', async () => {
    expect(await codeOf('a.npz', zip([array], { count: 60_000 }))).toMatchObject({ code: 'file_corrupt' });
  });

  it('that ends early is refused', async () => {
    const right = zip([{ ...array, isPacked: true }]);
    for (let length = 4; length < right.byteLength; length += 5) {
      expect((await codeOf('a.npz', right.subarray(0, length))).code).toMatch(/^file_(truncated|corrupt)$/);
    }
  });
});

describe('a safetensors file', () => {
  function safetensors(header: object | string, data: Uint8Array): Buffer {
    const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(json.byteLength));
    return Buffer.concat([length, json, data]);
  }
  const entry = (shape: number[], offsets: number[], dtype = 'F32') => ({ dtype, shape, data_offsets: offsets });

  it.each([
    ['has overlapping tensors', { a: entry([2], [0, 8]), b: entry([2], [4, 12]) }, 'file_corrupt', 'overlaps'],
    ['leaves a gap', { a: entry([2], [4, 12]) }, 'file_corrupt', 'leaves a gap'],
    ['goes beyond its end', { a: entry([20], [0, 80]) }, 'file_truncated', 'truncated'],
    ['has a giant shape', { a: entry([2 ** 50, 2 ** 50], [0, 24]) }, 'file_corrupt', 'impossible shape'],
    ['says of another size', { a: entry([2, 3], [0, 12]) }, 'file_corrupt', 'needs 24'],
    ['has 8-bit floats', { a: entry([24], [0, 24], 'F8_E4M3') }, 'file_unsupported', 'F8_E4M3'],
    ['has an unknown type', { a: entry([24], [0, 24], 'Q4') }, 'file_corrupt', 'has dtype "Q4"'],
    ['has no JSON', '{"a": ', 'file_corrupt', 'not valid JSON'],
    ['has deep JSON', `{"a":${'['.repeat(100_000)}`, 'file_corrupt', 'deeper'],
    [
      'has a network that is none',
      { __metadata__: { 'bptt.network': '{"nodes": 3}' }, a: entry([6], [0, 24]) },
      'file_corrupt',
      'describes no network',
    ],
  ] as const)('that %s is refused', async (_, header, expected, message) => {
    const failed = await codeOf('a.safetensors', safetensors(header, bytes(6)));
    expect(failed).toMatchObject({ code: expected, message: expect.stringContaining(message) });
  });

  it('that is empty, or all length, is refused', async () => {
    for (const content of [Buffer.alloc(0), Buffer.alloc(7), Buffer.alloc(8, 255), Buffer.alloc(64, 1)]) {
      expect((await codeOf('a.safetensors', content)).code).toMatch(/^file_(truncated|corrupt)$/);
    }
  });

  it('with numbers that are not finite is refused', async () => {
    const data = new Uint8Array(Float32Array.of(1, Number.NaN, 3, 4, 5, 6).buffer);
    const failed = await codeOf('a.safetensors', safetensors({ 'fc.weight': entry([2, 3], [0, 24]) }, data));
    expect(failed).toMatchObject({ code: 'ambiguous_network' }); // a table, or an affine layer
    const layer = { 'fc.weight': entry([2, 2], [0, 16]), 'fc.bias': entry([2], [16, 24]) };
    expect(await codeOf('a.safetensors', safetensors(layer, data))).toMatchObject({ code: 'tensor_mismatch' });
  });
});

describe('JSON', () => {
  it.each([
    ['is no object', '[1]', 'unknown_format', 'no known format'],
    ['is cut off', '{"a": [1, 2', 'file_corrupt', 'no JSON'],
    [
      'has lists of other lengths',
      '{"a": [[1, 2], [3]]}',
      'file_corrupt',
      "'a'[1] is a list of 1, expected a list of 2",
    ],
    ['has a text', '{"a": [1, "x"]}', 'file_corrupt', "'a'[1] is"],
    ['mixes lists and numbers', '{"a": [1, [2]]}', 'file_corrupt', "'a'[1] is a list of 1, expected a number"],
    ['has null', '{"a": null}', 'file_corrupt', "'a' is null"],
    ['has a number that is too large', '{"a": [1e300]}', 'file_unsupported', '1e+300'],
    ['is deep', `{"a": ${'['.repeat(200_000)}`, 'file_corrupt', 'deeper'],
    ['has a name twice', '{"a": [1], "a": [2]}', 'file_corrupt', 'twice'],
    ['has nothing', '{}', 'ambiguous_network', 'no tensors'],
  ])('that %s is refused', async (_, content, expected, message) => {
    const failed = await codeOf('a.json', Buffer.from(content));
    expect(failed).toMatchObject({ code: expected, message: expect.stringContaining(message) });
  });
});
