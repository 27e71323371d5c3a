import { describe, expect, it } from 'vitest';
import { contiguousBatch, packSequences, unpackSequences } from '../../src/batch/packed-batch.js';
import { Random } from '../../src/core/random.js';

const ids = (...values: number[]) => Int32Array.from(values);
const rows = (...values: number[]) => Float32Array.from(values);
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('packSequences', () => {
  it('sorts longest first, time-major, and remembers the order', () => {
    expect(packSequences([ids(1, 2), ids(3, 4, 5), ids(6)])).toEqual({
      order: ids(1, 0, 2),
      batchSizes: ids(3, 2, 1),
      inputs: { input: ids(3, 1, 6, 4, 2, 5) },
    });
  });

  it('keeps the order of sequences of equal length', () => {
    expect([...packSequences([ids(1), ids(2, 2), ids(3), ids(4, 4), ids(5)]).order]).toEqual([1, 3, 0, 2, 4]);
  });

  it('packs rows of features and targets beside them', () => {
    const batch = packSequences([rows(1, 2), rows(3, 4, 5, 6)], { features: 2, targets: [ids(7), ids(8, -1)] });
    expect(batch.inputs).toEqual({ input: rows(3, 4, 1, 2, 5, 6) });
    expect(batch.targets).toEqual({ target: ids(8, 7, -1) });
    const dense = packSequences([ids(1), ids(2, 3)], { targets: [rows(1, 1), rows(2, 2, 3, 3)], targetFeatures: 2 });
    expect(dense.targets).toEqual({ target: rows(2, 2, 1, 1, 3, 3) });
  });

  it('agrees with its definition, and unpacking inverts it, for random lengths', () => {
    const random = new Random(1, 'pack');
    for (let round = 0; round < 100; round++) {
      const features = 1 + random.integer(4);
      const sequences = Array.from({ length: 1 + random.integer(9) }, () =>
        Float32Array.from({ length: (1 + random.integer(12)) * features }, () => random.uniform()),
      );
      const targets = sequences.map((sequence) =>
        Int32Array.from({ length: sequence.length / features }, () => random.integer(99)),
      );
      const batch = packSequences(sequences, { features, targets });
      const lengths = sequences.map((sequence) => sequence.length / features);
      expect(batch.batchSizes.length).toBe(Math.max(...lengths));
      batch.batchSizes.forEach((alive, step) => {
        expect(alive).toBe(lengths.filter((length) => length > step).length);
      });
      expect([...batch.order].map((index) => lengths[index])).toEqual([...lengths].sort((a, b) => b - a));
      let row = 0;
      batch.batchSizes.forEach((alive, step) => {
        for (let place = 0; place < alive; place++, row++) {
          const index = batch.order[place] as number;
          expect(batch.targets?.target?.[row]).toBe(targets[index]?.[step]);
          expect(batch.inputs.input?.subarray(row * features, (row + 1) * features)).toEqual(
            sequences[index]?.subarray(step * features, (step + 1) * features),
          );
        }
      });
      expect(unpackSequences(batch, batch.inputs.input as Float32Array, features)).toEqual(sequences);
      expect(unpackSequences(batch, batch.targets?.target as Int32Array)).toEqual(targets);
    }
  });

  it('refuses empty batches and empty sequences, naming the sequence', () => {
    expect(() => packSequences([])).toThrow(code('empty_data'));
    expect(() => packSequences([ids(1), ids()])).toThrow('sequence 1 is empty');
  });

  it('refuses features that do not fit, naming both sizes', () => {
    expect(() => packSequences([rows(1, 2), rows(1, 2, 3)], { features: 2 })).toThrow(
      'sequence 1 has 3 numbers, which is not a multiple of features 2',
    );
    expect(() => packSequences([ids(1, 2)], { features: 2 })).toThrow(code('shape_mismatch'));
    expect(() => packSequences([rows(1)], { features: 0 })).toThrow(code('invalid_option'));
    expect(() => packSequences([rows(1), ids(1)])).toThrow(
      'sequence 1 is of type Int32Array, sequence 0 of type Float32Array',
    );
    expect(() => packSequences([[1, 2] as unknown as Int32Array])).toThrow(code('invalid_option'));
    expect(() => packSequences([ids(1)], { target: [ids(1)] } as object)).toThrow(code('unknown_option'));
  });

  it('refuses targets that do not fit their sequences, naming both sizes', () => {
    expect(() => packSequences([ids(1, 2)], { targets: [] })).toThrow('there are 1 sequences but 0 targets');
    expect(() => packSequences([ids(1), ids(1, 2)], { targets: [ids(1), ids(1)] })).toThrow(
      'target 1 has 1 numbers, but its sequence of 2 steps needs 2',
    );
    expect(() => packSequences([ids(1)], { targets: [rows(1, 2, 3)], targetFeatures: 2 })).toThrow(
      code('length_mismatch'),
    );
  });
});

describe('unpackSequences', () => {
  it('keeps the order of the batch when there is no other', () => {
    expect(unpackSequences({ batchSizes: ids(2, 1) }, rows(1, 2, 3))).toEqual([rows(1, 3), rows(2)]);
  });

  it('refuses rows, sizes and orders that do not fit', () => {
    expect(() => unpackSequences({ batchSizes: ids(2, 1) }, rows(1, 2))).toThrow(code('length_mismatch'));
    expect(() => unpackSequences({ batchSizes: ids(1, 2) }, rows(1, 2, 3))).toThrow(
      'batchSizes[1] is 2, expected 1..1',
    );
    expect(() => unpackSequences({ batchSizes: ids(1, 0) }, rows(1))).toThrow(code('shape_mismatch'));
    expect(() => unpackSequences({ batchSizes: ids() }, rows())).toThrow('batchSizes is empty');
    expect(() => unpackSequences({ batchSizes: [2, 1] as never }, rows(1, 2, 3))).toThrow('batchSizes is Array');
    expect(() => unpackSequences({ batchSizes: ids(1) }, [1] as never)).toThrow(code('invalid_option'));
    expect(() => unpackSequences({ batchSizes: ids(2), order: [1, 0] as never }, rows(1, 2))).toThrow('order is Array');
    for (const order of [ids(0), ids(0, 0), ids(0, 2), ids(-1, 0)]) {
      expect(() => unpackSequences({ batchSizes: ids(2), order }, rows(1, 2))).toThrow(code('length_mismatch'));
    }
  });
});

describe('contiguousBatch', () => {
  it('keeps time-major rows as they are', () => {
    const input = ids(1, 2, 3, 4, 5, 6);
    const batch = contiguousBatch(input, { batch: 2, targets: ids(2, 3, 4, 5, 6, 7) });
    expect(batch.batchSizes).toEqual(ids(2, 2, 2));
    expect(batch.inputs.input).toBe(input);
    expect(contiguousBatch(rows(1, 2, 3, 4), { batch: 1, features: 2 }).batchSizes).toEqual(ids(1, 1));
  });

  it('refuses rows that do not fill whole steps and targets that do not fit', () => {
    expect(() => contiguousBatch(ids(1, 2, 3), { batch: 2 })).toThrow('3 numbers are not whole steps of batch 2');
    expect(() => contiguousBatch(ids(), { batch: 2 })).toThrow(code('empty_data'));
    expect(() => contiguousBatch(ids(1, 2), { batch: 0 })).toThrow(code('invalid_option'));
    expect(() => contiguousBatch(ids(1, 2), { batch: 1, targets: ids(1) })).toThrow(code('length_mismatch'));
    expect(() => contiguousBatch(ids(1, 2), { batch: 1, targets: ids(1, 2, 3, 4) })).toThrow(
      'there are 4 target ids for 2 rows',
    );
    expect(() => contiguousBatch(ids(1, 2), { batch: 1, targets: rows(1, 2, 3) })).toThrow(code('length_mismatch'));
    expect(contiguousBatch(ids(1, 2), { batch: 1, targets: rows(1, 2, 3, 4) }).targets?.target?.length).toBe(4);
    expect(() => contiguousBatch(ids(1, 2), { batch: 1, targets: [1, 2] as never })).toThrow(code('invalid_option'));
  });

  it('takes targets of null for none, as packSequences does', () => {
    const none = { targets: null, sequenceTargets: null } as never;
    expect(contiguousBatch(ids(1, 2), { ...{ batch: 1 }, ...(none as object) }).targets).toBeUndefined();
    expect(packSequences([ids(1, 2)], none).targets).toBeUndefined();
  });
});
