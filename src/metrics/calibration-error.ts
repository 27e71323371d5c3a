/** How well probabilities say how often they are right. */

/** Bins of equal width. */
const BINS = 15;

/**
 * The expected calibration error: the mean distance between the probability of the most likely class and how often that class is right, over bins
 * of equal width, each with the weight of its predictions.
 *
 * @see Guo et al. 2017, On calibration of modern neural networks
 */
export class CalibrationError {
  readonly #counts = new Float64Array(BINS);
  readonly #probabilities = new Float64Array(BINS);
  readonly #right = new Float64Array(BINS);

  /** @param probability of the most likely class, within [0, 1] @param isRight whether it is the class */
  add(probability: number, isRight: boolean): void {
    const bin = Math.min(BINS - 1, Math.floor(probability * BINS));
    this.#counts[bin] = (this.#counts[bin] as number) + 1;
    this.#probabilities[bin] = (this.#probabilities[bin] as number) + probability;
    if (isRight) this.#right[bin] = (this.#right[bin] as number) + 1;
  }

  /** Within [0, 1]; undefined when nothing was added. */
  get value(): number | undefined {
    const all = this.#counts.reduce((sum, count) => sum + count, 0);
    if (all === 0) return undefined;
    const distances = this.#right.map((right, bin) => Math.abs(right - (this.#probabilities[bin] as number)));
    return distances.reduce((sum, distance) => sum + distance, 0) / all;
  }
}
