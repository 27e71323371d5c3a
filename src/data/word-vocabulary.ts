/** Vocabulary of words, with the two marks of the Penn Treebank language-model files. */
import type { JsonValue } from '../core/json.js';
import { rejectUnknownKeys, requireNumber } from '../core/options.js';
import { END_OF_SENTENCE_MARK, hasWhiteSpace, UNKNOWN_MARK, visitWords } from './text.js';
import {
  checkVocabularyJson,
  compareCodePoints,
  invalidVocabulary,
  symbolAt,
  type Vocabulary,
  type VocabularyJson,
} from './vocabulary.js';

/** How the words of a text become a vocabulary. */
export interface WordVocabularyOptions {
  /**
   * Largest number of symbols, the two marks included; the rarest words are left out. Integer >= 3; default no limit.
   */
  readonly maxSize?: number;
  /** Words that occur less often are left out. Integer >= 1; default 1. */
  readonly minCount?: number;
}

const MARKS = [UNKNOWN_MARK, END_OF_SENTENCE_MARK] as const;

/**
 * Words (runs without white space) and their ids: `<unk>` is 0, `<eos>` (every line feed) is 1, then the most frequent
 * word first, equal counts by code point. A word that the text itself writes `<unk>` or `<eos>` is that mark.
 *
 * @example WordVocabulary.fromText('the cat\nthe dog\n').encode('the bird\n') // Int32Array [2, 0, 1]
 */
export class WordVocabulary implements Vocabulary {
  readonly level = 'word';
  readonly joinedBy = ' ';
  readonly unknownId: number = 0;
  readonly endOfSentenceId: number = 1;
  readonly size: number;
  readonly #symbols: readonly string[];
  readonly #ids = new Map<string, number>();

  private constructor(symbols: readonly string[]) {
    // V8 cuts words of 13 letters and more out of a text as views, which keep the whole text alive (measured: three
    // words, 2.6 MB). A round trip through JSON gives strings of their own.
    this.#symbols = JSON.parse(JSON.stringify(symbols)) as string[];
    this.size = symbols.length;
    for (const [id, symbol] of this.#symbols.entries()) this.#ids.set(symbol, id);
  }

  /**
   * The words of a text.
   *
   * @throws {OptionError} `unknown_option`, `invalid_option`
   * @throws {VocabularyError} `invalid_vocabulary` when no word is left
   */
  static fromText(text: string, options: WordVocabularyOptions = {}): WordVocabulary {
    rejectUnknownKeys('a word vocabulary', options, ['maxSize', 'minCount']);
    const minCount = requireNumber('minCount', options.minCount ?? 1, { integer: true, min: 1 });
    const maxSize =
      options.maxSize === undefined
        ? Number.POSITIVE_INFINITY
        : requireNumber('maxSize', options.maxSize, { integer: true, min: MARKS.length + 1 });
    const counts = new Map<string, number>();
    visitWords(text, (start, end, isLineEnd) => {
      if (isLineEnd) return;
      const word = text.slice(start, end);
      counts.set(word, (counts.get(word) ?? 0) + 1);
    });
    for (const mark of MARKS) counts.delete(mark);
    const words = [...counts]
      .filter(([, count]) => count >= minCount)
      .sort(([left, leftCount], [right, rightCount]) => rightCount - leftCount || compareCodePoints(left, right))
      .slice(0, maxSize - MARKS.length)
      .map(([word]) => word);
    if (words.length === 0) throw invalidVocabulary(`no word occurs ${minCount} times or more in the text`);
    return new WordVocabulary([...MARKS, ...words]);
  }

  /**
   * The vocabulary that `toJSON` wrote.
   *
   * @throws {VocabularyError} `invalid_vocabulary`
   */
  static fromJSON(json: JsonValue | VocabularyJson): WordVocabulary {
    const { symbols, unknown } = checkVocabularyJson(json, 'word');
    if (!unknown) throw invalidVocabulary('unknown must be true for words');
    for (const [id, mark] of MARKS.entries()) {
      if (symbols[id] !== mark) throw invalidVocabulary(`symbol ${id} must be '${mark}'`);
    }
    for (const [id, symbol] of symbols.entries()) {
      if (symbol === '' || hasWhiteSpace(symbol)) {
        throw invalidVocabulary(`symbol ${id} must be one word, got ${JSON.stringify(symbol)}`);
      }
    }
    return new WordVocabulary(symbols);
  }

  /** @inheritdoc */
  encode(text: string): Int32Array {
    let count = 0;
    const ids = new Int32Array(text.length); // more than enough: every word takes a character, every line end its own
    visitWords(text, (start, end, isLineEnd) => {
      const id = isLineEnd ? this.endOfSentenceId : this.#ids.get(text.slice(start, end));
      ids[count++] = id ?? this.unknownId;
    });
    return ids.slice(0, count);
  }

  /** @inheritdoc Words are joined by spaces, lines end in a line feed; encoding the result gives the ids again. */
  decode(ids: ArrayLike<number>): string {
    let text = '';
    let separator = '';
    for (let at = 0; at < ids.length; at++) {
      const id = ids[at] as number;
      if (id !== this.endOfSentenceId) text += separator;
      text += this.decodeSymbol(id);
      separator = id === this.endOfSentenceId ? '' : this.joinedBy;
    }
    return text;
  }

  /** @inheritdoc The end of a sentence reads as a line feed. */
  decodeSymbol(id: number): string {
    return id === this.endOfSentenceId ? '\n' : this.symbolOf(id);
  }

  /** @inheritdoc */
  idOf(symbol: string): number | undefined {
    return this.#ids.get(symbol);
  }

  /** @inheritdoc */
  symbolOf(id: number): string {
    return symbolAt(this.#symbols, id);
  }

  /** @inheritdoc */
  toJSON(): VocabularyJson {
    return { level: this.level, unknown: true, symbols: this.#symbols };
  }
}
