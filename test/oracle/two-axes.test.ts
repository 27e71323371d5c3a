import { describe, expect, it } from 'vitest';
import { innerProduct } from './gradient-check.js';
import { matrix } from './matrix.js';
import { RandomOperands } from './random-matrix.js';
import { gatherSequences, type OtherAxis, partners, scatterSequences } from './two-axes.js';

/** Three sequences of the own axis, of the samples 1, 3 and 1. */
const batchSizes = [3, 1];
/** Four of the other, of the samples 2, 0, 3 and 1. */
const other: OtherAxis = { batchSizes: [4, 4, 2], samples: [2, 0, 3, 1], ownSamples: [1, 3, 1] };

describe('the reference of the operations of two time axes', () => {
  it('finds the sequence of the other axis that has the same sample', () => {
    expect(partners({ batchSizes, other })).toEqual([3, 2, 3]);
  });

  it('gathers rows and scatters them with the sum of those that meet, and 0 where none does', () => {
    const x = matrix(4, 2, [1, 10, 2, 20, 3, 30, 4, 40]);
    expect([...gatherSequences({ x, batchSizes, other }).y.data]).toEqual([4, 40, 3, 30, 4, 40]);
    const dy = matrix(3, 2, [1, 10, 2, 20, 4, 40]);
    expect([...scatterSequences({ dy, batchSizes, other }).dx.data]).toEqual([0, 0, 0, 0, 2, 20, 5, 50]);
  });

  it('scatters with the transpose of what it gathers with', () => {
    const random = new RandomOperands(5);
    const [x, dy] = [random.matrix(4, 3), random.matrix(3, 3)];
    const { y } = gatherSequences({ x, batchSizes, other });
    const { dx } = scatterSequences({ dy, batchSizes, other });
    expect(innerProduct(y, dy)).toBeCloseTo(innerProduct(x, dx), 12);
  });

  it('rejects a matrix of another number of rows, and samples that have no place', () => {
    const x = matrix(3, 1, [1, 2, 3]);
    expect(() => gatherSequences({ x, batchSizes, other })).toThrow('x is [3, 1]');
    expect(() => scatterSequences({ dy: matrix(4, 1, [1, 2, 3, 4]), batchSizes, other })).toThrow('dy is [4, 1]');
    const refused = (change: Partial<OtherAxis>) => () => partners({ batchSizes, other: { ...other, ...change } });
    expect(refused({ ownSamples: [1, 4, 1] })).toThrow('sample 4 is none of [2,0,3,1]');
    expect(refused({ ownSamples: [1, 3] })).toThrow('the samples of 3 and 4 sequences');
    expect(refused({ samples: [2, 0, 3, 3] })).toThrow('the samples of 3 and 4 sequences');
  });
});
