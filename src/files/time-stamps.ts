/** Time stamps in tables: ISO 8601, or a form that is named. Nothing is guessed: 1/5/2024 is January in one country. */
import { OptionError } from '../core/errors.js';
import { describeValue } from '../core/options.js';
import { parseDecimal } from './decimal.js';

/** How stamps were written, for those that are written later. Plain JSON. */
export type TimeStyle = {
  /** Numbers of any unit instead of dates. */
  readonly isNumber?: boolean;
  readonly hasTime?: boolean;
  readonly hasSeconds?: boolean;
  /** Whether a space stands between date and time; default: T. */
  readonly hasSpace?: boolean;
  /** Minutes east of Greenwich, of the stamp that was read last; missing for times without a zone. */
  readonly zone?: number;
};

/** Reads time stamps of one form. */
export interface TimeReader {
  /** Milliseconds since 1970, or the number; undefined for a text that is no stamp of this form. */
  read(text: string): number | undefined;
  readonly expected: string;
  /** The style of what has been read. */
  style(): TimeStyle;
  /** Minutes east of Greenwich of the stamp that was read last; undefined for stamps without a zone. */
  zone(): number | undefined;
  /** What is not read of a stamp, if one had it: digits that are too small. */
  limit(): string | undefined;
}

const TIME = String.raw`(?:(?:T| +)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?: ?([AaPp])\.?[Mm]\.?)?)?`;
const ZONE = String.raw`(?: ?(Z|UTC|[+-]\d{2}(?::?\d{2})?))?`;
const ISO = new RegExp(`^(\\d{4})([-/])(\\d{2})(?:\\2(\\d{2}))?${TIME}${ZONE}$`);
const FORM = /^(d{1,2}|m{1,2}|y{4})([-./ ]?)(d{1,2}|m{1,2}|y{4})\2(d{1,2}|m{1,2}|y{4})$/;
const LOOKS_LIKE_DATE = /^\d{1,4}([-./])\d{1,2}\1\d{1,4}(?:[T ]|$)/;

const MINUTE = 60_000;
const DAY = 86_400_000;

/** The zone that is farthest from Greenwich, in minutes, with those of local mean times. */
const FARTHEST_ZONE = 16 * 60;

/** Digits of a second, and of a number, that a stamp in double precision holds. */
const [SECOND_DIGITS, NUMBER_DIGITS] = [6, 15];

const TWO_DIGITS = (value: number) => `${value}`.padStart(2, '0');

/** A date form, such as `dd.mm.yyyy`. @throws {OptionError} `invalid_option` */
export function requireDateFormat(name: string, value: unknown): string {
  const text = typeof value === 'string' ? value.toLowerCase() : '';
  if (text === 'iso') return text;
  const [, first = '', , second = '', third = ''] = FORM.exec(text) ?? [];
  if (new Set([first[0], second[0], third[0]]).size === 3) return text;
  const message = `option '${name}' must be a form such as dd.mm.yyyy, mm/dd/yyyy, yyyymmdd or iso, got ${describeValue(value)}`;
  throw new OptionError('invalid_option', message, { name, value });
}

/** Whether a text looks like a date of any form. */
export function looksLikeDate(text: string): boolean {
  return LOOKS_LIKE_DATE.test(text);
}

/** Whether a text looks like a time of day. */
export function looksLikeClock(text: string): boolean {
  return /^\d{1,2}(?::\d{2}(?::\d{2})?|\.\d{2}\.\d{2})(?: ?[AaPp]\.?[Mm]\.?)?$/.test(text);
}

/** Whether texts, at least one, are all dates of ISO 8601. */
export function areIsoDates(texts: readonly string[]): boolean {
  const reader = dateReader('iso');
  return texts.length > 0 && texts.every((text) => reader.read(text) !== undefined);
}

/** The milliseconds of a day, if there is such a day. */
function dayOf(year: number, month: number, day: number): number | undefined {
  const ms = Date.UTC(year, month - 1, day);
  const date = new Date(ms);
  date.setUTCFullYear(year); // Date.UTC takes years below 100 for those of the last century
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? date.getTime() : undefined;
}

/** The milliseconds of a time of day; undefined when there is no such time. */
function clockOf([hour, minute, second, fraction, half]: readonly (string | undefined)[]): number | undefined {
  if (hour === undefined) return 0;
  const isHalf = half !== undefined;
  const [h, m, s] = [Number(hour), Number(minute), Number(second ?? 0)];
  if (m > 59 || s > 59 || h > 24 || (h === 24 && m + s > 0) || (isHalf && (h < 1 || h > 12))) return undefined;
  const hours = isHalf ? (h % 12) + (half?.toLowerCase() === 'p' ? 12 : 0) : h;
  const milliseconds = fraction === undefined ? 0 : Number(`0.${fraction}`) * 1000;
  return ((hours * 60 + m) * 60 + s) * 1000 + milliseconds;
}

/** Minutes east of Greenwich; NaN when there is no such zone. Behind a date alone, -05 is not one but a day. */
function zoneOf(text: string, hasTime: boolean): number {
  if (text === 'Z' || text === 'UTC') return 0;
  if (!hasTime && !text.includes(':')) return Number.NaN;
  const digits = text.slice(1).replace(':', '');
  const [hours, minutes] = [Number(digits.slice(0, 2)), Number(digits.slice(2) || 0)];
  const zone = hours * 60 + minutes;
  if (minutes > 59 || zone >= FARTHEST_ZONE) return Number.NaN;
  return text[0] === '-' ? -zone : zone;
}

/** Finds year, month and day in a text, and what stands behind them. */
function formOf(format: string) {
  const [, ...parts] = FORM.exec(format) ?? [];
  const sign = parts[1] ?? '';
  const names = [parts[0], parts[2], parts[3]].map((part) => (part as string)[0] as 'd' | 'm' | 'y');
  const digits = (name: string) => (name === 'y' ? '(\\d{4})' : sign === '' ? '(\\d{2})' : '(\\d{1,2})');
  const escaped = sign === '.' ? '\\.' : sign;
  const pattern = new RegExp(`^${names.map(digits).join(escaped)}${TIME}${ZONE}$`);
  return (text: string) => {
    const found = pattern.exec(text);
    if (found === null) return undefined;
    const part = (name: 'd' | 'm' | 'y') => Number(found[1 + names.indexOf(name)]);
    return { day: dayOf(part('y'), part('m'), part('d')), clock: found.slice(4, 9), zone: found[9] };
  };
}

function isoOf(text: string) {
  const found = ISO.exec(text);
  if (found === null) return undefined;
  const day = dayOf(Number(found[1]), Number(found[3]), Number(found[4] ?? 1));
  return { day, clock: found.slice(5, 10), zone: found[10] };
}

/** A reader of dates. @param format `iso`, or a checked form */
function dateReader(format: string): TimeReader {
  const parse = format === 'iso' ? isoOf : formOf(format);
  let [hasTime, hasSeconds, isCut, hasZone, zone] = [false, false, false, undefined as boolean | undefined, 0];
  let hasSpace = false;
  return {
    expected: format === 'iso' ? 'a date such as 2024-01-31 or 2024-01-31 13:00' : `a date in the form ${format}`,
    read(text) {
      const found = parse(text);
      const clock = found === undefined ? undefined : clockOf(found.clock);
      if (found?.day === undefined || clock === undefined) return undefined;
      const offset = found.zone === undefined ? undefined : zoneOf(found.zone, found.clock[0] !== undefined);
      if (Number.isNaN(offset)) return undefined;
      // Times with and without a zone have no order.
      hasZone ??= offset !== undefined;
      if (hasZone !== (offset !== undefined)) return undefined;
      hasTime ||= found.clock[0] !== undefined;
      hasSeconds ||= clock % MINUTE !== 0;
      hasSpace ||= format === 'iso' && /^\S+ +\d/.test(text);
      isCut ||= /[1-9]/.test(found.clock[3]?.slice(SECOND_DIGITS) ?? '');
      zone = offset ?? 0;
      return found.day + clock - zone * MINUTE;
    },
    style: () => ({ hasTime, hasSeconds, ...(hasSpace && { hasSpace }), ...(hasZone === true && { zone }) }),
    zone: () => (hasZone === true ? zone : undefined),
    limit: () => (isCut ? 'times are read to the microsecond' : undefined),
  };
}

function numberReader(): TimeReader {
  let isCut = false;
  return {
    expected: 'a number, as the other rows have',
    read(text) {
      const value = parseDecimal(text);
      if (text.length > NUMBER_DIGITS) isCut ||= /^\D*0*[1-9]\d{15}/.test(text.replace(/[.,]|[eE].*/g, ''));
      return value;
    },
    style: () => ({ isNumber: true }),
    zone: () => undefined,
    limit: () => (isCut ? `numbers are read to ${NUMBER_DIGITS} digits` : undefined),
  };
}

/** A reader that finds no stamp: the first row is refused, with its line. */
const noReader: TimeReader = {
  expected: 'a number, or a date such as 2024-01-31',
  read: () => undefined,
  style: () => ({}),
  zone: () => undefined,
  limit: () => undefined,
};

/**
 * The reader for a column of time stamps: of the form that is given, or of dates of ISO 8601 or numbers, by the first
 * rows. When these are neither, it refuses the first row.
 *
 * @param sample the first texts of the column
 * @param format the form of the dates
 * @param known the style of the training table: numbers and dates are not read for each other
 */
export function timeReader(sample: readonly string[], format?: string, known?: TimeStyle): TimeReader {
  if (format !== undefined) return dateReader(format);
  if (known !== undefined) return known.isNumber === true ? numberReader() : dateReader('iso');
  const isNumber = sample.length > 0 && sample.every((text) => parseDecimal(text) !== undefined);
  if (isNumber) return numberReader();
  // One wrong date among others is an error of its row, which is found later.
  return sample.some((text) => areIsoDates([text])) ? dateReader('iso') : noReader;
}

/**
 * Whether texts are dates that begin with the year, some of which may be none, such as 2024-02-30: an error of its row says so when it
 * is read.
 */
export function areMeantAsIsoDates(texts: readonly string[]): boolean {
  return texts.some((text) => areIsoDates([text])) && texts.every((text) => /^\d{4}-\d{2}-\d{2}/.test(text));
}

/** Whether numbers, at least one, are all written as dates without signs: 20240131. */
export function areDatesAsNumbers(texts: readonly string[]): boolean {
  const reader = dateReader('yyyymmdd');
  const isDate = (text: string) => /^(19|20)/.test(text) && reader.read(text) !== undefined;
  return texts.length > 0 && texts.every(isDate);
}

/** The forms, day or month first, in which texts are dates; empty when these are no such dates. */
export function dateForms(texts: readonly string[]): string[] {
  const sign = /^\d{1,2}([-./])/.exec(texts[0] ?? '')?.[1];
  if (sign === undefined) return [];
  return [`dd${sign}mm${sign}yyyy`, `mm${sign}dd${sign}yyyy`].filter((form) => {
    const reader = dateReader(form);
    return texts.every((text) => reader.read(text) !== undefined);
  });
}

/** A stamp as text in a form such as `dd.mm.yyyy`. */
export function writeDate(stamp: number, form: string): string {
  const text = writeTime(stamp, {}) as string;
  const [year = '', month = '', day = ''] = text.slice(0, 10).split('-');
  const date = form.replace('yyyy', year).replace('mm', month).replace('dd', day);
  return `${date}${text.slice(10).replace('T', ' ')}`;
}

/** A stamp as text, ISO 8601 in the zone of the style, or as a number. */
export function writeTime(
  stamp: number,
  { isNumber, hasTime, hasSeconds, hasSpace, zone }: TimeStyle,
): string | number {
  if (isNumber === true) return stamp;
  const exact = stamp + (zone ?? 0) * MINUTE;
  const microseconds = Math.round((exact - Math.floor(exact)) * 1000);
  const local = Math.floor(exact) + Math.floor(microseconds / 1000);
  const small = microseconds % 1000;
  const text = new Date(local).toISOString();
  if (hasTime !== true && small === 0 && local % DAY === 0) return text.slice(0, 10);
  const digits = `${text.slice(19, 23)}${small === 0 ? '' : `${small}`.padStart(3, '0')}`;
  const fraction = local % 1000 === 0 && small === 0 ? '' : digits;
  const isLong = hasSeconds === true || local % MINUTE !== 0 || small !== 0;
  const iso = isLong ? `${text.slice(0, 19)}${fraction}` : text.slice(0, 16);
  const clock = hasSpace === true ? iso.replace('T', ' ') : iso;
  if (zone === undefined) return clock;
  const minutes = Math.abs(zone);
  const name = `${zone < 0 ? '-' : '+'}${TWO_DIGITS(Math.floor(minutes / 60))}:${TWO_DIGITS(minutes % 60)}`;
  return `${clock}${zone === 0 ? 'Z' : name}`;
}
