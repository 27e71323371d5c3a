/**
 * What a text decides about a language model and its training, each default with its reason. Measured on one thread of an Intel Xeon with
 * AVX-512, one seed each.
 */
import type { TokenStreams } from '../../../data/streams.js';
import { type LengthRule, trainingEpochs } from '../../building-blocks/training-length.js';
import type { Setting, Settings } from '../../definition/settings.js';

/** What a symbol is. */
export type LanguageLevel = 'char' | 'word' | 'byte';

/** The options that the text decides. */
export const SETTLED = ['layers', 'dropout', 'epochs', 'patience'] as const;

/** Windows that a pass over the text should have before there are more streams. */
const WINDOWS = 20;

/** What a text of few symbols for its vocabulary needs, and one of many. */
interface NoiseRule {
  /** Symbols of the text. */
  readonly below: number;
  /** Between layers and before the output. */
  readonly dropout: number;
  /** Of the embedding. */
  readonly inputDropout: number;
}

interface LevelDefaults {
  readonly why: string;
  readonly streams: { readonly fewest: number; readonly most: number };
  readonly steps: number;
  /** Optimizer steps of a training, and passes over the text. */
  readonly length: Pick<LengthRule, 'steps' | 'epochs'>;
  readonly layers: number;
  readonly embedding: number;
  readonly tied: boolean;
  readonly noise: readonly NoiseRule[];
}

/** Characters and bytes: few symbols, each of which occurs often. Texts of a megabyte get ten passes, texts of a hundred one. */
const CHARACTERS: LevelDefaults = {
  why: 'a small vocabulary',
  ...{ streams: { fewest: 4, most: 50 }, steps: 50, layers: 2, embedding: 128, tied: false },
  length: { steps: 4000, epochs: [1, 20] },
  noise: [
    { below: 500_000, dropout: 0.3, inputDropout: 0 },
    { below: 5_000_000, dropout: 0.15, inputDropout: 0 },
    { below: Number.POSITIVE_INFINITY, dropout: 0, inputDropout: 0 },
  ],
};

/**
 * Words. Most of the weights are a row for each word, and most words are rare: one table for both ends halves them, and much dropout keeps them from
 * being learnt by heart. On the first 117,000 words of War and Peace the validation loss falls until the twelfth of twelve epochs (5.22, 4.63, 4.50);
 * the test loss is 4.57, that of Kneser-Ney 3-grams 5.03. On 31,000 words of another part 4.10 and 4.39. Streams and steps are those of the small
 * models of the Penn Treebank (Zaremba, Sutskever, Vinyals 2014). Texts of more than a million words were not measured.
 */
const WORDS: LevelDefaults = {
  why: 'most words are rare',
  ...{ streams: { fewest: 4, most: 20 }, steps: 35, layers: 1, embedding: 256, tied: true },
  length: { steps: 2500, epochs: [1, 20] },
  noise: [
    { below: 1_000_000, dropout: 0.5, inputDropout: 0.5 },
    { below: 10_000_000, dropout: 0.3, inputDropout: 0.2 },
    { below: Number.POSITIVE_INFINITY, dropout: 0.1, inputDropout: 0 },
  ],
};

/** Fewer words are like characters: none is rare. */
const FEWEST_WORDS = 200;

const defaultsOf = (level: LanguageLevel, symbols = FEWEST_WORDS): LevelDefaults =>
  level === 'word' && symbols >= FEWEST_WORDS ? WORDS : CHARACTERS;

/**
 * How often a word must occur, where nobody says how large the vocabulary is. Half of the words of a text of 100,000 occur but once, and
 * every seventh word of the next text is in no vocabulary. A network that has never seen the mark of unknown words takes them for
 * impossible: with the words that occur once, the test loss was 7.0 after an epoch, and 3-grams had 6.2.
 */
const RARE = 2;

/** The options that reading depends on, of which some may be missing. */
export interface ReadingOptions {
  readonly level: LanguageLevel;
  readonly steps?: number | undefined;
  readonly batch?: number | undefined;
  readonly vocabulary?: number | undefined;
  readonly minCount?: number | undefined;
  readonly writtenMarks: 'words' | 'marks';
}

/** A number and its reason. */
type NumberSetting = Setting & { readonly value: number };

/** The form of the streams, and which words are known. */
export function readingDefaults(
  given: ReadingOptions,
  text: string,
): Readonly<Record<'steps' | 'batch', NumberSetting>> & { readonly minCount?: NumberSetting } {
  const { why, streams, steps: usual } = defaultsOf(given.level);
  const steps = given.steps ?? usual;
  const words = given.level === 'word' ? text.split(/\s+/) : [];
  const symbols = given.level === 'word' ? words.length : text.length;
  const most = 2 ** Math.floor(Math.log2(Math.max(1, symbols / (steps * WINDOWS))));
  const batch = given.batch ?? Math.min(streams.most, Math.max(streams.fewest, most));
  return {
    steps: { value: steps, reason: why },
    batch: { value: batch, reason: `${symbols} symbols` },
    ...(given.level === 'word' && { minCount: rarestOf(given, words) }),
  };
}

function rarestOf({ minCount, vocabulary, writtenMarks }: ReadingOptions, words: readonly string[]): NumberSetting {
  if (minCount !== undefined) return { value: minCount, reason: 'given' };
  if (vocabulary !== undefined) return { value: 1, reason: 'the vocabulary has a size' };
  if (writtenMarks === 'marks') return { value: 1, reason: 'the text has marks of its own' };
  if (new Set(words).size === words.length) return { value: 1, reason: 'no word occurs twice' };
  return { value: RARE, reason: 'rare words teach what an unknown word is' };
}

/**
 * The other options that the text decides, when it has been read.
 *
 * @param vocabulary number of different symbols
 */
export function settleLanguageModel(
  given: { readonly level: LanguageLevel; readonly epochs?: number | undefined },
  vocabulary: number,
  training: TokenStreams,
  hasValidation: boolean,
): Settings<(typeof SETTLED)[number] | 'embedding' | 'inputDropout' | 'tied'> {
  const symbols = training.predictions;
  const reason = `${symbols} symbols`;
  const { why, length, layers, embedding, tied, noise } = defaultsOf(given.level, vocabulary);
  const { dropout, inputDropout } = noise.find(({ below }) => symbols < below) as NoiseRule;
  const because = (value: Setting['value']): Setting => ({ value, reason: why });
  return {
    ...trainingEpochs(training.windows, length, given.epochs, { reason, hasValidation }),
    ...{ dropout: { value: dropout, reason }, inputDropout: { value: inputDropout, reason } },
    ...{ layers: because(layers), embedding: because(embedding), tied: because(tied) },
  };
}
