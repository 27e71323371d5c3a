/** What a task computes from its trained model, and the file of the run that keeps it. */
import { join } from 'node:path';
import { writeBytes, writeFileBySync } from '../../checkpoint/file-transfer.js';
import { removeFile } from '../../checkpoint/run-files.js';
import { CheckpointError } from '../../core/errors.js';
import { isJsonObject, type JsonObject, type JsonValue, parseStrictJson } from '../../core/json.js';
import { existsAt } from '../../core/path-stats.js';
import { readRegularFileSync } from '../../core/regular-file.js';
import type { Model } from '../../model/model.js';
import { runFolder } from '../../saved/find-checkpoint.js';
import type { AnyTask, AnyTaskData, TaskContext } from '../definition/task.js';

/** The file in a run directory: `{ "step": n, "finished": {...} }`. */
function finishedPath(run: string): string {
  return join(run, 'finished.json');
}

/**
 * The context of a trained model, with what the task computes from it. The run keeps that with the step of the model: it belongs
 * to the weights after this step alone.
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
  const bytes = new TextEncoder().encode(`${JSON.stringify({ step, finished })}\n`);
  writeFileBySync(path, () => writeBytes(bytes));
  return { ...context, finished };
}

/**
 * What the task had computed from the weights after a step; undefined where there is nothing for them.
 *
 * @param run a run directory or one of its checkpoints
 * @throws {CheckpointError} `checkpoint_corrupt` for a file of another form
 */
export function readFinished(run: string, step: number): JsonObject | undefined {
  const path = finishedPath(runFolder(run));
  if (!existsAt(path)) return undefined;
  let saved: JsonValue | undefined;
  let cause: unknown;
  try {
    saved = parseStrictJson(readRegularFileSync(path).toString('utf8'));
  } catch (error) {
    cause = error;
  }
  const { step: own, finished } = isJsonObject(saved) ? saved : {};
  if (typeof own !== 'number' || !isJsonObject(finished)) {
    const message = `'${path}' must have 'step' and 'finished', which a finished training writes: without the file the network answers alone`;
    throw new CheckpointError('checkpoint_corrupt', message, { path }, cause);
  }
  return own === step ? finished : undefined;
}
