/** The parts of labelled data, with the encoding of the training part. */
import type { SequenceExample } from '../../../batch/sequence-packing.js';
import { fingerprintOf } from '../../building-blocks/held-out.js';
import { requireData } from '../../building-blocks/require-data.js';
import { encoderOf, fitEncoding, type InputEncoding } from '../../building-blocks/sequence-inputs.js';
import { type SplitChoice, splitParts } from '../../building-blocks/split-parts.js';
import { type MissingChoices, rulesOf, type TableChoices, tableFormatOf } from '../../definition/table-options.js';
import type { TakeNote, TaskData } from '../../definition/task.js';
import { type LabelledOptions, type LabelledSequence, readLabelled, type SourceForm } from './labelled-sequences.js';

/** The data that is saved with a classifier or tagger. */
export type SavedClasses = {
  readonly classes: readonly string[];
  readonly encoding: InputEncoding;
  /** The names of columns or fields; missing for files that have no names. */
  readonly source?: SourceForm;
};

/** The options of reading. */
export interface ClassDataOptions extends ClassColumns, SplitChoice {
  readonly data: string | undefined;
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
  const reading = readingOptions(options, perStep);
  const { classes, examples, source, notes } = await readLabelled(requireData(options), reading);
  const parts = await splitParts(examples, options, {
    readFile: async (file) => (await readLabelled(file, reading, { classes, source })).examples,
    classOf: ({ target }) => (typeof target === 'number' ? target : 0),
  });
  const inputs = parts.training.map(({ input }) => input);
  const encoding = fitEncoding(inputs, { isMasked: options.missing === 'mask' });
  const encode = encoderOf(encoding);
  const encoded = (part: readonly LabelledSequence[]) => part.map((sequence) => encodeExample(sequence, encode));
  const data = {
    training: encoded(parts.training),
    validation: parts.validation && encoded(parts.validation),
    test: parts.test && encoded(parts.test),
  };
  const saved = { classes, encoding, ...(source && { source }) };
  return { ...data, saved, fingerprint: { examples: fingerprintOf(data) }, notes };
}

/** Examples of another file, with the classes and the encoding of the training. Throws as `readClasses`. */
export async function readMoreClasses(
  file: string,
  options: ClassColumns,
  { classes, encoding, source }: SavedClasses,
  { perStep, note }: { readonly perStep: boolean; readonly note: TakeNote },
): Promise<SequenceExample[]> {
  const { examples, notes } = await readLabelled(file, readingOptions(options, perStep), { classes, source });
  for (const line of notes) note(line);
  const encode = encoderOf(encoding);
  return examples.map((sequence) => encodeExample(sequence, encode));
}

function encodeExample(
  { input, target }: LabelledSequence,
  encode: (input: LabelledSequence['input']) => SequenceExample['input'],
): SequenceExample {
  return { input: encode(input), target };
}
