/** Rows of JSON as the inputs of a forecaster: lists of numbers, or objects by the names of the columns. */
import type { JsonObject } from '../../../core/json.js';
import { describeValue } from '../../../core/options.js';
import { Standardizer } from '../../../features/standardizer.js';
import { JsonRow } from '../../../files/json-lines.js';
import { invalidRow, type RowPlace } from '../../../files/row-error.js';
import { areNamed, describeColumns, namedSteps, type StepColumns, stepOf } from '../../building-blocks/named-steps.js';
import { type SavedForecast, scalingOf } from './forecast-data.js';
import { countMarks, withMarks } from './forecast-marks.js';

/** The rows of the field `input`, standardised, with their marks: [rows * width]. No number is missing in them. */
export type ReadRows = (fields: JsonObject, place: RowPlace) => Float64Array;

/**
 * @param width numbers in a row of the network's input
 * @throws {DataError} `invalid_row`, by the function; rows of numbers are refused where the model reads categories, which go by name
 */
export function forecastRows(saved: SavedForecast, width: number): ReadRows {
  const { categories = [] } = saved;
  const names = columnsOfRow(saved);
  const numbers = names.numbers.length;
  const isMarked = width > numbers + countMarks({ numbers, isMarked: false, categories });
  const standardizer = Standardizer.fromJSON(scalingOf(saved));
  return (fields, place) => {
    const row = new JsonRow(fields, place);
    const steps = row.value('input');
    const isNamed = areNamed(steps);
    if (!isNamed && categories.length > 0) {
      throw invalidRow(place, '', `each row as ${describeColumns(names)}`, describeValue(steps));
    }
    const read = isNamed ? namedSteps(steps, place, names) : { rows: row.doubles('input', numbers), categories: [] };
    const values = Float64Array.from(read.rows);
    standardizer.applyInPlace(values);
    const texts = new Map((read.categories ?? []).map((category) => [category.column, category.texts]));
    const table = { file: place.file, rows: values.length / numbers, categories: texts, lineOf: () => place.line };
    return withMarks(values, { ...table, gaps: undefined, series: [] }, { numbers, isMarked, categories });
  };
}

/** A row of a stream as the field `input`: a list of numbers, a number, or an object of columns. */
export function rowOfPiece(fields: JsonObject, saved: SavedForecast): JsonObject {
  return { input: [stepOf(fields, columnsOfRow(saved))] };
}

function columnsOfRow({ columns, covariates, categories = [] }: SavedForecast): StepColumns {
  return { numbers: [...columns, ...covariates], categories: categories.map(({ column }) => column) };
}
