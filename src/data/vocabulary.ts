/**
 * The interface of every vocabulary: converts symbols of a text to ids and back. It is saved as JSON with the weights.
 */
import { RangeIndexError, VocabularyError } from '../core/errors.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.js';
import { describeValue } from '../core/options.js';
import { type Normalization, requireNormalization, savedNormalization } from './normalization.js';

/** The kind of symbol: a character (Unicode code point), a word, a byte of UTF-8, or a piece of a tokenizer. */
export type VocabularyLevel = 'char' | 'word' | 'byte' | 'subword';

/** Symbols of a text and their ids 0 .. size-1. Immutable. */
export interface Vocabulary {
  readonly level: VocabularyLevel;
  /** Number of symbols, marks included. */
  readonly size: number;
  /** The separator of two symbols in a decoded text: empty, or a space. */
  readonly joinedBy: '' | ' ';
  /** Id of every symbol outside the vocabulary; undefined when such a symbol is an error. */
  readonly unknownId: number | undefined;
  /** Id of the end of a line; undefined when the line feed is an ordinary character. */
  readonly endOfSentenceId: number | undefined;
  /** What is done to a text before it becomes symbols; missing: nothing. It is saved with the vocabulary. */
  readonly normalization?: Normalization;
  /**
   * Ids of the symbols of a text.
   *
   * @throws {VocabularyError} `unknown_symbol`, with the symbol and its position, when there is no unknown mark
   */
  encode(text: string): Int32Array;
  /**
   * Text of the ids.
   *
   * @throws {RangeIndexError} `index_out_of_range`
   */
  decode(ids: ArrayLike<number>): string;
  /**
   * Text of one id, as it reads in a decoded text.
   *
   * @throws {RangeIndexError} `index_out_of_range`
   */
  decodeSymbol(id: number): string;
  /** Id of a symbol or mark with the name that `symbolOf` returns; undefined when the vocabulary does not have it. */
  idOf(symbol: string): number | undefined;
  /**
   * Name of the symbol: the character, the word, or the mark.
   *
   * @throws {RangeIndexError} `index_out_of_range`
   */
  symbolOf(id: number): string;
  /** The whole vocabulary, as JSON; `vocabularyFromJSON` reads it. */
  toJSON(): VocabularyJson;
}

/** How a saved model identifies the tokenizer of its training. */
export type TokenizerJson = {
  readonly size: number;
  /** SHA-256 of the texts of all pieces. */
  readonly fingerprint: string;
  readonly unknownId: number | null;
  readonly endOfSentenceId: number | null;
};

/** A vocabulary as JSON. Ids are places in `symbols`; marks come first. */
export type VocabularyJson = {
  readonly level: VocabularyLevel;
  /** Whether the unknown mark exists; always true for words. */
  readonly unknown: boolean;
  /** Empty for subwords. */
  readonly symbols: readonly string[];
  /** Missing when texts are read as they are. */
  readonly normalization?: 'NFC';
  /** Of words of a text: marks that the text writes are words like any other; missing where they are the marks. */
  readonly writtenMarks?: 'words';
  /** For subwords: the identity of the tokenizer. */
  readonly tokenizer?: TokenizerJson;
};

/**
 * Checks everything about a vocabulary's JSON that does not depend on its level.
 *
 * @throws {VocabularyError} `invalid_vocabulary`
 */
export function checkVocabularyJson(value: JsonValue | VocabularyJson, level: VocabularyLevel): VocabularyJson {
  if (!isJsonObject(value as JsonValue)) throw invalidVocabulary(`must be an object, got ${describeValue(value)}`);
  const { level: actual, unknown, symbols, normalization, writtenMarks } = value as JsonObject;
  if (actual !== level) throw invalidVocabulary(`level must be '${level}', got ${describeValue(actual)}`);
  if (typeof unknown !== 'boolean') throw invalidVocabulary(`unknown must be a boolean, got ${describeValue(unknown)}`);
  if (!Array.isArray(symbols)) throw invalidVocabulary(`symbols must be an array, got ${describeValue(symbols)}`);
  if (symbols.length === 0) throw invalidVocabulary('it has no symbols');
  const places = new Map<string, number>();
  for (const [id, symbol] of symbols.entries()) {
    if (typeof symbol !== 'string')
      throw invalidVocabulary(`symbol ${id} must be a string, got ${describeValue(symbol)}`);
    const first = places.get(symbol);
    if (first !== undefined) throw invalidVocabulary(`symbol ${describeValue(symbol)} has two ids, ${first} and ${id}`);
    places.set(symbol, id);
  }
  if (normalization !== undefined && normalization !== 'NFC')
    throw invalidVocabulary(`normalization must be 'NFC', got ${describeValue(normalization)}`);
  if (writtenMarks !== undefined && writtenMarks !== 'words')
    throw invalidVocabulary(`writtenMarks must be 'words', got ${describeValue(writtenMarks)}`);
  return {
    level,
    unknown,
    symbols: symbols as string[],
    ...savedNormalization(requireNormalization(normalization)),
    ...(writtenMarks !== undefined && { writtenMarks }),
  };
}

/** The error for a vocabulary that cannot be used. */
export function invalidVocabulary(reason: string): VocabularyError {
  return new VocabularyError('invalid_vocabulary', `invalid vocabulary: ${reason}`, { reason });
}

/** The symbol of an id. @throws {RangeIndexError} `index_out_of_range` with the id and the size */
export function symbolAt(symbols: readonly string[], id: number): string {
  const symbol = typeof id === 'number' ? symbols[id] : undefined;
  if (symbol !== undefined) return symbol;
  const size = symbols.length;
  throw new RangeIndexError(
    'index_out_of_range',
    `id ${describeValue(id)} is outside the vocabulary of ${size} symbols`,
    {
      id,
      size,
    },
  );
}
