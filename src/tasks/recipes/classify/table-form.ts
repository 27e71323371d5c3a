/** Which columns of a table are inputs, targets, names of sequences and time stamps. Columns go by name alone. */

import { DataError, OptionError } from '../../../core/errors.js';
import { listSome } from '../../../core/list-some.js';
import { describeValue } from '../../../core/options.js';
import { isUnnamed, listNames } from '../../../files/column-names.js';
import { isNumericColumn } from '../../../files/numeric-columns.js';
import { columnPart, invalidRow } from '../../../files/row-error.js';
import type { FoundFormat } from '../../../files/table-format.js';
import type { TableStart } from '../../../files/table-records.js';
import { columnsIn } from '../../definition/table-options.js';

/** The columns of a table of sequences. Plain JSON, saved with a run. */
export type TableForm = {
  /** A text a row, or a step a row: a token, or numbers. */
  readonly kind: 'text' | 'tokens' | 'numbers';
  /** The columns of the text, of the token, or of the numbers in the order of the network's inputs. */
  readonly input: readonly string[];
  readonly target: string | null;
  readonly sequence: string | null;
  readonly time: string | null;
  /** Columns of texts beside the numbers. */
  readonly categories: readonly string[];
  readonly found: FoundFormat;
};

/** Names of columns that options give. */
export interface NamedColumns {
  readonly input?: string | undefined;
  readonly target?: string | undefined;
  readonly sequence?: string | undefined;
  readonly time?: string | undefined;
  readonly categories?: string | undefined;
  /** The column of the weights; it is read in training alone. */
  readonly weight?: string | undefined;
}

/** Names of fields that hold the target when no option names one. */
export const TARGET_NAMES = ['target', 'label', 'class'] as const;

/**
 * The field of the targets: the one that an option names, or the one that is there.
 *
 * @param what is named in errors: `column` or `field`
 * @returns undefined when there is none
 * @throws {DataError} `invalid_row` when several fields may be it
 */
export function targetAmong(
  fields: readonly string[],
  given: string | undefined,
  place: TableStart['place'],
  what: string,
) {
  if (given !== undefined) return given;
  const found = TARGET_NAMES.filter((name) => fields.includes(name));
  if (found.length <= 1) return found[0];
  const help = `--target ${found[0]} (or another) names it`;
  throw invalidRow(place, '', `one ${what} of targets`, found.join(' and '), { help });
}

/**
 * Refuses a target that has another use: as an input it would say what the model is to find.
 *
 * @param inputs columns or fields by the option that names them
 * @throws {OptionError} `invalid_option`
 */
export function requireOtherInputs(target: string | null, inputs: Readonly<Record<string, readonly string[]>>): void {
  for (const [name, columns] of Object.entries(inputs)) {
    if (target === null || !columns.includes(target)) continue;
    const message = `option '${name}' has ${describeValue(target)}, which is the target: a column has one use`;
    throw new OptionError('invalid_option', message, { name, value: target });
  }
}

/**
 * The form of a table by its header and the options.
 *
 * @param withTargets whether there must be a column of targets
 * @throws {DataError} `invalid_row` when the columns are not clear
 * @throws {OptionError} `invalid_option` for categories that are no inputs, or that do not stand beside numbers
 */
export function formOfTable(start: TableStart, named: NamedColumns, withTargets: boolean): TableForm {
  const { columns, place, found } = start;
  const target = targetAmong(columns, named.target, place, 'column') ?? null;
  if (target === null && withTargets) {
    const details = { column: 'target', help: '--target COLUMN names it' };
    throw invalidRow(place, 'header', "a column 'target', 'label' or 'class'", listNames(columns), details);
  }
  const isText = named.sequence === undefined && named.input === undefined && columns.includes('text');
  const sequence = isText ? null : (named.sequence ?? (columns.includes('sequence') ? 'sequence' : null));
  const categories = named.categories === undefined ? [] : columnsIn('categories', named.categories);
  for (const [use, name] of Object.entries({ target, weight: named.weight })) {
    if (name !== null && name !== undefined && categories.includes(name)) {
      refuseCategories(named, `${columnPart(name)} is the ${use} and no input`);
    }
  }
  const base = { target, sequence, time: sequence === null ? null : (named.time ?? null), categories: [], found };
  const input = named.input === undefined ? undefined : columnsIn('input', named.input);
  const areTokens =
    input === undefined ? columns.includes('token') : input.length === 1 && !isNumeric(start, input[0] as string);
  if (sequence === null || areTokens) {
    refuseCategories(named, `'${place.file}' is read as ${sequence === null ? 'texts' : 'tokens'}`);
  }
  requireOtherInputs(target, {
    ...{ input: input ?? [], categories },
    ...{ sequence: sequence === null ? [] : [sequence], time: base.time === null ? [] : [base.time] },
    weight: named.weight === undefined ? [] : [named.weight],
  });
  if (sequence === null) return { ...base, kind: 'text', input: [textColumn(start, isText ? ['text'] : input)] };
  if (areTokens) return { ...base, kind: 'tokens', input: input ?? ['token'] };
  if (input !== undefined) return { ...base, kind: 'numbers', input, categories };
  const known = new Set([target, sequence, base.time, named.weight, ...categories]);
  const others = columns.filter((name) => !isUnnamed(name) && !known.has(name));
  if (others.length > 0) return { ...base, kind: 'numbers', input: others, categories };
  const message = `'${place.file}' has neither a column 'token' nor columns of numbers; --input COLUMNS names the inputs`;
  throw new DataError('invalid_row', message, { ...place, columns });
}

/**
 * Refuses categories where there are no numbers for them to stand beside.
 *
 * @param found what there is instead
 * @throws {OptionError} `invalid_option`, if the option is given
 */
export function refuseCategories({ categories }: NamedColumns, found: string): void {
  if (categories === undefined) return;
  const message = `option 'categories' is ${describeValue(categories)}, but ${found}: categories are columns of texts beside the numbers of a step, in tables`;
  throw new OptionError('invalid_option', message, { name: 'categories', value: categories });
}

function textColumn({ columns, place }: TableStart, input: readonly string[] | undefined): string {
  const help = '--input COLUMN names a column of texts, --sequence COLUMN the sequence of each row';
  if (input === undefined)
    throw invalidRow(place, 'header', "a column 'text' or 'sequence'", listNames(columns), { help });
  if (input.length === 1) return input[0] as string;
  throw invalidRow(place, 'header', 'a column that tells which sequence a row belongs to', 'none that is named', {
    help,
  });
}

/** Whether a column has numbers. A column `token` has tokens, which may look like numbers. */
function isNumeric(start: TableStart, column: string): boolean {
  return column !== 'token' && isNumericColumn(start, column);
}

/** Which columns are the inputs and the target, for a note where no option has named the inputs. */
export function inputNotes({ place }: TableStart, form: TableForm, { input }: NamedColumns): readonly string[] {
  const { kind, input: columns, target, sequence } = form;
  if (input !== undefined || kind === 'text') return [];
  const others = kind === 'numbers' ? ', all columns that have no other use' : '';
  const what = kind === 'tokens' ? 'tokens' : 'inputs';
  const parts = [`classes in '${target}'`, ...(sequence === null ? [] : [`sequences by '${sequence}'`])];
  return [
    `the ${what} of '${place.file}' are ${listNames(columns)}${others}, the ${parts.join(', ')}; --input names others`,
  ];
}

/** Columns that are left out because they have no name, for a note. */
export function unnamedColumns({ columns, place }: TableStart, form: TableForm): readonly string[] {
  if (form.kind !== 'numbers') return [];
  const inputs = new Set(form.input);
  const unnamed = columns.flatMap((name, at) => (isUnnamed(name) && !inputs.has(name) ? [at + 1] : []));
  if (unnamed.length === 0) return [];
  const which = unnamed.length === 1 ? `column ${unnamed[0]} has` : `columns ${listSome(unnamed.map(String))} have`;
  return [
    `${which} no name in '${place.file}' and is left out, as the row numbers of a data frame are; --input names columns`,
  ];
}

/** The inputs that a saved form has, for the error of a table that lacks one. */
export const TRAINED_HELP = 'the model was trained on this column, and columns go by name';
