/** What a task computes from its trained model, and the file of the run that keeps it. */
import { writeBytes, writeFileBySync } from '../../checkpoint/file-transfer.js';
import { removeFile } from '../../checkpoint/run-files.js';
import { BpttError, CheckpointError } from '../../core/errors.js';
import type { JsonObject } from '../../core/json.js';
import type { Model } from '../../model/model.js';
import { belongsTo, findFinished, finishedPath, weightDigest } from '../../saved/finished-file.js';
import type { AnyTask, AnyTaskData, TaskContext } from '../definition/task.js';

/**
 * The context of a trained model, with what the task computes from it. The run keeps that with a digest of the weights: it belongs
 * to them alone.
 *
 * @throws {CheckpointError} `checkpoint_write_failed`
 */
export async function finishTraining(
  task: AnyTask,
  { model, data, step }: { readonly model: Model; readonly data: AnyTaskData; readonly step: number },
  context: TaskContext,
): Promise<TaskContext> {
  const path = finishedPath(context.options.out);
  const finished = await task.finish?.(model, data, context);
  if (finished === undefined) {
    removeFile(path);
    return context;
  }
  const bytes = new TextEncoder().encode(`${JSON.stringify({ step, weights: weightDigest(model), finished })}\n`);
  writeFileBySync(path, () => writeBytes(bytes));
  return { ...context, finished };
}

/** What a run has for a model. */
export interface FoundFinished {
  /** What the task had computed from these weights. */
  readonly finished?: JsonObject;
  /** What people should know where the file belongs to other weights. */
  readonly note?: string;
}

/**
 * What the task had computed from the weights of a model; nothing where there is nothing for them.
 *
 * @param task checks what it has computed
 * @param checkpoint path of the file that the model is from
 * @param loaded the model, its configuration, and what was saved with it
 * @throws {CheckpointError} `checkpoint_corrupt` for a record of another form, with the path of its file
 */
export function readFinished(
  task: AnyTask,
  checkpoint: string,
  {
    model,
    configuration,
    saved,
  }: { readonly model: Model; readonly configuration: JsonObject; readonly saved: JsonObject },
): FoundFinished {
  const found = task.finish === undefined ? undefined : findFinished(checkpoint, configuration);
  if (found === undefined) return {};
  const { record, path } = found;
  if (!belongsTo(record, model)) {
    const note = `'${path}' belongs to other weights (those after step ${record.step} of a training): it is left out, and the network answers alone. A training that ends writes it anew`;
    return { note };
  }
  try {
    task.checkFinished?.(record.finished, saved);
  } catch (error) {
    if (!(error instanceof BpttError)) throw error;
    const message = `'${path}': ${error.message}; without it the network answers alone`;
    throw new CheckpointError('checkpoint_corrupt', message, { ...error.details, path }, error);
  }
  return { finished: record.finished };
}
