/**
 * Reference of the gated recurrent unit in both variants, gates in the order r z n.
 * Letters: N packed rows, B sequences, H units. h' = z*h + (1 - z)*n in both.
 * Sources: Cho et al. 2014 (reset before the product); PyTorch, cuDNN, Keras `reset_after` (reset after it).
 */

import { sigmoidOf } from './elementwise.js';
import { accumulate, at, type Matrix, put, requireShape, zeros } from './matrix.js';
import { packedSteps, previousState, rowCount, sequenceCount } from './packed.js';
import { recurrentSum } from './recurrent-product.js';

/** Which block of H columns (of a and gates) or rows (of R) belongs to a gate. */
export const Gate = { reset: 0, update: 1, candidate: 2 } as const;
const GATES = 3;

/** Operands of both forward passes: a [N,3H], R [3H,H], bR [1,3H] and h0 [B,H], which mean zeros when absent. */
export interface GruOperands {
  a: Matrix;
  R: Matrix;
  bR?: Matrix | undefined;
  h0?: Matrix | undefined;
  batchSizes: readonly number[];
}

/** Results of both forward passes: y [N,H], gates [N,3H] activated r z n, s [N,H], hT [B,H]. */
export type GruResults = { y: Matrix; gates: Matrix; s: Matrix; hT: Matrix };

/**
 * Reset after the product: s = R_n h + bR_n;  n = tanh(a_n + r*s).
 *
 * @returns y [N,H], gates [N,3H], s [N,H], hT [B,H]
 */
export function gru(operands: GruOperands): GruResults {
  const { R, bR } = operands;
  const units = R.columns;
  return gruForward(operands, (candidateInput, j, reset, h) => {
    const s = recurrentSum(R, bR, Gate.candidate * units + j, h);
    return { s, n: Math.tanh(candidateInput + reset(j) * s) };
  });
}

/**
 * Reset before the product: s = r*h;  n = tanh(a_n + R_n s + bR_n).
 *
 * @returns y [N,H], gates [N,3H], s [N,H], hT [B,H]
 */
export function gruResetBefore(operands: GruOperands): GruResults {
  const { R, bR } = operands;
  const units = R.columns;
  return gruForward(operands, (candidateInput, j, reset, h) => {
    const product = recurrentSum(R, bR, Gate.candidate * units + j, (k) => reset(k) * h(k));
    return { s: reset(j) * h(j), n: Math.tanh(candidateInput + product) };
  });
}

/**
 * dR: rows r and z from da and the previous state; rows n from what multiplied R_n.
 * Reset after: dR_n = ds^T hPrevious.  Reset before: dR_n = da_n^T s.
 *
 * @param operands.da      [N,3H]
 * @param operands.s_or_ds [N,H] ds of gruBackward, or s of gruResetBefore
 * @param operands.y       [N,H] every state
 * @param operands.h0      [B,H], absent means zeros
 * @param operands.resetAfter which variant
 * @returns dR [3H,H]
 */
export function gruWeightGradient(operands: {
  da: Matrix;
  s_or_ds: Matrix;
  y: Matrix;
  h0?: Matrix | undefined;
  resetAfter: boolean;
  batchSizes: readonly number[];
}): { dR: Matrix } {
  const { da, s_or_ds, y, h0, resetAfter, batchSizes } = operands;
  const units = y.columns;
  const rows = rowCount(batchSizes);
  requireShape('da', da, rows, GATES * units);
  requireShape('s_or_ds', s_or_ds, rows, units);
  requireShape('y', y, rows, units);
  requireShape('h0', h0, sequenceCount(batchSizes), units);
  const dR = zeros(GATES * units, units);
  for (const step of packedSteps(batchSizes)) {
    for (let k = 0; k < units; k++) {
      const h = previousState(y, h0, step, k);
      for (let j = 0; j < units; j++) {
        for (const gate of [Gate.reset, Gate.update]) {
          accumulate(dR, gate * units + j, k, at(da, step.row, gate * units + j) * h);
        }
        const candidate = Gate.candidate * units + j;
        const product = resetAfter
          ? at(s_or_ds, step.row, j) * h
          : at(da, step.row, candidate) * at(s_or_ds, step.row, k);
        accumulate(dR, candidate, k, product);
      }
    }
  }
  return { dR };
}

/**
 * Gradient of bR, reset after the product only: [sum da_r, sum da_z, sum ds].
 * Of the other variant it is biasGradient of da.
 *
 * @param operands.da [N,3H]
 * @param operands.ds [N,H]
 * @returns db [1,3H]
 */
export function gruBiasGradient({ da, ds }: { da: Matrix; ds: Matrix }): { db: Matrix } {
  const units = ds.columns;
  requireShape('da', da, ds.rows, GATES * units);
  const db = zeros(1, GATES * units);
  for (let row = 0; row < ds.rows; row++) {
    for (let j = 0; j < units; j++) {
      for (const gate of [Gate.reset, Gate.update]) {
        accumulate(db, 0, gate * units + j, at(da, row, gate * units + j));
      }
      accumulate(db, 0, Gate.candidate * units + j, at(ds, row, j));
    }
  }
  return { db };
}

/** The candidate n of unit j and what the variant keeps as s, from a_n, the reset gate and the previous state. */
type Candidate = (
  candidateInput: number,
  j: number,
  reset: (k: number) => number,
  h: (k: number) => number,
) => { s: number; n: number };

function gruForward(operands: GruOperands, candidate: Candidate): GruResults {
  const { a, R, bR, h0, batchSizes } = operands;
  const units = R.columns;
  const rows = rowCount(batchSizes);
  const sequences = sequenceCount(batchSizes);
  requireShape('R', R, GATES * units, units);
  requireShape('a', a, rows, GATES * units);
  requireShape('bR', bR, 1, GATES * units);
  requireShape('h0', h0, sequences, units);
  const y = zeros(rows, units);
  const gates = zeros(rows, GATES * units);
  const s = zeros(rows, units);
  const hT = zeros(sequences, units);
  for (const step of packedSteps(batchSizes)) {
    const { row, sequence } = step;
    const h = (k: number): number => previousState(y, h0, step, k);
    for (const gate of [Gate.reset, Gate.update]) {
      for (let gateRow = gate * units; gateRow < (gate + 1) * units; gateRow++) {
        put(gates, row, gateRow, sigmoidOf(at(a, row, gateRow) + recurrentSum(R, bR, gateRow, h)));
      }
    }
    const reset = (k: number): number => at(gates, row, Gate.reset * units + k);
    for (let j = 0; j < units; j++) {
      const z = at(gates, row, Gate.update * units + j);
      const kept = candidate(at(a, row, Gate.candidate * units + j), j, reset, h);
      const state = z * h(j) + (1 - z) * kept.n;
      put(gates, row, Gate.candidate * units + j, kept.n);
      put(s, row, j, kept.s);
      put(y, row, j, state);
      if (step.isLast) {
        put(hT, sequence, j, state);
      }
    }
  }
  return { y, gates, s, hT };
}
