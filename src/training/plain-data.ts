/** Training on plain sequences: how `fit` makes batches of them. */

import { CheckedExamples, type PlainExamples, type PlainForm } from '../batch/plain-examples.js';
import type { PlainField } from '../batch/plain-sequences.js';
import { requireList } from '../core/arguments.js';
import { DataError, OptionError } from '../core/errors.js';
import { describeValue, rejectUnknownKeys, requireNumber } from '../core/options.js';
import { contentsOf } from '../data/contents.js';
import type { Examples } from '../data/examples.js';
import { SequenceBatches } from '../data/sequence-batches.js';
import { splitExamples } from '../data/split-examples.js';
import type { Vocabulary } from '../data/vocabulary.js';
import type { TrainableModel } from './trainable-model.js';
import type { BatchSource, TrainingSet } from './training-data.js';

/**
 * Sequences and their targets, in any order, to train on. Batches of similar lengths are made again in every epoch, as
 * by `SequenceBatches`, which has more options. Everything is checked before the first step; typed arrays are not
 * copied.
 *
 * @example await new Trainer(model, { epochs: 20 }).fit({ inputs: sentences, targets: classes, validation: 0.1 });
 */
export interface PlainTrainingData extends PlainExamples {
  /** Sequences of a batch, integer >= 1; default 32. */
  readonly batch?: number;
  /**
   * The validation data: other examples, or a fraction in (0, 1) of these that is held out, drawn with the seed of the
   * model. Default: no validation.
   */
  readonly validation?: number | PlainExamples;
  /** If present, it is saved with the model. */
  readonly vocabulary?: Vocabulary | undefined;
}

/**
 * The same in the form of a training set.
 *
 * @example await new Trainer(model, { epochs: 20 }).fit({ training: { inputs: sentences, targets: classes }, validation: 0.1 });
 */
export interface PlainTrainingSet extends Pick<PlainTrainingData, 'batch' | 'validation' | 'vocabulary'> {
  readonly training: PlainExamples;
}

/** What `Trainer.fit` takes. */
export type TrainingData = TrainingSet | BatchSource | PlainTrainingData | PlainTrainingSet;

const SET_NAMES = ['training', 'batch', 'validation', 'vocabulary'];
const NAMES = ['inputs', 'targets', 'weights', 'batch', 'validation', 'vocabulary'];

/** Whether data are plain sequences: no object with batches. */
function isPlainData(data: unknown): data is PlainExamples {
  return typeof data === 'object' && data !== null && 'inputs' in data && !('batchSizes' in data);
}

/**
 * The batches of plain sequences.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`, also for a model without a form for plain sequences
 * @throws {ShapeError} {RangeIndexError} {DataError} naming the input or target and the number of the sequence
 */
export function plainTrainingSet(
  { plainForm: form, seed }: Pick<TrainableModel, 'plainForm' | 'seed'>,
  data: PlainTrainingData,
): TrainingSet {
  rejectUnknownKeys('the training data', data, NAMES);
  if (form === undefined) {
    throw new OptionError('invalid_option', 'this model is trained on batches only', { name: 'inputs' });
  }
  const batch = requireNumber('batch', data.batch === undefined ? 32 : data.batch, { integer: true, min: 1 });
  const { validation, vocabulary } = data;
  const examples = CheckedExamples.of(form, data);
  const all = Int32Array.from({ length: examples.count }, (_, index) => index);
  const named = vocabulary === undefined ? {} : { vocabulary };
  if (validation === undefined) return { ...named, training: batchesOf(examples, all, batch) };
  if (typeof validation === 'number') {
    const test = requireNumber('validation', validation, { exclusiveMin: 0, exclusiveMax: 1 });
    if (examples.count < 2) {
      const message = `option 'validation' is ${test}, which holds out a part of the sequences, and there is only one: give more, or other sequences as validation: { inputs, targets }`;
      throw new DataError('too_short', message, { name: 'validation', sequences: examples.count });
    }
    const split = splitExamples(new Int32Array(examples.count), { test, seed });
    const part = (indices: Int32Array) => batchesOf(examples, indices, batch);
    return { ...named, training: part(split.train), validation: part(split.test) };
  }
  if (typeof validation !== 'object' || validation === null) {
    const message = `option 'validation' must be a part in (0, 1), or inputs and targets, got ${describeValue(validation)}`;
    throw new OptionError('invalid_option', message, { name: 'validation' });
  }
  rejectUnknownKeys('the validation data', validation, ['inputs', 'targets', 'weights']);
  const held = CheckedExamples.of(ofValidation(form), validation);
  const others = Int32Array.from({ length: held.count }, (_, index) => index);
  return { ...named, training: batchesOf(examples, all, batch), validation: batchesOf(held, others, batch) };
}

/**
 * The training set of any argument of `fit`.
 *
 * @throws as `plainTrainingSet` for plain sequences
 */
export function asTrainingSet(data: TrainingData, model: Pick<TrainableModel, 'plainForm' | 'seed'>): TrainingSet {
  if (ArrayBuffer.isView(data)) requireList('the training data', data);
  if (typeof data === 'object' && data !== null && 'training' in data) {
    if (!isPlainData(data.training)) return data as TrainingSet;
    rejectUnknownKeys('the training data', data, SET_NAMES);
    const { training, ...others } = data as PlainTrainingSet;
    return plainTrainingSet(model, { ...training, ...others });
  }
  return isPlainData(data) ? plainTrainingSet(model, data) : { training: data };
}

/** The same form with other names for messages. */
function ofValidation({ inputs, targets }: PlainForm): PlainForm {
  const renamed = (fields: ReadonlyMap<string, PlainField>) =>
    new Map([...fields].map(([name, field]) => [name, { ...field, title: `${field.title} of the validation` }]));
  return { inputs: renamed(inputs), targets: renamed(targets) };
}

function batchesOf(examples: CheckedExamples, indices: Int32Array, batch: number): SequenceBatches<number> {
  const chosen: Examples<number> = {
    count: indices.length,
    lengthOf: (at) => examples.lengths[indices[at] as number] as number,
    read: (places) => Array.from(places, (at) => indices[at] as number),
    contents: () => contentsOf(examples.fieldsOf(indices)),
  };
  return new SequenceBatches(chosen, { batch, pack: (numbers) => examples.pack(numbers) });
}
