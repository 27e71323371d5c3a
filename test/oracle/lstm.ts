/**
 * Reference of the long short-term memory layer. Letters: N packed rows, B sequences, H units, G gate rows, P = H or the
 * width of the projected state. Gates in the order i f g o, with coupled gates i g o.
 * Sources: Hochreiter & Schmidhuber 1997; forget gate, Gers, Schmidhuber & Cummins 2000; peepholes, Gers, Schraudolph &
 * Schmidhuber 2002; projection, Sak, Senior & Beaufays 2014; coupled gates, Greff et al. 2017. Dropout, zoneout and layer
 * normalisation: see test/oracle/recurrence.ts.
 */

import { ShapeError } from '../../src/core/errors.js';
import { type Activation, type ActivationChoice, activationOf } from './activations.js';
import { accumulate, at, element, type Matrix, requireShape, zeros } from './matrix.js';
import { packedSteps, previousState, rowCount, sequenceCount } from './packed.js';
import { mixed, normalized, Recurrence, type RecurrentOperands, requireWithGain, rowOf } from './recurrence.js';
import type { Node } from './tape.js';

/** Which block of H columns (of a and gates) or rows (of R) belongs to a gate, and which rows of the peepholes. */
const blocks = {
  separate: { gates: 4, input: 0, forget: 1, candidate: 2, output: 3, peepholes: { input: 0, forget: 1, output: 2 } },
  coupled: { gates: 3, input: 0, candidate: 1, output: 2, peepholes: { input: 0, output: 1 } },
} as const;

/** R [G,P], bR and gain [1,G], h0 and mask [B,P], zone [N,P]. */
interface LstmParts extends RecurrentOperands {
  /** Whether f = 1 - i. */
  readonly coupled?: boolean | undefined;
  /** [B,H] */
  readonly c0?: Matrix | undefined;
  /** [3,H] rows i f o; coupled [2,H] rows i o. */
  readonly peepholes?: Matrix | undefined;
  /** [P,H] projection; absent means that the state is not projected. */
  readonly Wr?: Matrix | undefined;
  /** [1,H] gain of the layer normalisation of the cell, and its shift. */
  readonly cellGain?: Matrix | undefined;
  readonly cellShift?: Matrix | undefined;
  /** [N,H] fraction of the previous cell that is kept, instead of the constant `zoneoutCell`. */
  readonly zoneCell?: Matrix | undefined;
  readonly zoneoutCell?: number | undefined;
  /** The cell is cut to [-clip, clip]; 0 or absent: it is not. */
  readonly clip?: number | undefined;
  /** The activations of the gates, of the candidate and of the output; tanh when absent. */
  readonly gate?: ActivationChoice | undefined;
  readonly activation?: ActivationChoice | undefined;
  readonly output?: ActivationChoice | undefined;
}

/** Operands of the forward pass: a [N,G] is the input projection. */
export interface LstmOperands extends LstmParts {
  readonly a: Matrix;
}

/** What the backward pass reads of the forward pass. */
interface LstmKept {
  /** [N,G] */
  readonly gates: Matrix;
  /** [N,H] */
  readonly c: Matrix;
  /** [N,H], needed with zoneout of the cell; without it c is the candidate. */
  readonly candidate?: Matrix | undefined;
  /** [N,G], needed with a gain. */
  readonly product?: Matrix | undefined;
  /** [N,G] derivatives of the activations, where they do not follow from the gates. */
  readonly slopes?: Matrix | undefined;
}

/** Operands of the backward pass; upstream gradients that are absent are zeros. */
export interface LstmBackwardOperands extends LstmParts, LstmKept {
  /** [N,P] */
  readonly dy?: Matrix | undefined;
  /** [B,P] */
  readonly dhT?: Matrix | undefined;
  /** [B,H] */
  readonly dcT?: Matrix | undefined;
}

/**
 * product = R fed with fed = mask * h;  pre = a + product + bR, or a + LN(product)*gain + bR;
 * i = gate(pre_i + P_i*c);  f = gate(pre_f + P_f*c), or 1 - i;  g = activation(pre_g);
 * candidate = clip(f*c + i*g);  o = gate(pre_o + P_o*candidate);
 * m = o*output(candidate), or o*output(LN(candidate)*cellGain + cellShift);  q = Wr m, or m;
 * c' = candidate + kc*(c - candidate);  h' = q + k*(h - q) with the fractions k and kc of zoneout.
 */
export function recordLstm(operands: LstmParts & { readonly a?: Matrix | undefined }, kept: Partial<LstmKept> = {}) {
  const { R, c0: initialCell, peepholes, Wr, cellGain, cellShift, zoneCell, coupled = false } = operands;
  const { clip = 0, zoneoutCell = 0, epsilon = 0 } = operands;
  const [gate, activation, output] = [operands.gate, operands.activation, operands.output].map((each) =>
    activationOf(each ?? 0),
  ) as [Activation, Activation, Activation];
  const block = coupled ? blocks.coupled : blocks.separate;
  const units = Math.floor(R.rows / block.gates);
  const [gateRows, width] = [block.gates * units, Wr === undefined ? units : R.columns];
  const cell = new Recurrence(operands, gateRows, width);
  const { tape, h0 } = cell;
  requireShape('peepholes', peepholes, block.gates - 1, units);
  requireShape('Wr', Wr, width, units);
  requireShape('cellGain', cellGain, 1, units);
  requireShape('cellShift', cellShift, 1, units);
  if (cellGain === undefined && cellShift !== undefined) {
    throw new ShapeError('shape_mismatch', 'cellGain is missing: there is no shift without it');
  }
  const keptCandidate = kept.candidate ?? kept.c;
  cell.requirePerStep({ gates: kept.gates, product: kept.product, slopes: kept.slopes }, gateRows);
  const slopes = zeros(cell.rows, gateRows);
  cell.requirePerStep({ c: kept.c, candidate: keptCandidate, zoneCell }, units);

  const c0 = cell.initial('c0', initialCell, units);
  const a = cell.input('a', operands.a, gateRows);
  const [product, gates] = [cell.perStep(gateRows), cell.perStep(gateRows)];
  const [candidate, argument, m, c] = [
    cell.perStep(units),
    cell.perStep(units),
    cell.perStep(units),
    cell.perStep(units),
  ];
  const [q, y] = [cell.perStep(width), cell.perStep(width)];
  for (const step of cell.steps) {
    const { row } = step;
    const [h, cBefore] = [cell.previous(y, h0, step), cell.previous(c, c0, step)];
    const fed = cell.fed(h, step);
    for (let gateRow = 0; gateRow < gateRows; gateRow++) {
      product.put(row, gateRow, cell.kept(cell.product(gateRow, fed), kept.product, row, gateRow));
    }
    const pre = cell
      .normalizedByGain(product.row(row))
      .map((r, gateRow) => cell.biased(tape.add(a.at(row, gateRow), r), gateRow));
    /** A gate of unit j, which may see the cell through a peephole. */
    const gateOf = (f: Activation, index: number, j: number, peephole?: number, seen: Node = 0): Node => {
      const [column, before] = [index * units + j, element(pre, index * units + j)];
      const sum =
        peepholes === undefined || peephole === undefined
          ? before
          : tape.weighted([1, at(peepholes, peephole, j)], [before, seen]);
      const node = cell.activated(f, sum, { values: kept.gates, slopes: kept.slopes }, slopes, row, column);
      gates.put(row, column, node);
      return node;
    };
    const outputGates: Node[] = [];
    for (let j = 0; j < units; j++) {
      const before = element(cBefore, j);
      const i = gateOf(gate, block.input, j, block.peepholes.input, before);
      const f = coupled
        ? tape.weighted([-1], [i], 1)
        : gateOf(gate, blocks.separate.forget, j, blocks.separate.peepholes.forget, before);
      const g = gateOf(activation, block.candidate, j);
      const sum = tape.add(tape.multiply(f, before), tape.multiply(i, g));
      const value = keptCandidate && at(keptCandidate, row, j);
      const next = clip === 0 ? cell.kept(sum, keptCandidate, row, j) : tape.clip(sum, clip, value);
      candidate.put(row, j, next);
      outputGates.push(gateOf(gate, block.output, j, block.peepholes.output, next));
      const kc = zoneCell === undefined ? zoneoutCell : at(zoneCell, row, j);
      c.put(row, j, cell.kept(mixed(tape, next, before, kc), kept.c, row, j));
    }
    const normal =
      cellGain === undefined
        ? candidate.row(row).map((node) => tape.weighted([1], [node]))
        : normalized(tape, candidate.row(row), { gain: cellGain, shift: cellShift, epsilon });
    argument.setRow(row, normal);
    for (const [j, node] of normal.entries()) {
      m.put(row, j, tape.multiply(element(outputGates, j), tape.apply(output, node)));
    }
    const hidden = m.row(row);
    for (let j = 0; j < width; j++) {
      q.put(row, j, Wr === undefined ? element(hidden, j) : tape.weighted(rowOf(Wr, j), hidden));
      y.put(row, j, cell.zoned(q.at(row, j), element(h, j), row, j));
    }
  }
  return {
    tape,
    a,
    h0,
    c0,
    product,
    gates,
    slopes,
    candidate,
    argument,
    m,
    c,
    q,
    y,
    hT: cell.final(y),
    cT: cell.final(c),
  };
}

/** Results of the forward pass: y [N,P], gates, slopes and product [N,G], c, candidate and m [N,H], hT [B,P], cT [B,H]. */
export type LstmResults = Record<'y' | 'gates' | 'slopes' | 'c' | 'm' | 'product' | 'candidate' | 'hT' | 'cT', Matrix>;

/** The forward pass. */
export function lstm(operands: LstmOperands): LstmResults {
  const { tape, y, gates, slopes, c, m, product, candidate, hT, cT } = recordLstm(operands);
  return {
    y: tape.values(y),
    gates: tape.values(gates),
    slopes,
    c: tape.values(c),
    m: tape.values(m),
    product: tape.values(product),
    candidate: tape.values(candidate),
    hT: tape.values(hT),
    cT: tape.values(cT),
  };
}

/**
 * Results of the backward pass: da [N,G], dr [N,G] the gradient of product, dp [N,P] that of q, dcn [N,H] that of the
 * argument of output(); dh0 [B,P], dc0 [B,H].
 */
export type LstmGradients = Record<'da' | 'dr' | 'dp' | 'dcn' | 'dh0' | 'dc0', Matrix>;

/** The backward pass. */
export function lstmBackward(operands: LstmBackwardOperands): LstmGradients {
  const { dy, dhT, dcT, gates, slopes, c, candidate, product, ...parts } = operands;
  requireWithGain(parts.gain, 'product', product);
  const record = recordLstm(parts, { gates, slopes, c, candidate, product });
  const gradient = record.tape.gradients({ dy: [record.y, dy], dhT: [record.hT, dhT], dcT: [record.cT, dcT] });
  return {
    da: gradient(record.a),
    dr: gradient(record.product),
    dp: gradient(record.q),
    dcn: gradient(record.argument),
    dh0: gradient(record.h0),
    dc0: gradient(record.c0),
  };
}

/** Operands of the gradient of the peepholes: da [N,G], c and seen [N,H], c0 [B,H], which means zeros when absent. */
export interface PeepholeGradientOperands {
  readonly da: Matrix;
  readonly c: Matrix;
  /** What the output gate saw: the cell before zoneout. */
  readonly seen: Matrix;
  readonly c0?: Matrix | undefined;
  readonly coupled?: boolean | undefined;
  readonly reverse?: boolean | undefined;
  readonly batchSizes: readonly number[];
}

/**
 * dP_i = sum of da_i * c of the step before, dP_f likewise, dP_o = sum of da_o * seen.
 *
 * @returns dP [3,H], of coupled gates [2,H]
 */
export function peepholeGradient(operands: PeepholeGradientOperands): { dP: Matrix } {
  const { da, c, seen, c0, coupled = false, reverse, batchSizes } = operands;
  const block = coupled ? blocks.coupled : blocks.separate;
  const [units, rows] = [c.columns, rowCount(batchSizes)];
  requireShape('da', da, rows, block.gates * units);
  requireShape('c', c, rows, units);
  requireShape('seen', seen, rows, units);
  requireShape('c0', c0, sequenceCount(batchSizes), units);
  const dP = zeros(block.gates - 1, units);
  for (const step of packedSteps(batchSizes, reverse)) {
    const { row } = step;
    for (let j = 0; j < units; j++) {
      const before = previousState(c, c0, step, j);
      accumulate(dP, block.peepholes.input, j, at(da, row, block.input * units + j) * before);
      accumulate(dP, block.peepholes.output, j, at(da, row, block.output * units + j) * at(seen, row, j));
      if (coupled) continue;
      const { forget, peepholes } = blocks.separate;
      accumulate(dP, peepholes.forget, j, at(da, row, forget * units + j) * before);
    }
  }
  return { dP };
}
