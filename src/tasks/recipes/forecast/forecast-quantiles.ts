/** Forecasts of quantiles: their levels, their order and their scores. */
import { OptionError } from '../../../core/errors.js';
import type { JsonObject } from '../../../core/json.js';
import { describeValue } from '../../../core/options.js';
import { IntervalCoverage, QuantileLoss } from '../../../metrics/forecast-errors.js';
import { requireLevels } from '../../../network/losses/quantile.js';

/** The level of the forecast itself. */
export const MEDIAN = 0.5;

/** The names of the quantiles in the output. */
export const QUANTILES = 'quantiles';

/** The levels of a list with commas; an empty list for undefined. */
export function levelsOf(list: string | undefined): readonly number[] {
  return list === undefined ? [] : list.split(',').map(Number);
}

/**
 * The list in its final form.
 *
 * @throws {OptionError} `invalid_option` when the levels are not in (0, 1) and ascending, or 0.5 is not among them
 */
export function requireLevelList(name: string, list: string): string {
  const levels = requireLevels(name, levelsOf(list));
  if (levels.includes(MEDIAN)) return levels.join(',');
  const message = `option '${name}' must have ${MEDIAN} among the levels: it is the forecast itself, got ${describeValue(list)}`;
  throw new OptionError('invalid_option', message, { name, value: list });
}

/**
 * Sorts quantiles that cross, so that the numbers of the same place ascend. Each level is trained separately and may
 * cross others.
 */
export function sortLevels(quantiles: readonly Float32Array[]): Float32Array[] {
  const sorted = quantiles.map((numbers) => new Float32Array(numbers.length));
  for (let at = 0; at < (sorted[0]?.length ?? 0); at++) {
    const column = Float32Array.from(quantiles, (numbers) => numbers[at] as number).sort();
    for (const [level, numbers] of sorted.entries()) numbers[at] = column[level] as number;
  }
  return sorted;
}

/** Scores of quantiles: the mean loss of all levels, and how often the true value lies between the outermost two. */
export class QuantileErrors {
  readonly #losses: readonly QuantileLoss[];
  readonly #band = new IntervalCoverage();

  /** @param levels ascending, as `requireLevelList` requires */
  constructor(levels: readonly number[]) {
    this.#losses = levels.map((level) => new QuantileLoss(level));
  }

  /** Adds the true value and the forecast of each level. */
  add(truth: Float32Array, quantiles: readonly Float32Array[]): void {
    for (const [at, loss] of this.#losses.entries()) loss.add(truth, quantiles[at] as Float32Array);
    this.#band.add(truth, quantiles[0] as Float32Array, quantiles.at(-1) as Float32Array);
  }

  /** As JSON: the mean pinball loss; for the outer band its expected coverage, its coverage, and its mean width. */
  summary(): JsonObject {
    const losses = this.#losses.map(({ value }) => value ?? Number.NaN);
    const pinball = losses.reduce((sum, value) => sum + value, 0) / losses.length;
    const [first, last] = [this.#losses[0]?.quantile ?? 0, this.#losses.at(-1)?.quantile ?? 0];
    // 0.9 - 0.1 differs from 0.8 in its last digit.
    const nominal = Number((last - first).toPrecision(12));
    const band = { nominal, coverage: this.#band.value ?? null, width: this.#band.meanWidth ?? null };
    return { pinball: Number.isFinite(pinball) ? pinball : null, ...(losses.length > 1 && { band }) };
  }
}

/** The summary as a line of text. */
export function describeQuantiles({ pinball, band }: JsonObject): string {
  const line = `quantiles        mean pinball loss ${Number(pinball).toFixed(4)}`;
  if (band === undefined) return line;
  const { nominal, coverage, width } = band as { nominal: number; coverage: number; width: number };
  const percent = (part: number) => `${(100 * part).toFixed(1)} %`;
  return `${line}\nouter band       covers ${percent(coverage)}, of ${percent(nominal)}  mean width ${width.toFixed(4)}`;
}
