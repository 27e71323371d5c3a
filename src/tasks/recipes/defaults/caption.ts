/** Defaults of `caption`, with their reasons. */
import { LENGTH_RULES } from '../../building-blocks/training-length.js';
import type { ReasonedDefaults } from '../../definition/reasoned.js';

export const CAPTION = {
  valid: { value: 0.15, reason: 'of the groups: a part of few sentences would choose by chance' },
  test: { value: 0.2, reason: 'of the groups' },
  cell: {
    value: 'gru',
    reason: 'three quarters of the weights of an LSTM of its size; chosen by custom, not measured',
  },
  units: { value: 192, reason: 'sentences of scenes with a vocabulary of some hundred words' },
  dropout: { value: 0.4, reason: 'there are as few sentences as pictures' },
  embedding: { value: 64, reason: 'small vocabularies' },
  init: {
    value: 'default,embedding=0.1',
    reason: 'embeddings of unit size are too large to learn from few words',
  },
  learningRate: { value: 2e-3, reason: 'the usual rate of Adam for layers of this size' },
  schedule: { value: 'cosine', reason: 'the best weights come with a small rate at the end' },
  length: {
    value: { steps: 1500, epochs: [8, 60], batch: 32 },
    reason:
      'steps of a training, limits of its epochs, largest batch: sentences of scenes are learnt after eight passes over 2,600 pictures',
  },
  ...LENGTH_RULES,
  rows: { value: 4, reason: 'of patches; chosen by custom, not measured' },
  columns: { value: 16, reason: 'of patches; chosen by custom, not measured' },
  cells: { value: 3, reason: 'along each side of a patch; chosen by custom, not measured' },
  positions: { value: 'xy', reason: 'chosen by custom, not measured' },
  attention: { value: 'additive', reason: 'chosen by custom, not measured' },
  start: { value: 'mean', reason: 'chosen by custom, not measured' },
  minCount: { value: 2, reason: 'chosen by custom, not measured' },
  beams: { value: 5, reason: 'chosen by custom, not measured' },
  maxLength: { value: 30, reason: 'words; chosen by custom, not measured' },
  lengthPenalty: { value: 'none', reason: 'chosen by custom, not measured' },
  nBest: { value: 3, reason: 'chosen by custom, not measured' },
} as const satisfies ReasonedDefaults;
