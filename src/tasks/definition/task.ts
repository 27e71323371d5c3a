/** What a task is: a reader of data, a network, a loss and a metric. All other code is shared by all tasks. */

import type { Batch } from '../../batch/batch.js';
import type { SequenceExample } from '../../batch/sequence-packing.js';
import type { JsonObject, JsonValue } from '../../core/json.js';
import type { SequenceBatchesOptions } from '../../data/sequence-batches.js';
import type { Model } from '../../model/model.js';
import type { Network } from '../../model/network.js';
import type { AnyLossMaker } from '../../network/losses/define-loss.js';
import type { LossDescription } from '../../network/losses/losses.js';
import type { AnyOptimizerMaker } from '../../network/optimizers/define-optimizer.js';
import type { AnyScheduleMaker } from '../../network/schedules/definition.js';
import type { BatchPosition } from '../../training/trainer-options.js';
import type { RunTable, SequenceTable } from './common-options.js';
import type { LossMetrics, OutputPrediction } from './default-results.js';
import type { NaiveRules } from './naive-rule.js';
import type { AnyPart, Part } from './parts.js';
import type { Settings } from './settings.js';
import type { Structure } from './structure.js';
import type { Checked } from './task-options.js';

/** How examples become batches, besides the batch size: options of `SequenceBatches`. */
export type Packing<E = SequenceExample> = Omit<SequenceBatchesOptions<E>, 'batch' | 'tokens'>;

/** The data of a task. */
export interface TaskData<S extends JsonObject, E = SequenceExample, P extends AnyPart<unknown> = Part<E>> {
  readonly training: P;
  /** Used to choose the best model. */
  readonly validation?: P | undefined;
  /** Used to evaluate it at the end. */
  readonly test?: P | undefined;
  /** Data that is needed to use the model: vocabulary, names of classes, scaling. Plain JSON, saved with the model. */
  readonly saved: S;
  /** Identifies the data. It must be the same in a resumed run. */
  readonly fingerprint: JsonObject;
  /** What people should know of the data: a line each, shown before training. */
  readonly notes?: readonly string[] | undefined;
  /** Options that nobody gave and that reading has already decided; `settle` returns them among its own. */
  readonly settings?: Settings | undefined;
}

/**
 * The inputs of predictions: a file, or values as in JSON (on the command line, the text of each).
 *
 * @typeParam V a value
 */
export type PredictionSource<V extends JsonValue = JsonValue> =
  | { readonly file: string }
  | { readonly values: readonly V[] };

/** An example of a file. */
export interface AtLine {
  /** Number of its (first) line, from 1. */
  readonly line?: number | undefined;
}

/** Takes what people should know of a file that is read: a line for each note. */
export type TakeNote = (note: string) => void;

/**
 * A sequence that is read piece by piece, with the state of the network carried. Call `close()` at the end.
 *
 * @typeParam R a result
 */
export interface TaskStream<R extends JsonObject = JsonObject> {
  /**
   * The form of the pieces on the command line: a line of text or JSON each, or samples of sound, 16 bits
   * little-endian, mono.
   */
  readonly pieces: 'lines' | 'sound';
  /**
   * Reads the next piece (a symbol, a row of numbers; samples within [-1, 1]) and returns the results that are now
   * known.
   *
   * @throws {DataError | ShapeError} for a piece that is not valid; the stream does not change
   */
  push(piece: JsonValue | Float32Array): Promise<readonly R[]>;
  /** Returns the results that are known at the end of the sequence. */
  end(): Promise<readonly R[]>;
  close(): void;
}

/** Objects that come with a model for evaluation or use. */
export interface TaskContext<T extends RunTable = RunTable, S extends JsonObject = JsonObject> {
  readonly options: Checked<T>;
  readonly saved: S;
  /** What `finish` returned. */
  readonly finished?: JsonObject | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The result of `read` of a task: like `TaskData`, with defaults for most fields. */
export interface ReadData<S extends JsonObject, E = SequenceExample, P extends AnyPart<unknown> = Part<E>> {
  readonly training: P;
  /** Used to choose the best model. */
  readonly validation?: P | undefined;
  /** Used to evaluate it at the end. */
  readonly test?: P | undefined;
  /** Data that is needed to use the model, plain JSON; default `{}`. */
  readonly saved?: S;
  /**
   * Identifies the data; default: a digest of all examples, or the number and lengths of examples that are read later.
   */
  readonly fingerprint?: JsonObject;
  /** What people should know of the data: a line each, shown before training. */
  readonly notes?: readonly string[] | undefined;
  /** Options that nobody gave and that reading has already decided; `settle` returns them among its own. */
  readonly settings?: Settings | undefined;
}

/** The required and the optional fields of a task. */
export interface TaskCore<
  T extends RunTable,
  S extends JsonObject,
  E,
  P extends AnyPart<unknown>,
  M extends JsonObject,
  Q extends JsonObject = JsonObject,
  N extends string = string,
> {
  /** Its name on the command line and in its runs: letters, digits and dashes, not that of a built-in task. */
  readonly name: N;
  /** One line for the help. */
  readonly summary: string;
  /** The unit in which the parts are counted, for people; default `examples`. */
  readonly countedIn?: string;
  /** Names of the options that do not influence training: a trained model may be used with other values. */
  readonly usage?: readonly string[];
  /** The user's own losses in `loss`, made by `defineLoss`. They are needed to load the model of a run. */
  readonly losses?: readonly AnyLossMaker[];
  /** The user's own optimizers, made by `defineOptimizer`, which the option `optimizer` may then name. */
  readonly optimizers?: readonly AnyOptimizerMaker[];
  /** The user's own schedules, made by `defineSchedule`, which the option `schedule` may then name: `inverse:decay=0.1`. */
  readonly schedules?: readonly AnyScheduleMaker[];
  /**
   * How the examples become batches; streams are batches already. Default: the form of the network, see `packingOf`.
   */
  packing?(options: Checked<T>, saved: S): Packing<E>;
  /** The network, also with layers of the user's own. It is called again when the model of a run is loaded. */
  network(options: Checked<T>, saved: S): Network;
  /** Changes a batch right before training, depending on its position alone; missing when batches are not changed. */
  prepare?(batch: Batch, model: Model, options: Checked<T>, position: BatchPosition): Batch | Promise<Batch>;
  /** Cheaper metrics that suffice to choose the best model, when the full metrics take long; default `evaluate`. */
  evaluateQuickly?(model: Model, part: P, context: TaskContext<T, S>): Promise<JsonObject>;
  /** The number that chooses the best model: lower is better. Default: the validation loss. */
  score?(metrics: M, options: Checked<T>): number;
  /** The lowest score that there is, which no epoch can better: from then on the patience of a run is counted, whatever the loss is. Default: none. */
  readonly perfectScore?: number;
  /**
   * Values of options that nobody gave, by the data: of those made with `settledOptions`. It is called once, when a run begins;
   * the run keeps the values.
   */
  settle?(options: Checked<T>, data: TaskData<S, E, P>): Settings<keyof T & string>;
  /**
   * Structures that the option `auto` compares with that of the options, by the data: other sizes and kinds of layers. Without this function
   * the option is refused.
   */
  structures?(options: Checked<T>, data: TaskData<S, E, P>): readonly Structure<keyof T & string>[];
  /** Sets values of a new model that the data decide, such as the biases of the output, before training. */
  initialize?(model: Model, data: TaskData<S, E, P>, options: Checked<T>): void;
  /**
   * The name of the naive rule that a new model is, before its first step. The runner then validates it as it is, and keeps it when no
   * step of the training is better: the rule answers, which is said. Undefined when a new model is no rule.
   */
  startsAs?(options: Checked<T>, saved: S): string | undefined;
  /**
   * Computes plain JSON from the trained model before it is judged. The run keeps it; `evaluate`, `predict` and `stream` get it as `finished` of
   * their context.
   */
  finish?(model: Model, data: TaskData<S, E, P>, context: TaskContext<T, S>): Promise<JsonObject | undefined>;
  /**
   * Checks what `finish` returned when it is read from the file of a run, which may be damaged.
   *
   * @throws {CheckpointError} `checkpoint_corrupt`; the runner adds the path
   */
  checkFinished?(finished: JsonObject, saved: S): void;
  /** Naive rules that the result is compared with. `data` are those of the training. */
  naiveRules?(data: TaskData<S, E, P>, context: TaskContext<T, S>): NaiveRules<P>;
  /**
   * Starts to read a sequence piece by piece; missing when a task needs whole sequences.
   *
   * @throws {UsageError} `not_streamable` for a network that reads later steps
   */
  stream?(model: Model, context: TaskContext<T, S>): TaskStream<Q>;
}

/**
 * A task, the result of `defineTask`: everything that the runner and the command line need. Its own functions check its
 * data and its JSON, and throw the errors of the library before anything is written.
 */
export interface Task<
  T extends RunTable = RunTable,
  S extends JsonObject = JsonObject,
  E = SequenceExample,
  P extends AnyPart<unknown> = Part<E>,
  M extends JsonObject = JsonObject,
  R extends JsonObject = JsonObject,
  V extends JsonValue = JsonValue,
  Q extends JsonObject = JsonObject,
  N extends string = string,
> extends TaskCore<T, S, E, P, M, Q, N> {
  readonly options: T;
  read(options: Checked<T>): Promise<TaskData<S, E, P>>;
  readExamples(file: string, options: Checked<T>, saved: S, note: TakeNote): Promise<P>;
  loss(options: Checked<T>, saved: S): LossDescription;
  evaluate(model: Model, part: P, context: TaskContext<T, S>): Promise<M>;
  describe(metrics: M, saved: S): string;
  readInputs(
    source: PredictionSource<V>,
    options: Checked<T>,
    saved: S,
    note: TakeNote,
  ): Promise<readonly (E & AtLine)[]>;
  predict(model: Model, inputs: readonly E[], context: TaskContext<T, S>): AsyncIterable<R>;
}

/**
 * The argument of `defineTask`.
 *
 * @typeParam T table of options
 * @typeParam S data that is saved with a model
 * @typeParam E an example
 * @typeParam P a part of the data
 * @typeParam M metrics
 * @typeParam R a prediction
 * @typeParam V a value to predict for
 * @typeParam Q a result of a stream
 * @typeParam N the name
 */
export interface TaskDefinition<
  T extends RunTable = SequenceTable,
  S extends JsonObject = JsonObject,
  E = SequenceExample,
  P extends AnyPart<unknown> = Part<E>,
  M extends JsonObject = LossMetrics,
  R extends JsonObject = OutputPrediction,
  V extends JsonValue = JsonValue,
  Q extends JsonObject = OutputPrediction,
  N extends string = string,
> extends TaskCore<T, S, E, P, M, Q, N> {
  /**
   * Options by name: `commonOptions()` with the defaults of this task, followed by its own options. Default
   * `commonOptions()`.
   */
  readonly options?: T;
  /**
   * Reads the data, splits it, and computes from the training part the data that must be saved.
   *
   * @param saved the data that was saved with a trained model; only when another file is read for it and the task has
   * no `readExamples`
   */
  read(options: Checked<T>, saved?: S): ReadData<S, E, P> | Promise<ReadData<S, E, P>>;
  /**
   * Other examples with their targets, read in the same way as the training part: for an evaluation on another file.
   * Default: the training part of `read`, called with the file as `data`, with nothing held out and with `saved`. The
   * result must have the same saved data.
   *
   * @param note takes what people should know of the file
   */
  readExamples?(file: string, options: Checked<T>, saved: S, note: TakeNote): P | Promise<P>;
  /** The loss, or the loss that the options and the saved data choose. */
  readonly loss: LossDescription | ((options: Checked<T>, saved: S) => LossDescription);
  /** Metrics by name. Default: the loss of the part, `LossMetrics`. */
  evaluate?(model: Model, part: P, context: TaskContext<T, S>): M | Promise<M>;
  /** The metrics as lines for people. Default: their names and numbers in a line. */
  describe?(metrics: M, saved: S): string;
  /**
   * Examples without targets. Default, for a network of one input: ids or rows of numbers, from JSON lines `{"input":
   * ...}` or values. There is no default when `read` returns examples of another form. An example of a file may have its
   * `line`, which stands beside its prediction.
   *
   * @param note takes what people should know of the file
   */
  readInputs?(
    source: PredictionSource<V>,
    options: Checked<T>,
    saved: S,
    note: TakeNote,
  ): readonly (E & AtLine)[] | Promise<readonly (E & AtLine)[]>;
  /**
   * One prediction for each input, in their order. Default: the outputs, `{"output": row}`, or `{"outputs": rows}` with
   * one row for each step.
   */
  predict?(model: Model, inputs: readonly E[], context: TaskContext<T, S>): AsyncIterable<R>;
}

/** A task of unknown types: the functions for all tasks take it. */
export interface AnyTask extends Omit<Task<RunTable, JsonObject, unknown, AnyPart<unknown>>, 'packing'> {
  packing?(options: Checked<RunTable>, saved: JsonObject): Packing<never>;
}

/** The data of any task. */
export type AnyTaskData = TaskData<JsonObject, unknown, AnyPart<unknown>>;
