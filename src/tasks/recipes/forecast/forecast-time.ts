/** The column of time stamps of a table: named, or recognised where one column alone has dates. */
import { placesOf } from '../../../files/column-names.js';
import { columnPart, invalidRow, quoted } from '../../../files/row-error.js';
import type { TableStart } from '../../../files/table-records.js';
import { seasonOf, type TimeStep } from '../../../files/time-order.js';
import { areIsoDates, looksLikeDate, type TimeReader, timeReader } from '../../../files/time-stamps.js';

/** The value of `--time` that means no column. */
const NO_TIME = 'none';

/** Steps of a season where nothing else is known: the hours of a day. */
export const USUAL_PERIOD = 24;

/** The column of time stamps, if there is one. */
export interface TimeChoice {
  readonly column?: string;
  readonly reader?: TimeReader;
  /** Whether rows in no order are sorted: only by a column that was named. */
  readonly canSort?: boolean;
  readonly help?: string;
  readonly notes: readonly string[];
}

/** The options that choose it. */
export interface TimeNames {
  readonly time: string | undefined;
  readonly dateFormat: string | undefined;
  readonly item: string | undefined;
  readonly numbers: readonly string[];
}

/**
 * Chooses the column of time stamps.
 *
 * @param known the column of the training table: it must be there
 * @throws {DataError} `invalid_row` for a column that is missing, or whose first rows have no time stamps
 */
export function chooseTime(start: TableStart, names: TimeNames, known?: string): TimeChoice {
  const { time, dateFormat } = names;
  if (time === NO_TIME) return { notes: [] };
  const named = time ?? known;
  const help = '--date-format dd.mm.yyyy (or another) reads other dates, --time none does without';
  if (named === undefined) return recogniseTime(start, names);
  const [at] = placesOf(
    start.columns,
    [named],
    start.place,
    known && 'the model was trained with it; --options \'{"time": "none"}\' does without',
  ) as [number];
  const texts = textsAt(start, at);
  const reader = timeReader(texts, dateFormat);
  if (reader !== undefined) return { column: named, reader, canSort: time !== undefined, help, notes: [] };
  const expected = 'numbers, or dates such as 2024-01-31';
  throw invalidRow(start.place, columnPart(named), expected, quoted(texts[0] ?? ''), { column: named, help });
}

function textsAt({ sample }: TableStart, at: number): string[] {
  return sample.map((fields) => (fields[at] ?? '').trim());
}

function recogniseTime(start: TableStart, { dateFormat, item, numbers }: TimeNames): TimeChoice {
  const read = new Set(numbers);
  const others = start.columns.flatMap((column, at) =>
    column === item || read.has(column) ? [] : [{ column, texts: textsAt(start, at) }],
  );
  const isDate = (text: string) => timeReader([text], dateFormat)?.read(text) !== undefined;
  const dates = others.filter(({ texts }) =>
    dateFormat === undefined ? areIsoDates(texts) : texts.length > 0 && texts.every(isDate),
  );
  const [first] = dates;
  if (first !== undefined && dates.length === 1) {
    const { column, texts } = first;
    const help = '--time none does without time stamps';
    return { column, reader: timeReader(texts, dateFormat) as TimeReader, canSort: false, help, notes: [] };
  }
  const similar =
    dates.length > 0 ? dates : others.filter(({ texts }) => texts.length > 0 && texts.every(looksLikeDate));
  const [likely] = similar;
  if (likely === undefined) return { notes: [] };
  const form = dates.length > 0 ? '' : ' --date-format dd.mm.yyyy (or mm/dd/yyyy)';
  const names = similar.map(({ column }) => `'${column}'`).join(' and ');
  const note = `the order of the rows of '${start.place.file}' is not checked by ${names}: --time '${likely.column}'${form} does it`;
  return { notes: [note] };
}

/** The step in words, for a note. */
export function timeNote(column: string, step: TimeStep): string {
  const { unit, count } = step;
  const [value, name] = unit === 'ms' ? inWords(count) : [count, unit];
  const every = value === 1 ? name.replace(/s$/, '') : `${value} ${name}`;
  return `rows are in the order of '${column}', one every ${every}`;
}

function inWords(ms: number): readonly [number, string] {
  const units = [
    [86_400_000, 'days'],
    [3_600_000, 'hours'],
    [60_000, 'minutes'],
    [1000, 'seconds'],
  ] as const;
  for (const [size, name] of units) if (ms % size === 0) return [ms / size, name];
  return [ms, 'milliseconds'];
}

/**
 * The period of a forecast: the one that was given, or a season by the step of the rows that fits into the history, or
 * 24, or the whole of a shorter history.
 *
 * @returns the period and, if it was not given, what it is
 */
export function periodFor(
  given: number | undefined,
  history: number,
  step: TimeStep | undefined,
): { readonly period: number; readonly note?: string } {
  if (given !== undefined) return { period: given };
  const season = step && seasonOf(step);
  const usual = Math.min(USUAL_PERIOD, history);
  const say = (period: number, why: string) => `the period of the seasonal forecast is ${period} rows${why}`;
  if (season === undefined) {
    const why = step === undefined ? 'no time column says another one' : 'the time between rows has no usual season';
    return { period: usual, note: say(usual, `: ${why}, --period N does`) };
  }
  const { period, name } = season;
  if (period <= history) return { period, note: say(period, `, ${name}`) };
  const why = `${name} has ${period} rows, more than the ${history} of --history`;
  return { period: usual, note: say(usual, `: ${why}`) };
}
