import { CheckpointError, VocabularyError } from '../core/errors.js';
import { isJsonObject } from '../core/json.js';
import { vocabularyFromJSON } from '../data/saved-vocabulary.js';
import { TokenStreams } from '../data/streams.js';
import { readText } from '../data/text.js';
import type { Vocabulary } from '../data/vocabulary.js';
import type { Model } from '../model/model.js';
import { networkFromJSON } from '../model/network.js';
import type { SampleOptions } from '../model/sampling.js';
import { sgd } from '../optimizers/optimizer.js';
import { modelTensors, restoreTensors } from '../training/model-tensors.js';
import { readForValidation } from '../training/training-data.js';
import { evaluateOn, type LossSummary } from '../training/validation.js';
import { findCheckpoint } from './find-checkpoint.js';

/** A language model that was read from a run. */
export interface SavedLanguageModel {
  readonly model: Model;
  readonly vocabulary: Vocabulary;
  /** The checkpoint that it was read from. */
  readonly checkpoint: string;
}

/** How a language model is read. */
export interface LoadLanguageModelOptions {
  /** Threads, integer >= 1; default all usable processors. */
  readonly threads?: number;
}

/** Steps of a window in which a text is evaluated. It changes memory and speed, not the result. */
const EVALUATION_STEPS = 1000;

/**
 * Reads a trained language model: the best checkpoint of a run directory, its newest one where none is the best, or a
 * checkpoint file. Nothing is written, so that the run may go on meanwhile. Call `model.dispose()` in the end.
 *
 * @param run a run directory or a checkpoint file
 * @throws {CheckpointError} `checkpoint_missing` when the run has none yet; others when it cannot be read
 * @throws {ConfigurationError} `invalid_configuration` when it is neither a run nor a checkpoint
 * @throws {VocabularyError} `vocabulary_mismatch`, `invalid_vocabulary`
 */
export async function loadLanguageModel(
  run: string,
  options: LoadLanguageModelOptions = {},
): Promise<SavedLanguageModel> {
  const { path, checkpoint } = await findCheckpoint(run);
  const { configuration, vocabulary: saved } = checkpoint.metadata;
  const description = isJsonObject(configuration) ? configuration['model'] : undefined;
  if (!isJsonObject(saved) || !isJsonObject(description)) {
    throw new CheckpointError('checkpoint_mismatch', `'${path}' holds no language model: it has no vocabulary`, {
      path,
    });
  }
  const vocabulary = vocabularyFromJSON(saved);
  // Nothing is trained: an optimizer without state of its own needs no memory. The initial values are written over, so
  // they may be the cheapest ones.
  const model = await networkFromJSON(description['network']).compile({
    loss: 'softmaxCrossEntropy',
    optimizer: sgd({ learningRate: 1 }),
    initializer: 'uniform:0',
    ...(options.threads !== undefined && { threads: options.threads }),
  });
  try {
    if (model.outputs !== vocabulary.size) {
      throw new VocabularyError(
        'vocabulary_mismatch',
        `'${path}' is no language model: the network has ${model.outputs} outputs, the vocabulary ${vocabulary.size} symbols`,
        { path, outputs: model.outputs, symbols: vocabulary.size },
      );
    }
    restoreTensors(path, checkpoint, modelTensors({ parameters: model.parameters, optimizerState: new Map() }));
    model.parametersChanged();
    return { model, vocabulary, checkpoint: path };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** What is evaluated, and how. */
export interface EvaluateLanguageModelOptions extends LoadLanguageModelOptions {
  /** The text, a file in UTF-8. */
  readonly data: string;
  readonly signal?: AbortSignal;
}

/**
 * The loss of a saved language model on a text file, read as one stream with the state carried from its begin to its end.
 *
 * @param run as for `loadLanguageModel`
 * @throws {DataError} `file_unreadable`, `not_utf8`, `empty_data`, `too_short`
 * @throws {VocabularyError} `unknown_symbol` when the text has a character that the training text had not
 */
export async function evaluateLanguageModel(run: string, options: EvaluateLanguageModelOptions): Promise<LossSummary> {
  const text = await readText(options.data);
  const { model, vocabulary } = await loadLanguageModel(run, options);
  try {
    const streams = new TokenStreams(vocabulary.encode(text), { batch: 1, steps: EVALUATION_STEPS });
    return await evaluateOn(model, readForValidation(streams), options.signal);
  } finally {
    model.dispose();
  }
}

/** What is sampled, and how. */
export interface SampleLanguageModelOptions extends SampleOptions, LoadLanguageModelOptions {}

/**
 * Text of a saved language model, piece by piece; the prompt is not part of it.
 *
 * @param run as for `loadLanguageModel`
 * @param options.prompt text that the model reads first; default a line feed, or the first symbol of the vocabulary
 * @param options.length symbols to draw, integer >= 0; default 500
 * @throws {VocabularyError} `unknown_symbol` when the prompt has a character that the training text had not
 * @throws {OptionError} `invalid_option`
 * @example for await (const piece of sampleLanguageModel('runs/a', { prompt: 'ROMEO:' })) process.stdout.write(piece)
 */
export async function* sampleLanguageModel(
  run: string,
  options: SampleLanguageModelOptions = {},
): AsyncGenerator<string, void, void> {
  const { threads = 1, ...sampling } = options; // a single step is too small to share
  const { model, vocabulary } = await loadLanguageModel(run, { threads });
  try {
    yield* model.sampleStream(vocabulary, { length: 500, ...sampling });
  } finally {
    model.dispose();
  }
}
