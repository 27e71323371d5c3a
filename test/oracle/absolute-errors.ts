/** Reference of the losses that grow in proportion to the error: the absolute error, and the Huber loss. Letters: R rows, C columns. */
import { type Loss, type SquareOperands, weightedGradient, weightedMean } from './losses.js';
import { at, type Matrix, requireShape } from './matrix.js';

/** Numbers, their targets, and where the loss goes over from the square to the absolute error. */
export interface HuberOperands extends SquareOperands {
  readonly delta: number;
}

const errorOf = ({ prediction, target }: SquareOperands) => {
  requireShape('target', target, prediction.rows, prediction.columns);
  return (row: number, column: number) => at(prediction, row, column) - at(target, row, column);
};

/** loss = weighted mean over all elements of |prediction - target|. */
export function meanAbsoluteError(operands: SquareOperands): Loss {
  const { prediction, weights } = operands;
  const error = errorOf(operands);
  return weightedMean(prediction, weights, prediction.columns, (row, column) => Math.abs(error(row, column)));
}

/** dprediction = dloss * weight * sign(prediction - target) / (total * C). @param operands.dloss [1,1] */
export function meanAbsoluteErrorBackward(operands: SquareOperands & { readonly dloss: Matrix }): {
  dprediction: Matrix;
} {
  const { dloss, prediction, weights } = operands;
  requireShape('dloss', dloss, 1, 1);
  const error = errorOf(operands);
  const slope = (row: number, column: number) => at(dloss, 0, 0) * Math.sign(error(row, column));
  return { dprediction: weightedGradient(prediction, weights, prediction.columns, slope) };
}

/** loss = weighted mean over all elements of e^2 / 2 where |e| <= delta, else delta * (|e| - delta / 2); e = prediction - target. */
export function huberLoss(operands: HuberOperands): Loss {
  const { prediction, weights, delta } = operands;
  const error = errorOf(operands);
  return weightedMean(prediction, weights, prediction.columns, (row, column) => {
    const size = Math.abs(error(row, column));
    return size <= delta ? size ** 2 / 2 : delta * (size - delta / 2);
  });
}

/** dprediction = dloss * weight * (e, at most delta from 0) / (total * C). @param operands.dloss [1,1] */
export function huberLossBackward(operands: HuberOperands & { readonly dloss: Matrix }): { dprediction: Matrix } {
  const { dloss, prediction, weights, delta } = operands;
  requireShape('dloss', dloss, 1, 1);
  const error = errorOf(operands);
  const slope = (row: number, column: number) => {
    return at(dloss, 0, 0) * Math.max(-delta, Math.min(delta, error(row, column)));
  };
  return { dprediction: weightedGradient(prediction, weights, prediction.columns, slope) };
}
