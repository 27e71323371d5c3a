/** The common part of tasks that classify: data, loss and metrics. */
import type { SequenceExample } from '../../../batch/sequence-packing.js';
import { OptionError } from '../../../core/errors.js';
import type { JsonObject } from '../../../core/json.js';
import { describeValue } from '../../../core/options.js';
import type { Model } from '../../../model/model.js';
import { encoderOf, featuresOf } from '../../building-blocks/sequence-inputs.js';
import {
  columnsOption,
  missingOptions,
  TABLE_USAGE,
  tableOptions,
  timeOptions,
} from '../../definition/table-options.js';
import type { AtLine, Part, PredictionSource, TakeNote } from '../../definition/task.js';
import { optional, type TaskOption, textOption } from '../../definition/task-options.js';
import { classScores, describeClassScores, errorRate } from './class-scores.js';
import {
  type ClassColumns,
  type ClassDataOptions,
  readClasses,
  readingOptions,
  readMoreClasses,
  type SavedClasses,
} from './classify-data.js';
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

/** The options of columns and fields. */
export function classOptions() {
  const field = (description: string, placeholder: string) => optional(textOption({ description, placeholder }));
  return {
    input: field(
      'columns of inputs, or the field of JSON lines (default: input, text, token, or all numbers)',
      'names',
    ),
    target: field('the column or field of the classes (default: target, label or class, where one is there)', 'name'),
    sequence: field(
      "of tables: the column that tells sequences apart; rows that are not together are gathered (default: 'sequence')",
      'column',
    ),
    categories: optional(columnsOption('of tables: columns of texts beside the numbers of a step')),
    ...timeOptions('which sorts the rows of each sequence'),
    ignore: IGNORE,
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
    usage: TABLE_USAGE,
    readExamples: (file: string, given: ClassColumns, saved: SavedClasses, note: TakeNote) =>
      readMoreClasses(file, given, saved, { perStep, note }),
    packing: (_given: unknown, { encoding }: SavedClasses) => ({ features: featuresOf(encoding) }),
    loss: 'softmaxCrossEntropy' as const,
    evaluate(model: Model, part: Part, { saved, signal }: { saved: SavedClasses; signal?: AbortSignal | undefined }) {
      return classScores(model, part, saved.classes, { features: featuresOf(saved.encoding) }, signal);
    },
    score: errorRate,
    describe: (metrics: JsonObject, { classes }: SavedClasses) => describeClassScores(metrics, classes),
    async readInputs(
      source: PredictionSource<SequenceValue>,
      given: ClassColumns,
      { encoding, source: form }: SavedClasses,
      note: TakeNote,
    ): Promise<(SequenceExample & AtLine)[]> {
      const encode = encoderOf(encoding);
      const { sequences, notes } = await readUnlabelled(source, encoding, readingOptions(given, perStep), form);
      for (const line of notes) note(line);
      return sequences.map(({ input, place }) => ({ input: encode(input), line: place?.line }));
    },
  };
}
