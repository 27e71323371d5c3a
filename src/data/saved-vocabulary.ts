/** Reads a vocabulary of any level from the JSON that was saved with a model. */
import { isJsonObject, type JsonValue } from '../core/json.js';
import { describeValue, rejectUnknownKeys } from '../core/options.js';
import { ByteVocabulary } from './byte-vocabulary.js';
import { CharacterVocabulary } from './character-vocabulary.js';
import { type SubwordTokenizer, TokenizerVocabulary } from './tokenizer-vocabulary.js';
import { invalidVocabulary, type Vocabulary, type VocabularyJson } from './vocabulary.js';
import { WordVocabulary } from './word-vocabulary.js';

/** The parts of a vocabulary that JSON cannot contain. */
export interface SavedVocabularyOptions {
  /** The tokenizer, for a vocabulary of subwords. */
  readonly tokenizer?: SubwordTokenizer | undefined;
}

/**
 * The vocabulary that `toJSON` of one of the vocabularies wrote; its `level` says which.
 *
 * @throws {VocabularyError} `invalid_vocabulary`: marks missing or out of place, symbols that occur twice or are not of
 *   the level, another level, subwords without their tokenizer; `vocabulary_mismatch` for another tokenizer
 */
export function vocabularyFromJSON(json: JsonValue | VocabularyJson, options: SavedVocabularyOptions = {}): Vocabulary {
  rejectUnknownKeys('vocabularyFromJSON', options, ['tokenizer']);
  const { tokenizer } = options;
  const level = isJsonObject(json) ? json.level : undefined;
  if (level === 'char') return CharacterVocabulary.fromJSON(json);
  if (level === 'word') return WordVocabulary.fromJSON(json);
  if (level === 'byte') return ByteVocabulary.fromJSON(json);
  if (level === 'subword') {
    if (tokenizer === undefined)
      throw invalidVocabulary('its subwords need the tokenizer that the model was trained with');
    return TokenizerVocabulary.fromJSON(json, tokenizer);
  }
  throw invalidVocabulary(`level must be 'char', 'word', 'byte' or 'subword', got ${describeValue(level)}`);
}
