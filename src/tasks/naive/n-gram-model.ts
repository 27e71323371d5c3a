/** A language model that counts: the naive rule for texts, and a good one. */
import { NGramTree, ROOT } from './n-gram-tree.js';

/** What an n-gram model learns from. */
export interface NGramOptions {
  /** Symbols that it knows: ids are below it. */
  readonly symbols: number;
  /** Largest number of symbols that it looks at, the predicted one among them. Integer >= 1. */
  readonly order: number;
}

/** Some 125 MB. */
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
  /**
   * `own` of each n-gram: how often it occurs, where it is one of the longest, else how many symbols stand before it. `following` of each
   * context: the sum over all symbols that follow; `kinds`: the number of different ones.
   */
  readonly #tree = new NGramTree();
  #discounts: readonly number[] | undefined;

  constructor({ symbols, order }: NGramOptions) {
    this.#symbols = symbols;
    this.#order = order;
  }

  /** Number of different n-grams that are counted. */
  get size(): number {
    return this.#tree.size - 1;
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
      let node = this.#tree.find(context, id);
      if (node === undefined) {
        node = this.#tree.add(context, id);
        // A symbol that has not stood before the shorter n-gram yet.
        if (shorter !== undefined) this.#add(contexts[longer.length - 2] as number, shorter);
      }
      if (this.#tree.depthOf(node) === this.#order) this.#add(context, node);
      shorter = node;
      longer.push(node);
    }
    return longer.slice(0, this.#order);
  }

  #add(context: number, node: number): void {
    if (this.#tree.get('own', node) === 0) this.#tree.increment('kinds', context);
    this.#tree.increment('own', node);
    this.#tree.increment('following', context);
  }

  #estimateDiscounts(): readonly number[] {
    const once = new Float64Array(this.#order + 1);
    const twice = new Float64Array(this.#order + 1);
    for (let node = 1; node < this.#tree.size; node++) {
      const depth = this.#tree.depthOf(node);
      const count = this.#tree.get('own', node);
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
      const node = this.#tree.find(context, id);
      if (node === undefined || longer.length === this.#order) break;
      longer.push(node);
    }
    return longer;
  }

  #probability(contexts: readonly number[], id: number): number {
    let probability = 1 / this.#symbols;
    contexts.forEach((context, length) => {
      const depth = length + 1;
      const total = this.#tree.get('following', context);
      if (total === 0) return; // nothing follows it
      const node = this.#tree.find(context, id);
      const discount = this.#discounts?.[depth] as number;
      const count = node === undefined ? 0 : this.#tree.get('own', node);
      const held = (discount * this.#tree.get('kinds', context)) / total;
      probability = Math.max(count - discount, 0) / total + held * probability;
    });
    return probability;
  }
}
