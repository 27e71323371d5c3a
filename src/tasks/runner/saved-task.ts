/** Evaluates and uses the trained model of any task. */
import { CheckpointError, UsageError } from '../../core/errors.js';
import { canonicalJson, type JsonObject } from '../../core/json.js';
import { rejectUnknownKeys } from '../../core/options.js';
import type { Model } from '../../model/model.js';
import { savedConfiguration } from '../../saved/find-checkpoint.js';
import { loadModel } from '../../saved/load-model.js';
import { batchesOf } from '../building-blocks/task-batches.js';
import type { RunTable } from '../definition/common-options.js';
import {
  type AnyPart,
  type AnyTask,
  type PredictionSource,
  sizeOf,
  type TaskContext,
  type TaskStream,
} from '../definition/task.js';
import { checkTaskOptions } from '../definition/task-options.js';
import { readSavedTask } from './task-configuration.js';

/** A trained model of a task. Call `model.dispose()` at the end. */
export interface SavedTaskModel<T extends RunTable = RunTable, S extends JsonObject = JsonObject>
  extends TaskContext<T, S> {
  readonly model: Model;
  /** The description of the data that it was trained with. */
  readonly fingerprint: JsonObject;
  /** The checkpoint that it was read from. */
  readonly checkpoint: string;
}

/** How a model is loaded. */
export interface LoadTaskOptions {
  /** Threads, integer >= 1; default all usable processors. */
  readonly threads?: number | undefined;
  /** Other values of options that do not influence training, such as the number of beams of a search. */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Loads a trained model: the best checkpoint of a run directory, the newest one if no checkpoint was saved as the best,
 * or a checkpoint file. Nothing is written.
 *
 * @throws {CheckpointError} `checkpoint_missing`, `checkpoint_mismatch`; others when it cannot be read
 * @throws {ConfigurationError} `invalid_configuration`, `configuration_mismatch`
 * @throws {OptionError} `unknown_option`, `invalid_option` for `options`
 */
export async function loadTaskModel(
  task: AnyTask,
  run: string,
  { threads, signal, options: usage = {} }: LoadTaskOptions = {},
): Promise<SavedTaskModel> {
  rejectUnknownKeys(`the use of the task '${task.name}'`, usage, task.usage ?? []);
  // The task builds the network again, with its own layers if it has any. It must be the network that was trained.
  const before = readSavedTask(task, await savedConfiguration(run), run);
  const network = task.network(checkTaskOptions(task.name, task.options, usage, before.options), before.saved);
  const { losses } = task;
  const loaded = await loadModel(run, { threads, training: false, network, ...(losses && { losses }) });
  const { model, path, configuration = {} } = loaded;
  try {
    const { options: trained, saved, fingerprint } = readSavedTask(task, configuration, path);
    const options = checkTaskOptions(task.name, task.options, usage, trained);
    const expected = task.network(options, saved).description;
    if (canonicalJson(model.description as never) !== canonicalJson(expected as never)) {
      const message = `'${path}' holds another network than its own options describe`;
      throw new CheckpointError('checkpoint_mismatch', message, { path });
    }
    return { model, options, saved, fingerprint, checkpoint: path, ...(signal !== undefined && { signal }) };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** The data of an evaluation. */
export interface EvaluateTaskOptions extends LoadTaskOptions {
  /** A file with targets; default: the test part of the training, or its validation part if there is no test part. */
  readonly data?: string | undefined;
}

/** The result of an evaluation. */
export interface TaskEvaluation<M extends JsonObject = JsonObject> {
  readonly task: string;
  /** `test`, `validation`, or the file. */
  readonly part: string;
  readonly examples: number;
  /** The unit of the count: `examples`, `symbols`. */
  readonly of: string;
  readonly metrics: M;
  /** The metrics for people. */
  readonly summary: string;
}

/**
 * Metrics of a trained model.
 *
 * @throws as `loadTaskModel`, and errors of reading the data
 * @throws {CheckpointError} `checkpoint_mismatch` when the data of the training has changed since
 */
export async function runEvaluation(
  task: AnyTask,
  run: string,
  { data, ...options }: EvaluateTaskOptions = {},
): Promise<TaskEvaluation> {
  const loaded = await loadTaskModel(task, run, options);
  try {
    const { part, name } =
      data === undefined ? await partOfTraining(task, loaded) : await partOfFile(task, loaded, data);
    // This checks the examples and reports what is wrong.
    batchesOf(task, part, loaded);
    const metrics = await task.evaluate(loaded.model, part, loaded);
    const summary = task.describe(metrics, loaded.saved);
    return { task: task.name, part: name, examples: sizeOf(part), of: task.countedIn ?? 'examples', metrics, summary };
  } finally {
    loaded.model.dispose();
  }
}

async function partOfFile(task: AnyTask, { options, saved }: SavedTaskModel, file: string) {
  return { part: await task.readExamples(file, options, saved), name: file };
}

async function partOfTraining(
  task: AnyTask,
  { options, saved, fingerprint, checkpoint }: SavedTaskModel,
): Promise<{ part: AnyPart<unknown>; name: string }> {
  const data = await task.read(options);
  const there = canonicalJson({ saved, fingerprint });
  if (there !== canonicalJson({ saved: data.saved, fingerprint: data.fingerprint })) {
    const message = `the data of '${checkpoint}' has changed since its training: give the file to evaluate`;
    throw new CheckpointError('checkpoint_mismatch', message, { path: checkpoint });
  }
  const { test, validation, training } = data;
  if (test !== undefined) return { part: test, name: 'test' };
  return validation === undefined ? { part: training, name: 'training' } : { part: validation, name: 'validation' };
}

/** The inputs of predictions: exactly one of a file and values. */
export type PredictTaskOptions = LoadTaskOptions & PredictionSource;

/**
 * Predictions of a trained model, one for each input.
 *
 * @throws as `loadTaskModel`, and errors of reading the inputs
 */
export async function* runPrediction(
  task: AnyTask,
  run: string,
  { threads, signal, options, ...source }: PredictTaskOptions,
): AsyncGenerator<JsonObject, void, void> {
  const loaded = await loadTaskModel(task, run, { threads, signal, options });
  try {
    const inputs = await task.readInputs(source, loaded.options, loaded.saved);
    yield* task.predict(loaded.model, inputs, loaded);
  } finally {
    loaded.model.dispose();
  }
}

/**
 * A stream of a trained model; `close()` frees the model too.
 *
 * @throws {UsageError} `not_streamable` for a task that needs whole sequences, and for a network that reads later steps
 * @throws as `loadTaskModel`
 */
export async function openStream(task: AnyTask, run: string, options: LoadTaskOptions = {}): Promise<TaskStream> {
  if (task.stream === undefined) {
    const message = `the task '${task.name}' needs whole sequences and has no stream: use predict`;
    throw new UsageError('not_streamable', message, { task: task.name });
  }
  const loaded = await loadTaskModel(task, run, options);
  const { model } = loaded;
  let isClosed = false;
  const requireOpen = () => {
    if (isClosed) throw new UsageError('stream_closed', 'the stream has been closed');
  };
  try {
    const stream = task.stream(model, loaded);
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
        model.dispose();
        if (!isClosed) stream.close();
        isClosed = true;
      },
    };
  } catch (error) {
    model.dispose();
    throw error;
  }
}
