/** Mean and standard deviation of every column, computed from one sequence of rows at a time. */
import { DataError } from '../core/errors.js';
import { requireNumber } from '../core/options.js';
import { requireColumns } from './columns.js';

/**
 * Running mean and standard deviation of every column, in double precision and in one pass over the data (Welford
 * 1962). The result stays precise when the mean is large compared with the deviation.
 */
export class ColumnStatistics {
  readonly columns: number;
  readonly #means: Float64Array;
  /** Sums of the squared distances from the mean. */
  readonly #squares: Float64Array;
  #count = 0;

  /**
   * @param columns integer >= 1
   * @throws {OptionError} `invalid_option`
   */
  constructor(columns: number) {
    this.columns = requireNumber('columns', columns, { integer: true, min: 1 });
    this.#means = new Float64Array(columns);
    this.#squares = new Float64Array(columns);
  }

  /** Rows added so far. */
  get count(): number {
    return this.#count;
  }

  /**
   * Adds all rows of a sequence, [T * columns]. When it throws, nothing has changed.
   *
   * @throws {ShapeError} `shape_mismatch`
   * @throws {DataError} `empty_data`; `non_finite_data` naming the row and the column
   */
  add(rows: Float32Array | Float64Array): void {
    const count = requireColumns(rows, this.columns);
    const means = this.#means;
    const squares = this.#squares;
    for (let row = 0; row < count; row++) {
      this.#count++;
      for (let column = 0; column < this.columns; column++) {
        const value = rows[row * this.columns + column] as number;
        const distance = value - (means[column] as number);
        const mean = (means[column] as number) + distance / this.#count;
        means[column] = mean;
        squares[column] = (squares[column] as number) + distance * (value - mean);
      }
    }
  }

  /** [columns]. @throws {DataError} `empty_data` before any row */
  get means(): Float64Array {
    this.#requireRows();
    return this.#means.slice();
  }

  /** [columns], of the rows themselves: the divisor is their count. @throws {DataError} `empty_data` before any row */
  get standardDeviations(): Float64Array {
    this.#requireRows();
    return this.#squares.map((sum) => Math.sqrt(sum / this.#count));
  }

  #requireRows(): void {
    if (this.#count === 0) throw new DataError('empty_data', `no row of ${this.columns} columns was added`);
  }
}
