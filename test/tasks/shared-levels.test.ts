import { describe, expect, it } from 'vitest';
import { fitEncoding } from '../../src/tasks/building-blocks/sequence-inputs.js';
import { haveSharedLevels } from '../../src/tasks/building-blocks/shared-levels.js';

/** 40 rows, column by column. */
function rowsOf(...columns: readonly ((row: number) => number)[]) {
  const rows = Float64Array.from(
    { length: 40 * columns.length },
    (_, at) => columns[at % columns.length]?.(Math.floor(at / columns.length)) as number,
  );
  return { features: columns.length, rows };
}

const shade = (row: number) => (row * 7) % 17;
const dark = () => 0;
const nearlyDark = (row: number) => (row === 3 ? 9 : 0);

describe('columns with the same few numbers', () => {
  it('have one mean and one deviation', () => {
    const input = rowsOf(dark, nearlyDark, shade, (row) => shade(row + 5), shade, dark);
    const encoding = fitEncoding([input]);
    const mean = input.rows.reduce((sum, value) => sum + value, 0) / input.rows.length;
    const variance = input.rows.reduce((sum, value) => sum + (value - mean) ** 2, 0) / input.rows.length;
    expect(encoding).toMatchObject({
      means: Array.from({ length: 6 }, () => expect.closeTo(mean, 10)),
      standardDeviations: Array.from({ length: 6 }, () => expect.closeTo(Math.sqrt(variance), 10)),
    });
  });

  it('are told from others by their bounds, and by how many numbers there are', () => {
    const shared = (...columns: readonly ((row: number) => number)[]) => {
      const { rows, features } = rowsOf(...columns);
      return haveSharedLevels([rows.subarray(0, 20 * features), rows.subarray(20 * features)], features);
    };
    expect(shared(shade, shade)).toBe(true);
    expect(shared(shade, shade, nearlyDark)).toBe(true);
    // Half of the columns that vary do not reach the largest number.
    expect(shared(shade, nearlyDark)).toBe(false);
    // One column goes further.
    expect(shared(shade, shade, (row) => 2 * shade(row))).toBe(false);
    // More columns than a call takes arguments.
    expect(haveSharedLevels([Float64Array.from({ length: 400_000 }, (_, at) => Number(at >= 200_000))], 200_000)).toBe(
      true,
    );
    // Constant columns, and a single one.
    expect(shared(dark, dark)).toBe(false);
    expect(shared(shade)).toBe(false);
    // Columns that were brought to the range from 0 to 1 are measured, and each has its own meaning.
    const { rows } = rowsOf(
      (row) => (row / 39) ** 2,
      (row) => row / 39,
      (row) => Math.sqrt(row / 39),
    );
    const many = Array.from({ length: 4 }, (_, at) =>
      rows.map((value) => (value === 0 || value === 1 ? value : value + at * 1e-4)),
    );
    expect(haveSharedLevels(many, 3)).toBe(false);
  });

  it('are each scaled by themselves where numbers are missing', () => {
    const input = rowsOf(shade, shade, dark);
    const encoding = fitEncoding([input], { isMasked: true });
    expect(encoding).toMatchObject({ means: [expect.any(Number), expect.any(Number), 0] });
  });
});
