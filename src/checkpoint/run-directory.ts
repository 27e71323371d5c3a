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
import { mkdirSync, renameSync } from 'node:fs';
import { CheckpointError, ConfigurationError } from '../core/errors.js';
import { canonicalJson, type JsonObject } from '../core/json.js';
import { rejectUnknownKeys, requireNumber, requireOneOf } from '../core/options.js';
import { type Checkpoint, readCheckpointMetadata, saveCheckpoint, saveCheckpointSync } from './checkpoint.js';
import { writeBytes, writeFileBySync } from './file-transfer.js';
import { MetricsFile } from './metrics-file.js';
import {
  bestPath,
  checkpointPath,
  checkpointsPath,
  configurationPath,
  metricsPath,
  Run,
  type RunCheckpoint,
  readConfiguration,
} from './run.js';
import { addName, isRunEmpty, removeFile, removeLeftovers, requireInside } from './run-files.js';
import { RunLock } from './run-lock.js';
import { type ConfigurationFields, isSameConfiguration, requireSameConfiguration } from './same-configuration.js';

/** The options of opening a run directory for training. */
export interface RunDirectoryOptions {
  /**
   * Continues the run in the directory; starts it if it has not begun. Default false: an existing run is an error.
   */
  readonly resume?: boolean;
  /** Number of newest checkpoints to keep; the best one is kept, too. Integer >= 1; default 3. */
  readonly keepLast?: number;
  /** Fields of the configuration that a resumed run may change (config.json is then updated), and what others are for. */
  readonly fields?: ConfigurationFields;
}

/** The options of saving one checkpoint. */
export interface SaveOptions {
  /** Whether it is the best one so far: then `best.safetensors` becomes this checkpoint. Default false. */
  readonly best?: boolean;
}

/** The step that the metadata of a checkpoint says of. @throws {CheckpointError} `checkpoint_corrupt` */
export type StepReader = (path: string, metadata: JsonObject) => number;

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

/** Whether the directory holds no run yet. @throws {ConfigurationError} `run_exists` when it holds one and none is to be resumed */
export function isNewRun(path: string, resume = false): boolean {
  const isNew = isRunEmpty(path);
  if (isNew || resume) return isNew;
  const message = `'${path}' is not empty: resume the run (--resume), or choose another directory`;
  throw new ConfigurationError('run_exists', message, { run: path });
}

/** Whether the directory holds no run yet. @throws {ConfigurationError} as `isNewRun` and `requireSameConfiguration` */
function requireUsable(path: string, configuration: JsonObject, options: RunDirectoryOptions): boolean {
  const isNew = isNewRun(path, options.resume);
  if (!isNew)
    requireSameConfiguration(`the run '${path}'`, readConfiguration(path), configuration, options.fields ?? {});
  requireInside(path);
  return isNew;
}

/** Makes the directory and takes its lock. @throws {ConfigurationError} `run_locked`, `invalid_configuration` */
function makeAndLock(path: string): RunLock {
  try {
    mkdirSync(path, { recursive: true });
    const lock = RunLock.acquire(path);
    try {
      mkdirSync(checkpointsPath(path), { recursive: true });
      return lock;
    } catch (cause) {
      lock.release();
      throw cause;
    }
  } catch (cause) {
    if (cause instanceof ConfigurationError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `cannot make the run directory '${path}': ${reason}`;
    throw new ConfigurationError('invalid_configuration', message, { run: path }, cause);
  }
}

/**
 * A run in training. One process at a time has it open, and must close it; others may read it (`Run.read`).
 */
export class RunDirectory extends Run {
  readonly metrics: MetricsFile;
  readonly #keepLast: number;
  readonly #lock: RunLock;

  private constructor(path: string, configuration: JsonObject, keepLast: number, lock: RunLock) {
    super(path, configuration);
    this.metrics = new MetricsFile(metricsPath(path), () => lock.verify());
    this.#keepLast = keepLast;
    this.#lock = lock;
  }

  /**
   * Creates the directory, or opens it to continue. Removes the unfinished files of ended processes.
   *
   * @throws {ConfigurationError} before anything has changed: `run_exists` when the directory is not empty and `resume`
   * is not set; `run_locked`, naming the process, when another training works in it; `configuration_mismatch`, naming the first
   * field that differs and both values; `invalid_configuration` when the directory is not a run and cannot become one
   * @throws {OptionError} `invalid_option`, `unknown_option`
   * @throws {CheckpointError} `checkpoint_write_failed`
   */
  static open(path: string, configuration: JsonObject, options: RunDirectoryOptions = {}): RunDirectory {
    rejectUnknownKeys('a run directory', options, ['resume', 'keepLast', 'fields']);
    requireOneOf('resume', options.resume ?? false, [true, false]);
    const keepLast = requireNumber('keepLast', options.keepLast ?? 3, { integer: true, min: 1 });
    requireJson(path, configuration);
    requireUsable(path, configuration, options); // before a directory is made
    const lock = makeAndLock(path);
    try {
      // Another training may have written to it before the lock was taken.
      const isNew = requireUsable(path, configuration, options);
      removeLeftovers(path, lock.endedPids);
      removeLeftovers(checkpointsPath(path), lock.endedPids);
      if (isNew || !isSameConfiguration(readConfiguration(path), configuration)) {
        const text = `${JSON.stringify(configuration, undefined, 2)}\n`;
        writeFileBySync(configurationPath(path), () => writeBytes(new TextEncoder().encode(text)));
      }
      return new RunDirectory(path, configuration, keepLast, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** Lets other processes train in the run. May be called more than once. */
  close(): void {
    this.#lock.release();
  }

  /**
   * The checkpoint to continue from: the newest whole one, also the best one if it is newer than all others, or the only
   * one that is left. Damaged checkpoints are renamed to `*.corrupt` and listed in `skipped`. Metrics of later steps are
   * removed when the run writes its next line, so that the file is the same as in a run that was never stopped.
   * Undefined when there is no checkpoint; then the run starts from the beginning.
   *
   * @param stepOf the step that the metadata of a checkpoint says of; it must be that of the file's name
   * @throws {CheckpointError} as `loadLatest`, as `loadCheckpoint` where only the best one is left, `checkpoint_mismatch` for another
   *   step; then nothing has changed
   */
  async resume(stepOf: StepReader): Promise<RunCheckpoint | undefined> {
    const latest = await this.#newest(stepOf);
    for (const { path } of latest?.skipped ?? []) renameSync(path, `${path}.corrupt`);
    this.metrics.keepThrough(latest?.step ?? -1);
    return latest;
  }

  async #newest(stepOf: StepReader): Promise<RunCheckpoint | undefined> {
    const path = bestPath(this.path);
    const step = await this.#bestStep(stepOf);
    const { found, skipped } = await this.newestWhole();
    if (step !== undefined && step > (found?.step ?? -1)) {
      const checkpoint = await this.loadBest();
      if (checkpoint !== undefined) return { step, path, checkpoint, skipped };
    }
    if (found === undefined) return this.loadLatest();
    const said = stepOf(found.path, found.checkpoint.metadata);
    if (said === found.step) return found;
    const message = `'${found.path}' holds the state after step ${said}, its name says ${found.step}`;
    throw new CheckpointError('checkpoint_mismatch', message, { path: found.path, step: found.step, found: said });
  }

  /** Step of the best checkpoint; undefined where there is none, or a damaged one beside others to continue from. */
  async #bestStep(stepOf: StepReader): Promise<number | undefined> {
    const path = bestPath(this.path);
    try {
      return stepOf(path, await readCheckpointMetadata(path));
    } catch (error) {
      const isMissing = error instanceof CheckpointError && error.code === 'checkpoint_missing';
      if (isMissing || this.checkpoints().length > 0) return undefined;
      throw error;
    }
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
    this.#lock.verify();
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
