/** PNG files as pictures. */
import { convertIndexedToRgb, type DecodedPng, decode } from 'fast-png';
import { DataError } from '../core/errors.js';
import { rejectUnknownKeys, requireNumber } from '../core/options.js';
import type { Image } from '../features/image.js';
import { decodeFile, decodeFileSync, requireInput } from './file-bytes.js';
import { checkPng } from './png-chunks.js';

/** How a PNG file is read. */
export interface PngOptions {
  /**
   * Most pixels, width times height, integer >= 1; default 2^24, 4096 x 4096. A picture takes 4 bytes for each number of a
   * pixel, and as much again while it is read, however small its file is.
   */
  readonly maxPixels?: number | undefined;
}

/** Unpacks numbers smaller than a byte. Each line starts at a new byte. */
function unpackBits(packed: ArrayLike<number>, depth: number, height: number, width: number): Uint8Array {
  const numbers = new Uint8Array(height * width);
  const bytesPerLine = Math.ceil((width * depth) / 8);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const byte = packed[y * bytesPerLine + Math.floor((x * depth) / 8)] as number;
      numbers[y * width + x] = (byte >> (8 - depth - ((x * depth) % 8))) & (2 ** depth - 1);
    }
  }
  return numbers;
}

/** Numbers 0..largest of every channel. A palette of an image with colours is only a suggestion and is ignored. */
function pixelsOf(
  png: DecodedPng,
  hasPalette: boolean,
): { numbers: ArrayLike<number>; channels: number; largest: number } {
  const { palette, depth, height, width, channels, data } = png;
  if (hasPalette) return { numbers: convertIndexedToRgb(png), channels: palette?.[0]?.length ?? 0, largest: 255 };
  const numbers = depth < 8 ? unpackBits(data, depth, height, width) : data;
  return { numbers, channels, largest: 2 ** depth - 1 };
}

/**
 * The picture in a PNG file. A palette becomes its colours; 1 to 16 bits become numbers in [0, 1], without any colour
 * correction. A single transparent colour of a picture without a palette is ignored.
 *
 * @param source name of the bytes in messages: a file name
 * @throws {DataError} `file_truncated`, `file_corrupt`, `file_unsupported` also for a picture of more than `maxPixels`
 * @throws {OptionError} `invalid_option`, `unknown_option`
 */
export function decodePng(bytes: Uint8Array, source: string, options: PngOptions = {}): Image {
  requireInput(bytes, source);
  rejectUnknownKeys('the reading of a PNG file', options, ['maxPixels']);
  const maxPixels = requireNumber('maxPixels', options.maxPixels ?? 2 ** 24, { integer: true, min: 1 });
  const { header, pixels } = checkPng(bytes, source, maxPixels);
  try {
    const png = decode(pixels, { checkCrc: true });
    const { numbers, channels, largest } = pixelsOf(png, header.colorType === 3);
    const values = new Float32Array(numbers.length);
    for (let at = 0; at < values.length; at++) values[at] = (numbers[at] as number) / largest;
    return { height: png.height, width: png.width, channels, values };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `'${source}' is no PNG file that can be decoded: ${reason}`;
    throw new DataError('file_corrupt', message, { source, bytes: bytes.length }, cause);
  }
}

/** Reads a PNG file. @throws as `decodePng`, and {DataError} `file_unreadable` */
export function readPng(path: string, options: PngOptions = {}): Promise<Image> {
  return decodeFile(path, (bytes, source) => decodePng(bytes, source, options));
}

/** As `readPng`, on the calling thread. */
export function readPngSync(path: string, options: PngOptions = {}): Image {
  return decodeFileSync(path, (bytes, source) => decodePng(bytes, source, options));
}
