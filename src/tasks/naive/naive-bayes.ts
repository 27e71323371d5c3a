/** Naive Bayes on bags of n-grams: the naive rule for classes of texts. */

import { isJsonObject, type JsonValue } from '../../core/json.js';

const SMOOTHING = 1;

/** What naive Bayes learns from. */
export interface NaiveBayesSizes {
  readonly classes: number;
  /** Ids are below it. */
  readonly symbols: number;
  /** Largest number of symbols of an n-gram; `symbols + 1` to its power must be an exact number. */
  readonly order: number;
}

/** What naive Bayes has learnt, as plain JSON. */
export type SavedNaiveBayes = {
  readonly symbols: number;
  readonly order: number;
  /** Sequences of each class. */
  readonly sequences: readonly number[];
  /** Of each n-gram its number, and by turns a class and how often it occurs there. */
  readonly grams: readonly (readonly number[])[];
};

/** Whether a value is what naive Bayes has learnt, for numbers of classes and symbols. */
export function isSavedNaiveBayes(
  value: JsonValue | undefined,
  { classes, symbols: expected }: Omit<NaiveBayesSizes, 'order'>,
): value is SavedNaiveBayes {
  if (!isJsonObject(value)) return false;
  const { symbols, order, sequences, grams } = value;
  if (symbols !== expected || !isCount(order) || order < 1) return false;
  if (!isCount((symbols + 1) ** order)) return false;
  if (!Array.isArray(sequences) || sequences.length !== classes || !sequences.every(isCount)) return false;
  const isGram = (gram: JsonValue) =>
    Array.isArray(gram) &&
    gram.length % 2 === 1 &&
    gram.every((number, at) => isCount(number) && (at === 0 || at % 2 === 0 || number < classes));
  return Array.isArray(grams) && grams.every(isGram);
}

function isCount(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/**
 * Multinomial naive Bayes with Laplace smoothing (Manning, Raghavan, Schütze 2008, chapter 13) on all n-grams of a text
 * up to a length. N-grams that training lacks are left out.
 */
export class NaiveBayes {
  readonly #symbols: number;
  readonly #order: number;
  readonly #sequences: Float64Array;
  /** Number of n-grams of each class. */
  readonly #totals: Float64Array;
  /** N-grams by number, in the order in which they were found. */
  readonly #known = new Map<number, number>();
  /** How often an n-gram occurs in a class: n-gram * classes + class -> count. */
  readonly #counts = new Map<number, number>();

  constructor({ classes, symbols, order }: NaiveBayesSizes) {
    this.#symbols = symbols;
    this.#order = order;
    this.#sequences = new Float64Array(classes);
    this.#totals = new Float64Array(classes);
  }

  /** What `toJSON` wrote. */
  static fromJSON({ symbols, order, sequences, grams }: SavedNaiveBayes): NaiveBayes {
    const bayes = new NaiveBayes({ classes: sequences.length, symbols, order });
    bayes.#sequences.set(sequences);
    for (const [gram, ...counts] of grams) {
      for (let at = 0; at < counts.length; at += 2) bayes.#count(gram as number, counts[at] as number, counts[at + 1]);
    }
    return bayes;
  }

  toJSON(): SavedNaiveBayes {
    const classes = this.#totals.length;
    const grams = Array.from(this.#known, ([gram, at]) => {
      const counts = Array.from({ length: classes }, (_, label) => this.#counts.get(at * classes + label) ?? 0);
      return [gram, ...counts.flatMap((count, label) => (count === 0 ? [] : [label, count]))];
    });
    return { symbols: this.#symbols, order: this.#order, sequences: [...this.#sequences], grams };
  }

  /** Number of different n-grams. */
  get size(): number {
    return this.#known.size;
  }

  /** Counts one sequence of a class. */
  learn(ids: ArrayLike<number>, label: number): void {
    this.#sequences[label] = (this.#sequences[label] as number) + 1;
    for (const gram of this.#grams(ids)) this.#count(gram, label);
  }

  /** The most likely class; the first of several that are equally likely. */
  classify(ids: ArrayLike<number>): number {
    const scores = this.scores(ids);
    return scores.indexOf(Math.max(...scores));
  }

  /** The logarithm of the probability of each class, but for a number that they share. */
  scores(ids: ArrayLike<number>): Float64Array {
    const classes = this.#totals.length;
    const all = this.#sequences.reduce((sum, count) => sum + count, 0);
    const scores = this.#sequences.map((count) => Math.log((count + SMOOTHING) / (all + SMOOTHING * classes)));
    const denominators = this.#totals.map((total) => Math.log(total + SMOOTHING * this.#known.size));
    for (const gram of this.#grams(ids)) {
      const at = this.#known.get(gram);
      if (at === undefined) continue;
      for (let label = 0; label < classes; label++) {
        const count = (this.#counts.get(at * classes + label) ?? 0) + SMOOTHING;
        scores[label] = (scores[label] as number) + Math.log(count) - (denominators[label] as number);
      }
    }
    return scores;
  }

  #count(gram: number, label: number, times = 1): void {
    let at = this.#known.get(gram);
    if (at === undefined) {
      at = this.#known.size;
      this.#known.set(gram, at);
    }
    const key = at * this.#totals.length + label;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + times);
    this.#totals[label] = (this.#totals[label] as number) + times;
  }

  /** All n-grams as numbers: digits in base `symbols + 1`, none of them 0. */
  *#grams(ids: ArrayLike<number>): Generator<number> {
    for (let begin = 0; begin < ids.length; begin++) {
      let gram = 0;
      for (let at = begin; at < Math.min(ids.length, begin + this.#order); at++) {
        gram = gram * (this.#symbols + 1) + (ids[at] as number) + 1;
        yield gram;
      }
    }
  }
}
