import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { type ByteSource, bytesAsSource } from '../../../src/core/byte-source.js';
import { constantOf, sourceTensorOf } from '../../../src/interchange/onnx/constants/tensor-proto.js';
import { messageBytes, numbersOf } from '../../../src/interchange/onnx/message-bytes.js';
import { decoded } from '../../../src/interchange/onnx/model-file.js';
import {
  AttributeProto_AttributeType,
  type GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type TensorProto,
  type TensorProtoSchema,
} from '../../../src/interchange/onnx/onnx-pb.js';
import { numbers } from './onnx-file.js';

/** Numbers of a large tensor. */
const COUNT = 20_000;
const rawOf = (list: Float32Array) => new Uint8Array(list.buffer, list.byteOffset, list.byteLength);

type TensorInit = MessageInitShape<typeof TensorProtoSchema>;
type GraphInit = MessageInitShape<typeof GraphProtoSchema>;

function bytesOf(graph: GraphInit): Uint8Array {
  const model = create(ModelProtoSchema, { irVersion: 8n, opsetImport: [{ version: 17n }], graph });
  return toBinary(ModelProtoSchema, model);
}

const tensors = (model: ModelProto) => model.graph?.initializer ?? [];
const large = (name: string, seed: number): TensorInit => {
  return { name, dims: [BigInt(COUNT)], dataType: 1, rawData: rawOf(numbers(COUNT, seed)) };
};
const small: TensorInit = { name: 'small', dims: [3n], dataType: 1, rawData: rawOf(numbers(3, 9)) };

/** Counts what is read. */
function counting(bytes: Uint8Array): ByteSource & { count: number } {
  const inner = bytesAsSource('m.onnx', bytes);
  const source = {
    ...inner,
    count: 0,
    read(position: number, length: number) {
      source.count += length;
      return inner.read(position, length);
    },
  };
  return source;
}

/** Compares all numbers at once. */
function expectSame(found: Float32Array, expected: Float32Array): void {
  expect(Buffer.compare(rawOf(found), rawOf(expected))).toBe(0);
}

const read = (tensor: unknown) => sourceTensorOf(tensor as TensorProto, 'm.onnx').read();

/** The names of tensors, or the error, of the file and of its bytes decoded as a whole. */
function bothWays(bytes: Uint8Array): readonly [string, string] {
  const said = (of: () => ModelProto): string => {
    try {
      const { graph } = of();
      if (graph === undefined) return "'m.onnx' is no ONNX file, or has no graph";
      return JSON.stringify(graph.initializer.map(({ name, rawData }) => [name, numbersOf('m.onnx', rawData).size]));
    } catch (error) {
      return (error as Error).message.replace("'m.onnx' is no ONNX file: ", '');
    }
  };
  return [said(() => decoded(bytesAsSource('m.onnx', bytes))), said(() => fromBinary(ModelProtoSchema, bytes))];
}

describe('the message of a file', () => {
  it('is read without the numbers of large tensors, which are read where they stand', () => {
    const many = Array.from({ length: 40 }, (_, at) => large(`w${at}`, at));
    const bytes = bytesOf({ name: 'g', initializer: [...many, small] });
    const source = counting(bytes);
    const model = decoded(source);
    // The scanner reads chunks of 64 KiB beside each tensor of 80 KB, and keeps none of them.
    expect(messageBytes(source)?.byteLength).toBeLessThan(4000);
    for (const [at, tensor] of tensors(model).slice(0, -1).entries()) {
      source.count = 0;
      expectSame(read(tensor), numbers(COUNT, at));
      expect(source.count).toBe(4 * COUNT);
    }
    expectSame(read(tensors(model).at(-1)), numbers(3, 9));
  });

  it('has lists of floats as raw bytes', () => {
    const list = numbers(COUNT, 4);
    const shared = { dims: [BigInt(COUNT)] };
    const bytes = bytesOf({
      name: 'g',
      initializer: [
        { ...shared, name: 'single', dataType: 1, floatData: [...list] },
        { ...shared, name: 'double', dataType: 11, doubleData: [...list] },
        { ...shared, name: 'wrong', dataType: 1, doubleData: [...list] },
        { ...shared, name: 'both', dataType: 1, floatData: [...list], rawData: rawOf(list) },
        { ...shared, name: 'short', dataType: 1, floatData: [...list.subarray(1)] },
      ],
    });
    const [single, double, wrong, both, short] = tensors(decoded(bytesAsSource('m.onnx', bytes)));
    expect(single?.floatData).toEqual([]);
    expect(double?.doubleData).toEqual([]);
    for (const tensor of [single, double]) {
      expectSame(read(tensor), list);
      expectSame(Float32Array.from(constantOf(tensor as TensorProto, 'm.onnx').data as Float64Array), list);
    }
    expect(() => read(wrong)).toThrow(`tensor 'wrong' has 0 bytes of numbers, expected ${4 * COUNT}`);
    expect(() => read(both)).toThrow("tensor 'both' has its numbers in more than one place");
    expect(() => read(short)).toThrow(`tensor 'short' has ${4 * COUNT - 4} bytes of numbers, expected ${4 * COUNT}`);
  });

  it('leaves the numbers of constants in the file, and takes a byte for what it is', () => {
    const attribute = (t: TensorInit) => ({ name: 'value', type: AttributeProto_AttributeType.TENSOR, t });
    const graph = (t: TensorInit): GraphInit => ({
      name: 'g',
      node: [{ opType: 'Constant', attribute: [attribute(t)] }],
    });
    const model = decoded(bytesAsSource('m.onnx', bytesOf(graph(large('c', 2)))));
    const tensor = model.graph?.node[0]?.attribute[0]?.t;
    expect(tensor?.rawData.byteLength).toBe(1);
    expectSame(read(tensor), numbers(COUNT, 2));
    // A number of one byte is no stand-in.
    const first = bytesOf({ name: 'g', initializer: [large('a', 1)] });
    const second = bytesOf({
      name: 'g',
      initializer: [{ name: 'b', dims: [1n], dataType: 2, rawData: Uint8Array.of(1) }],
    });
    const merged = decoded(bytesAsSource('m.onnx', Buffer.concat([first, second])));
    const [a, b] = tensors(merged);
    expectSame(read(a), numbers(COUNT, 1));
    expect([...read(b)]).toEqual([1]);
  });

  it('is damaged as it is when all of it is read', () => {
    const bytes = bytesOf({ name: 'g', initializer: [large('w', 1), small], node: [{ opType: 'Relu', input: ['x'] }] });
    for (const length of [0, 1, 5, 20, 40, 41, 1000, bytes.length - 5000, bytes.length - 20, bytes.length - 1]) {
      const [own, whole] = bothWays(bytes.slice(0, length));
      expect(own).toBe(whole);
    }
    // Every byte before the numbers, and behind them: lengths, tags and types.
    const places = [
      ...Array.from({ length: 48 }, (_, at) => at),
      ...Array.from({ length: 40 }, (_, at) => bytes.length - 1 - at),
    ];
    for (const place of places) {
      for (const value of [0, 0x0b, 0x4a, 0x7f, 0x80, 0xff]) {
        const damaged = bytes.slice();
        damaged[place] = value;
        const [own, whole] = bothWays(damaged);
        expect([place, value, own]).toEqual([place, value, whole]);
      }
    }
  });

  it('stays as it is with a tensor of very many fields', () => {
    const dims = new Array<bigint>(2000).fill(1n);
    const bytes = bytesOf({ name: 'g', initializer: [{ ...large('w', 1), dims }] });
    expect(messageBytes(bytesAsSource('m.onnx', bytes))).toBeUndefined();
    expect(numbersOf('m.onnx', Uint8Array.of(1)).size).toBe(1);
  });
});
