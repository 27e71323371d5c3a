/** Reference of the plain recurrent layer. Letters: N packed rows, B sequences, H units, G gate rows. */

import { accumulate, at, atOrZero, copy, type Matrix, put, requireShape, zeros } from './matrix.js';
import { packedSteps, previousState, rowCount, sequenceCount } from './packed.js';
import { recurrentGradient, recurrentSum } from './recurrent-product.js';

/** Activation of the plain recurrent layer. */
export type RnnActivation = 'tanh' | 'relu';

/**
 * h' = tanh|relu(a + R h + bR).
 *
 * @param operands.a  [N,H] input projection
 * @param operands.R  [H,H]
 * @param operands.bR [1,H], absent means zeros
 * @param operands.h0 [B,H], absent means zeros
 * @returns y [N,H] every state, hT [B,H] the state of each sequence at its own last step
 */
export function rnn(operands: {
  a: Matrix;
  R: Matrix;
  bR?: Matrix | undefined;
  h0?: Matrix | undefined;
  activation?: RnnActivation | undefined;
  batchSizes: readonly number[];
}): { y: Matrix; hT: Matrix } {
  const { a, R, bR, h0, activation = 'tanh', batchSizes } = operands;
  const units = R.columns;
  const rows = rowCount(batchSizes);
  const sequences = sequenceCount(batchSizes);
  requireShape('R', R, units, units);
  requireShape('a', a, rows, units);
  requireShape('bR', bR, 1, units);
  requireShape('h0', h0, sequences, units);
  const y = zeros(rows, units);
  const hT = zeros(sequences, units);
  for (const step of packedSteps(batchSizes)) {
    for (let j = 0; j < units; j++) {
      const sum = at(a, step.row, j) + recurrentSum(R, bR, j, (k) => previousState(y, h0, step, k));
      const h = activation === 'tanh' ? Math.tanh(sum) : Math.max(sum, 0);
      put(y, step.row, j, h);
      if (step.isLast) {
        put(hT, step.sequence, j, h);
      }
    }
  }
  return { y, hT };
}

/**
 * da = dh * (1 - y^2), or dh where y > 0; dh of the step before = R^T da.
 *
 * @param operands.dy  [N,H], absent means zeros
 * @param operands.dhT [B,H], absent means zeros
 * @param operands.y   [N,H] from the forward pass
 * @returns da [N,H], dh0 [B,H]
 */
export function rnnBackward(operands: {
  dy?: Matrix | undefined;
  dhT?: Matrix | undefined;
  y: Matrix;
  R: Matrix;
  activation?: RnnActivation | undefined;
  batchSizes: readonly number[];
}): { da: Matrix; dh0: Matrix } {
  const { dy, dhT, y, R, activation = 'tanh', batchSizes } = operands;
  const units = R.columns;
  const rows = rowCount(batchSizes);
  const sequences = sequenceCount(batchSizes);
  requireShape('R', R, units, units);
  requireShape('y', y, rows, units);
  requireShape('dy', dy, rows, units);
  requireShape('dhT', dhT, sequences, units);
  const da = zeros(rows, units);
  const dState = dhT === undefined ? zeros(sequences, units) : copy(dhT);
  for (const { row, sequence } of packedSteps(batchSizes).reverse()) {
    for (let j = 0; j < units; j++) {
      const h = at(y, row, j);
      const dh = atOrZero(dy, row, j) + at(dState, sequence, j);
      put(da, row, j, dh * (activation === 'tanh' ? 1 - h * h : h > 0 ? 1 : 0));
    }
    for (let k = 0; k < units; k++) {
      put(
        dState,
        sequence,
        k,
        recurrentGradient(R, 0, units, k, (j) => at(da, row, j)),
      );
    }
  }
  return { da, dh0: dState };
}

/**
 * dR = sum over all steps of da^T hPrevious: of the plain layer and of the LSTM.
 *
 * @param operands.da [N,G]
 * @param operands.y  [N,H] every state
 * @param operands.h0 [B,H], absent means zeros
 * @returns dR [G,H]
 */
export function stateWeightGradient(operands: {
  da: Matrix;
  y: Matrix;
  h0?: Matrix | undefined;
  batchSizes: readonly number[];
}): { dR: Matrix } {
  const { da, y, h0, batchSizes } = operands;
  const rows = rowCount(batchSizes);
  requireShape('da', da, rows, da.columns);
  requireShape('y', y, rows, y.columns);
  requireShape('h0', h0, sequenceCount(batchSizes), y.columns);
  const dR = zeros(da.columns, y.columns);
  for (const step of packedSteps(batchSizes)) {
    for (let gateRow = 0; gateRow < da.columns; gateRow++) {
      for (let k = 0; k < y.columns; k++) {
        accumulate(dR, gateRow, k, at(da, step.row, gateRow) * previousState(y, h0, step, k));
      }
    }
  }
  return { dR };
}
