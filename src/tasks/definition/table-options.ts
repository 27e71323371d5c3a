/** The options of tasks that read tables: how a table is written, and what its columns are. */
import { requireObject } from '../../core/arguments.js';
import { OptionError } from '../../core/errors.js';
import { describeValue } from '../../core/options.js';
import { MISSING_MODES } from '../../features/missing-values.js';
import { namesInList } from '../../files/column-names.js';
import { MISSING_TEXTS, type NumberRules } from '../../files/table.js';
import {
  requireComment,
  requireDelimiter,
  requireEncoding,
  requireQuote,
  type TableFormat,
} from '../../files/table-format.js';
import { requireDateFormat } from '../../files/time-stamps.js';
import { type Checked, choiceOption, numberOption, optional, type TaskOption, textOption } from './task-options.js';

/**
 * How tables are written: options of a task that reads them. Later files of a run are read by the same rules.
 *
 * @example
 * const options = { ...commonOptions(), ...tableOptions() };
 * const read = async (given: { data?: string } & TableChoices) =>
 *   readCsv(requireData(given as never), { columns: ['x'], ...tableFormatOf(given) });
 */
export function tableOptions() {
  return {
    delimiter: optional(
      textOption(
        {
          description: 'of tables: the separator of fields, or its name: tab (default: recognised)',
          placeholder: 'sign',
        },
        requireDelimiter,
      ),
    ),
    decimal: optional(
      choiceOption(['point', 'comma'], {
        description: 'of tables: the decimal sign (default: recognised, else a point)',
      }),
    ),
    quote: optional(
      textOption(
        { description: 'of tables: the sign around fields, or none (default: ")', placeholder: 'sign' },
        requireQuote,
      ),
    ),
    header: optional(
      choiceOption(['first', 'none'], {
        description:
          'of tables: whether the first row has the names of the columns, which are else 1, 2, ... (default: first)',
      }),
    ),
    encoding: optional(
      textOption(
        {
          description:
            'of tables and other texts: latin1, windows-1250 and others (default: UTF-8, or UTF-16 with its mark)',
          placeholder: 'name',
        },
        requireEncoding,
      ),
    ),
    comment: optional(
      textOption(
        { description: 'of tables: the begin of lines that are left out', placeholder: 'sign' },
        requireComment,
      ),
    ),
    skipFooter: optional(
      numberOption({ integer: true, min: 0 }, { description: 'of tables: rows at the end that are left out' }),
    ),
  };
}

/** The checked values of `tableOptions`. */
export type TableChoices = Checked<ReturnType<typeof tableOptions>>;

/** The options of `tableOptions` as the format that readers take. */
export function tableFormatOf(options: TableChoices): TableFormat {
  const { delimiter, decimal, quote, header, encoding, comment, skipFooter } = requireObject('the options', options);
  return { delimiter, decimal, quote, header, encoding, comment, skipFooter };
}

/** The names of the options that say how a table is written: they do not influence training. */
export const TABLE_USAGE = Object.keys(tableOptions());

/** The column of time stamps, and their form. */
export function timeOptions(about: string) {
  return {
    time: optional(
      textOption({ description: `of tables: the column of time stamps, ${about}`, placeholder: 'column' }),
    ),
    dateFormat: optional(
      textOption(
        {
          description: 'of tables: the form of dates, such as dd.mm.yyyy or mm/dd/yyyy (default: iso)',
          placeholder: 'form',
        },
        requireDateFormat,
      ),
    ),
  };
}

/** What becomes of missing numbers, and what they look like. */
export function missingOptions() {
  return {
    missing: choiceOption(MISSING_MODES, {
      description:
        'of tables: missing numbers are refused, or become the last number, or the line between two numbers, or a mark in columns of their own',
      default: 'refuse',
    }),
    missingValues: optional(
      textOption({
        description: `of tables: texts of missing numbers, separated by commas (default: ${MISSING_TEXTS.slice(1).join(', ')})`,
        placeholder: 'texts',
      }),
    ),
  };
}

/** The checked values of `missingOptions`. */
export type MissingChoices = Checked<ReturnType<typeof missingOptions>>;

/** The options of missing numbers in the form that readers take. An empty field is always a missing number. */
export function rulesOf({ missing, missingValues }: MissingChoices): NumberRules {
  const texts = missingValues === undefined ? undefined : ['', ...namesInList(missingValues)];
  return { keepMissing: missing !== 'refuse', missing: texts };
}

/** A list of names of columns, quoted as in CSV where they have commas. */
export function columnsOption(description: string): TaskOption<string> {
  const about = { description: `${description}, separated by commas`, placeholder: 'names' };
  return textOption(about, (name, text) => {
    columnsIn(name, text);
    return text;
  });
}

/** The names of an option that is a list of columns. @throws {OptionError} `invalid_option` for none, or one twice */
export function columnsIn(name: string, list: string): string[] {
  const names = namesInList(list);
  if (names.length > 0 && !names.includes('') && new Set(names).size === names.length) return names;
  const message = `option '${name}' must be different names of columns with commas between them, got ${describeValue(list)}`;
  throw new OptionError('invalid_option', message, { name, value: list });
}
