import { describe, expect, it } from 'vitest';
import type { Image } from '../../src/features/image.js';
import { patchWidth, picturePatches } from '../../src/features/picture-patches.js';

/** A picture whose red is 0, 1, 2, ... from left to right, then downwards, in 64ths. */
const ramp = (height: number, width: number, channels: number): Image => {
  const values = new Float32Array(height * width * channels);
  for (let pixel = 0; pixel < height * width; pixel++) values[pixel * channels] = pixel / 64;
  return { height, width, channels, values };
};

describe('the patches of a picture', () => {
  it('are rows of the mean colours of their cells, line by line, and their place', () => {
    const options = { rows: 1, columns: 2, cells: 2, positions: true };
    const patches = picturePatches(ramp(2, 4, 3), options);
    expect(patchWidth(options)).toBe(14);
    const reds = [
      [0, 1, 4, 5],
      [2, 3, 6, 7],
    ];
    const row = (own: readonly number[], x: number) => [...own.flatMap((red) => [red / 64, 0, 0]), x, 0];
    expect([...patches]).toEqual([...row(reds[0] as number[], -0.5), ...row(reds[1] as number[], 0.5)]);
  });

  it('have the mean of each cell', () => {
    expect([...picturePatches(ramp(2, 2, 3), { rows: 1, columns: 1 })]).toEqual([1.5 / 64, 0, 0]);
  });

  it('have three equal colours where the picture is grey, and white below what is not opaque', () => {
    const grey: Image = { height: 1, width: 1, channels: 1, values: Float32Array.of(0.25) };
    expect([...picturePatches(grey, { rows: 1, columns: 1 })]).toEqual([0.25, 0.25, 0.25]);
    const half: Image = { height: 1, width: 1, channels: 2, values: Float32Array.of(0.5, 0.5) };
    expect([...picturePatches(half, { rows: 1, columns: 1 })]).toEqual([0.75, 0.75, 0.75]);
    const clear: Image = { height: 1, width: 1, channels: 4, values: Float32Array.of(1, 0, 0.5, 0) };
    expect([...picturePatches(clear, { rows: 1, columns: 1 })]).toEqual([1, 1, 1]);
  });

  it('are refused where there are more cells than pixels, with both numbers and the name', () => {
    const make = () => picturePatches(ramp(3, 8, 3), { rows: 2, columns: 4, cells: 2 }, 'a.png');
    expect(make).toThrow("'a.png' has 3 x 8 pixels, but 4 x 8 cells were requested");
    expect(make).toThrow(expect.objectContaining({ code: 'too_short' }));
    expect(() => picturePatches(ramp(3, 8, 3), { rows: 0, columns: 4 })).toThrow(/'rows'/);
    expect(() => picturePatches(ramp(3, 8, 3), { rows: 1, columns: 1, cell: 2 } as never)).toThrow(/cell/);
  });
});
