/** Translations of a part by beam search, with their attention. */
import { OptionError } from '../../../core/errors.js';
import type { SentenceVocabulary } from '../../../data/sentence-vocabulary.js';
import { type BeamHypothesis, beamSearch } from '../../../decoding/beam-search.js';
import type { Model } from '../../../model/model.js';
import type { AttentionMap } from '../../../model/use/attention-maps.js';
import { examplesOf, type Part } from '../../definition/parts.js';
import { packTranslations, type SavedTranslation, type TranslationExample, vocabulariesOf } from './translate-data.js';

/** How words outside the target vocabulary are shown. */
export const UNKNOWN_WORDS = ['avoid', 'keep', 'copy'] as const;

/** Options of the search for translations. */
export interface SearchOptions {
  readonly beams: number;
  /** Exponent of the length penalty; 0 for none. */
  readonly lengthPenalty: number;
  readonly unknown: (typeof UNKNOWN_WORDS)[number];
  /** Number of hypotheses of a sentence. */
  readonly best: number;
  /** Whether the attention of the best hypothesis is returned; default false. */
  readonly maps?: boolean;
}

/** A hypothesis in words. */
export interface Translation {
  readonly tokens: readonly string[];
  readonly symbols: Int32Array;
  readonly logProbability: number;
  readonly score: number;
}

/** The result for an example. */
export interface FoundTranslations {
  readonly example: TranslationExample;
  /** Best first; empty when no hypothesis has ended. */
  readonly best: readonly Translation[];
  /** The attention of the best one: its symbols and the end mark over the symbols of the source. */
  readonly map: AttentionMap | undefined;
}

/** @throws {OptionError} `invalid_option` when unknown words are to be copied without a vocabulary of words or without attention */
export function requireCopySource(given: {
  readonly unknown: SearchOptions['unknown'];
  readonly level: string;
  readonly attention: string;
}): void {
  const { unknown, level, attention } = given;
  if (unknown !== 'copy' || (level === 'word' && attention !== 'none')) return;
  const message = `option 'unknown' is 'copy', which needs words and attention, got level '${level}' and attention '${attention}'`;
  throw new OptionError('invalid_option', message, { name: 'unknown', level, attention });
}

/** Number of sentences that are searched together. It changes memory and speed, not the result. */
const AT_ONCE = 64;

/** Whether the network of a model has attention. */
function hasAttention(model: Model): boolean {
  return model.description.nodes.some(({ name }) => name === 'context');
}

/**
 * Translates every example of a part, in their order.
 *
 * @throws the signal's reason when it is aborted
 */
export async function* translationsOf(
  model: Model,
  part: Part<TranslationExample>,
  saved: SavedTranslation,
  options: SearchOptions,
  signal?: AbortSignal,
): AsyncGenerator<FoundTranslations, void, void> {
  const { target } = vocabulariesOf(saved);
  for await (const examples of examplesOf(part, AT_ONCE)) {
    signal?.throwIfAborted();
    const found = await search(model, examples, target, saved.longest, options);
    const copies = options.unknown === 'copy';
    const needsMaps = hasAttention(model) && (copies || options.maps === true);
    for (const [at, example] of examples.entries()) {
      const own = found[at] ?? [];
      const maps = needsMaps ? await attentionOf(model, example, copies ? own : own.slice(0, 1), target) : [];
      const best = own.map(({ symbols, logProbability, score }, rank): Translation => {
        const tokens = target.decode(symbols);
        const map = copies ? maps[rank] : undefined;
        return {
          tokens: map ? copyUnknown(tokens, symbols, target.unknown, example, map) : tokens,
          symbols,
          logProbability,
          score,
        };
      });
      yield { example, best, map: maps[0] };
    }
  }
}

/** The best hypotheses of each example. */
async function search(
  model: Model,
  examples: readonly TranslationExample[],
  { begin, end, unknown, size }: SentenceVocabulary,
  maxLength: number,
  { beams, lengthPenalty: alpha, unknown: policy, best }: SearchOptions,
): Promise<BeamHypothesis[][]> {
  const decoder = await model.decoder(packTranslations(examples), { input: 'previous' });
  try {
    const forbidden = [begin, ...(policy === 'avoid' && unknown !== undefined ? [unknown] : [])];
    const step = async (...beam: Parameters<typeof decoder.step>) => {
      const scores = await decoder.step(...beam);
      for (let row = 0; row < scores.length; row += size) for (const id of forbidden) scores[row + id] = -Infinity;
      return scores;
    };
    return await beamSearch(step, {
      ...{ vocabulary: size, begin, end, beams, best, minLength: 1, maxLength, sentences: examples.length },
      // A single beam is a greedy search: its first end mark ends it.
      earlyStopping: beams === 1,
      lengthPenalty: alpha > 0 ? { kind: 'wu', alpha } : { kind: 'none' },
    });
  } finally {
    decoder.dispose();
  }
}

/** The attention of each hypothesis over its source. */
function attentionOf(
  model: Model,
  example: TranslationExample,
  hypotheses: readonly BeamHypothesis[],
  { begin, end }: SentenceVocabulary,
): Promise<AttentionMap[]> | AttentionMap[] {
  if (hypotheses.length === 0) return [];
  const written = hypotheses.map(({ symbols }) => ({
    ...example,
    previous: Int32Array.of(begin, ...symbols),
    target: Int32Array.of(...symbols, end),
  }));
  return model.attention(packTranslations(written), 'context');
}

/** Tokens with each unknown word replaced by the source word with the largest attention weight. */
function copyUnknown(
  tokens: readonly string[],
  symbols: Int32Array,
  unknown: number | undefined,
  { tokens: { source } }: TranslationExample,
  { weights, memorySteps }: AttentionMap,
): string[] {
  return tokens.map((token, step) => {
    if (symbols[step] !== unknown) return token;
    const row = weights.subarray(step * memorySteps, (step + 1) * memorySteps);
    return source[row.indexOf(Math.max(...row))] ?? token;
  });
}
