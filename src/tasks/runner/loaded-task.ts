/** A trained task in memory: it is loaded once, and predicts, streams and evaluates any number of times. */
import { basename, resolve } from 'node:path';
import { requireList, requireSignal, requireText } from '../../core/arguments.js';
import { OptionError, UsageError } from '../../core/errors.js';
import type { JsonObject, JsonValue } from '../../core/json.js';
import { rejectUnknownKeys } from '../../core/options.js';
import type { Model } from '../../model/model.js';
import { runFolder } from '../../saved/find-checkpoint.js';
import type { RunTable } from '../definition/common-options.js';
import type { AnyTask, AtLine, PredictionSource, TaskStream } from '../definition/task.js';
import type { Checked } from '../definition/task-options.js';
import type { ReachedMeasures } from './saved-task.js';
import { evaluateSaved, type LoadedParts, type TaskEvaluation } from './task-evaluation.js';

/** What a call of a loaded task takes. */
export interface TaskCallOptions {
  /** Stops the call, which rejects with the signal's reason; default: the signal of `loadTask`. */
  readonly signal?: AbortSignal | undefined;
}

/** A prediction and the place of its input in the file. */
export interface PlacedPrediction<R extends JsonObject = JsonObject> {
  /** Number of the input among those of the file, from 0. */
  readonly index: number;
  /** Its (first) line, from 1; missing for files without lines. */
  readonly line?: number;
  readonly prediction: R;
}

/**
 * A trained task in memory, the result of `loadTask`. Its calls and its streams share one model, and any number of them
 * may be under way at once: the results are those of one call after the other. Call `dispose()` at the end.
 *
 * @typeParam T table of options
 * @typeParam S data that was saved with the model
 * @typeParam M metrics
 * @typeParam R a prediction
 * @typeParam V a value to predict for
 * @typeParam Q a result of a stream
 * @typeParam N the name of the task
 */
export class LoadedTask<
  T extends RunTable = RunTable,
  S extends JsonObject = JsonObject,
  M extends JsonObject = JsonObject,
  R extends JsonObject = JsonObject,
  V extends JsonValue = JsonValue,
  Q extends JsonObject = JsonObject,
  N extends string = string,
> {
  /** The name of the task. */
  readonly task: N;
  /** The name of the run: of its folder. */
  readonly name: string;
  /** The checkpoint that was read. */
  readonly checkpoint: string;
  readonly model: Model;
  /** The options of the training, and those that `loadTask` was given in their place. */
  readonly options: Checked<T>;
  /** The data that was saved with the model. */
  readonly saved: S;
  /** The description of the data that it was trained with. */
  readonly fingerprint: JsonObject;
  /** What the run had reached when the checkpoint was written; undefined when there was no validation. */
  readonly metrics: ReachedMeasures | undefined;
  /** The naive rule that answers, because no step of the training was ahead of it on the validation part; undefined for the network. */
  readonly answeredBy: string | undefined;
  readonly #task: AnyTask;
  readonly #loaded: LoadedParts;
  #isDisposed = false;

  /** Use `loadTask`. @param run as it was given there */
  constructor(task: AnyTask, run: string, loaded: LoadedParts) {
    this.#task = task;
    this.#loaded = loaded;
    this.task = task.name as N;
    this.name = basename(resolve(runFolder(run)));
    this.checkpoint = loaded.checkpoint;
    this.model = loaded.model;
    this.options = loaded.options as Checked<T>;
    this.saved = loaded.saved as S;
    this.fingerprint = loaded.fingerprint;
    this.metrics = loaded.metrics;
    this.answeredBy = loaded.answeredBy;
  }

  /**
   * The predictions of values, in their order. A value that is not valid refuses the whole call before anything is
   * computed.
   *
   * @throws {DataError | OptionError | VocabularyError | ShapeError} naming the value, by its place in the list, and what is wrong
   * @throws {UsageError} `model_disposed`
   * @throws the signal's reason when it is aborted
   * @example const [{ label }] = await names.predict(['Satoshi']);
   */
  async predict(values: readonly V[], options: TaskCallOptions = {}): Promise<R[]> {
    const found: R[] = [];
    for await (const prediction of this.predictions({ values }, options)) found.push(prediction);
    return found;
  }

  /**
   * The predictions of values or of a file, one after the other: only some of them are in memory. All inputs are read and
   * checked first.
   *
   * @throws as `predict`, of a file naming the line; {DataError} `file_unreadable`, `empty_data` and others of reading it
   * @example for await (const { label } of names.predictions({ file: 'new-names.txt' })) console.log(label);
   */
  async *predictions(source: PredictionSource<V>, options: TaskCallOptions = {}): AsyncGenerator<R, void, void> {
    this.#requireOpen();
    const { predictions } = await this.#predicted(requireSource(source), options);
    yield* predictions;
  }

  /**
   * As `predictions` of a file, each with its place. Empty lines of a text are no inputs: the number of a prediction need not be
   * that of its line.
   *
   * @example
   * for await (const { line, prediction } of names.predictFile('new-names.txt')) console.log(line, prediction.label);
   */
  async *predictFile(file: string, options: TaskCallOptions = {}): AsyncGenerator<PlacedPrediction<R>, void, void> {
    this.#requireOpen();
    const { inputs, predictions } = await this.#predicted({ file: requireText('the file', file) }, options);
    let index = 0;
    for await (const prediction of predictions) {
      const { line } = inputs[index] as AtLine;
      yield { index, ...(line !== undefined && { line }), prediction };
      index += 1;
    }
  }

  /**
   * A stream of one sequence, which is read piece by piece, with a state of its own. Streams share the model: any number
   * may be open. Call `close()` at the end of each.
   *
   * @throws {UsageError} `not_streamable` for a task that needs whole sequences, and for a network that reads later
   *   steps; `model_disposed`
   */
  stream(): TaskStream<Q> {
    this.#requireOpen();
    const { stream: open, name } = this.#task;
    if (open === undefined) {
      const message = `the task '${name}' needs whole sequences and has no stream: use predict`;
      throw new UsageError('not_streamable', message, { task: name });
    }
    return closable(open.call(this.#task, this.model, this.#loaded)) as TaskStream<Q>;
  }

  /**
   * Metrics on other data with targets, or on the test part of the training.
   *
   * @param data a file; default: the test part, else the validation part, else the training part
   * @throws errors of reading the data
   * @throws {CheckpointError} `checkpoint_mismatch` when the data of the training has changed since
   * @throws {UsageError} `model_disposed`
   */
  async evaluate(data?: string, options: TaskCallOptions = {}): Promise<TaskEvaluation<M>> {
    this.#requireOpen();
    if (data !== undefined) requireText('the file', data);
    return (await evaluateSaved(this.#task, this.#contextOf(options), data)) as TaskEvaluation<M>;
  }

  /** Frees the memory of the model when the call at work has ended; those that wait, and later ones, are refused. */
  dispose(): void {
    this.model.dispose();
    this.#isDisposed = true;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async #predicted(source: PredictionSource, options: TaskCallOptions) {
    const context = this.#contextOf(options);
    const inputs = await this.#task.readInputs(source, context.options, context.saved, context.note);
    context.signal?.throwIfAborted();
    return { inputs, predictions: this.#task.predict(this.model, inputs, context) as AsyncIterable<R> };
  }

  #contextOf(options: TaskCallOptions): LoadedParts {
    rejectUnknownKeys('a call of a task', options, ['signal']);
    const { signal } = options;
    requireSignal(signal);
    return signal === undefined ? this.#loaded : { ...this.#loaded, signal };
  }

  #requireOpen(): void {
    if (!this.#isDisposed) return;
    throw new UsageError('model_disposed', `the task '${this.task}' of '${this.checkpoint}' has been disposed of`);
  }
}

/** @throws {OptionError} `invalid_option` unless there is either a file or a list of values */
function requireSource(source: PredictionSource): PredictionSource {
  rejectUnknownKeys('the inputs', source, ['file', 'values']);
  const { file, values } = source as { readonly file?: string; readonly values?: readonly JsonValue[] };
  if (file !== undefined && values !== undefined) {
    throw new OptionError('invalid_option', "options 'file' and 'values' exclude each other", { name: 'values' });
  }
  return file === undefined
    ? { values: requireList("the inputs, as option 'values',", values as readonly JsonValue[]) }
    : { file: requireText("option 'file'", file) };
}

/** A stream that refuses pieces after its end, and may be closed more than once. */
function closable(stream: TaskStream): TaskStream {
  let isClosed = false;
  const requireOpen = () => {
    if (isClosed) throw new UsageError('stream_closed', 'the stream has been closed');
  };
  return {
    pieces: stream.pieces,
    async push(piece) {
      requireOpen();
      return stream.push(piece);
    },
    async end() {
      requireOpen();
      return stream.end();
    },
    close() {
      if (!isClosed) stream.close();
      isClosed = true;
    },
  };
}
