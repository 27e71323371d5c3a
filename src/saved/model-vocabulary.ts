/** The vocabulary that is saved with a model. */
import { VocabularyError } from '../core/errors.js';
import { isJsonObject, type JsonObject } from '../core/json.js';
import { type SavedVocabularyOptions, vocabularyFromJSON } from '../data/saved-vocabulary.js';
import type { Vocabulary } from '../data/vocabulary.js';
import type { Model } from '../model/model.js';
import { objectOrNone } from './model-metadata.js';

/** Where a checkpoint stores its vocabulary: separately, or with the data of its task. */
function vocabularyJson(path: string, { vocabulary, configuration }: JsonObject): JsonObject | undefined {
  const alone = objectOrNone(path, 'vocabulary', vocabulary);
  if (alone !== undefined) return alone;
  const task = isJsonObject(configuration) ? configuration['task'] : undefined;
  const saved = isJsonObject(task) ? task['saved'] : undefined;
  const own = isJsonObject(saved) ? saved['vocabulary'] : undefined;
  return isJsonObject(own) ? own : undefined;
}

/**
 * The vocabulary of a checkpoint; undefined when it has none.
 *
 * @throws {CheckpointError} `checkpoint_corrupt` for what is no object
 * @throws {VocabularyError} `invalid_vocabulary`, and `vocabulary_mismatch` for another tokenizer
 */
export function readVocabulary(
  path: string,
  metadata: JsonObject,
  options: SavedVocabularyOptions,
): Vocabulary | undefined {
  const json = vocabularyJson(path, metadata);
  if (json === undefined) return undefined;
  try {
    return vocabularyFromJSON(json, options);
  } catch (error) {
    if (!(error instanceof VocabularyError)) throw error;
    throw new VocabularyError(error.code, `'${path}': ${error.message}`, { path, ...error.details }, error);
  }
}

/**
 * Refuses a vocabulary when the model neither reads nor outputs its ids.
 *
 * @param where place of the error, for the message
 * @throws {VocabularyError} `vocabulary_mismatch` with all sizes
 */
export function requireFittingVocabulary(
  where: string,
  { description, outputShapes }: Pick<Model, 'description' | 'outputShapes'>,
  { size }: Vocabulary,
): void {
  const inputs = Object.values(description.inputs).flatMap((input) => (input.kind === 'indices' ? [input.size] : []));
  const outputs = [...outputShapes.values()].map(({ columns }) => columns);
  if ([...inputs, ...outputs].some((symbols) => symbols >= size)) return;
  const message = `${where}: the vocabulary has ${size} symbols, but the network reads indices below ${inputs.join(', ') || 'none'} and gives ${outputs.join(', ')} outputs`;
  throw new VocabularyError('vocabulary_mismatch', message, { symbols: size, inputs, outputs });
}
