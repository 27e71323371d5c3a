/** The options of tasks that read texts: what their symbols are. */
import { NORMALIZATIONS } from '../../data/normalization.js';
import type { SentenceLevel } from '../../data/sentence-vocabulary.js';
import { choiceOption, numberOption, optional } from './task-options.js';

/** The levels of symbols, as options name them. */
export const SENTENCE_LEVELS = ['word', 'character', 'byte'] as const satisfies readonly SentenceLevel[];

/** The form of Unicode. Runs that were trained without the option read texts as they are. */
export function normalizationOption() {
  return choiceOption(NORMALIZATIONS, {
    description:
      'NFC takes the two forms of a character with a mark for the same character or word; none reads texts as they are',
    default: 'NFC',
    before: 'none',
  });
}

/** What the symbols of texts are, and which words are known. */
export function symbolOptions() {
  const count = { integer: true, min: 1 } as const;
  return {
    level: optional(
      choiceOption(SENTENCE_LEVELS, { description: 'of texts: what the symbols are (default: character)' }),
    ),
    minCount: optional(
      numberOption(count, { description: 'of words: those that occur less often are unknown (default: 1)' }),
    ),
    vocabulary: optional(
      numberOption(
        { integer: true, min: 4 },
        { description: 'of words: largest number of symbols; the rarest words are unknown' },
      ),
    ),
    normalization: normalizationOption(),
  };
}
