/** Reads ONNX files that were exported, and checks that a graph is put together rightly. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { exportModel } from '../../../src/interchange/export-model.js';
import type { ExportOnnxOptions } from '../../../src/interchange/export-onnx/export-onnx.js';
import {
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  type TensorProto,
} from '../../../src/interchange/onnx/onnx-pb.js';
import type { Model } from '../../../src/model/model.js';
import { temporaryDirectory } from '../../checkpoint/temporary-directory.js';

/** The content of a file. */
export function readOnnx(path: string): ModelProto & { graph: GraphProto } {
  return fromBinary(ModelProtoSchema, readFileSync(path)) as ModelProto & { graph: GraphProto };
}

/** Exports to a file of its own and reads it again. */
export async function exported(model: Model, options: ExportOnnxOptions = {}) {
  const path = join(temporaryDirectory(), 'model.onnx');
  const result = await exportModel(model, path, { to: 'onnx', ...options });
  const file = readOnnx(path);
  requireWellFormed(file.graph);
  return { path, result, file, graph: file.graph };
}

/** Operators of a graph in order, those of loops in brackets behind theirs. */
export function operatorsOf({ node }: GraphProto): string[] {
  return node.flatMap(({ opType, attribute }) => {
    const bodies = attribute.flatMap(({ g }) => (g === undefined ? [] : [`(${operatorsOf(g).join(' ')})`]));
    return [opType, ...bodies];
  });
}

/** The nodes of an operator. */
export function nodesOf({ node }: GraphProto, operator: string): NodeProto[] {
  return node.filter(({ opType }) => opType === operator);
}

/** The value of an attribute. */
export function attributeOf({ attribute }: NodeProto, name: string): unknown {
  const found = attribute.find((each) => each.name === name);
  if (found === undefined) return undefined;
  const text = new TextDecoder();
  const { i, f, s, ints, floats, strings, type } = found;
  const values = new Map<number, unknown>([
    [1, f],
    [2, Number(i)],
    [3, text.decode(s)],
    [6, floats],
    [7, ints.map(Number)],
    [8, strings.map((each) => text.decode(each))],
  ]);
  return values.get(type);
}

/** Dimensions of the inputs or outputs of a graph by name, such as `float time batch 3`. */
export function endsOf(infos: GraphProto['input']): Record<string, string> {
  return Object.fromEntries(
    infos.map(({ name, type }) => {
      const tensor = type?.value.case === 'tensorType' ? type.value.value : undefined;
      const sizes = tensor?.shape?.dim.map(({ value }) => String(value.value)) ?? [];
      return [name, [tensor?.elemType === 1 ? 'float' : `type${tensor?.elemType}`, ...sizes].join(' ')];
    }),
  );
}

/** The tensor of that name. */
export function tensorOf({ initializer }: GraphProto, name: string): TensorProto {
  const found = initializer.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no tensor ${name} among ${initializer.map((each) => each.name)}`);
  return found;
}

/** The numbers of a float32 tensor that stands in the file. */
export function numbersOf({ rawData }: TensorProto): Float32Array {
  return new Float32Array(Uint8Array.from(rawData).buffer);
}

/** Bytes of the types that exported tensors have: float32, int64, bool. */
const ELEMENT_BYTES = new Map([
  [1, 4],
  [7, 8],
  [9, 1],
]);

/** Every tensor is made once, before it is read; every output exists; every number of the file has its bytes. */
export function requireWellFormed(
  graph: GraphProto,
  around: ReadonlySet<string> = new Set(),
  made = new Set<string>(),
): void {
  const known = new Set(around);
  const make = (name: string) => {
    if (made.has(name)) throw new Error(`'${name}' is made twice`);
    made.add(name);
    known.add(name);
  };
  for (const { name, dims, dataType, rawData, externalData } of graph.initializer) {
    make(name);
    const count = dims.reduce((product, size) => product * Number(size), 1);
    const bytes = count * (ELEMENT_BYTES.get(dataType) as number);
    if (externalData.length === 0 && rawData.byteLength !== bytes) throw new Error(`'${name}' has no ${bytes} bytes`);
  }
  for (const { name } of graph.input) make(name);
  for (const { opType, input, output, attribute } of graph.node) {
    for (const name of input)
      if (name !== '' && !known.has(name)) throw new Error(`${opType} reads '${name}' too early`);
    for (const { g } of attribute) if (g !== undefined) requireWellFormed(g, known, made);
    for (const name of output) if (name !== '') make(name);
  }
  for (const { name } of graph.output) if (!known.has(name)) throw new Error(`the output '${name}' is not made`);
}
