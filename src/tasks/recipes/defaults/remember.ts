/** Defaults of `remember`, with their reasons. */
import type { ReasonedDefaults } from '../../definition/reasoned.js';

export const REMEMBER = {
  valid: { value: 500, reason: 'examples: the error is known to some hundredths' },
  test: { value: 1000, reason: 'examples: the error is known to some hundredths' },
  cell: { value: 'lstm', reason: 'the problem was made for it; a GRU solves it, too' },
  units: { value: 64, reason: 'sums over 200 steps are exact to 0.0001' },
  learningRate: { value: 1e-2, reason: '20 epochs suffice with it; the cosine lowers it to zero' },
  schedule: { value: 'cosine', reason: 'the best weights come with a small rate at the end' },
  epochs: { value: 20, reason: 'adding over 200 steps is solved in less' },
  batch: { value: 32, reason: 'as in the literature on this problem' },
  problem: { value: 'adding', reason: 'chosen by custom, not measured' },
  steps: { value: 200, reason: 'chosen by custom, not measured' },
  examples: { value: 10_000, reason: 'in an epoch; chosen by custom, not measured' },
} as const satisfies ReasonedDefaults;
