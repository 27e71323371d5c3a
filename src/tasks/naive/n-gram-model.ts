/** A language model that counts: the naive rule for texts, and a good one. */

/** What an n-gram model learns from. */
export interface NGramOptions {
  /** Symbols that it knows: ids are below it. */
  readonly symbols: number;
  /** Largest number of symbols that it looks at, the predicted one among them. Integer >= 1. */
  readonly order: number;
}

/** Numbers of one kind for all nodes of a tree that grows. */
class Column {
  #values = new Float64Array(1024);

  get(node: number): number {
    return this.#values[node] ?? 0;
  }

  add(node: number, amount: number): void {
    if (node >= this.#values.length) {
      const larger = new Float64Array(2 * Math.max(node, this.#values.length));
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[node] = this.get(node) + amount;
  }
}

/** Counts of the symbols that follow a context. */
interface Counts {
  /** Of each n-gram: how often it occurs, or how many symbols stand before it. */
  readonly own: Column;
  /** Of each context: the sum over all symbols that follow. */
  readonly following: Column;
  /** Of each context: the number of different symbols that follow. */
  readonly kinds: Column;
}

const newCounts = (): Counts => ({ own: new Column(), following: new Column(), kinds: new Column() });

const ROOT = 0;
/** Some 300 MB; a map of JavaScript has room for 2^24 entries. */
const MOST_NODES = 2 ** 22;
/** Symbols that take some milliseconds. */
const PIECE = 2048;

/**
 * Interpolated Kneser-Ney smoothing (Kneser, Ney 1995; Chen, Goodman 1999). The longest n-grams count how often they occur, shorter ones
 * how many different symbols stand before them. The discount of each length is n1 / (n1 + 2 n2), where n1 and n2 are the numbers of n-grams
 * that are counted once and twice.
 */
export class NGramModel {
  readonly #symbols: number;
  readonly #order: number;
  /** The node of a context and one symbol more: context * symbols + symbol -> node. */
  readonly #children = new Map<number, number>();
  readonly #occurrences = newCounts();
  readonly #continuations = newCounts();
  /** Number of symbols of each node's n-gram. */
  readonly #depths: number[] = [0];
  #discounts: readonly number[] | undefined;

  constructor({ symbols, order }: NGramOptions) {
    this.#symbols = symbols;
    this.#order = order;
  }

  /** Number of different n-grams that are counted. */
  get size(): number {
    return this.#depths.length - 1;
  }

  /** Counts the n-grams of one more text. It must not be called after `judge`. */
  learn(ids: ArrayLike<number>): void {
    for (const _ of this.learning(ids));
  }

  /** The same in pieces: yields after each of some thousand symbols. Ends early when there is no room for more n-grams. */
  *learning(ids: ArrayLike<number>): Generator<void, void, void> {
    let contexts = [ROOT];
    for (let at = 0; at < ids.length && this.size < MOST_NODES; at++) {
      contexts = this.#count(contexts, ids[at] as number);
      if (at % PIECE === PIECE - 1) yield;
    }
  }

  /** @param contexts nodes of the last 0, 1, 2, ... symbols @returns the same after `id` */
  #count(contexts: readonly number[], id: number): number[] {
    const longer = [ROOT];
    let shorter: number | undefined;
    for (const context of contexts) {
      const key = context * this.#symbols + id;
      let node = this.#children.get(key);
      if (node === undefined) {
        node = this.#depths.length;
        this.#depths.push((this.#depths[context] as number) + 1);
        this.#children.set(key, node);
        // A symbol that has not stood before the shorter n-gram yet.
        if (shorter !== undefined) this.#add(this.#continuations, contexts[longer.length - 2] as number, shorter);
      }
      this.#add(this.#occurrences, context, node);
      shorter = node;
      longer.push(node);
    }
    return longer.slice(0, this.#order);
  }

  #add({ own, following, kinds }: Counts, context: number, node: number): void {
    if (own.get(node) === 0) kinds.add(context, 1);
    own.add(node, 1);
    following.add(context, 1);
  }

  /** Counts of the n-grams of a length: all but the longest count what stands before them. */
  #counts(depth: number): Counts {
    return depth === this.#order ? this.#occurrences : this.#continuations;
  }

  #estimateDiscounts(): readonly number[] {
    const once = new Float64Array(this.#order + 1);
    const twice = new Float64Array(this.#order + 1);
    for (let node = 1; node < this.#depths.length; node++) {
      const depth = this.#depths[node] as number;
      const count = this.#counts(depth).own.get(node);
      if (count === 1) once[depth] = (once[depth] as number) + 1;
      if (count === 2) twice[depth] = (twice[depth] as number) + 1;
    }
    return Array.from(once, (n1, depth) => (n1 > 0 ? n1 / (n1 + 2 * (twice[depth] as number)) : 0.5));
  }

  /**
   * The negative logarithm of the probability of all symbols of a text but the first, in nats.
   *
   * @param ids the first symbol is only read
   * @returns the sum over the predicted symbols, and their number
   */
  judge(ids: ArrayLike<number>): { readonly sum: number; readonly predicted: number } {
    let sum = 0;
    for (const nats of this.judging(ids)) sum += nats;
    return { sum, predicted: Math.max(0, ids.length - 1) };
  }

  /** The same in pieces: the nats of some thousand symbols each. */
  *judging(ids: ArrayLike<number>): Generator<number, void, void> {
    this.#discounts ??= this.#estimateDiscounts();
    let contexts = this.#follow([ROOT], ids[0] as number);
    let sum = 0;
    for (let at = 1; at < ids.length; at++) {
      sum -= Math.log(this.#probability(contexts, ids[at] as number));
      contexts = this.#follow(contexts, ids[at] as number);
      if (at % PIECE !== 0) continue;
      yield sum;
      sum = 0;
    }
    yield sum;
  }

  /** The nodes of the last 0, 1, 2, ... symbols, as far as they have been seen. */
  #follow(contexts: readonly number[], id: number): number[] {
    const longer = [ROOT];
    for (const context of contexts) {
      const node = this.#children.get(context * this.#symbols + id);
      if (node === undefined || longer.length === this.#order) break;
      longer.push(node);
    }
    return longer;
  }

  #probability(contexts: readonly number[], id: number): number {
    let probability = 1 / this.#symbols;
    contexts.forEach((context, length) => {
      const depth = length + 1;
      const { own, following, kinds } = this.#counts(depth);
      const total = following.get(context);
      if (total === 0) return; // nothing follows it
      const node = this.#children.get(context * this.#symbols + id);
      const discount = this.#discounts?.[depth] as number;
      const count = node === undefined ? 0 : own.get(node);
      const held = (discount * kinds.get(context)) / total;
      probability = Math.max(count - discount, 0) / total + held * probability;
    });
    return probability;
  }
}
