/** All problems. A new operation needs at least one here: test/kernels/completeness.test.ts sees to it. */
import { attentionProblems } from './attention.js';
import { batchNormalizationProblems } from './batch-normalization.js';
import { cellBackwardProblems, cellProblems } from './cells.js';
import { columnProblems } from './columns.js';
import { convolutionProblems } from './convolution.js';
import { ctcProblems } from './ctc.js';
import { elementwiseProblems } from './elementwise.js';
import { functionProblems } from './functions.js';
import { linearProblems } from './linear.js';
import { lossProblems } from './losses.js';
import { normalizationProblems } from './normalization.js';
import { penaltyProblems } from './penalties.js';
import type { Problem } from './problem.js';
import { randomMaskProblems } from './random-mask.js';
import { stateGradientProblems } from './state-gradients.js';
import { timeProblems } from './time.js';
import { twoAxesProblems } from './two-axes.js';
import { updateProblems } from './updates.js';

export { cellVariants } from './cells.js';
export type { Problem } from './problem.js';

/** Every problem of every operation. */
export const problems: readonly Problem[] = [
  ...linearProblems,
  ...convolutionProblems,
  ...cellProblems,
  ...cellBackwardProblems,
  ...stateGradientProblems,
  ...elementwiseProblems,
  ...functionProblems,
  ...columnProblems,
  ...randomMaskProblems,
  ...normalizationProblems,
  ...batchNormalizationProblems,
  ...timeProblems,
  ...twoAxesProblems,
  ...attentionProblems,
  ...lossProblems,
  ...ctcProblems,
  ...penaltyProblems,
  ...updateProblems,
];
