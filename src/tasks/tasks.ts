/** The built-in tasks by name, and the functions that train, evaluate and use any task. */

import { join } from 'node:path';
import { requireObject } from '../core/arguments.js';
import { ConfigurationError, OptionError } from '../core/errors.js';
import type { JsonObject } from '../core/json.js';
import { describeValue } from '../core/options.js';
import { runFolder, savedConfiguration } from '../saved/find-checkpoint.js';
import type { RunTable } from './definition/common-options.js';
import { isTask, reserveTaskNames } from './definition/define-task.js';
import type { AnyTask, TaskStream } from './definition/task.js';
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
import {
  type EvaluateTaskOptions,
  type LoadTaskOptions,
  loadTaskModel,
  openStream,
  type PredictTaskOptions,
  runEvaluation,
  runPrediction,
  type SavedTaskModel,
  type TaskEvaluation,
} from './runner/saved-task.js';
import { namedTask } from './runner/task-configuration.js';
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

/**
 * A trained model of any task, with its options and the data that was saved with it. Call `model.dispose()` at the end.
 *
 * @param run a run directory or a checkpoint file
 * @param options.task the task, if it is not built in
 * @throws {CheckpointError} `checkpoint_missing`, `checkpoint_mismatch`; others when it cannot be read
 * @throws {ConfigurationError} `invalid_configuration`; `task_missing` for a run of a task that is not built in, without the task;
 *   `configuration_mismatch` for a run of another task
 */
export async function loadTask<T extends TaskReference = AnyTask>(
  run: string,
  given: LoadTaskOptions & RunTask<T> = {},
): Promise<SavedTaskModel<TaskTable<T>, TaskSaved<T>>> {
  const { task, ...options } = requireObject('options', given);
  return (await loadTaskModel(await taskOf(run, task), run, options)) as SavedTaskModel<TaskTable<T>, TaskSaved<T>>;
}

/**
 * Metrics of a trained model on the test part of its training, or on another file.
 *
 * @throws as `loadTask`, and errors of reading the data
 */
export async function evaluateTask<T extends TaskReference = AnyTask>(
  run: string,
  given: EvaluateTaskOptions & RunTask<T> = {},
): Promise<TaskEvaluation<TaskMetrics<T>>> {
  const { task, ...options } = requireObject('options', given);
  return (await runEvaluation(await taskOf(run, task), run, options)) as TaskEvaluation<TaskMetrics<T>>;
}

/**
 * Predictions of a trained model, one for each input of a file or of a list of values.
 *
 * @throws as `loadTask`, and errors of reading the inputs
 * @example for await (const { label } of predictTask('runs/names', { values: ['Satoshi'] })) console.log(label);
 */
export async function* predictTask(
  run: string,
  given: PredictTaskOptions & RunTask<TaskReference>,
): AsyncGenerator<JsonObject, void, void> {
  const { task, ...options } = requireObject('options', given);
  yield* runPrediction(await taskOf(run, task), run, options);
}

/**
 * A stream of a trained model, which reads a sequence step by step. Call `close()` at the end.
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
  const { task, ...options } = requireObject('options', given);
  return openStream(await taskOf(run, task), run, options);
}

/** The task that was given, or the built-in one that the run names. Code of a task is never read from the path in a run. */
async function taskOf(run: string, given: unknown): Promise<AnyTask> {
  if (given !== undefined) return taskNamed(given);
  const named = namedTask(await savedConfiguration(run));
  if (named === undefined) {
    const message = `'${run}' does not belong to a task: neither trainTask nor 'bptt train' has trained it`;
    throw new ConfigurationError('task_missing', message, { run });
  }
  const { kind, module } = named;
  if (Object.hasOwn(TASKS, kind)) return taskNamed(kind);
  const place = module === undefined ? 'FILE' : join(runFolder(run), module);
  const message = `the run '${run}' belongs to the task ${describeValue(kind)}, which is not built in: name its module with --task ${place}, or give the task as option 'task'`;
  throw new ConfigurationError('task_missing', message, { run, task: kind, module });
}
