import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { create, fromBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sameConstant } from '../../../src/interchange/onnx/constants/constant-tensor.js';
import { constantOf, sourceTensorOf } from '../../../src/interchange/onnx/constants/tensor-proto.js';
import { TensorProto_DataType as DataType, TensorProtoSchema } from '../../../src/interchange/onnx/onnx-pb.js';

/** Made by golden/make_tensors.py. */
const { cases } = JSON.parse(readFileSync(new URL('./golden/tensors.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly { readonly name: string; readonly tensor: string; readonly numbers: readonly number[] }[];
};

type Init = MessageInitShape<typeof TensorProtoSchema>;
const tensorOf = (init: Init) => create(TensorProtoSchema, { name: 'w', ...init });

describe('tensors of ONNX', () => {
  it.each(cases)('are read as ONNX reads them: $name', ({ tensor: text, numbers }) => {
    const tensor = fromBinary(TensorProtoSchema, new Uint8Array(Buffer.from(text, 'base64')));
    const constant = constantOf(tensor, 'model.onnx');
    expect([...constant.data]).toEqual(numbers);
    expect(constant.shape).toEqual([numbers.length, 1]);
    const source = sourceTensorOf(tensor, 'model.onnx');
    expect({ name: source.name, shape: source.shape, type: source.type }).toEqual({
      name: 't',
      shape: constant.shape,
      type: constant.type,
    });
    expect([...source.read()]).toEqual(numbers.map(Math.fround));
  });

  it('are copies of what the file holds', () => {
    const tensor = tensorOf({ dims: [1n], dataType: DataType.FLOAT, rawData: new Uint8Array(4) });
    sourceTensorOf(tensor, 'model.onnx').read()[0] = 1;
    expect(sourceTensorOf(tensor, 'model.onnx').read()[0]).toBe(0);
  });

  it('may be texts, or empty, or one number', () => {
    const stringData = ['time', 'größe'].map((text) => new TextEncoder().encode(text));
    expect(constantOf(tensorOf({ dims: [2n], dataType: DataType.STRING, stringData }), 'm').data).toEqual([
      'time',
      'größe',
    ]);
    expect(constantOf(tensorOf({ dims: [0n, 3n], dataType: DataType.FLOAT }), 'm').data).toHaveLength(0);
    expect(constantOf(tensorOf({ dataType: DataType.INT64, int64Data: [3n] }), 'm').data[0]).toBe(3);
  });

  it('keep the largest whole numbers, which mean "to the end", but are never the same as others then', () => {
    const ends = constantOf(tensorOf({ dims: [1n], dataType: DataType.INT64, int64Data: [2n ** 63n - 1n] }), 'm');
    expect(ends.data[0]).toBe(2 ** 63);
    expect(sameConstant(ends, ends)).toBe(false);
  });

  it('are the same where type, shape and each number are', () => {
    const tensor = (dims: bigint[], floatData: number[]) =>
      constantOf(tensorOf({ dims, dataType: DataType.FLOAT, floatData }), 'm');
    expect(sameConstant(tensor([2n], [1, 2]), tensor([2n], [1, 2]))).toBe(true);
    expect(sameConstant(tensor([2n], [1, 2]), tensor([2n], [1, 3]))).toBe(false);
    expect(sameConstant(tensor([2n], [1, 2]), tensor([2n, 1n], [1, 2]))).toBe(false);
    expect(sameConstant(tensor([1n], [0]), tensor([1n], [-0]))).toBe(false);
  });

  const WRONG: readonly (readonly [string, Init, string])[] = [
    ['too few numbers', { dims: [3n], dataType: DataType.FLOAT, floatData: [1, 2] }, 'file_corrupt'],
    ['too many bytes', { dims: [1n], dataType: DataType.FLOAT, rawData: new Uint8Array(8) }, 'file_corrupt'],
    ['no numbers', { dims: [1n], dataType: DataType.INT8 }, 'file_corrupt'],
    ['a list of another type', { dims: [1n], dataType: DataType.FLOAT, doubleData: [1] }, 'file_corrupt'],
    [
      'two places',
      { dims: [1n], dataType: DataType.FLOAT, floatData: [1], rawData: new Uint8Array(4) },
      'file_corrupt',
    ],
    ['a negative size', { dims: [-1n], dataType: DataType.FLOAT }, 'file_corrupt'],
    ['a huge size', { dims: [2n ** 40n, 2n ** 40n], dataType: DataType.FLOAT }, 'file_corrupt'],
    ['a huge size that is not there', { dims: [2n ** 39n], dataType: DataType.FLOAT }, 'file_corrupt'],
    ['too large for its type', { dims: [1n], dataType: DataType.INT8, int32Data: [128] }, 'file_corrupt'],
    ['negative for its type', { dims: [1n], dataType: DataType.UINT16, int32Data: [-1] }, 'file_corrupt'],
    ['too many bits', { dims: [1n], dataType: DataType.FLOAT16, int32Data: [65536] }, 'file_corrupt'],
    [
      'too many texts',
      { dims: [1n], dataType: DataType.STRING, stringData: [new Uint8Array(), new Uint8Array()] },
      'file_corrupt',
    ],
    ['no UTF-8', { dims: [1n], dataType: DataType.STRING, stringData: [Uint8Array.of(0xff)] }, 'file_corrupt'],
    [
      'a segment',
      { dims: [1n], dataType: DataType.FLOAT, floatData: [1], segment: { begin: 0n, end: 1n } },
      'file_unsupported',
    ],
    ['complex numbers', { dims: [1n], dataType: DataType.COMPLEX64, floatData: [1, 2] }, 'file_unsupported'],
    ['floats of 8 bits', { dims: [1n], dataType: DataType.FLOAT8E5M2, rawData: new Uint8Array(1) }, 'file_unsupported'],
    ['an unknown type', { dims: [1n], dataType: 99, rawData: new Uint8Array(1) }, 'file_unsupported'],
    ['no type', { dims: [1n], rawData: new Uint8Array(1) }, 'file_unsupported'],
    [
      'whole numbers beyond 2^53',
      { dims: [1n], dataType: DataType.INT64, int64Data: [2n ** 53n] },
      'unsupported_attribute',
    ],
    [
      'whole numbers below -2^53',
      { dims: [1n], dataType: DataType.INT64, int64Data: [-(2n ** 60n)] },
      'unsupported_attribute',
    ],
  ];

  it.each(WRONG)('are refused with their name: %s', (_, init, code) => {
    const read = () => constantOf(tensorOf(init), 'model.onnx');
    expect(read).toThrow(expect.objectContaining({ code }));
    expect(read).toThrow("tensor 'w'");
  });

  it('name the type that is not supported', () => {
    expect(() => constantOf(tensorOf({ dataType: DataType.FLOAT8E4M3FN }), 'm')).toThrow('FLOAT8E4M3FN');
  });

  it('of texts are no weights', () => {
    const texts = tensorOf({ dims: [0n], dataType: DataType.STRING });
    expect(() => sourceTensorOf(texts, 'm')).toThrow(expect.objectContaining({ code: 'file_unsupported' }));
  });
});

describe('external data', () => {
  let folder = '';
  const model = () => path.join(folder, 'model', 'model.onnx');
  const numbers = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'bptt-external-'));
    mkdirSync(path.join(folder, 'model', 'data'), { recursive: true });
    writeFileSync(path.join(folder, 'model', 'data', 'weights.bin'), numbers);
    writeFileSync(path.join(folder, 'secret'), numbers);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const external = (entries: Readonly<Record<string, string>>, more: Init = {}) => {
    const externalData = Object.entries(entries).map(([key, value]) => ({ key, value }));
    return tensorOf({ dims: [2n], dataType: DataType.FLOAT, dataLocation: 1, externalData, ...more });
  };
  const read = (entries: Readonly<Record<string, string>>, more?: Init) => [
    ...constantOf(external(entries, more), model()).data,
  ];

  it('are read where they lie', () => {
    expect(read({ location: 'data/weights.bin' })).toEqual([1, 2]);
    expect(read({ location: 'data/weights.bin', offset: '4', length: '8' })).toEqual([2, 3]);
    expect(read({ location: './data/weights.bin', offset: '8', checksum: 'of SHA-1' })).toEqual([3, 4]);
    expect([...sourceTensorOf(external({ location: 'data/weights.bin', offset: '4' }), model()).read()]).toEqual([
      2, 3,
    ]);
  });

  it('may be a link to a file in the folder', () => {
    symlinkSync('data/weights.bin', path.join(folder, 'model', 'link'));
    expect(read({ location: 'link' })).toEqual([1, 2]);
  });

  it.each([
    [{ location: '../secret' }],
    [{ location: 'data/../../secret' }],
    [{ location: '..\\secret' }],
    [{ location: '/etc/passwd' }],
    [{ location: 'C:\\secret' }],
    [{ location: 'c:secret' }],
    [{ location: '\\\\server\\secret' }],
    [{ location: '' }],
    [{ offset: '0' } as Record<string, string>],
    [{ location: 'data/weights.bin', offset: '-4' }],
    [{ location: 'data/weights.bin', offset: '4.5' }],
    [{ location: 'data/weights.bin', offset: '0x4' }],
    [{ location: 'data/weights.bin', offset: '99999999999999999999' }],
    [{ location: 'data/weights.bin', length: '4' }],
  ])('are refused outside of the folder and with wrong sizes: %j', (entries) => {
    expect(() => read(entries)).toThrow(expect.objectContaining({ code: 'file_corrupt' }));
    expect(() => read(entries)).toThrow("tensor 'w'");
  });

  it('are refused through a link that leaves the folder', () => {
    symlinkSync(path.join(folder, 'secret'), path.join(folder, 'model', 'link'));
    symlinkSync(folder, path.join(folder, 'model', 'above'));
    for (const location of ['link', 'above/secret']) {
      expect(() => read({ location })).toThrow(expect.objectContaining({ code: 'file_corrupt' }));
      expect(() => read({ location })).toThrow('a symbolic link that leaves the folder');
    }
  });

  it('are refused where they are cut off, missing or no file', () => {
    const codeOf = (entries: Record<string, string>) => {
      try {
        return read(entries);
      } catch (error) {
        return (error as { code?: string }).code;
      }
    };
    expect(codeOf({ location: 'data/weights.bin', offset: '12' })).toBe('file_truncated');
    expect(codeOf({ location: 'data/none.bin' })).toBe('file_unreadable');
    expect(codeOf({ location: 'data' })).toMatch(/file_unreadable|file_truncated/);
    expect(codeOf({ location: 'data/weights.bin\0' })).toBe('file_unreadable');
  });

  it('are refused beside numbers in the file itself', () => {
    expect(() => read({ location: 'data/weights.bin' }, { floatData: [1, 2] })).toThrow('both in the file and outside');
  });

  it('are refused with two locations', () => {
    const twice = external({ location: 'data/weights.bin' });
    twice.externalData.push({ ...twice.externalData[0] } as (typeof twice.externalData)[number]);
    expect(() => constantOf(twice, model())).toThrow('several');
  });
});
