import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { BatchPlan, type BatchRule } from '../../src/data/batch-plan.js';

const ALL = Number.POSITIVE_INFINITY;

function batchesOf(lengths: Int32Array, rule: BatchRule, random?: Random): number[][] {
  const plan = new BatchPlan(lengths, rule, random);
  return Array.from({ length: plan.batches }, (_, place) => [...plan.examplesOf(place)]);
}

/** Lengths, and every kind of rule, at random. */
function* cases(): Generator<{ lengths: Int32Array; rule: BatchRule; seed: number }> {
  const random = new Random(11, 'plans');
  for (let seed = 0; seed < 300; seed++) {
    const lengths = Int32Array.from({ length: 1 + random.integer(90) }, () => 1 + random.integer(30));
    const limit = random.integer(2) === 0 ? 'batch' : 'tokens';
    const size = 1 + random.integer(limit === 'batch' ? 12 : 80);
    const pool = [1, 2, 5, ALL][random.integer(4)] as number;
    yield { lengths, rule: { limit, size, pool }, seed };
  }
}

describe('BatchPlan', () => {
  it('has each example exactly once, shuffled or not', () => {
    for (const { lengths, rule, seed } of cases()) {
      for (const random of [undefined, new Random(seed, 'order')]) {
        const all = batchesOf(lengths, rule, random).flat();
        expect(all.sort((a, b) => a - b)).toEqual([...lengths.keys()]);
      }
    }
  });

  it('never exceeds the limit, but for a single example that is longer', () => {
    for (const { lengths, rule, seed } of cases()) {
      for (const batch of batchesOf(lengths, rule, new Random(seed, 'order'))) {
        const steps = batch.reduce((sum, index) => sum + (lengths[index] as number), 0);
        const weight = rule.limit === 'batch' ? batch.length : steps;
        expect(weight <= rule.size || batch.length === 1).toBe(true);
        expect(batch.length).toBeGreaterThan(0);
      }
    }
  });

  it('leaves no example by itself that may not be, beyond the limit where there is no other way', () => {
    for (const { lengths, rule, seed } of cases()) {
      const shortestAlone = [2, 8, ALL][seed % 3] as number;
      const free = batchesOf(lengths, rule, new Random(seed, 'order'));
      const batches = batchesOf(lengths, { ...rule, shortestAlone }, new Random(seed, 'order'));
      expect(batches.flat().sort((a, b) => a - b)).toEqual([...lengths.keys()]);
      const isOne = lengths.length === 1 || (rule.limit === 'batch' && rule.size === 1);
      const isAlone = (batch: number[]) =>
        batch.length === 1 && (lengths[batch[0] as number] as number) < shortestAlone;
      if (isOne || !free.some(isAlone)) {
        if (rule.limit === 'tokens' || isOne) expect(batches).toEqual(free);
        continue;
      }
      expect(batches.some(isAlone)).toBe(false);
      const most = rule.limit === 'batch' ? Math.max(3, rule.size) : ALL;
      expect(Math.max(...batches.map((batch) => batch.length))).toBeLessThanOrEqual(most);
    }
  });

  it('moves an example of the batch before, or joins two batches', () => {
    const lengths = new Int32Array(7).fill(1);
    const rule = { limit: 'batch', pool: ALL, shortestAlone: ALL } as const;
    expect(batchesOf(lengths, { ...rule, size: 3 })).toEqual([
      [0, 1, 2],
      [3, 4],
      [5, 6],
    ]);
    expect(batchesOf(lengths, { ...rule, size: 2 })).toEqual([
      [0, 1],
      [2, 3],
      [4, 5, 6],
    ]);
    const tokens = { limit: 'tokens', pool: ALL, size: 4, shortestAlone: 4 } as const;
    expect(batchesOf(Int32Array.of(1, 4, 3, 5), tokens)).toEqual([[0, 2], [1], [3]]);
    expect(batchesOf(Int32Array.of(3, 3, 3), tokens)).toEqual([[0, 1, 2]]);
    expect(batchesOf(Int32Array.of(2, 3, 3, 3), tokens)).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  it('leaves no batch open that could have taken the next example of its pool', () => {
    const lengths = Int32Array.of(5, 3, 1, 4, 2, 9);
    expect(batchesOf(lengths, { limit: 'tokens', size: 6, pool: ALL })).toEqual([[2, 4, 1], [3], [0], [5]]);
    expect(batchesOf(lengths, { limit: 'batch', size: 4, pool: ALL })).toEqual([
      [2, 4, 1, 3],
      [0, 5],
    ]);
  });

  it('sorts within pools only, and keeps the order of pools and of equal lengths when nothing is shuffled', () => {
    const lengths = Int32Array.of(3, 1, 2, 2, 9, 1, 1, 5);
    expect(batchesOf(lengths, { limit: 'batch', size: 2, pool: 2 })).toEqual([
      [1, 2],
      [3, 0],
      [5, 6],
      [7, 4],
    ]);
    expect(batchesOf(lengths, { limit: 'tokens', size: 4, pool: 2 })).toEqual([[1, 2], [3], [0], [4], [5, 6], [7]]);
  });

  it('is the same for the same random numbers, and another for others', () => {
    const lengths = Int32Array.from({ length: 200 }, (_, index) => 1 + ((index * 7) % 23));
    for (const rule of [
      { limit: 'batch', size: 8, pool: 5 },
      { limit: 'tokens', size: 64, pool: ALL },
    ] as const) {
      const orders = ['a', 'a', 'b'].map((name) => batchesOf(lengths, rule, new Random(1, name)));
      expect(orders[1]).toEqual(orders[0]);
      expect(orders[2]).not.toEqual(orders[0]);
      // Not only the turn of the batches: who is in a batch with whom differs as well.
      const sets = orders.map((batches) => new Set(batches.map((batch) => batch.sort((a, b) => a - b).join())));
      expect(sets[2]).not.toEqual(sets[0]);
    }
  });

  it('gives batches of similar lengths: padded to their longest, they would hardly grow', () => {
    const random = new Random(3, 'lengths');
    const lengths = Int32Array.from({ length: 4000 }, () => 1 + random.integer(100));
    const padded = (pool: number) => {
      const batches = batchesOf(lengths, { limit: 'batch', size: 20, pool }, new Random(1, 'order'));
      return batches.reduce(
        (sum, batch) => sum + batch.length * Math.max(...batch.map((index) => lengths[index] as number)),
        0,
      );
    };
    const steps = lengths.reduce((sum, length) => sum + length, 0);
    expect(padded(1) / steps).toBeGreaterThan(1.8);
    expect(padded(50) / steps).toBeLessThan(1.05);
  });

  it('shuffles batches, so that lengths do not rise in the course of an epoch', () => {
    const lengths = Int32Array.from({ length: 1000 }, (_, index) => index + 1);
    const batches = batchesOf(lengths, { limit: 'batch', size: 10, pool: ALL }, new Random(2, 'order'));
    const firsts = batches.map(([first = 0]) => first);
    expect(firsts).not.toEqual([...firsts].sort((a, b) => a - b));
  });
});
