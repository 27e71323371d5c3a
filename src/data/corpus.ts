/** A text for language modelling: vocabulary, training streams, validation stream. */
import { DataError, OptionError } from '../core/errors.js';
import { describeValue, rejectUnknownKeys, requireNumber } from '../core/options.js';
import { visitWords } from '../files/text.js';
import { ByteVocabulary } from './byte-vocabulary.js';
import { CharacterVocabulary, type CharacterVocabularyOptions } from './character-vocabulary.js';
import { normalizeText, requireNormalization } from './normalization.js';
import { type StreamOptions, TokenStreams } from './streams.js';
import type { Vocabulary } from './vocabulary.js';
import { type TextVocabularyOptions, WordVocabulary } from './word-vocabulary.js';

/** Streams of a text, and their vocabulary. */
export interface Corpus<V extends Vocabulary = Vocabulary> {
  readonly vocabulary: V;
  readonly training: TokenStreams;
  /** Read as one stream, with the state carried from its first symbol to its last. */
  readonly validation?: TokenStreams;
  /** Read in the same way as validation. */
  readonly test?: TokenStreams;
}

/** The options for all kinds of symbols. */
export interface CorpusOptions<V extends Vocabulary> extends StreamOptions {
  /** A separate text, or the fraction in (0, 1) of the text, taken from its end. Default: no validation. */
  readonly validation?: number | string;
  /**
   * Text for the final evaluation: a separate text, or the fraction at the very end of the text, after the validation
   * part.
   */
  readonly test?: number | string;
  /** Steps of a window of validation and test. It changes memory and speed, not the result. Integer >= 1; default 1000. */
  readonly validationSteps?: number;
  /** Vocabulary to use instead of a new one: that of a model that is trained further. */
  readonly vocabulary?: V;
}

/** Options of `characterStreams`. */
export interface CharacterStreamOptions extends CorpusOptions<CharacterVocabulary>, CharacterVocabularyOptions {}

/** Options of `wordStreams`. */
export interface WordStreamOptions extends CorpusOptions<WordVocabulary>, TextVocabularyOptions {}

/** Options of the vocabulary of words. */
const WORD_OPTIONS = ['maxSize', 'minCount', 'normalization', 'writtenMarks'] as const;

const CORPUS_OPTIONS = ['batch', 'steps', 'validation', 'test', 'validationSteps', 'vocabulary'];

/** The given options without undefined members, as exact optional properties require. */
function present<T extends object, K extends keyof T>(options: T, keys: readonly K[]): Pick<T, K> {
  const entries = keys.filter((key) => options[key] !== undefined).map((key) => [key, options[key]]);
  return Object.fromEntries(entries) as Pick<T, K>;
}

function requireText(text: unknown): void {
  if (typeof text !== 'string') {
    throw new OptionError('invalid_option', `the text must be a string, got ${describeValue(text)}`, { name: 'text' });
  }
  if (text.length === 0) throw new DataError('empty_data', 'the text is empty');
}

/**
 * All texts in the form of the vocabulary, before they are cut: a cut does not come between a letter and its mark, where one
 * character stands for both.
 */
function normalized<O extends CorpusOptions<Vocabulary>>(
  text: string,
  options: O & Pick<CharacterVocabularyOptions, 'normalization'>,
): [string, O] {
  requireText(text);
  const form = requireNormalization(options.vocabulary?.normalization ?? options.normalization);
  const part = (given: number | string) => (typeof given === 'string' ? normalizeText(given, form) : given);
  const { validation, test } = options;
  const parts = {
    ...(validation !== undefined && { validation: part(validation) }),
    ...(test !== undefined && { test: part(test) }),
  };
  return [normalizeText(text, form), { ...options, ...parts }];
}

/** The texts of the parts. */
interface SplitText {
  readonly training: string;
  readonly validation: string | undefined;
  readonly test: string | undefined;
}

/** Number of symbols of a part that is a fraction of the text; 0 for a separate text. */
function symbolsOf(name: 'validation' | 'test', part: unknown, symbols: number): number {
  if (part === undefined || typeof part === 'string') return 0;
  const fraction = requireNumber(name, part, { exclusiveMin: 0, exclusiveMax: 1 });
  const count = Math.round(symbols * fraction);
  if (count >= 2) return count;
  throw new DataError(
    'too_short',
    `${name} is ${fraction} of ${symbols} symbols, which is ${count}: at least 2 are needed`,
    { symbols, fraction, [`${name}Symbols`]: count },
  );
}

/** The parts of a text. `cutAt` returns the index in the text at which its last symbols of the given number begin. */
function splitText(
  text: string,
  { validation, test }: { readonly validation?: unknown; readonly test?: unknown },
  symbols: number,
  cutAt: (lastSymbols: number) => number,
): SplitText {
  const validationSymbols = symbolsOf('validation', validation, symbols);
  const testSymbols = symbolsOf('test', test, symbols);
  if (validationSymbols + testSymbols >= symbols) {
    const message = `validation and test are ${validationSymbols} and ${testSymbols} of ${symbols} symbols: none is left for training`;
    throw new DataError('too_short', message, { symbols, validationSymbols, testSymbols });
  }
  const testBegin = testSymbols === 0 ? text.length : cutAt(testSymbols);
  const begin = validationSymbols === 0 ? testBegin : cutAt(validationSymbols + testSymbols);
  const part = (given: unknown, cut: string) => (given === undefined || typeof given === 'string' ? given : cut);
  return {
    training: text.slice(0, begin),
    validation: part(validation, text.slice(begin, testBegin)),
    test: part(test, text.slice(testBegin)),
  };
}

function readStreams<V extends Vocabulary>(
  vocabulary: V,
  { training, validation, test }: SplitText,
  options: CorpusOptions<V>,
): Corpus<V> {
  const steps = requireNumber('validationSteps', options.validationSteps ?? 1000, { integer: true, min: 1 });
  const whole = (text: string) => new TokenStreams(vocabulary.encode(text), { batch: 1, steps });
  return {
    vocabulary,
    training: new TokenStreams(vocabulary.encode(training), { batch: options.batch, steps: options.steps }),
    ...(validation !== undefined && { validation: whole(validation) }),
    ...(test !== undefined && { test: whole(test) }),
  };
}

function countCharacters(text: string): number {
  let count = text.length;
  for (let at = 0; at + 1 < text.length; at++) {
    if ((text.codePointAt(at) as number) > 0xffff) {
      count--;
      at++;
    }
  }
  return count;
}

/** Index at which the last `count` characters begin. */
function lastCharacters(text: string, count: number): number {
  let at = text.length;
  for (let left = count; left > 0; left--) {
    at--;
    if (at > 0 && (text.codePointAt(at - 1) as number) > 0xffff) at--;
  }
  return at;
}

/**
 * A corpus of characters. The vocabulary is made from the texts of all parts together, as in char-rnn: the set of
 * characters contains no information about their order, and validation would fail with a character outside the
 * vocabulary.
 *
 * @throws {DataError} `empty_data`; `too_short`, with both sizes
 * @throws {VocabularyError} `unknown_symbol` when a given vocabulary without an unknown mark lacks a character
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @example const corpus = characterStreams(text, { batch: 64, steps: 100, validation: 0.05 });
 */
export function characterStreams(text: string, options: CharacterStreamOptions): Corpus<CharacterVocabulary> {
  rejectUnknownKeys('characterStreams', options, [...CORPUS_OPTIONS, 'unknown', 'normalization']);
  const [whole, given] = normalized(text, options);
  const parts = splitText(whole, given, countCharacters(whole), (count) => lastCharacters(whole, count));
  const all = [whole, given.validation, given.test].filter((part) => typeof part === 'string').join('');
  const vocabulary =
    options.vocabulary ?? CharacterVocabulary.fromText(all, present(options, ['unknown', 'normalization']));
  return readStreams(vocabulary, parts, options);
}

/**
 * A corpus of words. The vocabulary is made from the training text alone. Words of the validation text that are not in
 * the training text are read as `<unk>`, as in later use. A vocabulary with these words would make the validation loss
 * look better than it is.
 *
 * @throws {DataError} `empty_data`; `too_short`, with both sizes
 * @throws {VocabularyError} `invalid_vocabulary` when no word is left
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @example const corpus = wordStreams(text, { batch: 20, steps: 35, validation: validText, maxSize: 10000 });
 */
export function wordStreams(text: string, options: WordStreamOptions): Corpus<WordVocabulary> {
  rejectUnknownKeys('wordStreams', options, [...CORPUS_OPTIONS, ...WORD_OPTIONS]);
  const [whole, given] = normalized(text, options);
  let words = 0;
  visitWords(whole, () => words++);
  const parts = splitText(whole, given, words, (count) => {
    let place = 0;
    let cut = whole.length;
    visitWords(whole, (start) => {
      if (place++ === words - count) cut = start;
    });
    return cut;
  });
  const vocabulary = options.vocabulary ?? WordVocabulary.fromText(parts.training, present(options, WORD_OPTIONS));
  return readStreams(vocabulary, parts, options);
}

/**
 * A corpus of bytes, which needs no special vocabulary: any text consists of bytes. Parts are cut between characters,
 * at fractions of the number of characters.
 *
 * @throws {DataError} `empty_data`; `too_short`, with both sizes
 * @throws {OptionError} `invalid_option`, `unknown_option`
 */
export function byteStreams(text: string, options: CorpusOptions<ByteVocabulary>): Corpus<ByteVocabulary> {
  rejectUnknownKeys('byteStreams', options, CORPUS_OPTIONS);
  requireText(text);
  const parts = splitText(text, options, countCharacters(text), (count) => lastCharacters(text, count));
  return readStreams(options.vocabulary ?? new ByteVocabulary(), parts, options);
}
