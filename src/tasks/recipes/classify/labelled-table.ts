/** Reads sequences from a table. A row is a text or a step. */
import { placesOf } from '../../../files/column-names.js';
import { type NamedGroups, namedGroups } from '../../../files/group-names.js';
import { columnPart, invalidRow, quoted, type RowPlace } from '../../../files/row-error.js';
import { type NumberRules, readTable, type Table, type TextColumn } from '../../../files/table.js';
import type { TableFormat } from '../../../files/table-format.js';
import type { TableStart } from '../../../files/table-records.js';
import { orderByTime } from '../../../files/time-order.js';
import { type TimeReader, timeReader, writeTime } from '../../../files/time-stamps.js';
import { takeWeights } from '../../building-blocks/row-weights.js';
import type { RawInput } from '../../building-blocks/sequence-inputs.js';
import { type RowWeights, rowWeights } from './sequence-weights.js';
import {
  formOfTable,
  inputNotes,
  type NamedColumns,
  type TableForm,
  TRAINED_HELP,
  unnamedColumns,
} from './table-form.js';

/** A sequence with its labels as they are in the file: one for each row. */
export interface WrittenSequence {
  readonly input: RawInput;
  /** The texts of the targets; empty ones where there is no column of targets. */
  readonly labels: readonly string[];
  readonly weights?: RowWeights;
  readonly place: RowPlace;
}

/** The sequences of a table, and how it was read. */
export interface WrittenTable {
  readonly form: TableForm;
  readonly sequences: readonly WrittenSequence[];
  readonly notes: readonly string[];
}

/** How a table of sequences is read. */
export interface SequenceTableOptions extends NamedColumns {
  readonly format?: TableFormat;
  readonly dateFormat?: string | undefined;
  readonly rules?: NumberRules;
}

/**
 * Reads sequences from a table with a header. Without a column of sequences every row is a sequence of characters. With
 * one, the rows with the same value in it are the steps of a sequence: a token each, or numbers.
 *
 * @param withTargets whether there must be a column of targets
 * @param saved the form of the training table: its columns are looked up by their names
 * @throws {DataError} `invalid_row`, naming file, line and column; `empty_data`, `not_utf8`, `file_unreadable`
 */
export async function readSequenceTable(
  path: string,
  withTargets: boolean,
  { format = {}, dateFormat, rules = {}, ...named }: SequenceTableOptions = {},
  saved?: TableForm,
): Promise<WrittenTable> {
  let form: TableForm | undefined;
  let clock: TimeReader | undefined;
  const choose = (start: TableStart) => {
    form = saved === undefined ? formOfTable(start, named, withTargets) : savedForm(start, saved, withTargets);
    const { kind, input, target, sequence, time, categories } = form;
    clock = time === null ? undefined : clockOf(start, time, dateFormat);
    const texts = [...(kind === 'numbers' ? categories : input), target, sequence].filter((name) => name !== null);
    return {
      numbers: [...(kind === 'numbers' ? input : []), ...(named.weight === undefined ? [] : [named.weight])],
      texts: [...new Set(texts)],
      times: clock && { column: time as string, read: clock.read, expected: clock.expected, help: DATE_HELP },
    };
  };
  const read = await readTable(path, choose, format, { ...rules, usual: saved?.found });
  const known = form as unknown as TableForm;
  const { table, weights } = takeWeights(read, named.weight);
  if (saved === undefined && named.input === undefined) refuseCounters(table, known);
  const { groups, notes } =
    known.sequence === null
      ? { groups: undefined, notes: [] }
      : groupRows(table, known.sequence, named.sequence !== undefined, rules);
  const ordered = groups?.map((rows) => inOrder(table, known, rows, clock));
  const sequences =
    ordered === undefined ? textsOf(table, known) : ordered.map((rows) => sequenceOf(table, known, rows));
  return {
    form: known,
    sequences:
      weights === undefined
        ? sequences
        : sequences.map((each, at) => ({ ...each, ...rowWeights(table, weights, ordered?.[at] ?? [at]) })),
    notes: [
      ...(saved === undefined ? inputNotes(table.start, known, named) : []),
      ...unnamedColumns(table.start, known),
      ...notes,
    ],
  };
}

const DATE_HELP = '--date-format dd.mm.yyyy (or another) reads other forms';

/** The saved form, if the table has its columns. */
function savedForm(start: TableStart, saved: TableForm, withTargets: boolean): TableForm {
  const { columns, place, found } = start;
  const { input, sequence, time, categories } = saved;
  placesOf(
    columns,
    [...input, ...categories, sequence, time].filter((name) => name !== null),
    place,
    TRAINED_HELP,
  );
  if (withTargets) placesOf(columns, [saved.target ?? 'target'], place, TRAINED_HELP);
  const target = withTargets ? saved.target : null;
  return { ...saved, target, found };
}

function clockOf({ columns, sample, place }: TableStart, time: string, dateFormat: string | undefined): TimeReader {
  const [at] = placesOf(columns, [time], place) as [number];
  const texts = sample.map((fields) => (fields[at] ?? '').trim());
  return timeReader(texts, dateFormat);
}

/**
 * The rows of each sequence, in the order of their first rows.
 *
 * @param rules.missing texts of names that are not there
 * @param canGather whether rows of a sequence that are not together are gathered; otherwise they are refused
 */
function groupRows(table: Table, name: string, canGather: boolean, { missing }: NumberRules): NamedGroups {
  const { rows, lines, file } = table;
  const found = namedGroups(table, name, { what: 'sequence', missing, canContinue: true });
  const { codes, names } = found;
  for (let row = 1, seen = 0; row < rows && !canGather; row++) {
    const code = codes[row] as number;
    if (code > seen) seen = code;
    else if (code !== codes[row - 1]) {
      const again = `${quoted(names[code] as string)} again`;
      const details = { column: name, help: `--sequence ${name} puts the rows of a sequence together` };
      const place = { file, line: lines[row] as number };
      throw invalidRow(place, columnPart(name), 'the rows of a sequence together', again, details);
    }
  }
  return found;
}

/** Rows below which a column may count them by chance. */
const ENOUGH_ROWS = 20;

/**
 * Refuses a column that counts the rows of the whole table: an index with a name. It tells the sequences apart, and
 * nothing else.
 */
function refuseCounters({ start, rows, numbers, texts }: Table, { kind, input, sequence }: TableForm): void {
  const isSplit = sequence !== null && (texts.get(sequence) as TextColumn).values.length > 1;
  if (kind !== 'numbers' || rows < ENOUGH_ROWS || !isSplit) return;
  for (const [at, column] of input.entries()) {
    let row = 1;
    while (row < rows && numbers[row * input.length + at] === (numbers[(row - 1) * input.length + at] as number) + 1)
      row += 1;
    if (row < rows) continue;
    const help = '--input COLUMNS names the inputs';
    throw invalidRow(start.place, columnPart(column), 'an input', 'the numbers of the rows', { column, help });
  }
}

const SEQUENCE_HELP = '--sequence COLUMN names the column that tells sequences apart';

function inOrder({ file, times, lines }: Table, { time }: TableForm, rows: Int32Array, clock: TimeReader | undefined) {
  if (clock === undefined || time === null) return rows;
  const write = (stamp: number) => writeTime(stamp, clock.style());
  const help = clock.limit() ?? SEQUENCE_HELP;
  return orderByTime(times, rows, true, { file, column: time, lines, write, help }).rows;
}

function labelOf({ texts }: Table, { target }: TableForm, row: number): string {
  return target === null ? '' : (texts.get(target) as TextColumn).at(row);
}

function placeOf({ file, lines }: Table, row: number): RowPlace {
  return { file, line: lines[row] as number };
}

function requireText(table: Table, [column]: readonly string[], row: number, what: string): string {
  const name = column as string;
  const text = (table.texts.get(name) as TextColumn).at(row);
  if (text !== '') return text;
  throw invalidRow(placeOf(table, row), columnPart(name), what, 'nothing', { column: name });
}

function textsOf(table: Table, form: TableForm): WrittenSequence[] {
  return Array.from({ length: table.rows }, (_, row) => ({
    input: requireText(table, form.input, row, 'a text'),
    labels: [labelOf(table, form, row)],
    place: placeOf(table, row),
  }));
}

function sequenceOf(table: Table, form: TableForm, rows: Int32Array): WrittenSequence {
  const labels = Array.from(rows, (row) => labelOf(table, form, row));
  const place = placeOf(table, rows[0] as number);
  if (form.kind === 'tokens') {
    return { input: Array.from(rows, (row) => requireText(table, form.input, row, 'a token')), labels, place };
  }
  const features = form.input.length;
  const numbers = new Float64Array(rows.length * features);
  for (const [step, row] of rows.entries()) {
    numbers.set(table.numbers.subarray(row * features, (row + 1) * features), step * features);
  }
  const categories = form.categories.map((column) => {
    const texts = table.texts.get(column) as TextColumn;
    return { column, texts: Array.from(rows, (row) => texts.at(row)) };
  });
  const times = form.time === null ? undefined : Float64Array.from(rows, (row) => table.times[row] as number);
  const input = {
    features,
    rows: numbers,
    place,
    names: form.input,
    ...(categories.length > 0 && { categories }),
    ...(times && { times }),
  };
  return { input, labels, place };
}
