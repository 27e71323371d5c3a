/** The parts of labelled data, with the encoding of the training part. */
import type { SequenceExample } from '../../../batch/sequence-packing.js';
import { OptionError } from '../../../core/errors.js';
import type { Normalization } from '../../../data/normalization.js';
import type { SentenceLevel } from '../../../data/sentence-vocabulary.js';
import { atRow, invalidRow } from '../../../files/row-error.js';
import { fingerprintOf } from '../../building-blocks/held-out.js';
import { requireData } from '../../building-blocks/require-data.js';
import { weightNote } from '../../building-blocks/row-weights.js';
import {
  encoderOf,
  featuresOf,
  fitEncoding,
  type InputEncoding,
  type RawInput,
} from '../../building-blocks/sequence-inputs.js';
import { type SplitChoice, splitParts } from '../../building-blocks/split-parts.js';
import { type MissingChoices, rulesOf, type TableChoices, tableFormatOf } from '../../definition/table-options.js';
import type { TakeNote, TaskData } from '../../definition/task.js';
import { unknownWordsOf, validationPart } from './class-defaults.js';
import { classNotes } from './class-notes.js';
import { classWeightsNote, classWeightsOf } from './class-weights.js';
import type { DataForm, LabelledOptions, LabelledSequence } from './labelled-options.js';
import { readLabelled } from './labelled-sequences.js';
import { listWeights, requireWeights } from './sequence-weights.js';
import type { SourceForm } from './source-form.js';
import { levelOf } from './text-level.js';
import { unusedNotes } from './unused-options.js';

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
export interface ClassDataOptions extends ClassColumns, Omit<SplitChoice, 'valid'> {
  /** Missing until the number of examples has decided it. */
  readonly valid: SplitChoice['valid'] | undefined;
  readonly patience: number | undefined;
  readonly data: string | undefined;
  readonly level: SentenceLevel | undefined;
  readonly minCount: number | undefined;
  readonly vocabulary: number | undefined;
  readonly normalization: Normalization;
  /** Missing until the data have decided it. */
  readonly unknownWords: 'one' | 'form' | undefined;
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
  readonly form: DataForm | undefined;
  readonly weight: string | undefined;
}

/** The options in the form that readers take. */
export function readingOptions(options: ClassColumns, perStep: boolean): LabelledOptions {
  const { input, target, sequence, time, dateFormat, categories, ignore, missing, form } = options;
  const named = { input, target, sequence, time, dateFormat, categories };
  return { ...named, ignore, missing, form, format: tableFormatOf(options), rules: rulesOf(options), perStep };
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
  const valid = options.valid ?? validationPart(examples.length, options);
  const parts = await splitParts(
    examples,
    { ...options, valid },
    {
      readFile: async (file) => (await readLabelled(file, reading, { classes, source })).examples,
      classOf: ({ target }) => (typeof target === 'number' ? target : 0),
    },
  );
  for (const part of ['training', 'validation'] as const) {
    if (weight !== undefined) requireWeights(weight, part, parts[part] ?? parts.training);
  }
  const targets = parts.training.map(({ target }) => target);
  const classWeights = given === undefined ? undefined : classWeightsOf(given, classes, targets);
  const inputs = parts.training.map(({ input }) => input);
  const { minCount, vocabulary: maxSize, normalization, missing, unknownWords = unknownWordsOf(perStep) } = options;
  const level = levelOf(options.level, inputs, perStep);
  const encoding = fitEncoding(inputs, {
    ...{ isMasked: missing === 'mask', level, minCount, maxSize, normalization },
    byForm: unknownWords === 'form',
    places: parts.training.map(({ place }) => place),
  });
  const encode = exampleEncoder(encoding);
  const encoded = (part: readonly LabelledSequence[]) => part.map(encode);
  const data = {
    training: encoded(parts.training),
    validation: parts.validation && encoded(parts.validation),
    test: parts.test && encoded(parts.test),
  };
  const saved = { classes, encoding, ...(source && { source }), ...(classWeights && { classWeights }) };
  const said = [
    ...notes,
    ...symbolNotes(encoding, options.level),
    ...unusedNotes({ ...options }, source, encoding),
    ...classNotes(classes, data),
    ...(classes.length === 1 ? [`every target is '${classes[0]}': there is nothing to learn`] : []),
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
  { perStep, note }: { readonly perStep: boolean; readonly note: TakeNote },
): Promise<SequenceExample[]> {
  requireMarks(options, encoding);
  const { examples, notes } = await readLabelled(file, readingOptions(options, perStep), { classes, source });
  for (const line of notes) note(line);
  return examples.map(exampleEncoder(encoding));
}

/** Refuses marks of missing numbers for a model that was trained without. @throws {OptionError} `invalid_option` */
export function requireMarks({ missing }: Pick<ClassColumns, 'missing'>, encoding: InputEncoding): void {
  if (missing !== 'mask' || encoding.kind !== 'features' || encoding.isMasked === true) return;
  const message = `option 'missing' is 'mask', but the model was trained without marks of missing numbers: --missing interpolate or forward fills them`;
  throw new OptionError('invalid_option', message, { name: 'missing', value: missing });
}

/** What the symbols of texts are, for a note: the default is not silent. */
function symbolNotes(encoding: InputEncoding, level: SentenceLevel | undefined): readonly string[] {
  if (encoding.kind === 'features' || encoding.kind === 'tokens') return [];
  const { kind, vocabulary } = encoding;
  const number = kind === 'bytes' ? '' : ` (${vocabulary.symbols.length} symbols)`;
  const other = kind === 'words' ? 'character' : 'word';
  const others = level === undefined ? `; --level ${other} or --level byte reads ${other}s or bytes` : '';
  return [`texts are read as ${kind}${number}${others}`];
}

/** The symbols of a kind of encoding, for errors. */
const STEPS = { characters: 'character', words: 'word', bytes: 'byte', tokens: 'token', features: 'row' } as const;

/** A function that encodes a sequence and checks that it has as many targets as steps. */
function exampleEncoder(encoding: InputEncoding): (sequence: LabelledSequence) => SequenceExample {
  const encode = encoderOf(encoding);
  const features = featuresOf(encoding);
  return ({ input: raw, target, weights, place }) => {
    const more = weights !== undefined && { weights };
    if (place === undefined) return { input: encode(raw), target, ...more };
    const input = atRow(place, () => encode(raw));
    const steps = input.length / features;
    if (typeof target === 'number' || target.length === steps) return { input, target, ...more };
    const found = `${target.length} targets`;
    throw invalidRow(place, '', `${steps} targets, one for each ${STEPS[encoding.kind]}`, found, helpFor(raw, target));
  };
}

/** What helps where the targets were counted before a letter and its mark became one character. */
function helpFor(raw: RawInput, { length }: Int32Array): { readonly help?: string } {
  if (typeof raw !== 'string' || [...raw].length !== length) return {};
  return { help: '--normalization none leaves characters as they are written' };
}
