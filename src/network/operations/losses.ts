/** Functions that bring all rows to one number [1, 1]: what a loss of one's own is put together from. */
import { rejectUnknownKeys, requireNumber } from '../../core/options.js';
import type { Value } from '../../graph/value.js';
import { type CtcOptions, emitCtc } from '../losses/ctc.js';
import { applied, graphOfAll } from './apply.js';

/** The mean of the squares of all elements: [R, F] -> [1, 1]. */
export function meanSquare(x: Value): Value {
  return applied('meanSquare', { operation: 'meanSquare', operands: { x } }).loss;
}

/** The mean square of the change from step to step: [N, F] -> [1, 1]. */
export function temporalDifference(x: Value): Value {
  return applied('temporalDifference', { operation: 'temporalDifference', operands: { x } }).loss;
}

/** The mean of (prediction - target)^2 over all elements. No gradient goes into the target. */
export function meanSquaredError(prediction: Value, target: Value): Value {
  const operands = { prediction, target };
  return applied('meanSquaredError', { operation: 'meanSquaredError', operands }).loss;
}

/**
 * The mean over rows of -log softmax(logits)[target], in nats.
 *
 * @param logits [R, C]
 * @param targets [R, 1] classes 0..C-1; a row with -1 does not count
 */
export function softmaxCrossEntropy(logits: Value, targets: Value): Value {
  return applied('softmaxCrossEntropy', { operation: 'softmaxCrossEntropy', operands: { logits, targets } }).loss;
}

/**
 * The mean over rows of the sum over columns of the cross-entropy of sigmoid(logits), in nats.
 *
 * @param logits [R, C]
 * @param targets [R, C] in [0, 1]; no gradient goes into them
 */
export function sigmoidCrossEntropy(logits: Value, targets: Value): Value {
  return applied('sigmoidCrossEntropy', { operation: 'sigmoidCrossEntropy', operands: { logits, targets } }).loss;
}

/**
 * The mean of level * (target - prediction) where the target is above the prediction, of (1 - level) * (prediction - target)
 * where it is below. No gradient goes into the target.
 *
 * @param level in (0, 1)
 * @see Koenker and Bassett 1978
 */
export function quantileLoss(prediction: Value, target: Value, level: number): Value {
  requireNumber('level', level, { exclusiveMin: 0, exclusiveMax: 1 });
  const operands = { prediction, target };
  return applied('quantileLoss', { operation: 'quantileLoss', operands, attributes: { level } }).loss;
}

/**
 * Connectionist temporal classification, as the loss of that name.
 *
 * @param logits [N, C] on the time axis of the frames
 * @param labels [M, 1] on another time axis: what `ctcTarget` makes
 * @throws {OptionError} `invalid_option`, `unknown_option`
 */
export function ctc(logits: Value, labels: Value, options: CtcOptions = {}): Value {
  rejectUnknownKeys('ctc', options, ['blank', 'reduction', 'zeroInfinity']);
  return emitCtc(graphOfAll('ctc', { logits, labels }), logits, labels, options).loss;
}
