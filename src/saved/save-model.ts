/** Saves a model as a checkpoint file, without a run. */
import { type Checkpoint, saveCheckpoint, saveCheckpointSync } from '../checkpoint/checkpoint.js';
import { OptionError } from '../core/errors.js';
import { isJsonObject, type JsonObject } from '../core/json.js';
import { describeValue, rejectUnknownKeys } from '../core/options.js';
import type { Vocabulary } from '../data/vocabulary.js';
import { Model } from '../model/model.js';
import { describeModel, modelMetadata } from './model-metadata.js';
import { modelTensors } from './model-tensors.js';
import { requireFittingVocabulary } from './model-vocabulary.js';

/** What is saved together with a model. */
export interface SaveModelOptions {
  /** The symbols whose ids the model reads or outputs. */
  readonly vocabulary?: Vocabulary | undefined;
  /** Other data that is needed to use the model, as JSON; `loadModel` returns it. The key `model` is reserved. */
  readonly configuration?: JsonObject | undefined;
}

function checkpointOf(model: Model, { vocabulary, configuration = {} }: SaveModelOptions): Checkpoint {
  const metadata = modelMetadata(model, { ...configuration, model: describeModel(model) }, vocabulary);
  return { tensors: modelTensors(model), metadata };
}

function check(model: Model, file: string, options: SaveModelOptions): void {
  const refuse = (name: string, expected: string, value: unknown) =>
    new OptionError('invalid_option', `saveModel: '${name}' must be ${expected}, got ${describeValue(value)}`, {
      name,
      value,
    });
  if (!(model instanceof Model)) throw refuse('model', 'a compiled model', model);
  if (typeof file !== 'string' || file === '') throw refuse('file', 'the path of a file', file);
  rejectUnknownKeys('saveModel', options, ['vocabulary', 'configuration']);
  const { vocabulary, configuration = {} } = options;
  if (!isJsonObject(configuration)) throw refuse('configuration', 'a JSON object', configuration);
  if (Object.hasOwn(configuration, 'model')) {
    throw refuse('configuration', "an object without the key 'model', where the model is described", configuration);
  }
  if (vocabulary === undefined) return;
  if (typeof vocabulary?.toJSON !== 'function') throw refuse('vocabulary', 'a vocabulary', vocabulary);
  requireFittingVocabulary('saveModel', model, vocabulary);
}

/**
 * Saves a model in one file, from which `loadModel` restores it completely: weights, network, losses, optimizer with
 * its state, step and seed. The format is that of the checkpoints of a run: safetensors with JSON and a checksum.
 *
 * The data is written to a temporary file, flushed and renamed. So the path has the old file or the new one at every
 * moment. Training steps of the model that are requested meanwhile wait until the file is written; predictions and streams go on.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @throws {VocabularyError} `vocabulary_mismatch` when the model reads and outputs fewer ids than the vocabulary has
 * @throws {CheckpointError} `checkpoint_write_failed`; the path then has its old content
 * @example await saveModel(model, 'weather.safetensors', { configuration: { columns: ['temperature', 'wind'] } });
 */
export async function saveModel(model: Model, file: string, options: SaveModelOptions = {}): Promise<void> {
  check(model, file, options);
  await model.whileUnchanged(() => saveCheckpoint(file, checkpointOf(model, options)));
}

/**
 * As `saveModel`, on the calling thread.
 *
 * @throws {UsageError} `model_busy` while an asynchronous execution is under way
 */
export function saveModelSync(model: Model, file: string, options: SaveModelOptions = {}): void {
  check(model, file, options);
  model.whileIdleSync(() => saveCheckpointSync(file, checkpointOf(model, options)));
}
