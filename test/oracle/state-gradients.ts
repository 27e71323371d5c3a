/**
 * Reference of the gradients of recurrent weights and biases: sums over all steps. Letters: N packed rows, B sequences,
 * H units, G gate rows, P the width of the state.
 */

import { weightGradient } from './linear.js';
import { accumulate, at, type Matrix, requireShape, zeros } from './matrix.js';
import { type PackedStep, packedSteps, previousState, rowCount, sequenceCount } from './packed.js';

/** The states that the recurrent product read. */
export interface FedStates {
  /** [N,P] every state */
  readonly y: Matrix;
  /** [B,P], absent means zeros */
  readonly h0?: Matrix | undefined;
  /** [B,P] what the product saw of the states of each sequence is multiplied by its row; absent means 1. */
  readonly mask?: Matrix | undefined;
  /** Whether each sequence was walked from its own last step to its first. */
  readonly reverse?: boolean | undefined;
  readonly batchSizes: readonly number[];
}

/** One unit of the state that the recurrent product of a step read. */
function fedState({ y, h0, mask }: FedStates, step: PackedStep, unit: number): number {
  const state = previousState(y, h0, step, unit);
  return mask === undefined ? state : at(mask, step.sequence, unit) * state;
}

function requireStates({ y, h0, mask, batchSizes }: FedStates): void {
  requireShape('y', y, rowCount(batchSizes), y.columns);
  requireShape('h0', h0, sequenceCount(batchSizes), y.columns);
  requireShape('mask', mask, sequenceCount(batchSizes), y.columns);
}

/** The gradients of all steps, and their factors in the products. */
interface StepGradients extends FedStates {
  readonly da: Matrix;
  readonly x?: Matrix | undefined;
}

/**
 * dR = sum over all steps of da^T fed, and dW = sum over all steps of da^T x.
 *
 * @param operands.da [N,G]
 * @param operands.x  [N,I] may be absent
 * @returns dR [G,P], and with x dW [G,I]
 */
export function stateWeightGradient(operands: StepGradients): { dR: Matrix; dW?: Matrix } {
  const { da, y, reverse, batchSizes } = operands;
  requireStates(operands);
  requireShape('da', da, y.rows, da.columns);
  const dR = zeros(da.columns, y.columns);
  for (const step of packedSteps(batchSizes, reverse)) {
    for (let k = 0; k < y.columns; k++) {
      const fed = fedState(operands, step, k);
      for (let gateRow = 0; gateRow < da.columns; gateRow++) {
        accumulate(dR, gateRow, k, at(da, step.row, gateRow) * fed);
      }
    }
  }
  return operands.x === undefined ? { dR } : { dR, ...weightGradient({ dy: da, x: operands.x }) };
}

/**
 * dR of a gated recurrent unit: rows r and z from da and the state; rows n from what multiplied R_n.
 * Reset after: dR_n = ds^T fed.  Reset before: dR_n = da_n^T s.
 *
 * @param operands.da         [N,3H]
 * @param operands.s_or_ds    [N,H] ds of gruBackward, or s of gruResetBefore
 * @param operands.resetAfter which form
 * @returns dR [3H,H]
 */
export function gruWeightGradient(
  operands: FedStates & { readonly da: Matrix; readonly s_or_ds: Matrix; readonly resetAfter: boolean },
): { dR: Matrix } {
  const { da, s_or_ds, y, resetAfter, reverse, batchSizes } = operands;
  const units = y.columns;
  requireStates(operands);
  requireShape('da', da, y.rows, 3 * units);
  requireShape('s_or_ds', s_or_ds, y.rows, units);
  const dR = zeros(3 * units, units);
  for (const step of packedSteps(batchSizes, reverse)) {
    for (let k = 0; k < units; k++) {
      const fed = fedState(operands, step, k);
      for (let gateRow = 0; gateRow < 2 * units; gateRow++) {
        accumulate(dR, gateRow, k, at(da, step.row, gateRow) * fed);
      }
      for (let j = 0; j < units; j++) {
        const candidate = 2 * units + j;
        const product = resetAfter
          ? at(s_or_ds, step.row, j) * fed
          : at(da, step.row, candidate) * at(s_or_ds, step.row, k);
        accumulate(dR, candidate, k, product);
      }
    }
  }
  return { dR };
}

/**
 * Gradient of bR of a gated recurrent unit, reset after the product only: [sum da_r, sum da_z, sum ds].
 * Of the other form it is biasGradient of da.
 *
 * @param operands.da [N,3H]
 * @param operands.ds [N,H]
 * @returns db [1,3H]
 */
export function gruBiasGradient({ da, ds }: { da: Matrix; ds: Matrix }): { db: Matrix } {
  const units = ds.columns;
  requireShape('da', da, ds.rows, 3 * units);
  const db = zeros(1, 3 * units);
  for (let row = 0; row < ds.rows; row++) {
    for (let column = 0; column < 3 * units; column++) {
      const candidate = column - 2 * units;
      accumulate(db, 0, column, candidate < 0 ? at(da, row, column) : at(ds, row, candidate));
    }
  }
  return { db };
}
