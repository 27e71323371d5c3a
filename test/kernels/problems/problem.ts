/** One named problem: an operation with values for its operands. Correctness, gradients and threads use the same ones. */
import type { AxisSamples } from '../../../src/native/addon.js';
import { element, type Matrix, mapElements } from '../../oracle/matrix.js';
import type { AttributeValues, OperandValues } from '../../oracle/operands.js';
import { sequenceCount } from '../../oracle/packed.js';
import { RandomOperands } from '../../oracle/random-matrix.js';
import type { OtherAxis } from '../../oracle/two-axes.js';

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
  /**
   * The same of the other time axis, on which operands with rows M or E in the signature lie. Where it is absent, the other
   * axis is the same one.
   */
  readonly otherBatchSizes?: readonly number[];
  /** The sample of each sequence of either axis; default the number of the sequence. */
  readonly samples?: readonly number[];
  readonly otherSamples?: readonly number[];
  /** Terms of the longest sum in one step, and steps that a result passes through; see test/oracle/tolerance.ts. */
  readonly terms: number;
  readonly steps?: number;
  readonly backward?: boolean;
  /** Size of the terms of a result, where its own size says nothing about them. */
  readonly scales?: Readonly<Record<string, number>>;
}

/** The time axis of every problem that has one, and the other one of those that have two. */
export const AXIS = 'time';
export const OTHER_AXIS = 'other';

/** What the axes of a problem are made of. */
type Axes = Pick<Problem, 'batchSizes' | 'otherBatchSizes' | 'samples' | 'otherSamples'>;

/** Batch sizes of the axes of a problem by name, in the order of the program's axes. */
export function axesOf({ batchSizes, otherBatchSizes }: Axes): Map<string, readonly number[]> {
  const axes = new Map<string, readonly number[]>();
  if (batchSizes !== undefined) axes.set(AXIS, batchSizes);
  if (otherBatchSizes !== undefined) axes.set(OTHER_AXIS, otherBatchSizes);
  return axes;
}

/** The other axis of a problem as the reference wants it. */
export function otherAxisOf({ batchSizes = [], otherBatchSizes, samples, otherSamples }: Axes): OtherAxis {
  const ownSamples = samples ?? [...new Array(sequenceCount(batchSizes)).keys()];
  if (otherBatchSizes === undefined) return { batchSizes, samples: ownSamples, ownSamples };
  const others = otherSamples ?? [...new Array(sequenceCount(otherBatchSizes)).keys()];
  return { batchSizes: otherBatchSizes, samples: others, ownSamples };
}

/** What a run of a problem's program is given. */
export function runArguments(problem: Axes): { batchSizes: Int32Array[]; samples: AxisSamples } {
  const sizes = axesOf(problem);
  const given = new Map([
    [AXIS, problem.samples],
    [OTHER_AXIS, problem.otherSamples],
  ]);
  return {
    batchSizes: [...sizes.values()].map((batchSizes) => Int32Array.from(batchSizes)),
    samples: [...sizes.keys()].map((axis) => {
      const samples = given.get(axis);
      return samples === undefined ? undefined : Int32Array.from(samples);
    }),
  };
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
