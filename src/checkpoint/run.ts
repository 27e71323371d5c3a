/** A run directory for readers: evaluation, sampling, serving. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { BpttError, CheckpointError, ConfigurationError } from '../core/errors.js';
import { isJsonObject, type JsonObject, type JsonValue, parseStrictJson } from '../core/json.js';
import { existsAt, statsAt } from '../core/path-stats.js';
import { otherThanFile, readRegularFileSync } from '../core/regular-file.js';
import { type LoadedCheckpoint, type LoadOptions, loadCheckpoint } from './checkpoint.js';

/** A checkpoint of a run that was read. */
export interface RunCheckpoint {
  /** Optimizer steps after which it was saved. */
  readonly step: number;
  readonly path: string;
  readonly checkpoint: LoadedCheckpoint;
  /** Newer checkpoints that could not be used, newest first. */
  readonly skipped: readonly SkippedCheckpoint[];
}

/** A checkpoint that was skipped because it is truncated or corrupt. */
export interface SkippedCheckpoint {
  readonly step: number;
  readonly path: string;
  readonly error: CheckpointError;
}

/** The newest whole checkpoint, if there is one, and the damaged ones that are newer. */
export interface NewestCheckpoint {
  readonly found: RunCheckpoint | undefined;
  readonly skipped: readonly SkippedCheckpoint[];
}

/** A checkpoint file of a run. Only its name is known. */
export interface CheckpointFile {
  readonly step: number;
  readonly path: string;
}

const CHECKPOINT_NAME = /^step-(\d{6,16})\.safetensors$/;
const LISTINGS = 3;

/** Path of the configuration in a run directory. */
export function configurationPath(run: string): string {
  return join(run, 'config.json');
}

/** The file of metrics of a run. */
export function metricsPath(run: string): string {
  return join(run, 'metrics.jsonl');
}

/** Path of the directory with the checkpoints of a run. */
export function checkpointsPath(run: string): string {
  return join(run, 'checkpoints');
}

/** Path of the best checkpoint of a run. */
export function bestPath(run: string): string {
  return join(run, 'best.safetensors');
}

/** Path of the checkpoint that is saved after a step. */
export function checkpointPath(run: string, step: number): string {
  return join(checkpointsPath(run), `step-${String(step).padStart(6, '0')}.safetensors`);
}

/** Names in a directory; none when it does not exist. */
export function listDirectory(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigurationError(
      'invalid_configuration',
      `'${path}' cannot be a run directory: ${reason}`,
      { path },
      cause,
    );
  }
}

/** What stands in the place of a run directory, if it is neither that nor a file. */
function otherThanDirectory(run: string): string | undefined {
  const stats = existsAt(run) ? statsAt(run) : undefined;
  return stats === undefined || stats.isDirectory() ? undefined : otherThanFile(stats);
}

/**
 * The configuration that a run was started with.
 *
 * @throws {ConfigurationError} `invalid_configuration` when there is none, or the file is not a JSON object
 */
export function readConfiguration(run: string): JsonObject {
  const path = configurationPath(run);
  let value: JsonValue;
  try {
    value = parseStrictJson(readRegularFileSync(path).toString('utf8'));
  } catch (cause) {
    const { code } = ((cause as Error).cause ?? cause) as NodeJS.ErrnoException;
    const missing = ['ENOENT', 'ENOTDIR'].includes(String(code));
    const other = missing ? otherThanDirectory(run) : undefined;
    if (other !== undefined) {
      const message = `'${run}' is neither a run directory nor a checkpoint file: ${other}`;
      throw new ConfigurationError('invalid_configuration', message, { run, path }, cause);
    }
    if (missing && !existsAt(run)) {
      const message = `'${run}' does not exist, expected a run directory or a checkpoint file`;
      throw new ConfigurationError('invalid_configuration', message, { run, path }, cause);
    }
    const reason = missing ? 'there is no such file' : cause instanceof Error ? cause.message : String(cause);
    throw new ConfigurationError(
      'invalid_configuration',
      `'${run}' is not a run: its configuration '${path}' cannot be read: ${reason}`,
      { run, path },
      cause,
    );
  }
  if (isJsonObject(value)) return value;
  throw new ConfigurationError('invalid_configuration', `the configuration '${path}' must be an object`, { run, path });
}

/** An existing run. Nothing in the directory is changed, so it can be read during training. */
export class Run {
  readonly path: string;
  /** The configuration that the run was started with. */
  readonly configuration: JsonObject;

  protected constructor(path: string, configuration: JsonObject) {
    this.path = path;
    this.configuration = configuration;
  }

  /**
   * Opens a run for reading.
   *
   * @throws {ConfigurationError} `invalid_configuration` when the directory holds no run
   */
  static read(path: string): Run {
    return new Run(path, readConfiguration(path));
  }

  /** The existing checkpoint files, newest first; their content has not been checked. */
  checkpoints(): CheckpointFile[] {
    const files: CheckpointFile[] = [];
    for (const name of listDirectory(checkpointsPath(this.path))) {
      const step = Number(CHECKPOINT_NAME.exec(name)?.[1] ?? Number.NaN);
      // A step has exactly one name: step-0000012 is not a checkpoint of the run.
      if (Number.isSafeInteger(step) && checkpointPath(this.path, step).endsWith(name)) {
        files.push({ step, path: checkpointPath(this.path, step) });
      }
    }
    return files.sort((left, right) => right.step - left.step);
  }

  /**
   * The newest whole checkpoint. Truncated and corrupt ones are skipped and listed in `skipped`. Undefined when the run
   * has no checkpoint yet.
   *
   * @throws {CheckpointError} `checkpoint_corrupt` when there are checkpoints and none is whole;
   *   `checkpoint_mismatch`, `checkpoint_too_new` and `checkpoint_unreadable` as `loadCheckpoint`
   */
  async loadLatest(options: LoadOptions = {}): Promise<RunCheckpoint | undefined> {
    const { found, skipped } = await this.newestWhole(options);
    const [newest] = skipped;
    if (found !== undefined || newest === undefined) return found;
    throw new CheckpointError(
      'checkpoint_corrupt',
      `none of the ${skipped.length} checkpoints of '${this.path}' can be read; the newest: ${newest.error.message}`,
      { run: this.path, paths: skipped.map(({ path }) => path) },
      newest.error,
    );
  }

  /** The newest whole checkpoint, if there is one, and the damaged ones that are newer. @throws as `loadCheckpoint` */
  protected async newestWhole(options: LoadOptions = {}): Promise<NewestCheckpoint> {
    // A run in training may remove a file between listing and opening. Then the listing is out of date.
    for (let listing = 1; ; listing++) {
      try {
        return await newestOf(this.checkpoints(), options);
      } catch (error) {
        const outdated = error instanceof BpttError && error.code === 'checkpoint_missing';
        if (!outdated || listing === LISTINGS) throw error;
      }
    }
  }

  /**
   * The best checkpoint so far; undefined when none was saved as the best one.
   *
   * @throws {CheckpointError} as `loadCheckpoint`
   */
  async loadBest(options: LoadOptions = {}): Promise<LoadedCheckpoint | undefined> {
    try {
      return await loadCheckpoint(bestPath(this.path), options);
    } catch (error) {
      if (error instanceof CheckpointError && error.code === 'checkpoint_missing') return undefined;
      throw error;
    }
  }
}

async function newestOf(files: readonly CheckpointFile[], options: LoadOptions): Promise<NewestCheckpoint> {
  const skipped: SkippedCheckpoint[] = [];
  for (const { step, path } of files) {
    try {
      return { found: { step, path, checkpoint: await loadCheckpoint(path, options), skipped }, skipped };
    } catch (error) {
      if (!(error instanceof CheckpointError) || !DAMAGED.has(error.code)) throw error;
      skipped.push({ step, path, error });
    }
  }
  return { found: undefined, skipped };
}

const DAMAGED: ReadonlySet<string> = new Set(['checkpoint_truncated', 'checkpoint_corrupt']);
