/** Loads a trained model from a file or a run, in one call. */
import type { LoadedCheckpoint } from '../checkpoint/checkpoint.js';
import { CheckpointError, OptionError } from '../core/errors.js';
import { isJsonObject, type JsonObject } from '../core/json.js';
import { describeValue, rejectUnknownKeys, requireOneOf } from '../core/options.js';
import type { SavedVocabularyOptions } from '../data/saved-vocabulary.js';
import type { Vocabulary } from '../data/vocabulary.js';
import { checkCompileOptions } from '../model/build/compile-options.js';
import type { ParameterBlocks } from '../model/build/parameters.js';
import { PRECISIONS, type Precision } from '../model/build/precision.js';
import { Model } from '../model/model.js';
import { Network } from '../model/network.js';
import { threadCount } from '../native/threads.js';
import { checkSchedule } from '../network/schedules/create-schedule.js';
import { type AnyScheduleMaker, scheduleDefinitions } from '../network/schedules/definition.js';
import type { ScheduleDescription } from '../network/schedules/schedule-description.js';
import { type CheckpointChoice, findCheckpoint, taskKindOf } from './find-checkpoint.js';
import { withFinished } from './finished-file.js';
import { isModelFolder, readModelFolder } from './model-folder.js';
import { knownHere, type ReadDescriptionOptions, readDescription, type SavedDescription } from './model-metadata.js';
import { modelTensors, restoreTensors, weightTensors } from './model-tensors.js';
import { readVocabulary, requireFittingVocabulary } from './model-vocabulary.js';
import { requireStoredParameters } from './stored-parameters.js';

/** How a model is loaded. */
export interface LoadModelOptions extends Omit<ReadDescriptionOptions, 'training'>, SavedVocabularyOptions {
  /** Which checkpoint of a run; default: the best one, or the newest if no checkpoint was saved as the best. */
  readonly checkpoint?: CheckpointChoice | undefined;
  /**
   * Whether training can continue; default true. False omits the state of the optimizer, which takes as much memory as
   * the weights or twice that. Training steps are then refused, and `optimizers` and `schedules` need not be given.
   */
  readonly training?: boolean | undefined;
  /** What `defineSchedule` returned, for learning-rate schedules of one's own: that of the run is then given back. */
  readonly schedules?: readonly AnyScheduleMaker[] | undefined;
  /** Threads, integer >= 1; default `BPTT_THREADS`, else all processors. */
  readonly threads?: number | undefined;
  /** How products with weights are computed, `float32` or `bf16`; default as the model was saved with. The weights are float32 in both. */
  readonly precision?: Precision | undefined;
  /** Whether the checksum of the file is compared with its bytes; default true. Without it a changed weight is not noticed. */
  readonly verify?: boolean | undefined;
}

/** A loaded model. Call `model.dispose()` at the end. */
export interface LoadedModel {
  /** The model as it was saved: weights, losses, optimizer with its state, step, seed. */
  readonly model: Model;
  /** The vocabulary, if one was saved with the model. */
  readonly vocabulary?: Vocabulary;
  /**
   * Other data that the run or `saveModel` stored; for a run also `training` and `data`, for a task `task` and `place`, and `finished`
   * where it has computed something from these weights, such as a temperature.
   */
  readonly configuration?: JsonObject;
  /**
   * The learning-rate schedule of the run, for the option `schedule` of a `Trainer`. It is left out for a file that says of none, for
   * a function, and for a schedule of one's own where no `schedules` were given.
   */
  readonly schedule?: ScheduleDescription;
  /** Training steps done. */
  readonly step: number;
  /** The checkpoint file. */
  readonly path: string;
  /** Name of the task, if the model belongs to one. */
  readonly task?: string;
}

const OPTIONS = [
  'checkpoint',
  'training',
  'threads',
  'precision',
  'network',
  'layers',
  'losses',
  'optimizers',
  'schedules',
  'tokenizer',
  'verify',
];

/**
 * Loads a trained model, of a task or a user's own network: from a checkpoint file, which `saveModel` and a run write,
 * or from a run directory. A folder that `exportModel` of `bptt/interchange` has written for Hugging Face is read, too: it has no state of
 * the optimizer, so training begins anew. It writes nothing, so a run may continue meanwhile.
 *
 * The model is restored completely. It predicts, streams and samples, and further training gives the same results as
 * without the save. To resume a run at the batch where it stopped, pass the model to a `Trainer` with `resume`.
 *
 * @param pathOrRun a checkpoint file, a run directory, or a folder in the layout of Hugging Face
 * @param options.verify whether the checksum of the file is compared; default true
 * @param options.network takes the place of the network that the checkpoint describes; needed where it describes none
 * @param options.layers what `defineLayer` returned, for each layer of one's own in the network; `losses`, `optimizers`, `schedules` likewise
 * @param options.tokenizer for a vocabulary of subwords
 * @throws {CheckpointError} `checkpoint_missing`, `checkpoint_unreadable`, `checkpoint_truncated`, `checkpoint_corrupt`;
 *   `checkpoint_too_new`; `checkpoint_mismatch` when the file is no checkpoint, or its tensors are not those of the network: it
 *   names the tensor and both shapes; `unknown_layer`, `unknown_loss`, `unknown_optimizer`,
 *   `unknown_schedule` for one of the user's own that was not given
 * @throws {ConfigurationError} `invalid_configuration` when the path is neither a checkpoint nor a run
 * @throws {VocabularyError} `vocabulary_mismatch`, `invalid_vocabulary`
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @example
 * const { model, vocabulary } = await loadModel('runs/shakespeare', { training: false, threads: 1 });
 * const stream = model.stream();
 */
export async function loadModel(pathOrRun: string, options: LoadModelOptions = {}): Promise<LoadedModel> {
  const loaded = await readModel(pathOrRun, options);
  const { path, model, task, configuration } = loaded;
  if (task === undefined || configuration === undefined) return loaded;
  return { ...loaded, configuration: withFinished(path, configuration, model) };
}

/** As `loadModel`, without what a task has computed from the weights. */
export async function readModel(pathOrRun: string, options: LoadModelOptions): Promise<LoadedModel> {
  rejectUnknownKeys('loadModel', options, OPTIONS);
  const {
    checkpoint: choice,
    training = true,
    threads,
    precision,
    tokenizer,
    schedules,
    verify,
    ...described
  } = options;
  if (choice !== undefined) requireOneOf('checkpoint', choice, ['best', 'latest']);
  requireOneOf('training', training, [true, false]);
  if (threads !== undefined) threadCount(threads);
  if (precision !== undefined) requireOneOf('precision', precision, PRECISIONS);
  requireNetwork(described.network);
  const isFolder = isModelFolder(pathOrRun);
  if (isFolder && choice !== undefined) {
    const message = `option 'checkpoint' chooses among the checkpoints of a run, but '${pathOrRun}' is a folder with one model`;
    throw new OptionError('invalid_option', message, { name: 'checkpoint', value: choice });
  }
  const { path, checkpoint } = isFolder
    ? await readModelFolder(pathOrRun)
    : await findCheckpoint(pathOrRun, choice, { verify });
  const { metadata, tensors } = checkpoint;
  const saved = readDescription(path, metadata, tensors.size, { ...described, training });
  const schedule = savedSchedule(path, saved.configuration, training ? schedules : undefined);
  const vocabulary = readVocabulary(path, metadata, { tokenizer });
  const model = makeModel(path, checkpoint, saved, { training, threads, precision, hasState: !isFolder });
  if (vocabulary !== undefined) requireFittingVocabulary(`'${path}'`, model, vocabulary); // there is no program to free yet
  const task = taskKindOf(saved.configuration);
  return {
    model,
    ...(vocabulary !== undefined && { vocabulary }),
    ...(saved.configuration !== undefined && { configuration: saved.configuration }),
    ...(schedule !== undefined && { schedule }),
    step: model.step,
    path,
    ...(task !== undefined && { task }),
  };
}

/** The learning-rate schedule that a run says of. @throws {CheckpointError} `unknown_schedule`, `checkpoint_mismatch` */
function savedSchedule(
  path: string,
  configuration: JsonObject | undefined,
  makers: readonly AnyScheduleMaker[] | undefined,
): ScheduleDescription | undefined {
  const definitions = scheduleDefinitions(makers);
  const training = configuration?.['training'];
  const json = isJsonObject(training) ? training['schedule'] : undefined;
  if (!isJsonObject(json) || json['kind'] === 'function') return undefined;
  try {
    return knownHere(path, () => checkSchedule(json, definitions));
  } catch (error) {
    // A model can be used without the schedule that it was trained with.
    if (makers === undefined && error instanceof CheckpointError && error.code === 'unknown_schedule') return undefined;
    throw error;
  }
}

/** @throws {OptionError} `invalid_option` */
function requireNetwork(network: unknown): void {
  if (network === undefined || network instanceof Network) return;
  const message = `option 'network' must be a result of network() or sequential(), got ${describeValue(network)}`;
  throw new OptionError('invalid_option', message, { name: 'network', value: network });
}

interface MakeModelOptions {
  readonly training: boolean;
  readonly threads: number | undefined;
  readonly precision: Precision | undefined;
  /** Whether the file has the state of the optimizer; else that begins anew. */
  readonly hasState: boolean;
}

/** Compares the shapes first, then allocates, and writes the saved values in place of initial ones. */
function makeModel(
  path: string,
  checkpoint: LoadedCheckpoint,
  { network, settings, slots, step }: SavedDescription,
  { training, threads, precision, hasState }: MakeModelOptions,
): Model {
  const { description } = network;
  return knownHere(path, () => {
    checkCompileOptions(description, settings);
    requireStoredParameters(path, checkpoint, description, training && hasState ? slots : undefined);
    const fill = (blocks: ParameterBlocks) => {
      restoreTensors(path, checkpoint, hasState ? modelTensors(blocks) : weightTensors(blocks));
      if (!hasState) blocks.initializeOptimizer();
    };
    const model = new Model(
      description,
      { ...settings, ...(threads !== undefined && { threads }), ...(precision !== undefined && { precision }) },
      { hasOptimizer: training, fill },
    );
    model.step = step;
    return model;
  });
}
