import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/batch/batch.js';
import { maskFeatures } from '../../src/tasks/recipes/transcribe/transcribe-masks.js';

/** Three sequences of 40, 30 and 10 steps; a row has two frames of 8 features, all of them 1 to begin with. */
const LENGTHS = [40, 30, 10];
const WIDTH = 16;

function ones(): Batch {
  const batchSizes = Int32Array.from({ length: 40 }, (_, time) => LENGTHS.filter((length) => length > time).length);
  return { batchSizes, inputs: { input: new Float32Array(80 * WIDTH).fill(1) } };
}

const masked = (strength: number, step: number, batch = ones()) =>
  maskFeatures(batch, 'input', { strength, frames: 2, seed: 1, step });

/** The rows of a sequence, step by step. */
function rowsOf({ batchSizes, inputs }: Batch, place: number): number[][] {
  const rows: number[][] = [];
  let begin = 0;
  for (const alive of batchSizes) {
    const at = (begin + place) * WIDTH;
    if (place < alive) rows.push([...(inputs['input'] as Float32Array).subarray(at, at + WIDTH)]);
    begin += alive;
  }
  return rows;
}

describe('masks of features', () => {
  it('hide whole steps, and the same features of all frames of a sequence, within their limits', () => {
    let hidden = 0;
    for (let step = 0; step < 50; step++) {
      const batch = masked(1, step);
      for (const [place, length] of LENGTHS.entries()) {
        const rows = rowsOf(batch, place);
        expect(rows).toHaveLength(length);
        const isBlank = rows.map((row) => row.every((value) => value === 0));
        const seen = rows.filter((_, time) => !isBlank[time]);
        expect(isBlank.filter(Boolean).length).toBeLessThanOrEqual(2 * Math.min(12, Math.floor(0.15 * length)));
        for (const row of seen) {
          expect(row).toEqual(seen[0]);
          expect(row.slice(8)).toEqual(row.slice(0, 8));
          expect(row.filter((value) => value === 0).length).toBeLessThanOrEqual(2 * 4);
        }
        hidden += rows.flat().filter((value) => value === 0).length;
      }
    }
    // About a seventh of the steps, and a quarter of the features.
    expect(hidden / (50 * 80 * WIDTH)).toBeGreaterThan(0.15);
  });

  it('are a function of the seed and the step, differ between sequences, and leave the batch as it was', () => {
    const batch = ones();
    const first = masked(1, 3, batch);
    expect(batch).toEqual(ones());
    expect(masked(1, 3)).toEqual(first);
    expect(masked(1, 4)).not.toEqual(first);
    expect(rowsOf(first, 0).slice(0, 10)).not.toEqual(rowsOf(first, 2));
  });

  it('of strength 0 change nothing', () => {
    const batch = ones();
    expect(masked(0, 3, batch)).toBe(batch);
  });
});
