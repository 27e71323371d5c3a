/** The built-in tasks by name, and the functions that train, evaluate and use any task. */

import { join } from 'node:path';
import { requireObject } from '../core/arguments.js';
import { ConfigurationError, OptionError } from '../core/errors.js';
import type { JsonObject, JsonValue } from '../core/json.js';
import { describeValue, rejectUnknownKeys } from '../core/options.js';
import { requireFunctions } from '../network/layers/define-layer.js';
import { runFolder, savedConfiguration } from '../saved/find-checkpoint.js';
import type { RunTable } from './definition/common-options.js';
import { isTask, reserveTaskNames } from './definition/define-task.js';
import type { AnyTask, PredictionSource, TaskStream } from './definition/task.js';
import type { Given } from './definition/task-options.js';
import { caption } from './recipes/caption/caption.js';
import { classify } from './recipes/classify/classify.js';
import { tag } from './recipes/classify/tag.js';
import { forecast } from './recipes/forecast/forecast.js';
import { lm } from './recipes/lm/lm.js';
import { music } from './recipes/music/music.js';
import { remember } from './recipes/remember/remember.js';
import { transcribe } from './recipes/transcribe/transcribe.js';
import { translate } from './recipes/translate/translate.js';
import { guardedTask } from './runner/guarded-task.js';
import { LoadedTask } from './runner/loaded-task.js';
import { describeAnswer } from './runner/naive-results.js';
import { type LoadTaskOptions, loadTaskModel } from './runner/saved-task.js';
import { namedTask } from './runner/task-configuration.js';
import type { TaskEvaluation } from './runner/task-evaluation.js';
import { runTraining, type TaskResult, type TaskWatch } from './runner/train-task.js';

/** The built-in tasks by name. */
export const TASKS = Object.freeze({ lm, classify, tag, forecast, transcribe, translate, caption, music, remember });
reserveTaskNames(Object.keys(TASKS));

/** Name of a built-in task. */
export type TaskName = keyof typeof TASKS;

/** A task: the name of a built-in one, or the result of `defineTask`. */
export type TaskReference = TaskName | AnyTask;

/** The task of a reference. */
export type TaskOf<T extends TaskReference> = T extends TaskName ? (typeof TASKS)[T] : T;

/** Table of the options of a task. */
export type TaskTable<T extends TaskReference> =
  TaskOf<T> extends { readonly options: infer O extends RunTable } ? O : RunTable;

/** What is saved with a model of a task. */
export type TaskSaved<T extends TaskReference> =
  TaskOf<T> extends { describe(metrics: never, saved: infer S extends JsonObject): string } ? S : JsonObject;

/** Metrics of a task. */
export type TaskMetrics<T extends TaskReference> =
  TaskOf<T> extends { evaluate(...args: never): Promise<infer M extends JsonObject> } ? M : JsonObject;

/** Options of a task: `out` is needed, most also need `data`; all others have defaults. */
export type TaskOptions<T extends TaskReference> = Given<TaskTable<T>> & TaskWatch;

/** Which task a run belongs to. */
export interface RunTask<T extends TaskReference> {
  /** Needed when the task is not built in: the run stores only its name. */
  readonly task?: T | undefined;
}

/** The task of a reference. @throws {OptionError} `invalid_option`, listing the names */
export function taskNamed(reference: unknown): AnyTask {
  if (isTask(reference)) return reference;
  if (typeof reference === 'string' && Object.hasOwn(TASKS, reference)) return TASKS[reference as TaskName];
  const known = Object.keys(TASKS).join(', ');
  const message =
    typeof reference === 'string'
      ? `there is no task ${describeValue(reference)}; tasks are ${known}`
      : `a task must be a result of defineTask or one of ${known}, got ${describeValue(reference)}`;
  throw new OptionError('invalid_option', message, { name: 'task', value: reference });
}

/**
 * Trains a task in a run directory that can be resumed bit for bit, keeps the best model by the task's metric, and
 * evaluates it on the test part.
 *
 * @param task the name of a built-in task, or the result of `defineTask`
 * @throws {OptionError | DataError | VocabularyError | ConfigurationError | CheckpointError} when something does not fit, before
 *   anything is written
 * @throws {NumericError} `non_finite_loss`, `non_finite_gradient`
 * @throws the signal's reason after an abort, when the checkpoint has been written
 * @example const { metrics } = await trainTask('classify', { data: 'names', out: 'runs/new-names', epochs: 10 });
 */
export async function trainTask<T extends TaskReference>(
  task: T,
  options: TaskOptions<T>,
): Promise<TaskResult<TaskMetrics<T>>> {
  return (await runTraining(taskNamed(task), { ...options })) as TaskResult<TaskMetrics<T>>;
}

/** A prediction of a task. */
export type TaskPrediction<T extends TaskReference> =
  TaskOf<T> extends { predict(...args: never): AsyncIterable<infer R extends JsonObject> } ? R : JsonObject;

/** A value that a task predicts for. */
export type TaskValue<T extends TaskReference> =
  TaskOf<T> extends { readInputs(source: infer I, ...others: never): unknown }
    ? Extract<I, { readonly values: unknown }> extends { readonly values: readonly (infer V extends JsonValue)[] }
      ? V
      : JsonValue
    : JsonValue;

/** A result of a stream of a task. */
export type TaskStreamResult<T extends TaskReference> =
  TaskOf<T> extends { stream?(...args: never): TaskStream<infer Q> } ? Q : JsonObject;

/** The name of the task of a reference. */
export type TaskNameOf<T extends TaskReference> = T extends TaskName
  ? T
  : T extends { readonly name: infer N extends string }
    ? N
    : string;

/** A loaded task by its reference; of several tasks the union, whose members `task` tells apart. */
export type LoadedTaskOf<T extends TaskReference> = T extends TaskReference
  ? LoadedTask<
      TaskTable<T>,
      TaskSaved<T>,
      TaskMetrics<T>,
      TaskPrediction<T>,
      TaskValue<T>,
      TaskStreamResult<T>,
      TaskNameOf<T>
    >
  : never;

/** How a run of an unknown task is loaded. */
export interface AnyRunOptions<L extends readonly AnyTask[] = readonly AnyTask[]> extends LoadTaskOptions {
  /** Tasks that are not built in, for runs that may belong to them: a run stores only the name of its task. */
  readonly tasks?: L | undefined;
  readonly task?: undefined;
}

/**
 * A trained task, loaded once: it predicts, streams and evaluates any number of times, also at once. Call `dispose()` at
 * the end. `predictTask`, `streamTask` and `evaluateTask` load the run in every call.
 *
 * @param run a run directory or a checkpoint file
 * @param options.task the name of a built-in task, or the result of `defineTask`: the result has its types, and a run of
 *   another task is refused
 * @param options.tasks tasks that are not built in, beside the built-in ones, when it is not known which one the run
 *   belongs to; the result is a union, and its field `task` says which
 * @throws {CheckpointError} `checkpoint_missing`, `checkpoint_mismatch`; others when it cannot be read
 * @throws {ConfigurationError} `invalid_configuration`; `task_missing` for a run of a task that is not built in, without the task;
 *   `configuration_mismatch` for a run of another task
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @example
 * const names = await loadTask('runs/names', { task: 'classify' });
 * const [first] = await names.predict(['Satoshi']);
 * console.log(first?.label, first?.probability);
 * names.dispose();
 * @example
 * const loaded = await loadTask('runs/tags');
 * if (loaded.task === 'tag') console.log((await loaded.predict(['1101'])).map(({ labels }) => labels));
 * loaded.dispose();
 */
export function loadTask<T extends TaskReference>(
  run: string,
  options: LoadTaskOptions & { readonly task: T },
): Promise<LoadedTaskOf<T>>;
export function loadTask<const L extends readonly AnyTask[] = []>(
  run: string,
  options?: AnyRunOptions<L>,
): Promise<LoadedTaskOf<TaskName | L[number]>>;
export function loadTask(run: string, options: AnyLoadOptions = {}): Promise<LoadedTask> {
  return openTask(run, options);
}

export interface AnyLoadOptions extends LoadTaskOptions {
  readonly task?: TaskReference | undefined;
  readonly tasks?: readonly AnyTask[] | undefined;
}

/** A trained task of unknown types. Errors as `loadTask`. */
export async function openTask(run: string, given: AnyLoadOptions): Promise<LoadedTask> {
  rejectUnknownKeys('the loading of a task', given, ['task', 'tasks', 'onNote', 'threads', 'signal', 'options']);
  const { task: named, tasks, onNote, ...options } = requireObject('options', given);
  if (onNote !== undefined) requireFunctions({ onNote });
  const known = await taskOf(run, named, tasks);
  const task = Object.values<AnyTask>(TASKS).includes(known) ? guardedTask(known, run) : known;
  const loaded = await loadTaskModel(task, run, options);
  if (loaded.answeredBy !== undefined) onNote?.(describeAnswer(loaded.answeredBy));
  if (loaded.warning !== undefined) onNote?.(loaded.warning);
  return new LoadedTask(task, run, { ...loaded, note: (line) => onNote?.(line) });
}

/** The data of an evaluation. */
export interface EvaluateTaskOptions extends LoadTaskOptions {
  /** A file with targets; default: the test part of the training, or its validation part if there is no test part. */
  readonly data?: string | undefined;
}

/**
 * Metrics of a trained model on the test part of its training, or on another file. It loads the run for this one call.
 *
 * @throws as `loadTask`, and errors of reading the data
 */
export async function evaluateTask<T extends TaskReference = AnyTask>(
  run: string,
  given: EvaluateTaskOptions & RunTask<T> = {},
): Promise<TaskEvaluation<TaskMetrics<T>>> {
  const { data, ...options } = requireObject('options', given);
  const task = await openTask(run, options);
  try {
    return (await task.evaluate(data)) as TaskEvaluation<TaskMetrics<T>>;
  } finally {
    task.dispose();
  }
}

/** The inputs of predictions: exactly one of a file and values. */
export type PredictTaskOptions = LoadTaskOptions & PredictionSource;

/**
 * Predictions of a trained model, one for each input of a file or of a list of values. It loads the run for this one
 * call; a program that predicts more than once uses `loadTask`.
 *
 * @throws as `loadTask`, and errors of reading the inputs
 * @example for await (const { label } of predictTask('runs/names', { values: ['Satoshi'] })) console.log(label);
 */
export async function* predictTask(
  run: string,
  given: PredictTaskOptions & RunTask<TaskReference>,
): AsyncGenerator<JsonObject, void, void> {
  const { task: named, threads, signal, options, onNote, ...source } = requireObject('options', given);
  const task = await openTask(run, { task: named, threads, signal, options, onNote });
  try {
    yield* task.predictions(source);
  } finally {
    task.dispose();
  }
}

/**
 * A stream of a trained model, which reads a sequence step by step. It loads the run for this one stream; streams of
 * one loaded task share the model, see `loadTask`. Call `close()` at the end: it frees the model too.
 *
 * @throws {UsageError} `not_streamable` for a task that needs whole sequences, and for a network that reads later steps
 * @throws as `loadTask`
 * @example
 * const stream = await streamTask('runs/tags');
 * for (const { label } of await stream.push('1')) console.log(label);
 * stream.close();
 */
export async function streamTask(
  run: string,
  given: LoadTaskOptions & RunTask<TaskReference> = {},
): Promise<TaskStream> {
  const task = await openTask(run, given);
  try {
    const stream = task.stream();
    return {
      ...stream,
      close() {
        task.dispose();
        stream.close();
      },
    };
  } catch (error) {
    task.dispose();
    throw error;
  }
}

/** @throws {OptionError} `invalid_option` */
function ownTasks(tasks: unknown = []): readonly AnyTask[] {
  if (Array.isArray(tasks) && tasks.every(isTask)) return tasks;
  const message = `option 'tasks' must be a list of results of defineTask, got ${describeValue(tasks)}`;
  throw new OptionError('invalid_option', message, { name: 'tasks', value: tasks });
}

/** The task that was given, or the built-in one that the run names. Code of a task is never read from the path in a run. */
async function taskOf(run: string, given: unknown, others: unknown): Promise<AnyTask> {
  const own = ownTasks(others);
  if (given !== undefined) return taskNamed(given);
  const named = namedTask(await savedConfiguration(run));
  if (named === undefined) {
    const message = `'${run}' does not belong to a task: neither trainTask nor 'bptt train' has trained it`;
    throw new ConfigurationError('task_missing', message, { run });
  }
  const { kind, module } = named;
  if (Object.hasOwn(TASKS, kind)) return taskNamed(kind);
  const found = own.find(({ name }) => name === kind);
  if (found !== undefined) return found;
  const place = module === undefined ? 'FILE' : join(runFolder(run), module);
  const message = `the run '${run}' belongs to the task ${describeValue(kind)}, which is not built in: name its module with --task ${place}, or give the task as option 'task', or among 'tasks'`;
  throw new ConfigurationError('task_missing', message, { run, task: kind, module });
}
