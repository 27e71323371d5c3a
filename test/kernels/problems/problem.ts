/** One named problem: an operation with values for its operands. Correctness, gradients and threads use the same ones. */
import { element, type Matrix, mapElements } from '../../oracle/matrix.js';
import type { AttributeValues, OperandValues } from '../../oracle/operands.js';
import { RandomOperands } from '../../oracle/random-matrix.js';

/** An operation applied to given values, all of them exact in float32. */
export interface Problem {
  /** A sentence's subject, for example `lstm, one step of one sequence`. */
  readonly name: string;
  /** Name in the registry. */
  readonly operation: string;
  /** Operands under the reference's names: weights `w` and `R` as they are before packing. */
  readonly operands: OperandValues;
  readonly attributes?: AttributeValues;
  /** Letters of the signature that no operand settles, for example V of embeddingGradient. */
  readonly extents?: Readonly<Record<string, number>>;
  /**
   * Sequences alive at each step; operands with as many rows as there are steps in all lie on this time axis. So does
   * an extent R of as many rows, or of as many as there are sequences.
   */
  readonly batchSizes?: readonly number[];
  /** Terms of the longest sum in one step, and steps that a result passes through; see test/oracle/tolerance.ts. */
  readonly terms: number;
  readonly steps?: number;
  readonly backward?: boolean;
  /** Size of the terms of a result, where its own size says nothing about them. */
  readonly scales?: Readonly<Record<string, number>>;
}

/** Packed batches: one step of one sequence, one step, one sequence, ragged, even, wider than a tile of rows. */
export const batches = {
  oneStepOfOneSequence: [1],
  oneStep: [5],
  oneSequence: [1, 1, 1, 1, 1, 1, 1],
  allLengthsDifferent: [5, 4, 3, 2, 1, 1],
  equalLengths: [3, 3, 3, 3],
  moreSequencesThanATile: [19, 13, 13, 2],
  sixHundredRows: [...new Array<number>(10).fill(35), ...new Array<number>(10).fill(25)],
} as const satisfies Record<string, readonly number[]>;

/** A generator of its own for every problem: adding one changes no other. */
export function operandsFor(name: string): RandomOperands {
  let seed = 0x811c9dc5;
  for (const character of name) seed = Math.imul(seed ^ (character.codePointAt(0) as number), 0x01000193);
  return new RandomOperands(seed);
}

/** Recurrent weights [rows, units] with which states neither grow nor vanish at once. */
export function recurrentWeights(random: RandomOperands, rows: number, units: number): Matrix {
  return random.matrix(rows, units, -1 / Math.sqrt(units), 1 / Math.sqrt(units));
}

/** The nearest float32 of every element: what a kernel would have left for the backward pass. */
export function rounded(source: Matrix): Matrix {
  return mapElements(source, Math.fround);
}

/** The same matrix with all elements at least `distance` from 0, where relu has no derivative. */
export function awayFromZero(source: Matrix, distance = 0.01): Matrix {
  return rounded(mapElements(source, (value) => (value < 0 ? value - distance : value + distance)));
}

/** The largest absolute value. */
export function largest(source: Matrix): number {
  return source.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** The problem with the most operands, the first of several: of a cell that with all of its options. */
export function mostOperands(problems: readonly Problem[]): Problem | undefined {
  const count = ({ operands }: Problem) => Object.values(operands).filter((value) => value !== undefined).length;
  return problems.toSorted((a, b) => count(b) - count(a))[0];
}

/** `count` indices in [0, size) that contain both ends and, where there is room, repetitions. */
export function indicesWithEnds(random: RandomOperands, count: number, size: number): Int32Array {
  const ids = random.integers(count, 0, size);
  ids[0] = size - 1;
  if (count > 1) ids[1] = 0;
  if (count > 3) ids[3] = element(ids, 2);
  return ids;
}

/** Sizes of operations on packed rows that mix no columns. */
export const packedShapes = [
  { name: 'one step of one sequence', batchSizes: batches.oneStepOfOneSequence, columns: 1 },
  { name: 'one step', batchSizes: batches.oneStep, columns: 3 },
  { name: 'one sequence', batchSizes: batches.oneSequence, columns: 17 },
  { name: 'all lengths different', batchSizes: batches.allLengthsDifferent, columns: 3 },
  { name: 'all lengths different', batchSizes: batches.allLengthsDifferent, columns: 70 },
  { name: 'equal lengths', batchSizes: batches.equalLengths, columns: 17 },
  { name: 'more sequences than a tile', batchSizes: batches.moreSequencesThanATile, columns: 70 },
  { name: '600 rows', batchSizes: batches.sixHundredRows, columns: 33 },
] as const;
