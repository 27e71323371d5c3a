/** The time between the rows of each series of a table. */
import { DataError } from '../../../core/errors.js';
import { isUnnamed } from '../../../files/column-names.js';
import { shortened } from '../../../files/row-error.js';
import type { Ordered } from '../../../files/time-order.js';
import { type TimeStyle, writeTime } from '../../../files/time-stamps.js';
import { areEqual, gapsIn, type RowTimes, stepAmong, stepInWords, type TimeStep } from '../../../files/time-step.js';
import type { TimeChoice } from './forecast-time.js';
import type { ArrangedSeries, Series, SeriesFaults } from './series.js';

/** The time of the rows of a table. */
export interface SeriesTime {
  readonly column: string;
  /** [rows] */
  readonly stamps: Float64Array;
  /** [rows] minutes east of Greenwich, where stamps have a zone. */
  readonly zones?: Float64Array | undefined;
  readonly style: TimeStyle;
  /** Of the longest series. */
  readonly step?: TimeStep | undefined;
  /** Of each series; undefined where the time between its rows is not regular. */
  readonly steps: readonly (TimeStep | undefined)[];
}

/** The time of the training table, as it is saved. Plain JSON. */
export type SavedTime = {
  readonly column: string;
  readonly style: TimeStyle;
  /** Of the longest series. */
  readonly step?: TimeStep;
  /** The steps of other series. */
  readonly others?: readonly TimeStep[];
};

/** The rows of all series and their stamps. */
export interface TimedSeries {
  readonly file: string;
  /** The column of series. */
  readonly item: string | undefined;
  readonly choice: TimeChoice;
  readonly stamps: Float64Array;
  readonly zones: Float64Array | undefined;
  readonly series: readonly Series[];
}

/** The times of a range of rows. */
function timesOf({ stamps, zones, style }: Omit<SeriesTime, 'step' | 'steps'>, { begin, end }: Omit<Series, 'name'>) {
  const times: RowTimes = {
    stamps: stamps.subarray(begin, end),
    zones: zones?.subarray(begin, end),
    isNumber: style.isNumber,
  };
  return times;
}

/**
 * The step of each series. In a training table every series may have its own; one of too few rows has that of the
 * longest. In a later table a series with a step that no training series had is a fault.
 *
 * @throws {DataError} `mixed_examples` for numbers where the training table had dates, and dates where it had numbers
 */
export function seriesTime(
  { file, item, choice, stamps, zones, series }: TimedSeries,
  known: SavedTime | undefined,
  faults: SeriesFaults,
): SeriesTime {
  const { column = '', reader } = choice;
  const style = reader?.style() ?? {};
  const time = { column, stamps, zones, style };
  if (known !== undefined) requireKind(file, time, known);
  const longest = series.reduce((most, next) => (next.end - next.begin > most.end - most.begin ? next : most));
  const step = known === undefined ? stepAmong(timesOf(time, longest), []).step : known.step;
  const expected = [...(step === undefined ? [] : [step]), ...(known?.others ?? [])];
  if (known !== undefined && expected.length === 0) return { ...time, steps: series.map(() => undefined) };
  const steps = series.map((rows, at) => {
    const found = stepAmong(timesOf(time, rows), known === undefined && rows === longest ? [] : expected);
    if (known !== undefined && found.isOther) {
      const name = item === undefined ? `'${file}'` : `'${file}' (${item} '${shortened(rows.name)}')`;
      faults.of(at, () => refuseStep(name, found.step as TimeStep, expected, { file }));
    }
    return found.step;
  });
  return { ...time, step: series.length === 1 ? steps[0] : step, steps };
}

function requireKind(file: string, { column, style }: Pick<SeriesTime, 'column' | 'style'>, known: SavedTime): void {
  const isNumber = style.isNumber === true;
  if (isNumber === (known.style.isNumber === true)) return;
  const say = (is: boolean) => (is ? 'numbers' : 'dates');
  const message = `'${file}' has ${say(isNumber)} in '${column}', expected ${say(!isNumber)} as in the training`;
  throw new DataError('mixed_examples', message, { file, column });
}

function refuseStep(name: string, step: TimeStep, expected: readonly TimeStep[], details: { readonly file: string }) {
  const trained = expected.map((each) => `one every ${stepInWords(each)}`).join(' or ');
  const help = '--options \'{"time": "none"}\' reads rows without dates';
  const message = `${name} has a row every ${stepInWords(step)}, expected ${trained} as in the training; ${help}`;
  throw new DataError('mixed_examples', message, { ...details, step, expected, help });
}

/** The time of a training table, to be saved. */
export function savedTime(time: SeriesTime): SavedTime {
  const { column, style, step } = time;
  const others = otherSteps(time);
  return { column, style, ...(step && { step }), ...(others.length > 0 && { others }) };
}

/** The steps that other series than the longest have, each once. */
function otherSteps({ step, steps }: SeriesTime): TimeStep[] {
  const others: TimeStep[] = [];
  for (const each of steps) {
    if (each === undefined || (step && areEqual(each, step)) || others.some((other) => areEqual(each, other))) continue;
    others.push(each);
  }
  return others;
}

/** Notes of what was done to bring rows into the order of time. */
export function changeNotes(file: string, column: string, changes: readonly Ordered['change'][]): string[] {
  return [
    ...(changes.includes('turned')
      ? [`'${file}' is newest first by '${column}': the order of its rows is reversed`]
      : []),
    ...(changes.includes('sorted') ? [`the rows of '${file}' are sorted by '${column}'`] : []),
  ];
}

/** What is said of the time between rows. */
export interface TimeAbout {
  readonly item: string | undefined;
  readonly time: SeriesTime;
  /** Whether there was a training table, which may have had no regular time. */
  readonly isKnown: boolean;
  /** What is done with rows that are absent, in words; undefined where rows follow each other. */
  readonly absent?: string | undefined;
}

/** Notes of the time between rows: the steps, what is not regular, and gaps. */
export function timeNotes(
  { file, series, lineOf }: ArrangedSeries,
  { item, time, isKnown, absent }: TimeAbout,
): string[] {
  const { column, steps, style, stamps, zones } = time;
  const name = isUnnamed(column) ? `the column without a name` : `'${column}'`;
  const isIrregular = `the time between the rows of '${file}' by ${name} is not regular`;
  const title = (at: number) => `${item} '${shortened(series[at]?.name ?? '')}'`;
  const step = time.step ?? steps.find((each) => each !== undefined);
  if (step === undefined) {
    const why = isKnown ? `${isIrregular}, or was not in the training` : isIrregular;
    return [`${why}: forecasts have no dates`];
  }
  const notes = [`rows are in the order of ${name}, one every ${stepInWords(step)}`];
  const other = steps.flatMap((each, at) => (each !== undefined && !areEqual(each, step) ? [at] : []));
  const [first] = other;
  if (first !== undefined) {
    const every = stepInWords(steps[first] as TimeStep);
    notes.push(
      `${other.length} of ${series.length} series have another time between rows, the first is ${title(first)}: one every ${every}`,
    );
  }
  const irregular = steps.flatMap((each, at) => (each === undefined ? [at] : []));
  if (irregular.length > 0) {
    const which = `${irregular.length} of ${series.length} series, the first is ${title(irregular[0] as number)}`;
    notes.push(`${isIrregular} in ${which}: their forecasts have no dates`);
  }
  const all = series.flatMap((rows, at) => {
    const own = steps[at];
    return own === undefined ? [] : gapsIn(timesOf(time, rows), own).map((gap) => rows.begin + gap);
  });
  const [gap] = all;
  if (gap === undefined) return notes;
  const write = (row: number) => writeTime(stamps[row] as number, styleAt({ style, zones }, row));
  const places = `${all.length} ${all.length === 1 ? 'gap' : 'gaps'} in ${name} of '${file}'`;
  return [
    ...notes,
    `${places}, the first before line ${lineOf(gap)}: '${write(gap)}' follows '${write(gap - 1)}'${absent ? `: ${absent}` : ''}`,
  ];
}

/** The style of the stamp of a row, with its own zone. */
export function styleAt({ style, zones }: Pick<SeriesTime, 'style' | 'zones'>, row: number): TimeStyle {
  return zones === undefined ? style : { ...style, zone: zones[row] as number };
}
