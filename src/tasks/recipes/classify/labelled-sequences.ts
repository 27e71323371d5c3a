/** Reads sequences with their classes from all supported kinds of files. */

import { DataError } from '../../../core/errors.js';
import { readLabelledText } from '../../../files/labelled-text.js';
import type { RawInput } from '../../building-blocks/sequence-inputs.js';
import { classesOf, indexOfClass, isLeftOut, type Labelled, onlyLabel } from './class-labels.js';
import { formOfFile } from './data-form.js';
import { readPictures, readSeries, readTextFolder, sameClasses } from './labelled-archives.js';
import { readLabelledColumns } from './labelled-columns.js';
import { readLabelledJson } from './labelled-json.js';
import { fillInputs, keepMissing, type LabelledOptions, type LabelledSequences } from './labelled-options.js';
import { readSequenceTable } from './labelled-table.js';
import { exampleWeights } from './sequence-weights.js';
import { type SourceForm, savedColumns, savedFields, savedTable } from './source-form.js';
import { stepColumns } from './step-inputs.js';
import { refuseCategories } from './table-form.js';

/** What the training has saved. */
export interface KnownData {
  /** Classes of the training file: others are refused. */
  readonly classes: readonly string[];
  readonly source?: SourceForm | undefined;
}

/**
 * Reads sequences with their classes: a folder of texts, `<class>.txt`, one in each line; a UCR file `.ts`; pictures
 * `*images-idx3-ubyte`, row by row, with their classes in `*labels-idx1-ubyte` beside them; a table, with a text or a
 * step in each row (`readSequenceTable`); lines of a class and a text (`readLabelledText`); columns of tokens and tags, with
 * `perStep` (`readLabelledColumns`); or JSON lines `{"input": ..., "target": ...}`, whose targets are texts or
 * numbers, or a list of them with `perStep`. A target that is empty, null or -1 leaves out its step or its sequence.
 *
 * @param known what the training has saved. Without it the classes are those of the file
 * @throws {DataError} `file_unreadable`, `invalid_row`, `empty_data`, `too_many_classes`, and others of the readers
 */
export async function readLabelled(
  file: string,
  options: LabelledOptions = {},
  known?: KnownData,
): Promise<LabelledSequences> {
  const set = await readWritten(file, options, known);
  fillInputs(
    set.examples.map(({ input }) => input),
    file,
    options.missing,
  );
  return set;
}

async function readWritten(file: string, options: LabelledOptions, known?: KnownData): Promise<LabelledSequences> {
  const saved = known?.source;
  const classes = known?.classes;
  const found = await formOfFile(file, options, saved, { withTargets: true });
  if (known === undefined && found.kind !== 'table') refuseCategories(options, `'${file}' is no table`);
  switch (found.kind) {
    case 'folder':
      return sameClasses(file, await readTextFolder(file, options.format?.encoding), classes);
    case 'pictures':
      return sameClasses(file, await readPictures(file), classes);
    case 'series':
      return readSeries(file, keepMissing(options), classes);
    case 'table': {
      const { sequences, form, notes } = await readSequenceTable(file, true, options, savedTable(saved));
      return { ...withClasses(file, sequences, options, classes, notes), source: form };
    }
    case 'columns': {
      const { isConllu } = found;
      const { sequences, form, notes } = await readLabelledColumns(file, isConllu, true, options, savedColumns(saved));
      return { ...withClasses(file, sequences, options, classes, notes), source: form };
    }
    case 'labels': {
      const { lines, notes } = await readLabelledText(file, found.separator, options.format?.encoding);
      const sequences = lines.map(({ text, label = '', place }) => ({ input: text, labels: [label], place }));
      return { ...withClasses(file, sequences, options, classes, notes), source: found };
    }
    default: {
      const { sequences, form } = await readLabelledJson(file, options, savedFields(saved), stepColumns(saved));
      return { ...withClasses(file, sequences, options, classes), source: form };
    }
  }
}

function withClasses(
  file: string,
  lines: readonly Labelled<RawInput>[],
  { perStep = false, ignore, weight }: LabelledOptions,
  known: readonly string[] | undefined,
  notes: readonly string[] = [],
): LabelledSequences {
  const sequences = perStep ? lines : lines.map((line) => ({ ...line, labels: [onlyLabel(line, ignore)] }));
  const classes = known ?? classesOf(file, sequences, ignore);
  const kept = perStep ? sequences : sequences.filter(({ labels }) => !isLeftOut(labels[0] as string, ignore));
  if (kept.length === 0) throw new DataError('empty_data', `'${file}' has no target: all are left out`, { file });
  const indexOf = indexOfClass(classes, ignore);
  const examples = kept.map((line) => {
    const ids = Int32Array.from(line.labels, (label) => indexOf(label, line.place));
    const target = perStep ? ids : (ids[0] as number);
    return { input: line.input, target, ...exampleWeights(line, perStep, weight), place: line.place };
  });
  const left = sequences.length - kept.length;
  const leftNote = `${left} of ${sequences.length} sequences of '${file}' have no class and are left out`;
  return { classes, examples, notes: left > 0 ? [...notes, leftNote] : notes };
}
