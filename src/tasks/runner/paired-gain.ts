/** How far a model is ahead of another one that the same examples judge, and how certain that is. */
import { deviationOf, meanOf } from '../../core/statistics.js';

/** Blocks whose scores may be alike because they are beside each other. */
const NEIGHBOURS = 2;

/** By how much a score is lower than another one. */
export type Gain = {
  readonly mean: number;
  /** By the differences in blocks of the examples that judge both; missing where there are not two of them. */
  readonly standardError?: number;
};

/** The scores of the blocks of each part that judges. */
export type BlockScores = readonly (readonly number[])[];

/** What a comparison found of a model. */
interface Scored {
  readonly score?: number | undefined;
  readonly blocks?: BlockScores | undefined;
}

/**
 * By how much a model is ahead of another one: the difference of their scores, and its standard error by the differences in the blocks.
 *
 * @returns undefined where one of them has no score
 */
export function gainOf(other: Scored, own: Scored): Gain | undefined {
  if (own.score === undefined || other.score === undefined) return undefined;
  const mean = other.score - own.score;
  const differences = (own.blocks ?? []).flatMap((scores, part) =>
    scores.map((score, block) => (other.blocks?.[part]?.[block] ?? Number.NaN) - score),
  );
  const known = differences.filter(Number.isFinite);
  return known.length < 2 ? { mean } : { mean, standardError: errorOfMean(known) };
}

/**
 * The standard error of the mean of values in a row. It is larger where neighbours are alike, as those of windows that share steps are, by the
 * covariances of neighbours, and never smaller than that of independent values.
 *
 * @see Newey, West 1987, A simple, positive semi-definite, heteroskedasticity and autocorrelation consistent covariance matrix
 */
function errorOfMean(values: readonly number[]): number {
  const { length: count } = values;
  const mean = meanOf(values);
  let doubled = 0;
  for (let lag = 1; lag <= Math.min(NEIGHBOURS, count - 1); lag++) {
    let sum = 0;
    for (let at = lag; at < count; at++) sum += ((values[at] as number) - mean) * ((values[at - lag] as number) - mean);
    doubled += 2 * (1 - lag / (NEIGHBOURS + 1)) * (sum / (count - 1));
  }
  return Math.sqrt((deviationOf(values) ** 2 + Math.max(0, doubled)) / count);
}
