/**
 * The directory of a training run:
 *
 *   config.json                            what the run was started with
 *   metrics.jsonl                          measured values, one JSON object a line
 *   checkpoints/step-000123.safetensors    the last few checkpoints
 *   best.safetensors                       the best one
 *
 * At every instant at which the process may be killed, the directory can be resumed.
 */
import { constants, copyFileSync, linkSync, mkdirSync, renameSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CheckpointError, ConfigurationError } from '../core/errors.js';
import { canonicalJson, type JsonObject, jsonDifferences } from '../core/json.js';
import { describeValue, rejectUnknownKeys, requireNumber, requireOneOf } from '../core/options.js';
import { type Checkpoint, saveCheckpoint, saveCheckpointSync } from './checkpoint.js';
import {
  isTemporaryName,
  syncDirectorySync,
  syncFileSync,
  temporaryPath,
  writeBytes,
  writeFileBySync,
} from './file-transfer.js';
import { MetricsFile } from './metrics-file.js';
import {
  bestPath,
  checkpointPath,
  checkpointsPath,
  configurationPath,
  listDirectory,
  Run,
  type RunCheckpoint,
  readConfiguration,
} from './run.js';

/** The options of opening a run directory for training. */
export interface RunDirectoryOptions {
  /**
   * Continues the run in the directory; starts it if it has not begun. Default false: an existing run is an error.
   */
  readonly resume?: boolean;
  /** Number of newest checkpoints to keep; the best one is kept, too. Integer >= 1; default 3. */
  readonly keepLast?: number;
  /**
   * Fields of the configuration (`epochs`, `model.threads`) that a resumed run may change; config.json is then updated.
   */
  readonly mayDiffer?: readonly string[];
}

/** The options of saving one checkpoint. */
export interface SaveOptions {
  /** Whether it is the best one so far: then `best.safetensors` becomes this checkpoint. Default false. */
  readonly best?: boolean;
}

function isRunEmpty(path: string): boolean {
  return listDirectory(path).every(
    (name) =>
      isTemporaryName(name) || (name === 'checkpoints' && listDirectory(join(path, name)).every(isTemporaryName)),
  );
}

function requireJson(path: string, configuration: JsonObject): void {
  try {
    canonicalJson(configuration);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigurationError(
      'invalid_configuration',
      `the configuration of '${path}' is not JSON: ${reason}`,
      { run: path },
      cause,
    );
  }
}

/** True when the configuration differs only in fields that may change. */
function requireSameConfiguration(path: string, configuration: JsonObject, mayDiffer: readonly string[]): boolean {
  let changed = false;
  for (const { path: field, left, right } of jsonDifferences(readConfiguration(path), configuration)) {
    changed = true;
    if (mayDiffer.some((free) => field === free || field.startsWith(`${free}.`) || field.startsWith(`${free}[`)))
      continue;
    const [there, here] = [left, right].map((value) => (value === undefined ? 'absent' : describeValue(value)));
    throw new ConfigurationError(
      'configuration_mismatch',
      `the run '${path}' has another configuration: '${field}' is ${there} there and ${here} here`,
      { run: path, field, there: left, here: right },
    );
  }
  return changed;
}

function removeTemporaryFiles(directory: string): void {
  for (const name of listDirectory(directory)) if (isTemporaryName(name)) removeFile(join(directory, name));
}

function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
  }
}

/** Gives a file a second name: a hard link, or a copy if the file system has no links. */
function addName(path: string, name: string): void {
  const temporary = temporaryPath(name);
  try {
    try {
      linkSync(path, temporary);
    } catch {
      copyFileSync(path, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
      syncFileSync(temporary);
    }
    renameSync(temporary, name);
    syncDirectorySync(dirname(name));
  } catch (cause) {
    removeFile(temporary);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CheckpointError('checkpoint_write_failed', `cannot write '${name}': ${reason}`, { path: name }, cause);
  }
}

/**
 * A run in training. Only one process may have it open at a time; others may read it (`Run.read`).
 */
export class RunDirectory extends Run {
  readonly metrics: MetricsFile;
  readonly #keepLast: number;

  private constructor(path: string, configuration: JsonObject, keepLast: number) {
    super(path, configuration);
    this.metrics = new MetricsFile(join(path, 'metrics.jsonl'));
    this.#keepLast = keepLast;
  }

  /**
   * Creates the directory, or opens it to continue. Removes the unfinished files of a killed process.
   *
   * @throws {ConfigurationError} before anything has changed: `run_exists` when the directory is not empty and `resume`
   * is not set; `configuration_mismatch`, naming the first field that differs and both values; `invalid_configuration`
   * when the directory is not a run and cannot become one
   * @throws {OptionError} `invalid_option`, `unknown_option`
   * @throws {CheckpointError} `checkpoint_write_failed`
   */
  static open(path: string, configuration: JsonObject, options: RunDirectoryOptions = {}): RunDirectory {
    rejectUnknownKeys('a run directory', options, ['resume', 'keepLast', 'mayDiffer']);
    const resume = requireOneOf('resume', options.resume ?? false, [true, false]);
    const keepLast = requireNumber('keepLast', options.keepLast ?? 3, { integer: true, min: 1 });
    requireJson(path, configuration);
    const isNew = isRunEmpty(path);
    if (!isNew && !resume) {
      throw new ConfigurationError(
        'run_exists',
        `'${path}' is not empty: resume the run, or choose another directory`,
        {
          run: path,
        },
      );
    }
    const isChanged = isNew || requireSameConfiguration(path, configuration, options.mayDiffer ?? []);
    try {
      mkdirSync(checkpointsPath(path), { recursive: true });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ConfigurationError(
        'invalid_configuration',
        `cannot make the run directory '${path}': ${reason}`,
        { run: path },
        cause,
      );
    }
    removeTemporaryFiles(path);
    removeTemporaryFiles(checkpointsPath(path));
    if (isChanged) {
      const text = `${JSON.stringify(configuration, undefined, 2)}\n`;
      writeFileBySync(configurationPath(path), () => writeBytes(new TextEncoder().encode(text)));
    }
    return new RunDirectory(path, configuration, keepLast);
  }

  /**
   * The checkpoint to continue from: the newest whole one. Metrics of later steps are removed, so that the file is the
   * same as in a run that was never stopped. Damaged checkpoints are renamed to `*.corrupt` and listed in `skipped`.
   * Undefined when there is no checkpoint; then the run starts from the beginning.
   *
   * @throws {CheckpointError} as `loadLatest`; then nothing has changed
   */
  async resume(): Promise<RunCheckpoint | undefined> {
    const latest = await this.loadLatest();
    for (const { path } of latest?.skipped ?? []) renameSync(path, `${path}.corrupt`);
    this.metrics.keepThrough(latest?.step ?? -1);
    return latest;
  }

  /**
   * Saves the checkpoint of a step, then removes checkpoints that are no longer among the last ones. Metrics that were
   * appended before are flushed first. The tensors must not change before the promise settles.
   *
   * @returns path of the checkpoint
   * @throws {CheckpointError} `checkpoint_write_failed`; earlier checkpoints are still there
   */
  async save(step: number, checkpoint: Checkpoint, options: SaveOptions = {}): Promise<string> {
    const target = this.#prepare(step, options);
    await saveCheckpoint(target, checkpoint);
    return this.#finish(step, target);
  }

  /** As `save`, on the calling thread: for signal handlers. */
  saveSync(step: number, checkpoint: Checkpoint, options: SaveOptions = {}): string {
    const target = this.#prepare(step, options);
    saveCheckpointSync(target, checkpoint);
    return this.#finish(step, target);
  }

  // The best checkpoint is written first and then gets its second name among the checkpoints. So a checkpoint that
  // refers to a best value always finds it in best.safetensors, also when the process was killed in between.
  #prepare(step: number, options: SaveOptions): string {
    requireNumber('step', step, { integer: true, min: 0 });
    rejectUnknownKeys('saving a checkpoint', options, ['best']);
    this.metrics.sync();
    return options.best === true ? bestPath(this.path) : checkpointPath(this.path, step);
  }

  #finish(step: number, written: string): string {
    const path = checkpointPath(this.path, step);
    if (written !== path) addName(written, path);
    for (const old of this.checkpoints().slice(this.#keepLast)) if (old.path !== path) removeFile(old.path);
    return path;
  }
}
