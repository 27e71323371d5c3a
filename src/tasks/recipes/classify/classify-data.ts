/** The parts of labelled data, with the encoding of the training part. */
import type { SequenceExample } from '../../../batch/sequence-packing.js';
import { fingerprintOf } from '../../building-blocks/held-out.js';
import { requireData } from '../../building-blocks/require-data.js';
import { encoderOf, fitEncoding, type InputEncoding } from '../../building-blocks/sequence-inputs.js';
import { type SplitChoice, splitParts } from '../../building-blocks/split-parts.js';
import type { TaskData } from '../../definition/task.js';
import { type LabelledSequence, readLabelled } from './labelled-sequences.js';

/** The data that is saved with a classifier or tagger. */
export type SavedClasses = {
  readonly classes: readonly string[];
  readonly encoding: InputEncoding;
};

/** The options of reading. */
export interface ClassDataOptions extends SplitChoice {
  readonly data: string | undefined;
}

/**
 * Reads and splits labelled data; the same fraction of every class is held out.
 *
 * @param perStep whether there is a target for each step
 * @throws as `readLabelled`, `splitParts` and `fitEncoding`
 */
export async function readClasses(options: ClassDataOptions, perStep: boolean): Promise<TaskData<SavedClasses>> {
  const { classes, examples } = await readLabelled(requireData(options), { perStep });
  const parts = await splitParts(examples, options, {
    readFile: async (file) => (await readLabelled(file, { known: classes, perStep })).examples,
    classOf: ({ target }) => (typeof target === 'number' ? target : 0),
  });
  const encoding = fitEncoding(parts.training.map(({ input }) => input));
  const encode = encoderOf(encoding);
  const encoded = (part: readonly LabelledSequence[]) => part.map((sequence) => encodeExample(sequence, encode));
  const data = {
    training: encoded(parts.training),
    validation: parts.validation && encoded(parts.validation),
    test: parts.test && encoded(parts.test),
  };
  return { ...data, saved: { classes, encoding }, fingerprint: { examples: fingerprintOf(data) } };
}

/** Examples of another file, with the classes and the encoding of the training. Throws as `readClasses`. */
export async function readMoreClasses(
  file: string,
  { classes, encoding }: SavedClasses,
  perStep: boolean,
): Promise<SequenceExample[]> {
  const { examples } = await readLabelled(file, { known: classes, perStep });
  const encode = encoderOf(encoding);
  return examples.map((sequence) => encodeExample(sequence, encode));
}

function encodeExample(
  { input, target }: LabelledSequence,
  encode: (input: LabelledSequence['input']) => SequenceExample['input'],
): SequenceExample {
  return { input: encode(input), target };
}
