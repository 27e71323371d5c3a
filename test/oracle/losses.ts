/**
 * Reference of the losses, all in nats. Letters: R rows, C classes or columns. Each is a mean: the sum of what the rows come to, times
 * their weights, divided by `total`, the sum of the weights that count; 0 where there are none.
 */

import { RangeIndexError, ShapeError } from '../../src/core/errors.js';
import { sigmoidOf } from './elementwise.js';
import { at, element, type Matrix, put, requireShape, scalar, zeros } from './matrix.js';
import { logSum, probability, putLogSum } from './softmax.js';

/** What a row counts for: [R,1], 1 each where it is undefined. */
type Weights = Matrix | undefined;

/** A loss, and what its sum was divided by. */
export type Loss = { readonly loss: Matrix; readonly total: Matrix };

/** Class scores with their targets, and what they count for. */
export interface ClassOperands {
  /** [R,C] */
  readonly logits: Matrix;
  /** [R] class ids; negative (-1) means that the row is ignored */
  readonly targets: Int32Array;
  readonly weights?: Weights;
  /** [1,C] */
  readonly classWeights?: Weights;
  /** Part of the target that is spread over all classes, in [0, 1]; default 0. */
  readonly smoothing?: number | undefined;
}

const rowWeight = (weights: Weights, row: number) => (weights === undefined ? 1 : at(weights, row, 0));
const columnWeight = (weights: Weights, column: number) => (weights === undefined ? 1 : at(weights, 0, column));

/** The weights of the rows that count. */
function countedWeights({ logits, targets, weights, classWeights }: ClassOperands): number[] {
  if (targets.length !== logits.rows) {
    throw new ShapeError('length_mismatch', `targets holds ${targets.length} ids, logits has ${logits.rows} rows`);
  }
  const outside = targets.find((target) => target >= logits.columns);
  if (outside !== undefined) {
    throw new RangeIndexError('index_out_of_range', `target ${outside} is outside ${logits.columns} classes`);
  }
  if (weights !== undefined) requireShape('weights', weights, logits.rows, 1);
  if (classWeights !== undefined) requireShape('classWeights', classWeights, 1, logits.columns);
  return Array.from(targets, (target, row) =>
    target < 0 ? 0 : rowWeight(weights, row) * columnWeight(classWeights, target),
  );
}

/** What a row is to come to: [C], the classes with their weights, most of it the target's. */
function smoothed({ logits, targets, classWeights, smoothing = 0 }: ClassOperands, row: number): number[] {
  const { columns } = logits;
  return Array.from({ length: columns }, (_, column) => {
    const own = column === element(targets, row) ? 1 - smoothing : 0;
    return columnWeight(classWeights, column) * (own + smoothing / columns);
  });
}

/**
 * loss = sum over rows with target >= 0 of weight * sum over classes of smoothed * (lse - logits), divided by the total
 * unless that is 0.
 *
 * @returns loss, total [1,1]; lse [R,2], log-sum-exp of every row in two parts, of ignored rows too
 * @throws {RangeIndexError} `index_out_of_range` for a target >= C
 */
export function softmaxCrossEntropy(operands: ClassOperands): Loss & { lse: Matrix } {
  const { logits, targets, weights } = operands;
  const total = countedWeights(operands).reduce((a, b) => a + b, 0);
  const divisor = total || 1;
  const lse = zeros(logits.rows, 2);
  let sum = 0;
  for (let row = 0; row < logits.rows; row++) {
    const { largest, log } = logSum(logits, row);
    putLogSum(lse, row, { largest, log });
    if (element(targets, row) < 0) continue;
    smoothed(operands, row).forEach((part, column) => {
      sum += rowWeight(weights, row) * part * (largest - at(logits, row, column) + log);
    });
  }
  return { loss: scalar(sum / divisor), lse, total: scalar(total) };
}

/**
 * dlogits = dloss * weight * (softmax(logits) * the sum of smoothed - smoothed) / the total unless that is 0; zeros in ignored rows.
 *
 * @param operands.dloss [1,1]
 * @param operands.lse   [R,2] from the forward pass
 * @returns dlogits [R,C]
 */
export function softmaxCrossEntropyBackward(operands: ClassOperands & { dloss: Matrix; lse: Matrix }): {
  dlogits: Matrix;
} {
  const { dloss, logits, targets, lse, weights } = operands;
  requireShape('dloss', dloss, 1, 1);
  requireShape('lse', lse, logits.rows, 2);
  const divisor = countedWeights(operands).reduce((a, b) => a + b, 0) || 1;
  const dlogits = zeros(logits.rows, logits.columns);
  for (let row = 0; row < logits.rows; row++) {
    if (element(targets, row) < 0) continue;
    const parts = smoothed(operands, row);
    const all = parts.reduce((a, b) => a + b, 0);
    parts.forEach((part, column) => {
      const share = probability(at(logits, row, column), lse, row);
      put(dlogits, row, column, (at(dloss, 0, 0) * rowWeight(weights, row) * (share * all - part)) / divisor);
    });
  }
  return { dlogits };
}

/** The weighted mean over rows of the sum over columns of f. @param perRow what the mean is divided by besides */
export function weightedMean(
  { rows, columns }: Matrix,
  weights: Weights,
  perRow: number,
  f: (row: number, column: number) => number,
): Loss {
  if (weights !== undefined) requireShape('weights', weights, rows, 1);
  let [sum, total] = [0, 0];
  for (let row = 0; row < rows; row++) {
    total += rowWeight(weights, row);
    for (let column = 0; column < columns; column++) sum += rowWeight(weights, row) * f(row, column);
  }
  return { loss: scalar(total === 0 ? 0 : sum / (total * perRow)), total: scalar(total) };
}

/** The gradient of `weightedMean`, for the derivative `f` of what it sums up. */
export function weightedGradient(
  { rows, columns }: Matrix,
  weights: Weights,
  perRow: number,
  f: (row: number, column: number) => number,
): Matrix {
  const total = at(weightedMean({ rows, columns, data: new Float64Array(0) }, weights, 1, () => 0).total, 0, 0);
  const gradient = zeros(rows, columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const value = total === 0 ? 0 : (rowWeight(weights, row) * f(row, column)) / (total * perRow);
      put(gradient, row, column, value);
    }
  }
  return gradient;
}

/** Scores of things that are there or not. */
export interface SigmoidOperands {
  /** [R,C] */
  readonly logits: Matrix;
  /** [R,C] in [0, 1] */
  readonly targets: Matrix;
  readonly weights?: Weights;
  /** [1,C] what being there counts for */
  readonly positive?: Weights;
}

/** loss = weighted mean over rows of the sum over columns of -(p t log s(x) + (1-t) log(1 - s(x))). */
export function sigmoidCrossEntropy({ logits, targets, weights, positive }: SigmoidOperands): Loss {
  requireShape('targets', targets, logits.rows, logits.columns);
  return weightedMean(logits, weights, 1, (row, column) => {
    const [x, t, p] = [at(logits, row, column), at(targets, row, column), columnWeight(positive, column)];
    const logOne = Math.log1p(Math.exp(-Math.abs(x)));
    // -log s(x) and -log(1 - s(x)), neither of which overflows.
    return p * t * (logOne + Math.max(-x, 0)) + (1 - t) * (logOne + Math.max(x, 0));
  });
}

/** dlogits = dloss * weight * (s(x) (p t + 1 - t) - p t) / total. @param operands.dloss [1,1] @returns dlogits [R,C] */
export function sigmoidCrossEntropyBackward(operands: SigmoidOperands & { dloss: Matrix }): { dlogits: Matrix } {
  const { dloss, logits, targets, weights, positive } = operands;
  requireShape('dloss', dloss, 1, 1);
  requireShape('targets', targets, logits.rows, logits.columns);
  const dlogits = weightedGradient(logits, weights, 1, (row, column) => {
    const [t, p] = [at(targets, row, column), columnWeight(positive, column)];
    return at(dloss, 0, 0) * (sigmoidOf(at(logits, row, column)) * (p * t + 1 - t) - p * t);
  });
  return { dlogits };
}

/** Numbers, and what they should have been. */
export interface SquareOperands {
  /** [R,C] */
  readonly prediction: Matrix;
  /** [R,C] */
  readonly target: Matrix;
  readonly weights?: Weights;
}

/** loss = weighted mean over all elements of (prediction - target)^2. */
export function meanSquaredError({ prediction, target, weights }: SquareOperands): Loss {
  requireShape('target', target, prediction.rows, prediction.columns);
  return weightedMean(prediction, weights, prediction.columns, (row, column) => {
    return (at(prediction, row, column) - at(target, row, column)) ** 2;
  });
}

/** dprediction = dloss * 2 * weight * (prediction - target) / (total * C). @param operands.dloss [1,1] */
export function meanSquaredErrorBackward(operands: SquareOperands & { dloss: Matrix }): { dprediction: Matrix } {
  const { dloss, prediction, target, weights } = operands;
  requireShape('dloss', dloss, 1, 1);
  requireShape('target', target, prediction.rows, prediction.columns);
  const dprediction = weightedGradient(prediction, weights, prediction.columns, (row, column) => {
    return 2 * at(dloss, 0, 0) * (at(prediction, row, column) - at(target, row, column));
  });
  return { dprediction };
}
