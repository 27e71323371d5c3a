/**
 * Functions of symbolic values, for the layers, losses and optimizers of one's own. Nothing is computed when they are called: they add to
 * the network that is being built, gradients follow by themselves, and the sizes of values are checked at once.
 *
 * Rows of a value are all packed steps N of a time axis, its sequences B, or a fixed number, as those of parameters.
 */
export type { Value } from '../graph/value.js';
export { type AttentionSettings, additiveAttention, attention } from './operations/attention.js';
export {
  concatenate,
  gather,
  gatherColumns,
  layerNormalization,
  linear,
  type NormalizationSettings,
  slice,
} from './operations/columns.js';
export { type DropoutSettings, dropout } from './operations/dropout.js';
export {
  abs,
  add,
  cos,
  divide,
  elu,
  erf,
  exp,
  gelu,
  leakyRelu,
  log,
  logSoftmax,
  maximum,
  minimum,
  multiply,
  negate,
  power,
  relu,
  scale,
  selu,
  sigmoid,
  sign,
  sin,
  softmax,
  softplus,
  sqrt,
  subtract,
  tanh,
} from './operations/elementwise.js';
export type { Operand } from './operations/joined.js';
export {
  type ClassSettings,
  ctc,
  huberLoss,
  meanAbsoluteError,
  meanSquare,
  meanSquaredError,
  quantileLoss,
  type RowSettings,
  type ScoreSettings,
  sigmoidCrossEntropy,
  softmaxCrossEntropy,
  temporalDifference,
} from './operations/losses.js';
export {
  maxOverColumns,
  meanOverColumns,
  meanOverRows,
  minOverColumns,
  sumOverColumns,
  sumOverRows,
} from './operations/sums.js';
export {
  carryTo,
  firstStep,
  lastStep,
  maxOverTime,
  meanOverTime,
  type Recurrence,
  type RecurrenceSettings,
  recurrence,
  repeatOverTime,
  sumOverTime,
} from './operations/time.js';
