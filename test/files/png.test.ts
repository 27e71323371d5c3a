import { readdirSync } from 'node:fs';
import path from 'node:path';
import { deflateSync, inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { DataError } from '../../src/core/errors.js';
import { patchMeans } from '../../src/features/image.js';
import { decodePng, readPng, readPngSync } from '../../src/files/png.js';
import { fileCase, fileCases, largestDistance } from '../features/load-golden.js';
import { sharedData } from '../features/shared-data.js';

const code = (expected: string) => expect.objectContaining({ code: expected });

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (crcTable[(crc ^ byte) & 0xff] as number);
  return (crc ^ 0xffffffff) >>> 0;
}

function chunk(id: string, data: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(id, 'latin1'), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length);
  ends.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([ends.subarray(0, 4), named, ends.subarray(4)]);
}

/** A PNG of grey bytes; `lines` are what is compressed. */
function png(fields: { width?: number; height?: number; tail?: readonly number[]; lines?: Uint8Array }): Buffer {
  const { width = 2, height = 1, tail = [8, 0, 0, 0, 0], lines = Buffer.of(0, 10, 20) } = fields;
  const header = Buffer.concat([Buffer.alloc(8), Buffer.from(tail)]);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  const data = deflateSync(lines);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}

function secondPalette(): Buffer {
  const bytes = Buffer.from(fileCase('png_palette_8').bytes);
  const begin = bytes.indexOf('PLTE') - 4;
  const end = begin + 12 + bytes.readUInt32BE(begin);
  return Buffer.concat([bytes.subarray(0, end), bytes.subarray(begin)]);
}

describe('decodePng', () => {
  it.each(fileCases('png'))('reads the pixels of $name', ({ bytes, shape, expected }) => {
    const { height, width, channels, values } = decodePng(bytes, 'a.png');
    expect([height, width, channels]).toEqual(shape);
    expect(largestDistance(values, expected)).toBeLessThan(1e-7);
  });

  it.each(fileCases('png'))('refuses $name cut off at every byte', ({ bytes }) => {
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodePng(bytes.subarray(0, length), 'a.png'), `${length} bytes`).toThrow(code('file_truncated'));
    }
  });

  it('refuses with an error of its own nearly every file with one byte changed, and crashes at none', () => {
    const { bytes } = fileCase('png_palette_opacity');
    let refused = 0;
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at] = (changed[at] as number) ^ 0x41;
      try {
        decodePng(changed, 'a.png');
      } catch (error) {
        expect(error, `byte ${at}`).toBeInstanceOf(DataError);
        refused++;
      }
    }
    // What may change is the text and its checksum, and the checksum of the end.
    expect(refused).toBeGreaterThan(bytes.length - 40);
  });

  it('decompresses no more than the header asks for, and no less', () => {
    expect([...decodePng(png({}), 'a.png').values]).toEqual([10 / 255, 20 / 255].map(Math.fround));
    const bomb = png({ lines: new Uint8Array(50_000_000) });
    expect(() => decodePng(bomb, 'a.png')).toThrow(
      "'a.png' does not hold 2 x 1 pixels, which are 3 bytes: there are more",
    );
    expect(() => decodePng(png({ height: 2 }), 'a.png')).toThrow('which are 6 bytes: there are 3');
    expect(() => decodePng(png({ width: 4000, height: 4000 }), 'a.png')).toThrow(code('file_corrupt'));
    expect(() => decodePng(png({ width: 4000, height: 4000 }), 'a.png')).toThrow(/compressed bytes become at most/);
  });

  it('refuses a picture beyond the limit before anything of its size is made, and reads it on request', () => {
    const largest = png({ width: 2 ** 31 - 1, height: 2 ** 31 - 1 });
    expect(() => decodePng(largest, 'a.png')).toThrow(code('file_unsupported'));
    expect(() => decodePng(largest, 'a.png')).toThrow("more than the limit of 16777216: give a larger 'maxPixels'");
    expect(() => decodePng(png({}), 'a.png', { maxPixels: 1 })).toThrow('has 2 x 1 pixels, more than the limit of 1');
    expect(decodePng(png({}), 'a.png', { maxPixels: 2 }).width).toBe(2);
    expect(() => decodePng(png({}), 'a.png', { maxPixels: 0 })).toThrow(code('invalid_option'));
    expect(() => decodePng(png({}), 'a.png', { maxPixel: 2 } as object)).toThrow(code('unknown_option'));
  });

  it('leaves out chunks that could hold anything', () => {
    const [head, body] = [png({}).subarray(0, 33), png({}).subarray(33)];
    const profile = Buffer.concat([Buffer.from('p\0\0'), deflateSync(new Uint8Array(1_000_000))]);
    const file = Buffer.concat([head, chunk('iCCP', profile), chunk('eXTR', Buffer.of(1)), body]);
    expect(decodePng(file, 'a.png')).toEqual(decodePng(png({}), 'a.png'));
  });

  it.each([
    ['another signature', Buffer.from('GIF89a, and what follows'), 'file_corrupt'],
    ['no pixel', png({ width: 0 }), 'file_corrupt'],
    ['a type of colours that is not', png({ tail: [8, 5, 0, 0, 0] }), 'file_corrupt'],
    ['a depth that its type has not', png({ tail: [4, 2, 0, 0, 0] }), 'file_corrupt'],
    ['another compression', png({ tail: [8, 0, 1, 0, 0] }), 'file_corrupt'],
    ['interlaced bits', png({ tail: [1, 0, 0, 0, 1] }), 'file_unsupported'],
    ['a filter that is not', png({ lines: Buffer.of(9, 10, 20) }), 'file_corrupt'],
    ['a palette that is missing', png({ tail: [8, 3, 0, 0, 0] }), 'file_corrupt'],
    ['a second header', Buffer.concat([png({}).subarray(0, 33), png({}).subarray(8)]), 'file_corrupt'],
    ['a second palette', secondPalette(), 'file_corrupt'],
    ['pixels before the header', Buffer.concat([png({}).subarray(0, 8), png({}).subarray(33)]), 'file_corrupt'],
  ])('refuses a file with %s', (_, bytes, expected) => {
    expect(() => decodePng(bytes, 'a.png')).toThrow(code(expected));
  });

  it('refuses compressed lines that are broken', () => {
    const file = png({});
    const at = file.indexOf('IDAT') + 6;
    file[at] = 0xff;
    expect(() => inflateSync(file.subarray(at - 2, -16))).toThrow();
    expect(() => decodePng(file, 'a.png')).toThrow(code('file_corrupt'));
  });
});

describe('patchMeans', () => {
  const image = { height: 2, width: 4, channels: 2, values: Float32Array.from({ length: 16 }, (_, at) => at) };

  it('takes the mean of every channel in every patch', () => {
    expect([...patchMeans(image, { rows: 1, columns: 2 })]).toEqual([5, 6, 9, 10]);
    expect([...patchMeans(image, { rows: 2, columns: 1 })]).toEqual([3, 4, 11, 12]);
    expect(patchMeans(image, { rows: 2, columns: 4 })).toEqual(image.values);
  });

  it('uses every pixel once when the sides are no multiples', () => {
    expect([...patchMeans(image, { rows: 1, columns: 3 })]).toEqual([4, 5, 6, 7, 9, 10]);
  });

  it('refuses more patches than pixels, and values that are no picture', () => {
    expect(() => patchMeans(image, { rows: 3, columns: 1 })).toThrow(code('invalid_option'));
    expect(() => patchMeans(image, { rows: 1, columns: 0 })).toThrow(code('invalid_option'));
    expect(() => patchMeans({ ...image, width: 5 }, { rows: 1, columns: 1 })).toThrow(
      'an image 2 x 5 x 2 has 20 values, got 16',
    );
    expect(() => patchMeans({ ...image, values: [0] as never }, { rows: 1, columns: 1 })).toThrow(
      code('invalid_option'),
    );
  });
});

const scenes = sharedData('nlvr');
describe.skipIf(scenes.isMissing)('the scenes of NLVR', () => {
  it('are pictures of 400 x 100 with opacity, and become grids of 48 colours', async () => {
    const files = readdirSync(scenes.folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.png'))
      .sort()
      .slice(0, 40)
      .map((name) => path.join(scenes.folder, name));
    expect(files.length).toBe(40);
    for (const file of files) {
      const image = readPngSync(file);
      expect([image.width, image.height, image.channels]).toEqual([400, 100, 4]);
      const means = patchMeans(image, { rows: 4, columns: 12 });
      expect(means.length).toBe(48 * 4);
      expect(Math.min(...means)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...means)).toBeLessThanOrEqual(1);
      expect(new Set(means).size).toBeGreaterThan(5);
    }
    expect(await readPng(files[0] as string)).toEqual(readPngSync(files[0] as string));
  });
});
