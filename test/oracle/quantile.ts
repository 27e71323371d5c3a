/** Reference of the quantile loss. Letters: R rows, C columns. */
import { type Loss, type SquareOperands, weightedGradient, weightedMean } from './losses.js';
import { at, type Matrix, requireShape } from './matrix.js';

/** Numbers, their targets, and the level of the quantile. */
export interface QuantileOperands extends SquareOperands {
  /** In [0, 1]. */
  readonly level: number;
}

/** loss = weighted mean over all elements of max(level * e, (level - 1) * e), where e = target - prediction. */
export function quantileLoss({ prediction, target, weights, level }: QuantileOperands): Loss {
  requireShape('target', target, prediction.rows, prediction.columns);
  return weightedMean(prediction, weights, prediction.columns, (row, column) => {
    const error = at(target, row, column) - at(prediction, row, column);
    return Math.max(level * error, (level - 1) * error);
  });
}

/**
 * dprediction = dloss * weight / (total * C) * (1 - level where the prediction is above the target, -level below it, 0 where they are
 * equal).
 *
 * @param operands.dloss [1,1]
 * @returns dprediction [R,C]
 */
export function quantileLossBackward(operands: QuantileOperands & { readonly dloss: Matrix }): { dprediction: Matrix } {
  const { dloss, prediction, target, weights, level } = operands;
  requireShape('dloss', dloss, 1, 1);
  requireShape('target', target, prediction.rows, prediction.columns);
  const dprediction = weightedGradient(prediction, weights, prediction.columns, (row, column) => {
    const side = Math.sign(at(prediction, row, column) - at(target, row, column));
    return side === 0 ? 0 : at(dloss, 0, 0) * (side > 0 ? 1 - level : -level);
  });
  return { dprediction };
}
