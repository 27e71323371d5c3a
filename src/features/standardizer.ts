/** Scales features to mean 0 and standard deviation 1, and back. */
import { OptionError, ShapeError } from '../core/errors.js';
import { describeValue, rejectUnknownKeys } from '../core/options.js';
import { ColumnStatistics } from './column-statistics.js';
import { requireColumns } from './columns.js';

/** The whole standardizer, exactly: JSON keeps every bit of a double. */
export interface StandardizerJson {
  /** [columns]. */
  readonly means: readonly number[];
  /** [columns], each > 0; 1 for columns that were constant. */
  readonly standardDeviations: readonly number[];
}

function finiteNumbers(name: string, values: unknown): Float64Array {
  const isList = Array.isArray(values) && values.length > 0;
  const wrong = isList ? values.find((value) => typeof value !== 'number' || !Number.isFinite(value)) : values;
  if (isList && wrong === undefined) return Float64Array.from(values);
  const message = `option '${name}' must be a list of finite numbers, got ${describeValue(wrong)}`;
  throw new OptionError('invalid_option', message, { name, value: wrong });
}

/**
 * Subtracts each column's mean and divides by its standard deviation. Fit it on training sequences only: with
 * statistics of test sequences, the results on these would look too good. Constant columns are centred but not scaled.
 *
 * @example
 * const standardizer = Standardizer.fit(trainingSequences, 13);
 * const inputs = testSequences.map((rows) => standardizer.apply(rows));
 */
export class Standardizer {
  readonly #means: Float64Array;
  readonly #deviations: Float64Array;

  private constructor(means: Float64Array, deviations: Float64Array) {
    this.#means = means;
    this.#deviations = deviations;
  }

  /**
   * Fits the sequences, one at a time: they may come from a generator.
   *
   * @param sequences each [T * columns], of any lengths
   * @throws {DataError} `empty_data`; `non_finite_data` naming the row and the column
   * @throws {ShapeError} `shape_mismatch`
   */
  static fit(sequences: Iterable<Float32Array | Float64Array>, columns: number): Standardizer {
    const statistics = new ColumnStatistics(columns);
    for (const rows of sequences) statistics.add(rows);
    return Standardizer.of(statistics);
  }

  /** The standardizer of the statistics so far. @throws {DataError} `empty_data` */
  static of(statistics: ColumnStatistics): Standardizer {
    const deviations = statistics.standardDeviations.map((deviation) => (deviation > 0 ? deviation : 1));
    return new Standardizer(statistics.means, deviations);
  }

  /**
   * The standardizer that `toJSON` wrote.
   *
   * @throws {OptionError} `invalid_option`, `unknown_option`
   * @throws {ShapeError} `length_mismatch` when the numbers of deviations and means differ
   */
  static fromJSON(json: StandardizerJson): Standardizer {
    rejectUnknownKeys('a standardizer', json, ['means', 'standardDeviations']);
    const means = finiteNumbers('means', json.means);
    const deviations = finiteNumbers('standardDeviations', json.standardDeviations);
    if (means.length !== deviations.length) {
      const message = `there are ${means.length} means, but ${deviations.length} standard deviations`;
      throw new ShapeError('length_mismatch', message, { means: means.length, standardDeviations: deviations.length });
    }
    const wrong = deviations.findIndex((deviation) => deviation <= 0);
    if (wrong < 0) return new Standardizer(means, deviations);
    const message = `standardDeviations[${wrong}] is ${deviations[wrong]}, expected a number > 0`;
    throw new OptionError('invalid_option', message, { name: 'standardDeviations', value: deviations[wrong] });
  }

  /** Numbers in a row. */
  get columns(): number {
    return this.#means.length;
  }

  /** The standardizer as JSON. */
  toJSON(): StandardizerJson {
    return { means: [...this.#means], standardDeviations: [...this.#deviations] };
  }

  /**
   * (x - mean) / deviation of rows [T * columns], in new memory. It is computed in double precision and rounded once, so
   * that rows in double precision may have a level that is large compared with their deviation.
   *
   * @throws {ShapeError} `shape_mismatch`
   * @throws {DataError} `empty_data`; `non_finite_data` naming the row and the column
   */
  apply(rows: Float32Array | Float64Array): Float32Array {
    requireColumns(rows, this.columns);
    const scaled = new Float32Array(rows.length);
    this.#scale(rows, scaled);
    return scaled;
  }

  /** As `apply`, in place and without rounding. Throws as `apply`. */
  applyInPlace(rows: Float64Array): void {
    requireColumns(rows, this.columns);
    this.#scale(rows, rows);
  }

  #scale(rows: Float32Array | Float64Array, scaled: Float32Array | Float64Array): void {
    const columns = this.columns;
    for (let at = 0, column = 0; at < rows.length; at++) {
      scaled[at] = ((rows[at] as number) - (this.#means[column] as number)) / (this.#deviations[column] as number);
      column = column + 1 === columns ? 0 : column + 1;
    }
  }

  /**
   * The inverse of `apply`: x * deviation + mean, in new memory, as precise as the rows: doubles become doubles.
   *
   * @param firstColumn column that the first number of a row belongs to; default 0
   * @param columns numbers in a row, when only some columns were predicted; default all from the first on
   * @throws as `apply`, and {OptionError} `invalid_option` when there are no such columns
   */
  invert<R extends Float32Array | Float64Array>(rows: R, firstColumn = 0, columns = this.columns - firstColumn): R {
    if (!Number.isInteger(firstColumn) || firstColumn < 0 || firstColumn + columns > this.columns) {
      const message = `columns ${firstColumn} to ${firstColumn + columns - 1} are not among the ${this.columns}`;
      throw new OptionError('invalid_option', message, { name: 'columns', firstColumn, columns });
    }
    requireColumns(rows, columns);
    const inverted = rows.slice();
    for (let at = 0; at < rows.length; at++) {
      const column = firstColumn + (at % columns);
      inverted[at] = (rows[at] as number) * (this.#deviations[column] as number) + (this.#means[column] as number);
    }
    return inverted as R;
  }
}

/**
 * A sequence standardized by its own rows. This removes constant differences between recordings, such as loudness and
 * microphone. A single row becomes zeros.
 *
 * @param rows [T * columns]
 * @throws as `Standardizer.apply`
 */
export function standardizeSequence(rows: Float32Array | Float64Array, columns: number): Float32Array {
  return Standardizer.fit([rows], columns).apply(rows);
}
