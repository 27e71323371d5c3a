/** What a task is: a reader of data, a network, a loss and a metric. Everything else is written once for all tasks. */

import type { Batch } from '../../batch/batch.js';
import type { SequenceExample } from '../../batch/sequence-packing.js';
import type { JsonObject, JsonValue } from '../../core/json.js';
import type { Examples } from '../../data/examples.js';
import type { SequenceBatchesOptions } from '../../data/sequence-batches.js';
import { TokenStreams } from '../../data/streams.js';
import type { Model } from '../../model/model.js';
import type { Network } from '../../model/network.js';
import type { AnyLayerMaker } from '../../network/layers/define-layer.js';
import type { AnyLossMaker } from '../../network/losses/define-loss.js';
import type { LossDescription } from '../../network/losses/losses.js';
import type { BatchPosition } from '../../training/trainer-options.js';
import type { RunTable, SequenceTable } from './common-options.js';
import type { Checked } from './task-options.js';

/** Examples in memory, or made when a batch of them is. */
export type Part<E = SequenceExample> = readonly E[] | Examples<E>;

/** Whatever a model is trained on or judged by: examples, or a text as streams of tokens whose state is carried on. */
export type AnyPart<E = never> = Part<E> | TokenStreams;

/** How examples become batches, beside the size of those: what `SequenceBatches` takes. */
export type Packing<E = SequenceExample> = Omit<SequenceBatchesOptions<E>, 'batch' | 'tokens'>;

/** What a task has read. */
export interface TaskData<S extends JsonObject, E = SequenceExample, P extends AnyPart<unknown> = Part<E>> {
  readonly training: P;
  /** Chooses the best model. */
  readonly validation?: P | undefined;
  /** Judges it in the end. */
  readonly test?: P | undefined;
  /** What is needed to use the model: vocabulary, names of classes, scaling. Plain JSON, saved with it. */
  readonly saved: S;
  /** What identifies the data: a resumed run must find the same. */
  readonly fingerprint: JsonObject;
}

/** Of what a prediction is asked for: a file, or values as JSON has them (on the command line, the text of each). */
export type PredictionSource = { readonly file: string } | { readonly values: readonly JsonValue[] };

/**
 * A sequence that is read as it comes, piece by piece, with the state of the network carried on. Call `close()` in the end.
 */
export interface TaskStream {
  /** What the pieces are on the command line: a line of text or JSON each, or samples of sound, 16 bits little-endian, mono. */
  readonly pieces: 'lines' | 'sound';
  /**
   * Takes the next piece (a symbol, a row of numbers; samples within [-1, 1]) and gives what has become known with it.
   *
   * @throws {DataError | ShapeError} for a piece that is none; the stream stays where it was
   */
  push(piece: JsonValue | Float32Array): Promise<readonly JsonObject[]>;
  /** What is known when nothing follows. */
  end(): Promise<readonly JsonObject[]>;
  close(): void;
}

/** What comes with a model that is evaluated or used. */
export interface TaskContext<T extends RunTable = RunTable, S extends JsonObject = JsonObject> {
  readonly options: Checked<T>;
  readonly saved: S;
  readonly signal?: AbortSignal | undefined;
}

/** What `read` of a task gives: as `TaskData`, with defaults for what most tasks need not say. */
export interface ReadData<S extends JsonObject, E = SequenceExample, P extends AnyPart<unknown> = Part<E>> {
  readonly training: P;
  /** Chooses the best model. */
  readonly validation?: P | undefined;
  /** Judges it in the end. */
  readonly test?: P | undefined;
  /** What is needed to use the model, plain JSON; default `{}`. */
  readonly saved?: S;
  /** What identifies the data; default a digest of all examples, or the number and lengths of those that are read later. */
  readonly fingerprint?: JsonObject;
}

/** Metrics that a task has which does not say how it is evaluated. */
export type LossMetrics = {
  /** Mean loss of the part. */
  readonly loss: number;
  /** e to the loss, for the cross-entropy of classes. */
  readonly perplexity?: number;
  /** The loss in bits, for the cross-entropy of classes. */
  readonly bitsPerToken?: number;
  /** Predictions that were counted. */
  readonly tokens: number;
};

/** What a task cannot do without, and what it may leave as it is. */
export interface TaskCore<
  T extends RunTable,
  S extends JsonObject,
  E,
  P extends AnyPart<unknown>,
  M extends JsonObject,
> {
  /** Its name on the command line and in its runs: letters, digits and dashes, not that of a built-in task. */
  readonly name: string;
  /** One line for the help. */
  readonly summary: string;
  /** What the parts are counted in, for people; default `examples`. */
  readonly countedIn?: string;
  /** Names of the options that nothing depends on which is learnt: a trained model may be used with other values. */
  readonly usage?: readonly string[];
  /** Layers of one's own that `network` has, as `defineLayer` gives them: the model of a run is read with them. */
  readonly layers?: readonly AnyLayerMaker[];
  /** Losses of one's own that `loss` may give, as `defineLoss` gives them: the model of a run is read with them. */
  readonly losses?: readonly AnyLossMaker[];
  /** How the examples become batches; streams are batches already. Default: as the network reads them, see `packingOf`. */
  packing?(options: Checked<T>, saved: S): Packing<E>;
  network(options: Checked<T>, saved: S): Network;
  /** Makes of a batch the one that is trained on, by its position alone; missing where batches stay as they are. */
  prepare?(batch: Batch, model: Model, options: Checked<T>, position: BatchPosition): Batch | Promise<Batch>;
  /** Metrics that are enough to choose the best model by, where all of them take long; default `evaluate`. */
  evaluateQuickly?(model: Model, part: P, context: TaskContext<T, S>): Promise<JsonObject>;
  /** The number that the best model is chosen by: lower is better. Default the validation loss. */
  score?(metrics: M): number;
  /**
   * Begins to read a sequence as it comes; missing where a task needs whole sequences.
   *
   * @throws {UsageError} `not_streamable` for a network that reads ahead
   */
  stream?(model: Model, context: TaskContext<T, S>): TaskStream;
}

/**
 * A task, as `defineTask` gives it: all that the runner and the command line need. Its data and its JSON are checked by its own
 * functions, which throw the errors of the library before anything is written.
 */
export interface Task<
  T extends RunTable = RunTable,
  S extends JsonObject = JsonObject,
  E = SequenceExample,
  P extends AnyPart<unknown> = Part<E>,
  M extends JsonObject = JsonObject,
> extends TaskCore<T, S, E, P, M> {
  readonly options: T;
  read(options: Checked<T>): Promise<TaskData<S, E, P>>;
  readExamples(file: string, options: Checked<T>, saved: S): Promise<P>;
  loss(options: Checked<T>): LossDescription;
  evaluate(model: Model, part: P, context: TaskContext<T, S>): Promise<M>;
  describe(metrics: M, saved: S): string;
  readInputs(source: PredictionSource, options: Checked<T>, saved: S): Promise<readonly E[]>;
  predict(model: Model, inputs: readonly E[], context: TaskContext<T, S>): AsyncIterable<JsonObject>;
}

/**
 * What `defineTask` takes.
 *
 * @typeParam T table of options
 * @typeParam S what is saved with a model
 * @typeParam E an example
 * @typeParam P a part of the data
 * @typeParam M metrics
 */
export interface TaskDefinition<
  T extends RunTable = SequenceTable,
  S extends JsonObject = JsonObject,
  E = SequenceExample,
  P extends AnyPart<unknown> = Part<E>,
  M extends JsonObject = LossMetrics,
> extends TaskCore<T, S, E, P, M> {
  /** Options by name: `commonOptions()` with the defaults of this task, and its own ones behind. Default `commonOptions()`. */
  readonly options?: T;
  /**
   * Reads the data, splits it, and learns from the training part what must be saved.
   *
   * @param saved only when another file is read for a trained model and the task has no `readExamples`: what was saved with it
   */
  read(options: Checked<T>, saved?: S): ReadData<S, E, P> | Promise<ReadData<S, E, P>>;
  /**
   * Other examples with their targets, read as the training part was: for an evaluation on another file. Default: the training
   * part of `read`, called with the file as `data`, nothing held back and `saved`, which must come out the same.
   */
  readExamples?(file: string, options: Checked<T>, saved: S): P | Promise<P>;
  /** What is minimised: a loss, or the one that the options choose. */
  readonly loss: LossDescription | ((options: Checked<T>) => LossDescription);
  /** Metrics by name. Default the loss of the part, `LossMetrics`. */
  evaluate?(model: Model, part: P, context: TaskContext<T, S>): M | Promise<M>;
  /** The metrics as lines for people. Default their names and numbers in a line. */
  describe?(metrics: M, saved: S): string;
  /**
   * Examples without targets. Default, for a network of one input: ids or rows of numbers, from JSON lines `{"input": ...}` or values;
   * not where `read` gives examples of another form.
   */
  readInputs?(source: PredictionSource, options: Checked<T>, saved: S): readonly E[] | Promise<readonly E[]>;
  /** One prediction for each input, in their order. Default the outputs: `{"output": row}`, or `{"outputs": rows}` with one for each step. */
  predict?(model: Model, inputs: readonly E[], context: TaskContext<T, S>): AsyncIterable<JsonObject>;
}

/** A task of which nothing more is known: what runs any of them takes. */
export interface AnyTask extends Omit<Task<RunTable, JsonObject, unknown, AnyPart<unknown>>, 'packing'> {
  packing?(options: Checked<RunTable>, saved: JsonObject): Packing<never>;
}

/** What any task has read. */
export type AnyTaskData = TaskData<JsonObject, unknown, AnyPart<unknown>>;

/** The examples of a part, some at a time, in their order. */
export async function* examplesOf<E>(part: Part<E>, atOnce: number): AsyncGenerator<readonly E[], void, void> {
  const count = 'read' in part ? part.count : part.length;
  for (let begin = 0; begin < count; begin += atOnce) {
    const end = Math.min(count, begin + atOnce);
    if ('read' in part) yield await part.read(Int32Array.from({ length: end - begin }, (_, at) => begin + at));
    else yield part.slice(begin, end);
  }
}

/** Number of examples of a part, or of the symbols to predict. */
export function sizeOf(part: AnyPart<unknown> | undefined): number {
  if (part === undefined) return 0;
  if (part instanceof TokenStreams) return part.predictions;
  return 'read' in part ? part.count : part.length;
}
