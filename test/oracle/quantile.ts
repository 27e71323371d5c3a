/** Reference of the quantile loss. Letters: R rows, C columns. */
import { at, element, type Matrix, mapElements, requireShape, scalar } from './matrix.js';

/** Numbers, what they should have been, and which quantile they are. */
export interface QuantileOperands {
  /** [R,C] */
  readonly prediction: Matrix;
  /** [R,C] */
  readonly target: Matrix;
  /** In [0, 1]. */
  readonly level: number;
}

/**
 * loss = mean over all elements of max(level * e, (level - 1) * e), where e = target - prediction.
 *
 * @returns loss [1,1]
 */
export function quantileLoss({ prediction, target, level }: QuantileOperands): { loss: Matrix } {
  requireShape('target', target, prediction.rows, prediction.columns);
  let sum = 0;
  for (let index = 0; index < prediction.data.length; index++) {
    const error = element(target.data, index) - element(prediction.data, index);
    sum += Math.max(level * error, (level - 1) * error);
  }
  return { loss: scalar(sum / prediction.data.length) };
}

/**
 * dprediction = dloss / elements * (1 - level where the prediction is above the target, -level below it, 0 where they are equal).
 *
 * @param operands.dloss [1,1]
 * @returns dprediction [R,C]
 */
export function quantileLossBackward(operands: QuantileOperands & { readonly dloss: Matrix }): { dprediction: Matrix } {
  const { dloss, prediction, target, level } = operands;
  requireShape('dloss', dloss, 1, 1);
  requireShape('target', target, prediction.rows, prediction.columns);
  const factor = at(dloss, 0, 0) / prediction.data.length;
  return {
    dprediction: mapElements(prediction, (value, index) => {
      const side = Math.sign(value - element(target.data, index));
      return side === 0 ? 0 : factor * (side > 0 ? 1 - level : -level);
    }),
  };
}
