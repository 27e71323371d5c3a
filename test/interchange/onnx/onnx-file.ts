import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType,
  type AttributeProtoSchema,
  ModelProtoSchema,
  type NodeProtoSchema,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from '../../../src/interchange/onnx/onnx-pb.js';
import { temporaryDirectory } from '../../checkpoint/temporary-directory.js';

/** A tensor of the file: float32, or int64. */
export interface SmallTensor {
  readonly shape: readonly number[];
  readonly numbers: ArrayLike<number>;
  readonly isWhole?: boolean;
}

/** A whole number, a text, or lists: of whole numbers, of texts, of real numbers. */
type AttributeValue = number | string | readonly number[] | readonly string[] | { readonly floats: readonly number[] };

/** A graph in few words. */
export interface SmallGraph {
  readonly opset?: number;
  /** Sizes are numbers or names. */
  readonly inputs: Readonly<Record<string, readonly (number | string)[]>>;
  /** Inputs of whole numbers (int32); all others are float32. */
  readonly wholeInputs?: readonly string[];
  readonly outputs: readonly string[];
  readonly tensors?: Readonly<Record<string, SmallTensor>>;
  readonly nodes: readonly {
    readonly op: string;
    readonly inputs: readonly string[];
    readonly outputs: readonly string[];
    readonly attributes?: Readonly<Record<string, AttributeValue>>;
  }[];
}

function valueInfo(
  name: string,
  sizes: readonly (number | string)[] = [],
  elemType = 1,
): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = sizes.map((size) => ({
    value:
      typeof size === 'number'
        ? ({ case: 'dimValue', value: BigInt(size) } as const)
        : ({ case: 'dimParam', value: size } as const),
  }));
  return { name, type: { value: { case: 'tensorType', value: { elemType, shape: { dim } } } } };
}

function attribute(name: string, value: AttributeValue): MessageInitShape<typeof AttributeProtoSchema> {
  if (typeof value === 'string')
    return { name, type: AttributeProto_AttributeType.STRING, s: new TextEncoder().encode(value) };
  if (typeof value === 'number') return { name, type: AttributeProto_AttributeType.INT, i: BigInt(value) };
  if ('floats' in value) return { name, type: AttributeProto_AttributeType.FLOATS, floats: [...value.floats] };
  const isTexts = (list: readonly (number | string)[]): list is readonly string[] => typeof list[0] === 'string';
  if (isTexts(value)) {
    const strings = value.map((each) => new TextEncoder().encode(each));
    return { name, type: AttributeProto_AttributeType.STRINGS, strings };
  }
  return { name, type: AttributeProto_AttributeType.INTS, ints: (value as readonly number[]).map(BigInt) };
}

/** The bytes of an ONNX file. */
export function onnxBytes({
  opset = 17,
  inputs,
  wholeInputs = [],
  outputs,
  tensors = {},
  nodes,
}: SmallGraph): Uint8Array {
  const initializer = Object.entries(tensors).map(
    ([name, { shape, numbers, isWhole = false }]): MessageInitShape<typeof TensorProtoSchema> => {
      const dims = shape.map(BigInt);
      if (isWhole) return { name, dims, dataType: 7, int64Data: Array.from(numbers, BigInt) };
      return { name, dims, dataType: 1, floatData: Array.from(numbers) };
    },
  );
  const node = nodes.map(
    (each): MessageInitShape<typeof NodeProtoSchema> => ({
      opType: each.op,
      input: [...each.inputs],
      output: [...each.outputs],
      attribute: Object.entries(each.attributes ?? {}).map(([name, value]) => attribute(name, value)),
    }),
  );
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [{ domain: '', version: BigInt(opset) }],
    producerName: 'test',
    graph: {
      name: 'graph',
      node,
      initializer,
      input: Object.entries(inputs).map(([name, sizes]) => valueInfo(name, sizes, wholeInputs.includes(name) ? 6 : 1)),
      output: outputs.map((name) => valueInfo(name)),
    },
  });
  return toBinary(ModelProtoSchema, model);
}

/** An ONNX file in a folder of its own. @returns its path */
export function onnxFile(graph: SmallGraph): string {
  const path = join(temporaryDirectory(), 'model.onnx');
  writeFileSync(path, onnxBytes(graph));
  return path;
}

/** Numbers that differ from each other, between -1 and 1. */
export function numbers(count: number, seed: number): Float32Array {
  return Float32Array.from({ length: count }, (_, at) => Math.sin(seed * 12.9898 + at * 78.233) * 0.9);
}
