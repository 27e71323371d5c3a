/**
 * The common part of the recurrent cells, forward, on a tape. Letters: N packed rows, B sequences, H units, G gate rows
 * (gates * H), P the width of the state that the recurrent product reads, which is H except in a projected LSTM.
 * Sources: dropout with one mask per sequence, Gal & Ghahramani 2016; zoneout, Krueger et al. 2017; layer
 * normalisation, Ba, Kiros & Hinton 2016.
 */

import { ShapeError } from '../../src/core/errors.js';
import type { Activation } from './activations.js';
import { at, atOrZero, type Matrix, requireShape, zeros } from './matrix.js';
import { type PackedStep, packedSteps, rowCount, sequenceCount } from './packed.js';
import { type Node, NodeMatrix, Tape } from './tape.js';

/** Operands and attributes of every cell; an absent one is zero, except a mask, which is 1. */
export interface RecurrentOperands {
  /** [G,P] */
  readonly R: Matrix;
  /** [1,G] */
  readonly bR?: Matrix | undefined;
  /** [B,P] */
  readonly h0?: Matrix | undefined;
  /** [1,G] gain of the layer normalisation; absent means that there is none. */
  readonly gain?: Matrix | undefined;
  /** Added to the variance under the root. */
  readonly epsilon?: number | undefined;
  /** [B,P] what the recurrent product sees of the state is multiplied by its sequence's row. */
  readonly mask?: Matrix | undefined;
  /** [N,P] fraction of the previous state that is kept, instead of the constant `zoneout`. */
  readonly zone?: Matrix | undefined;
  readonly zoneout?: number | undefined;
  /** Whether each sequence is walked from its own last step to its first. */
  readonly reverse?: boolean | undefined;
  readonly batchSizes: readonly number[];
}

/**
 * Checks that a backward pass has the operands of its layer normalisation.
 *
 * @throws {ShapeError} `shape_mismatch` when there is a gain and no `product`
 */
export function requireWithGain(gain: Matrix | undefined, name: string, product: Matrix | undefined): void {
  if (gain !== undefined && product === undefined) {
    throw new ShapeError('shape_mismatch', `${name} is missing: the layer normalisation of the cell reads it`);
  }
}

/** A pass of a cell over packed sequences, being recorded. */
export class Recurrence {
  readonly tape = new Tape();
  readonly steps: readonly PackedStep[];
  readonly rows: number;
  readonly sequences: number;
  /** [B,P] */
  readonly h0: NodeMatrix;
  readonly #operands: RecurrentOperands;

  /**
   * @param gateRows G
   * @param width    P
   * @throws {ShapeError} `shape_mismatch` when an operand does not fit
   */
  constructor(operands: RecurrentOperands, gateRows: number, width: number) {
    const { R, bR, h0, gain, mask, zone, batchSizes, reverse } = operands;
    this.#operands = operands;
    this.steps = packedSteps(batchSizes, reverse);
    this.rows = rowCount(batchSizes);
    this.sequences = sequenceCount(batchSizes);
    requireShape('R', R, gateRows, width);
    requireShape('bR', bR, 1, gateRows);
    requireShape('gain', gain, 1, gateRows);
    requireShape('mask', mask, this.sequences, width);
    requireShape('zone', zone, this.rows, width);
    this.h0 = this.initial('h0', h0, width);
  }

  /** A state [B, columns] from which the sequences start: zeros when absent. */
  initial(name: string, state: Matrix | undefined, columns: number): NodeMatrix {
    requireShape(name, state, this.sequences, columns);
    return this.tape.leaves(state ?? zeros(this.sequences, columns));
  }

  /** Checks the shape of operands [N, columns], of which any may be absent. */
  requirePerStep(operands: object, columns: number): void {
    for (const [name, operand] of Object.entries(operands)) requireShape(name, operand, this.rows, columns);
  }

  /** An input [N, columns]: zeros where a backward pass does without it. */
  input(name: string, input: Matrix | undefined, columns: number): NodeMatrix {
    requireShape(name, input, this.rows, columns);
    return this.tape.leaves(input ?? zeros(this.rows, columns));
  }

  /** [N, columns] to be filled step by step. */
  perStep(columns: number): NodeMatrix {
    return new NodeMatrix(this.rows, columns);
  }

  /** The row of `states` that a step starts from. */
  previous(states: NodeMatrix, initial: NodeMatrix, { previousRow, sequence }: PackedStep): Node[] {
    return previousRow === undefined ? initial.row(sequence) : states.row(previousRow);
  }

  /** The states that the sequences end with. */
  final(states: NodeMatrix): NodeMatrix {
    const result = new NodeMatrix(this.sequences, states.columns);
    for (const { isLast, sequence, row } of this.steps) {
      if (isLast) result.setRow(sequence, states.row(row));
    }
    return result;
  }

  /** The previous state as the recurrent product reads it. */
  fed(h: readonly Node[], { sequence }: PackedStep): Node[] {
    const { mask } = this.#operands;
    return mask === undefined ? [...h] : h.map((node, j) => this.tape.weighted([at(mask, sequence, j)], [node]));
  }

  /** Row `gateRow` of R times a state. */
  product(gateRow: number, state: readonly Node[]): Node {
    return this.tape.weighted(rowOf(this.#operands.R, gateRow), state);
  }

  /** The same number, with the value that the forward pass kept of it, where a backward pass has that. */
  kept(node: Node, values: Matrix | undefined, row: number, j: number): Node {
    if (values !== undefined) this.tape.give(node, at(values, row, j));
    return node;
  }

  /**
   * f(x) as the element [row, j] of gates or states, with the value and the derivative that the forward pass kept of it, where a
   * backward pass has them. The derivative is put into `slopes`.
   */
  activated(
    f: Activation,
    x: Node,
    { values, slopes: keptSlopes }: { values?: Matrix | undefined; slopes?: Matrix | undefined },
    slopes: Matrix,
    row: number,
    j: number,
  ): Node {
    const value = values && at(values, row, j);
    const argument = this.tape.value(x);
    const slope = keptSlopes === undefined ? f.slope(value ?? f.value(argument), argument) : at(keptSlopes, row, j);
    slopes.data[row * slopes.columns + j] = slope;
    return this.tape.apply(f, x, value, slope);
  }

  /** The numbers normalised and scaled where the cell has a gain, else as they are. */
  normalizedByGain(nodes: readonly Node[]): Node[] {
    const { gain, epsilon = 0 } = this.#operands;
    return gain === undefined ? [...nodes] : normalized(this.tape, nodes, { gain, epsilon });
  }

  /** `node` plus element `gateRow` of the bias, as a number of its own. */
  biased(node: Node, gateRow: number): Node {
    return this.tape.weighted([1], [node], atOrZero(this.#operands.bR, 0, gateRow));
  }

  /** Element j of the next state: the new one, and what zoneout keeps of the previous one. */
  zoned(next: Node, previous: Node, row: number, j: number): Node {
    const { zone, zoneout = 0 } = this.#operands;
    return mixed(this.tape, next, previous, zone === undefined ? zoneout : at(zone, row, j));
  }
}

/** next + k * (previous - next), as a number of its own. */
export function mixed(tape: Tape, next: Node, previous: Node, k: number): Node {
  return tape.weighted([1 - k, k], [next, previous]);
}

/** (x - mean) / sqrt(variance + epsilon) * gain + shift over the numbers of one row. */
export function normalized(
  tape: Tape,
  nodes: readonly Node[],
  { gain, shift, epsilon }: { gain: Matrix; shift?: Matrix | undefined; epsilon: number },
): Node[] {
  const parts = nodes.map(() => 1 / nodes.length);
  const mean = tape.weighted(parts, nodes);
  const centred = nodes.map((node) => tape.subtract(node, mean));
  const variance = tape.weighted(
    parts,
    centred.map((node) => tape.multiply(node, node)),
    epsilon,
  );
  const scale = tape.power(variance, -0.5);
  return centred.map((node, j) => tape.weighted([at(gain, 0, j)], [tape.multiply(node, scale)], atOrZero(shift, 0, j)));
}

/** A view of one row. */
export function rowOf({ data, columns }: Matrix, row: number): Float64Array {
  return data.subarray(row * columns, (row + 1) * columns);
}
