/** Errors of predicted numbers: squared and absolute errors, quantiles, intervals. */
import { OptionError } from '../core/errors.js';
import { requireNumber } from '../core/options.js';
import { requireFinite, requireSameLength } from './paired-numbers.js';

function requirePairs(targets: ArrayLike<number>, name: string, predictions: ArrayLike<number>): void {
  requireSameLength('targets', targets, name, predictions);
  requireFinite('targets', targets);
  requireFinite(name, predictions);
}

/** Mean squared and mean absolute error of all numbers added, in double precision. */
export class RegressionErrors {
  #count = 0;
  #squares = 0;
  #absolutes = 0;

  /**
   * Adds numbers. When it throws, nothing has changed.
   *
   * @throws {ShapeError} `length_mismatch`
   * @throws {DataError} `non_finite_data` naming the number
   */
  add(targets: ArrayLike<number>, predictions: ArrayLike<number>): void {
    requirePairs(targets, 'predictions', predictions);
    for (let index = 0; index < targets.length; index++) {
      const error = (predictions[index] as number) - (targets[index] as number);
      this.#squares += error * error;
      this.#absolutes += Math.abs(error);
    }
    this.#count += targets.length;
  }

  /** Numbers added so far. */
  get count(): number {
    return this.#count;
  }

  /** Mean of the squared errors, or undefined before any number. */
  get meanSquaredError(): number | undefined {
    return this.#count > 0 ? this.#squares / this.#count : undefined;
  }

  /** Its root, in the unit of the targets. */
  get rootMeanSquaredError(): number | undefined {
    return this.#count > 0 ? Math.sqrt(this.#squares / this.#count) : undefined;
  }

  /** Mean of the absolute errors, or undefined before any number. */
  get meanAbsoluteError(): number | undefined {
    return this.#count > 0 ? this.#absolutes / this.#count : undefined;
  }
}

/**
 * Mean quantile ("pinball") loss of predictions of one quantile q: q (y - p) where the target y is above the prediction p,
 * (1 - q) (p - y) where it is below. Its expectation is smallest at the true quantile; at q = 0.5 it is half the absolute
 * error.
 *
 * @see Koenker and Bassett, "Regression quantiles", 1978
 */
export class QuantileLoss {
  readonly quantile: number;
  #count = 0;
  #sum = 0;
  #below = 0;

  /**
   * @param quantile in (0, 1)
   * @throws {OptionError} `invalid_option`
   */
  constructor(quantile: number) {
    this.quantile = requireNumber('quantile', quantile, { exclusiveMin: 0, exclusiveMax: 1 });
  }

  /** As `RegressionErrors.add`. */
  add(targets: ArrayLike<number>, predictions: ArrayLike<number>): void {
    requirePairs(targets, 'predictions', predictions);
    for (let index = 0; index < targets.length; index++) {
      const error = (targets[index] as number) - (predictions[index] as number);
      this.#sum += error >= 0 ? this.quantile * error : (this.quantile - 1) * error;
      if (error <= 0) this.#below++;
    }
    this.#count += targets.length;
  }

  /** The mean loss, or undefined before any number. */
  get value(): number | undefined {
    return this.#count > 0 ? this.#sum / this.#count : undefined;
  }

  /** Fraction of the targets that are at most the prediction. It is close to the quantile for good predictions. */
  get coverage(): number | undefined {
    return this.#count > 0 ? this.#below / this.#count : undefined;
  }
}

/** Fraction of the targets that lie in an interval, including its ends, and the mean width of the intervals. */
export class IntervalCoverage {
  #count = 0;
  #inside = 0;
  #widths = 0;

  /**
   * Adds numbers. When it throws, nothing has changed.
   *
   * @throws {ShapeError} `length_mismatch`
   * @throws {DataError} `non_finite_data` naming the number
   * @throws {OptionError} `invalid_option` for an interval whose lower end is above its upper one
   */
  add(targets: ArrayLike<number>, lower: ArrayLike<number>, upper: ArrayLike<number>): void {
    requirePairs(targets, 'lower', lower);
    requirePairs(targets, 'upper', upper);
    for (let index = 0; index < targets.length; index++) {
      if ((lower[index] as number) <= (upper[index] as number)) continue;
      const message = `lower[${index}] is ${lower[index]}, above upper[${index}], which is ${upper[index]}`;
      throw new OptionError('invalid_option', message, { index, lower: lower[index], upper: upper[index] });
    }
    for (let index = 0; index < targets.length; index++) {
      const [target, low, high] = [targets[index], lower[index], upper[index]] as [number, number, number];
      if (low <= target && target <= high) this.#inside++;
      this.#widths += high - low;
    }
    this.#count += targets.length;
  }

  /** The fraction within, or undefined before any number. */
  get value(): number | undefined {
    return this.#count > 0 ? this.#inside / this.#count : undefined;
  }

  /** Mean width. A coverage can always be raised by a larger width. */
  get meanWidth(): number | undefined {
    return this.#count > 0 ? this.#widths / this.#count : undefined;
  }
}
