/** Naive Bayes on bags of n-grams: the naive rule for classes of texts. */

const SMOOTHING = 1;

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

  /**
   * @param sizes.symbols ids are below it
   * @param sizes.order largest number of symbols of an n-gram; `symbols + 1` to its power must be an exact number
   */
  constructor({
    classes,
    symbols,
    order,
  }: {
    readonly classes: number;
    readonly symbols: number;
    readonly order: number;
  }) {
    this.#symbols = symbols;
    this.#order = order;
    this.#sequences = new Float64Array(classes);
    this.#totals = new Float64Array(classes);
  }

  /** Counts one sequence of a class. */
  learn(ids: ArrayLike<number>, label: number): void {
    const classes = this.#totals.length;
    this.#sequences[label] = (this.#sequences[label] as number) + 1;
    for (const gram of this.#grams(ids)) {
      let at = this.#known.get(gram);
      if (at === undefined) {
        at = this.#known.size;
        this.#known.set(gram, at);
      }
      const key = at * classes + label;
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
      this.#totals[label] = (this.#totals[label] as number) + 1;
    }
  }

  /** The most likely class; the first of several that are equally likely. */
  classify(ids: ArrayLike<number>): number {
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
    return scores.indexOf(Math.max(...scores));
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
