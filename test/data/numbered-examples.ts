/** Sequences whose ids say which example they are of, for tests of batches. */

import type { Batch } from '../../src/batch/batch.js';
import type { SequenceExample } from '../../src/batch/sequence-packing.js';
import { Random } from '../../src/core/random.js';

/** Sequences whose every id is the number of the example. */
export function numbered(count: number, seed = 1): SequenceExample[] {
  const random = new Random(seed, 'examples');
  return Array.from({ length: count }, (_, index) => ({
    input: new Int32Array(1 + random.integer(20)).fill(index),
    target: index,
  }));
}

/** All batches of an epoch. */
export async function all(batches: AsyncIterable<Batch>): Promise<Batch[]> {
  const list: Batch[] = [];
  for await (const batch of batches) list.push(batch);
  return list;
}

/** The numbers of the examples of a batch. */
export const targets = (batch: Batch) => [...(batch.targets?.['target'] ?? [])];
