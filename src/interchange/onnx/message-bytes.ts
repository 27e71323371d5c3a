/**
 * The bytes of an ONNX message without the numbers of large tensors, which stay in the file and are read where they are needed. Initializers
 * of the graph and tensors in attributes of its nodes are looked at; what branches hold is part of the message.
 *
 * @see https://protobuf.dev/programming-guides/encoding, and onnx.proto for the numbers of fields
 */
import { type ByteSource, bytesAsSource, partOf } from '../../core/byte-source.js';
import { TensorProto_DataType as DataType } from './onnx-pb.js';

/** Numbers of at least so many bytes stay in the file. */
const LEAST_BYTES = 2 ** 14;

/** A tensor of more fields is a list of texts or of numbers one by one, and stays in the message. */
const MOST_FIELDS = 1000;

/** Bytes that are read at once. */
const CHUNK = 2 ** 16;

/** What stands in a message in place of numbers: not 0, so that nobody takes it for a fill of zeros. */
const STAND_IN = 1;

/** Types of fields on the wire. */
const [VARINT, BITS_64, WITH_LENGTH, BITS_32] = [0, 1, 2, 5];

/** Fields of a tensor: those whose bytes are the numbers as `raw_data` has them, with the type that they are of. */
const TENSOR = { dataType: 2, rawData: 9 } as const;
const PACKED: ReadonlyMap<number, DataType> = new Map([
  [4, DataType.FLOAT],
  [10, DataType.DOUBLE],
]);

/** A message on the way to a tensor: which of its fields lead on. */
interface Way {
  readonly fields: Readonly<Record<number, Way | 'tensor' | 'tensors'>>;
}

// The field `t` of an attribute may stand there twice, and is merged then; lists of tensors are not.
const ATTRIBUTE: Way = { fields: { 5: 'tensor', 10: 'tensors' } };
const NODE: Way = { fields: { 5: ATTRIBUTE } };
const GRAPH: Way = { fields: { 1: NODE, 5: 'tensors' } };
const MODEL: Way = { fields: { 7: GRAPH } };

/** The bytes [begin, end) of the file; or a stand-in for them. */
interface Place {
  readonly begin: number;
  readonly end: number;
  readonly isStandIn?: boolean;
}

type Part = Place | Uint8Array;

/** A part of a message in its new form. */
interface Parts {
  readonly parts: readonly Part[];
  readonly size: number;
}

/** What is no message as it should be. It is left to the decoder, which says so. */
class Irregular extends Error {}

/** A field of a message: the places of its tag, of its content, and of its end. */
interface Field {
  readonly number: number;
  readonly type: number;
  readonly begin: number;
  readonly content: number;
  readonly end: number;
}

/** Walks over the fields of messages. */
class Scanner {
  readonly #source: ByteSource;
  #chunk: Uint8Array = new Uint8Array();
  #begin = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  #byte(at: number): number {
    if (at < this.#begin || at >= this.#begin + this.#chunk.byteLength) {
      this.#begin = at;
      this.#chunk = this.#source.read(at, Math.min(CHUNK, this.#source.size - at));
    }
    return this.#chunk[at - this.#begin] as number;
  }

  /** A whole number of 32 bits, and where it ends. @throws {Irregular} */
  varint(at: number, end: number): { readonly value: number; readonly next: number } {
    let value = 0;
    for (let index = 0; index < 5 && at + index < end; index++) {
      const byte = this.#byte(at + index);
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80 && value < 2 ** 32) return { value, next: at + index + 1 };
    }
    throw new Irregular();
  }

  /** The fields of a message. @throws {Irregular} for what goes beyond its end */
  *fields(begin: number, end: number): Generator<Field> {
    for (let at = begin; at < end; ) {
      const { value: tag, next: content } = this.varint(at, end);
      const field = this.#field(at, content, end, tag);
      if (field.number === 0 || field.end > end) throw new Irregular();
      yield field;
      at = field.end;
    }
  }

  #field(begin: number, content: number, end: number, tag: number): Field {
    const [number, type] = [tag >>> 3, tag & 7];
    const of = (from: number, to: number): Field => ({ number, type, begin, content: from, end: to });
    if (type === BITS_64) return of(content, content + 8);
    if (type === BITS_32) return of(content, content + 4);
    if (type === WITH_LENGTH) {
      const { value, next } = this.varint(content, end);
      return of(next, next + value);
    }
    if (type !== VARINT) throw new Irregular();
    for (let at = content; at < Math.min(end, content + 10); at++) {
      if (this.#byte(at) < 0x80) return of(content, at + 1);
    }
    throw new Irregular();
  }
}

/** A whole number in groups of seven bits. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}

const sizeOf = (part: Part) =>
  part instanceof Uint8Array ? part.byteLength : part.isStandIn ? 1 : part.end - part.begin;

function partsOf(parts: readonly Part[]): Parts {
  return { parts, size: parts.reduce((sum, part) => sum + sizeOf(part), 0) };
}

/** A field with a length, of which the content is new. */
function withLength(number: number, { parts, size }: Parts): Part[] {
  return [Uint8Array.from([...varint(number * 8 + WITH_LENGTH), ...varint(size)]), ...parts];
}

/** Gathers a message from fields that stay and fields that are new. */
class Gathered {
  readonly #parts: Part[] = [];
  #isNew = false;

  keep({ begin, end }: Place): void {
    const last = this.#parts.at(-1);
    const follows = last !== undefined && !(last instanceof Uint8Array) && !last.isStandIn && last.end === begin;
    if (follows) this.#parts[this.#parts.length - 1] = { begin: last.begin, end };
    else this.#parts.push({ begin, end });
  }

  replace(parts: readonly Part[]): void {
    this.#isNew = true;
    for (const part of parts) this.#parts.push(part);
  }

  /** Undefined where everything stays. */
  finish(): Parts | undefined {
    return this.#isNew ? partsOf(this.#parts) : undefined;
  }
}

/** The numbers of a list of floats that are all in one field, as they mostly are; undefined for others. */
function packedNumbers(fields: readonly Field[], scanner: Scanner): Field | undefined {
  const only = (number: number) => {
    const found = fields.filter((each) => each.number === number);
    return found.length === 1 ? found[0] : undefined;
  };
  const type = only(TENSOR.dataType);
  if (type?.type !== VARINT || fields.some(({ number }) => number === TENSOR.rawData)) return undefined;
  for (const [number, dataType] of PACKED) {
    const list = only(number);
    const width = dataType === DataType.FLOAT ? 4 : 8;
    const isWhole = list?.type === WITH_LENGTH && (list.end - list.content) % width === 0;
    if (isWhole && scanner.varint(type.content, type.end).value === dataType) return list;
  }
  return undefined;
}

/** A tensor without its numbers, if they are many. @param isMerged whether it may be only a part of a tensor */
function bareTensor(scanner: Scanner, begin: number, end: number, isMerged: boolean): Parts | undefined {
  const fields: Field[] = [];
  for (const field of scanner.fields(begin, end)) {
    if (fields.push(field) > MOST_FIELDS) return undefined;
  }
  const list = isMerged ? undefined : packedNumbers(fields, scanner);
  const gathered = new Gathered();
  for (const field of fields) {
    const { number, type, content, end: fieldEnd } = field;
    if (number === TENSOR.rawData && type !== WITH_LENGTH) throw new Irregular();
    const isLarge = fieldEnd - content >= LEAST_BYTES;
    if (!isLarge || (number !== TENSOR.rawData && field !== list)) gathered.keep(field);
    else gathered.replace(withLength(TENSOR.rawData, partsOf([{ begin: content, end: fieldEnd, isStandIn: true }])));
  }
  return gathered.finish();
}

function bare(scanner: Scanner, { fields }: Way, begin: number, end: number): Parts | undefined {
  const gathered = new Gathered();
  for (const field of scanner.fields(begin, end)) {
    const { number, type, content, end: fieldEnd } = field;
    const way = fields[number];
    if (way !== undefined && type !== WITH_LENGTH) throw new Irregular();
    if (way === undefined || fieldEnd - content < LEAST_BYTES) {
      gathered.keep(field);
      continue;
    }
    const inside =
      typeof way === 'string'
        ? bareTensor(scanner, content, fieldEnd, way === 'tensor')
        : bare(scanner, way, content, fieldEnd);
    if (inside === undefined) gathered.keep(field);
    else gathered.replace(withLength(number, inside));
  }
  return gathered.finish();
}

/** Numbers that stay in a file, by the buffer of its message and the place of the stand-in. */
const left = new WeakMap<ArrayBufferLike, ReadonlyMap<number, ByteSource>>();

function assembled(source: ByteSource, { parts, size }: Parts): Uint8Array {
  const bytes = new Uint8Array(size);
  const places = new Map<number, ByteSource>();
  let at = 0;
  for (const part of parts) {
    if (part instanceof Uint8Array) bytes.set(part, at);
    else if (part.isStandIn) {
      bytes[at] = STAND_IN;
      places.set(at, partOf(source, 'the numbers of a tensor', part.begin, part.end - part.begin));
    } else {
      for (let from = part.begin; from < part.end; from += CHUNK) {
        bytes.set(source.read(from, Math.min(CHUNK, part.end - from)), at + from - part.begin);
      }
    }
    at += sizeOf(part);
  }
  left.set(bytes.buffer, places);
  return bytes;
}

/**
 * The bytes of a file as a message that is decoded as a whole. In the place of large `raw_data` it has a stand-in, which `numbersOf`
 * knows, and so it has for large packed lists of floats, as `raw_data`. Undefined where there are none, or the file is damaged.
 *
 * @throws {DataError} `file_truncated`, `file_unreadable`
 */
export function messageBytes(source: ByteSource): Uint8Array | undefined {
  try {
    const parts = bare(new Scanner(source), MODEL, 0, source.size);
    return parts && assembled(source, parts);
  } catch (error) {
    if (error instanceof Irregular) return undefined;
    throw error;
  }
}

/**
 * The bytes of the numbers of a tensor: those of `rawData`, or those that it stands for, while the file is open.
 *
 * @param name of the file, for messages
 */
export function numbersOf(name: string, rawData: Uint8Array): ByteSource {
  const place = rawData.byteLength === 1 ? left.get(rawData.buffer)?.get(rawData.byteOffset) : undefined;
  return place ?? bytesAsSource(name, rawData);
}
