/** Sequences with their classes from JSON lines. */
import type { JsonValue } from '../../../core/json.js';
import { type JsonRow, readJsonLines } from '../../../files/json-lines.js';
import { invalidRow } from '../../../files/row-error.js';
import type { StepColumns } from '../../building-blocks/named-steps.js';
import type { RawInput } from '../../building-blocks/sequence-inputs.js';
import type { Labelled } from './class-labels.js';
import { keepMissing, type LabelledOptions } from './labelled-options.js';
import { requireContent } from './sequence-content.js';
import { lineWeights } from './sequence-weights.js';
import type { LineForm } from './source-form.js';
import { inputOfSteps, namedField } from './step-inputs.js';
import { requireOtherInputs, TARGET_NAMES, targetAmong } from './table-form.js';

/** The names of a field that holds the inputs of JSON lines, if no option names one. */
const INPUT_NAMES = ['input', 'text'] as const;

/**
 * Reads JSON lines `{"input": ..., "target": ...}`.
 *
 * @param saved the fields of the training data
 * @param columns of the training data, if they were a table of numbers
 * @throws {DataError} `invalid_row` with file, line and field; others of `readJsonLines`
 */
export async function readLabelledJson(
  file: string,
  options: LabelledOptions,
  saved: LineForm | undefined,
  columns?: StepColumns,
) {
  let form = saved;
  const read = (row: JsonRow): Labelled<RawInput> => {
    form ??= formOfLine(row, { ...options, input: namedField(row, options.input, columns) });
    const input = inputOfSteps(row, form.input, columns, keepMissing(options));
    requireContent(input, `field '${form.input}'`, row.place);
    const labels = labelsOf(row, form.target, options);
    return { input, labels, ...lineWeights(row, options, labels.length), place: row.place };
  };
  const sequences = await readJsonLines(file, read, { encoding: options.format?.encoding });
  return { sequences, form: form as unknown as LineForm };
}

/** The fields of the first line. Without the field of an input or a target the usual name stands in the error. */
function formOfLine(row: JsonRow, { input, target }: LabelledOptions): LineForm {
  const fields = [...INPUT_NAMES, ...TARGET_NAMES].filter((name) => row.value(name) !== undefined);
  const targetName = targetAmong(fields, target, row.place, 'field') ?? 'target';
  const inputName = inputField(row, input);
  requireOtherInputs(targetName, { input: [inputName] });
  return { kind: 'lines', input: inputName, target: targetName };
}

/**
 * The field of the inputs: the one that an option names, or the one that is there; without one the usual name stands in the error.
 *
 * @throws {DataError} `invalid_row` when several fields may be it
 */
export function inputField(row: JsonRow, given: string | undefined): string {
  if (given !== undefined) return given;
  const found = INPUT_NAMES.filter((name) => row.value(name) !== undefined);
  if (found.length <= 1) return found[0] ?? 'input';
  throw invalidRow(row.place, '', 'one field of inputs', found.join(' and '), { help: '--input input names it' });
}

/** The targets of a line as texts; null is an empty one. */
function labelsOf(row: JsonRow, field: string, { perStep = false }: LabelledOptions): readonly string[] {
  const value = row.value(field);
  const help = value === undefined ? '--target FIELD names it' : undefined;
  const refuse = (expected: string): never => row.refuse(field, expected, help);
  const textOf = (label: JsonValue | undefined) => {
    if (label === null) return '';
    // Two such numbers may have become one when the line was read.
    if (typeof label === 'number' && Math.abs(label) > Number.MAX_SAFE_INTEGER) return undefined;
    return ['string', 'number', 'boolean'].includes(typeof label) ? String(label) : undefined;
  };
  const list = perStep ? value : [value as JsonValue];
  if (!Array.isArray(list)) return refuse('a list of texts or numbers');
  if (!perStep && value === undefined) return refuse('a text or a number');
  return list.map(
    (label) =>
      textOf(label) ?? refuse(perStep ? 'a list of texts or numbers up to 2^53' : 'a text or a number up to 2^53'),
  );
}
