import { bestPath, type RunCheckpoint } from '../checkpoint/run.js';
import { RunDirectory } from '../checkpoint/run-directory.js';
import { requireSameConfiguration } from '../checkpoint/same-configuration.js';
import { CheckpointError, NumericError } from '../core/errors.js';
import type { JsonObject, JsonValue } from '../core/json.js';
import { describeValue } from '../core/options.js';
import type { Vocabulary } from '../data/vocabulary.js';
import type { CarriedState } from '../model/execute/carried-state.js';
import { allocated } from '../native/memory.js';
import type { Schedule, ScheduleState } from '../network/schedules/schedule.js';
import { modelMetadata, objectOrNone } from '../saved/model-metadata.js';
import {
  modelTensors,
  requireTensors,
  restoreTensors,
  type TensorView,
  weightTensors,
} from '../saved/model-tensors.js';
import type { EarlyStopping } from './early-stopping.js';
import { RunState, readEarlyStoppingState } from './run-state.js';
import { type TrainableModel, whileIdle } from './trainable-model.js';

/** The content of a checkpoint: what is trained, and the position of the run. */
export interface RunParts {
  readonly model: TrainableModel;
  readonly carried: CarriedState | undefined;
  readonly schedule: Schedule;
  readonly earlyStopping: EarlyStopping | undefined;
  readonly vocabulary: Vocabulary | undefined;
  readonly configuration: JsonObject;
}

/**
 * Fields of a run's configuration that may change when it is resumed (its length, and settings of the machine), and those
 * that describe the data.
 */
const FIELDS = {
  mayDiffer: ['training.epochs', 'training.steps', 'training.earlyStopping', 'model.precision', 'place'],
  data: ['data', 'task.saved', 'task.fingerprint'],
  followsData: ['model'],
  mayBeAbsent: ['training', 'validation'].flatMap((part) => [`data.${part}.checksum`, `data.${part}.contents`]),
} as const;

/** A checkpoint that was written. */
export interface SavedCheckpoint {
  readonly step: number;
  readonly path: string;
}

/**
 * The checkpoints of one run.
 *
 * Training waits between two steps until a checkpoint is saved, and nothing is copied; or it goes on meanwhile, with a copy that
 * needs as much memory as weights and optimizer state. One checkpoint is written at a time.
 */
export class RunCheckpoints {
  readonly directory: RunDirectory;
  readonly #isBeside: boolean;
  /** The numbers of the checkpoint that is being written. Its memory is used for the next one. */
  readonly #copy = new Map<string, TensorView>();
  #writing: Promise<SavedCheckpoint> | undefined;
  /** The newest checkpoint; undefined before the first. */
  last: SavedCheckpoint | undefined;

  private constructor(directory: RunDirectory, isBeside: boolean) {
    this.directory = directory;
    this.#isBeside = isBeside;
  }

  /**
   * Creates the run directory or opens the one to resume.
   *
   * @throws {ConfigurationError} `run_exists`, `run_locked`, `configuration_mismatch`, `invalid_configuration`
   */
  static open(path: string, configuration: JsonObject, options: RunCheckpointsOptions): RunCheckpoints {
    const { resume, keepLast, saveWhile } = options;
    const directory = RunDirectory.open(path, configuration, { resume, keepLast, fields: FIELDS });
    return new RunCheckpoints(directory, saveWhile === 'training');
  }

  /** Path of the best checkpoint, if there is one. */
  get bestPath(): string {
    return bestPath(this.directory.path);
  }

  /** Lets others train in the directory. May be called more than once. */
  close(): void {
    this.directory.close();
  }

  /**
   * Restores the newest whole checkpoint: model, carried state, schedule and early stopping. Everything is checked
   * before the first change.
   *
   * @returns the position of the run, and the damaged checkpoints that were skipped; undefined when there is no
   * checkpoint
   * @throws {CheckpointError} `checkpoint_mismatch`, `checkpoint_corrupt`, `checkpoint_unreadable`
   * @throws {ConfigurationError} `configuration_mismatch` for a checkpoint of another run
   */
  async restore(parts: RunParts): Promise<{ state: RunState; latest: RunCheckpoint } | undefined> {
    const latest = await this.directory.resume((path, { run }) => RunState.fromJSON(path, run).step);
    if (latest === undefined) return undefined;
    const { path, checkpoint } = latest;
    const { metadata } = checkpoint;
    const state = RunState.fromJSON(path, metadata['run']);
    const modelStep = readModelStep(path, metadata, state.step);
    const configuration = objectOrNone(path, 'configuration', metadata['configuration']) ?? {};
    requireSameConfiguration(`the run of '${path}'`, configuration, parts.configuration, FIELDS);
    requireSameSeed(path, metadata['seed'], parts.model.seed);
    // A run that had none begins to count now.
    const { earlyStopping: counted = null } = metadata;
    const stopping = parts.earlyStopping && counted !== null ? readEarlyStoppingState(path, counted) : undefined;
    const tensors = modelTensors(parts.model, parts.carried);
    requireTensors(path, checkpoint, tensors);
    parts.schedule.restore((metadata['schedule'] ?? null) as ScheduleState);
    if (stopping !== undefined) parts.earlyStopping?.restore(stopping);
    await whileIdle(parts.model, () => {
      restoreTensors(path, checkpoint, tensors);
      parts.model.step = modelStep;
    });
    this.last = { step: latest.step, path };
    return { state, latest };
  }

  /**
   * Copies the weights of the best checkpoint into a model.
   *
   * @param step of the best validation
   * @throws {CheckpointError} `checkpoint_missing`, `checkpoint_mismatch`; others when it cannot be read
   */
  async restoreBest(
    model: Pick<TrainableModel, 'parameters' | 'buffers' | 'parametersChanged' | 'whileIdle'>,
    step: number,
  ): Promise<void> {
    const path = this.bestPath;
    const checkpoint = await this.directory.loadBest();
    const found = checkpoint && RunState.fromJSON(path, checkpoint.metadata['run']).step;
    if (checkpoint !== undefined && found === step) {
      await whileIdle(model, () => {
        restoreTensors(path, checkpoint, weightTensors(model));
        model.parametersChanged();
      });
      return;
    }
    const code = found === undefined ? 'checkpoint_missing' : 'checkpoint_mismatch';
    const what = found === undefined ? 'is not there' : `holds step ${found}`;
    const message = `'${path}' ${what}, but the best validation was after step ${step}: the model keeps its last weights`;
    throw new CheckpointError(code, message, { path, step, found });
  }

  /**
   * Writes a checkpoint of the run's current state. Where checkpoints are written beside training, it waits for the one before, copies
   * the numbers, and begins to write.
   *
   * @param request undefined where nothing has changed since the one before
   * @returns the checkpoints that have been written since the last call
   * @throws {CheckpointError} `checkpoint_write_failed`, also for the one before
   * @throws {UsageError} `too_large` when there is no memory for the copy
   */
  async save(parts: RunParts, state: RunState, request?: SaveRequest): Promise<readonly SavedCheckpoint[]> {
    const before = await this.settled();
    if (request === undefined) return before;
    const { best, isLast } = request;
    const metadata: JsonObject = {
      ...modelMetadata(parts.model, parts.configuration, parts.vocabulary),
      run: state.toJSON(),
      schedule: parts.schedule.state(),
      earlyStopping: parts.earlyStopping === undefined ? null : { ...parts.earlyStopping.state() },
    };
    const { step } = state;
    const own = modelTensors(parts.model, parts.carried);
    const tensors = this.#isBeside && !isLast ? this.#copied(own) : own;
    this.#writing = this.directory.save(step, { tensors, metadata }, { best }).then((path) => ({ step, path }));
    this.#writing.catch(() => undefined); // `settled` throws it
    return this.#isBeside && !isLast ? before : [...before, ...(await this.settled())];
  }

  /** Waits for the checkpoint that is being written, if there is one. @throws {CheckpointError} `checkpoint_write_failed` */
  async settled(): Promise<readonly SavedCheckpoint[]> {
    const writing = this.#writing;
    this.#writing = undefined;
    if (writing === undefined) return [];
    this.last = await writing;
    return [this.last];
  }

  #copied(own: ReadonlyMap<string, TensorView>): ReadonlyMap<string, TensorView> {
    for (const [name, { shape, data }] of own) {
      const there = this.#copy.get(name);
      if (there?.data.length === data.length) there.data.set(data);
      else {
        const copy = allocated('copies for a checkpoint', data.byteLength, () => data.slice());
        this.#copy.set(name, { shape, data: copy });
      }
    }
    return this.#copy;
  }
}

/** What a checkpoint is saved for. */
export interface SaveRequest {
  /** Whether it is the best one so far. */
  readonly best: boolean;
  /** Whether the run ends with it, so that it is waited for. */
  readonly isLast: boolean;
}

/** How the directory of a run is opened. */
export interface RunCheckpointsOptions {
  readonly resume: boolean;
  readonly keepLast: number;
  /** Whether training waits while a checkpoint is written, or goes on; default: it waits. */
  readonly saveWhile: 'waiting' | 'training' | undefined;
}

/** Training steps of the model: those of the run, and those before it. @throws {CheckpointError} `checkpoint_corrupt` */
function readModelStep(path: string, { modelStep }: JsonObject, step: number): number {
  if (modelStep === undefined || modelStep === null) return step;
  if (Number.isSafeInteger(modelStep) && (modelStep as number) >= step) return modelStep as number;
  const message = `'${path}' is corrupt: its 'modelStep' is ${describeValue(modelStep)}, expected an integer >= ${step}, the steps of its run`;
  throw new CheckpointError('checkpoint_corrupt', message, { path, name: 'modelStep', value: modelStep, step });
}

/** @throws {CheckpointError} `checkpoint_mismatch` */
function requireSameSeed(path: string, there: JsonValue | undefined, here: number): void {
  if (there === undefined || there === here) return;
  const message = `'${path}' was made with seed ${describeValue(there)}, the model has seed ${here}`;
  throw new CheckpointError('checkpoint_mismatch', message, { path, there, here });
}

/** The same error, with the checkpoint from which the run can be resumed. */
export function withLastCheckpoint(error: NumericError, path: string | undefined): NumericError {
  const where = path === undefined ? 'there is no checkpoint' : `last good checkpoint: ${path}`;
  return new NumericError(error.code, `${error.message}; ${where}`, { ...error.details, checkpoint: path }, error);
}
