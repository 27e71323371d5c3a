/** The batches of an epoch: batches of examples with similar lengths, in random or in fixed order. */
import type { Random } from '../core/random.js';

/** The limit of a batch, and the number of batches that are sorted by length together. */
export interface BatchRule {
  /** The limited quantity: the sequences of a batch, or its valid steps. */
  readonly limit: 'batch' | 'tokens';
  /** The limit, integer >= 1. A single longer example is a batch by itself. */
  readonly size: number;
  /** Number of batches in a pool, integer >= 1, or Infinity: one pool of all examples. */
  readonly pool: number;
  /**
   * Steps of the shortest example that may be a batch by itself; default 1, Infinity where none may. Others take the last example of the
   * batch before, or join it, or that behind it. It is not kept where all batches have one example, by their limit or as there is no other.
   */
  readonly shortestAlone?: number;
}

function numbersUpTo(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, index) => index);
}

/**
 * The batches of one epoch. The examples are shuffled and cut into pools of `pool` batches. Each pool is sorted by
 * length and cut into batches, and all batches are shuffled. So a batch has similar lengths, but neither its examples
 * nor the order of batches are the same in the next epoch. Without random numbers nothing is shuffled.
 *
 * Memory: 4 bytes for each example and 8 for each batch. The same lengths, rule and random numbers give the same plan.
 */
export class BatchPlan {
  /** Number of batches. */
  readonly batches: number;
  readonly #order: Int32Array;
  // [batches + 1] the start of each batch in the order, and [batches] the order in which the batches are read.
  readonly #starts: Int32Array;
  readonly #turns: Int32Array;

  /**
   * @param lengths [examples] steps of each, integers >= 1
   * @param random draws the order; no other code may draw from this stream
   */
  constructor(lengths: Int32Array, rule: BatchRule, random?: Random) {
    const order = numbersUpTo(lengths.length);
    random?.shuffle(order);
    const starts: number[] = [];
    for (let begin = 0; begin < order.length; ) {
      const end = endOfPool(order, lengths, rule, begin);
      // The sort is stable: examples of equal length stay in random order.
      order.subarray(begin, end).sort((left, right) => (lengths[left] as number) - (lengths[right] as number));
      cutPool(order, lengths, rule, begin, end, starts);
      begin = end;
    }
    joinAlone(starts, order, lengths, rule);
    this.batches = starts.length;
    this.#order = order;
    this.#starts = Int32Array.from([...starts, order.length]);
    this.#turns = numbersUpTo(starts.length);
    random?.shuffle(this.#turns);
  }

  /** The first of the examples that are batches by themselves and shorter than `shortest`; undefined where there is none. */
  aloneBelow(shortest: number, lengths: Int32Array): number | undefined {
    for (let turn = 0; turn < this.batches; turn++) {
      const [begin, end] = [this.#starts[turn] as number, this.#starts[turn + 1] as number];
      const example = this.#order[begin] as number;
      if (end - begin === 1 && (lengths[example] as number) < shortest) return example;
    }
    return undefined;
  }

  /** Numbers of the examples of a batch, shortest first: a copy. @param place 0 .. batches-1 */
  examplesOf(place: number): Int32Array {
    const turn = this.#turns[place] as number;
    return this.#order.slice(this.#starts[turn], this.#starts[turn + 1]);
  }
}

function endOfPool(order: Int32Array, lengths: Int32Array, { limit, size, pool }: BatchRule, begin: number): number {
  if (limit === 'batch') return Math.min(order.length, begin + size * pool);
  let end = begin;
  let steps = 0;
  while (end < order.length) {
    steps += lengths[order[end] as number] as number;
    if (steps > size * pool && end > begin) break;
    end++;
  }
  return end;
}

/** Appends the starts of the batches of a pool. */
function cutPool(
  order: Int32Array,
  lengths: Int32Array,
  { limit, size }: BatchRule,
  begin: number,
  end: number,
  starts: number[],
): void {
  let filled = Number.POSITIVE_INFINITY;
  for (let at = begin; at < end; at++) {
    const weight = limit === 'batch' ? 1 : (lengths[order[at] as number] as number);
    if (filled + weight > size) {
      starts.push(at);
      filled = 0;
    }
    filled += weight;
  }
}

/** Gives company to the examples that may not be batches by themselves. */
function joinAlone(
  starts: number[],
  order: Int32Array,
  lengths: Int32Array,
  { limit, size, shortestAlone = 1 }: BatchRule,
): void {
  if (shortestAlone <= 1 || (limit === 'batch' && size === 1)) return;
  const startOf = (turn: number) => starts[turn] ?? order.length;
  for (let turn = 0; turn < starts.length; turn++) {
    const begin = startOf(turn);
    // Of batches of so many examples each is joined, whatever its length, so that every epoch has as many of them.
    const isShort = limit === 'batch' || (lengths[order[begin] as number] as number) < shortestAlone;
    if (startOf(turn + 1) - begin > 1 || !isShort || starts.length === 1) continue;
    const isFirst = turn === 0;
    const neighbour = isFirst ? 1 : turn - 1;
    const isLarge = startOf(neighbour + 1) - startOf(neighbour) > 2;
    if (!isLarge) starts.splice(isFirst ? 1 : turn, 1);
    else if (isFirst) starts[1] = startOf(1) + 1;
    else starts[turn] = begin - 1;
    if (!isLarge) turn--;
  }
}
