/** Reads sequences with their classes from all supported kinds of files. */

import { statSync } from 'node:fs';
import { DataError, OptionError } from '../../../core/errors.js';
import type { JsonValue } from '../../../core/json.js';
import { describeValue } from '../../../core/options.js';
import { fillMissing, type MissingMode } from '../../../features/missing-values.js';
import { idxImages, idxLabels, readIdx } from '../../../files/idx.js';
import { type JsonRow, readJsonLines } from '../../../files/json-lines.js';
import { readLabelledLines } from '../../../files/labelled-lines.js';
import { invalidRow } from '../../../files/row-error.js';
import { readSeriesFile } from '../../../files/time-series-file.js';
import { type FeatureRows, inputOfRow, type RawInput } from '../../building-blocks/sequence-inputs.js';
import { classesOf, indexOfClass, isLeftOut, type Labelled, onlyLabel, sortClasses } from './class-labels.js';
import { readSequenceTable, type SequenceTableOptions } from './labelled-table.js';
import { TARGET_NAMES, type TableForm, targetAmong } from './table-form.js';

/** A sequence and the index of its class; in a task that tags, one index for each step. */
export interface LabelledSequence {
  readonly input: RawInput;
  readonly target: number | Int32Array;
}

/** The fields of JSON lines. Plain JSON, saved with a run. */
export type LineForm = { readonly kind: 'lines'; readonly input: string; readonly target: string };

/** How the data of a run name their parts. Other kinds of files have no names. */
export type SourceForm = TableForm | LineForm;

/** Sequences, and the names of their classes. */
export interface LabelledSequences {
  readonly classes: readonly string[];
  readonly examples: readonly LabelledSequence[];
  readonly source?: SourceForm | undefined;
  readonly notes: readonly string[];
}

/** How labelled data are read. */
export interface LabelledOptions extends SequenceTableOptions {
  /** Whether there is a target for each step. */
  readonly perStep?: boolean;
  /** The target that leaves out a step or a sequence; default -1. */
  readonly ignore?: string | undefined;
  /** What becomes of missing numbers; default: they are refused. */
  readonly missing?: MissingMode | undefined;
}

/** What the training has saved. */
export interface KnownData {
  /** Classes of the training file: others are refused. */
  readonly classes: readonly string[];
  readonly source?: SourceForm | undefined;
}

/** Names of files of pictures. */
export const IDX = /-idx\d-ubyte(\.gz)?$/;
/** Names of tables. */
export const TABLE = /\.(csv|tsv|tab|psv)(\.gz)?$/i;

/**
 * Reads sequences with their classes: a folder of texts, `<class>.txt`, one in each line; a UCR file `.ts`; pictures
 * `*images-idx3-ubyte`, row by row, with their classes in `*labels-idx1-ubyte` beside them; a table, with a text or a
 * step in each row (`readSequenceTable`); or JSON lines `{"input": ..., "target": ...}`, whose targets are texts or
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

/** Whether missing numbers are kept as NaN. */
export function keepMissing({ missing = 'refuse' }: LabelledOptions): boolean {
  return missing !== 'refuse';
}

/** Fills in the missing numbers of each sequence, in place. With `mask` the encoding does it. */
export function fillInputs(inputs: readonly RawInput[], file: string, missing: MissingMode = 'refuse'): void {
  if (missing === 'refuse' || missing === 'mask') return;
  for (const [at, input] of inputs.entries()) {
    if (typeof input === 'string' || !('features' in input) || input.rows instanceof Float32Array) continue;
    const { features: width, rows, place } = input;
    for (let column = 0; column < width; column++) {
      const step = fillMissing(rows, { width, column, begin: 0, end: rows.length / width }, missing);
      if (step < 0) continue;
      const help = '--missing mask marks it';
      const part = `number ${column + 1} of step ${step + 1} of sequence ${at + 1}`;
      throw invalidRow(place ?? { file, line: 1 }, part, 'a number before it', 'none', { help });
    }
  }
}

async function readWritten(file: string, options: LabelledOptions, known?: KnownData): Promise<LabelledSequences> {
  const { perStep = false } = options;
  const isFolder = statSync(file, { throwIfNoEntry: false })?.isDirectory() === true;
  if (perStep && (isFolder || IDX.test(file) || file.endsWith('.ts'))) {
    const message = `'${file}' has no target for each step: give JSON lines {"input": [...], "target": [...]}, or CSV`;
    throw new OptionError('invalid_option', message, { name: 'data', value: file });
  }
  if (isFolder) return sameClasses(file, await readFolder(file), known?.classes);
  if (IDX.test(file)) return sameClasses(file, await readPictures(file), known?.classes);
  if (file.endsWith('.ts')) return readSeries(file, keepMissing(options), known?.classes);
  if (TABLE.test(file)) {
    const saved = known?.source?.kind === 'lines' ? undefined : known?.source;
    const { sequences, form, notes } = await readSequenceTable(file, true, options, saved);
    return { ...withClasses(file, sequences, options, known?.classes, notes), source: form };
  }
  const fields = known?.source?.kind === 'lines' ? known.source : undefined;
  const { lines, source } = await readLines(file, options, fields);
  return { ...withClasses(file, lines, options, known?.classes), source };
}

async function readFolder(file: string): Promise<LabelledSequences> {
  const { labels, examples } = await readLabelledLines(file);
  return { classes: labels, examples: examples.map(({ text, target }) => ({ input: text, target })), notes: [] };
}

/** Sequences of a UCR file, with the indices of their classes. */
export async function readTimeSeriesRows(file: string, keepMissing: boolean, known?: readonly string[]) {
  const given = known === undefined ? {} : { classes: known };
  const { dimensions, classes, examples } = await readSeriesFile(file, given, keepMissing);
  const inputs = examples.map(({ input }): FeatureRows => ({ features: dimensions, rows: input }));
  return { classes, inputs, targets: examples.map(({ target }) => target) };
}

async function readSeries(file: string, keepMissing: boolean, known?: readonly string[]): Promise<LabelledSequences> {
  const { classes, inputs, targets } = await readTimeSeriesRows(file, keepMissing, known);
  const examples = inputs.map((input, at) => {
    const target = targets[at];
    if (typeof target === 'number') return { input, target };
    throw new DataError('file_unsupported', `'${file}' has no classes`, { file });
  });
  return { classes, examples, notes: [] };
}

/** Pictures, row by row. */
export async function picturesOf(file: string): Promise<FeatureRows[]> {
  const { count, height, width, values } = idxImages(await readIdx(file));
  const size = height * width;
  return Array.from({ length: count }, (_, at) => ({
    features: width,
    rows: values.slice(at * size, (at + 1) * size),
  }));
}

async function readPictures(file: string): Promise<LabelledSequences> {
  const inputs = await picturesOf(file);
  const labelFile = file.replace('images-idx3', 'labels-idx1');
  const labels = idxLabels(await readIdx(labelFile));
  if (labels.length !== inputs.length) {
    const message = `'${file}' has ${inputs.length} pictures, '${labelFile}' ${labels.length} classes`;
    throw new DataError('line_counts_differ', message, { file, labelFile });
  }
  const classes = sortClasses(Array.from(labels, String));
  const places = new Map(classes.map((name, at) => [Number(name), at]));
  return {
    classes,
    examples: inputs.map((input, at) => ({ input, target: places.get(labels[at] as number) as number })),
    notes: [],
  };
}

/** The names of a field that holds the inputs of JSON lines, if no option names one. */
const INPUT_NAMES = ['input', 'text'] as const;

async function readLines(file: string, options: LabelledOptions, saved: LineForm | undefined) {
  let source = saved;
  const lines = await readJsonLines(file, (row): Labelled<RawInput> => {
    source ??= formOfLine(row, options);
    const input = inputOfRow(row, source.input, { keepMissing: keepMissing(options) });
    return { input, labels: labelsOf(row, source.target, options), place: row.place };
  });
  return { lines, source: source as LineForm };
}

/** The fields of the first line. Without the field of an input or a target the usual name stands in the error. */
function formOfLine(row: JsonRow, { input, target }: LabelledOptions): LineForm {
  const fields = [...INPUT_NAMES, ...TARGET_NAMES].filter((name) => row.value(name) !== undefined);
  const inputs = INPUT_NAMES.filter((name) => fields.includes(name));
  if (input === undefined && inputs.length > 1) {
    throw invalidRow(row.place, '', 'one field of inputs', inputs.join(' and '), { help: '--input input names it' });
  }
  const targetName = targetAmong(fields, target, row.place, 'field') ?? 'target';
  return { kind: 'lines', input: input ?? inputs[0] ?? 'input', target: targetName };
}

function withClasses(
  file: string,
  lines: readonly Labelled<RawInput>[],
  { perStep = false, ignore }: LabelledOptions,
  known: readonly string[] | undefined,
  notes: readonly string[] = [],
): LabelledSequences {
  const sequences = perStep ? lines : lines.map((line) => ({ ...line, labels: [onlyLabel(line, ignore)] }));
  const classes = known ?? classesOf(file, sequences, ignore);
  const kept = perStep ? sequences : sequences.filter(({ labels }) => !isLeftOut(labels[0] as string, ignore));
  if (kept.length === 0) throw new DataError('empty_data', `'${file}' has no target: all are left out`, { file });
  const indexOf = indexOfClass(classes, ignore);
  const examples = kept.map(({ input, labels, place }) => {
    const ids = Int32Array.from(labels, (label) => indexOf(label, place));
    return { input, target: perStep ? ids : (ids[0] as number) };
  });
  const left = sequences.length - kept.length;
  const leftNote = `${left} of ${sequences.length} sequences of '${file}' have no class and are left out`;
  return { classes, examples, notes: left > 0 ? [...notes, leftNote] : notes };
}

/** The targets of a line as texts; null is an empty one. */
function labelsOf(row: JsonRow, field: string, { perStep = false }: LabelledOptions): readonly string[] {
  const value = row.value(field);
  const refuse = (expected: string): never => {
    const found = value === undefined ? 'no such field' : describeValue(value);
    const help = value === undefined ? { help: '--target FIELD names it' } : {};
    throw invalidRow(row.place, `field '${field}'`, expected, found, { field, ...help });
  };
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

/** Targets as indices of the classes of the training. */
function sameClasses(file: string, set: LabelledSequences, known = set.classes): LabelledSequences {
  const places = set.classes.map((name) => {
    const place = known.indexOf(name);
    if (place >= 0) return place;
    const message = `'${file}' has the class '${name}', which the training data does not have`;
    throw new DataError('invalid_row', message, { file, class: name });
  });
  return {
    classes: known,
    examples: set.examples.map(({ input, target }) => ({ input, target: places[target as number] as number })),
    notes: set.notes,
  };
}
