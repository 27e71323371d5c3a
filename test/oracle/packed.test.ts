import { describe, expect, it } from 'vitest';
import { matrix, vector } from './matrix.js';
import { packedOffsets, packedSteps, previousState, rowCount, sequenceCount } from './packed.js';

describe('the packed rows of the reference', () => {
  it('hold step t of sequence b at offset[t] + b', () => {
    // Lengths 4, 2, 1:  t0: a b c   t1: a b   t2: a   t3: a
    const batchSizes = [3, 2, 1, 1];
    expect(packedOffsets(batchSizes)).toEqual([0, 3, 5, 6]);
    expect(rowCount(batchSizes)).toBe(7);
    expect(sequenceCount(batchSizes)).toBe(3);
    const rowsOf = (b: number) =>
      packedSteps(batchSizes)
        .filter((step) => step.sequence === b)
        .map((step) => step.row);
    expect([0, 1, 2].map(rowsOf)).toEqual([[0, 3, 5, 6], [1, 4], [2]]);
  });

  it('know the row before, the time and the last step of each sequence', () => {
    const steps = packedSteps([2, 1]);
    expect(steps).toEqual([
      { sequence: 0, time: 0, row: 0, previousRow: undefined, isLast: false },
      { sequence: 0, time: 1, row: 2, previousRow: 0, isLast: true },
      { sequence: 1, time: 0, row: 1, previousRow: undefined, isLast: true },
    ]);
  });

  it('are walked backwards from the last step of each sequence', () => {
    expect(packedSteps([2, 1], true)).toEqual([
      { sequence: 0, time: 1, row: 2, previousRow: undefined, isLast: false },
      { sequence: 0, time: 0, row: 0, previousRow: 2, isLast: true },
      { sequence: 1, time: 0, row: 1, previousRow: undefined, isLast: true },
    ]);
  });

  it('take the state before the first step from the initial state, or zero', () => {
    const states = matrix(3, 1, [10, 20, 30]);
    const [first, second, other] = packedSteps([2, 1]);
    if (first === undefined || second === undefined || other === undefined) {
      throw new Error('[2, 1] has three steps');
    }
    const initial = matrix(2, 1, [-1, -2]);
    expect(previousState(states, initial, first, 0)).toBe(-1);
    expect(previousState(states, initial, second, 0)).toBe(10);
    expect(previousState(states, initial, other, 0)).toBe(-2);
    expect(previousState(states, undefined, other, 0)).toBe(0);
  });

  it.each([[[]], [[0]], [[1, 2]], [[2, 0]], [[1.5]], [[2, -1]], [[Number.NaN]]])(
    'reject batch sizes %j',
    (batchSizes) => {
      expect(() => packedSteps(batchSizes)).toThrow('batchSizes');
    },
  );
});

describe('the matrix of the reference', () => {
  it('owns a copy of its values and rejects another number of them', () => {
    const values = Float32Array.of(1, 2);
    const row = vector(values);
    values[0] = 9;
    expect([...row.data]).toEqual([1, 2]);
    expect(() => matrix(2, 2, values)).toThrow('2 values');
  });
});
