/** The parts of labelled data, with the encoding of the training part. */
import type { SequenceExample } from '../../../batch/sequence-packing.js';
import { fingerprintOf } from '../../building-blocks/held-out.js';
import { requireData } from '../../building-blocks/require-data.js';
import { weightNote } from '../../building-blocks/row-weights.js';
import { encoderOf, fitEncoding, type InputEncoding } from '../../building-blocks/sequence-inputs.js';
import { type SplitChoice, splitParts } from '../../building-blocks/split-parts.js';
import { type MissingChoices, rulesOf, type TableChoices, tableFormatOf } from '../../definition/table-options.js';
import type { TaskData } from '../../definition/task.js';
import { classWeightsNote, classWeightsOf } from './class-weights.js';
import { type LabelledOptions, type LabelledSequence, readLabelled, type SourceForm } from './labelled-sequences.js';
import { listWeights, requireWeights } from './sequence-weights.js';

/** The data that is saved with a classifier or tagger. */
export type SavedClasses = {
  readonly classes: readonly string[];
  readonly encoding: InputEncoding;
  /** The names of columns or fields; missing for files that have no names. */
  readonly source?: SourceForm;
  /** What each class counts for in the loss; missing where all count alike. */
  readonly classWeights?: readonly number[];
};

/** The options of reading. */
export interface ClassDataOptions extends ClassColumns, SplitChoice {
  readonly data: string | undefined;
  readonly classWeights: string | undefined;
}

/** The options that say how files are read. */
export interface ClassColumns extends MissingChoices, TableChoices {
  readonly input: string | undefined;
  readonly target: string | undefined;
  readonly sequence: string | undefined;
  readonly time: string | undefined;
  readonly dateFormat: string | undefined;
  readonly categories: string | undefined;
  readonly ignore: string | undefined;
  readonly weight: string | undefined;
}

/** The options in the form that readers take. */
export function readingOptions(options: ClassColumns, perStep: boolean): LabelledOptions {
  const { input, target, sequence, time, dateFormat, categories, ignore, missing } = options;
  const named = { input, target, sequence, time, dateFormat, categories };
  return { ...named, ignore, missing, format: tableFormatOf(options), rules: rulesOf(options), perStep };
}

/**
 * Reads and splits labelled data; the same fraction of every class is held out.
 *
 * @param perStep whether there is a target for each step
 * @throws as `readLabelled`, `splitParts` and `fitEncoding`
 */
export async function readClasses(options: ClassDataOptions, perStep: boolean): Promise<TaskData<SavedClasses>> {
  const { weight, classWeights: given } = options;
  const reading = { ...readingOptions(options, perStep), weight };
  const { classes, examples, source, notes } = await readLabelled(requireData(options), reading);
  const parts = await splitParts(examples, options, {
    readFile: async (file) => (await readLabelled(file, reading, { classes, source })).examples,
    classOf: ({ target }) => (typeof target === 'number' ? target : 0),
  });
  for (const part of ['training', 'validation'] as const) {
    if (weight !== undefined) requireWeights(weight, part, parts[part] ?? parts.training);
  }
  const targets = parts.training.map(({ target }) => target);
  const classWeights = given === undefined ? undefined : classWeightsOf(given, classes, targets);
  const inputs = parts.training.map(({ input }) => input);
  const encoding = fitEncoding(inputs, { isMasked: options.missing === 'mask' });
  const encode = encoderOf(encoding);
  const encoded = (part: readonly LabelledSequence[]) => part.map((sequence) => encodeExample(sequence, encode));
  const data = {
    training: encoded(parts.training),
    validation: parts.validation && encoded(parts.validation),
    test: parts.test && encoded(parts.test),
  };
  const saved = { classes, encoding, ...(source && { source }), ...(classWeights && { classWeights }) };
  const said = [
    ...notes,
    ...(weight === undefined ? [] : [weightNote(weight, parts.training.flatMap(listWeights))]),
    ...(given === undefined ? [] : [classWeightsNote(given, classes, classWeights ?? [])]),
  ];
  return { ...data, saved, fingerprint: { examples: fingerprintOf(data) }, notes: said };
}

/** Examples of another file, with the classes and the encoding of the training. Throws as `readClasses`. */
export async function readMoreClasses(
  file: string,
  options: ClassColumns,
  { classes, encoding, source }: SavedClasses,
  perStep: boolean,
): Promise<SequenceExample[]> {
  const { examples } = await readLabelled(file, readingOptions(options, perStep), { classes, source });
  const encode = encoderOf(encoding);
  return examples.map((sequence) => encodeExample(sequence, encode));
}

function encodeExample(
  { input, target, weights }: LabelledSequence,
  encode: (input: LabelledSequence['input']) => SequenceExample['input'],
): SequenceExample {
  return { input: encode(input), target, ...(weights !== undefined && { weights }) };
}
