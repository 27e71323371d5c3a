/** How a text decides defaults of a language model and its training, by the numbers of the table. */
import type { TokenStreams } from '../../../data/streams.js';
import { trainingEpochs } from '../../building-blocks/training-length.js';
import { type BySize, rowFor } from '../../definition/reasoned.js';
import type { Setting, Settings } from '../../definition/settings.js';
import { LM } from '../defaults/lm.js';

/** What a symbol is. */
export type LanguageLevel = 'char' | 'word' | 'byte';

/** The options that the text decides. */
export const SETTLED = ['layers', 'dropout', 'epochs', 'patience'] as const;

/** What symbols are like, as far as defaults differ; bytes are like characters. */
type Kind = 'characters' | 'words';

/** Why the defaults of a kind are what they are, in the words of a run. */
const WHY: Readonly<Record<Kind, string>> = { characters: 'a small vocabulary', words: 'most words are rare' };

function kindOf(level: LanguageLevel, symbols: number = LM.fewestWords.value): Kind {
  return level === 'word' && symbols >= LM.fewestWords.value ? 'words' : 'characters';
}

/** The options that reading depends on, of which some may be missing. */
export interface ReadingOptions {
  readonly level: LanguageLevel;
  readonly steps?: number | undefined;
  readonly batch?: number | undefined;
  readonly vocabulary?: number | undefined;
  readonly minCount?: number | undefined;
  readonly writtenMarks: 'words' | 'marks';
}

/** A probability of dropping an element. */
interface Rate {
  readonly rate: number;
}

/** A number and its reason. */
type NumberSetting = Setting & { readonly value: number };

/** The form of the streams, and which words are known. */
export function readingDefaults(
  given: ReadingOptions,
  text: string,
): Readonly<Record<'steps' | 'batch', NumberSetting>> & { readonly minCount?: NumberSetting } {
  const kind = kindOf(given.level);
  const streams = LM.batch.value[kind];
  const steps = given.steps ?? LM.steps.value[kind];
  const words = given.level === 'word' ? text.split(/\s+/) : [];
  const symbols = given.level === 'word' ? words.length : text.length;
  const most = 2 ** Math.floor(Math.log2(Math.max(1, symbols / (steps * LM.windows.value))));
  const batch = given.batch ?? Math.min(streams.most, Math.max(streams.fewest, most));
  return {
    // How rare the words are is known when the vocabulary is.
    steps: { value: steps, reason: kind === 'words' ? 'windows of words' : WHY[kind] },
    batch: { value: batch, reason: `${symbols} symbols` },
    ...(given.level === 'word' && { minCount: rarestOf(given, words) }),
  };
}

function rarestOf({ minCount, vocabulary, writtenMarks }: ReadingOptions, words: readonly string[]): NumberSetting {
  if (minCount !== undefined) return { value: minCount, reason: 'given' };
  if (vocabulary !== undefined) return { value: 1, reason: 'the vocabulary has a size' };
  if (writtenMarks === 'marks') return { value: 1, reason: 'the text has marks of its own' };
  if (new Set(words).size === words.length) return { value: 1, reason: 'no word occurs twice' };
  return { value: LM.minCount.value, reason: 'rare words teach what an unknown word is' };
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
  const kind = kindOf(given.level, vocabulary);
  const because = (value: Setting['value']): Setting => ({ value, reason: WHY[kind] });
  const bySize = (rule: Readonly<Record<Kind, readonly BySize<Rate>[]>>): Setting => ({
    value: rowFor(rule[kind], symbols).rate,
    reason,
  });
  return {
    ...trainingEpochs(training.windows, LM.length.value[kind], given.epochs, { reason, hasValidation }),
    ...{ dropout: bySize(LM.dropout.value), inputDropout: bySize(LM.inputDropout.value) },
    layers: because(LM.layers.value[kind]),
    embedding: because(LM.embedding.value[kind]),
    tied: because(LM.tied.value[kind]),
  };
}
