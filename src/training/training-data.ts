import type { Batch } from '../batch/batch.js';
import { checksumOf } from '../core/checksum.js';
import { DataError, OptionError } from '../core/errors.js';
import type { JsonObject } from '../core/json.js';
import { describeValue } from '../core/options.js';
import { Random } from '../core/random.js';
import { SequenceBatches } from '../data/sequence-batches.js';
import { TokenStreams } from '../data/streams.js';
import type { Vocabulary } from '../data/vocabulary.js';
import type { TrainableModel } from './trainable-model.js';

/**
 * Batches to train on or to validate with. Token streams carry the network's state from window to window. Sequence
 * batches are made again in every epoch, and an array is read in a new random order in every epoch. Any other iterable
 * is read in its own order, and it must start again from the beginning each time.
 */
export type BatchSource =
  | TokenStreams
  | SequenceBatches<unknown>
  | readonly Batch[]
  | Iterable<Batch>
  | AsyncIterable<Batch>;

/** The argument of `Trainer.fit`. A corpus also has this form. */
export interface TrainingSet {
  readonly training: BatchSource;
  readonly validation?: BatchSource | undefined;
  /** If present, it is saved with the model. */
  readonly vocabulary?: Vocabulary | undefined;
}

/** A batch source as the training loop reads it. */
export interface BatchReader {
  /** Facts about the data, which must be the same in a resumed run. Asking for them reads data in memory once, for a checksum. */
  readonly description: JsonObject;
  /** Batches in an epoch; undefined when they can only be counted by reading. */
  readonly batchesPerEpoch: number | undefined;
  /** Number of sequences whose state is carried from batch to batch; undefined when every batch starts from zero. */
  readonly carriedSequences: number | undefined;
  /** The batches of one epoch (from 0), without the first `skip`. The same epoch gives the same batches again. */
  batches(epoch: number, skip: number): Iterable<Batch> | AsyncIterable<Batch>;
}

/** What batches a model can be trained on. */
export type TrainedModel = Pick<TrainableModel, 'seed' | 'shortestAlone' | 'requireTrainable'>;

/**
 * Reads a source in the order of training.
 *
 * @param model its seed determines the order of an array or of sequences, together with the epoch
 * @throws {OptionError} `invalid_option` when it is not a source of batches
 * @throws {DataError} `empty_data` for an array without batches; `too_few_rows` for one with a batch that cannot be trained on
 */
export function readForTraining(source: BatchSource, model: TrainedModel): BatchReader {
  const { seed } = model;
  if (source instanceof TokenStreams) return readStreams(source);
  if (source instanceof SequenceBatches) return readSequences(source, model);
  if (!Array.isArray(source)) return readIterable('training', source as Iterable<Batch>);
  const batches = requireBatches('training', source);
  for (const batch of batches) model.requireTrainable?.(batch);
  return {
    get description() {
      return { kind: 'shuffled', batches: batches.length, checksum: checksumOfBatches(batches) };
    },
    batchesPerEpoch: batches.length,
    carriedSequences: undefined,
    batches: (epoch, skip) => new Random(seed, `shuffle/${epoch}`).shuffle([...batches]).slice(skip),
  };
}

/**
 * Reads a source in its own order.
 *
 * @throws {OptionError} `invalid_option` when it is not a source of batches
 * @throws {DataError} `empty_data` for an array without batches
 */
export function readForValidation(source: BatchSource): BatchReader {
  if (source instanceof TokenStreams) return readStreams(source);
  if (source instanceof SequenceBatches) return readSequences(source);
  if (!Array.isArray(source)) return readIterable('validation', source as Iterable<Batch>);
  const batches = requireBatches('validation', source);
  return {
    get description() {
      return { kind: 'batches', batches: batches.length, checksum: checksumOfBatches(batches) };
    },
    batchesPerEpoch: batches.length,
    carriedSequences: undefined,
    batches: (_epoch, skip) => batches.slice(skip),
  };
}

function readStreams(streams: TokenStreams): BatchReader {
  const { batch, steps, windows, predictions } = streams;
  return {
    get description() {
      return { kind: 'streams', batch, steps, windows, predictions, checksum: checksumOfBatches(streams) };
    },
    batchesPerEpoch: streams.windows,
    carriedSequences: streams.batch,
    *batches(_epoch, skip) {
      for (let window = skip; window < streams.windows; window += 1) yield streams.batchAt(window);
    },
  };
}

/** Checksum of all arrays of 32-bit numbers in batches: their sizes, inputs, targets and weights. */
function checksumOfBatches(batches: Iterable<Batch>): number {
  let checksum: number | undefined;
  const add = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) return;
    if (!ArrayBuffer.isView(part)) for (const each of Object.values(part)) add(each);
    else if (part.byteOffset % Int32Array.BYTES_PER_ELEMENT === 0) {
      const words = Math.floor(part.byteLength / Int32Array.BYTES_PER_ELEMENT);
      checksum = checksumOf(new Int32Array(part.buffer, part.byteOffset, words), checksum);
    }
  };
  for (const batch of batches) add(batch);
  return checksum ?? 0;
}

/** @param model its seed determines the orders of training; without it the order is fixed */
function readSequences(source: SequenceBatches<unknown>, model?: TrainedModel): BatchReader {
  const order = model === undefined ? 'fixed' : 'training';
  return {
    get description() {
      const contents = source.contents();
      return { ...source.describe(order), ...(contents !== undefined && { contents }) };
    },
    batchesPerEpoch: source.batchesPerEpoch(order, model?.shortestAlone),
    carriedSequences: undefined,
    batches: (epoch, skip) => source.batches(model && { seed: model.seed, epoch }, skip, model?.shortestAlone),
  };
}

function readIterable(name: string, source: Iterable<Batch> | AsyncIterable<Batch>): BatchReader {
  const isIterable =
    typeof source === 'object' && source !== null && (Symbol.iterator in source || Symbol.asyncIterator in source);
  if (!isIterable) {
    throw new OptionError(
      'invalid_option',
      `${name} data must be batches that can be iterated, or plain sequences { inputs, targets }, got ${describeValue(source)}`,
      {
        name,
      },
    );
  }
  return {
    description: { kind: 'iterable' },
    batchesPerEpoch: undefined,
    carriedSequences: undefined,
    async *batches(_epoch, skip) {
      let index = 0;
      for await (const batch of source) {
        if (index >= skip) yield batch;
        index += 1;
      }
    },
  };
}

/** The error for an epoch without batches. @param skipped batches that had been trained on before */
export function noBatches(epoch: number, skipped: number): DataError {
  const where = skipped === 0 ? '' : ` after the first ${skipped}`;
  const message = `epoch ${epoch + 1} has no batches${where}: the training data must begin anew each time it is read`;
  return new DataError('empty_data', message, { epoch: epoch + 1, batch: skipped });
}

function requireBatches(name: string, batches: readonly Batch[]): readonly Batch[] {
  const [first] = batches;
  if (first === undefined) throw new DataError('empty_data', `there are no ${name} batches`, { name });
  if (typeof first === 'object' && first !== null && !Array.isArray(first) && !ArrayBuffer.isView(first))
    return batches;
  const message = `${name} data must be batches, or plain sequences { inputs, targets }; the first batch is ${describeValue(first)}`;
  throw new OptionError('invalid_option', message, { name });
}
