/** Pictures as rows of a grid: each patch has the colours of its cells, and its position. */
import { requireObject } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { rejectUnknownKeys, requireNumber, requireOneOf } from '../core/options.js';
import { type Image, type PatchOptions, patchMeans } from './image.js';

/** A grid, and the values of each patch. */
export interface PicturePatchOptions extends PatchOptions {
  /**
   * Number of cells from top to bottom, and from left to right, in a patch. Each has its mean colour. Integer >= 1;
   * default 1.
   */
  readonly cells?: number;
  /** Appends the centre of the patch, x and y in (-1, 1). Default false. */
  readonly positions?: boolean;
}

const COLOURS = 3;

/** Red, green and blue of every pixel; transparent pixels are drawn on white. */
function coloursOf({ height, width, channels, values }: Image): Image {
  if (channels === COLOURS) return { height, width, channels, values };
  const pixels = height * width;
  const colours = new Float32Array(pixels * COLOURS);
  const hasOpacity = channels % 2 === 0;
  const own = hasOpacity ? channels - 1 : channels;
  for (let pixel = 0; pixel < pixels; pixel++) {
    const begin = pixel * channels;
    const opacity = hasOpacity ? (values[begin + own] as number) : 1;
    for (let colour = 0; colour < COLOURS; colour++) {
      const value = values[begin + (own === 1 ? 0 : colour)] as number;
      colours[pixel * COLOURS + colour] = value * opacity + (1 - opacity);
    }
  }
  return { height, width, channels: COLOURS, values: colours };
}

/** Number of values of each patch of `picturePatches`. */
export function patchWidth(options: PicturePatchOptions): number {
  const { cells = 1, positions = false } = requireObject('the options of patches', options);
  return cells * cells * COLOURS + (positions ? 2 : 0);
}

/**
 * The patches of a picture from left to right, then downwards, each a row: mean red, green and blue of its cells in the
 * same order, then its centre. Grey pictures have three equal colours; transparent pixels are drawn on white.
 *
 * @param name name of the picture in messages: a file name
 * @returns [rows * columns, patchWidth(options)]
 * @throws {DataError} `too_short` when the picture has fewer pixels than cells, with both numbers
 * @throws {OptionError} `invalid_option`, `unknown_option`
 * @throws {ShapeError} `shape_mismatch`
 * @example const rows = picturePatches(await readPng('boxes.png'), { rows: 4, columns: 16, cells: 3, positions: true });
 */
export function picturePatches(image: Image, options: PicturePatchOptions, name = 'a picture'): Float32Array {
  rejectUnknownKeys('picturePatches', options, ['rows', 'columns', 'cells', 'positions']);
  const count = { integer: true, min: 1 };
  const rows = requireNumber('rows', options.rows, count);
  const columns = requireNumber('columns', options.columns, count);
  const cells = requireNumber('cells', options.cells ?? 1, count);
  const positions = requireOneOf('positions', options.positions ?? false, [true, false]);
  const { height, width } = image;
  if (height < rows * cells || width < columns * cells) {
    const message = `'${name}' has ${height} x ${width} pixels, but ${rows * cells} x ${columns * cells} cells were requested`;
    throw new DataError('too_short', message, { name, height, width, rows: rows * cells, columns: columns * cells });
  }
  const means = patchMeans(coloursOf(image), { rows: rows * cells, columns: columns * cells });
  const rowWidth = patchWidth({ rows, columns, cells, positions });
  const patches = new Float32Array(rows * columns * rowWidth);
  for (let patch = 0; patch < rows * columns; patch++) {
    const [row, column] = [Math.floor(patch / columns), patch % columns];
    const begin = patch * rowWidth;
    for (let line = 0; line < cells; line++) {
      const from = ((row * cells + line) * columns + column) * cells * COLOURS;
      patches.set(means.subarray(from, from + cells * COLOURS), begin + line * cells * COLOURS);
    }
    if (!positions) continue;
    patches[begin + rowWidth - 2] = (2 * column + 1) / columns - 1;
    patches[begin + rowWidth - 1] = (2 * row + 1) / rows - 1;
  }
  return patches;
}
