/** The nearest neighbour: the naive rule for classes of series. */

/** Longest series that are compared step by step; longer ones are read at as many places. */
const MOST_PLACES = 256;

interface Labelled {
  readonly input: Float32Array;
  readonly label: number;
}

/**
 * The class of the training series with the smallest Euclidean distance. Series of other lengths are stretched to the median length
 * of training, by interpolation between steps.
 */
export class NearestNeighbour {
  readonly #places: number;
  readonly #features: number;
  readonly #known: readonly Labelled[];

  /** @param features numbers of a step */
  constructor(training: readonly Labelled[], features: number) {
    const lengths = training.map(({ input }) => input.length / features).sort((a, b) => a - b);
    this.#places = Math.max(1, Math.min(MOST_PLACES, lengths[lengths.length >> 1] ?? 1));
    this.#features = features;
    this.#known = training.map(({ input, label }) => ({ input: this.#stretched(input), label }));
  }

  /** The class of the nearest series; the first of several at the same distance. */
  classify(series: Float32Array): number {
    const given = this.#stretched(series);
    let nearest = -1;
    let smallest = Number.POSITIVE_INFINITY;
    for (const { input, label } of this.#known) {
      let distance = 0;
      for (let at = 0; at < given.length && distance < smallest; at++) {
        distance += ((given[at] as number) - (input[at] as number)) ** 2;
      }
      if (distance < smallest) {
        smallest = distance;
        nearest = label;
      }
    }
    return nearest;
  }

  #stretched(series: Float32Array): Float32Array {
    const features = this.#features;
    const last = series.length / features - 1;
    const result = new Float32Array(this.#places * features);
    for (let place = 0; place < this.#places; place++) {
      const at = this.#places === 1 ? 0 : (place * last) / (this.#places - 1);
      const [before, after] = [Math.floor(at), Math.ceil(at)];
      for (let f = 0; f < features; f++) {
        const from = series[before * features + f] as number;
        const to = series[after * features + f] as number;
        result[place * features + f] = from + (to - from) * (at - before);
      }
    }
    return result;
  }
}
