/** The most probable continuations of several beams, found in one pass over the scores of all symbols. */
import { NumericError, OptionError } from '../core/errors.js';

/** The kind of the scores of a step. */
export type ScoreKind = 'logits' | 'logProbabilities';

/** A beam and the symbol after it. */
export interface Continuation {
  /** Index of the beam, in the order in which they were offered. */
  readonly beam: number;
  readonly symbol: number;
  /** Log probability of beam and symbol together. */
  readonly logProbability: number;
}

/** Log probabilities are at most 0, except for rounding errors of the model. */
const ROUNDING = 1e-3;

/** log of the sum of e^logits; -Infinity when all are. */
function logSumExp(logits: ArrayLike<number>, begin: number, end: number): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let index = begin; index < end; index++) most = Math.max(most, logits[index] as number);
  if (most === Number.NEGATIVE_INFINITY) return most;
  let sum = 0;
  for (let index = begin; index < end; index++) sum += Math.exp((logits[index] as number) - most);
  return most + Math.log(sum);
}

/** The `count` best continuations offered so far, in descending order; of equal ones those that were offered first. */
export class BestContinuations {
  readonly #best: Continuation[] = [];
  readonly #count: number;
  readonly #kind: ScoreKind;

  constructor(count: number, kind: ScoreKind) {
    this.#count = count;
    this.#kind = kind;
  }

  /** In descending order. */
  get all(): readonly Continuation[] {
    return this.#best;
  }

  /**
   * Offers the symbols `from` to `to` - 1 after a beam, without `except`; -Infinity is never taken.
   *
   * @param scores of all symbols of all beams, [rows * vocabulary]
   * @param row of this beam
   * @throws {NumericError} `non_finite_output` when a score is NaN or Infinity
   * @throws {OptionError} `invalid_option` when a log probability is above 0
   */
  offer(
    beam: { readonly index: number; readonly logProbability: number },
    scores: ArrayLike<number>,
    row: number,
    vocabulary: number,
    symbols: { readonly from: number; readonly to: number; readonly except: number },
  ): void {
    const begin = row * vocabulary;
    const shift = this.#kind === 'logits' ? logSumExp(scores, begin, begin + vocabulary) : 0;
    if (shift === Number.NEGATIVE_INFINITY) return;
    if (!Number.isFinite(shift)) this.#refuse(scores, row, vocabulary);
    let worst = this.#worst();
    for (let symbol = symbols.from; symbol < symbols.to; symbol++) {
      const own = (scores[begin + symbol] as number) - shift;
      if (!(own <= ROUNDING)) this.#refuse(scores, row, vocabulary);
      const logProbability = beam.logProbability + Math.min(own, 0);
      if (!(logProbability > worst) || symbol === symbols.except) continue;
      this.#insert({ beam: beam.index, symbol, logProbability });
      worst = this.#worst();
    }
  }

  /** The score that a continuation must exceed. */
  #worst(): number {
    return this.#best.length < this.#count
      ? Number.NEGATIVE_INFINITY
      : (this.#best[this.#count - 1] as Continuation).logProbability;
  }

  #insert(continuation: Continuation): void {
    let [low, high] = [0, this.#best.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#best[middle] as Continuation).logProbability >= continuation.logProbability) low = middle + 1;
      else high = middle;
    }
    this.#best.splice(low, 0, continuation);
    if (this.#best.length > this.#count) this.#best.pop();
  }

  #refuse(scores: ArrayLike<number>, row: number, vocabulary: number): never {
    for (let symbol = 0; symbol < vocabulary; symbol++) {
      const score = scores[row * vocabulary + symbol] as number;
      const what = `the score of symbol ${symbol} in row ${row} is ${score}`;
      const details = { row, symbol, score };
      if (Number.isNaN(score) || score === Number.POSITIVE_INFINITY) {
        throw new NumericError('non_finite_output', what, details);
      }
      if (this.#kind === 'logProbabilities' && score > ROUNDING) {
        throw new OptionError('invalid_option', `${what}, but option 'scores' says logProbabilities`, details);
      }
    }
    throw new NumericError('non_finite_output', `the scores of row ${row} have no finite sum`, { row });
  }
}
