/** Loads the trained model of any task. */

import { readCheckpointMetadata } from '../../checkpoint/checkpoint.js';
import { requireSignal } from '../../core/arguments.js';
import { CheckpointError } from '../../core/errors.js';
import { canonicalJson, type JsonObject } from '../../core/json.js';
import { rejectUnknownKeys } from '../../core/options.js';
import type { Model } from '../../model/model.js';
import { savedConfiguration } from '../../saved/find-checkpoint.js';
import { readModel } from '../../saved/load-model.js';
import { RunState } from '../../training/run-state.js';
import type { RunTable } from '../definition/common-options.js';
import type { AnyTask, TaskContext } from '../definition/task.js';
import { checkTaskOptions } from '../definition/task-options.js';
import { readFinished } from './finished.js';
import { readSavedTask } from './task-configuration.js';

/** Options that influence no training of any task. */
const ALWAYS_USED = ['naive'];

/** A validation of a run. */
export type ReachedMeasures = {
  /** Training steps done before it. */
  readonly step: number;
  /** The epoch, from 1, in which or after which it took place. */
  readonly epoch: number;
  /** Mean loss over the predictions, nats for cross-entropies. */
  readonly loss: number;
  /** Number of predictions; with weights of the loss their sum. */
  readonly tokens: number;
  /** The measure of the task that chooses the best model, where it is not the loss: lower is better. */
  readonly score?: number;
};

/** A trained model of a task. Call `model.dispose()` at the end. */
export interface SavedTaskModel<T extends RunTable = RunTable, S extends JsonObject = JsonObject>
  extends TaskContext<T, S> {
  readonly model: Model;
  /** The description of the data that it was trained with. */
  readonly fingerprint: JsonObject;
  /** The checkpoint that it was read from. */
  readonly checkpoint: string;
  /** What the run had reached by then: its newest validation. Missing when there was none. */
  readonly metrics?: ReachedMeasures;
  /** The naive rule that it is, because no step of the training was better. */
  readonly answeredBy?: string;
  /** What people should know of the files of the run. */
  readonly warning?: string;
}

/** How a model is loaded. */
export interface LoadTaskOptions {
  /** Threads, integer >= 1; default all usable processors. */
  readonly threads?: number | undefined;
  /** Other values of options that do not influence training, such as the number of beams of a search. */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Takes what people should know of the files that are read: what was recognised in a table, what is left out. */
  readonly onNote?: ((note: string) => void) | undefined;
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
  requireSignal(signal);
  rejectUnknownKeys(`the use of the task '${task.name}'`, usage, [...ALWAYS_USED, ...(task.usage ?? [])]);
  // The task builds the network again, with its own layers if it has any. It must be the network that was trained.
  const before = readSavedTask(task, await savedConfiguration(run), run);
  const network = task.network(checkTaskOptions(task.name, task.options, usage, before.options), before.saved);
  const { losses } = task;
  const loaded = await readModel(run, { threads, training: false, network, ...(losses && { losses }) });
  const { model, path, configuration = {} } = loaded;
  try {
    const { options: trained, saved, fingerprint } = readSavedTask(task, configuration, path);
    const options = checkTaskOptions(task.name, task.options, usage, trained);
    const expected = task.network(options, saved).description;
    if (canonicalJson(model.description as never) !== canonicalJson(expected as never)) {
      const message = `'${path}' holds another network than its own options describe`;
      throw new CheckpointError('checkpoint_mismatch', message, { path });
    }
    const metrics = await reachedMeasures(path);
    const answeredBy = metrics?.step === 0 ? task.startsAs?.(options, saved) : undefined;
    const { finished, note: warning } = readFinished(task, path, { model, configuration, saved });
    return {
      ...{ model, options, saved, fingerprint, checkpoint: path },
      ...(finished !== undefined && { finished }),
      ...(warning !== undefined && { warning }),
      ...(metrics !== undefined && { metrics }),
      ...(answeredBy !== undefined && { answeredBy }),
      ...(signal !== undefined && { signal }),
    };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** The newest validation before a checkpoint was written. @throws {CheckpointError} `checkpoint_corrupt` */
async function reachedMeasures(path: string): Promise<ReachedMeasures | undefined> {
  const { run } = await readCheckpointMetadata(path);
  if (run === undefined) return undefined; // `saveModel` has written it
  const { best, lastValidation, step: reached } = RunState.fromJSON(path, run);
  const validation = best?.step === reached ? best : lastValidation;
  if (validation === undefined) return undefined;
  const { step, epoch, loss, tokens, score } = validation;
  return { step, epoch, loss, tokens, ...(score !== undefined && { score }) };
}
