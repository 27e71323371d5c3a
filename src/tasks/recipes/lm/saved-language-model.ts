/** Loads and samples trained language models. */
import { requireObject } from '../../../core/arguments.js';
import { CheckpointError, VocabularyError } from '../../../core/errors.js';
import type { SubwordTokenizer } from '../../../data/tokenizer-vocabulary.js';
import type { Vocabulary } from '../../../data/vocabulary.js';
import type { Model } from '../../../model/model.js';
import type { SampleOptions } from '../../../model/use/sampling.js';
import { loadModel } from '../../../saved/load-model.js';

/** A language model that was loaded from a run. */
export interface SavedLanguageModel {
  readonly model: Model;
  readonly vocabulary: Vocabulary;
  /** The checkpoint that it was read from. */
  readonly checkpoint: string;
}

/** How a language model is loaded. */
export interface LoadLanguageModelOptions {
  /** Threads, integer >= 1; default all usable processors. */
  readonly threads?: number;
  /** The tokenizer, for a vocabulary of subwords. */
  readonly tokenizer?: SubwordTokenizer;
}

/**
 * Loads a trained language model: the best checkpoint of a run directory, the newest one if no checkpoint was saved as
 * the best, or a checkpoint file. It writes nothing, so the run may continue meanwhile. Call `model.dispose()` at the
 * end.
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
  const { model, vocabulary, path } = await loadModel(run, { ...options, training: false });
  try {
    return { model, vocabulary: requireSymbols(path, model, vocabulary), checkpoint: path };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** The vocabulary, if the outputs of the model are its symbols. */
function requireSymbols(path: string, { outputs }: Model, vocabulary: Vocabulary | undefined): Vocabulary {
  if (vocabulary === undefined) {
    const message = `'${path}' holds no language model: it has no vocabulary`;
    throw new CheckpointError('checkpoint_mismatch', message, { path });
  }
  if (outputs === vocabulary.size) return vocabulary;
  const message = `'${path}' is no language model: the network has ${outputs} outputs, the vocabulary ${vocabulary.size} symbols`;
  throw new VocabularyError('vocabulary_mismatch', message, { path, outputs, symbols: vocabulary.size });
}

/** The options of sampling. */
export interface SampleLanguageModelOptions extends SampleOptions, LoadLanguageModelOptions {}

/**
 * Text of a saved language model, piece by piece; the prompt is not part of it.
 *
 * @param run as for `loadLanguageModel`
 * @param options.prompt text that the model reads first; default a line feed, or the first symbol of the vocabulary
 * @param options.length symbols to draw, integer >= 0; default 500
 * @throws {VocabularyError} `unknown_symbol` when the prompt has a character that the training text did not have
 * @throws {OptionError} `invalid_option`
 * @example for await (const piece of sampleLanguageModel('runs/shakespeare', { prompt: 'ROMEO:' })) process.stdout.write(piece);
 */
export async function* sampleLanguageModel(
  run: string,
  options: SampleLanguageModelOptions = {},
): AsyncGenerator<string, void, void> {
  const { threads = 1, tokenizer, ...sampling } = requireObject('options', options); // a single step is too small to share
  const { model, vocabulary } = await loadLanguageModel(run, { threads, ...(tokenizer && { tokenizer }) });
  try {
    yield* model.sampleStream(vocabulary, { length: 500, ...sampling });
  } finally {
    model.dispose();
  }
}
