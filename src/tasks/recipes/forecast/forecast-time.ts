/** The column of time stamps of a table: named, or recognised where one column alone has dates. */
import { placesOf } from '../../../files/column-names.js';
import type { ReadColumn, Table } from '../../../files/table.js';
import type { TableStart } from '../../../files/table-records.js';
import { orderByTime } from '../../../files/time-order.js';
import {
  areDatesAsNumbers,
  areMeantAsIsoDates,
  dateForms,
  looksLikeClock,
  looksLikeDate,
  type TimeReader,
  type TimeStyle,
  timeReader,
  writeDate,
} from '../../../files/time-stamps.js';
import { seasonOf, type TimeStep } from '../../../files/time-step.js';

/** The value of `--time` that means no column. */
const NO_TIME = 'none';

/** Steps of a season where nothing else is known: the hours of a day. */
export const USUAL_PERIOD = 24;

/** What helps where stamps occur twice. */
export const TWICE_HELP = '--item COLUMN tells several series apart, --time none does without time stamps';

/** The column of time stamps, if there is one. */
export interface TimeChoice {
  readonly column?: string;
  readonly reader?: TimeReader;
  /** Whether rows in no order are sorted: only by a column that was named. */
  readonly canSort?: boolean;
  /** The column that is read. Without `reader` it has dates of an unknown form, which can only be compared. */
  readonly times?: ReadColumn | undefined;
  /** Writes such a date. */
  readonly write?: ((stamp: number) => string) | undefined;
  readonly notes: readonly string[];
}

/** The options that choose it. */
export interface TimeNames {
  readonly time: string | undefined;
  readonly dateFormat: string | undefined;
  readonly item: string | undefined;
  readonly numbers: readonly string[];
}

/** The time of the training table. */
interface TrainedTime {
  readonly column: string;
  readonly style: TimeStyle;
}

/**
 * Chooses the column of time stamps.
 *
 * @param known the time of the training table: its column must be there
 * @throws {DataError} `invalid_row` for a column that is missing
 */
export function chooseTime(start: TableStart, names: TimeNames, known?: TrainedTime): TimeChoice {
  const { time, dateFormat } = names;
  if (time === NO_TIME) return { notes: [] };
  const named = time ?? known?.column;
  if (named === undefined) return recogniseTime(start, names);
  const [at] = placesOf(
    start.columns,
    [named],
    start.place,
    known && 'the model was trained with it; --options \'{"time": "none"}\' does without',
  ) as [number];
  const texts = textsAt(start, at);
  const form = dateFormat === undefined || dateFormat === 'iso' ? 'dd.mm.yyyy' : 'iso';
  const help = known
    ? `--options '{"dateFormat": "${form}"}' (or another) reads other dates, '{"time": "none"}' does without`
    : `--date-format ${form} (or another) reads other dates, --time none does without`;
  const notes =
    known === undefined && dateFormat === undefined && areDatesAsNumbers(texts)
      ? [`the numbers of '${named}' are steps of 1, not dates: --date-format yyyymmdd reads them as dates`]
      : [];
  const reader = timeReader(texts, dateFormat, named === known?.column ? known.style : undefined);
  return chosen(named, reader, help, { canSort: time !== undefined, notes });
}

function chosen(
  column: string,
  reader: TimeReader,
  help: string,
  others: Pick<TimeChoice, 'canSort' | 'notes'>,
): TimeChoice {
  const { read, zone, expected } = reader;
  return { column, reader, times: { column, read, zone, expected, help }, ...others };
}

function textsAt({ sample }: TableStart, at: number): string[] {
  return sample.map((fields) => (fields[at] ?? '').trim());
}

function recogniseTime(start: TableStart, { dateFormat, item, numbers }: TimeNames): TimeChoice {
  const read = new Set(numbers);
  const others = start.columns.flatMap((column, at) =>
    column === item || read.has(column) ? [] : [{ column, texts: textsAt(start, at) }],
  );
  const isDate = (text: string) => timeReader([text], dateFormat).read(text) !== undefined;
  const dates = others.filter(({ texts }) =>
    dateFormat === undefined ? areMeantAsIsoDates(texts) : texts.length > 0 && texts.every(isDate),
  );
  const [first] = dates;
  if (first !== undefined && dates.length === 1) {
    const { column, texts } = first;
    const help = '--time none does without time stamps';
    return chosen(column, timeReader(texts, dateFormat), help, { canSort: false, notes: [] });
  }
  const similar =
    dates.length > 0 ? dates : others.filter(({ texts }) => texts.length > 0 && texts.every(looksLikeDate));
  const [likely] = similar;
  if (likely === undefined) return { notes: [] };
  const form = dates.length > 0 ? '' : ' --date-format dd.mm.yyyy (or mm/dd/yyyy)';
  const names = similar.map(({ column }) => `'${column}'`).join(' and ');
  const note = `the order of the rows of '${start.place.file}' is not checked by ${names}: --time '${likely.column}'${form} does it`;
  const hasClock = others.some(({ texts }) => texts.length > 0 && texts.every(looksLikeClock));
  const compared = similar.length === 1 && !hasClock ? comparedDates(likely.column, likely.texts) : {};
  return { notes: [note], ...compared };
}

/**
 * Dates of an unknown form, day or month first, as numbers: equal dates have equal numbers, and others have others. A text
 * that is no date has NaN. Empty where no form fits.
 */
function comparedDates(column: string, texts: readonly string[]): Pick<TimeChoice, 'times' | 'write'> {
  const forms = dateForms(texts);
  const [form] = forms;
  if (form === undefined) return {};
  // A day that both forms can read is the same day of the other form, so no two dates become equal.
  const readers = forms.map((form) => timeReader([], form));
  const read = (text: string) => {
    for (const reader of readers) {
      const stamp = reader.read(text);
      if (stamp !== undefined) return stamp;
    }
    return Number.NaN;
  };
  return { times: { column, read, expected: 'a date' }, write: (stamp) => writeDate(stamp, form) };
}

/**
 * Refuses dates of an unknown form of which two are equal: the rows are those of several series.
 *
 * @param rows numbers of the rows of one series
 * @throws {DataError} `invalid_row` with the lines of both
 */
export function refuseTwice(
  { file, times, lines }: Pick<Table, 'file' | 'times' | 'lines'>,
  rows: Int32Array,
  { times: compared, write }: TimeChoice,
): void {
  if (compared === undefined || write === undefined || rows.some((row) => Number.isNaN(times[row]))) return;
  orderByTime(times, rows, true, { file, column: compared.column, lines, write, help: TWICE_HELP });
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
