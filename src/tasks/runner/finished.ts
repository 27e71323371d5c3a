/** What a task computes from its trained model, and the file of the run that keeps it. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { writeBytes, writeFileBySync } from '../../checkpoint/file-transfer.js';
import { removeFile } from '../../checkpoint/run-files.js';
import { BpttError, CheckpointError } from '../../core/errors.js';
import { isJsonObject, type JsonObject, type JsonValue, parseStrictJson } from '../../core/json.js';
import { existsAt } from '../../core/path-stats.js';
import { readRegularFileSync } from '../../core/regular-file.js';
import type { Model } from '../../model/model.js';
import { runFolder } from '../../saved/find-checkpoint.js';
import { type WeightHolder, weightTensors } from '../../saved/model-tensors.js';
import type { AnyTask, AnyTaskData, TaskContext } from '../definition/task.js';

/** The file in a run directory: `{ "step": n, "weights": digest, "finished": {...} }`. */
function finishedPath(run: string): string {
  return join(run, 'finished.json');
}

/** SHA-256 over the parameters and buffers of a model, in their order. */
function digestOf(model: WeightHolder): string {
  const hash = createHash('sha256');
  for (const [name, { data }] of weightTensors(model)) hash.update(`${name};${data.length};`).update(data);
  return hash.digest('hex');
}

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
  const bytes = new TextEncoder().encode(`${JSON.stringify({ step, weights: digestOf(model), finished })}\n`);
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
 * @param run a run directory or one of its checkpoints
 * @param loaded the model, its step, and what was saved with it
 * @throws {CheckpointError} `checkpoint_corrupt` for a file of another form, with its path
 */
export function readFinished(
  task: AnyTask,
  run: string,
  { model, step, saved }: { readonly model: WeightHolder; readonly step: number; readonly saved: JsonObject },
): FoundFinished {
  const path = finishedPath(runFolder(run));
  if (task.finish === undefined || !existsAt(path)) return {};
  let file: JsonValue | undefined;
  let cause: unknown;
  try {
    file = parseStrictJson(readRegularFileSync(path).toString('utf8'));
  } catch (error) {
    cause = error;
  }
  const { step: own, weights, finished } = isJsonObject(file) ? file : {};
  const isDigest = weights === undefined || typeof weights === 'string';
  if (typeof own !== 'number' || !isDigest || !isJsonObject(finished)) {
    const message = `'${path}' must have 'step', 'weights' and 'finished', which a finished training writes: without the file the network answers alone`;
    throw new CheckpointError('checkpoint_corrupt', message, { path }, cause);
  }
  // Runs from before the digest have the step alone.
  if (own !== step || (weights !== undefined && weights !== digestOf(model))) {
    const note = `'${path}' belongs to other weights (those after step ${own} of a training): it is left out, and the network answers alone. A training that ends writes it anew`;
    return { note };
  }
  try {
    task.checkFinished?.(finished, saved);
  } catch (error) {
    if (!(error instanceof BpttError)) throw error;
    const message = `'${path}': ${error.message}; without the file the network answers alone`;
    throw new CheckpointError('checkpoint_corrupt', message, { ...error.details, path }, error);
  }
  return { finished };
}
