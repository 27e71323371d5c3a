/** What occurs most often: the naive rules that need no more than counts. */

/** Counts labels by what they stand with. */
export class MostFrequent {
  readonly #counts = new Map<number, Map<number, number>>();
  readonly #all = new Map<number, number>();

  /** @param symbol what the label stands with */
  learn(symbol: number, label: number): void {
    const own = this.#counts.get(symbol) ?? new Map<number, number>();
    this.#counts.set(symbol, own.set(label, (own.get(label) ?? 0) + 1));
    this.#all.set(label, (this.#all.get(label) ?? 0) + 1);
  }

  /** The most frequent label of a symbol; of all for a symbol that is new. -1 when nothing was learnt. */
  labelOf(symbol: number): number {
    return largest(this.#counts.get(symbol) ?? this.#all);
  }

  /** The most frequent label of all. */
  get label(): number {
    return largest(this.#all);
  }
}

/** The key of the largest count, the smallest key of several. */
function largest(counts: ReadonlyMap<number, number>): number {
  let [best, most] = [-1, 0];
  for (const [label, count] of counts) {
    if (count > most || (count === most && label < best)) [best, most] = [label, count];
  }
  return best;
}
