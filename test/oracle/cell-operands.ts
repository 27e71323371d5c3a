/** Operands for the recurrent cells: random ones for the forward pass, and from its results those of the backward pass. */

import { keepsSlopes } from './activations.js';
import type { CellName } from './cells.js';
import { type Matrix, mapElements } from './matrix.js';
import type { AttributeValues } from './operands.js';
import { rowCount, sequenceCount } from './packed.js';
import type { RandomOperands } from './random-matrix.js';

/** A cell with some of its optional operands, and its attributes. */
export interface CellVariant {
  readonly name: string;
  readonly cell: CellName;
  /** Names of the optional operands that it has besides bR, h0 and c0. */
  readonly parts: readonly string[];
  readonly attributes: AttributeValues;
}

/** Sizes of the operands, and how large inputs and recurrent weights are. */
export interface CellSize {
  readonly batchSizes: readonly number[];
  readonly units: number;
  /** Columns of the state: those of a projection, or the units. */
  readonly width: number;
  /** Largest element of a, and of R; 1 when absent. */
  readonly inputs?: number | undefined;
  readonly weights?: number | undefined;
}

/** Blocks of units that a cell has in a and R. */
export const gatesOf: Readonly<Record<CellName, number>> = {
  rnn: 1,
  lstm: 4,
  lstmCoupled: 3,
  gru: 3,
  gruResetBefore: 3,
};

/** Operands that have no gradient. */
export const constantOperands: readonly string[] = ['mask', 'zone', 'zoneCell'];

/** Whether the cell is an LSTM, coupled or not. */
export function isLstm(cell: CellName): boolean {
  return cell.startsWith('lstm');
}

/** States that the cell carries from step to step: h, and of an LSTM c. */
export function statesOf(cell: CellName): readonly ('h' | 'c')[] {
  return isLstm(cell) ? ['h', 'c'] : ['h'];
}

/** Columns of x, for a cell that multiplies its input itself. */
const INPUTS = 5;

/** Random operands: bR and the initial states, and of the optional ones those that the variant has. */
export function drawOperands(
  { cell, parts }: CellVariant,
  { batchSizes, units, width, inputs = 1, weights = 1 }: CellSize,
  random: RandomOperands,
): Record<string, Matrix> {
  const [rows, sequences, gateRows] = [rowCount(batchSizes), sequenceCount(batchSizes), gatesOf[cell] * units];
  const bits = (height: number, columns: number, one: number) =>
    mapElements(random.matrix(height, columns), (value) => (value > 0 ? one : 0));
  const draws: Record<string, () => Matrix> = {
    a: () => random.matrix(rows, gateRows, -inputs, inputs),
    x: () => random.matrix(rows, INPUTS, -inputs, inputs),
    W: () => random.matrix(gateRows, INPUTS, -0.6, 0.6),
    bW: () => random.matrix(1, gateRows),
    R: () => random.matrix(gateRows, width, -weights, weights),
    bR: () => random.matrix(1, gateRows),
    h0: () => random.matrix(sequences, width),
    c0: () => random.matrix(sequences, units),
    peepholes: () => random.matrix(gatesOf[cell] - 1, units),
    Wr: () => random.matrix(width, units, -2 / Math.sqrt(units), 2 / Math.sqrt(units)),
    gain: () => random.matrix(1, gateRows, 0.4, 1.2),
    cellGain: () => random.matrix(1, units, 0.4, 1.2),
    cellShift: () => random.matrix(1, units, -0.5, 0.5),
    mask: () => bits(sequences, width, 1.25),
    zone: () => bits(rows, width, 1),
    zoneCell: () => bits(rows, units, 1),
  };
  const names = [...(parts.includes('x') ? [] : ['a']), 'R', 'bR', 'h0', ...(isLstm(cell) ? ['c0'] : []), ...parts];
  return Object.fromEntries(names.map((name) => [name, (draws[name] as () => Matrix)()]));
}

/**
 * What the backward operation reads: the operands of the forward one that it has, too, and the results that the forward
 * one kept for it, those of layer normalisation and of zoneout only where there is any.
 */
export function backwardOperands(
  { cell, parts, attributes }: CellVariant,
  operands: Readonly<Record<string, Matrix>>,
  results: Readonly<Record<string, Matrix>>,
): Record<string, Matrix> {
  const isGru = cell.startsWith('gru');
  const left = ['a', 'x', 'W', 'bW', 'bR', ...(isGru ? [] : ['h0'])];
  const own = Object.entries(operands).filter(([name]) => !left.includes(name));
  const zones = isLstm(cell) ? ['zoneCell', 'zoneoutCell'] : ['zone', 'zoneout'];
  const hasZoneout = zones.some((name) => parts.includes(name) || (attributes[name] ?? 0) > 0);
  const kept = [
    ...(isLstm(cell) ? ['gates', 'c'] : ['y', ...(isGru ? ['gates'] : []), ...(cell === 'gru' ? ['s'] : [])]),
    ...(hasZoneout && !isGru ? ['candidate'] : []),
    ...(parts.includes('gain') ? [cell === 'rnn' ? 'sum' : 'product'] : []),
    ...(keepsSlopes(attributes) ? ['slopes'] : []),
  ];
  return Object.fromEntries([...own, ...kept.map((name) => [name, results[name] as Matrix] as const)]);
}

/** Attributes of the forward operation that the backward one does not have. */
const FORWARD_ALONE = ['gateAlpha', 'gateBeta', 'activationAlpha', 'activationBeta', 'alpha', 'beta', 'inputClip'];

/** The attributes of the backward operation: where derivatives are kept, the codes of gates and candidate mean nothing. */
export function backwardAttributes({ attributes }: CellVariant): AttributeValues {
  const own = Object.entries(attributes).filter(([name]) => !FORWARD_ALONE.includes(name));
  if (!keepsSlopes(attributes)) return Object.fromEntries(own);
  return Object.fromEntries(own.map(([name, value]) => [name, ['gate', 'activation'].includes(name) ? 0 : value]));
}
