/** The checkpoint that a trained model is read from, and what its run says of it. */
import { statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
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
 * The configuration that a run directory or a checkpoint file holds; empty where a checkpoint has none.
 *
 * @throws as `findCheckpoint`
 */
export async function savedConfiguration(run: string): Promise<JsonObject> {
  const configuration = isFile(run) ? (await readCheckpointMetadata(run))['configuration'] : readConfiguration(run);
  return isJsonObject(configuration) ? configuration : {};
}

/** The folder of a run, also of one that is given by one of its checkpoints. */
export function runFolder(run: string): string {
  if (!isFile(run)) return run;
  const folder = dirname(run);
  return basename(folder) === 'checkpoints' ? dirname(folder) : folder;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
