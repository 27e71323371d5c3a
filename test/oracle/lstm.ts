/**
 * Reference of the long short-term memory layer, gates in the order i f g o.
 * Letters: N packed rows, B sequences, H units. Source: Hochreiter & Schmidhuber 1997; Gers et al. 2000.
 */

import { sigmoidOf } from './elementwise.js';
import { at, atOrZero, copy, type Matrix, put, requireShape, zeros } from './matrix.js';
import { packedSteps, previousState, rowCount, sequenceCount } from './packed.js';
import { recurrentGradient, recurrentSum } from './recurrent-product.js';

/** Which block of H columns (of a and gates) or rows (of R) belongs to a gate. */
const Gate = { input: 0, forget: 1, cell: 2, output: 3 } as const;
const GATES = 4;

/**
 * i, f, o = sigmoid(.), g = tanh(.) of a + R h + bR;  c' = f*c + i*g;  h' = o*tanh(c').
 *
 * @param operands.a  [N,4H] input projection
 * @param operands.R  [4H,H]
 * @param operands.bR [1,4H], absent means zeros
 * @param operands.h0 [B,H], absent means zeros
 * @param operands.c0 [B,H], absent means zeros
 * @returns y [N,H], gates [N,4H] activated, c [N,H]; hT and cT [B,H] at each sequence's own last step
 */
export function lstm(operands: {
  a: Matrix;
  R: Matrix;
  bR?: Matrix | undefined;
  h0?: Matrix | undefined;
  c0?: Matrix | undefined;
  batchSizes: readonly number[];
}): { y: Matrix; gates: Matrix; c: Matrix; hT: Matrix; cT: Matrix } {
  const { a, R, bR, h0, c0, batchSizes } = operands;
  const units = R.columns;
  const rows = rowCount(batchSizes);
  const sequences = sequenceCount(batchSizes);
  requireShape('R', R, GATES * units, units);
  requireShape('a', a, rows, GATES * units);
  requireShape('bR', bR, 1, GATES * units);
  requireShape('h0', h0, sequences, units);
  requireShape('c0', c0, sequences, units);
  const y = zeros(rows, units);
  const gates = zeros(rows, GATES * units);
  const c = zeros(rows, units);
  const hT = zeros(sequences, units);
  const cT = zeros(sequences, units);
  for (const step of packedSteps(batchSizes)) {
    const { row, sequence } = step;
    for (let j = 0; j < units; j++) {
      const sum = (gate: number): number => {
        const gateRow = gate * units + j;
        return at(a, row, gateRow) + recurrentSum(R, bR, gateRow, (k) => previousState(y, h0, step, k));
      };
      const i = sigmoidOf(sum(Gate.input));
      const f = sigmoidOf(sum(Gate.forget));
      const g = Math.tanh(sum(Gate.cell));
      const o = sigmoidOf(sum(Gate.output));
      const cell = f * previousState(c, c0, step, j) + i * g;
      const h = o * Math.tanh(cell);
      put(gates, row, Gate.input * units + j, i);
      put(gates, row, Gate.forget * units + j, f);
      put(gates, row, Gate.cell * units + j, g);
      put(gates, row, Gate.output * units + j, o);
      put(c, row, j, cell);
      put(y, row, j, h);
      if (step.isLast) {
        put(cT, sequence, j, cell);
        put(hT, sequence, j, h);
      }
    }
  }
  return { y, gates, c, hT, cT };
}

/**
 * do = dh*tanh(c);  dc += dh*o*(1 - tanh(c)^2);  di = dc*g;  df = dc*cPrevious;  dg = dc*i;  da = d(gate) * its slope;
 * of the step before: dc = dc*f, dh = R^T da.
 *
 * @param operands.dy    [N,H], absent means zeros
 * @param operands.dhT   [B,H], absent means zeros
 * @param operands.dcT   [B,H], absent means zeros
 * @param operands.gates [N,4H] from the forward pass
 * @param operands.c     [N,H] from the forward pass
 * @param operands.c0    [B,H], absent means zeros
 * @returns da [N,4H], dh0 [B,H], dc0 [B,H]
 */
export function lstmBackward(operands: {
  dy?: Matrix | undefined;
  dhT?: Matrix | undefined;
  dcT?: Matrix | undefined;
  gates: Matrix;
  c: Matrix;
  c0?: Matrix | undefined;
  R: Matrix;
  batchSizes: readonly number[];
}): { da: Matrix; dh0: Matrix; dc0: Matrix } {
  const { dy, dhT, dcT, gates, c, c0, R, batchSizes } = operands;
  const units = R.columns;
  const rows = rowCount(batchSizes);
  const sequences = sequenceCount(batchSizes);
  requireShape('R', R, GATES * units, units);
  requireShape('gates', gates, rows, GATES * units);
  requireShape('c', c, rows, units);
  requireShape('dy', dy, rows, units);
  for (const [name, operand] of Object.entries({ dhT, dcT, c0 })) {
    requireShape(name, operand, sequences, units);
  }
  const da = zeros(rows, GATES * units);
  const dState = dhT === undefined ? zeros(sequences, units) : copy(dhT);
  const dCell = dcT === undefined ? zeros(sequences, units) : copy(dcT);
  for (const step of packedSteps(batchSizes).reverse()) {
    const { row, sequence } = step;
    for (let j = 0; j < units; j++) {
      const i = at(gates, row, Gate.input * units + j);
      const f = at(gates, row, Gate.forget * units + j);
      const g = at(gates, row, Gate.cell * units + j);
      const o = at(gates, row, Gate.output * units + j);
      const tanhCell = Math.tanh(at(c, row, j));
      const dh = atOrZero(dy, row, j) + at(dState, sequence, j);
      const dc = at(dCell, sequence, j) + dh * o * (1 - tanhCell * tanhCell);
      put(da, row, Gate.input * units + j, dc * g * i * (1 - i));
      put(da, row, Gate.forget * units + j, dc * previousState(c, c0, step, j) * f * (1 - f));
      put(da, row, Gate.cell * units + j, dc * i * (1 - g * g));
      put(da, row, Gate.output * units + j, dh * tanhCell * o * (1 - o));
      put(dCell, sequence, j, dc * f);
    }
    for (let k = 0; k < units; k++) {
      put(
        dState,
        sequence,
        k,
        recurrentGradient(R, 0, GATES * units, k, (gateRow) => at(da, row, gateRow)),
      );
    }
  }
  return { da, dh0: dState, dc0: dCell };
}
