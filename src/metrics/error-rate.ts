/** Errors of transcripts over a corpus: word error rate, character error rate. */
import { requireList } from '../core/arguments.js';
import { OptionError, ShapeError } from '../core/errors.js';
import { describeValue } from '../core/options.js';
import { type Edits, editDistance } from './edit-distance.js';

/**
 * The edits of a corpus, divided by the symbols of its references. It is the rate of the whole corpus, not the mean of
 * the rates of its sentences, and may exceed 1.
 *
 * @example
 * const rate = new ErrorRate();
 * for (const [reference, hypothesis] of pairs) rate.add(reference.split(' '), hypothesis.split(' '));
 * rate.value; // word error rate
 */
export class ErrorRate {
  #referenceLength = 0;
  #substitutions = 0;
  #deletions = 0;
  #insertions = 0;

  /** Adds one sequence of symbols: words, characters, ids. Either may be empty. Returns its edits. */
  add<T>(reference: ArrayLike<T>, hypothesis: ArrayLike<T>): Edits {
    const edits = editDistance(reference, hypothesis);
    this.#referenceLength += reference.length;
    this.#substitutions += edits.substitutions;
    this.#deletions += edits.deletions;
    this.#insertions += edits.insertions;
    return edits;
  }

  /** The edits of all sequences together. */
  get edits(): Edits {
    const [substitutions, deletions, insertions] = [this.#substitutions, this.#deletions, this.#insertions];
    return { distance: substitutions + deletions + insertions, substitutions, deletions, insertions };
  }

  /** Symbols of all references. */
  get referenceLength(): number {
    return this.#referenceLength;
  }

  /** The rate, or undefined while the references have no symbol. */
  get value(): number | undefined {
    return this.#referenceLength > 0 ? this.edits.distance / this.#referenceLength : undefined;
  }
}

function rateOf(
  references: readonly string[],
  hypotheses: readonly string[],
  split: (text: string) => readonly string[],
): ErrorRate {
  for (const list of [references, hypotheses]) requireList('a list of texts', list);
  if (references.length !== hypotheses.length) {
    const message = `there are ${references.length} references, but ${hypotheses.length} hypotheses`;
    throw new ShapeError('length_mismatch', message, {
      references: references.length,
      hypotheses: hypotheses.length,
    });
  }
  const rate = new ErrorRate();
  for (const [index, reference] of references.entries()) {
    const hypothesis = hypotheses[index];
    for (const [name, text] of [
      ['reference', reference],
      ['hypothesis', hypothesis],
    ] as const) {
      if (typeof text === 'string') continue;
      throw new OptionError('invalid_option', `${name} ${index} must be a string, got ${describeValue(text)}`, {
        index,
      });
    }
    rate.add(split(reference), split(hypothesis as string));
  }
  return rate;
}

/**
 * Word error rate of texts; words are what white space separates. Case and punctuation count.
 *
 * @throws {ShapeError} `length_mismatch` when the numbers of hypotheses and references differ
 * @throws {OptionError} `invalid_option`
 */
export function wordErrorRate(references: readonly string[], hypotheses: readonly string[]): ErrorRate {
  return rateOf(references, hypotheses, (text) => text.split(/\s+/u).filter((word) => word !== ''));
}

/**
 * Character error rate of texts; characters are Unicode code points, spaces among them.
 *
 * @throws as `wordErrorRate`
 */
export function characterErrorRate(references: readonly string[], hypotheses: readonly string[]): ErrorRate {
  return rateOf(references, hypotheses, (text) => [...text]);
}
