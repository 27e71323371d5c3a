/** All tasks by name, and the functions that train, evaluate and use them. */
import { OptionError } from '../core/errors.js';
import type { JsonObject } from '../core/json.js';
import { describeValue } from '../core/options.js';
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
import { readTaskKind } from '../saved/find-checkpoint.js';
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
import { runTraining, type TaskResult, type TaskWatch } from './runner/train-task.js';

/** The tasks by name. */
export const TASKS = Object.freeze({ lm, classify, tag, forecast, transcribe, translate, caption, music, remember });

/** Name of a task. */
export type TaskName = keyof typeof TASKS;

/** Options of a task: `out` is needed, most also need `data`; all others have defaults. */
export type TaskOptions<Name extends TaskName> = Given<(typeof TASKS)[Name]['options']> & TaskWatch;

/** The task of a name. @throws {OptionError} `invalid_option`, listing the names */
export function taskNamed(name: string): AnyTask {
  if (Object.hasOwn(TASKS, name)) return TASKS[name as TaskName];
  const known = Object.keys(TASKS).join(', ');
  throw new OptionError('invalid_option', `there is no task ${describeValue(name)}; tasks are ${known}`, { name });
}

/**
 * Trains a task in a run directory that can be resumed bit for bit, keeps the best model by the task's metric and judges it
 * by the test part.
 *
 * @throws {OptionError | DataError | VocabularyError | ConfigurationError | CheckpointError} when something does not fit, before
 *   anything is written
 * @throws {NumericError} `non_finite_loss`, `non_finite_gradient`
 * @throws the signal's reason after an abort, when the checkpoint has been written
 * @example const { metrics } = await trainTask('classify', { data: 'names', out: 'runs/names', epochs: 10 })
 */
export async function trainTask<Name extends TaskName>(name: Name, options: TaskOptions<Name>): Promise<TaskResult> {
  return runTraining(taskNamed(name), { ...options });
}

/**
 * A trained model of any task, with its options and what was saved with it. Call `model.dispose()` in the end.
 *
 * @param run a run directory or a checkpoint file
 * @throws {CheckpointError} `checkpoint_missing`, `checkpoint_mismatch`; others when it cannot be read
 * @throws {ConfigurationError} `invalid_configuration`
 */
export async function loadTask(run: string, options: LoadTaskOptions = {}): Promise<SavedTaskModel> {
  return loadTaskModel(await taskOf(run), run, options);
}

/**
 * Metrics of a trained model on the test part of its training, or on a file of its own.
 *
 * @throws as `loadTask`, and what reading the data throws
 */
export async function evaluateTask(run: string, options: EvaluateTaskOptions = {}): Promise<TaskEvaluation> {
  return runEvaluation(await taskOf(run), run, options);
}

/**
 * Predictions of a trained model, one for each input of a file or of a list of values.
 *
 * @throws as `loadTask`, and what reading the inputs throws
 * @example for await (const { label } of predictTask('runs/names', { values: ['Satoshi'] })) console.log(label)
 */
export async function* predictTask(run: string, options: PredictTaskOptions): AsyncGenerator<JsonObject, void, void> {
  yield* runPrediction(await taskOf(run), run, options);
}

/**
 * A sequence that a trained model reads as it comes. Call `close()` in the end.
 *
 * @throws {UsageError} `not_streamable` for a task that needs whole sequences, and for a network that reads ahead
 * @throws as `loadTask`
 * @example
 * const stream = await streamTask('runs/tags');
 * for (const { label } of await stream.push('1')) console.log(label);
 * stream.close();
 */
export async function streamTask(run: string, options: LoadTaskOptions = {}): Promise<TaskStream> {
  return openStream(await taskOf(run), run, options);
}

async function taskOf(run: string): Promise<AnyTask> {
  return taskNamed((await readTaskKind(run)) ?? 'none');
}
