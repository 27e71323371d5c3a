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

/** A sequence without its class, and where it is in a file. */
export interface UnlabelledSequence {
  readonly input: RawInput;
  readonly place?: RowPlace | undefined;
}

/** Sequences without their classes, and what people should know of the file. */
export interface UnlabelledSequences {
  readonly sequences: readonly UnlabelledSequence[];
  readonly notes: readonly string[];
}

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
): Promise<UnlabelledSequences> {
  if ('values' in source) {
    const place = (at: number) => ({ file: 'inputs', line: at + 1 });
    const canMiss = keepMissing(options);
    const sequences = source.values.map((value, at) => ofValue(value, place(at), encoding, canMiss));
    const given = sequences.map(({ input }) => input);
    fillInputs(given, 'inputs', options.missing);
    return { sequences, notes: [] };
  }
  const found = await readInputs(source.file, encoding, options, form);
  const inputs = found.sequences.map(({ input }) => input);
  fillInputs(inputs, source.file, options.missing);
  return found;
}

async function readInputs(
  file: string,
  encoding: InputEncoding,
  options: LabelledOptions,
  saved: SourceForm | undefined,
): Promise<UnlabelledSequences> {
  const found = await formOfFile(file, options, saved, false);
  const codes = options.format?.encoding;
  const unplaced = (inputs: readonly RawInput[]) => ({ sequences: inputs.map((input) => ({ input })), notes: [] });
  const unsaid = (sequences: readonly UnlabelledSequence[]) => ({ sequences, notes: [] });
  switch (found.kind) {
    case 'pictures':
      return unplaced(await picturesOf(file));
    case 'series':
      return unplaced((await readTimeSeriesRows(file, keepMissing(options))).inputs);
    case 'table':
      return readSequenceTable(file, false, options, savedTable(saved));
    case 'columns':
      return readLabelledColumns(file, found.isConllu, false, options, savedColumns(saved));
    case 'labels': {
      const lines = await readTextsAfterLabels(file, found.separator, codes);
      return unsaid(lines.map(({ text, place }) => ({ input: text, place })));
    }
    case 'json':
      return unsaid(await readJson(file, options, savedFields(saved)?.input ?? options.input ?? 'input'));
    default:
      return unsaid(await readTexts(file, codes, encoding));
  }
}

function readJson(file: string, options: LabelledOptions, field: string): Promise<UnlabelledSequence[]> {
  const read = (row: JsonRow) => {
    const input = inputOfRow(row, field, { keepMissing: keepMissing(options) });
    requireContent(input, `field '${field}'`, row.place);
    return { input, place: row.place };
  };
  return readJsonLines(file, read, { encoding: options.format?.encoding });
}

/** A text, or a value of JSON, in each line; empty lines are left out, as the results have the lines of the others. */
async function readTexts(file: string, codes: string | undefined, encoding: InputEncoding) {
  const inputs: UnlabelledSequence[] = [];
  for await (const lines of textLines(file, codes)) {
    for (const { text, line } of lines) if (!isBlank(text)) inputs.push(ofValue(text.trim(), { file, line }, encoding));
  }
  return inputs;
}

/** @param canMiss whether null is a missing number */
function ofValue(value: JsonValue, place: RowPlace, encoding: InputEncoding, canMiss = false): UnlabelledSequence {
  if (typeof value === 'string' && isBlank(value)) throw invalidRow(place, '', 'an input', 'nothing');
  const row = new JsonRow(inputValue(value, encoding.kind), place);
  const input = inputOfRow(row, 'input', canMiss ? { keepMissing: true } : {});
  requireContent(input, '', place);
  return { input, place };
}
