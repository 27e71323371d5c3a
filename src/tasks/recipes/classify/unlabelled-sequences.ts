/** Reads sequences without their classes, for predictions. */
import type { JsonValue } from '../../../core/json.js';
import { JsonRow, readJsonLines } from '../../../files/json-lines.js';
import { readTextsAfterLabels } from '../../../files/labelled-text.js';
import { invalidRow, type RowPlace } from '../../../files/row-error.js';
import { isBlank } from '../../../files/text.js';
import { textLines } from '../../../files/text-lines.js';
import { type InputEncoding, inputOfRow, inputValue, type RawInput } from '../../building-blocks/sequence-inputs.js';
import type { PredictionSource } from '../../definition/task.js';
import { formOfFile } from './data-form.js';
import { picturesOf, readTimeSeriesRows } from './labelled-archives.js';
import { readLabelledColumns } from './labelled-columns.js';
import { fillInputs, keepMissing, type LabelledOptions } from './labelled-options.js';
import { readSequenceTable } from './labelled-table.js';
import { requireContent } from './sequence-content.js';
import { type SourceForm, savedColumns, savedFields, savedTable } from './source-form.js';

/**
 * Sequences without their classes. A file may have these, too: they are ignored.
 *
 * @throws as `readLabelled`
 */
export async function readUnlabelled(
  source: PredictionSource,
  encoding: InputEncoding,
  options: LabelledOptions = {},
  form?: SourceForm,
): Promise<readonly RawInput[]> {
  if ('values' in source) {
    return source.values.map((value, at) => inputOfValue(value, { file: 'inputs', line: at + 1 }, encoding));
  }
  const inputs = await readInputs(source.file, encoding, options, form);
  fillInputs(inputs, source.file, options.missing);
  return inputs;
}

async function readInputs(
  file: string,
  encoding: InputEncoding,
  options: LabelledOptions,
  saved: SourceForm | undefined,
): Promise<readonly RawInput[]> {
  const found = await formOfFile(file, options, saved, false);
  const codes = options.format?.encoding;
  switch (found.kind) {
    case 'pictures':
      return picturesOf(file);
    case 'series':
      return (await readTimeSeriesRows(file, keepMissing(options))).inputs;
    case 'table':
      return (await readSequenceTable(file, false, options, savedTable(saved))).sequences.map(({ input }) => input);
    case 'columns':
      return (await readLabelledColumns(file, found.isConllu, false, options, savedColumns(saved))).sequences.map(
        ({ input }) => input,
      );
    case 'labels':
      return (await readTextsAfterLabels(file, found.separator, codes)).map(({ text }) => text);
    case 'json':
      return readJson(file, options, savedFields(saved)?.input ?? options.input ?? 'input');
    default:
      return readTexts(file, codes, encoding);
  }
}

function readJson(file: string, options: LabelledOptions, field: string): Promise<RawInput[]> {
  const read = (row: JsonRow) => {
    const input = inputOfRow(row, field, { keepMissing: keepMissing(options) });
    requireContent(input, `field '${field}'`, row.place);
    return input;
  };
  return readJsonLines(file, read, { encoding: options.format?.encoding });
}

/** A text, or a value of JSON, in each line. */
async function readTexts(file: string, codes: string | undefined, encoding: InputEncoding): Promise<RawInput[]> {
  const inputs: RawInput[] = [];
  for await (const lines of textLines(file, codes)) {
    for (const { text, line } of lines) inputs.push(inputOfValue(text.trim(), { file, line }, encoding));
  }
  return inputs;
}

function inputOfValue(value: JsonValue, place: RowPlace, encoding: InputEncoding): RawInput {
  if (typeof value === 'string' && isBlank(value)) throw invalidRow(place, '', 'an input', 'nothing');
  const input = inputOfRow(new JsonRow(inputValue(value, encoding.kind), place), 'input');
  requireContent(input, '', place);
  return input;
}
