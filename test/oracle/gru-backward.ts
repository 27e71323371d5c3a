/**
 * Reference of the backward passes of both variants of the gated recurrent unit, gates in the order r z n.
 * Letters: N packed rows, B sequences, H units.
 */

import { Gate } from './gru.js';
import { at, atOrZero, copy, type Matrix, put, requireShape, zeros } from './matrix.js';
import { packedSteps, previousState, rowCount, sequenceCount } from './packed.js';
import { recurrentGradient } from './recurrent-product.js';

const GATES = 3;

/** Operands of gruResetBeforeBackward: dy [N,H], dhT and h0 [B,H] mean zeros when absent; y, gates of the forward. */
export interface GruBackwardOperands {
  dy?: Matrix | undefined;
  dhT?: Matrix | undefined;
  y: Matrix;
  gates: Matrix;
  h0?: Matrix | undefined;
  R: Matrix;
  batchSizes: readonly number[];
}

/**
 * Reset after the product: dn = dh*(1 - z);  da_n = dn*(1 - n^2);  ds = da_n*r;  dr = da_n*s;  dz = dh*(h - n);
 * dh of the step before = dh*z + R_r^T da_r + R_z^T da_z + R_n^T ds.
 *
 * @param operands.s [N,H] R_n h + bR_n of the forward pass
 * @returns da [N,3H], ds [N,H] the gradient that reaches R_n h + bR_n, dh0 [B,H]
 */
export function gruBackward(operands: GruBackwardOperands & { s: Matrix }): { da: Matrix; ds: Matrix; dh0: Matrix } {
  const { dy, y, gates, s, h0, R, batchSizes } = operands;
  const { units, da, dState } = prepare(operands);
  requireShape('s', s, y.rows, units);
  const ds = zeros(y.rows, units);
  for (const step of packedSteps(batchSizes).reverse()) {
    const { row, sequence } = step;
    const direct = zeros(1, units);
    for (let j = 0; j < units; j++) {
      const r = at(gates, row, Gate.reset * units + j);
      const z = at(gates, row, Gate.update * units + j);
      const n = at(gates, row, Gate.candidate * units + j);
      const dh = atOrZero(dy, row, j) + at(dState, sequence, j);
      const candidate = dh * (1 - z) * (1 - n * n);
      put(da, row, Gate.candidate * units + j, candidate);
      put(da, row, Gate.update * units + j, dh * (previousState(y, h0, step, j) - n) * z * (1 - z));
      put(da, row, Gate.reset * units + j, candidate * at(s, row, j) * r * (1 - r));
      put(ds, row, j, candidate * r);
      put(direct, 0, j, dh * z);
    }
    for (let k = 0; k < units; k++) {
      const throughGates = recurrentGradient(R, 0, 2 * units, k, (gateRow) => at(da, row, gateRow));
      const throughCandidate = recurrentGradient(R, 2 * units, GATES * units, k, (gateRow) =>
        at(ds, row, gateRow - 2 * units),
      );
      put(dState, sequence, k, at(direct, 0, k) + throughGates + throughCandidate);
    }
  }
  return { da, ds, dh0: dState };
}

/**
 * Reset before the product: dn = dh*(1 - z);  da_n = dn*(1 - n^2);  p = R_n^T da_n, the gradient of r*h;  dr = p*h;
 * dz = dh*(h - n);  dh of the step before = dh*z + p*r + R_r^T da_r + R_z^T da_z.
 *
 * @returns da [N,3H], dh0 [B,H]
 */
export function gruResetBeforeBackward(operands: GruBackwardOperands): { da: Matrix; dh0: Matrix } {
  const { dy, y, gates, h0, R, batchSizes } = operands;
  const { units, da, dState } = prepare(operands);
  for (const step of packedSteps(batchSizes).reverse()) {
    const { row, sequence } = step;
    const direct = zeros(1, units);
    for (let j = 0; j < units; j++) {
      const z = at(gates, row, Gate.update * units + j);
      const n = at(gates, row, Gate.candidate * units + j);
      const dh = atOrZero(dy, row, j) + at(dState, sequence, j);
      put(da, row, Gate.candidate * units + j, dh * (1 - z) * (1 - n * n));
      put(da, row, Gate.update * units + j, dh * (previousState(y, h0, step, j) - n) * z * (1 - z));
      put(direct, 0, j, dh * z);
    }
    for (let j = 0; j < units; j++) {
      const r = at(gates, row, Gate.reset * units + j);
      const p = recurrentGradient(R, 2 * units, GATES * units, j, (gateRow) => at(da, row, gateRow));
      put(da, row, Gate.reset * units + j, p * previousState(y, h0, step, j) * r * (1 - r));
      put(direct, 0, j, at(direct, 0, j) + p * r);
    }
    for (let k = 0; k < units; k++) {
      const throughGates = recurrentGradient(R, 0, 2 * units, k, (gateRow) => at(da, row, gateRow));
      put(dState, sequence, k, at(direct, 0, k) + throughGates);
    }
  }
  return { da, dh0: dState };
}

function prepare(operands: GruBackwardOperands): { units: number; da: Matrix; dState: Matrix } {
  const { dy, dhT, y, gates, h0, R, batchSizes } = operands;
  const units = R.columns;
  const rows = rowCount(batchSizes);
  const sequences = sequenceCount(batchSizes);
  requireShape('R', R, GATES * units, units);
  requireShape('y', y, rows, units);
  requireShape('gates', gates, rows, GATES * units);
  requireShape('dy', dy, rows, units);
  requireShape('dhT', dhT, sequences, units);
  requireShape('h0', h0, sequences, units);
  const dState = dhT === undefined ? zeros(sequences, units) : copy(dhT);
  return { units, da: zeros(rows, GATES * units), dState };
}
