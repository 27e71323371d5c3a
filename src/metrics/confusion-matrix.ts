/** Counts which classes are predicted for which targets. */
import { DataError, OptionError, RangeIndexError, ShapeError } from '../core/errors.js';
import { describeValue, requireNumber } from '../core/options.js';
import { requireSameLength } from './paired-numbers.js';

/** Scores of one class; undefined when the divisor is 0. */
export interface ClassScores {
  /** Precision: the fraction of the predictions of this class that are correct. */
  readonly precision: number | undefined;
  /** Recall: the fraction of the targets of this class that were predicted. */
  readonly recall: number | undefined;
  /** 2 * hits / (targets + predictions); undefined for a class that is neither a target nor a prediction. */
  readonly f1: number | undefined;
}

function ratio(part: number, whole: number): number | undefined {
  return whole > 0 ? part / whole : undefined;
}

/** Largest number of classes: the matrix has the square of that. */
const MAX_CLASSES = 10_000;

/**
 * Counts of (target, prediction) of a classifier, and the scores that follow from them.
 *
 * @example
 * const matrix = new ConfusionMatrix(['no', 'yes']);
 * matrix.addAll(targets, predictions);
 * matrix.accuracy; matrix.macroF1; matrix.toString();
 */
export class ConfusionMatrix {
  /** Name of every class. */
  readonly classNames: readonly string[];
  readonly #counts: Float64Array;

  /**
   * @param classes their names, or their number: then their names are 0, 1, 2, ...
   * @throws {OptionError} `invalid_option`
   */
  constructor(classes: number | readonly string[]) {
    const size = requireNumber('classes', Array.isArray(classes) ? classes.length : classes, {
      integer: true,
      min: 1,
      max: MAX_CLASSES,
    });
    this.classNames = Array.isArray(classes) ? [...classes] : Array.from({ length: size }, (_, index) => `${index}`);
    const wrong = this.classNames.find((name) => typeof name !== 'string');
    if (wrong !== undefined) {
      throw new OptionError('invalid_option', `a class name must be a string, got ${describeValue(wrong)}`);
    }
    this.#counts = new Float64Array(size * size);
  }

  /** Number of classes. */
  get classes(): number {
    return this.classNames.length;
  }

  /** Examples added so far. */
  get total(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** Adds one example. @throws {RangeIndexError} `index_out_of_range` naming the class and their number */
  add(target: number, prediction: number): void {
    this.#requireClass('target', target);
    this.#requireClass('prediction', prediction);
    const at = target * this.classes + prediction;
    this.#counts[at] = (this.#counts[at] as number) + 1;
  }

  /**
   * Adds examples; targets of -1 are ignored. When it throws, nothing has changed.
   *
   * @throws {ShapeError} `length_mismatch`
   * @throws {RangeIndexError} `index_out_of_range` naming the class and their number
   */
  addAll(targets: ArrayLike<number>, predictions: ArrayLike<number>): void {
    requireSameLength('targets', targets, 'predictions', predictions);
    for (let index = 0; index < targets.length; index++) {
      if (targets[index] === -1) continue;
      this.#requireClass(`targets[${index}]`, targets[index]);
      this.#requireClass(`predictions[${index}]`, predictions[index]);
    }
    for (let index = 0; index < targets.length; index++) {
      if (targets[index] !== -1) this.add(targets[index] as number, predictions[index] as number);
    }
  }

  /** Number of examples with this target and this prediction. @throws {RangeIndexError} `index_out_of_range` */
  count(target: number, prediction: number): number {
    this.#requireClass('target', target);
    this.#requireClass('prediction', prediction);
    return this.#counts[target * this.classes + prediction] as number;
  }

  /** The counts, a row for each target. */
  rows(): readonly (readonly number[])[] {
    const size = this.classes;
    return this.classNames.map((_, target) => Array.from(this.#counts.subarray(target * size, (target + 1) * size)));
  }

  /** Fraction of correct examples, or undefined before any. */
  get accuracy(): number | undefined {
    const hits = this.classNames.reduce((sum, _, index) => sum + this.count(index, index), 0);
    return ratio(hits, this.total);
  }

  /** Scores of one class. @throws {RangeIndexError} `index_out_of_range` */
  scores(index: number): ClassScores {
    const hits = this.count(index, index);
    let targets = 0;
    let predictions = 0;
    for (let other = 0; other < this.classes; other++) {
      targets += this.count(index, other);
      predictions += this.count(other, index);
    }
    return {
      precision: ratio(hits, predictions),
      recall: ratio(hits, targets),
      f1: ratio(2 * hits, targets + predictions),
    };
  }

  /**
   * The mean of the F1 of all classes that are a target or a prediction at least once, each with the same weight;
   * undefined before any example.
   */
  get macroF1(): number | undefined {
    const scores = this.classNames.map((_, index) => this.scores(index).f1).filter((f1) => f1 !== undefined);
    return ratio(
      scores.reduce((sum, f1) => sum + f1, 0),
      scores.length,
    );
  }

  /** A table: a line for each target, a column for each prediction. */
  toString(): string {
    const lines = [
      ['target \\ predicted', ...this.classNames],
      ...this.rows().map((row, target) => [this.classNames[target] as string, ...row.map(String)]),
    ];
    const widths = Array.from({ length: this.classes + 1 }, (_, column) =>
      lines.reduce((most, line) => Math.max(most, (line[column] as string).length), 0),
    );
    return lines
      .map(([name = '', ...cells]) => {
        const padded = cells.map((cell, column) => cell.padStart(widths[column + 1] as number));
        return [name.padEnd(widths[0] as number), ...padded].join('  ');
      })
      .join('\n');
  }

  #requireClass(name: string, index: unknown): void {
    if (Number.isInteger(index) && (index as number) >= 0 && (index as number) < this.classes) return;
    const message = `${name} is class ${describeValue(index)}, but there are ${this.classes} classes`;
    throw new RangeIndexError('index_out_of_range', message, { name, index, classes: this.classes });
  }
}

/**
 * The class with the largest score in every row; the first of equal ones.
 *
 * @param scores [rows * classes]: logits or probabilities
 * @throws {ShapeError} `shape_mismatch` when the numbers are not whole rows
 * @throws {DataError} `non_finite_data` for a row that holds NaN
 * @throws {OptionError} `invalid_option`
 */
export function largestClasses(scores: ArrayLike<number>, classes: number): Int32Array {
  requireNumber('classes', classes, { integer: true, min: 1 });
  if (scores.length % classes !== 0) {
    const message = `${scores.length} scores are not a whole number of rows of ${classes} classes`;
    throw new ShapeError('shape_mismatch', message, { actual: scores.length, classes });
  }
  return Int32Array.from({ length: scores.length / classes }, (_, row) => {
    let best = 0;
    for (let index = 0; index < classes; index++) {
      const score = scores[row * classes + index] as number;
      if (Number.isNaN(score)) {
        throw new DataError('non_finite_data', `the score of class ${index} in row ${row} is NaN`, { row, index });
      }
      if (score > (scores[row * classes + best] as number)) best = index;
    }
    return best;
  });
}
