/** Rows of numbers as inputs of a network: standardised, with marks of missing numbers and with categories. */
import { ShapeError } from '../../core/errors.js';
import { describeValue } from '../../core/options.js';
import { ColumnStatistics } from '../../features/column-statistics.js';
import { markMissing } from '../../features/missing-values.js';
import { Standardizer, type StandardizerJson } from '../../features/standardizer.js';
import type { RowPlace } from '../../files/row-error.js';
import { type Category, categoryIndex, categoryOf } from './categories.js';
import { haveSharedLevels } from './shared-levels.js';

/** Numbers step by step: [length * features]. */
export interface FeatureRows {
  readonly features: number;
  /** In double precision where they come from text. */
  readonly rows: Float32Array | Float64Array;
  /** Columns of texts beside the numbers, for tables. */
  readonly categories?: readonly TextSteps[];
  /** [features] names of the columns of numbers, for tables. */
  readonly names?: readonly string[];
  /** [features] how many steps before the first one the numbers were missing; default 0. */
  readonly ages?: ArrayLike<number>;
  /** [length] time stamps of the steps, where a column of them is named. */
  readonly times?: Float64Array;
  /** Where the sequence begins, for errors. */
  readonly place?: RowPlace | undefined;
}

/** The texts of a column of categories, one for each step. */
export interface TextSteps {
  readonly column: string;
  readonly texts: readonly string[];
}

/** How rows of numbers become inputs. Plain JSON. */
export type FeatureEncoding = {
  readonly kind: 'features';
  /** Numbers in a row of the encoded inputs. */
  readonly features: number;
  /** Of the numbers that are read. */
  readonly means: readonly number[];
  readonly standardDeviations: readonly number[];
  /** Whether missing numbers are marked in columns of their own. */
  readonly isMasked?: true;
  readonly categories?: readonly Category[];
};

/** Inputs that were not read from a file. */
const NO_PLACE: RowPlace = { file: 'inputs', line: 1 };

/**
 * The encoding of rows of numbers.
 *
 * @param isMasked whether numbers may be missing (NaN)
 * @throws {DataError} `non_finite_data`, `empty_data`, `too_many_classes`
 * @throws {ShapeError} `shape_mismatch` when inputs have two widths
 */
export function fitFeatures(inputs: readonly FeatureRows[], isMasked: boolean): FeatureEncoding {
  const { features: numbers, categories: columns = [], place = NO_PLACE } = inputs[0] as FeatureRows;
  const rows = inputs.map((input) => rowsOf(input, numbers));
  const scaling = isMasked ? fitKnown(rows, numbers) : fitScaling(rows, numbers);
  const textsOf = function* (at: number) {
    for (const { categories = [] } of inputs) yield* categories[at]?.texts ?? [];
  };
  const categories = columns.map(({ column }, at) => categoryOf(column, textsOf(at), place.file));
  return {
    kind: 'features',
    features: widthOf(numbers, isMasked, categories),
    ...scaling,
    ...(isMasked && { isMasked }),
    ...(categories.length > 0 && { categories }),
  };
}

/** Mean and deviation of each column, or those of all numbers where the columns measure the same: a pixel at the edge that is dark nearly always would else outweigh the others. */
function fitScaling(rows: readonly (Float32Array | Float64Array)[], numbers: number): StandardizerJson {
  const own = Standardizer.fit(rows, numbers).toJSON();
  if (!haveSharedLevels(rows, numbers)) return own;
  const { means, standardDeviations } = Standardizer.fit(rows, 1).toJSON();
  const repeat = ([value]: readonly number[]) => own.means.map(() => value as number);
  return { means: repeat(means), standardDeviations: repeat(standardDeviations) };
}

function widthOf(numbers: number, isMasked: boolean, categories: readonly Category[]): number {
  return numbers * (isMasked ? 3 : 1) + categories.reduce((sum, { values }) => sum + values.length, 0);
}

/** Means and deviations of the numbers that are known; 0 and 1 for a column without any. */
function fitKnown(inputs: readonly (Float32Array | Float64Array)[], numbers: number): StandardizerJson {
  const columns = Array.from({ length: numbers }, (_, column) => {
    const statistics = new ColumnStatistics(1);
    for (const rows of inputs) {
      const known = Float64Array.from(
        { length: rows.length / numbers },
        (__, row) => rows[row * numbers + column] as number,
      );
      const found = known.filter((value) => !Number.isNaN(value));
      if (found.length > 0) statistics.add(found);
    }
    return statistics.count === 0 ? undefined : Standardizer.of(statistics).toJSON();
  });
  return {
    means: columns.map((column) => column?.means[0] ?? 0),
    standardDeviations: columns.map((column) => column?.standardDeviations[0] ?? 1),
  };
}

/** A function that encodes rows: [length * features]. Throws as `fitFeatures`, and for categories that are not known. */
export function featureEncoder(encoding: FeatureEncoding): (input: FeatureRows) => Float32Array {
  const { features, means, standardDeviations, isMasked = false, categories = [] } = encoding;
  const standardizer = Standardizer.fromJSON({ means, standardDeviations });
  const numbers = means.length;
  const indices = categories.map(categoryIndex);
  if (!isMasked && categories.length === 0) return (input) => standardizer.apply(rowsOf(input, numbers));
  return (input) => {
    const read = rowsOf(input, numbers);
    const known = isMasked
      ? read.map((value, at) => (Number.isNaN(value) ? (means[at % numbers] as number) : value))
      : read;
    const scaled = standardizer.apply(known);
    const rows = new Float32Array((read.length / numbers) * features);
    const steps = read.length / numbers;
    for (let step = 0; step < steps; step++) {
      rows.set(scaled.subarray(step * numbers, (step + 1) * numbers), step * features);
    }
    const range = { width: numbers, begin: 0, end: steps };
    if (isMasked) markMissing(read, range, { rows, stride: features, offset: numbers }, input.ages);
    let first = isMasked ? 3 * numbers : numbers;
    for (const [at, { column, values }] of categories.entries()) {
      const texts = input.categories?.find((other) => other.column === column)?.texts;
      if (texts === undefined) throw mismatch(`no column '${column}'`, `the categories of '${column}'`);
      for (const [step, text] of texts.entries()) {
        const index = indices[at]?.(text, () => input.place ?? NO_PLACE) as number;
        rows[step * features + first + index] = 1;
      }
      first += values.length;
    }
    return rows;
  };
}

function mismatch(found: string, expected: string): ShapeError {
  return new ShapeError('shape_mismatch', `an input has ${found}, expected ${expected}`, { found, expected });
}

function rowsOf({ rows, features }: FeatureRows, expected: number): Float32Array | Float64Array {
  if (features === expected) return rows;
  throw mismatch(`${describeValue(features)} numbers at each step`, `${expected}`);
}
