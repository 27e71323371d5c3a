import { describe, expect, it } from 'vitest';
import * as attention from './attention.js';
import { compareGradient, innerProduct } from './gradient-check.js';
import { at, type Matrix, mapElements, matrix, vector } from './matrix.js';
import { RandomOperands } from './random-matrix.js';
import type { OtherAxis } from './two-axes.js';

/** Lengths 2, 1, 1 of the samples 1, 0 and 1; on the other axis lengths 3 and 1 of the samples 1 and 0. */
const batchSizes = [3, 1];
const other: OtherAxis = { batchSizes: [2, 1, 1], samples: [1, 0], ownSamples: [1, 0, 1] };
const axes = { batchSizes, other };
const random = new RandomOperands(41);
const [N, M] = [4, 4];

function expectGradient(gradient: Matrix, variable: Matrix, objective: () => number): void {
  expect(gradient.data.some((value) => value !== 0)).toBe(true);
  const worst = compareGradient(gradient, variable, objective);
  expect(worst.ratio, worst.message).toBeLessThanOrEqual(1);
}

describe('the reference of attention', () => {
  it('weighs the steps of the source of the same sample by their products with the query', () => {
    const query = matrix(N, 1, [Math.log(2), 5, Math.log(3), 0]);
    // Packed rows: the steps of the first source are the rows 0, 2 and 3, the only one of the second is row 1.
    const key = matrix(M, 1, [0, 7, 1, 2]);
    const value = matrix(M, 2, [1, 10, 2, 20, 3, 30, 4, 40]);
    const { context, lse } = attention.attention({ query, key, value, scale: 1, ...axes });
    const first = (1 * 1 + 2 * 3 + 4 * 4) / 7;
    const third = (1 * 1 + 3 * 3 + 9 * 4) / 13;
    const expected = [first, 2, third, 8 / 3].flatMap((number) => [number, 10 * number]);
    for (const [index, number] of expected.entries()) expect(context.data[index]).toBeCloseTo(number, 12);
    for (const [index, number] of [Math.log(7), 35, Math.log(13), Math.log(3)].entries()) {
      expect(at(lse, index, 0) + at(lse, index, 1)).toBeCloseTo(number, 12);
    }
    const { weights } = attention.attentionWeights({ query, key, scale: 1, columns: 4, ...axes });
    expect([...weights.data.subarray(4, 8)]).toEqual([1, 0, 0, 0]);
    expect(at(weights, 0, 2)).toBeCloseTo(4 / 7, 12);
    const cut = attention.attentionWeights({ query, key, scale: 1, columns: 2, ...axes }).weights;
    expect(at(cut, 0, 1)).toBeCloseTo(2 / 7, 12);
  });

  it('scores additively with v and tanh of the sum', () => {
    const [query, key] = [matrix(N, 1, [0, 1, 2, 3]), matrix(M, 1, [1, 5, -1, 0.5])];
    const v = vector([2]);
    const { lse } = attention.additiveAttention({ query, key, v, value: key, ...axes });
    const scores = [1, -1, 0.5].map((number) => 2 * Math.tanh(number));
    expect(at(lse, 0, 0)).toBeCloseTo(Math.max(...scores), 12);
    expect(at(lse, 0, 0) + at(lse, 0, 1)).toBeCloseTo(
      Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0)),
      12,
    );
    expect([at(lse, 1, 0), at(lse, 1, 1)]).toEqual([expect.closeTo(2 * Math.tanh(6), 12), 0]);
  });

  it('has the gradients that central differences have', () => {
    const [query, key, value] = [random.matrix(N, 3), random.matrix(M, 3), random.matrix(M, 2)];
    const [v, dcontext] = [random.matrix(1, 3, -2, 2), random.matrix(N, 2)];
    const dot = { query, key, scale: -0.7, ...axes };
    const objective = () => innerProduct(attention.attention({ ...dot, value }).context, dcontext);
    const { lse } = attention.attention({ ...dot, value });
    const gradients = attention.attentionBackward({ ...dot, value, dcontext, lse });
    expectGradient(gradients.dquery, query, objective);
    expectGradient(gradients.dkey, key, objective);
    expectGradient(gradients.dvalue, value, objective);

    const additive = { query, key, v, ...axes };
    const additiveObjective = () => innerProduct(attention.additiveAttention({ ...additive, value }).context, dcontext);
    const kept = attention.additiveAttention({ ...additive, value }).lse;
    const results = attention.additiveAttentionBackward({ ...additive, value, dcontext, lse: kept });
    expectGradient(results.dquery, query, additiveObjective);
    expectGradient(results.dkey, key, additiveObjective);
    expectGradient(results.dv, v, additiveObjective);
    expectGradient(results.dvalue, value, additiveObjective);
  });

  it('gives a source that no row asks the gradient 0', () => {
    const [query, key, value] = [random.matrix(1, 3), random.matrix(M, 3), random.matrix(M, 2)];
    const alone = { batchSizes: [1], other: { ...other, ownSamples: [1] } };
    const { lse } = attention.attention({ query, key, value, scale: 1, ...alone });
    const dcontext = random.matrix(1, 2);
    const { dkey, dvalue } = attention.attentionBackward({ query, key, value, scale: 1, dcontext, lse, ...alone });
    for (const gradient of [dkey, dvalue]) {
      const row = [...gradient.data.subarray(gradient.columns, 2 * gradient.columns)];
      expect(row).toEqual(row.map(() => 0));
      expect(gradient.data.some((number) => number !== 0)).toBe(true);
    }
  });

  it('rejects operands that do not fit the axes', () => {
    const [query, key, v] = [random.matrix(N, 3), random.matrix(M, 3), random.matrix(1, 2)];
    const value = random.matrix(M + 1, 2);
    expect(() => attention.attention({ query, key, value, scale: 1, ...axes })).toThrow('value is [5, 2]');
    expect(() => attention.additiveAttentionWeights({ query, key, v, columns: 1, ...axes })).toThrow('v is [1, 2]');
    const short = mapElements(random.matrix(N - 1, 3), (number) => number);
    expect(() => attention.attentionWeights({ query: short, key, scale: 1, columns: 1, ...axes })).toThrow('query');
  });
});
