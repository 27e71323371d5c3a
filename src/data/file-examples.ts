/** Examples in a file, one in each line. They are read when a batch needs them. */

import { type SequenceExample, SequencePacking } from '../batch/sequence-packing.js';
import { DataError, OptionError, RangeIndexError } from '../core/errors.js';
import { describeValue, rejectUnknownKeys, requireNumber } from '../core/options.js';
import { decodeLine, type FileStamp, stampOf, visitFileLines, withFile } from '../files/file-lines.js';
import { LineIndex } from '../files/line-index.js';
import { atRow, type RowPlace } from '../files/row-error.js';
import type { Examples } from './examples.js';

/** How lines become examples. */
export interface FileExamplesOptions<E> {
  /**
   * Converts a line into an example. The result must depend on the line alone, because each line is read again in every
   * epoch.
   */
  readonly parse: (line: string, place: RowPlace) => E;
  /** Steps of an example, integer >= 1. Default: those of its `input`. */
  readonly length?: (example: E) => number;
  /** Numbers in a row of the `input`, for the default of `length`. Integer >= 1; default 1. */
  readonly features?: number;
}

function requireFunction(name: string, value: unknown): void {
  if (typeof value === 'function') return;
  throw new OptionError('invalid_option', `option '${name}' must be a function, got ${describeValue(value)}`, { name });
}

/**
 * The examples of a file, one in each line; empty lines are ignored. One pass over the file checks all lines and
 * records their places. After that an example is read from its place when it is needed. Memory: 20 bytes for each
 * example, and the examples of the current batch.
 *
 * @example
 * const parse = jsonLine((row) => ({ input: row.rows('input', 3), target: row.classId('target') }));
 * const batches = new SequenceBatches(await FileExamples.open('train.jsonl', { parse }), { tokens: 4000, features: 3 });
 */
export class FileExamples<E = SequenceExample> implements Examples<E> {
  readonly path: string;
  readonly #index: LineIndex;
  readonly #stamp: FileStamp;
  readonly #parse: (line: string, place: RowPlace) => E;

  private constructor(path: string, index: LineIndex, stamp: FileStamp, parse: (line: string, place: RowPlace) => E) {
    this.path = path;
    this.#index = index;
    this.#stamp = stamp;
    this.#parse = parse;
  }

  /**
   * Reads the file once.
   *
   * @throws {DataError} `file_unreadable`; `not_utf8`, `invalid_row`, naming the line; `empty_data` when there is none;
   *   whatever `parse` throws
   * @throws {OptionError} `invalid_option`, `unknown_option`
   */
  static async open<E = SequenceExample>(path: string, options: FileExamplesOptions<E>): Promise<FileExamples<E>> {
    rejectUnknownKeys('file examples', options, ['parse', 'length', 'features']);
    const { parse, length, features } = options;
    requireFunction('parse', parse);
    if (length !== undefined) requireFunction('length', length);
    const packing = new SequencePacking(features === undefined ? {} : { features });
    const index = new LineIndex();
    const stepsOf = length ?? ((example: E) => packing.stepsOf(example as SequenceExample, index.count));
    const stamp = await visitFileLines(path, ({ text, offset, bytes, line }) => {
      if (bytes === 0) return;
      const place = { file: path, line };
      const steps = atRow(place, () =>
        requireNumber('length', stepsOf(parse(text, place)), { integer: true, min: 1, max: 2 ** 31 - 1 }),
      );
      index.add(offset, bytes, line, steps);
    });
    if (index.count === 0) throw new DataError('empty_data', `'${path}' has no examples`, { file: path });
    index.trim();
    return new FileExamples(path, index, stamp, parse);
  }

  /** Number of examples. */
  get count(): number {
    return this.#index.count;
  }

  /** Steps of an example. @throws {RangeIndexError} `index_out_of_range` */
  lengthOf(index: number): number {
    return this.#placeOf(index).steps;
  }

  /**
   * Reads examples from their places in the file.
   *
   * @throws {DataError} `file_unreadable`; `file_changed` when the file has changed since it was opened
   * @throws {RangeIndexError} `index_out_of_range`
   */
  async read(indices: Int32Array): Promise<E[]> {
    const places = Array.from(indices, (index) => this.#placeOf(index));
    return withFile(this.path, async (file) => {
      const stamp = await stampOf(file);
      if (stamp.bytes !== this.#stamp.bytes || stamp.modifiedMs !== this.#stamp.modifiedMs) this.#refuse(stamp.bytes);
      const examples: E[] = [];
      for (const { offset, bytes, line } of places) {
        const buffer = new Uint8Array(bytes);
        for (let filled = 0; filled < bytes; ) {
          const { bytesRead } = await file.read(buffer, filled, bytes - filled, offset + filled);
          if (bytesRead === 0) this.#refuse(offset + filled);
          filled += bytesRead;
        }
        const place = { file: this.path, line };
        const text = decodeLine(this.path, buffer, line, offset);
        examples.push(atRow(place, () => this.#parse(text, place)));
      }
      return examples;
    });
  }

  #placeOf(index: number): NonNullable<ReturnType<LineIndex['at']>> {
    const place = this.#index.at(index);
    if (place !== undefined) return place;
    const message = `example ${index} is outside the ${this.count} examples of '${this.path}'`;
    throw new RangeIndexError('index_out_of_range', message, { index, count: this.count });
  }

  #refuse(bytes: number): never {
    const expected = this.#stamp.bytes;
    const message = `'${this.path}' has changed since it was opened: it had ${expected} bytes, now ${bytes}, or was written again`;
    throw new DataError('file_changed', message, { file: this.path, expected, actual: bytes });
  }
}
