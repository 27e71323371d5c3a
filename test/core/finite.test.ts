import { describe, expect, it } from 'vitest';
import { areFinite, firstNonFinite } from '../../src/core/finite.js';

describe('finite numbers', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'are told from %d at any place',
    (wrong) => {
      for (const Kind of [Float32Array, Float64Array]) {
        for (let length = 1; length < 12; length++) {
          for (let at = 0; at < length; at++) {
            const values = new Kind(length).fill(-3e38);
            expect(areFinite(values)).toBe(true);
            expect(firstNonFinite(values)).toBe(-1);
            values[at] = wrong;
            values[length - 1] = at === length - 1 ? wrong : Number.NaN;
            expect(areFinite(values)).toBe(false);
            expect(firstNonFinite(values)).toBe(at);
          }
        }
        expect(areFinite(new Kind(0))).toBe(true);
      }
    },
  );
});
