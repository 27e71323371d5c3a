/** The `.ts` files of the time series classification archive (UCR, UEA): http://timeseriesclassification.com. */
import { DataError } from '../core/errors.js';
import { describeValue, rejectUnknownKeys } from '../core/options.js';
import { parseDecimal } from './decimal.js';
import { invalidRow, quoted, type RowPlace } from './row-error.js';
import { readText, splitLines } from './text.js';
import { readTimeSeriesTag, type TimeSeriesHeader } from './time-series-header.js';

/** One time series and its target. */
export interface TimeSeries {
  /** [length * dimensions] the numbers of all dimensions, step by step: rows of features. */
  readonly input: Float32Array;
  /** Index of its class; [1] a number for regression; missing in files without targets. */
  readonly target?: number | Float32Array;
}

/** The time series of a file. */
export interface TimeSeriesSet {
  /** The name in the file. */
  readonly name: string;
  /** Numbers at each step: the features of a network. */
  readonly dimensions: number;
  /** Names of the classes, in the order of the header; empty for regression. */
  readonly classes: readonly string[];
  readonly examples: readonly TimeSeries[];
}

/** How a file of time series is read. */
export interface TimeSeriesOptions {
  /** Classes of the training file: targets are indices of these, also when this file has another order. */
  readonly classes?: readonly string[];
}

function valuesOf(text: string, place: RowPlace, dimension: number, keepMissing: boolean): number[] {
  return text.split(',').map((item, step) => {
    const value = parseDecimal(item);
    if (value !== undefined) return value;
    if (keepMissing && ['?', 'NaN', ''].includes(item.trim())) return Number.NaN;
    const found = item.trim() === '?' ? "'?', a missing value" : quoted(item.trim());
    throw invalidRow(place, `dimension ${dimension} step ${step}`, 'a number', found, { dimension, step });
  });
}

/** Converts dimensions one after the other into rows of all dimensions. */
function toRows(dimensions: readonly number[][], place: RowPlace): Float64Array {
  const steps = dimensions[0]?.length ?? 0;
  const rows = new Float64Array(steps * dimensions.length);
  for (const [dimension, values] of dimensions.entries()) {
    if (values.length !== steps) {
      const expected = `${steps} values, as dimension 0 has`;
      throw invalidRow(place, `dimension ${dimension}`, expected, `${values.length}`, { dimension });
    }
    for (const [step, value] of values.entries()) rows[step * dimensions.length + dimension] = value;
  }
  return rows;
}

function readSeries(
  line: string,
  place: RowPlace,
  header: TimeSeriesHeader,
  { classOf, keepMissing }: { readonly classOf: (label: string) => number; readonly keepMissing: boolean },
) {
  const parts = line.split(':');
  const label = header.target === 'none' ? undefined : parts.pop()?.trim();
  const dimensions = header.dimensions ?? parts.length;
  if (parts.length !== dimensions || dimensions === 0) {
    const target = label === undefined ? '' : ' and a target';
    throw invalidRow(place, '', `${dimensions} dimensions${target} between colons`, `${parts.length} dimensions`);
  }
  const input = toRows(
    parts.map((part, dimension) => valuesOf(part, place, dimension, keepMissing)),
    place,
  );
  const steps = input.length / dimensions;
  if (header.length !== undefined && steps !== header.length) {
    throw invalidRow(place, '', `${header.length} steps, the seriesLength of the header`, `${steps}`);
  }
  if (label === undefined) return { input };
  if (header.target === 'class') {
    const target = classOf(label);
    if (target < 0) throw invalidRow(place, 'class', `one of ${describeValue(header.classes)}`, quoted(label));
    return { input, target };
  }
  const value = parseDecimal(label);
  if (value === undefined) throw invalidRow(place, 'target', 'a number', quoted(label));
  return { input, target: Float32Array.of(value) };
}

/**
 * Reads a `.ts` file whole (UTF-8, LF or CRLF): one dimension or several, equal or different lengths, classes or numbers as
 * targets. Series with missing values or time stamps are not supported.
 *
 * @throws {DataError} `invalid_row` with file and line, what was expected and what was found; `empty_data` when there is no
 *   series; `not_utf8`, `file_unreadable`
 * @throws {OptionError} `unknown_option`
 * @example
 * const train = await readTimeSeries('JapaneseVowels_TRAIN.ts');
 * const batches = new SequenceBatches(train.examples, { batch: 32, features: train.dimensions });
 */
export async function readTimeSeries(path: string, options: TimeSeriesOptions = {}): Promise<TimeSeriesSet> {
  const { examples, ...set } = await readSeriesFile(path, options);
  return { ...set, examples: examples.map((series) => ({ ...series, input: Float32Array.from(series.input) })) };
}

/** As `readTimeSeries`, with inputs in double precision. @param keepMissing whether `?` becomes NaN; default: refused */
export async function readSeriesFile(path: string, options: TimeSeriesOptions = {}, keepMissing = false) {
  rejectUnknownKeys('readTimeSeries', options, ['classes']);
  const lines = splitLines(await readText(path));
  let header: TimeSeriesHeader = { name: '', target: 'none', classes: [], isComplete: false };
  const examples: ReturnType<typeof readSeries>[] = [];
  let dimensions: number | undefined;
  let places: ReadonlyMap<string, number> | undefined;
  for (const [at, text] of lines.entries()) {
    const line = text.trim();
    const place = { file: path, line: at + 1 };
    if (line === '' || line.startsWith('#') || line.startsWith('%')) continue;
    if (!header.isComplete) {
      header = readTimeSeriesTag(line, place, header, keepMissing);
      continue;
    }
    const known = options.classes ?? header.classes;
    places ??= new Map(known.map((name, index) => [name, index]));
    const classOf = (label: string) => places?.get(label) ?? -1;
    const series = readSeries(line, place, { ...header, classes: known }, { classOf, keepMissing });
    examples.push(series);
    // When the header does not have the number of dimensions, it is that of the first series.
    dimensions ??= line.split(':').length - (header.target === 'none' ? 0 : 1);
    header = { ...header, dimensions };
  }
  if (dimensions === undefined) throw new DataError('empty_data', `'${path}' has no time series`, { file: path });
  const classes = header.target === 'class' ? (options.classes ?? header.classes) : [];
  return { name: header.name, dimensions, classes: [...classes], examples };
}
