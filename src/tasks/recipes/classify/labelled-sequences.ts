/** Reads sequences with their classes from all supported kinds of files. */

import { statSync } from 'node:fs';
import { compareCodePoints } from '../../../core/code-points.js';
import { DataError, OptionError } from '../../../core/errors.js';
import type { JsonValue } from '../../../core/json.js';

import { idxImages, idxLabels, readIdx } from '../../../files/idx.js';
import { JsonRow, readJsonLines } from '../../../files/json-lines.js';
import { readLabelledLines } from '../../../files/labelled-lines.js';
import { invalidRow, type RowPlace } from '../../../files/row-error.js';
import { readText, splitLines } from '../../../files/text.js';
import { readTimeSeries } from '../../../files/time-series-file.js';
import {
  type FeatureRows,
  type InputEncoding,
  inputOfRow,
  inputValue,
  type RawInput,
} from '../../building-blocks/sequence-inputs.js';
import type { PredictionSource } from '../../definition/task.js';
import { onlyLabel, readWrittenSequences } from './labelled-csv.js';

/** A sequence and the index of its class; in a task that tags, one index for each step. */
export interface LabelledSequence {
  readonly input: RawInput;
  readonly target: number | Int32Array;
}

/** Sequences, and the names of their classes. */
export interface LabelledSequences {
  readonly classes: readonly string[];
  readonly examples: readonly LabelledSequence[];
}

const IDX = /-idx\d-ubyte(\.gz)?$/;

/**
 * Reads sequences with their classes: a folder of texts, `<class>.txt`, one in each line; a UCR file `.ts`; pictures
 * `*images-idx3-ubyte`, row by row, with their classes in `*labels-idx1-ubyte` beside them; CSV, with a text or a step
 * in each row (`readWrittenSequences`); or JSON lines `{"input": ..., "target": ...}`, whose targets are texts or class
 * ids, or a list of them with `perStep`.
 *
 * @param known classes of the training file; others are refused. Without them the classes are those of the file
 * @throws {DataError} `file_unreadable`, `invalid_row`, `empty_data`, and others of the readers
 */
export async function readLabelled(
  file: string,
  { known, perStep = false }: { readonly known?: readonly string[] | undefined; readonly perStep?: boolean } = {},
): Promise<LabelledSequences> {
  const isFolder = statSync(file, { throwIfNoEntry: false })?.isDirectory() === true;
  if (perStep && (isFolder || IDX.test(file) || file.endsWith('.ts'))) {
    const message = `'${file}' has no target for each step: give JSON lines {"input": [...], "target": [...]}, or CSV`;
    throw new OptionError('invalid_option', message, { name: 'data', value: file });
  }
  if (isFolder) return sameClasses(file, await readFolder(file), known);
  if (IDX.test(file)) return sameClasses(file, await readPictures(file), known);
  if (file.endsWith('.ts')) return readSeries(file, known);
  if (file.endsWith('.csv')) return withClasses(await readRows(file, perStep), known, perStep);
  return withClasses(await readLines(file, perStep), known, perStep);
}

/**
 * Sequences without their classes.
 *
 * @throws as `readLabelled`
 */
export async function readUnlabelled(source: PredictionSource, encoding: InputEncoding): Promise<readonly RawInput[]> {
  if ('values' in source) return source.values.map((value, at) => inputOfValue(value, at, encoding));
  const { file } = source;
  if (IDX.test(file)) return picturesOf(file);
  if (file.endsWith('.ts')) return (await readTimeSeriesRows(file)).inputs;
  if (file.endsWith('.csv')) return (await readWrittenSequences(file, false)).map(({ input }) => input);
  if (file.endsWith('.jsonl')) return readJsonLines(file, (row) => inputOfRow(row, 'input'));
  const lines = splitLines(await readText(file)).filter((line) => line.trim() !== '');
  return lines.map((line, at) => inputOfValue(line.trim(), at, encoding));
}

function inputOfValue(value: JsonValue, at: number, encoding: InputEncoding): RawInput {
  return inputOfRow(new JsonRow(inputValue(value, encoding.kind), { file: 'inputs', line: at + 1 }), 'input');
}

async function readFolder(file: string): Promise<LabelledSequences> {
  const { labels, examples } = await readLabelledLines(file);
  return { classes: labels, examples: examples.map(({ text, target }) => ({ input: text, target })) };
}

async function readTimeSeriesRows(file: string, known?: readonly string[]) {
  const { dimensions, classes, examples } = await readTimeSeries(file, known === undefined ? {} : { classes: known });
  const inputs = examples.map(({ input }): FeatureRows => ({ features: dimensions, rows: input }));
  return { classes, inputs, targets: examples.map(({ target }) => target) };
}

async function readSeries(file: string, known?: readonly string[]): Promise<LabelledSequences> {
  const { classes, inputs, targets } = await readTimeSeriesRows(file, known);
  const examples = inputs.map((input, at) => {
    const target = targets[at];
    if (typeof target === 'number') return { input, target };
    throw new DataError('file_unsupported', `'${file}' has no classes`, { file });
  });
  return { classes, examples };
}

async function picturesOf(file: string): Promise<FeatureRows[]> {
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
  const size = labels.reduce((most, label) => Math.max(most, label), 0) + 1;
  const classes = Array.from({ length: size }, (_, index) => `${index}`);
  return { classes, examples: inputs.map((input, at) => ({ input, target: labels[at] as number })) };
}

/** A sequence and its labels as they are in the file: names, or class ids. */
interface Labelled {
  readonly input: RawInput;
  readonly labels: readonly (string | number)[];
  readonly place: RowPlace;
}

function readLines(file: string, perStep: boolean): Promise<readonly Labelled[]> {
  return readJsonLines(file, (row) => ({
    input: inputOfRow(row, 'input'),
    labels: labelsOf(row, perStep),
    place: row.place,
  }));
}

async function readRows(file: string, perStep: boolean): Promise<readonly Labelled[]> {
  const sequences = await readWrittenSequences(file, true);
  return perStep ? sequences : sequences.map((sequence) => ({ ...sequence, labels: [onlyLabel(sequence)] }));
}

function withClasses(
  lines: readonly Labelled[],
  known: readonly string[] | undefined,
  perStep: boolean,
): LabelledSequences {
  const classes = known ?? classesOf(lines.flatMap(({ labels }) => labels).filter((label) => label !== -1));
  const places = new Map(classes.map((name, at) => [name, at]));
  const examples = lines.map(({ input, labels, place }) => {
    const ids = Int32Array.from(labels, (label) => {
      if (label === -1) return -1;
      const id = places.get(String(label));
      if (id !== undefined) return id;
      throw invalidRow(place, "field 'target'", `one of ${JSON.stringify(classes)}`, JSON.stringify(label));
    });
    return { input, target: perStep ? ids : (ids[0] as number) };
  });
  return { classes, examples };
}

function labelsOf(row: JsonRow, perStep: boolean): readonly (string | number)[] {
  const value = row.value('target');
  const [first] = perStep && Array.isArray(value) ? (value as readonly JsonValue[]) : [value];
  if (typeof first === 'string') return perStep ? row.texts('target') : [row.text('target')];
  return perStep ? [...row.ids('target')] : [row.classId('target')];
}

/** Names in the order of their code points; class ids in the order of numbers, including missing ones between. */
function classesOf(labels: readonly (string | number)[]): readonly string[] {
  const ids = labels.filter((label) => typeof label === 'number');
  if (ids.length < labels.length) return [...new Set(labels.map(String))].sort(compareCodePoints);
  const size = ids.reduce((most, id) => Math.max(most, id), 0) + 1;
  return Array.from({ length: size }, (_, id) => `${id}`);
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
  };
}
