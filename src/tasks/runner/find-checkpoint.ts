/** The checkpoint that a trained model is read from, and what its run says of it. */
import { statSync } from 'node:fs';
import { type LoadedCheckpoint, loadCheckpoint, readCheckpointMetadata } from '../../checkpoint/checkpoint.js';
import { bestPath, Run, readConfiguration } from '../../checkpoint/run.js';
import { CheckpointError } from '../../core/errors.js';
import { isJsonObject, type JsonObject } from '../../core/json.js';

/**
 * The best checkpoint of a run directory, its newest one where none is the best, or a checkpoint file.
 *
 * @throws {CheckpointError} `checkpoint_missing` when the run has none yet; others when it cannot be read
 * @throws {ConfigurationError} `invalid_configuration` when it is neither a run nor a checkpoint
 */
export async function findCheckpoint(run: string): Promise<{ path: string; checkpoint: LoadedCheckpoint }> {
  if (isFile(run)) return { path: run, checkpoint: await loadCheckpoint(run) };
  const saved = Run.read(run);
  const best = await saved.loadBest();
  if (best !== undefined) return { path: bestPath(run), checkpoint: best };
  const latest = await saved.loadLatest();
  if (latest !== undefined) return latest;
  throw new CheckpointError('checkpoint_missing', `the run '${run}' has no checkpoint yet`, { run });
}

/**
 * What kind of task a run directory or a checkpoint file is of: `lm`, `classify`, ...; undefined when it does not
 * say.
 *
 * @throws as `findCheckpoint`
 */
export async function taskKind(run: string): Promise<string | undefined> {
  const configuration = isFile(run) ? (await readCheckpointMetadata(run))['configuration'] : readConfiguration(run);
  const task: JsonObject[string] | undefined = isJsonObject(configuration) ? configuration['task'] : undefined;
  const kind = isJsonObject(task) ? task['kind'] : undefined;
  return typeof kind === 'string' ? kind : undefined;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
