/**
 * The chunks of a PNG file, checked. Afterwards the decoder receives a complete file of the size in its header, without
 * other data that could be decompressed.
 *
 * @see W3C, "Portable Network Graphics (PNG) Specification (Third Edition)", chapters 5, 7, 8 and 11
 */
import { inflateSync } from 'node:zlib';
import { asciiAt, corrupt, MOST_INFLATION, otherKind, requireBytes, unsupported, viewOf } from './file-bytes.js';

/** The content of the chunk IHDR. */
export interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  /** 0 grey, 2 colours, 3 palette, 4 grey and opacity, 6 colours and opacity. */
  readonly colorType: number;
  readonly interlaced: boolean;
}

const SIGNATURE = '89504e470d0a1a0a';
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};
/** First column and row, and their steps, of the seven passes of Adam7. */
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;
/** The chunks that define the pixels; all others are removed. */
const KEPT = ['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'];

function readHeader(bytes: Uint8Array, source: string, begin: number, size: number): PngHeader {
  if (size !== 13) throw corrupt(source, `has a header of ${size} bytes, expected 13`, { size });
  const view = viewOf(bytes);
  const width = view.getUint32(begin);
  const height = view.getUint32(begin + 4);
  const [depth = 0, colorType = 0, compression, filter, interlace = 0] = bytes.subarray(begin + 8, begin + 13);
  if (width === 0 || height === 0) throw corrupt(source, `has ${width} x ${height} pixels`, { width, height });
  if (DEPTHS[colorType]?.includes(depth) !== true || compression !== 0 || filter !== 0 || interlace > 1) {
    const given = { colorType, depth, compression, filter, interlace };
    throw corrupt(source, `has an invalid header: ${JSON.stringify(given)}`, given);
  }
  const interlaced = interlace === 1;
  // fast-png 8 places the pixels of such files wrongly.
  if (interlaced && depth < 8)
    throw unsupported(source, `is interlaced with ${depth} bits per channel, expected 8 or 16`);
  return { width, height, depth, colorType, interlaced };
}

/** Bytes of the decompressed lines, each with the byte of its filter. */
function lineBytes({ width, height, depth, colorType, interlaced }: PngHeader): number {
  const lines = (columns: number, rows: number) =>
    columns > 0 ? rows * (1 + Math.ceil((columns * (CHANNELS[colorType] as number) * depth) / 8)) : 0;
  if (!interlaced) return lines(width, height);
  return PASSES.reduce((sum, [left, top, across, down]) => {
    return sum + lines(Math.ceil((width - left) / across), Math.max(0, Math.ceil((height - top) / down)));
  }, 0);
}

/** Refuses a size before anything of that size is made. */
function checkSize({ width, height }: PngHeader, source: string, maxPixels: number): void {
  if (width * height <= maxPixels) return;
  const message = `has ${width} x ${height} pixels, more than the limit of ${maxPixels}: give a larger 'maxPixels', or a smaller picture`;
  throw unsupported(source, message, { width, height, limit: maxPixels });
}

function checkLines(compressed: Uint8Array, source: string, header: PngHeader): void {
  const expected = lineBytes(header);
  const size = `${header.width} x ${header.height} pixels, which are ${expected} bytes`;
  const most = MOST_INFLATION * compressed.length;
  if (expected > most) {
    const message = `does not hold ${size}: ${compressed.length} compressed bytes become at most ${most}`;
    throw corrupt(source, message, { expected, most });
  }
  let actual: number;
  try {
    actual = inflateSync(compressed, { maxOutputLength: Math.min(expected + 1, 2 ** 31) }).length;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = code === 'ERR_BUFFER_TOO_LARGE' ? 'there are more' : message;
    throw corrupt(source, `does not hold ${size}: ${reason}`, { expected, reason });
  }
  if (actual !== expected) throw corrupt(source, `does not hold ${size}: there are ${actual}`, { expected, actual });
}

/**
 * The header of a PNG file, and the file without the chunks that do not define its pixels.
 *
 * @param maxPixels width times height of the largest picture
 * @throws {DataError} `file_truncated` and `file_corrupt` with both sizes, `file_unsupported`
 */
export function checkPng(
  bytes: Uint8Array,
  source: string,
  maxPixels: number,
): { header: PngHeader; pixels: Uint8Array } {
  requireBytes(bytes, source, 'the PNG signature', 8);
  const signature = Buffer.from(bytes.subarray(0, 8)).toString('hex');
  if (signature !== SIGNATURE) throw otherKind(bytes, source, `${signature}, expected ${SIGNATURE}`, { signature });
  const view = viewOf(bytes);
  const kept: Uint8Array[] = [bytes.subarray(0, 8)];
  const compressed: Uint8Array[] = [];
  const once = new Set<string>();
  let header: PngHeader | undefined;
  for (let at = 8; ; ) {
    requireBytes(bytes, source, 'the head of a chunk', at + 8);
    const size = view.getUint32(at);
    const id = asciiAt(bytes, at + 4, 4);
    const end = at + 12 + size;
    requireBytes(bytes, source, `the chunk ${id}`, end);
    if ((header === undefined) !== (id === 'IHDR'))
      throw corrupt(source, `has the chunk ${id} where it is not allowed`, { id });
    if (header === undefined) {
      header = readHeader(bytes, source, at + 8, size);
      checkSize(header, source, maxPixels);
    }
    if (KEPT.includes(id)) kept.push(bytes.subarray(at, end));
    if (id === 'PLTE' || id === 'tRNS') {
      if (once.has(id)) throw corrupt(source, `has a second chunk ${id}`, { id });
      once.add(id);
    }
    if (id === 'IDAT') compressed.push(bytes.subarray(at + 8, at + 8 + size));
    if (id === 'IEND') break;
    at = end;
  }
  checkLines(Buffer.concat(compressed), source, header);
  return { header, pixels: Buffer.concat(kept) };
}
