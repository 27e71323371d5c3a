/** The common part of tasks that classify: data, loss and metrics. */
import type { Batch } from '../../../batch/batch.js';
import type { SequenceExample } from '../../../batch/sequence-packing.js';
import { OptionError } from '../../../core/errors.js';
import type { JsonObject } from '../../../core/json.js';
import { describeValue, type NumberBounds } from '../../../core/options.js';
import { atRow } from '../../../files/row-error.js';
import type { Model } from '../../../model/model.js';
import type { LossDescription } from '../../../network/losses/losses.js';
import type { BatchPosition } from '../../../training/trainer-options.js';
import { startFromFrequencies } from '../../building-blocks/output-biases.js';
import { encoderOf, featuresOf, idsOf } from '../../building-blocks/sequence-inputs.js';
import type { Part } from '../../definition/parts.js';
import {
  columnsOption,
  missingOptions,
  TABLE_USAGE,
  tableOptions,
  timeOptions,
} from '../../definition/table-options.js';
import type { AtLine, PredictionSource, TakeNote, TaskData } from '../../definition/task.js';
import {
  choiceOption,
  numberOption,
  optional,
  settled,
  type TaskOption,
  textOption,
} from '../../definition/task-options.js';
import { SENTENCE_LEVELS, symbolOptions } from '../../definition/text-options.js';
import { CLASSES } from '../defaults/classes.js';
import { classSettings, type SettlingOptions } from './class-defaults.js';
import { checkFinished, type FinishOptions, finishClasses } from './class-finish.js';
import { classRules } from './class-rules.js';
import { choosingScore, classScores, describeClassScores, type ScoreOptions } from './class-scores.js';
import { classCounts, classWeightsOption } from './class-weights.js';
import {
  type ClassColumns,
  type ClassDataOptions,
  readClasses,
  readingOptions,
  readMoreClasses,
  requireMarks,
  type SavedClasses,
} from './classify-data.js';
import { startFromForms } from './form-embeddings.js';
import { DATA_FORMS } from './labelled-options.js';
import { countWords, withUnknownWords } from './rare-words.js';
import { requireSpanTags } from './tag-spans.js';
import { readUnlabelled } from './unlabelled-sequences.js';

/** A text that may be empty. */
const IGNORE: TaskOption<string | undefined> = {
  kind: 'text',
  placeholder: 'text',
  description: "the target that leaves out a step or a sequence, as an empty one does; '' for none (default: -1)",
  isOptional: true,
  check(name, value) {
    if (typeof value === 'string') return value;
    throw new OptionError('invalid_option', `option '${name}' must be a text, got ${describeValue(value)}`, { name });
  },
};

/** A number from 0 that some data need. */
function noise(bounds: NumberBounds, description: string, placeholder: string) {
  return settled(optional(numberOption({ min: 0, ...bounds }, { description, placeholder, before: 0 })));
}

/** The options of embeddings. */
export function embeddingOptions() {
  return {
    embedding: numberOption(
      { integer: true, min: 1 },
      { description: 'size of the embedding of symbols', default: CLASSES.embedding.value },
    ),
    inputDropout: noise({ max: 0.999999 }, 'probability of dropping an element of an embedding', 'x'),
    unknownWords: settled(
      optional(
        choiceOption(['one', 'form'], {
          description:
            'how words outside the vocabulary are read: as one unknown word, or by their form (capitals, digits, last letters)',
          before: 'one',
        }),
      ),
    ),
    unknownRate: noise({}, 'a: in training a word that occurs n times is unknown with probability a / (a + n)', 'a'),
  };
}

/** The options of columns and fields. */
export function classOptions() {
  const field = (description: string, placeholder: string) => optional(textOption({ description, placeholder }));
  return {
    input: field(
      'columns of inputs, the field of JSON lines (default: input, text, token, or all numbers), or the number or name of a column of CoNLL files (default: 1, FORM)',
      'names',
    ),
    target: field(
      'the column or field of the classes (default: target, label or class, where one is there; of CoNLL files the last column, or UPOS)',
      'name',
    ),
    sequence: field(
      "of tables: the column that tells sequences apart; rows that are not together are gathered (default: 'sequence')",
      'column',
    ),
    categories: optional(columnsOption('of tables: columns of texts beside the numbers of a step')),
    ...timeOptions('which sorts the rows of each sequence'),
    ignore: IGNORE,
    form: optional(
      choiceOption(DATA_FORMS, {
        description:
          'what files are whose names do not tell: a table, JSON lines, columns of tokens and tags (CoNLL), lines of a class and a text, or, for predictions, texts',
      }),
    ),
    ...symbolOptions(),
    level: settled(
      optional(
        choiceOption(SENTENCE_LEVELS, {
          description: 'of texts: what the symbols are',
          before: 'character',
        }),
      ),
    ),
    weight: field('the column or field of numbers that say what rows or sequences count for in the loss', 'name'),
    classWeights: classWeightsOption(),
    calibrate: choiceOption(['yes', 'no'], {
      description:
        'whether a temperature, fitted on the validation part, makes the probabilities as sure as they are right',
      default: CLASSES.calibrate.value,
      before: 'no',
    }),
    ...missingOptions(),
    ...tableOptions(),
  };
}

/**
 * A sequence to classify: a text (as JSON, if the model reads numbers or tokens), a list of tokens, a list of numbers, a
 * list of rows of numbers, a list of objects with the columns of the training table; or one of them as the field `input`. A
 * missing number is null.
 */
export type SequenceValue =
  | string
  | readonly string[]
  | readonly (number | null)[]
  | readonly (readonly (number | null)[])[]
  | readonly JsonObject[]
  | JsonObject;

/** What comes with a model that is evaluated. */
interface EvaluationContext {
  readonly saved: SavedClasses;
  readonly options: Pick<ScoreOptions, 'choose'>;
  readonly finished?: JsonObject | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What comes with a model at the end of its training. */
interface FinishContext {
  readonly options: FinishOptions;
  readonly signal?: AbortSignal | undefined;
}

/** The options of the noise in training. */
interface NoiseOptions {
  readonly unknownRate: number | undefined;
  readonly seed: number;
}

/** @param perStep whether there is a class for each step, and not for the sequence */
export function classTask(perStep: boolean) {
  return {
    async read(given: ClassDataOptions & Pick<ScoreOptions, 'choose'>): Promise<TaskData<SavedClasses>> {
      const data = await readClasses(given, perStep);
      if (given.choose === 'spans') requireSpanTags(data.saved.classes);
      return data;
    },
    usage: [...TABLE_USAGE, 'form', 'dateFormat', 'missing', 'missingValues'],
    readExamples: (file: string, given: ClassColumns, saved: SavedClasses, note: TakeNote) =>
      readMoreClasses(file, given, saved, { perStep, note }),
    packing: (_given: unknown, { encoding }: SavedClasses) => ({ features: featuresOf(encoding) }),
    loss: ({ weight }: ClassColumns, { classWeights }: SavedClasses): LossDescription =>
      weight === undefined && classWeights === undefined
        ? 'softmaxCrossEntropy'
        : {
            kind: 'softmaxCrossEntropy',
            ...(weight !== undefined && { weights: perStep ? 'step' : 'sequence' }),
            ...(classWeights !== undefined && { classWeights }),
          },
    evaluate(model: Model, part: Part, { saved, options, finished, signal }: EvaluationContext) {
      const packing = { features: featuresOf(saved.encoding) };
      return classScores(model, part, saved.classes, packing, { choose: options.choose, finished, signal });
    },
    score: choosingScore,
    perfectScore: 0,
    settle: (given: SettlingOptions, data: TaskData<SavedClasses>) => classSettings(given, data, perStep),
    prepare: (batch: Batch, model: Model, { unknownRate: rate = 0, seed }: NoiseOptions, { step }: BatchPosition) =>
      withUnknownWords(batch, model, { rate, seed, step }),
    initialize(model: Model, { training, saved: { classes, classWeights, encoding } }: TaskData<SavedClasses>) {
      const sequences = training as readonly SequenceExample[];
      startFromFrequencies(model, 'dense', classCounts(sequences, classes.length, classWeights));
      startFromForms(model, encoding);
      countWords(model, sequences, encoding);
    },
    finish: (model: Model, data: TaskData<SavedClasses>, { options, signal }: FinishContext) =>
      finishClasses(model, data, options, signal),
    checkFinished: (finished: JsonObject, { classes, encoding }: SavedClasses) =>
      checkFinished(finished, { classes: classes.length, symbols: idsOf(encoding) }),
    naiveRules: (data: { readonly training: Part }, { saved }: { readonly saved: SavedClasses }) =>
      classRules(data, saved, perStep),
    describe: (metrics: JsonObject, { classes }: SavedClasses) => describeClassScores(metrics, classes),
    async readInputs(
      source: PredictionSource<SequenceValue>,
      given: ClassColumns,
      { encoding, source: form, classes }: SavedClasses,
      note: TakeNote,
    ): Promise<(SequenceExample & AtLine)[]> {
      requireMarks(given, encoding);
      const encode = encoderOf(encoding);
      const { sequences, notes } = await readUnlabelled(source, encoding, readingOptions(given, perStep), {
        ...{ source: form, classes },
      });
      for (const line of notes) note(line);
      return sequences.map(({ input, place }) => ({
        input: place === undefined ? encode(input) : atRow(place, () => encode(input)),
        line: place?.line,
      }));
    },
  };
}
