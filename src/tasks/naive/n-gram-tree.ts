/** The n-grams of a text and their counts, in a few flat arrays. */

/** The node of no symbols. */
export const ROOT = 0;

/** Nodes of a new tree. */
const FIRST = 2 ** 10;

/** A column of a number for each node. */
type Column = 'own' | 'following' | 'kinds';

/**
 * A tree whose nodes are n-grams: a context and one symbol more. A node takes 22 bytes, and 8 to 16 in the table that finds it. Objects
 * would take three times as much.
 */
export class NGramTree {
  #size = 1;
  #contexts = new Int32Array(FIRST);
  #symbols = new Int32Array(FIRST);
  #depths = new Uint16Array(FIRST);
  #columns: Record<Column, Uint32Array> = {
    own: new Uint32Array(FIRST),
    following: new Uint32Array(FIRST),
    kinds: new Uint32Array(FIRST),
  };
  /** Open addressing: 1 + node, or 0. At most half of it is used. */
  #table = new Int32Array(2 * FIRST);

  /** Number of nodes, the root among them. */
  get size(): number {
    return this.#size;
  }

  /** Number of symbols of a node's n-gram. */
  depthOf(node: number): number {
    return this.#depths[node] as number;
  }

  /** The count of a node. */
  get(column: Column, node: number): number {
    return this.#columns[column][node] as number;
  }

  /** Adds one to the count of a node. */
  increment(column: Column, node: number): void {
    const values = this.#columns[column];
    values[node] = (values[node] as number) + 1;
  }

  /** The node of a context and one symbol more, undefined where there is none. */
  find(context: number, symbol: number): number | undefined {
    const node = (this.#table[this.#slotOf(context, symbol)] as number) - 1;
    return node < 0 ? undefined : node;
  }

  /** A new node, which must not be there. */
  add(context: number, symbol: number): number {
    if (this.#size === this.#depths.length) this.#grow();
    const node = this.#size++;
    this.#contexts[node] = context;
    this.#symbols[node] = symbol;
    this.#depths[node] = this.depthOf(context) + 1;
    this.#table[this.#slotOf(context, symbol)] = node + 1;
    return node;
  }

  /** Where the node is in the table, or the free slot where it would be. */
  #slotOf(context: number, symbol: number): number {
    const mask = this.#table.length - 1;
    let hash = Math.imul(context, 0x9e3779b1) ^ Math.imul(symbol + 1, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    for (let slot = (hash ^ (hash >>> 13)) & mask; ; slot = (slot + 1) & mask) {
      const node = (this.#table[slot] as number) - 1;
      if (node < 0 || (this.#contexts[node] === context && this.#symbols[node] === symbol)) return slot;
    }
  }

  #grow(): void {
    const size = 2 * this.#depths.length;
    const larger = <A extends Int32Array | Uint16Array | Uint32Array>(array: A, make: new (size: number) => A): A => {
      const copy = new make(size);
      copy.set(array);
      return copy;
    };
    this.#contexts = larger(this.#contexts, Int32Array);
    this.#symbols = larger(this.#symbols, Int32Array);
    this.#depths = larger(this.#depths, Uint16Array);
    const { own, following, kinds } = this.#columns;
    this.#columns = {
      own: larger(own, Uint32Array),
      following: larger(following, Uint32Array),
      kinds: larger(kinds, Uint32Array),
    };
    this.#table = new Int32Array(2 * size);
    for (let node = 1; node < this.#size; node++) {
      this.#table[this.#slotOf(this.#contexts[node] as number, this.#symbols[node] as number)] = node + 1;
    }
  }
}
