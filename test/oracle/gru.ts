/**
 * Reference of the gated recurrent unit in both forms, gates in the order r z n. Letters: N packed rows, B sequences,
 * H units. Sources: Cho et al. 2014 (reset before the product); PyTorch, cuDNN, Keras `reset_after` (reset after it).
 * Dropout, zoneout and layer normalisation: see test/oracle/recurrence.ts.
 */

import { type ActivationChoice, activationOf } from './activations.js';
import { element, type Matrix, zeros } from './matrix.js';
import { Recurrence, type RecurrentOperands, requireWithGain } from './recurrence.js';
import type { Node } from './tape.js';

const GATES = 3;

/** R [3H,H], bR and gain [1,3H], h0 and mask [B,H], zone [N,H]. There is a gain only with the reset after the product. */
interface GruParts extends RecurrentOperands {
  /** The activations of the gates r and z, and of n; tanh when absent. */
  readonly gate?: ActivationChoice | undefined;
  readonly activation?: ActivationChoice | undefined;
}

/** Operands of both forward passes: a [N,3H] is the input projection. */
export interface GruOperands extends GruParts {
  readonly a: Matrix;
}

/** What the backward passes read of the forward pass. */
interface GruKept {
  /** [N,H] */
  readonly y: Matrix;
  /** [N,3H] */
  readonly gates: Matrix;
  /** [N,H], of the reset after the product only. */
  readonly s?: Matrix | undefined;
  /** [N,3H], needed with a gain. */
  readonly product?: Matrix | undefined;
  /** [N,3H] derivatives of the activations, where they do not follow from the gates. */
  readonly slopes?: Matrix | undefined;
}

/** Operands of both backward passes; upstream gradients that are absent are zeros. */
export interface GruBackwardOperands extends GruParts, GruKept {
  /** [N,H] */
  readonly dy?: Matrix | undefined;
  /** [B,H] */
  readonly dhT?: Matrix | undefined;
}

/**
 * fed = mask * h;  r, z = gate(a + R fed + bR);  q = n + z*(h - n);  h' = q + k*(h - q) with the fraction k of zoneout.
 * Reset after: s = R_n fed + bR_n;  n = activation(a_n + r*s). With a gain, LN(R fed)*gain stands for R fed everywhere.
 * Reset before: s = r*fed;  n = activation(a_n + R_n s + bR_n).
 */
export function recordGru(
  operands: GruParts & { readonly a?: Matrix | undefined },
  resetAfter: boolean,
  kept: Partial<GruKept> = {},
) {
  const units = operands.R.columns;
  const gateRows = GATES * units;
  const cell = new Recurrence(operands, gateRows, units);
  const { tape, h0 } = cell;
  const [gate, activation] = [activationOf(operands.gate ?? 0), activationOf(operands.activation ?? 0)];
  cell.requirePerStep({ y: kept.y, s: kept.s }, units);
  cell.requirePerStep({ gates: kept.gates, product: kept.product, slopes: kept.slopes }, gateRows);
  const slopes = zeros(cell.rows, gateRows);
  const keptGates = { values: kept.gates, slopes: kept.slopes };
  const a = cell.input('a', operands.a, gateRows);
  const products = resetAfter ? gateRows : 2 * units;
  const [product, gates, s, y] = [
    cell.perStep(products),
    cell.perStep(gateRows),
    cell.perStep(units),
    cell.perStep(units),
  ];
  for (const step of cell.steps) {
    const { row } = step;
    const h = cell.previous(y, h0, step);
    const fed = cell.fed(h, step);
    for (let gateRow = 0; gateRow < products; gateRow++) {
      product.put(row, gateRow, cell.kept(cell.product(gateRow, fed), kept.product, row, gateRow));
    }
    const normal = cell.normalizedByGain(product.row(row));
    for (let column = 0; column < 2 * units; column++) {
      const pre = tape.add(a.at(row, column), cell.biased(element(normal, column), column));
      gates.put(row, column, cell.activated(gate, pre, keptGates, slopes, row, column));
    }
    for (let j = 0; j < units; j++) {
      const reset = resetAfter
        ? cell.biased(element(normal, 2 * units + j), 2 * units + j)
        : tape.multiply(gates.at(row, j), element(fed, j));
      s.put(row, j, cell.kept(reset, kept.s, row, j));
    }
    const state = s.row(row);
    for (let j = 0; j < units; j++) {
      const column = 2 * units + j;
      const recurrent: Node = resetAfter
        ? tape.multiply(gates.at(row, j), element(state, j))
        : cell.biased(cell.product(column, state), column);
      const sum = tape.add(a.at(row, column), recurrent);
      const n = cell.activated(activation, sum, keptGates, slopes, row, column);
      gates.put(row, column, n);
      const before = element(h, j);
      const q = tape.add(n, tape.multiply(gates.at(row, units + j), tape.subtract(before, n)));
      y.put(row, j, cell.kept(cell.zoned(q, before, row, j), kept.y, row, j));
    }
  }
  return { tape, a, h0, product, gates, slopes, s, y, hT: cell.final(y) };
}

/** Results of both forward passes: y and s [N,H], gates [N,3H] activated and their slopes, hT [B,H]. */
export type GruResults = Record<'y' | 'gates' | 'slopes' | 's' | 'hT', Matrix>;

/**
 * The forward pass with the reset after the product.
 *
 * @returns also product [N,3H], R fed as it is before layer normalisation
 */
export function gru(operands: GruOperands): GruResults & { product: Matrix } {
  const record = recordGru(operands, true);
  return { ...resultsOf(record), product: record.tape.values(record.product) };
}

/** The forward pass with the reset before the product. */
export function gruResetBefore(operands: GruOperands): GruResults {
  return resultsOf(recordGru(operands, false));
}

function resultsOf({ tape, y, gates, slopes, s, hT }: ReturnType<typeof recordGru>): GruResults {
  return { y: tape.values(y), gates: tape.values(gates), slopes, s: tape.values(s), hT: tape.values(hT) };
}

/**
 * The backward pass with the reset after the product.
 *
 * @returns da [N,3H], ds [N,H] the gradient of s, dr [N,3H] that of product, dh0 [B,H]
 */
export function gruBackward(
  operands: GruBackwardOperands & { readonly s: Matrix },
): Record<'da' | 'ds' | 'dr' | 'dh0', Matrix> {
  const { dy, dhT, y, gates, slopes, s, product, ...parts } = operands;
  requireWithGain(parts.gain, 'product', product);
  const record = recordGru(parts, true, { y, gates, slopes, s, product });
  const gradient = record.tape.gradients({ dy: [record.y, dy], dhT: [record.hT, dhT] });
  return { da: gradient(record.a), ds: gradient(record.s), dr: gradient(record.product), dh0: gradient(record.h0) };
}

/**
 * The backward pass with the reset before the product.
 *
 * @returns da [N,3H], dh0 [B,H]
 */
export function gruResetBeforeBackward(operands: GruBackwardOperands): Record<'da' | 'dh0', Matrix> {
  const { dy, dhT, y, gates, slopes, ...parts } = operands;
  const record = recordGru(parts, false, { y, gates, slopes });
  const gradient = record.tape.gradients({ dy: [record.y, dy], dhT: [record.hT, dhT] });
  return { da: gradient(record.a), dh0: gradient(record.h0) };
}
