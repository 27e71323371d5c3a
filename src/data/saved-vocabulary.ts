/** Reads a vocabulary of either level from the JSON that was saved with a model. */
import { isJsonObject, type JsonValue } from '../core/json.js';
import { describeValue } from '../core/options.js';
import { CharacterVocabulary } from './character-vocabulary.js';
import { invalidVocabulary, type Vocabulary, type VocabularyJson } from './vocabulary.js';
import { WordVocabulary } from './word-vocabulary.js';

/**
 * The vocabulary that `toJSON` of one of the vocabularies wrote; its `level` says which.
 *
 * @throws {VocabularyError} `invalid_vocabulary`: marks missing or out of place, symbols that occur twice or are not of
 *   the level, another level
 */
export function vocabularyFromJSON(json: JsonValue | VocabularyJson): Vocabulary {
  const level = isJsonObject(json) ? json.level : undefined;
  if (level === 'char') return CharacterVocabulary.fromJSON(json);
  if (level === 'word') return WordVocabulary.fromJSON(json);
  throw invalidVocabulary(`level must be 'char' or 'word', got ${describeValue(level)}`);
}
