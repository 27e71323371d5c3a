/** Pictures as numbers, and as short sequences: the mean colours of a grid of patches. */

import { requireObject } from '../core/arguments.js';
import { OptionError, ShapeError } from '../core/errors.js';
import { describeValue, rejectUnknownKeys, requireNumber } from '../core/options.js';
import { isFloat32Array } from '../core/typed-array.js';

/** A picture. */
export interface Image {
  readonly height: number;
  readonly width: number;
  /** 1 grey, 2 grey and opacity, 3 red, green, blue, 4 with opacity. */
  readonly channels: number;
  /** [height, width, channels] in [0, 1], row-major. */
  readonly values: Float32Array;
}

/** A grid of patches. */
export interface PatchOptions {
  /** Patches from top to bottom. Integer >= 1, at most the picture's height. */
  readonly rows: number;
  /** Patches from left to right. Integer >= 1, at most the picture's width. */
  readonly columns: number;
}

/** @throws {ShapeError} `shape_mismatch` when the values are not height * width * channels */
function requireImage(image: Image): void {
  const { height, width, channels, values } = requireObject('an image', image);
  for (const [name, size] of Object.entries({ height, width, channels })) {
    requireNumber(name, size, { integer: true, min: 1 });
  }
  if (!isFloat32Array(values)) {
    const message = `the values of an image must be a Float32Array, got ${describeValue(values)}`;
    throw new OptionError('invalid_option', message, { name: 'values' });
  }
  if (values.length === height * width * channels) return;
  throw new ShapeError(
    'shape_mismatch',
    `an image ${height} x ${width} x ${channels} has ${height * width * channels} values, got ${values.length}`,
    { height, width, channels, actual: values.length },
  );
}

/**
 * The mean of every channel in every patch: [rows * columns, channels], patches from left to right, then downwards.
 * Patch p of P along a side of S pixels begins at pixel floor(p * S / P), so that the sizes differ by at most one
 * pixel.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @throws {ShapeError} `shape_mismatch`
 * @example const rows = patchMeans(await readPng('boxes.png'), { rows: 4, columns: 12 });
 */
export function patchMeans(image: Image, options: PatchOptions): Float32Array {
  rejectUnknownKeys('patchMeans', options, ['rows', 'columns']);
  requireImage(image);
  const { height, width, channels, values } = image;
  const rows = requireNumber('rows', options.rows, { integer: true, min: 1, max: height });
  const columns = requireNumber('columns', options.columns, { integer: true, min: 1, max: width });
  const means = new Float32Array(rows * columns * channels);
  const sums = new Float64Array(channels);
  for (let patch = 0; patch < rows * columns; patch++) {
    const row = Math.floor(patch / columns);
    const column = patch % columns;
    const top = Math.floor((row * height) / rows);
    const bottom = Math.floor(((row + 1) * height) / rows);
    const left = Math.floor((column * width) / columns);
    const right = Math.floor(((column + 1) * width) / columns);
    sums.fill(0);
    for (let y = top; y < bottom; y++) {
      const begin = (y * width + left) * channels;
      const end = (y * width + right) * channels;
      for (let at = begin; at < end; at++) {
        const channel = (at - begin) % channels;
        sums[channel] = (sums[channel] as number) + (values[at] as number);
      }
    }
    const pixels = (bottom - top) * (right - left);
    for (let channel = 0; channel < channels; channel++) {
      means[patch * channels + channel] = (sums[channel] as number) / pixels;
    }
  }
  return means;
}
