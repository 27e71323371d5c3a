/** Comparison of a result with a tensor of a golden. */
import { expect } from 'vitest';
import { matrix } from '../oracle/matrix.js';
import { type ComparisonOptions, compare } from '../oracle/tolerance.js';
import type { GoldenTensor } from './load.js';

/** Fails, naming the worst element, unless `actual` agrees with the tensor within the relative tolerance. */
export function expectAgreement(
  what: string,
  actual: ArrayLike<number>,
  expected: GoldenTensor,
  relative: number,
  options: ComparisonOptions = {},
): void {
  const columns = expected.shape.at(-1) ?? 1;
  const worst = compare(actual, matrix(expected.data.length / columns, columns, expected.data), relative, options);
  expect(worst.ratio, `${what}: ${worst.message}`).toBeLessThanOrEqual(1);
}

/** Entry `index` of the first axis of a tensor [L, B, H], as [B, H]. */
export function entryOf({ shape, data }: GoldenTensor, index: number): GoldenTensor {
  const [, batch = 0, units = 0] = shape;
  const size = batch * units;
  return { shape: [batch, units], data: data.slice(index * size, (index + 1) * size) };
}
