/** Names of columns: lists of them, and their places in a header. */
import { describeValue } from '../core/options.js';
import { columnPart, invalidRow, type RowPlace } from './row-error.js';
import { splitRecords } from './table-guess.js';

/** Characters of names in a message. */
const LONGEST = 80;

/** The names in a list with commas; names that have a comma are quoted as in CSV: `a,"b,c"`. */
export function namesInList(list: string): string[] {
  const [names = []] = splitRecords(list.trim(), { delimiter: ',', quote: '"' }, 1);
  return names.map((name) => name.trim());
}

/** Whether a column has no name of its own: an index that a data frame has written, or a separator at the end. */
export function isUnnamed(column: string): boolean {
  return column === '' || /^Unnamed: \d+(_level_\d+)?$/.test(column);
}

/** Names in a message: those that fit into a value of a message, and how many more there are. */
export function listNames(names: readonly string[]): string {
  let fitting = Math.min(names.length, LONGEST);
  while (fitting > 0 && JSON.stringify(names.slice(0, fitting)).length > LONGEST) fitting -= 1;
  if (fitting === 0 || fitting === names.length) return describeValue(names);
  return `${JSON.stringify(names.slice(0, fitting))} and ${names.length - fitting} more`;
}

/**
 * Indices of columns in the header, which must have each exactly once.
 *
 * @throws {DataError} `invalid_row`
 */
export function placesOf(
  header: readonly string[],
  names: readonly string[],
  place: RowPlace,
  help?: string,
): number[] {
  const [first, again] = [new Map<string, number>(), new Map<string, number>()];
  for (const [at, name] of header.entries()) (first.has(name) ? again : first).set(name, at);
  return names.map((name) => {
    const at = first.get(name);
    const details = { column: name, ...(help !== undefined && { help }) };
    if (at === undefined) throw invalidRow(place, 'header', `a ${columnPart(name)}`, listNames(header), details);
    if (!again.has(name)) return at;
    const found = `two, at ${at + 1} and ${(again.get(name) as number) + 1}`;
    throw invalidRow(place, 'header', `one ${columnPart(name)}`, found, { column: name });
  });
}
