/** Tensors of ONNX files, which write their numbers in several ways. */
import { type ByteSource, bytesAsSource } from '../../../core/byte-source.js';
import { DataError, InterchangeError } from '../../../core/errors.js';
import { bytesOf, type NumberType, toFloat32, toFloat64 } from '../../sources/number-types.js';
import { countOf, type SourceTensor } from '../../sources/source-tensor.js';
import { numbersOf } from '../message-bytes.js';
import { TensorProto_DataType as DataType, type TensorProto, TensorProto_DataLocation } from '../onnx-pb.js';
import { type ConstantTensor, LaterTensor, LEAST_LATER, type NumberTensor, sizeOf } from './constant-tensor.js';
import { externalData } from './external-data.js';

/** A type of a file: how its numbers are kept here, and the bits of one where these are fewer than a byte. */
interface StoredType {
  readonly type: NumberType;
  readonly bits?: 2 | 4;
}

const TYPES: ReadonlyMap<number, StoredType> = new Map<number, StoredType>([
  [DataType.FLOAT, { type: 'float32' }],
  [DataType.UINT8, { type: 'uint8' }],
  [DataType.INT8, { type: 'int8' }],
  [DataType.UINT16, { type: 'uint16' }],
  [DataType.INT16, { type: 'int16' }],
  [DataType.INT32, { type: 'int32' }],
  [DataType.INT64, { type: 'int64' }],
  [DataType.BOOL, { type: 'bool' }],
  [DataType.FLOAT16, { type: 'float16' }],
  [DataType.DOUBLE, { type: 'float64' }],
  [DataType.UINT32, { type: 'uint32' }],
  [DataType.UINT64, { type: 'uint64' }],
  [DataType.BFLOAT16, { type: 'bfloat16' }],
  [DataType.UINT4, { type: 'uint8', bits: 4 }],
  [DataType.INT4, { type: 'int8', bits: 4 }],
  [DataType.UINT2, { type: 'uint8', bits: 2 }],
  [DataType.INT2, { type: 'int8', bits: 2 }],
]);

/** The type of an ONNX code; undefined for one that has no numbers of its own here: texts, complex numbers, floats of 8 bits. */
export function numberTypeOf(code: number): NumberType | undefined {
  const stored = TYPES.get(code);
  return stored?.bits === undefined ? stored?.type : undefined;
}

/** What a type of ONNX is called: `FLOAT8E5M2`. */
export function typeName(code: number): string {
  return DataType[code] ?? `number ${code}`;
}

const corrupt = (path: string, tensor: string, problem: string) => {
  const message = `'${path}' is corrupt: tensor '${tensor}' ${problem}`;
  return new DataError('file_corrupt', message, { source: path, tensor });
};

const unsupported = (path: string, tensor: string, problem: string) => {
  const message = `'${path}': tensor '${tensor}' ${problem}`;
  return new DataError('file_unsupported', message, { source: path, tensor });
};

/** The sizes of a tensor. */
function shapeOf({ dims, name }: TensorProto, path: string): { shape: number[]; count: number } {
  const shape = dims.map(Number);
  return { shape, count: countOf(path, name, shape) };
}

/** The list of a message that numbers of a type stand in, where they are not raw bytes. */
function listOf(tensor: TensorProto): readonly (number | bigint)[] {
  switch (tensor.dataType) {
    case DataType.FLOAT:
      return tensor.floatData;
    case DataType.DOUBLE:
      return tensor.doubleData;
    case DataType.INT64:
      return tensor.int64Data;
    case DataType.UINT32:
    case DataType.UINT64:
      return tensor.uint64Data;
    default:
      return tensor.int32Data;
  }
}

/** All places of a message where numbers may stand, of which one is used. */
function usedLists(tensor: TensorProto): number {
  const { floatData, doubleData, int32Data, int64Data, uint64Data, rawData, stringData } = tensor;
  const lists = [floatData, doubleData, int32Data, int64Data, uint64Data, rawData, stringData];
  return lists.filter(({ length }) => length > 0).length;
}

/** Small integers that share a byte, the first in its lowest bits. Source: onnx.proto, TensorProto.raw_data. */
function unpacked(bytes: Uint8Array, type: NumberType, bits: number, count: number): Uint8Array {
  const perByte = 8 / bits;
  const result = new Uint8Array(count);
  const unused = 8 - bits;
  for (let at = 0; at < count; at++) {
    const byte = bytes[Math.floor(at / perByte)] as number;
    const high = (byte >> ((at % perByte) * bits)) << unused;
    result[at] = type === 'int8' ? ((high << 24) >> 24) >> unused : (high & 0xff) >> unused;
  }
  return result;
}

/** Numbers as the bytes that the file would have if it stored them raw. */
function bytesOfList(tensor: TensorProto, path: string, type: NumberType, isPacked: boolean): Uint8Array {
  const list = listOf(tensor);
  const width = isPacked ? 1 : bytesOf(type);
  const view = new DataView(new ArrayBuffer(list.length * width));
  const isSigned = !type.startsWith('u') && type.startsWith('int') && !isPacked;
  const [least, most] = isSigned ? [-(2 ** (8 * width - 1)), 2 ** (8 * width - 1) - 1] : [0, 2 ** (8 * width) - 1];
  for (const [index, number] of list.entries()) {
    const at = index * width;
    if (type === 'float32') view.setFloat32(at, number as number, true);
    else if (type === 'float64') view.setFloat64(at, number as number, true);
    else if (width === 8) view.setBigInt64(at, BigInt.asIntN(64, number as bigint), true);
    else if (number < least || number > most) throw corrupt(path, tensor.name, `has ${number}, which is no ${type}`);
    else if (width === 4) view.setUint32(at, Number(number) >>> 0, true);
    else if (width === 2) view.setUint16(at, Number(number) & 0xffff, true);
    else view.setUint8(at, Number(number) & 0xff);
  }
  return new Uint8Array(view.buffer);
}

/** Where the bytes of the numbers are: in the file of the model, or in one beside it. */
function placeOf(tensor: TensorProto, path: string, stored: StoredType, bytes: number): () => ByteSource & Closing {
  const { name } = tensor;
  if (tensor.segment !== undefined)
    throw unsupported(path, name, 'is a segment of another one, which is not supported');
  const used = usedLists(tensor);
  if (tensor.dataLocation === TensorProto_DataLocation.EXTERNAL) {
    if (used > 0) throw corrupt(path, name, 'has numbers both in the file and outside of it');
    return externalData(tensor, path, bytes);
  }
  if (used > 1) throw corrupt(path, name, 'has its numbers in more than one place');
  const given =
    tensor.rawData.length > 0
      ? numbersOf(path, tensor.rawData)
      : bytesAsSource(path, bytesOfList(tensor, path, stored.type, stored.bits !== undefined));
  if (given.size !== bytes) throw corrupt(path, name, `has ${given.size} bytes of numbers, expected ${bytes}`);
  return () => ({ ...given, close: () => undefined });
}

interface Closing {
  close(): void;
}

/** A tensor of numbers whose description has been checked. */
interface Described {
  readonly type: NumberType;
  readonly bits?: 2 | 4 | undefined;
  readonly shape: readonly number[];
  /** Its numbers, little-endian, in whole bytes each. */
  bytes(): Uint8Array;
}

function describe(tensor: TensorProto, path: string): Described {
  const { name, dataType } = tensor;
  const stored = TYPES.get(dataType);
  if (stored === undefined)
    throw unsupported(path, name, `is of the type ${typeName(dataType)}, which is not supported`);
  const { shape, count } = shapeOf(tensor, path);
  const { type, bits } = stored;
  const size = bits === undefined ? count * bytesOf(type) : Math.ceil((count * bits) / 8);
  const open = placeOf(tensor, path, stored, size);
  const bytes = () => {
    const source = open();
    try {
      const stored = source.read(0, size);
      return bits === undefined ? stored : unpacked(stored, type, bits, count);
    } finally {
      source.close();
    }
  };
  return { type, bits, shape, bytes };
}

/** Beyond this, whole numbers stand for "to the end" of what is sliced, and need not be exact. */
const TO_THE_END = 2 ** 62;

function requireExact({ type, data }: NumberTensor, name: string): void {
  if (type !== 'int64' && type !== 'uint64') return;
  const index = data.findIndex((number) => !Number.isSafeInteger(number) && Math.abs(number) < TO_THE_END);
  if (index < 0) return;
  const message = `tensor '${name}' has about ${data[index]} at ${index}, which is beyond 2^53`;
  throw new InterchangeError('unsupported_attribute', message, { tensor: name, index, value: data[index] });
}

function textsOf(tensor: TensorProto, path: string): ConstantTensor {
  const { name, stringData } = tensor;
  const { shape, count } = shapeOf(tensor, path);
  if (usedLists(tensor) > 1 || stringData.length !== count || tensor.segment !== undefined) {
    throw corrupt(path, name, `has ${stringData.length} texts, expected ${count} and nothing else`);
  }
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    return { type: 'string', shape, data: stringData.map((bytes) => decoder.decode(bytes)) };
  } catch {
    throw corrupt(path, name, 'has a text that is not UTF-8');
  }
}

/**
 * The numbers or texts of a tensor; many real numbers are read each time they are asked for.
 *
 * @param path of the model's file: external data lie in its folder
 * @throws {DataError} `file_corrupt` where sizes disagree, where a path leaves the folder; `file_unsupported` for types and forms that
 *   are not known here, `file_truncated`, `file_unreadable` of external data
 * @throws {InterchangeError} `unsupported_attribute` for whole numbers between 2^53 and 2^62
 */
export function constantOf(tensor: TensorProto, path: string): ConstantTensor {
  if (tensor.dataType === DataType.STRING) return textsOf(tensor, path);
  const { type, bits, shape, bytes } = describe(tensor, path);
  if (type.includes('float') && sizeOf(shape) >= LEAST_LATER) {
    return new LaterTensor(shape, type, (kind) =>
      kind === 'float32' ? toFloat32(bytes(), type, tensor.name) : toFloat64(bytes(), type),
    );
  }
  const constant: NumberTensor = { type, ...(bits !== undefined && { bits }), shape, data: toFloat64(bytes(), type) };
  requireExact(constant, tensor.name);
  return constant;
}

/**
 * A tensor that is read when it is needed. Its description is checked at once.
 *
 * @param path of the model's file: external data lie in its folder
 * @throws {DataError} as `constantOf`, and `file_unsupported` for texts
 */
export function sourceTensorOf(tensor: TensorProto, path: string): SourceTensor {
  const { name } = tensor;
  const { type, shape, bytes } = describe(tensor, path);
  return { name, type, shape, read: () => toFloat32(bytes(), type, name) };
}
