/** The header lines `@tag value` of a `.ts` file. */
import { invalidRow, quoted, type RowPlace } from './row-error.js';

/** The content of the header so far. */
export interface TimeSeriesHeader {
  readonly name: string;
  /** Numbers at each step; undefined when the header does not have it. */
  readonly dimensions?: number;
  /** Steps of every series; undefined where they differ. */
  readonly length?: number;
  readonly target: 'none' | 'class' | 'number';
  readonly classes: readonly string[];
  /** Whether `@data` has been read: series follow. */
  readonly isComplete: boolean;
}

function truthOf(value: string, place: RowPlace, tag: string): boolean {
  const lower = value.toLowerCase();
  if (lower === 'true' || lower === 'false') return lower === 'true';
  throw invalidRow(place, `@${tag}`, 'true or false', quoted(value));
}

function countOf(value: string, place: RowPlace, tag: string): number {
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
  throw invalidRow(place, `@${tag}`, 'an integer >= 1', quoted(value));
}

/** Refuses features of the format that this reader does not support. */
function requireFalse(value: string, place: RowPlace, tag: string, help?: string): void {
  if (!truthOf(value, place, tag)) return;
  throw invalidRow(
    place,
    `@${tag}`,
    'false, others are not supported',
    quoted(value),
    help === undefined ? {} : { help },
  );
}

function classesOf(value: string, place: RowPlace): Pick<TimeSeriesHeader, 'target' | 'classes'> {
  const [first = '', ...classes] = value.split(/\s+/);
  if (!truthOf(first, place, 'classLabel')) return { target: 'none', classes: [] };
  if (classes.length === 0) throw invalidRow(place, '@classLabel', 'names of classes', 'none');
  const seen = new Set<string>();
  const twice = classes.find((name) => seen.has(name) || !seen.add(name));
  if (twice !== undefined) throw invalidRow(place, '@classLabel', 'different classes', `${quoted(twice)} twice`);
  return { target: 'class', classes };
}

/**
 * The header with one more line. Tags may have upper or lower case; unknown ones are ignored.
 *
 * @throws {DataError} `invalid_row`
 */
export function readTimeSeriesTag(
  line: string,
  place: RowPlace,
  header: TimeSeriesHeader,
  keepMissing = false,
): TimeSeriesHeader {
  const [, tag = '', value = ''] = /^@(\S+)\s*(.*)$/.exec(line) ?? [];
  switch (tag.toLowerCase()) {
    case '':
      throw invalidRow(place, '', "a header line '@...' before @data", quoted(line));
    case 'problemname':
      return { ...header, name: value };
    case 'timestamps':
      requireFalse(value, place, tag);
      return header;
    case 'missing':
      if (!keepMissing) requireFalse(value, place, tag, 'the option missing (forward, interpolate, mask) reads on');
      return header;
    case 'univariate':
      return truthOf(value, place, tag) ? { ...header, dimensions: 1 } : header;
    case 'dimension':
    case 'dimensions':
      return { ...header, dimensions: countOf(value, place, tag) };
    case 'serieslength':
      return { ...header, length: countOf(value, place, tag) };
    case 'equallength':
      truthOf(value, place, tag);
      return header;
    case 'classlabel':
      return { ...header, ...classesOf(value, place) };
    case 'targetlabel':
      return truthOf(value, place, tag) ? { ...header, target: 'number' } : header;
    case 'data':
      return { ...header, isComplete: true };
    default:
      return header;
  }
}
