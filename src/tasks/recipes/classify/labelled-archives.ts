/** Sequences with their classes from folders of texts, files of the UCR and UEA archives, and pictures. */
import { DataError } from '../../../core/errors.js';
import { hiddenNotes } from '../../../files/hidden-files.js';
import { idxImages, idxLabels, readIdx } from '../../../files/idx.js';
import { readLabelledLines } from '../../../files/labelled-lines.js';
import { readSeriesFile } from '../../../files/time-series-file.js';
import type { FeatureRows } from '../../building-blocks/sequence-inputs.js';
import { sortClasses } from './class-labels.js';
import type { LabelledSequences } from './labelled-options.js';

/** A folder of texts, `<class>.txt`, one in each line. */
export async function readTextFolder(folder: string, encoding: string | undefined): Promise<LabelledSequences> {
  const { labels, examples, hidden, emptyLines } = await readLabelledLines(folder, { encoding });
  const isOne = emptyLines === 1;
  const emptyNote = `${emptyLines} empty ${isOne ? 'line' : 'lines'} of the texts in '${folder}' ${isOne ? 'is' : 'are'} left out`;
  return {
    classes: labels,
    examples: examples.map(({ text, target }) => ({ input: text, target })),
    notes: [...hiddenNotes(folder, hidden), ...(emptyLines > 0 ? [emptyNote] : [])],
  };
}

/** The series of a file `.ts`, and their targets. */
export async function readTimeSeriesRows(file: string, keepMissing: boolean, known?: readonly string[]) {
  const given = known === undefined ? {} : { classes: known };
  const { dimensions, classes, examples } = await readSeriesFile(file, given, keepMissing);
  const inputs = examples.map(({ input }): FeatureRows => ({ features: dimensions, rows: input }));
  return { classes, inputs, targets: examples.map(({ target }) => target) };
}

/** A file `.ts` with classes. */
export async function readSeries(
  file: string,
  keepMissing: boolean,
  known?: readonly string[],
): Promise<LabelledSequences> {
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

/** Pictures with their classes, which are in the file beside theirs. */
export async function readPictures(file: string): Promise<LabelledSequences> {
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

/** Targets as indices of the classes of the training. @throws {DataError} `invalid_row` for a class that it has not */
export function sameClasses(file: string, set: LabelledSequences, known = set.classes): LabelledSequences {
  const knownPlaces = new Map(known.map((name, at) => [name, at]));
  const places = set.classes.map((name) => {
    const place = knownPlaces.get(name);
    if (place !== undefined) return place;
    const message = `'${file}' has the class '${name}', which the training data does not have`;
    throw new DataError('invalid_row', message, { file, class: name });
  });
  return {
    classes: known,
    examples: set.examples.map(({ input, target }) => ({ input, target: places[target as number] as number })),
    notes: set.notes,
  };
}
