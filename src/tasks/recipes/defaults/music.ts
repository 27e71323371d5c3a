/** Defaults of `music`, with their reasons. */
import { LENGTH_RULES } from '../../building-blocks/training-length.js';
import type { ReasonedDefaults } from '../../definition/reasoned.js';

export const MUSIC = {
  valid: { value: 0.1, reason: 'of the pieces, where the data names no such part' },
  test: { value: 0.1, reason: 'of the pieces, where the data names no such part' },
  cell: {
    value: 'gru',
    reason: 'three quarters of the weights of an LSTM of its size; chosen by custom, not measured',
  },
  units: { value: 128, reason: 'pieces of four parts: 7.33 nats a frame on 524 chorales, published 7.24 to 7.31' },
  dropout: { value: 0.4, reason: 'a few hundred pieces are learnt by heart without' },
  learningRate: { value: 1e-2, reason: 'frames of 88 keys, few steps; the cosine lowers it to zero' },
  schedule: { value: 'cosine', reason: 'the best weights come with a small rate at the end' },
  batch: { value: 4, reason: 'pieces are long: a batch of a few has thousands of frames' },
  length: {
    value: { steps: 600, epochs: [12, 60], batch: 4 },
    reason: 'steps of a training, limits of its epochs, largest batch: a batch of a few pieces has thousands of frames',
  },
  patience: LENGTH_RULES.patience,
  steps: { value: 32, reason: 'frames of a continuation; chosen by custom, not measured' },
  choose: { value: 'sample', reason: 'chosen by custom, not measured' },
  threshold: { value: 0.5, reason: 'a key that is likelier played than not' },
  temperature: { value: 1, reason: 'the probabilities as the network has them' },
} as const satisfies ReasonedDefaults;
