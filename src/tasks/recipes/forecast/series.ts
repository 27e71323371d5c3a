/** The series of a table, and which of them cannot be used. */
import { DataError } from '../../../core/errors.js';

/** The rows of one series. */
export interface Series {
  /** The text of the column of series; empty where there is one series alone. */
  readonly name: string;
  readonly begin: number;
  /** One after the last row. */
  readonly end: number;
}

/** The series of a table in the order of time. */
export interface ArrangedSeries {
  readonly file: string;
  /** [rows * columns] the rows of one series after the other. */
  readonly values: Float64Array;
  readonly series: readonly Series[];
  /** The line of a row. */
  lineOf(row: number): number;
}

/** The series that cannot be used, and why. Predictions of several series do without them, trainings do not. */
export class SeriesFaults {
  readonly #canKeep: boolean;
  readonly #found = new Map<number, DataError>();

  /** @param canKeep whether faults are kept; default: the first one is thrown */
  constructor(canKeep = false) {
    this.#canKeep = canKeep;
  }

  /** Calls a function for a series: an error of the data becomes its fault, if faults are kept. @returns undefined then */
  of<T>(series: number, act: () => T): T | undefined {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof DataError && this.#canKeep)) throw error;
      if (!this.#found.has(series)) this.#found.set(series, error);
      return undefined;
    }
  }

  /** The fault of a series; undefined where it has none. */
  get(series: number): DataError | undefined {
    return this.#found.get(series);
  }

  /** @throws {DataError} the first fault */
  requireNone(): void {
    for (const error of this.#found.values()) throw error;
  }
}
