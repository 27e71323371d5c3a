import { describe, expect, it } from 'vitest';
import { contiguousBatch, packSequences } from '../../src/batch/packed-batch.js';
import { applyOrder, restoreOrder } from '../../src/batch/sequence-rows.js';
import { Random } from '../../src/core/random.js';

const ids = (...values: number[]) => Int32Array.from(values);
const rows = (...values: number[]) => Float32Array.from(values);
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('a target for every sequence', () => {
  const sequences = [ids(1), ids(2, 2, 2), ids(3, 3)];

  it('is packed in the order of the batch', () => {
    expect(packSequences(sequences, { sequenceTargets: ids(10, 20, -1) }).targets).toEqual({ target: ids(20, -1, 10) });
    const wide = packSequences(sequences, { sequenceTargets: rows(1, 2, 3, 4, 5, 6), targetFeatures: 2 });
    expect(wide.targets).toEqual({ target: rows(3, 4, 5, 6, 1, 2) });
  });

  it('is refused when it does not fit, or stands beside targets of steps', () => {
    expect(() => packSequences(sequences, { sequenceTargets: ids(1, 2) })).toThrow(
      'there are 2 target numbers, but the 3 sequences with 1 features need 3',
    );
    expect(() => packSequences(sequences, { sequenceTargets: rows(1, 2, 3), targetFeatures: 2 })).toThrow(
      code('length_mismatch'),
    );
    expect(() => packSequences(sequences, { sequenceTargets: ids(1, 2, 3), targets: sequences })).toThrow(
      code('invalid_option'),
    );
    expect(() => packSequences(sequences, { sequenceTargets: [1, 2, 3] as never })).toThrow(code('invalid_option'));
  });

  it('goes with contiguous batches as it is', () => {
    const batch = contiguousBatch(ids(1, 2, 3, 4, 5, 6), { batch: 2, sequenceTargets: ids(7, 8) });
    expect(batch.targets).toEqual({ target: ids(7, 8) });
    const wide = contiguousBatch(rows(1, 2, 3, 4), { batch: 2, sequenceTargets: rows(7, 8, 9, 10) });
    expect(wide.targets?.['target']).toHaveLength(4);
    expect(() => contiguousBatch(ids(1, 2), { batch: 2, sequenceTargets: ids(1) })).toThrow(code('length_mismatch'));
    expect(() => contiguousBatch(ids(1, 2), { batch: 2, sequenceTargets: ids(1, 2, 3, 4) })).toThrow(
      'there are 4 target ids for 2 sequences',
    );
    const both = { batch: 2, sequenceTargets: ids(1, 2), targets: ids(1, 2) };
    expect(() => contiguousBatch(ids(1, 2), both)).toThrow(code('invalid_option'));
  });
});

describe('rows of sequences', () => {
  it('go to the order of the batch and back', () => {
    const batch = packSequences([ids(1), ids(2, 2, 2), ids(3, 3)]);
    expect(restoreOrder(batch, rows(2, 3, 1))).toEqual(rows(1, 2, 3));
    expect(applyOrder(batch, rows(1, 2, 3))).toEqual(rows(2, 3, 1));
    expect(applyOrder(batch, ids(10, 11, 20, 21, 30, 31), 2)).toEqual(ids(20, 21, 30, 31, 10, 11));
  });

  it('are the same after both, and the arguments stay as they are', () => {
    const random = new Random(1, 'rows');
    for (let round = 0; round < 50; round++) {
      const width = 1 + random.integer(4);
      const sequences = Array.from({ length: 1 + random.integer(8) }, () => new Int32Array(1 + random.integer(6)));
      const batch = packSequences(sequences);
      const given = Float32Array.from({ length: sequences.length * width }, () => random.uniform());
      const kept = given.slice();
      expect(restoreOrder(batch, applyOrder(batch, given, width), width)).toEqual(given);
      expect(applyOrder(batch, restoreOrder(batch, given, width), width)).toEqual(kept);
    }
  });

  it('stay where they are in a batch without an order', () => {
    expect(restoreOrder({ batchSizes: ids(2, 1) }, rows(1, 2))).toEqual(rows(1, 2));
  });

  it('are refused when they do not fit the batch', () => {
    const batch = packSequences([ids(1), ids(2, 2)]);
    expect(() => restoreOrder(batch, rows(1, 2, 3))).toThrow(
      'there are 3 numbers, but the 2 sequences of the batch with 1 features need 2',
    );
    expect(() => applyOrder(batch, rows(1, 2), 2)).toThrow(code('length_mismatch'));
    expect(() => applyOrder(batch, rows(1, 2), 0)).toThrow(code('invalid_option'));
    expect(() => restoreOrder(batch, [1, 2] as never)).toThrow(code('invalid_option'));
    expect(() => applyOrder(batch, undefined as never)).toThrow(code('invalid_option'));
    expect(() => applyOrder({ batchSizes: ids(2), order: ids(0, 0) }, rows(1, 2))).toThrow(code('length_mismatch'));
  });

  it('are refused when the batch is none', () => {
    const order = ids(1, 0);
    for (const reorder of [restoreOrder, applyOrder]) {
      expect(() => reorder({ batchSizes: ids(2, 5), order }, rows(1, 2))).toThrow('batchSizes[1] is 5, expected 1..2');
      expect(() => reorder({ batchSizes: ids(2, 0), order }, rows(1, 2))).toThrow(code('shape_mismatch'));
      expect(() => reorder({ batchSizes: ids(), order: ids() }, rows())).toThrow(code('shape_mismatch'));
      expect(() => reorder({ batchSizes: [2, 1] as never, order }, rows(1, 2))).toThrow(code('rank_mismatch'));
      expect(() => reorder({ batchSizes: ids(2), order: [0.5, 1] as never }, rows(1, 2))).toThrow(
        code('rank_mismatch'),
      );
      expect(() => reorder(undefined as never, rows(1, 2))).toThrow(code('rank_mismatch'));
    }
  });
});
