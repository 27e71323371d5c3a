import { existsSync } from 'node:fs';
import { configurationPath, readConfiguration } from '../checkpoint/run.js';
import { ConfigurationError } from '../core/errors.js';
import { isJsonObject, type JsonObject } from '../core/json.js';
import type { Corpus } from '../data/corpus.js';
import type { Model } from '../model/model.js';
import type { ModelMemory } from '../model/results.js';
import { optimizerNamed } from '../optimizers/optimizer.js';
import { parseSchedule } from '../schedules/parse-schedule.js';
import type { TrainingCallbacks } from '../training/callbacks.js';
import type { ProgressReporter } from '../training/progress.js';
import { Trainer } from '../training/trainer.js';
import type { TrainingResult } from '../training/training-result.js';
import { type LanguageModelCorpus, readLanguageModelCorpus } from './language-model-corpus.js';
import { languageModelNetwork } from './language-model-network.js';
import {
  type CheckedLanguageModelOptions,
  checkLanguageModelOptions,
  type LanguageModelPlace,
  type LanguageModelSettings,
} from './language-model-options.js';

/** Options of `trainLanguageModel`: `out`, and `data` unless the run is resumed, are needed; all others have defaults. */
export interface TrainLanguageModelOptions
  extends Partial<Omit<LanguageModelSettings, 'schedule'>>,
    Partial<LanguageModelPlace> {
  readonly schedule?: LanguageModelSettings['schedule'];
  /** Functions to call between steps. */
  readonly callbacks?: readonly TrainingCallbacks[];
  /** As for `Trainer`; default progress on standard error. */
  readonly progress?: boolean | ProgressReporter;
  /** Aborts the run: a checkpoint is written, then the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called once before the first step, when everything has been checked. */
  readonly onStart?: (start: LanguageModelStart) => void;
}

/** What is known before the first step. */
export interface LanguageModelStart {
  readonly options: CheckedLanguageModelOptions;
  readonly parameters: number;
  readonly symbols: number;
  /** Symbols predicted in an epoch and in a validation. */
  readonly trainingTokens: number;
  readonly validationTokens: number;
  readonly threads: number;
}

/** What training a language model came to. Losses in nats. */
export interface LanguageModelResult extends TrainingResult {
  /** The run directory. */
  readonly run: string;
  /** Number of trained values. */
  readonly parameters: number;
  readonly memory: LanguageModelMemory;
}

/** Memory in bytes: planned by the model, part by part and in all, and measured of the whole process. */
export interface LanguageModelMemory extends Omit<ModelMemory, 'total'> {
  readonly plannedBytes: number;
  /** How much the process has grown since the model was made; what is small against the model falls out of sight in it. */
  readonly grownBytes: number;
  readonly residentBytes: number;
  readonly peakResidentBytes: number;
}

/**
 * Trains a language model on a text file, with a run directory that can be resumed, evaluated and sampled.
 *
 * @throws {OptionError | DataError | VocabularyError | ConfigurationError | CheckpointError} when something does not fit, before
 *   anything is written
 * @throws {NumericError} `non_finite_loss`, `non_finite_gradient`
 * @throws the signal's reason after an abort, when the checkpoint has been written
 * @example await trainLanguageModel({ data: 'shakespeare.txt', out: 'runs/shakespeare', cell: 'gru', epochs: 5 })
 */
export async function trainLanguageModel(options: TrainLanguageModelOptions): Promise<LanguageModelResult> {
  const { callbacks = [], progress, signal, onStart, ...given } = options;
  const checked = checkLanguageModelOptions(given, earlierSettings(given));
  signal?.throwIfAborted();
  const read = await readLanguageModelCorpus(checked);
  const { corpus } = read;
  const residentBefore = process.memoryUsage.rss();
  const model = await compileForTraining(corpus.vocabulary.size, checked);
  try {
    const announce = () => onStart?.(describeStart(checked, corpus, model));
    const trainer = new Trainer(model, {
      epochs: checked.epochs,
      schedule: parseSchedule(checked.schedule),
      ...(checked.clipNorm > 0 && { clipNorm: checked.clipNorm }),
      directory: checked.out,
      resume: checked.resume,
      checkpointEvery: checked.checkpointEvery,
      configuration: describeTask(checked, read),
      callbacks: [{ onStart: announce }, ...callbacks],
      ...(progress !== undefined && { progress }),
      ...(signal !== undefined && { signal }),
    });
    const result = await trainer.fit(corpus);
    return {
      ...result,
      run: checked.out,
      parameters: model.parameterCount,
      memory: measureMemory(model, residentBefore),
    };
  } finally {
    model.dispose();
  }
}

function describeStart(options: CheckedLanguageModelOptions, corpus: Corpus, model: Model): LanguageModelStart {
  return {
    options,
    parameters: model.parameterCount,
    symbols: corpus.vocabulary.size,
    trainingTokens: corpus.training.predictions,
    validationTokens: corpus.validation?.predictions ?? 0,
    threads: model.threads,
  };
}

function compileForTraining(symbols: number, options: CheckedLanguageModelOptions): Promise<Model> {
  const { optimizer, learningRate, weightDecay, seed, init, threads } = options;
  return languageModelNetwork(symbols, options).compile({
    loss: 'softmaxCrossEntropy',
    optimizer: optimizerNamed(optimizer, { learningRate, ...(weightDecay !== undefined && { weightDecay }) }),
    seed,
    initializer: init,
    ...(threads !== undefined && { threads }),
  });
}

/**
 * What the run directory says of the task. Under `place` stands what a resumed run may change. `recurrent` and
 * `weightDecay` are left out where they are what they would be if nobody had given them: older runs do not have them.
 */
function describeTask(options: CheckedLanguageModelOptions, { texts }: LanguageModelCorpus) {
  const { data, out: _out, valid, threads, checkpointEvery, resume: _resume, epochs, ...decisive } = options;
  const { recurrent, weightDecay, ...settings } = decisive;
  const usual = optimizerNamed(options.optimizer, { learningRate: options.learningRate }).weightDecay;
  const further = {
    ...(Object.keys(recurrent).length > 0 && { recurrent: recurrent as JsonObject }),
    ...(weightDecay !== undefined && weightDecay !== usual && { weightDecay }),
  };
  const files = typeof valid === 'string' ? { data, valid } : { data };
  return {
    task: { kind: 'languageModel', ...settings, ...further, texts },
    place: { ...files, ...(threads !== undefined && { threads }), checkpointEvery, epochs },
  };
}

/** The settings of the run that is to be resumed: they take the place of the defaults. */
function earlierSettings(options: { readonly out?: unknown; readonly resume?: unknown }): JsonObject {
  const { out, resume } = options;
  if (resume !== true || typeof out !== 'string' || !existsSync(configurationPath(out))) return {};
  const { task, place } = readConfiguration(out);
  if (!isJsonObject(task) || task['kind'] !== 'languageModel' || !isJsonObject(place)) {
    throw new ConfigurationError('configuration_mismatch', `the run '${out}' is not one of a language model`, {
      run: out,
    });
  }
  const { kind: _, texts, ...settings } = task;
  const valid = isJsonObject(texts) && typeof texts['valid'] === 'number' ? { valid: texts['valid'] } : {};
  return { ...settings, ...valid, ...place };
}

function measureMemory(model: Model, residentBefore: number): LanguageModelMemory {
  const { total, ...parts } = model.memory;
  const residentBytes = process.memoryUsage.rss();
  return {
    plannedBytes: total,
    ...parts,
    grownBytes: residentBytes - residentBefore,
    residentBytes,
    peakResidentBytes: process.resourceUsage().maxRSS * 1024,
  };
}
