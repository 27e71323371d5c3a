/** Functions that bring all rows to one number [1, 1]: what a loss of one's own is put together from. */
import { rejectUnknownKeys } from '../../core/options.js';
import type { Value } from '../../graph/value.js';
import { type CtcOptions, emitCtc } from '../losses/ctc.js';
import { requireDelta } from '../losses/weighted-losses.js';
import { applied, graphOfAll, inTermsOf, requireArgument } from './apply.js';

/** The mean of the squares of all elements: [R, F] -> [1, 1]. */
export function meanSquare(x: Value): Value {
  return applied('meanSquare', { operation: 'meanSquare', operands: { x } }).loss;
}

/** The mean square of the change from step to step: [N, F] -> [1, 1]. */
export function temporalDifference(x: Value): Value {
  return applied('temporalDifference', { operation: 'temporalDifference', operands: { x } }).loss;
}

/** What the rows of a loss count for. */
export interface RowSettings {
  /** [R, 1] numbers >= 0: the mean is the weighted one. No gradient goes into them. Default 1 each. */
  readonly weights?: Value;
}

/** What rows and classes count for, and what targets are. */
export interface ClassSettings extends RowSettings {
  /** [1, C] numbers >= 0; the mean is over the weights of the targets. No gradient goes into them. Default 1 each. */
  readonly classWeights?: Value;
  /** Part of each target in [0, 1) that is spread evenly over all classes; default 0. */
  readonly labelSmoothing?: number;
}

/** What rows and columns count for. */
export interface ScoreSettings extends RowSettings {
  /** [1, C] numbers >= 0: what a target of 1 counts for in each column. No gradient goes into them. Default 1 each. */
  readonly positiveWeights?: Value;
}

/**
 * The mean of (prediction - target)^2 over all elements. No gradient goes into the target.
 *
 * @throws {ShapeError} `shape_mismatch`
 */
export function meanSquaredError(prediction: Value, target: Value, settings: RowSettings = {}): Value {
  rejectUnknownKeys('meanSquaredError', settings, ['weights']);
  const operands = { prediction, target, weights: settings.weights };
  return applied('meanSquaredError', { operation: 'meanSquaredError', operands }).loss;
}

/**
 * The mean of |prediction - target| over all elements. Its gradient is 0 where the two are equal; none goes into the target.
 *
 * @throws {ShapeError} `shape_mismatch`
 */
export function meanAbsoluteError(prediction: Value, target: Value, settings: RowSettings = {}): Value {
  rejectUnknownKeys('meanAbsoluteError', settings, ['weights']);
  const operands = { prediction, target, weights: settings.weights };
  return applied('meanAbsoluteError', { operation: 'meanAbsoluteError', operands }).loss;
}

/**
 * The mean over all elements of d^2 / 2 where |d| <= delta, else of delta * (|d| - delta / 2), where d = prediction - target. No
 * gradient goes into the target.
 *
 * @param delta in [1e-30, 1e30]
 * @throws {ShapeError} `shape_mismatch`
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @see Huber 1964
 */
export function huberLoss(prediction: Value, target: Value, delta: number, settings: RowSettings = {}): Value {
  rejectUnknownKeys('huberLoss', settings, ['weights']);
  requireDelta('delta', delta);
  const operands = { prediction, target, weights: settings.weights };
  return applied('huberLoss', { operation: 'huberLoss', operands, attributes: { delta } }).loss;
}

/**
 * The mean over rows of -log softmax(logits)[target], in nats.
 *
 * @param logits [R, C]
 * @param targets [R, 1] classes 0..C-1; a row with -1 does not count: an input of kind `indices` with `ignore`
 * @throws {ShapeError} `shape_mismatch`
 * @throws {OptionError} `invalid_option`, `unknown_option`
 */
export function softmaxCrossEntropy(logits: Value, targets: Value, settings: ClassSettings = {}): Value {
  rejectUnknownKeys('softmaxCrossEntropy', settings, ['weights', 'classWeights', 'labelSmoothing']);
  const { weights, classWeights, labelSmoothing = 0 } = settings;
  const smoothing = requireArgument('softmaxCrossEntropy', 'labelSmoothing', labelSmoothing, {
    min: 0,
    exclusiveMax: 1,
  });
  const operands = { logits, targets, weights, classWeights };
  const application = { operation: 'softmaxCrossEntropy' as const, operands, attributes: { smoothing } };
  return applied('softmaxCrossEntropy', application).loss;
}

/**
 * The mean over rows of the sum over columns of the cross-entropy of sigmoid(logits), in nats.
 *
 * @param logits [R, C]
 * @param targets [R, C] in [0, 1]; no gradient goes into them
 * @throws {ShapeError} `shape_mismatch`
 */
export function sigmoidCrossEntropy(logits: Value, targets: Value, settings: ScoreSettings = {}): Value {
  rejectUnknownKeys('sigmoidCrossEntropy', settings, ['weights', 'positiveWeights']);
  const { weights, positiveWeights } = settings;
  const given = { logits, targets, weights, positiveWeights };
  graphOfAll('sigmoidCrossEntropy', { logits, targets }, { weights, positiveWeights });
  const operands = { logits, targets, weights, positive: positiveWeights };
  return applied('sigmoidCrossEntropy', { operation: 'sigmoidCrossEntropy', operands, given }).loss;
}

/**
 * The mean of level * (target - prediction) where the target is above the prediction, of (1 - level) * (prediction - target)
 * where it is below. No gradient goes into the target.
 *
 * @param level in (0, 1)
 * @throws {ShapeError} `shape_mismatch`
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @see Koenker and Bassett 1978
 */
export function quantileLoss(prediction: Value, target: Value, level: number, settings: RowSettings = {}): Value {
  rejectUnknownKeys('quantileLoss', settings, ['weights']);
  requireArgument('quantileLoss', 'level', level, { exclusiveMin: 0, exclusiveMax: 1 });
  const operands = { prediction, target, weights: settings.weights };
  return applied('quantileLoss', { operation: 'quantileLoss', operands, attributes: { level } }).loss;
}

/**
 * Connectionist temporal classification, as the loss of that name.
 *
 * @param logits [N, C] on the time axis of the frames
 * @param labels [M, 1] on another time axis: what `ctcTarget` makes
 * @param options.weights [B, 1] numbers >= 0, one for each sequence of frames; no gradient goes into them. Default 1 each
 * @throws {ShapeError} `shape_mismatch`
 * @throws {OptionError} `invalid_option`, `unknown_option`
 */
export function ctc(logits: Value, labels: Value, options: CtcOptions & RowSettings = {}): Value {
  rejectUnknownKeys('ctc', options, ['blank', 'reduction', 'zeroInfinity', 'weights']);
  const { weights, ...rest } = options;
  const graph = graphOfAll('ctc', { logits, labels }, { weights });
  const given = { logits, labels, weights };
  return inTermsOf('ctc', given, given, () => emitCtc(graph, logits, labels, rest, weights).loss);
}
