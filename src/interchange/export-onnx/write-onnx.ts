/** Writes an ONNX file. Messages without weights are small and made by the library; weights go to the file as they lie in memory. */
import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import { CHUNK_BYTES, type Transfer, writeFileBy } from '../../checkpoint/file-transfer.js';
import { InterchangeError } from '../../core/errors.js';
import { graphDigest } from '../onnx/graph-digest.js';
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataLocation as DataLocation,
  TensorProto_DataType as DataType,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from '../onnx/onnx-pb.js';
import { OWN_KEY, type OwnDescription } from '../shared/own-onnx.js';
import {
  type Attribute,
  type GraphBody,
  type Initializer,
  type OnnxType,
  type Part,
  sizeOf,
  type TensorInfo,
} from './onnx-graph.js';

/** A model as it stands in a file. */
export interface OnnxModel {
  readonly graph: GraphBody & { readonly initializers: readonly Initializer[] };
  readonly opset: number;
  readonly irVersion: number;
  readonly producerVersion: string;
  readonly metadata: ReadonlyMap<string, string>;
  /** What the file says of itself, without the digest of its graph. */
  readonly own: Omit<OwnDescription, 'graph'>;
}

/** Most bytes of a message of protocol buffers, and of a file that is one. */
const MOST_BYTES = 2 ** 31 - 1;

/** Tensors of fewer bytes stay in the file of the graph. */
const LEAST_EXTERNAL = 1024;

/** Whether a tensor may stand in another file. Indices stay: readers look at them when they work out sizes. */
const isLarge = ({ type, parts }: Initializer) => type === 'float32' && sizeOf(parts) >= LEAST_EXTERNAL;

/** Where tensors of another file begin: pages, so that readers can map them. */
const PAGE = 4096;

/** Numbers of fields in onnx.proto, and the type of fields with a length. */
const FIELD = { initializer: 5, graph: 7, rawData: 9 } as const;
const WITH_LENGTH = 2;

const TYPES: Readonly<Record<OnnxType, DataType>> = {
  float32: DataType.FLOAT,
  int64: DataType.INT64,
  bool: DataType.BOOL,
};

function attributeMessage(name: string, attribute: Attribute): AttributeProto {
  const message = create(AttributeProtoSchema, { name });
  const text = new TextEncoder();
  if ('int' in attribute) Object.assign(message, { type: AttributeType.INT, i: BigInt(attribute.int) });
  else if ('ints' in attribute) Object.assign(message, { type: AttributeType.INTS, ints: attribute.ints.map(BigInt) });
  else if ('float' in attribute) Object.assign(message, { type: AttributeType.FLOAT, f: attribute.float });
  else if ('floats' in attribute) Object.assign(message, { type: AttributeType.FLOATS, floats: [...attribute.floats] });
  else if ('text' in attribute) Object.assign(message, { type: AttributeType.STRING, s: text.encode(attribute.text) });
  else if ('texts' in attribute) {
    Object.assign(message, { type: AttributeType.STRINGS, strings: attribute.texts.map((each) => text.encode(each)) });
  } else Object.assign(message, { type: AttributeType.GRAPH, g: graphMessage('body', attribute.graph) });
  return message;
}

function infoMessage({ name, type, dimensions }: TensorInfo): ValueInfoProto {
  const dim = dimensions.map((size) => ({
    value:
      typeof size === 'number'
        ? ({ case: 'dimValue', value: BigInt(size) } as const)
        : ({ case: 'dimParam', value: size } as const),
  }));
  const tensor = { case: 'tensorType' as const, value: { elemType: TYPES[type], shape: { dim } } };
  return create(ValueInfoProtoSchema, { name, type: { value: tensor } });
}

function graphMessage(name: string, { nodes, inputs, outputs }: GraphBody): GraphProto {
  const node = nodes.map((each) => {
    const attribute = Object.entries(each.attributes).map(([key, value]) => attributeMessage(key, value));
    const named = each.outputs.find((output) => output !== '') ?? '';
    const { inputs: input, outputs: output, operator: opType } = each;
    return create(NodeProtoSchema, { name: named, opType, input: [...input], output: [...output], attribute });
  });
  return create(GraphProtoSchema, { name, node, input: inputs.map(infoMessage), output: outputs.map(infoMessage) });
}

/** A whole number in groups of seven bits. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return bytes;
}

/** What stands before the bytes of a field with a length. */
function fieldHead(field: number, length: number): Uint8Array {
  return Uint8Array.from([field * 8 + WITH_LENGTH, ...varint(length)]);
}

/** Where the bytes of a tensor stand in another file. */
interface ExternalPlace {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** A tensor as parts of the file: its description, then its bytes, unless they stand in another file. */
function tensorParts({ name, type, dimensions, parts }: Initializer, external: ExternalPlace | undefined): Part[] {
  const described = { name, dataType: TYPES[type], dims: dimensions.map(BigInt) };
  if (external !== undefined) {
    const externalData = Object.entries(external).map(([key, value]) => ({ key, value: String(value) }));
    const dataLocation = DataLocation.EXTERNAL;
    return [toBinary(TensorProtoSchema, create(TensorProtoSchema, { ...described, externalData, dataLocation }))];
  }
  const head = toBinary(TensorProtoSchema, create(TensorProtoSchema, described));
  return [head, fieldHead(FIELD.rawData, sizeOf(parts)), ...parts];
}

/** What the file says of itself. */
function ownMetadata({ graph, own }: OnnxModel, message: GraphProto): string {
  const weights = new Set(Object.values(own.weights).flatMap((runs) => runs.map(([tensor]) => tensor)));
  const constants = graph.initializers.filter(({ name }) => !weights.has(name));
  const digested = constants.map(({ name, dimensions, parts }) => ({ name, dimensions, bytes: joined(parts) }));
  return JSON.stringify({ ...own, graph: graphDigest(message, digested) } satisfies OwnDescription);
}

/** Parts as one. */
function joined(parts: readonly Part[]): Uint8Array {
  const bytes = new Uint8Array(sizeOf(parts));
  for (const { bytes: chunk, position } of writeParts(parts)) bytes.set(chunk, position);
  return bytes;
}

/** The file of a model as its parts, in order. */
function modelParts(model: OnnxModel, places: ReadonlyMap<Initializer, ExternalPlace>): Part[] {
  const { graph, opset, irVersion, producerVersion, metadata } = model;
  const tensors = graph.initializers.flatMap((tensor) => {
    const parts = tensorParts(tensor, places.get(tensor));
    return [fieldHead(FIELD.initializer, sizeOf(parts)), ...parts];
  });
  const message = graphMessage('bptt', graph);
  const body = [toBinary(GraphProtoSchema, message), ...tensors];
  const all = new Map([[OWN_KEY, ownMetadata(model, message)], ...metadata]);
  const head = create(ModelProtoSchema, {
    irVersion: BigInt(irVersion),
    opsetImport: [{ domain: '', version: BigInt(opset) }],
    producerName: 'bptt',
    producerVersion,
    metadataProps: [...all].map(([key, value]) => ({ key, value })),
  });
  return [toBinary(ModelProtoSchema, head), fieldHead(FIELD.graph, sizeOf(body)), ...body];
}

/** Writes parts one after the other: bytes are copied before, so that no writing reads shared memory. */
function* writeParts(parts: readonly Part[]): Transfer<void> {
  const largest = parts.reduce<number>((most, part) => Math.max(most, sizeOf([part])), 0);
  const staging = new Uint8Array(Math.min(CHUNK_BYTES, largest));
  let position = 0;
  for (const part of parts) {
    const size = sizeOf([part]);
    for (let at = 0; at < size; at += CHUNK_BYTES) {
      const chunk = staging.subarray(0, Math.min(CHUNK_BYTES, size - at));
      if (typeof part === 'number') chunk.fill(0);
      else chunk.set(part.subarray(at, at + chunk.byteLength));
      yield { bytes: chunk, position };
      position += chunk.byteLength;
    }
  }
}

/** The bytes of tensors as the content of another file, each from the begin of a page. */
function externalParts(tensors: readonly Initializer[]): { readonly parts: Part[]; readonly offsets: number[] } {
  const parts: Part[] = [];
  const offsets: number[] = [];
  let end = 0;
  for (const tensor of tensors) {
    const offset = Math.ceil(end / PAGE) * PAGE;
    if (offset > end) parts.push(offset - end);
    parts.push(...tensor.parts);
    offsets.push(offset);
    end = offset + sizeOf(tensor.parts);
  }
  return { parts, offsets };
}

/** A name for the content: a file of weights never changes, so that the file of the graph always has the one that it was made with. */
function contentName(path: string, parts: readonly Part[]): string {
  const hash = createHash('sha256');
  for (const { bytes } of writeParts(parts)) hash.update(bytes);
  return `${basename(path)}.${hash.digest('hex').slice(0, 16)}.data`;
}

/** The files that were written, the one with the graph first. */
export interface WrittenFiles {
  readonly files: readonly string[];
  readonly bytes: number;
}

/** Where weights stand. */
export interface WriteOptions {
  /** Whether in another file beside that of the graph; default where one file would be too large. */
  readonly isExternal?: boolean | undefined;
  /** Most bytes of a file with a graph; default 2^31 - 1, the most that protocol buffers can hold. */
  readonly mostBytes?: number;
}

function tooLarge(path: string, actual: number, expected: number): InterchangeError {
  const message = `cannot write '${path}': it would be ${actual} bytes, and an ONNX file has at most ${expected}: let the weights stand in a file of their own (externalData)`;
  return new InterchangeError('export_failed', message, { path, format: 'onnx', actual, expected });
}

/**
 * Writes a model. Each file is written aside and renamed; one with weights alone before the file of the graph.
 *
 * @throws {CheckpointError} `checkpoint_write_failed`
 * @throws {InterchangeError} `export_failed` where a single file is asked for that would be too large
 */
export async function writeOnnx(
  path: string,
  model: OnnxModel,
  { isExternal, mostBytes = MOST_BYTES }: WriteOptions,
): Promise<WrittenFiles> {
  const whole = modelParts(model, new Map());
  const size = sizeOf(whole);
  if (isExternal === false && size > mostBytes) throw tooLarge(path, size, mostBytes);
  if (isExternal !== true && size <= mostBytes) {
    await writeFileBy(path, () => writeParts(whole));
    return { files: [path], bytes: size };
  }
  const tensors = model.graph.initializers.filter(isLarge);
  const { parts, offsets } = externalParts(tensors);
  const location = contentName(path, parts);
  const places = tensors.map((tensor, at) => {
    return [tensor, { location, offset: offsets[at] as number, length: sizeOf(tensor.parts) }] as const;
  });
  const graph = modelParts(model, new Map(places));
  const weights = join(dirname(path), location);
  if (tensors.length > 0) await writeFileBy(weights, () => writeParts(parts));
  await writeFileBy(path, () => writeParts(graph));
  return {
    files: tensors.length > 0 ? [path, weights] : [path],
    bytes: sizeOf(graph) + sizeOf(parts),
  };
}
