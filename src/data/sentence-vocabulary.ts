/** A vocabulary of whole sentences, which start and end with marks, made from any vocabulary. */
import { requireList, requireObject, requireText } from '../core/arguments.js';
import type { JsonValue } from '../core/json.js';
import { BEGIN_MARK, END_MARK, wordsOf } from '../files/text.js';
import { ByteVocabulary } from './byte-vocabulary.js';
import { CharacterVocabulary } from './character-vocabulary.js';
import { type SavedVocabularyOptions, vocabularyFromJSON } from './saved-vocabulary.js';
import type { Vocabulary, VocabularyJson } from './vocabulary.js';
import { WordVocabulary, type WordVocabularyOptions } from './word-vocabulary.js';

/** The symbols of sentences: their tokens, or the characters or bytes of these with a space between. */
export type SentenceLevel = 'word' | 'character' | 'byte';

/**
 * The symbols of sentences that are lists of tokens, with a begin mark and an end mark. A vocabulary of tokens has both
 * marks; any other vocabulary gets them after its symbols.
 *
 * @example new SentenceVocabulary(new ByteVocabulary()).decode(Int32Array.of(97, 32, 98)); // => ['a', 'b']
 */
export class SentenceVocabulary {
  /** Number of symbols, marks included. */
  readonly size: number;
  /** Id before the first symbol of a sentence. */
  readonly begin: number;
  /** Id after its last symbol. */
  readonly end: number;
  /** Id of all symbols outside the vocabulary; undefined when such a symbol is an error. */
  readonly unknown: number | undefined;

  constructor(readonly vocabulary: Vocabulary) {
    const { size, unknownId } = requireObject('the vocabulary', vocabulary);
    const begin = vocabulary instanceof WordVocabulary ? vocabulary.beginOfSentenceId : undefined;
    this.begin = begin ?? size;
    this.end = begin === undefined ? size + 1 : (vocabulary.endOfSentenceId as number);
    this.size = begin === undefined ? size + 2 : size;
    this.unknown = unknownId;
  }

  /**
   * The symbols of sentences.
   *
   * @param options of a vocabulary of words; `normalization` also of one of characters. Bytes are those of the text
   * @throws {OptionError} `invalid_option`, `unknown_option`
   * @throws {VocabularyError} `invalid_vocabulary` when no word is left
   */
  static of(
    sentences: readonly (readonly string[])[],
    level: SentenceLevel,
    options: WordVocabularyOptions = {},
  ): SentenceVocabulary {
    if (level === 'word') return new SentenceVocabulary(WordVocabulary.fromTokens(sentences, options));
    if (level === 'byte') return new SentenceVocabulary(new ByteVocabulary());
    const { normalization } = options;
    const text = sentences.map((tokens) => tokens.join(' ')).join('\n');
    return new SentenceVocabulary(
      CharacterVocabulary.fromText(text, { unknown: true, ...(normalization && { normalization }) }),
    );
  }

  /** The vocabulary that `toJSON` wrote. Throws as `vocabularyFromJSON`. */
  static fromJSON(json: JsonValue | VocabularyJson, options: SavedVocabularyOptions = {}): SentenceVocabulary {
    return new SentenceVocabulary(vocabularyFromJSON(json, options));
  }

  /** The JSON that `fromJSON` reads. */
  toJSON(): VocabularyJson {
    return this.vocabulary.toJSON();
  }

  /**
   * Ids of a sentence, without marks.
   *
   * @throws {VocabularyError} `unknown_symbol` where there is no unknown mark
   */
  encode(tokens: readonly string[]): Int32Array {
    const { vocabulary } = this;
    requireList('tokens', tokens);
    return vocabulary instanceof WordVocabulary
      ? vocabulary.encodeTokens(tokens)
      : vocabulary.encode(Array.from(tokens, (token) => requireText('a token', token)).join(' '));
  }

  /**
   * Tokens of ids up to the first end mark.
   *
   * @throws {RangeIndexError} `index_out_of_range`
   */
  decode(given: Int32Array): string[] {
    const ids = Int32Array.from(requireList('ids', given));
    const end = ids.indexOf(this.end);
    const symbols = (end < 0 ? ids : ids.subarray(0, end)).filter((id) => id !== this.begin);
    const { vocabulary } = this;
    if (vocabulary instanceof WordVocabulary) return vocabulary.decodeTokens(symbols);
    return wordsOf(vocabulary.decode(symbols));
  }

  /** Names of symbols: words, characters, marks. @throws {RangeIndexError} `index_out_of_range` */
  symbolsOf(ids: ArrayLike<number>): string[] {
    return Array.from(requireList('ids', ids), (id) => {
      if (id === this.begin) return BEGIN_MARK;
      return id === this.end ? END_MARK : this.vocabulary.symbolOf(id);
    });
  }
}
