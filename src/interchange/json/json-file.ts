/** State dicts as JSON: an object of names, each with nested lists of numbers. */
import type { ByteSource } from '../../core/byte-source.js';
import { DataError } from '../../core/errors.js';
import { isJsonObject, type JsonValue, parseStrictJson } from '../../core/json.js';
import { describeValue } from '../../core/options.js';
import type { SourceTensor } from '../sources/source-tensor.js';
import { byName, type TensorFile } from '../state-dict/tensor-file.js';

/** Largest file: its text and its numbers are in memory together. */
const MOST_BYTES = 2 ** 28;

function fail(source: string, code: string, reason: string, facts: Record<string, unknown> = {}): DataError {
  return new DataError(code, `'${source}' ${reason}`, { source, ...facts });
}

/** The shape of nested lists, by the first of each. */
function shapeOf(value: JsonValue): number[] {
  const shape: number[] = [];
  for (let each: JsonValue | undefined = value; Array.isArray(each); each = each[0] as JsonValue | undefined) {
    shape.push(each.length);
  }
  return shape;
}

/** The numbers of nested lists. @throws {DataError} `file_corrupt` for lists that are no array, with the place of the first */
function numbersOf(source: string, name: string, value: JsonValue, shape: readonly number[]): number[] {
  const numbers: number[] = [];
  const visit = (each: JsonValue, depth: number, at: string): void => {
    const size = shape[depth];
    if (size === undefined ? typeof each === 'number' : Array.isArray(each) && each.length === size) {
      if (typeof each === 'number') numbers.push(each);
      else
        for (const [index, item] of (each as readonly JsonValue[]).entries()) visit(item, depth + 1, `${at}[${index}]`);
      return;
    }
    const expected = size === undefined ? 'a number' : `a list of ${size}`;
    const found = Array.isArray(each) ? `a list of ${each.length}` : describeValue(each);
    throw fail(source, 'file_corrupt', `is corrupt: ${at} is ${found}, expected ${expected}`, { tensor: name, at });
  };
  visit(value, 0, `'${name}'`);
  return numbers;
}

function tensorOf(source: string, name: string, value: JsonValue): SourceTensor {
  const shape = shapeOf(value);
  const numbers = numbersOf(source, name, value, shape);
  const isExact = numbers.every((number) => Math.fround(number) === number);
  const rounded = Float32Array.from(numbers);
  const index = rounded.findIndex((number) => !Number.isFinite(number));
  if (index >= 0) {
    const reason = `has ${numbers[index]} in tensor '${name}' at ${index}, which float32 cannot hold`;
    throw fail(source, 'file_unsupported', reason, { tensor: name, index });
  }
  return { name, shape, type: isExact ? 'float32' : 'float64', read: () => rounded.slice() };
}

/**
 * The tensors of a JSON file: nested lists of numbers, or a number, by name.
 *
 * @throws {DataError} `file_corrupt` for other JSON and for lists of different lengths, `file_unsupported` for more than 256 MiB
 */
export function jsonFile(source: ByteSource): TensorFile {
  const { name: path, size } = source;
  if (size > MOST_BYTES)
    throw fail(path, 'file_unsupported', `has ${size} bytes of JSON, at most ${MOST_BYTES} are read`);
  let value: JsonValue;
  try {
    value = parseStrictJson(new TextDecoder('utf-8', { fatal: true }).decode(source.read(0, size)));
  } catch (cause) {
    throw new DataError('file_corrupt', `'${path}' is no JSON: ${(cause as Error).message}`, { source: path }, cause);
  }
  if (!isJsonObject(value)) {
    throw fail(path, 'file_corrupt', `is ${describeValue(value)}, expected an object of tensors by name`);
  }
  const tensors = Object.entries(value).map(([name, each]) => tensorOf(path, name, each));
  return { tensors: byName(tensors), facts: new Map(), notes: [] };
}
