import { describe, expect, it } from 'vitest';
import { dropout } from './dropout.js';
import { randomMask } from './random-mask.js';
import { RandomOperands } from './random-matrix.js';

const choice = { key: Int32Array.of(0x12345678, -2, 7, 3), rate: 0.3, operationId: 9 };

describe('the reference of random masks', () => {
  it('has two values, and dropout is a product with one of them', () => {
    const x = new RandomOperands(1).matrix(5, 7, 1, 2);
    const { y } = randomMask({ ...choice, dropped: 0, kept: 1 / 0.7, rows: 5, columns: 7 });
    expect(new Set(y.data)).toEqual(new Set([0, 1 / 0.7]));
    expect(dropout({ x, ...choice }).y.data).toEqual(x.data.map((value, e) => value * (y.data[e] as number)));
  });

  it('puts the two values at the same places whatever they are', () => {
    const mask = (dropped: number, kept: number) =>
      [...randomMask({ ...choice, dropped, kept, rows: 4, columns: 9 }).y.data].map((value) => value === dropped);
    expect(mask(-3, 0)).toEqual(mask(1, 2));
  });

  it('rejects a rate outside [0, 1)', () => {
    expect(() => randomMask({ ...choice, rate: 1, dropped: 0, kept: 1, rows: 1, columns: 1 })).toThrow('rate');
  });
});
