/** Reads sequences without their classes, for predictions. */
import type { JsonValue } from '../../../core/json.js';
import { JsonRow, readJsonLines } from '../../../files/json-lines.js';
import type { RowPlace } from '../../../files/row-error.js';
import { readText, splitLines } from '../../../files/text.js';
import { type InputEncoding, inputOfRow, inputValue, type RawInput } from '../../building-blocks/sequence-inputs.js';
import type { PredictionSource } from '../../definition/task.js';
import {
  fillInputs,
  IDX,
  keepMissing,
  type LabelledOptions,
  picturesOf,
  readTimeSeriesRows,
  type SourceForm,
  TABLE,
} from './labelled-sequences.js';
import { readSequenceTable } from './labelled-table.js';

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
 * Sequences without their classes.
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
    const sequences = source.values.map((value, at) => ofValue(value, { file: 'inputs', line: at + 1 }, encoding));
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
  form: SourceForm | undefined,
): Promise<UnlabelledSequences> {
  const unplaced = (inputs: readonly RawInput[]) => ({ sequences: inputs.map((input) => ({ input })), notes: [] });
  if (IDX.test(file)) return unplaced(await picturesOf(file));
  if (file.endsWith('.ts')) return unplaced((await readTimeSeriesRows(file, keepMissing(options))).inputs);
  if (TABLE.test(file)) {
    const saved = form?.kind === 'lines' ? undefined : form;
    return readSequenceTable(file, false, options, saved);
  }
  const field = form?.kind === 'lines' ? form.input : (options.input ?? 'input');
  if (file.endsWith('.jsonl')) {
    const read = (row: JsonRow) => ({
      input: inputOfRow(row, field, { keepMissing: keepMissing(options) }),
      place: row.place,
    });
    return { sequences: await readJsonLines(file, read), notes: [] };
  }
  const sequences = splitLines(await readText(file)).flatMap((text, at) =>
    text.trim() === '' ? [] : [ofValue(text.trim(), { file, line: at + 1 }, encoding)],
  );
  return { sequences, notes: [] };
}

function ofValue(value: JsonValue, place: RowPlace, encoding: InputEncoding): UnlabelledSequence {
  return { input: inputOfRow(new JsonRow(inputValue(value, encoding.kind), place), 'input'), place };
}
