/** Evaluates the trained model of any task. */
import { CheckpointError } from '../../core/errors.js';
import { canonicalJson, type JsonObject } from '../../core/json.js';
import { batchesOf } from '../building-blocks/task-batches.js';
import { type AnyPart, type AnyTask, sizeOf, type TakeNote } from '../definition/task.js';
import type { SavedTaskModel } from './saved-task.js';

/** The result of an evaluation. */
export interface TaskEvaluation<M extends JsonObject = JsonObject> {
  readonly task: string;
  /** `test`, `validation`, `training`, or the file. */
  readonly part: string;
  readonly examples: number;
  /** The unit of the count: `examples`, `symbols`. */
  readonly of: string;
  readonly metrics: M;
  /** The metrics for people. */
  readonly summary: string;
}

/** A trained model, and what takes the notes of files. */
export interface LoadedParts extends SavedTaskModel {
  readonly note: TakeNote;
}

/**
 * Metrics of a trained model.
 *
 * @param data a file; default: the test part of the training, else the validation part, else the training part
 * @throws errors of reading the data
 * @throws {CheckpointError} `checkpoint_mismatch` when the data of the training has changed since
 */
export async function evaluateSaved(task: AnyTask, loaded: LoadedParts, data?: string): Promise<TaskEvaluation> {
  const { part, name } = data === undefined ? await partOfTraining(task, loaded) : await partOfFile(task, loaded, data);
  // This checks the examples and reports what is wrong.
  batchesOf(task, part, loaded);
  const metrics = await task.evaluate(loaded.model, part, loaded);
  const summary = task.describe(metrics, loaded.saved);
  return { task: task.name, part: name, examples: sizeOf(part), of: task.countedIn ?? 'examples', metrics, summary };
}

async function partOfFile(task: AnyTask, { options, saved, note }: LoadedParts, file: string) {
  return { part: await task.readExamples(file, options, saved, note), name: file };
}

async function partOfTraining(
  task: AnyTask,
  { options, saved, fingerprint, checkpoint, note }: LoadedParts,
): Promise<{ part: AnyPart<unknown>; name: string }> {
  const data = await task.read(options);
  const there = canonicalJson({ saved, fingerprint });
  if (there !== canonicalJson({ saved: data.saved, fingerprint: data.fingerprint })) {
    const message = `the data of '${checkpoint}' has changed since its training: give the file to evaluate`;
    throw new CheckpointError('checkpoint_mismatch', message, { path: checkpoint });
  }
  for (const line of data.notes ?? []) note(line);
  const { test, validation, training } = data;
  if (test !== undefined) return { part: test, name: 'test' };
  return validation === undefined ? { part: training, name: 'training' } : { part: validation, name: 'validation' };
}
