/** The common part of tasks that classify: data, loss and metrics. */
import type { SequenceExample } from '../../../batch/sequence-packing.js';
import { OptionError } from '../../../core/errors.js';
import type { JsonObject } from '../../../core/json.js';
import { describeValue } from '../../../core/options.js';
import type { Model } from '../../../model/model.js';
import type { LossDescription } from '../../../network/losses/losses.js';
import { startFromFrequencies } from '../../building-blocks/output-biases.js';
import { encoderOf, featuresOf } from '../../building-blocks/sequence-inputs.js';
import { type LengthOptions, type LengthRule, trainingLength } from '../../building-blocks/training-length.js';
import { type Part, sizeOf } from '../../definition/parts.js';
import type { Settings } from '../../definition/settings.js';
import {
  columnsOption,
  missingOptions,
  TABLE_USAGE,
  tableOptions,
  timeOptions,
} from '../../definition/table-options.js';
import type { AtLine, PredictionSource, TakeNote, TaskData } from '../../definition/task.js';
import { choiceOption, optional, type TaskOption, textOption } from '../../definition/task-options.js';
import { symbolOptions } from '../../definition/text-options.js';
import { classRules } from './class-rules.js';
import { classScores, describeClassScores, errorRate } from './class-scores.js';
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
import { DATA_FORMS } from './labelled-options.js';
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

/** The options that the data decide. */
export const SETTLED = ['epochs', 'batch', 'patience', 'init'] as const;

/** How long to train. */
const LENGTH: LengthRule = { steps: 1500, epochs: [10, 300], batch: 32 };

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
    weight: field('the column or field of numbers that say what rows or sequences count for in the loss', 'name'),
    classWeights: classWeightsOption(),
    ...missingOptions(),
    ...tableOptions(),
  };
}

/**
 * A sequence to classify: a text (as JSON, if the model reads numbers or tokens), a list of tokens, a list of numbers, a
 * list of rows of numbers; or one of them as the field `input`. A missing number is null.
 */
export type SequenceValue =
  | string
  | readonly string[]
  | readonly (number | null)[]
  | readonly (readonly (number | null)[])[]
  | JsonObject;

/** @param perStep whether there is a class for each step, and not for the sequence */
export function classTask(perStep: boolean) {
  return {
    read: (given: ClassDataOptions) => readClasses(given, perStep),
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
    evaluate(model: Model, part: Part, { saved, signal }: { saved: SavedClasses; signal?: AbortSignal | undefined }) {
      return classScores(model, part, saved.classes, { features: featuresOf(saved.encoding) }, signal);
    },
    score: errorRate,
    settle: (
      given: LengthOptions,
      data: TaskData<SavedClasses>,
    ): Settings<'batch' | 'epochs' | 'patience' | 'init'> => ({
      ...trainingLength(sizeOf(data.training), LENGTH, given, data.validation !== undefined),
      init: { value: 'default,embedding=0.1', reason: 'embeddings of unit size are too large to learn from few words' },
    }),
    initialize(model: Model, { training, saved: { classes, classWeights } }: TaskData<SavedClasses>) {
      const counts = classCounts(training as readonly SequenceExample[], classes.length, classWeights);
      startFromFrequencies(model, 'dense', counts);
    },
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
      return sequences.map(({ input, place }) => ({ input: encode(input), line: place?.line }));
    },
  };
}
