/** Defaults of `lm`, with their reasons. Measured on one thread of an Intel Xeon with AVX-512, one seed each. */
import { LENGTH_RULES } from '../../building-blocks/training-length.js';
import type { ReasonedDefaults } from '../../definition/reasoned.js';

export const LM = {
  valid: { value: 0.05, reason: 'from the end of the text; chosen by custom, not measured' },
  test: { value: 0, reason: 'chosen by custom, not measured' },
  cell: { value: 'lstm', reason: 'chosen by custom, not measured' },
  units: { value: 256, reason: 'chosen by custom, not measured' },
  learningRate: { value: 2e-3, reason: 'chosen by custom, not measured' },
  clipNorm: { value: 5, reason: 'chosen by custom, not measured' },
  schedule: { value: 'cosine', reason: 'the best weights come with a small rate at the end' },
  checkpointEvery: { value: 200, reason: 'chosen by custom, not measured' },
  level: { value: 'char', reason: 'chosen by custom, not measured' },
  writtenMarks: { value: 'words', reason: 'a text is read as it is; a note says what marks would do' },
  fewestWords: { value: 200, reason: 'fewer different words are like characters: none is rare' },
  minCount: {
    value: 2,
    reason:
      'of words, where nobody says how large the vocabulary is: half of the words of a text of 100,000 occur but once, and every seventh word of the next text is in no vocabulary. A network that has never seen the mark of unknown words takes them for impossible: with the words that occur once, the test loss was 7.0 after an epoch, and 3-grams had 6.2',
  },
  batch: {
    value: { characters: { fewest: 4, most: 50 }, words: { fewest: 4, most: 20 } },
    reason:
      'streams of text; of words those of the small models of the Penn Treebank (Zaremba, Sutskever, Vinyals 2014)',
  },
  windows: {
    value: 20,
    reason:
      'windows that a pass over the text should have before there are more streams; chosen by custom, not measured',
  },
  steps: {
    value: { characters: 50, words: 35 },
    reason: 'of a window; of words those of the small models of the Penn Treebank (Zaremba, Sutskever, Vinyals 2014)',
  },
  layers: { value: { characters: 2, words: 1 }, reason: 'chosen by custom, not measured' },
  embedding: { value: { characters: 128, words: 256 }, reason: 'chosen by custom, not measured' },
  tied: {
    value: { characters: false, words: true },
    reason:
      'most of the weights of words are a row for each word, and most words are rare: one table for both ends halves them',
  },
  dropout: {
    value: {
      characters: [{ below: 500_000, rate: 0.3 }, { below: 5_000_000, rate: 0.15 }, { rate: 0 }],
      words: [{ below: 1_000_000, rate: 0.5 }, { below: 10_000_000, rate: 0.3 }, { rate: 0.1 }],
    },
    reason:
      'between layers and before the output, by the symbols of the text: much dropout keeps rare words from being learnt by heart. On the first 117,000 words of War and Peace the validation loss falls until the twelfth of twelve epochs (5.22, 4.63, 4.50); the test loss is 4.57, that of Kneser-Ney 3-grams 5.03. On 31,000 words of another part 4.10 and 4.39. Texts of more than a million words were not measured',
  },
  inputDropout: {
    value: {
      characters: [{ rate: 0 }],
      words: [{ below: 1_000_000, rate: 0.5 }, { below: 10_000_000, rate: 0.2 }, { rate: 0 }],
    },
    reason: 'of the embedding, by the symbols of the text: measured together with the dropout',
  },
  length: {
    value: { characters: { steps: 4000, epochs: [1, 20] }, words: { steps: 2500, epochs: [1, 20] } },
    reason:
      'steps of a training, limits of its passes over the text: texts of a megabyte of characters get ten passes, texts of a hundred one',
  },
  patience: LENGTH_RULES.patience,
} as const satisfies ReasonedDefaults;
