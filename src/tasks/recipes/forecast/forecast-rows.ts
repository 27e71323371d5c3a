/** Rows of JSON as the inputs of a forecaster: lists of numbers, or objects by the names of the columns. */
import type { JsonObject } from '../../../core/json.js';
import { describeValue } from '../../../core/options.js';
import { fillMissing, type MissingMode } from '../../../features/missing-values.js';
import { Standardizer } from '../../../features/standardizer.js';
import { JsonRow } from '../../../files/json-lines.js';
import { invalidRow, type RowPlace } from '../../../files/row-error.js';
import { areNamed, describeColumns, namedSteps, type StepColumns, stepOf } from '../../building-blocks/named-steps.js';
import { scalingOf } from './forecast-data.js';
import { withoutNumber } from './forecast-gaps.js';
import { withMarks } from './forecast-marks.js';
import type { SavedForecast } from './forecast-options.js';
import { SeriesFaults } from './series.js';

/** Rows as they were given. */
export interface GivenRows {
  /** [rows * numbers] NaN for a missing number. */
  readonly values: Float64Array;
  /** The texts of each column of categories, [rows]. */
  readonly categories: ReadonlyMap<string, readonly string[]>;
  readonly place: RowPlace;
}

/** What was known before the first of some rows. */
export interface KnownBefore {
  /** [numbers] the last known number of each column; NaN where there is none. */
  readonly values: Float64Array;
  /** [numbers] how many rows after it were missing. */
  readonly ages: Float64Array;
}

/**
 * A function that reads the field `input`. With a mode of missing numbers, null is one.
 *
 * @throws {DataError} `invalid_row`, by the function; rows of numbers are refused where the model reads categories, which go by name
 */
export function rowReader(
  saved: SavedForecast,
  missing: MissingMode,
): (fields: JsonObject, place: RowPlace) => GivenRows {
  const names = columnsOfRow(saved);
  const keepMissing = missing !== 'refuse';
  return (fields, place) => {
    const row = new JsonRow(fields, place);
    const steps = row.value('input');
    const isNamed = areNamed(steps);
    if (!isNamed && names.categories.length > 0) {
      throw invalidRow(place, '', `each row as ${describeColumns(names)}`, describeValue(steps));
    }
    const read = isNamed
      ? namedSteps(steps, place, names, keepMissing)
      : { rows: row.doubles('input', names.numbers.length, keepMissing || undefined), categories: [] };
    const categories = new Map((read.categories ?? []).map(({ column, texts }) => [column, texts]));
    return { values: Float64Array.from(read.rows), categories, place };
  };
}

/**
 * A function that fills in missing numbers, standardises rows and adds their marks: [rows * width].
 *
 * @throws {DataError} `invalid_row`, by the function, for a column without a number to fill in, and for a category that the
 *   training rows do not have
 */
export function rowEncoder(
  saved: SavedForecast,
  missing: MissingMode,
): (rows: GivenRows, before?: KnownBefore) => Float64Array {
  const { categories = [] } = saved;
  const names = columnsOfRow(saved).numbers;
  const numbers = names.length;
  const standardizer = Standardizer.fromJSON(scalingOf(saved));
  return ({ values: given, categories: texts, place }, before) => {
    const values = given.slice();
    const rows = values.length / numbers;
    for (const [column, name] of names.entries()) {
      if (missing !== 'refuse' && !fillColumn(values, { numbers, column }, missing, before)) {
        throw withoutNumber(place, name, missing, '');
      }
    }
    standardizer.applyInPlace(values);
    const faults = new SeriesFaults();
    const series = [{ name: '', begin: 0, end: rows }];
    const table = { file: place.file, rows, categories: texts, lineOf: () => place.line, gaps: given, series, faults };
    return withMarks(values, table, { numbers, isMarked: missing === 'mask', categories }, before?.ages);
  };
}

/** Fills in the missing numbers of a column, in place. @returns false where there is no number to take */
function fillColumn(
  values: Float64Array,
  { numbers, column }: { readonly numbers: number; readonly column: number },
  mode: Exclude<MissingMode, 'refuse'>,
  before: KnownBefore | undefined,
): boolean {
  const rows = values.length / numbers;
  const known = before?.values[column] ?? Number.NaN;
  const own = Float64Array.from({ length: rows + 1 }, (_, at) =>
    at === 0 ? known : (values[(at - 1) * numbers + column] as number),
  );
  const begin = Number.isNaN(known) ? 1 : 0;
  const times = Float64Array.from({ length: rows + 1 }, (_, at) => (at === 0 ? -(before?.ages[column] ?? 0) : at));
  if (fillMissing(own, { width: 1, column: 0, begin, end: rows + 1, times }, mode) >= 0) return false;
  for (let row = 0; row < rows; row++) values[row * numbers + column] = own[row + 1] as number;
  return true;
}

/** The rows of the field `input` as the network reads them: [rows * width]. Throws as `rowReader` and `rowEncoder`. */
export function forecastRows(saved: SavedForecast, missing: MissingMode) {
  const [read, encode] = [rowReader(saved, missing), rowEncoder(saved, missing)];
  return (fields: JsonObject, place: RowPlace) => encode(read(fields, place));
}

/** A row of a stream as the field `input`: a list of numbers, a number, or an object of columns. */
export function rowOfPiece(fields: JsonObject, saved: SavedForecast): JsonObject {
  return { input: [stepOf(fields, columnsOfRow(saved))] };
}

function columnsOfRow({ columns, covariates, categories = [] }: SavedForecast): StepColumns {
  return { numbers: [...columns, ...covariates], categories: categories.map(({ column }) => column) };
}
