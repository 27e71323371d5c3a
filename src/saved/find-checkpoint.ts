/** Finds the checkpoint of a trained model, and reads the configuration of its run. */
import { basename, dirname } from 'node:path';
import {
  type LoadedCheckpoint,
  type LoadOptions,
  loadCheckpoint,
  readCheckpointMetadata,
} from '../checkpoint/checkpoint.js';
import { bestPath, Run, readConfiguration } from '../checkpoint/run.js';
import { CheckpointError, ConfigurationError, OptionError } from '../core/errors.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.js';
import { describeValue } from '../core/options.js';
import { existsAt, statsAt } from '../core/path-stats.js';

/** Which checkpoint of a run. */
export type CheckpointChoice = 'best' | 'latest';

/**
 * A checkpoint file, or the checkpoint of a run directory.
 *
 * @param choice of a run; default: the best checkpoint, or the newest one if no checkpoint was saved as the best
 * @throws {CheckpointError} `checkpoint_missing` when the run has no such checkpoint yet; others when it cannot be read
 * @throws {ConfigurationError} `invalid_configuration` when the path is neither a run nor a checkpoint
 * @throws {DataError} `file_unreadable` when the path cannot be followed
 * @throws {OptionError} `invalid_option` when a choice is given with a checkpoint file
 */
export async function findCheckpoint(
  run: string,
  choice?: CheckpointChoice,
  options: LoadOptions = {},
): Promise<{ path: string; checkpoint: LoadedCheckpoint }> {
  if (isFile(run)) {
    if (choice === undefined) return { path: run, checkpoint: await loadCheckpoint(run, options) };
    const message = `option 'checkpoint' chooses among the checkpoints of a run, but '${run}' is a file`;
    throw new OptionError('invalid_option', message, { name: 'checkpoint', value: choice });
  }
  if (!existsAt(run)) {
    const message = `there is no file and no folder '${run}'`;
    throw new ConfigurationError('invalid_configuration', message, { path: run });
  }
  const saved = Run.read(run);
  const best = choice === 'latest' ? undefined : await saved.loadBest(options);
  if (best !== undefined) return { path: bestPath(run), checkpoint: best };
  const latest = choice === 'best' ? undefined : await saved.loadLatest(options);
  if (latest !== undefined) return latest;
  const what = choice === 'best' ? 'no best checkpoint: there was no validation yet' : 'no checkpoint yet';
  throw new CheckpointError('checkpoint_missing', `the run '${run}' has ${what}`, { run });
}

/** The task in a configuration: `lm`, `classify`, ...; undefined when there is none. */
export function taskKindOf(configuration: JsonValue | undefined): string | undefined {
  const task = isJsonObject(configuration) ? configuration['task'] : undefined;
  const kind = isJsonObject(task) ? task['kind'] : undefined;
  return typeof kind === 'string' ? kind : undefined;
}

/**
 * The configuration of a run directory or a checkpoint file; empty when a checkpoint has none.
 *
 * @throws as `findCheckpoint`
 */
export async function savedConfiguration(run: string): Promise<JsonObject> {
  const configuration = isFile(run) ? (await readCheckpointMetadata(run))['configuration'] : readConfiguration(run);
  return isJsonObject(configuration) ? configuration : {};
}

/** The folder of a run. The path may also be one of its checkpoints. */
export function runFolder(run: string): string {
  if (!isFile(run)) return run;
  const folder = dirname(run);
  return basename(folder) === 'checkpoints' ? dirname(folder) : folder;
}

/** @throws {OptionError} `invalid_option` when it is not a path; {DataError} `file_unreadable` */
function isFile(path: string): boolean {
  if (typeof path === 'string') return statsAt(path)?.isFile() === true;
  const message = `expected the path of a checkpoint or of a run, got ${describeValue(path)}`;
  throw new OptionError('invalid_option', message, { name: 'path', value: path });
}
