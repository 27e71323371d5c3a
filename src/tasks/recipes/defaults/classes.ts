/**
 * Defaults of both tasks that classify, with their reasons. They were chosen by experiments on small and large sets of every kind:
 * bench/defaults.mjs measures them.
 */
import { LENGTH_RULES } from '../../building-blocks/training-length.js';
import type { ReasonedDefaults } from '../../definition/reasoned.js';

const LENGTH = { steps: 1500, epochs: [10, 300], batch: 32 } as const;

export const CLASSES = {
  valid: {
    value: [{ below: 100, part: 0 }, { below: 500, part: 0.2 }, { part: 0.1 }],
    reason:
      'of fewer examples than this; a part of a handful would choose by chance, and would be missing in training: the smallest sets are trained with all examples for a fixed time',
  },
  neededValid: {
    value: 0.2,
    reason:
      'the part of the smallest sets where somebody waits for better validations, and where nothing else would tell what was learnt',
  },
  test: { value: 0.1, reason: 'chosen by custom, not measured' },
  cell: {
    value: 'gru',
    reason: 'three quarters of the weights of an LSTM of its size; chosen by custom, not measured',
  },
  units: { value: 128, reason: 'chosen by custom, not measured' },
  direction: { value: 'bidirectional', reason: 'the whole sequence is there; chosen by custom, not measured' },
  learningRate: { value: 2e-3, reason: 'chosen by custom, not measured' },
  schedule: { value: 'cosine', reason: 'the best weights come with a small rate at the end' },
  embedding: { value: 64, reason: 'of symbols; chosen by custom, not measured' },
  init: {
    value: { symbols: 'orthogonal,embedding=0.1', others: 'default,embedding=0.1' },
    reason:
      'embeddings of unit size are too large to learn from few examples. Orthogonal weights lose nothing of what symbols say: brackets are learnt with all of three seeds (98.3, 97.7, 97.0 %), with those of other vocabularies by two of them (95.3, 99.0, 68.7 %)',
  },
  fewestCharacters: {
    value: 20,
    reason:
      'vocabularies below this are smaller than alphabets, and called symbols here: brackets, states, moves, bases. The rules that make their classes are exact, and often hold for all of a sequence',
  },
  fewestWords: {
    value: 200,
    reason:
      'fewer different words are like characters: states of a machine, of which none is rare and each has to be read',
  },
  dropout: {
    value: { words: 0.5, characters: 0.3, symbols: 0.1, rows: 0.3 },
    reason: 'before the output; little is dropped of symbols, whose rules are exact',
  },
  inputDropout: {
    value: 0.5,
    reason: 'of the embeddings of words, most of which are rare, and later texts have others',
  },
  length: {
    value: {
      words: { ...LENGTH, epochs: [6, 300] },
      characters: LENGTH,
      symbols: { ...LENGTH, steps: 2500 },
      rows: LENGTH,
    },
    reason:
      'steps of a training, limits of its epochs, largest batch: enough steps for the smallest sets, and a few epochs for large ones. Words are learnt by heart after fewer epochs; brackets are still learnt between the steps 1,500 and 2,500',
  },
  mostSymbols: {
    value: 10_000_000,
    reason:
      'symbols that a training reads at most, but for the fewest epochs: some minutes on one thread. Where the class is the first of 500 symbols, it is learnt from 2 million of them; 2,500 steps would read 40 million',
  },
  batch: LENGTH_RULES.batch,
  patience: { value: 0, reason: 'the learning rate falls until the last epoch' },
  choose: {
    value: 'probability',
    reason: 'a few hundred examples have their best accuracy in some early epoch by luck; the probability is smoother',
  },
  calibrate: {
    value: 'yes',
    reason:
      'networks are surer than they are right, those of words by a factor of two and more; a temperature changes no class',
  },
  fitted: {
    value: { targets: 20_000, scores: 4_000_000 },
    reason: 'most targets that are enough to fit two numbers, and most scores of all classes that are kept for it',
  },
} as const satisfies ReasonedDefaults;
