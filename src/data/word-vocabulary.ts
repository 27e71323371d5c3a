/** Vocabulary of words, with the two marks of the Penn Treebank language-model files. */

import { requireList, requireText } from '../core/arguments.js';
import { compareCodePoints } from '../core/code-points.js';
import { OptionError } from '../core/errors.js';
import type { JsonValue } from '../core/json.js';
import { describeValue, rejectUnknownKeys, requireNumber, requireOneOf } from '../core/options.js';
import { BEGIN_MARK, END_MARK, END_OF_SENTENCE_MARK, hasWhiteSpace, UNKNOWN_MARK, visitWords } from '../files/text.js';
import { type Normalization, normalizeText, requireNormalization, savedNormalization } from './normalization.js';
import {
  checkVocabularyJson,
  invalidVocabulary,
  symbolAt,
  type Vocabulary,
  type VocabularyJson,
} from './vocabulary.js';

/** The options of making a vocabulary from the words of a text. */
export interface WordVocabularyOptions {
  /** Largest number of symbols, including the marks; the rarest words are left out. Default no limit. */
  readonly maxSize?: number;
  /** Words with fewer occurrences are left out. Integer >= 1; default 1. */
  readonly minCount?: number;
  /** What is done to every word before it is looked up, see `NORMALIZATIONS`. Default `none`. */
  readonly normalization?: Normalization;
}

/** What the marks are where a text writes them as words. */
export const WRITTEN_MARKS = ['words', 'marks'] as const;

/** The options of making a vocabulary from a text. */
export interface TextVocabularyOptions extends WordVocabularyOptions {
  /**
   * What `<unk>` and `<eos>` are where the text itself writes them: words like any other, or the marks of unknown words and of line
   * ends, as in the files of the Penn Treebank. Default `marks`.
   */
  readonly writtenMarks?: (typeof WRITTEN_MARKS)[number];
}

/** The marks around the tokens of a list of ids. */
export interface TokenMarks {
  /** `<s>` before the first token. Default false. */
  readonly begin?: boolean;
  /** The mark of the end of a sentence after the last token. Default false. */
  readonly end?: boolean;
}

// The ids of marks are their positions. Texts have only the end mark of lines; lists of tokens also have a begin mark,
// with which a decoder starts.
const TEXT_MARKS: readonly string[] = [UNKNOWN_MARK, END_OF_SENTENCE_MARK];
const TOKEN_MARKS: readonly string[] = [UNKNOWN_MARK, END_MARK, BEGIN_MARK];

function marksOf(symbols: readonly string[]): readonly string[] {
  return symbols[1] === END_MARK ? TOKEN_MARKS : TEXT_MARKS;
}

/** The symbol of a word: the word itself. That of a word which reads as a mark begins with a space, which no word has. */
function symbolOfWord(word: string, areWords: boolean, marks: readonly string[]): string {
  return areWords && marks.includes(word) ? ` ${word}` : word;
}

/** Marks, then the most frequent words first, equal counts by code point. @param areWords whether written marks are words */
function rank(
  counts: Map<string, number>,
  marks: readonly string[],
  areWords: boolean,
  options: WordVocabularyOptions,
): string[] {
  const minCount = requireNumber('minCount', options.minCount ?? 1, { integer: true, min: 1 });
  const maxSize =
    options.maxSize === undefined
      ? Number.POSITIVE_INFINITY
      : requireNumber('maxSize', options.maxSize, { integer: true, min: marks.length + 1 });
  if (!areWords) for (const mark of marks) counts.delete(mark);
  const words = [...counts]
    .filter(([, count]) => count >= minCount)
    .sort(([left, leftCount], [right, rightCount]) => rightCount - leftCount || compareCodePoints(left, right))
    .slice(0, maxSize - marks.length)
    .map(([word]) => symbolOfWord(word, areWords, marks));
  if (words.length === 0) throw invalidVocabulary(`no word occurs ${minCount} times or more`);
  return [...marks, ...words];
}

/**
 * Words (runs without white space) and their ids: `<unk>` is 0, `<eos>` (every line feed) is 1, then the most frequent
 * word first, equal counts by code point. A word that the text itself writes `<unk>` or `<eos>` is that mark, unless
 * `writtenMarks` says otherwise. Vocabularies of lists of tokens (`fromTokens`), as translation has them, have the marks `<unk>`,
 * `</s>` (every line feed) and `<s>`. There these words of a text are words like any other. The name of such a word is that of
 * the mark with a space before it.
 *
 * @example WordVocabulary.fromText('the cat\nthe dog\n').encode('the bird\n'); // => Int32Array.of(2, 0, 1)
 */
export class WordVocabulary implements Vocabulary {
  readonly level = 'word';
  readonly joinedBy = ' ';
  readonly unknownId: number = 0;
  readonly endOfSentenceId: number = 1;
  /** Id of `<s>`; undefined for vocabularies of a text. */
  readonly beginOfSentenceId: number | undefined;
  readonly size: number;
  readonly #symbols: readonly string[];
  readonly #marks: readonly string[];
  /** Whether words that read as marks are words. */
  readonly #areWords: boolean;
  readonly #ids = new Map<string, number>();

  private constructor(
    symbols: readonly string[],
    readonly normalization: Normalization,
    areWords: boolean,
  ) {
    this.#marks = marksOf(symbols);
    this.#areWords = areWords;
    // V8 makes words of 13 letters and more as views of the text, which keep the whole text in memory (measured: three
    // words, 2.6 MB). A conversion to JSON and back makes independent strings.
    this.#symbols = JSON.parse(JSON.stringify(symbols)) as string[];
    this.size = symbols.length;
    this.beginOfSentenceId = this.#marks === TOKEN_MARKS ? TOKEN_MARKS.indexOf(BEGIN_MARK) : undefined;
    for (const [id, symbol] of this.#symbols.entries()) this.#ids.set(symbol, id);
  }

  /**
   * The words of a text.
   *
   * @throws {OptionError} `unknown_option`, `invalid_option`
   * @throws {VocabularyError} `invalid_vocabulary` when no word is left
   */
  static fromText(text: string, options: TextVocabularyOptions = {}): WordVocabulary {
    rejectUnknownKeys('a word vocabulary', options, ['maxSize', 'minCount', 'normalization', 'writtenMarks']);
    const areWords = requireOneOf('writtenMarks', options.writtenMarks ?? 'marks', WRITTEN_MARKS) === 'words';
    const normalization = requireNormalization(options.normalization);
    const normal = normalizeText(requireText('the text', text), normalization);
    const counts = new Map<string, number>();
    visitWords(normal, (start, end, isLineEnd) => {
      if (isLineEnd) return;
      const word = normal.slice(start, end);
      counts.set(word, (counts.get(word) ?? 0) + 1);
    });
    return new WordVocabulary(rank(counts, TEXT_MARKS, areWords, options), normalization, areWords);
  }

  /**
   * The tokens of sentences.
   *
   * @throws {OptionError} `unknown_option`, `invalid_option`
   * @throws {VocabularyError} `invalid_vocabulary` when no token is left, or one is empty or has white space
   * @example
   * const words = sentences.map((sentence) => sentence.split(' '));
   * const vocabulary = WordVocabulary.fromTokens(words, { minCount: 2 });
   */
  static fromTokens(sentences: Iterable<readonly string[]>, options: WordVocabularyOptions = {}): WordVocabulary {
    rejectUnknownKeys('a word vocabulary', options, ['maxSize', 'minCount', 'normalization']);
    const normalization = requireNormalization(options.normalization);
    const written = new Map<string, number>();
    for (const sentence of sentences) for (const token of sentence) written.set(token, (written.get(token) ?? 0) + 1);
    const counts = new Map<string, number>();
    for (const [token, count] of written) {
      const normal = typeof token === 'string' ? normalizeText(token, normalization) : token;
      counts.set(normal, (counts.get(normal) ?? 0) + count);
    }
    for (const token of counts.keys()) {
      const isToken = typeof token === 'string' && token !== '' && !hasWhiteSpace(token);
      if (!isToken) throw invalidVocabulary(`a token must be one word, got ${describeValue(token)}`);
    }
    return new WordVocabulary(rank(counts, TOKEN_MARKS, true, options), normalization, true);
  }

  /**
   * The vocabulary that `toJSON` wrote.
   *
   * @throws {VocabularyError} `invalid_vocabulary`
   */
  static fromJSON(json: JsonValue | VocabularyJson): WordVocabulary {
    const { symbols, unknown, normalization, writtenMarks } = checkVocabularyJson(json, 'word');
    if (!unknown) throw invalidVocabulary('unknown must be true for words');
    const marks = marksOf(symbols);
    const areWords = marks === TOKEN_MARKS || writtenMarks === 'words';
    for (const [id, mark] of marks.entries()) {
      if (symbols[id] !== mark) throw invalidVocabulary(`symbol ${id} must be '${mark}'`);
    }
    for (const [id, symbol] of symbols.entries()) {
      const isEscaped = areWords && marks.some((mark) => symbol === ` ${mark}`);
      if (symbol === '' || (hasWhiteSpace(symbol) && !isEscaped)) {
        throw invalidVocabulary(`symbol ${id} must be one word, got ${describeValue(symbol)}`);
      }
    }
    return new WordVocabulary(symbols, requireNormalization(normalization), areWords);
  }

  /** @inheritdoc */
  encode(given: string): Int32Array {
    let count = 0;
    const text = normalizeText(requireText('the text', given), this.normalization);
    const ids = new Int32Array(text.length); // large enough: every word and every line end has at least one character
    visitWords(text, (start, end, isLineEnd) => {
      ids[count++] = isLineEnd ? this.endOfSentenceId : this.#idOfWord(text.slice(start, end));
    });
    return ids.slice(0, count);
  }

  /**
   * Ids of a list of tokens; those outside the vocabulary are `<unk>`.
   *
   * @throws {OptionError} `invalid_option` when `begin` is set and the vocabulary has no `<s>`
   * @example
   * const vocabulary = WordVocabulary.fromTokens([['a', 'cat']]);
   * vocabulary.encodeTokens(['a', 'cat'], { begin: true, end: true }); // => Int32Array.of(2, 3, 4, 1)
   */
  encodeTokens(tokens: readonly string[], marks: TokenMarks = {}): Int32Array {
    rejectUnknownKeys('marks', marks, ['begin', 'end']);
    const begin = requireOneOf('begin', marks.begin ?? false, [true, false]);
    const end = requireOneOf('end', marks.end ?? false, [true, false]);
    if (begin && this.beginOfSentenceId === undefined) {
      const message = `option 'begin' needs the mark ${BEGIN_MARK}, which this vocabulary of a text does not have`;
      throw new OptionError('invalid_option', message, { name: 'begin' });
    }
    requireList('tokens', tokens);
    const first = begin ? 1 : 0;
    const ids = new Int32Array(first + tokens.length + (end ? 1 : 0));
    if (begin) ids[0] = this.beginOfSentenceId as number;
    for (const [place, token] of tokens.entries()) {
      ids[first + place] = this.#idOfWord(normalizeText(token, this.normalization));
    }
    if (end) ids[ids.length - 1] = this.endOfSentenceId;
    return ids;
  }

  /** @param word in the form of the vocabulary */
  #idOfWord(word: string): number {
    return this.#ids.get(symbolOfWord(word, this.#areWords, this.#marks)) ?? this.unknownId;
  }

  /**
   * Tokens of ids up to the first end of a sentence, without the begin and end marks; `<unk>` is kept.
   *
   * @throws {RangeIndexError} `index_out_of_range`
   */
  decodeTokens(ids: ArrayLike<number>): string[] {
    const tokens: string[] = [];
    requireList('ids', ids);
    for (let at = 0; at < ids.length; at++) {
      const id = ids[at] as number;
      if (id === this.endOfSentenceId) break;
      if (id !== this.beginOfSentenceId) tokens.push(this.symbolOf(id).trimStart());
    }
    return tokens;
  }

  /** @inheritdoc Words are joined by spaces, lines end in a line feed; encoding the result gives the ids again. */
  decode(ids: ArrayLike<number>): string {
    let text = '';
    let separator = '';
    requireList('ids', ids);
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
    return id === this.endOfSentenceId ? '\n' : this.symbolOf(id).trimStart();
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
    const isSaid = this.#areWords && this.#marks === TEXT_MARKS;
    return {
      ...{ level: this.level, unknown: true, symbols: this.#symbols },
      ...savedNormalization(this.normalization),
      ...(isSaid && { writtenMarks: 'words' as const }),
    };
  }
}
