/** Translation of sentences: an encoder-decoder with attention, and beam search. */

import { OptionError } from '../../../core/errors.js';
import { describeValue } from '../../../core/options.js';
import { END_MARK } from '../../../files/text.js';
import { scheduledSampling } from '../../../training/scheduled-sampling.js';
import { bodyStructures } from '../../building-blocks/body-structures.js';
import { weightOption } from '../../building-blocks/row-weights.js';
import { trainingLength } from '../../building-blocks/training-length.js';
import { commonOptions, settledOptions } from '../../definition/common-options.js';
import { defineTask } from '../../definition/define-task.js';
import { sizeOf } from '../../definition/parts.js';
import { valuesOf } from '../../definition/reasoned.js';
import type { PredictionSource } from '../../definition/task.js';
import { choiceOption, numberOption, optional, textOption } from '../../definition/task-options.js';
import { normalizationOption, SENTENCE_LEVELS } from '../../definition/text-options.js';
import { TRANSLATE } from '../defaults/translate.js';
import {
  readMoreTranslations,
  readSentences,
  readTranslations,
  type SavedTranslation,
  translationPacking,
  vocabulariesOf,
} from './translate-data.js';
import { ATTENTIONS, encoderDecoder } from './translate-network.js';
import { translationRules } from './translate-rules.js';
import { translationBleu, translationLoss } from './translate-scores.js';
import { requireCopySource, translationsOf, UNKNOWN_WORDS } from './translate-search.js';

const count = { integer: true, min: 1 } as const;
const options = {
  ...settledOptions(
    commonOptions(
      valuesOf(TRANSLATE, [
        ...(['cell', 'units', 'dropout'] as const),
        ...(['direction', 'learningRate', 'schedule'] as const),
      ]),
      'a fraction to hold back, or files as those of data; 0 for none',
    ),
    ['valid', 'test', 'epochs', 'batch', 'patience'],
  ),
  languages: optional(
    textOption(
      { description: 'endings of the names of the two files, such as en-ja; without it data is one file with tabs' },
      pair,
    ),
  ),
  level: choiceOption(SENTENCE_LEVELS, { description: 'what the symbols are', default: TRANSLATE.level.value }),
  vocabulary: optional(numberOption(count, { description: 'largest number of words in each vocabulary' })),
  minCount: numberOption(count, {
    description: 'words that occur less often are unknown',
    default: TRANSLATE.minCount.value,
  }),
  normalization: normalizationOption(),
  maxLength: optional(numberOption(count, { description: 'leave out training pairs with a longer sentence' })),
  attention: choiceOption(ATTENTIONS, {
    description: 'kind of attention to the source',
    default: TRANSLATE.attention.value,
  }),
  embedding: numberOption(count, { description: 'size of the embeddings', default: TRANSLATE.embedding.value }),
  output: choiceOption(['tied', 'own'], {
    description: 'weights of the output: the embedding of the target, or its own',
    default: TRANSLATE.output.value,
  }),
  sampling: numberOption(
    { min: 0, max: 1 },
    {
      description:
        'part of the words read by the decoder that it has chosen itself, in the last epoch; it rises from 0',
      default: TRANSLATE.sampling.value,
    },
  ),
  weight: weightOption('field of JSON lines'),
  beams: numberOption(count, { description: 'number of beams in the search', default: TRANSLATE.beams.value }),
  lengthPenalty: numberOption(
    { min: 0 },
    { description: 'exponent of the length penalty, 0 for none', default: TRANSLATE.lengthPenalty.value },
  ),
  unknown: choiceOption(UNKNOWN_WORDS, {
    description:
      'words outside the vocabulary: never written, written as <unk>, or copied from the source word with the most attention',
    default: TRANSLATE.unknown.value,
  }),
};

/** What is saved with a translator. */
export type TranslateSaved = SavedTranslation;

/** The translation of a sentence. */
export type Translation = {
  readonly text: string;
  /** The score of the search; null when it found nothing. */
  readonly score: number | null;
  /** The best translations, this one first. */
  readonly nBest: readonly { readonly text: string; readonly score: number; readonly logProbability: number }[];
  /** Weights of each symbol of the target (a row) over the symbols of the source; missing without attention. */
  readonly attention?: {
    readonly source: readonly string[];
    readonly target: readonly string[];
    readonly weights: readonly (readonly number[])[];
  };
};

/** Translation. */
export const translate = defineTask({
  name: 'translate',
  summary: 'sentences of one language in another, from parallel text',
  structures: bodyStructures,
  options,
  usage: ['beams', 'lengthPenalty', 'unknown'],
  read: readTranslations,
  readExamples: readMoreTranslations,
  packing: translationPacking,
  loss: ({ weight }) =>
    weight === undefined ? 'softmaxCrossEntropy' : { kind: 'softmaxCrossEntropy', weights: 'sequence' },

  network(given, saved) {
    requireCopySource(given);
    const { source, target } = vocabulariesOf(saved);
    return encoderDecoder(given, { source: source.size, target: target.size });
  },

  prepare(batch, model, { sampling, epochs, seed }, { step, epoch }) {
    const rate = sampling * Math.min(1, epoch / Math.max(1, epochs - 1));
    return scheduledSampling(model, batch, { input: 'previous', rate, seed, step });
  },

  async evaluate(model, part, { options: given, saved, signal }) {
    const bleu = await translationBleu(model, part, saved, { ...given, best: 1 }, signal);
    return { ...bleu, ...(await translationLoss(model, part, given, signal)) };
  },

  /**
   * BLEU of greedy translations. A search with several beams takes many times as long, and chooses nearly the same
   * model.
   */
  evaluateQuickly(model, part, { options: given, saved, signal }) {
    return translationBleu(model, part, saved, { ...given, beams: 1, best: 1 }, signal);
  },
  score: ({ bleu }) => 1 - Number(bleu),
  perfectScore: 0,

  describe({ bleu, precisions, brevityPenalty, perplexity }) {
    const percent = (value: unknown) => (100 * Number(value)).toFixed(2);
    const parts = (precisions as readonly number[]).map(percent).join('/');
    return `BLEU ${percent(bleu)}  (${parts}, brevity penalty ${Number(brevityPenalty).toFixed(3)})  perplexity ${Number(perplexity).toFixed(3)}`;
  },

  readInputs: (source: PredictionSource<string | readonly string[]>, _given, saved) => readSentences(source, saved),

  /** The most likely translations, and the attention of each symbol of the best one over the symbols of the source. */
  async *predict(model, inputs, { options: given, saved, signal }): AsyncGenerator<Translation, void, void> {
    const vocabularies = vocabulariesOf(saved);
    const search = { ...given, best: given.beams, maps: true };
    for await (const { example, best, map } of translationsOf(model, inputs, saved, search, signal)) {
      const nBest = best.map(({ tokens, score, logProbability }) => ({
        text: tokens.join(' '),
        score,
        logProbability,
      }));
      const { text = '', score = null } = nBest[0] ?? {};
      const attention = map && {
        source: given.level === 'word' ? example.tokens.source : vocabularies.source.symbolsOf(example.source),
        target: [...vocabularies.target.symbolsOf(best[0]?.symbols ?? []), END_MARK],
        weights: Array.from({ length: map.steps }, (_, step) => [
          ...map.weights.subarray(step * map.memorySteps, (step + 1) * map.memorySteps),
        ]),
      };
      yield { text, score, nBest, ...(attention && { attention }) };
    }
  },

  settle: (given, { training, validation, settings }) => ({
    ...trainingLength(sizeOf(training), TRANSLATE.length.value, given, validation !== undefined),
    ...settings,
  }),
  naiveRules: ({ training }) => translationRules(training),
});

/** Two language names with a dash between. @throws {OptionError} `invalid_option` */
function pair(name: string, text: string): string {
  if (/^[^-]+-[^-]+$/.test(text)) return text;
  const message = `option '${name}' must be two languages such as en-ja, got ${describeValue(text)}`;
  throw new OptionError('invalid_option', message, { name, value: text });
}
