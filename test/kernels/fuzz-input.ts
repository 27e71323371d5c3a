/**
 * The form of what the fuzzer of the program loader makes of bytes (test/native/fuzz_input.h): a program, the sizes of its
 * blocks, an execution. Written for its first inputs, read for the tests of what it found.
 */
import { format, storageBytes } from '../../src/graph/generated/operations.js';
import { type AxisSamples, native } from '../../src/native/addon.js';
import { ALIGNMENT } from '../../src/native/memory.js';
import type { CapturedProgram } from './captured-program.js';

/** A program and an execution of it. */
export interface FuzzInput extends CapturedProgram {
  readonly batchSizes: readonly Int32Array[];
  readonly samples?: AxisSamples | undefined;
  /** Threads less one in bits 0-1; bits 2-3: zeros, ones, small numbers or bytes in the blocks; 4: repeated; 5: wild indices. */
  readonly options: number;
}

const HEADER = 5;
const NO_SAMPLES = -1;
/** Blocks larger than this are left as they are. */
const MOST_BYTES = 2 ** 20;
const { headerWords, axisWords, valueWords } = format;
const storages = Object.entries(storageBytes);

/** The bytes of an input. */
export function bytesOfInput(input: FuzzInput): Uint8Array {
  const { words, attributes, blockBytes, batchSizes, samples, options } = input;
  const execution = batchSizes.flatMap((sizes, axis) => {
    const given = samples?.[axis];
    return [sizes.length, given?.length ?? NO_SAMPLES, ...sizes, ...(given ?? [])];
  });
  const header = [words.length, attributes.length, blockBytes.length, execution.length, options];
  const parts = [Int32Array.of(...header, ...blockBytes), words, attributes, Int32Array.from(execution)];
  return new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength))));
}

/** The input that bytes stand for; counts that are too large end where the bytes end, as in test/native/fuzz_input.cc. */
export function inputOfBytes(bytes: Uint8Array): FuzzInput {
  const copy = Uint8Array.from(bytes); // `slice` of a Buffer is no copy
  let position = 0;
  const take = <T>(count: number, size: number, make: (buffer: ArrayBuffer, length: number) => T): T => {
    const length = Math.min(count >>> 0, Math.floor((copy.length - position) / size));
    const begin = position;
    position += length * size;
    return make(copy.buffer.slice(begin, position) as ArrayBuffer, length);
  };
  const integers = (count: number) => take(count, 4, (buffer) => new Int32Array(buffer));
  const [words = 0, attributes = 0, blocks = 0, executed = 0, options = 0] = integers(HEADER);
  const blockBytes = [...integers(blocks)];
  const program = integers(words);
  const numbers = take(attributes, 8, (buffer) => new Float64Array(buffer));
  const execution = integers(executed);
  return { blockBytes, words: program, attributes: numbers, options, ...executionOf(execution, program[3] ?? 0) };
}

function executionOf(
  words: Int32Array,
  axes: number,
): { readonly batchSizes: Int32Array[]; readonly samples: (Int32Array | undefined)[] } {
  let position = 0;
  const list = (count: number) => Int32Array.from({ length: Math.min(count, 1024) }, () => words[position++] ?? 0);
  const batchSizes: Int32Array[] = [];
  const samples: (Int32Array | undefined)[] = [];
  for (let axis = 0; axis < Math.min(axes, 1024); axis++) {
    const steps = Math.max(words[position++] ?? 0, 0);
    const count = Math.max(words[position++] ?? 0, NO_SAMPLES);
    batchSizes.push(list(steps));
    samples.push(count === NO_SAMPLES ? undefined : list(count));
  }
  return { batchSizes, samples };
}

/** Where a value lies and how many bytes it has at full capacity; 0 when its words make no sense. */
function placeOf(
  words: Int32Array,
  value: number,
): { readonly block: number; readonly offset: number; readonly bytes: number } {
  const [compute, axes] = [words[2] as number, words[3] as number];
  const begin = headerWords + axisWords * axes + valueWords * value;
  const fields = words.subarray(begin, begin + valueWords) as unknown as number[];
  const [block = -1, offset = 0, type, storage = -1, kind, extent = 0, columns = 0, gates = 0, , stride = 0] = fields;
  const ofAxis = headerWords + axisWords * extent + (kind === format.steps ? 2 : 1);
  const rows = kind === format.fixed ? extent : (words[ofAxis] ?? 0);
  const stored = storages[storage];
  const place = { block, offset: (offset >>> 0) * ALIGNMENT };
  if (stored === undefined || rows < 1 || columns < 1) return { ...place, bytes: 0 };
  const [name, size] = stored;
  if (type !== format.packed) return { ...place, bytes: rows * stride * size };
  const isWhole = gates >= 1 && gates <= 4 && columns % gates === 0;
  const isPossible = isWhole && storages[compute]?.[0] === name && name !== 'int32';
  const numbers = isPossible ? native().packedSize(rows, columns, gates, name, name) : 0;
  return { ...place, bytes: numbers * size };
}

/** The same program with each value in a block of its own, of exactly its size: what is behind a value is then outside. */
export function withOwnBlocks<P extends CapturedProgram>(program: P): P {
  const words = program.words.slice();
  const [axes, values] = [words[3] as number, words[4] as number];
  const blockBytes = Array.from({ length: values }, (_, value) => {
    words.set([value, 0], headerWords + axisWords * axes + valueWords * value);
    return placeOf(words, value).bytes;
  });
  return { ...program, words, blockBytes };
}

/** The same program with blocks as large as its values need: how large packed weights are depends on the instruction set. */
export function withFittingBlocks<P extends CapturedProgram>(program: P): P {
  const { words } = program;
  const blockBytes = [...program.blockBytes];
  for (let value = 0; value < (words[4] ?? 0) && value < words.length / valueWords; value++) {
    const { block, offset, bytes } = placeOf(words, value);
    const before = blockBytes[block];
    if (before !== undefined && offset + bytes <= MOST_BYTES) blockBytes[block] = Math.max(before, offset + bytes);
  }
  return { ...program, blockBytes };
}
