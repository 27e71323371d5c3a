/** The gradient rules of src/graph/operations, together. */
import type { GradientRule } from './gradient-rule.js';
import { attentionRules } from './operations/attention.js';
import { batchNormalizationRules } from './operations/batch-normalization.js';
import { convolutionRules } from './operations/convolution.js';
import { ctcRules } from './operations/ctc.js';
import { elementwiseRules } from './operations/elementwise.js';
import { functionRules } from './operations/functions.js';
import { gruRules } from './operations/gru.js';
import { linearRules } from './operations/linear.js';
import { lossRules } from './operations/losses.js';
import { lstmRules } from './operations/lstm.js';
import { normalizationRules } from './operations/normalization.js';
import { penaltyRules } from './operations/penalties.js';
import { rnnRules } from './operations/rnn.js';
import { timeRules } from './operations/time.js';
import { twoAxesRules } from './operations/two-axes.js';

/** The gradient rules of all operations that have one, by the name of the operation. */
export const gradientRules: ReadonlyMap<string, GradientRule> = new Map<string, GradientRule>([
  ...linearRules,
  ...convolutionRules,
  ...rnnRules,
  ...lstmRules,
  ...gruRules,
  ...normalizationRules,
  ...batchNormalizationRules,
  ...timeRules,
  ...twoAxesRules,
  ...attentionRules,
  ...penaltyRules,
  ...elementwiseRules,
  ...functionRules,
  ...lossRules,
  ...ctcRules,
]);
