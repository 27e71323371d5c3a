/**
 * Reference of connectionist temporal classification. Letters: N packed rows and B sequences of frames, M packed
 * rows of the targets' axis, C classes. A sequence of frames belongs with the target of the same sample.
 */
import { ShapeError } from '../../src/core/errors.js';
import { accumulate, at, element, type Matrix, put, requireShape, scalar, zeros } from './matrix.js';
import { packedOffsets, rowCount, sequenceCount } from './packed.js';
import { logSum, logSumExp, probability, putLogSum } from './softmax.js';
import { partners, type TwoAxes } from './two-axes.js';

/** What the losses of the sequences are made into one number with, by the code of the attribute. */
export const reductions = { sum: 0, perLabel: 1, perSequence: 2, perFrame: 3 } as const;

/** Operands and attributes that both directions have. */
export interface CtcOperands extends TwoAxes {
  /** [N,C] */
  readonly logits: Matrix;
  /** [M] the labels of each target, then -1. */
  readonly labels: Int32Array;
  readonly blank: number;
  /** One of {@link reductions}. */
  readonly reduction: number;
  /** Whether an infinite loss counts as 0. */
  readonly zeroInfinity: boolean;
  /** [B,1] what each sequence counts for; 1 each where it is absent. */
  readonly weights?: Matrix | undefined;
}

/** One sequence: its rows, its labels, and undefined instead of labels that are no target. */
interface Sequence {
  readonly rows: readonly number[];
  readonly labels: readonly number[] | undefined;
}

function rowsOf(batchSizes: readonly number[], sequence: number): number[] {
  const alive = packedOffsets(batchSizes).filter((_, step) => sequence < element(batchSizes, step));
  return alive.map((offset) => offset + sequence);
}

function sequencesOf({ logits, labels, blank, batchSizes, other }: CtcOperands): Sequence[] {
  requireShape('logits', logits, rowCount(batchSizes), logits.columns);
  if (labels.length !== rowCount(other.batchSizes)) {
    const message = `labels holds ${labels.length} rows, its axis has ${rowCount(other.batchSizes)}`;
    throw new ShapeError('length_mismatch', message);
  }
  return partners({ batchSizes, other }).map((place, sequence) => {
    const entries = rowsOf(other.batchSizes, place).map((row) => element(labels, row));
    const own = entries.slice(0, -1);
    const isTarget = entries.at(-1) === -1 && own.every((label) => label >= 0 && label !== blank);
    return { rows: rowsOf(batchSizes, sequence), labels: isTarget ? own : undefined };
  });
}

/**
 * A probability m * 2^(512 e): a product of many is too small for a number, and its logarithm too coarse, with an error of
 * 2^-53 of itself and not of 1.
 */
interface Probability {
  readonly m: number;
  readonly e: number;
}

const unit = 2 ** 512;
const impossible: Probability = { m: 0, e: 0 };
const certain: Probability = { m: 1, e: 0 };

/** The same with m in [2^-512, 1], or 0. Factors are larger than 2^-512. */
function scaled({ m, e }: Probability): Probability {
  return m > 0 && m < 1 / unit ? { m: m * unit, e: e - 1 } : { m, e };
}

function sumOf(...terms: readonly Probability[]): Probability {
  const possible = terms.filter(({ m }) => m !== 0);
  const e = Math.max(...possible.map((term) => term.e));
  return possible.length === 0
    ? impossible
    : { m: possible.reduce((sum, term) => sum + term.m * unit ** (term.e - e), 0), e };
}

/** Probabilities of all ways to each state of each frame, that frame included. */
function forward(
  symbols: readonly number[],
  blank: number,
  say: (frame: number, symbol: number) => number,
  frames: number,
) {
  const table: Probability[][] = [];
  for (let frame = 0; frame < frames; frame++) {
    const before = table.at(-1);
    table.push(
      symbols.map((symbol, state) => {
        const from = (distance: number) => before?.[state - distance] ?? impossible;
        const skips = symbol !== blank && symbol !== symbols[state - 2];
        const start = state < 2 ? certain : impossible;
        const { m, e } = before === undefined ? start : sumOf(from(0), from(1), skips ? from(2) : impossible);
        return scaled({ m: m * say(frame, symbol), e });
      }),
    );
  }
  return table;
}

/** The loss of a sequence, and the probability of each state of each frame given the target. */
function align({ logits, blank }: CtcOperands, { rows }: Sequence, labels: readonly number[]) {
  const symbols = [blank, ...labels.flatMap((label) => [label, blank])];
  const frames = rows.length;
  const say = (frame: number, symbol: number) => {
    const row = element(rows, frame);
    return Math.exp(at(logits, row, symbol) - logSumExp(logits, row));
  };
  const ahead = forward(symbols, blank, say, frames);
  // From the end everything is the same, read backwards.
  const reversed = forward([...symbols].reverse(), blank, (frame, symbol) => say(frames - 1 - frame, symbol), frames);
  const last = ahead.at(-1) ?? [];
  const whole = sumOf(last.at(-1) ?? impossible, last.at(-2) ?? impossible);
  const shares = ahead.map((states, frame) =>
    states.map((one, state) => {
      const other = reversed[frames - 1 - frame]?.[symbols.length - 1 - state] ?? impossible;
      // The frame is in both.
      const said = say(frame, element(symbols, state));
      return ((one.m / said) * other.m * unit ** (one.e + other.e - whole.e)) / whole.m;
    }),
  );
  return { loss: -(Math.log(whole.m) + whole.e * Math.log(unit)), symbols, shares };
}

type Weighted = Pick<CtcOperands, 'reduction' | 'batchSizes' | 'weights'>;

function weightOf({ weights }: Weighted, sequence: number): number {
  return weights === undefined ? 1 : at(weights, sequence, 0);
}

/** All sequences, or frames where these are counted, each as often as the weight of its sequence says. */
export function totalOf(operands: Weighted): number {
  const { reduction, batchSizes } = operands;
  let total = 0;
  for (let sequence = 0; sequence < sequenceCount(batchSizes); sequence++) {
    const frames = batchSizes.filter((alive) => sequence < alive).length;
    total += weightOf(operands, sequence) * (reduction === reductions.perFrame ? frames : 1);
  }
  return total;
}

/** What the loss of a sequence whose target has so many labels is multiplied by. */
export function factorOf(operands: Weighted, sequence: number, labels: number): number {
  const weight = weightOf(operands, sequence);
  if (weight === 0) return 0;
  const { reduction } = operands;
  if (reduction === reductions.sum) return weight;
  return weight / (totalOf(operands) * (reduction === reductions.perLabel ? Math.max(1, labels) : 1));
}

/**
 * losses = -log of the sum over all paths that collapse to the target of the product of their softmax(logits); loss = their
 * weighted sum. A target that does not fit has an infinite loss, labels that are no target have NaN.
 *
 * @returns loss [1,1]; losses [B,1]; lse [N,2], log-sum-exp of every row in two parts; total [1,1]
 */
export function ctc(operands: CtcOperands): { loss: Matrix; losses: Matrix; lse: Matrix; total: Matrix } {
  const { logits, zeroInfinity } = operands;
  const sequences = sequencesOf(operands);
  const losses = zeros(sequences.length, 1);
  const lse = zeros(logits.rows, 2);
  for (let row = 0; row < logits.rows; row++) putLogSum(lse, row, logSum(logits, row));
  let total = 0;
  for (const [index, sequence] of sequences.entries()) {
    const { labels } = sequence;
    const loss = labels === undefined ? Number.NaN : align(operands, sequence, labels).loss;
    put(losses, index, 0, loss);
    const factor = factorOf(operands, index, labels?.length ?? 0);
    if (factor !== 0 && !(zeroInfinity && loss === Number.POSITIVE_INFINITY)) total += loss * factor;
  }
  return { loss: scalar(total), losses, lse, total: scalar(totalOf(operands)) };
}

/**
 * dlogits = dloss * weight * (softmax(logits) - the probability of each class at that frame given the target); NaN in all rows
 * of a sequence whose loss is not finite, 0 where it counts as 0 or its weight is 0.
 *
 * @param operands.dloss [1,1]
 * @param operands.lse   [N,2] from the forward pass
 * @returns dlogits [N,C]
 */
export function ctcBackward(operands: CtcOperands & { dloss: Matrix; lse: Matrix }): { dlogits: Matrix } {
  const { dloss, logits, lse, zeroInfinity } = operands;
  requireShape('dloss', dloss, 1, 1);
  requireShape('lse', lse, logits.rows, 2);
  const dlogits = zeros(logits.rows, logits.columns);
  for (const [index, sequence] of sequencesOf(operands).entries()) {
    const { rows, labels } = sequence;
    const weighted = factorOf(operands, index, labels?.length ?? 0);
    if (weighted === 0) continue;
    const found = labels === undefined ? undefined : align(operands, sequence, labels);
    const factor = at(dloss, 0, 0) * weighted;
    for (const [frame, row] of rows.entries()) {
      for (let column = 0; column < logits.columns; column++) {
        const hasPaths = found !== undefined && found.loss < Number.POSITIVE_INFINITY;
        const value = found !== undefined && zeroInfinity ? 0 : Number.NaN;
        put(dlogits, row, column, hasPaths ? factor * probability(at(logits, row, column), lse, row) : value);
      }
      if (found === undefined || !(found.loss < Number.POSITIVE_INFINITY)) continue;
      for (const [state, symbol] of found.symbols.entries()) {
        accumulate(dlogits, row, symbol, -factor * element(found.shares[frame] ?? [], state));
      }
    }
  }
  return { dlogits };
}
