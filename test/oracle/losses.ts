/** Reference of the losses, all in nats. Letters: R rows, C classes or columns. */

import { RangeIndexError, ShapeError } from '../../src/core/errors.js';
import { sigmoidOf } from './elementwise.js';
import { at, element, type Matrix, mapElements, put, requireShape, scalar, zeros } from './matrix.js';
import { logSumExp } from './softmax.js';

/**
 * loss = mean over the rows with target >= 0 of lse - logits[target]; 0 when there is no such row.
 *
 * @param operands.logits  [R,C]
 * @param operands.targets [R] class ids; negative (-1) means that the row is ignored
 * @returns loss [1,1]; lse [R,1], log-sum-exp of every row, of ignored rows too
 * @throws {RangeIndexError} `index_out_of_range` for a target >= C
 */
export function softmaxCrossEntropy({ logits, targets }: { logits: Matrix; targets: Int32Array }): {
  loss: Matrix;
  lse: Matrix;
} {
  const valid = countValid(logits, targets);
  const lse = zeros(logits.rows, 1);
  let sum = 0;
  for (let row = 0; row < logits.rows; row++) {
    const total = logSumExp(logits, row);
    put(lse, row, 0, total);
    const target = element(targets, row);
    if (target >= 0) {
      sum += total - at(logits, row, target);
    }
  }
  return { loss: scalar(valid === 0 ? 0 : sum / valid), lse };
}

/**
 * dlogits = dloss * (softmax(logits) - onehot(target)) / valid rows; zeros in ignored rows.
 *
 * @param operands.dloss [1,1]
 * @param operands.lse   [R,1] from the forward pass
 * @returns dlogits [R,C]
 */
export function softmaxCrossEntropyBackward(operands: {
  dloss: Matrix;
  logits: Matrix;
  targets: Int32Array;
  lse: Matrix;
}): { dlogits: Matrix } {
  const { dloss, logits, targets, lse } = operands;
  requireShape('dloss', dloss, 1, 1);
  requireShape('lse', lse, logits.rows, 1);
  const valid = countValid(logits, targets);
  const dlogits = zeros(logits.rows, logits.columns);
  for (let row = 0; row < logits.rows; row++) {
    const target = element(targets, row);
    if (target >= 0) {
      for (let column = 0; column < logits.columns; column++) {
        const probability = Math.exp(at(logits, row, column) - at(lse, row, 0));
        put(dlogits, row, column, (at(dloss, 0, 0) * (probability - (column === target ? 1 : 0))) / valid);
      }
    }
  }
  return { dlogits };
}

/**
 * loss = mean over rows of the sum over columns of max(x,0) - x*t + log(1 + exp(-|x|)).
 *
 * @param operands.logits  [R,C]
 * @param operands.targets [R,C] in [0, 1]
 * @returns loss [1,1]
 */
export function sigmoidCrossEntropy({ logits, targets }: { logits: Matrix; targets: Matrix }): { loss: Matrix } {
  requireShape('targets', targets, logits.rows, logits.columns);
  let sum = 0;
  for (let row = 0; row < logits.rows; row++) {
    for (let column = 0; column < logits.columns; column++) {
      const x = at(logits, row, column);
      sum += Math.max(x, 0) - x * at(targets, row, column) + Math.log1p(Math.exp(-Math.abs(x)));
    }
  }
  return { loss: scalar(sum / logits.rows) };
}

/**
 * dlogits = dloss * (sigmoid(logits) - targets) / rows.
 *
 * @param operands.dloss [1,1]
 * @returns dlogits [R,C]
 */
export function sigmoidCrossEntropyBackward(operands: { dloss: Matrix; logits: Matrix; targets: Matrix }): {
  dlogits: Matrix;
} {
  const { dloss, logits, targets } = operands;
  requireShape('dloss', dloss, 1, 1);
  requireShape('targets', targets, logits.rows, logits.columns);
  const factor = at(dloss, 0, 0) / logits.rows;
  return { dlogits: mapElements(logits, (x, index) => factor * (sigmoidOf(x) - element(targets.data, index))) };
}

/**
 * loss = mean over all elements of (prediction - target)^2.
 *
 * @param operands.prediction [R,C]
 * @param operands.target     [R,C]
 * @returns loss [1,1]
 */
export function meanSquaredError({ prediction, target }: { prediction: Matrix; target: Matrix }): { loss: Matrix } {
  requireShape('target', target, prediction.rows, prediction.columns);
  let sum = 0;
  for (let index = 0; index < prediction.data.length; index++) {
    const difference = element(prediction.data, index) - element(target.data, index);
    sum += difference * difference;
  }
  return { loss: scalar(sum / prediction.data.length) };
}

/**
 * dprediction = dloss * 2 * (prediction - target) / elements.
 *
 * @param operands.dloss [1,1]
 * @returns dprediction [R,C]
 */
export function meanSquaredErrorBackward(operands: { dloss: Matrix; prediction: Matrix; target: Matrix }): {
  dprediction: Matrix;
} {
  const { dloss, prediction, target } = operands;
  requireShape('dloss', dloss, 1, 1);
  requireShape('target', target, prediction.rows, prediction.columns);
  const factor = (2 * at(dloss, 0, 0)) / prediction.data.length;
  return { dprediction: mapElements(prediction, (value, index) => factor * (value - element(target.data, index))) };
}

function countValid(logits: Matrix, targets: Int32Array): number {
  if (targets.length !== logits.rows) {
    throw new ShapeError('length_mismatch', `targets holds ${targets.length} ids, logits has ${logits.rows} rows`);
  }
  const outside = targets.find((target) => target >= logits.columns);
  if (outside !== undefined) {
    throw new RangeIndexError('index_out_of_range', `target ${outside} is outside ${logits.columns} classes`);
  }
  return targets.filter((target) => target >= 0).length;
}
