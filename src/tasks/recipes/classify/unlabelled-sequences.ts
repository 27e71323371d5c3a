/** Reads sequences without their classes, for predictions. */
import type { JsonValue } from '../../../core/json.js';
import { describeValue } from '../../../core/options.js';
import { JsonRow, readJsonLines } from '../../../files/json-lines.js';
import { type LabelSeparator, readTextsAfterLabels } from '../../../files/labelled-text.js';
import { invalidRow, type RowPlace } from '../../../files/row-error.js';
import { isBlank } from '../../../files/text.js';
import { textLines } from '../../../files/text-lines.js';
import { type InputEncoding, inputValue, type RawInput } from '../../building-blocks/sequence-inputs.js';
import type { PredictionSource } from '../../definition/task.js';
import { formOfFile } from './data-form.js';
import { picturesOf, readTimeSeriesRows } from './labelled-archives.js';
import { readLabelledColumns } from './labelled-columns.js';
import { inputField } from './labelled-json.js';
import { fillInputs, keepMissing, type LabelledOptions } from './labelled-options.js';
import { readSequenceTable } from './labelled-table.js';
import { requireContent } from './sequence-content.js';
import { type SourceForm, savedColumns, savedFields, savedTable } from './source-form.js';
import { inputOfSteps, namedField, stepColumns } from './step-inputs.js';

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

/** What the training has saved. */
export interface KnownInputs {
  readonly source?: SourceForm | undefined;
  /** Names of the classes, by which they are known before the texts of a file. */
  readonly classes?: readonly string[] | undefined;
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
  { source: form, classes }: KnownInputs = {},
): Promise<UnlabelledSequences> {
  const ofValue = valueReader(encoding, options, form);
  const found =
    'values' in source
      ? { sequences: source.values.map((value, at) => ofValue(value, { file: 'inputs', line: at + 1 })), notes: [] }
      : await readInputs(source.file, ofValue, options, { source: form, classes });
  const inputs = found.sequences.map(({ input }) => input);
  fillInputs(inputs, 'file' in source ? source.file : 'inputs', options.missing);
  return found;
}

/** Reads a value that stands alone: a text, or a value of JSON. */
type ValueReader = (value: JsonValue, place: RowPlace) => UnlabelledSequence;

async function readInputs(
  file: string,
  ofValue: ValueReader,
  options: LabelledOptions,
  { source: saved, classes }: KnownInputs,
): Promise<UnlabelledSequences> {
  const found = await formOfFile(file, options, saved, { withTargets: false, classes });
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
      const { lines, notes } = await readTextsAfterLabels(file, found.separator, codes);
      const isNew = lines.some(({ label }) => label !== undefined) && !isSameForm(saved, found.separator);
      const note = `the lines of '${file}' have a class before the text, which is left out`;
      const sequences = lines.map(({ text, place }) => ({ input: text, place }));
      return { sequences, notes: isNew ? [...notes, note] : notes };
    }
    case 'json':
      return unsaid(await readJson(file, options, saved));
    default:
      return unsaid(await readTexts(file, codes, ofValue));
  }
}

function isSameForm(saved: SourceForm | undefined, separator: LabelSeparator): boolean {
  return saved?.kind === 'labels' && saved.separator === separator;
}

function readJson(file: string, options: LabelledOptions, saved?: SourceForm): Promise<UnlabelledSequence[]> {
  const columns = stepColumns(saved);
  let field = savedFields(saved)?.input;
  const read = (row: JsonRow) => {
    field ??= inputField(row, namedField(row, options.input, columns));
    const input = inputOfSteps(row, field, columns, keepMissing(options));
    requireContent(input, `field '${field}'`, row.place);
    return { input, place: row.place };
  };
  return readJsonLines(file, read, { encoding: options.format?.encoding });
}

/** A text, or a value of JSON, in each line; empty lines are left out, as the results have the lines of the others. */
async function readTexts(file: string, codes: string | undefined, ofValue: ValueReader) {
  const inputs: UnlabelledSequence[] = [];
  for await (const lines of textLines(file, codes)) {
    for (const { text, line } of lines) if (!isBlank(text)) inputs.push(ofValue(text.trim(), { file, line }));
  }
  return inputs;
}

function valueReader({ kind }: InputEncoding, options: LabelledOptions, saved: SourceForm | undefined): ValueReader {
  const columns = stepColumns(saved);
  return (value, place) => {
    if (typeof value === 'string' && isBlank(value)) throw invalidRow(place, '', 'an input', 'nothing');
    const row = new JsonRow(inputValue(value, kind), place);
    requireSymbols(row, kind);
    const input = inputOfSteps(row, 'input', columns, keepMissing(options));
    requireContent(input, '', place);
    return { input, place };
  };
}

/** Refuses what is no text and no list of tokens, for a model that reads these. */
function requireSymbols(row: JsonRow, kind: InputEncoding['kind']): void {
  const value = row.value('input');
  if (kind === 'features' || value === undefined || typeof value === 'string') return;
  if (kind === 'tokens' && Array.isArray(value) && value.every((token) => typeof token === 'string')) return;
  throw invalidRow(
    row.place,
    '',
    kind === 'tokens' ? 'a list of tokens, or a text of them' : 'a text',
    describeValue(value),
  );
}
