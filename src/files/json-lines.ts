/** JSON lines: one object in each line, whose fields become examples. */
import { DataError } from '../core/errors.js';
import { isJsonObject, type JsonObject, type JsonValue, parseStrictJson } from '../core/json.js';
import { describeValue } from '../core/options.js';
import { finiteInSinglePrecision } from './decimal.js';
import { atRow, invalidRow, quoted, type RowPlace } from './row-error.js';
import type { TableFormat } from './table-format.js';
import { textLines } from './text-lines.js';

/** Whether the name of a file says that it has JSON lines: `*.jsonl` or `*.ndjson`, packed by gzip or not. */
export function isJsonLinesFile(path: string): boolean {
  return /\.(jsonl|ndjson)(\.gz)?$/i.test(path);
}

/** The places of the labels of each list, so that a list of many is not searched for each line. */
const PLACES = new WeakMap<readonly string[], ReadonlyMap<string, number>>();

function placeAmong(labels: readonly string[], label: string): number | undefined {
  const known = PLACES.get(labels)?.get(label);
  if (known !== undefined && labels[known] === label) return known;
  // A list that is new, or that has changed since.
  if (!labels.includes(label)) return undefined;
  const places = new Map<string, number>();
  for (const [at, name] of labels.entries()) if (!places.has(name)) places.set(name, at);
  PLACES.set(labels, places);
  return places.get(label);
}

/** The fields of one line. Each method reads a field in one form, and throws `invalid_row`, naming line and field. */
export class JsonRow {
  readonly place: RowPlace;
  readonly #fields: JsonObject;

  constructor(fields: JsonObject, place: RowPlace) {
    this.#fields = fields;
    this.place = place;
  }

  /** Whether a field exists and is not null. */
  has(name: string): boolean {
    return Object.hasOwn(this.#fields, name) && this.#fields[name] !== null;
  }

  /** A field as it is; undefined when it is missing. */
  value(name: string): JsonValue | undefined {
    return Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
  }

  /** A string. */
  text(name: string): string {
    const value = this.value(name);
    return typeof value === 'string' ? value : this.#refuse(name, 'a string', value);
  }

  /** A finite number, in single precision too. @param keepMissing whether null is a missing number, NaN; default: it is refused */
  number(name: string, keepMissing = false): number {
    if (keepMissing && Object.hasOwn(this.#fields, name) && this.#fields[name] === null) return Number.NaN;
    return this.#numberOf(name, this.value(name), 'a finite number');
  }

  /** A class id: an integer >= -1 (-1 = ignored). */
  classId(name: string): number {
    return this.#idOf(name, this.value(name), 'an integer >= -1');
  }

  /** The index of a string in a list of labels: a class id. */
  label(name: string, labels: readonly string[]): number {
    const value = this.text(name);
    return placeAmong(labels, value) ?? this.#refuse(name, `one of ${describeValue(labels)}`, value);
  }

  /** A list of strings, tokens for example. */
  texts(name: string): string[] {
    return this.#list(name, 'a list of strings').map((item) =>
      typeof item === 'string' ? item : this.#refuse(name, 'a list of strings', item),
    );
  }

  /** A list of ids, integers >= -1. @returns [length] */
  ids(name: string): Int32Array {
    const expected = 'a list of integers >= -1';
    return Int32Array.from(this.#list(name, expected), (item) => this.#idOf(name, item, expected));
  }

  /**
   * Rows of features: a list of steps, each a list of `features` numbers, or a number when `features` is 1.
   *
   * @param features numbers in a row, integer >= 1; default 1
   * @returns [length * features]
   */
  rows(name: string, features = 1): Float32Array {
    return Float32Array.from(this.doubles(name, features));
  }

  /**
   * As `rows`, in double precision: a large level is not rounded before it is subtracted.
   *
   * @param keepMissing whether null is a missing number, NaN; it is refused otherwise, and the error names the option
   * `--missing` where this is false
   */
  doubles(name: string, features = 1, keepMissing?: boolean): Float64Array {
    const expected = features === 1 ? 'a list of numbers' : `a list of lists of ${features} numbers`;
    const steps = this.#list(name, expected);
    const rows = new Float64Array(steps.length * features);
    for (const [step, row] of steps.entries()) {
      const numbers = features === 1 && !Array.isArray(row) ? [row] : row;
      if (!Array.isArray(numbers)) return this.#refuse(name, expected, row, step);
      if (numbers.length !== features) return this.#refuse(name, expected, numbers, step);
      for (const [feature, value] of numbers.entries()) {
        if (value === null && keepMissing !== undefined) {
          if (!keepMissing)
            this.#refuse(name, expected, value, step, '--missing interpolate (or forward, or mask) reads on');
          rows[step * features + feature] = Number.NaN;
        } else rows[step * features + feature] = this.#numberOf(name, value, expected, step);
      }
    }
    return rows;
  }

  /** Refuses a field as it is. @throws {DataError} `invalid_row` */
  refuse(name: string, expected: string, help?: string): never {
    return this.#refuse(name, expected, this.value(name), undefined, help);
  }

  #list(name: string, expected: string): readonly JsonValue[] {
    const value = this.value(name);
    if (!Array.isArray(value)) return this.#refuse(name, expected, value);
    return value.length > 0 ? value : this.#refuse(name, `${expected}, at least one`, value);
  }

  #numberOf(name: string, value: JsonValue | undefined, expected: string, step?: number): number {
    const number = typeof value === 'number' ? finiteInSinglePrecision(value) : undefined;
    return number ?? this.#refuse(name, expected, value, step);
  }

  #idOf(name: string, value: JsonValue | undefined, expected: string): number {
    const isId = typeof value === 'number' && Number.isInteger(value) && value >= -1 && value < 2 ** 31;
    return isId ? value : this.#refuse(name, expected, value);
  }

  #refuse(name: string, expected: string, value: JsonValue | undefined, step?: number, help?: string): never {
    const part = `field '${name}'${step === undefined ? '' : ` at step ${step}`}`;
    const given = typeof value === 'string' ? quoted(value) : describeValue(value);
    const found = value === undefined ? `no such field among ${describeValue(Object.keys(this.#fields))}` : given;
    const details = { field: name, ...(step !== undefined && { step }), ...(help !== undefined && { help }) };
    throw invalidRow(this.place, part, expected, found, details);
  }
}

/** What helps with a file that is one list of objects. */
function helpForLine(line: string): { readonly help?: string } {
  if (!/^\s*\[\s*(\{|$)/.test(line)) return {};
  return { help: "one object stands in each line: jq -c '.[]' IN > OUT writes a list so" };
}

/** A function that converts a line of JSON into an example: the `parse` of `FileExamples`. */
export function jsonLine<E>(read: (row: JsonRow) => E): (line: string, place: RowPlace) => E {
  return (line, place) => {
    let value: JsonValue;
    try {
      value = parseStrictJson(line);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw invalidRow(place, '', 'a JSON object', quoted(line), { reason, ...helpForLine(line) }, cause);
    }
    if (!isJsonObject(value)) throw invalidRow(place, '', 'a JSON object', quoted(line), helpForLine(line));
    const row = new JsonRow(value, place);
    return atRow(place, () => read(row));
  };
}

/**
 * The examples of a file of JSON lines (UTF-8, or UTF-16 with its mark; LF, CRLF and CR; packed by gzip or not); lines
 * that are empty or hold only white space are ignored.
 *
 * @param read converts the fields of a line into an example
 * @param format.encoding a label of `TextDecoder`, for files in another encoding
 * @throws {DataError} `invalid_row` with file, line and field; `not_utf8` with file and line; `file_unreadable`,
 * `file_corrupt`, `file_unsupported`, `too_long`, `empty_data`
 * @example
 * const read = (row: JsonRow) => ({ input: row.rows('input', 3), target: row.classId('target') });
 * const examples = await readJsonLines('train.jsonl', read);
 */
export async function readJsonLines<E>(
  path: string,
  read: (row: JsonRow) => E,
  { encoding }: Pick<TableFormat, 'encoding'> = {},
): Promise<E[]> {
  const parse = jsonLine(read);
  const examples: E[] = [];
  for await (const lines of textLines(path, encoding)) {
    for (const { text, line } of lines) if (text.trim() !== '') examples.push(parse(text, { file: path, line }));
  }
  if (examples.length === 0) throw new DataError('empty_data', `'${path}' has no examples`, { file: path });
  return examples;
}
