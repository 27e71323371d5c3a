/** Sequences as a program has them, plain or typed arrays, checked one by one and named in every error. */

import { requireElements } from '../core/arguments.js';
import { BpttError, DataError, OptionError, RangeIndexError, ShapeError } from '../core/errors.js';
import { describeValue } from '../core/options.js';
import type { Pieces } from '../core/time-slices.js';
import { isFloat32Array, isInt32Array } from '../core/typed-array.js';
import { isWeight, WEIGHT_RANGE } from '../core/weight-range.js';
import type { Rows } from './rows.js';

/**
 * One sequence: ids (an Int32Array, or an array of whole numbers), or rows of numbers (an array of rows, or a Float32Array
 * [length * width] of rows one after the other; where a row is one number, an array of numbers).
 */
export type PlainSequence =
  | Int32Array
  | Float32Array
  | readonly number[]
  | readonly (readonly number[] | Float32Array)[];

/**
 * The sequences of one input or target, in the caller's order. What belongs to a sequence as a whole, such as its class, is an id,
 * a number or a row of numbers; ids and single numbers may stand in one typed array.
 */
export type PlainSequences = readonly (PlainSequence | number)[] | Int32Array | Float32Array;

/** Sequences by the names of inputs or targets: as many of each, in the same order. */
export type NamedSequences = Readonly<Record<string, PlainSequences>>;

/** What an input or a target of a network is made of. */
export interface PlainField {
  /** What messages call it: `input 'source'`, `target 'target'`. */
  readonly title: string;
  /** Time axis. */
  readonly axis: string;
  /** What a row belongs to. */
  readonly per: 'step' | 'sequence';
  /** Numbers in a row; 1 for ids. */
  readonly width: number;
  /** For ids the smallest and one more than the largest. */
  readonly ids?: { readonly low: number; readonly high: number };
  /** For labels, of which a sequence may have none: what they become, beside as many frames as the sequence has. */
  readonly labels?: (ids: Int32Array, frames: number | undefined) => Int32Array;
  /** Time axis of the frames of the labels. */
  readonly frames?: string;
  /** Whether it is a target, whose rows are those of an output. */
  readonly isTarget?: true;
  /** Whether they are weights: see `isWeight`. */
  readonly weights?: true;
}

/** What an array or a value is, short enough for a message. */
function kindOf(value: unknown): string {
  if (ArrayBuffer.isView(value)) return `${value.constructor.name} [${(value as Int32Array).length ?? ''}]`;
  if (!Array.isArray(value)) return describeValue(value);
  return Array.isArray(value[0]) || ArrayBuffer.isView(value[0]) ? 'an array of rows' : `an array of ${value.length}`;
}

function expected({ ids, width, per }: PlainField): string {
  if (per === 'sequence') return ids ? 'an id' : width === 1 ? 'a number' : `a row of ${width} numbers`;
  if (ids) return 'ids: an Int32Array, or an array of whole numbers';
  const rows = width === 1 ? 'an array of numbers, or of rows of 1' : `an array of rows of ${width} numbers`;
  return `${rows}, or a Float32Array of rows of ${width}`;
}

/** One sequence of a field on its way to rows. */
class Reading {
  readonly #field: PlainField;
  readonly #index: number;

  constructor(field: PlainField, index: number) {
    this.#field = field;
    this.#index = index;
  }

  rows(value: unknown): Rows {
    const { ids, per, labels } = this.#field;
    if (isInt32Array(value) || isFloat32Array(value)) requireElements(this.#where, value);
    const rows = ids ? this.#ids(value) : this.#numbers(value);
    if (rows.length === 0 && labels === undefined) {
      throw new DataError('empty_data', `${this.#where} has no steps`, this.#details);
    }
    if (per === 'sequence' && rows.length !== this.#field.width) this.#refuse(value);
    return rows;
  }

  get #where(): string {
    return `sequence ${this.#index} of ${this.#field.title}`;
  }

  get #details() {
    return { name: this.#field.title, index: this.#index };
  }

  #refuse(value: unknown): never {
    const hint =
      typeof value === 'number' && this.#field.per === 'step'
        ? this.#field.isTarget === true
          ? "; the output has a row for each step: one for each sequence needs output: 'last' or a pool"
          : '; a single sequence is an array of one: [sequence]'
        : '';
    const message = `${this.#where} is ${kindOf(value)}, expected ${expected(this.#field)}${hint}`;
    throw new ShapeError('rank_mismatch', message, this.#details);
  }

  #ids(value: unknown): Int32Array {
    const { ids, per } = this.#field;
    const given = per === 'sequence' && typeof value === 'number' ? [value] : value;
    if (!isInt32Array(given) && !Array.isArray(given)) this.#refuse(value);
    const { low, high } = ids as NonNullable<PlainField['ids']>;
    for (let step = 0; step < given.length; step++) {
      const id: unknown = given[step];
      if (typeof id !== 'number') {
        const message = `${this.#where} has ${kindOf(id)} at step ${step}, expected an id`;
        throw new ShapeError('rank_mismatch', message, { ...this.#details, step });
      }
      if (Number.isInteger(id) && id >= low && id < high) continue;
      const message = `${this.#where} has index ${id} at step ${step}, expected ${low}..${high - 1}`;
      throw new RangeIndexError('index_out_of_range', message, {
        ...this.#details,
        step,
        value: id,
        low,
        high: high - 1,
      });
    }
    return isInt32Array(given) ? given : Int32Array.from(given as number[]);
  }

  #numbers(value: unknown): Float32Array {
    const { width, per } = this.#field;
    const rows = isFloat32Array(value) ? value : this.#fromPlain(value);
    if (rows.length % width !== 0) {
      const message = `${this.#where} has ${rows.length} numbers, which are not rows of ${width}`;
      throw new ShapeError('shape_mismatch', message, { ...this.#details, length: rows.length, width });
    }
    const { weights = false } = this.#field;
    const at = rows.findIndex((number) => !(weights ? isWeight(number) : Number.isFinite(number)));
    if (at < 0) return rows;
    const place = per === 'step' ? ` at step ${Math.floor(at / width)}` : '';
    const message = `${this.#where} has ${rows[at]}${place}, expected ${weights ? WEIGHT_RANGE : 'finite numbers'}`;
    const code = weights ? 'invalid_weights' : 'non_finite_data';
    throw new DataError(code, message, { ...this.#details, step: Math.floor(at / width) });
  }

  #fromPlain(value: unknown): Float32Array {
    const { width, per } = this.#field;
    if (per === 'sequence') return this.#row(typeof value === 'number' ? [value] : value, undefined);
    if (!Array.isArray(value)) this.#refuse(value);
    // A flat array says nothing of its rows: one row, or sequences whose brackets were forgotten?
    const isFlat = typeof value[0] === 'number';
    if (isFlat && width !== 1) this.#refuse(value);
    const rows = new Float32Array(value.length * width);
    for (let step = 0; step < value.length; step++) {
      rows.set(this.#row(isFlat ? [value[step]] : value[step], step), step * width);
    }
    return rows;
  }

  /** One row of plain numbers. @param step undefined for that of the whole sequence */
  #row(row: unknown, step: number | undefined): Float32Array {
    const { width } = this.#field;
    const place = step === undefined ? this.#where : `step ${step} of ${this.#where}`;
    const isArray = Array.isArray(row) || isFloat32Array(row);
    const wrong = isArray ? (row as unknown[]).findIndex((number) => typeof number !== 'number') : -1;
    if (isArray && row.length === width && wrong < 0) return Float32Array.from(row as number[]);
    const found = wrong < 0 ? kindOf(row) : kindOf((row as unknown[])[wrong]);
    const message = `${place} is ${found}, expected ${width === 1 ? 'a number' : `${width} numbers`}`;
    throw new ShapeError(wrong < 0 ? 'shape_mismatch' : 'rank_mismatch', message, { ...this.#details, step, width });
  }
}

/** Rows that a piece of work has at least. */
const ROWS_AT_ONCE = 2048;

/** The rows of one sequence of a field. Errors as `plainRows`. */
export function rowsOfSequence(field: PlainField, sequence: PlainSequence): Rows {
  return new Reading(field, 0).rows(sequence);
}

/**
 * The rows of all sequences of a field, in pieces. Typed arrays are not copied.
 *
 * @throws {OptionError} `invalid_option` when they are no array of sequences
 * @throws {ShapeError} `rank_mismatch`, `shape_mismatch`; {RangeIndexError} `index_out_of_range`; {DataError} `empty_data`,
 *   `non_finite_data`, `invalid_weights`: all name the field and the number of the sequence
 */
export function* plainRows(field: PlainField, sequences: PlainSequences): Pieces<Rows[]> {
  const isTyped = isInt32Array(sequences) || isFloat32Array(sequences);
  if (!Array.isArray(sequences) && !(isTyped && field.per === 'sequence')) {
    const hint = isTyped ? '; a single sequence is an array of one: [sequence]' : '';
    const message = `${field.title} must be an array of sequences, got ${kindOf(sequences)}${hint}`;
    throw new OptionError('invalid_option', message, { name: field.title });
  }
  const all: Rows[] = [];
  let work = 0;
  for (let index = 0; index < sequences.length; index++) {
    const rows = new Reading(field, index).rows(sequences[index]);
    all.push(rows);
    work += 1 + rows.length;
    if (work < ROWS_AT_ONCE) continue;
    work = 0;
    yield;
  }
  return all;
}

/** Labels as their loss wants them. @param frames steps of each sequence */
export function plainLabels(field: PlainField, rows: readonly Rows[], frames: Int32Array | undefined): Rows[] {
  const { labels } = field;
  if (labels === undefined) return [...rows];
  return rows.map((ids, index) => {
    try {
      return labels(ids as Int32Array, frames?.[index]);
    } catch (error) {
      if (!(error instanceof BpttError)) throw error;
      const Kind = error.constructor as typeof BpttError;
      const message = `sequence ${index} of ${field.title}: ${error.message}`;
      throw new Kind(error.code, message, { ...error.details, name: field.title, index });
    }
  });
}
