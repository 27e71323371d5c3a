/**
 * Reference of the plain recurrent layer. Letters: N packed rows, B sequences, H units.
 * Source: Elman 1990. Dropout, zoneout and layer normalisation: see test/oracle/recurrence.ts.
 */

import { type ActivationChoice, activationOf } from './activations.js';
import { element, type Matrix, zeros } from './matrix.js';
import { Recurrence, type RecurrentOperands, requireWithGain } from './recurrence.js';

/** R [H,H], bR and gain [1,H], h0 and mask [B,H], zone [N,H]. */
interface RnnParts extends RecurrentOperands {
  /** The activation, tanh when absent. */
  readonly activation?: ActivationChoice | undefined;
}

/** Operands of the forward pass: a [N,H] is the input projection. */
export interface RnnOperands extends RnnParts {
  readonly a: Matrix;
}

/** What the backward pass reads of the forward pass. */
interface RnnKept {
  /** [N,H] */
  readonly y: Matrix;
  /** [N,H], needed with a gain. */
  readonly sum?: Matrix | undefined;
  /** [N,H], needed with zoneout; without it y is the candidate. */
  readonly candidate?: Matrix | undefined;
  /** [N,H] derivatives of the activation, where they do not follow from the candidate. */
  readonly slopes?: Matrix | undefined;
}

/** Operands of the backward pass; upstream gradients that are absent are zeros. */
export interface RnnBackwardOperands extends RnnParts, RnnKept {
  /** [N,H] */
  readonly dy?: Matrix | undefined;
  /** [B,H] */
  readonly dhT?: Matrix | undefined;
}

/**
 * sum = a + R fed with fed = mask * h;  n = LN(sum)*gain + bR, or sum + bR;  candidate = f(n);
 * h' = candidate + k*(h - candidate) with the fraction k of zoneout.
 */
export function recordRnn(operands: RnnParts & { readonly a?: Matrix | undefined }, kept: Partial<RnnKept> = {}) {
  const units = operands.R.columns;
  const cell = new Recurrence(operands, units, units);
  const { tape, h0 } = cell;
  const activation = activationOf(operands.activation ?? 0);
  const a = cell.input('a', operands.a, units);
  cell.requirePerStep(kept, units);
  const [sum, n, candidate, y] = [cell.perStep(units), cell.perStep(units), cell.perStep(units), cell.perStep(units)];
  const keptCandidates = { values: kept.candidate ?? kept.y, slopes: kept.slopes };
  const slopes = zeros(cell.rows, units);
  for (const step of cell.steps) {
    const { row } = step;
    const h = cell.previous(y, h0, step);
    const fed = cell.fed(h, step);
    for (let j = 0; j < units; j++) {
      sum.put(row, j, cell.kept(tape.add(a.at(row, j), cell.product(j, fed)), kept.sum, row, j));
    }
    for (const [j, normal] of cell.normalizedByGain(sum.row(row)).entries()) {
      n.put(row, j, cell.biased(normal, j));
      candidate.put(row, j, cell.activated(activation, n.at(row, j), keptCandidates, slopes, row, j));
      y.put(row, j, cell.kept(cell.zoned(candidate.at(row, j), element(h, j), row, j), kept.y, row, j));
    }
  }
  return { tape, a, h0, sum, n, candidate, slopes, y, hT: cell.final(y) };
}

/** @returns y, sum, candidate and slopes [N,H], hT [B,H] the state with which each sequence ends */
export function rnn(operands: RnnOperands): Record<'y' | 'sum' | 'candidate' | 'hT' | 'slopes', Matrix> {
  const { tape, y, sum, candidate, slopes, hT } = recordRnn(operands);
  const [values, sums, candidates] = [tape.values(y), tape.values(sum), tape.values(candidate)];
  return { y: values, sum: sums, candidate: candidates, slopes, hT: tape.values(hT) };
}

/** @returns da and dn [N,H], the gradients of a and of n; dh0 [B,H] */
export function rnnBackward(operands: RnnBackwardOperands): { da: Matrix; dn: Matrix; dh0: Matrix } {
  const { dy, dhT, gain, y: state, sum, candidate, slopes, ...parts } = operands;
  requireWithGain(gain, 'sum', sum);
  const { tape, a, n, y, h0, hT } = recordRnn({ ...parts, gain }, { y: state, sum, candidate, slopes });
  const gradient = tape.gradients({ dy: [y, dy], dhT: [hT, dhT] });
  return { da: gradient(a), dn: gradient(n), dh0: gradient(h0) };
}
