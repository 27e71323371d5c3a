import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeIdx, idxImages, idxLabels, readIdx, readIdxSync } from '../../src/files/idx.js';
import { sharedData } from '../features/shared-data.js';

const code = (expected: string) => expect.objectContaining({ code: expected });

function idx(type: number, shape: readonly number[], numbers: Buffer): Buffer {
  const head = Buffer.alloc(4 + 4 * shape.length);
  head[2] = type;
  head[3] = shape.length;
  for (const [axis, size] of shape.entries()) head.writeUInt32BE(size, 4 + 4 * axis);
  return Buffer.concat([head, numbers]);
}

const small = idx(8, [2, 2, 1], Buffer.of(0, 51, 102, 255));

describe('decodeIdx', () => {
  it('reads every type, big-endian', () => {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(-2.5);
    expect(decodeIdx(idx(14, [1], bytes), 'a')).toEqual({ shape: [1], values: Float64Array.of(-2.5) });
    bytes.writeFloatBE(0.5);
    expect(decodeIdx(idx(13, [1], bytes.subarray(0, 4)), 'a').values).toEqual(Float32Array.of(0.5));
    bytes.writeInt32BE(-70000);
    expect(decodeIdx(idx(12, [1], bytes.subarray(0, 4)), 'a').values).toEqual(Int32Array.of(-70000));
    bytes.writeInt16BE(-300);
    expect(decodeIdx(idx(11, [1, 1], bytes.subarray(0, 2)), 'a').values).toEqual(Int16Array.of(-300));
    expect(decodeIdx(idx(9, [2], Buffer.of(0xff, 1)), 'a').values).toEqual(Int8Array.of(-1, 1));
    expect(decodeIdx(idx(8, [2], Buffer.of(0xff, 1)), 'a').values).toEqual(Uint8Array.of(255, 1));
  });

  it('reads the same through gzip', () => {
    expect(decodeIdx(gzipSync(small), 'a')).toEqual(decodeIdx(small, 'a'));
  });

  it.each([
    ['plain', small],
    ['compressed', gzipSync(small)],
  ])('refuses a %s file cut off at every byte', (_, bytes) => {
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeIdx(bytes.subarray(0, length), 'a'), `${length} bytes`).toThrow(code('file_truncated'));
    }
  });

  it('names the file and both sizes', () => {
    expect(() => decodeIdx(small.subarray(0, 18), 'a.idx')).toThrow(
      "'a.idx' is cut off: the array 2 x 2 x 1 ends at byte 20, but there are 18",
    );
    expect(() => decodeIdx(Buffer.concat([small, Buffer.of(0)]), 'a.idx')).toThrow('has 21 bytes, more than the 20');
  });

  it('decompresses no more than the shape asks for', () => {
    const bomb = gzipSync(Buffer.concat([small, Buffer.alloc(50_000_000)]));
    expect(() => decodeIdx(bomb, 'a.gz')).toThrow(/more than the 21 bytes of its shape/);
  });

  it.each([
    ['two other bytes in front', Buffer.of(1, 0, 8, 1, 0, 0, 0, 0), 'file_corrupt'],
    ['an unknown type', idx(10, [1], Buffer.of(1)), 'file_unsupported'],
    ['no dimension', idx(8, [], Buffer.of(1)), 'file_corrupt'],
    ['a shape beyond any memory', idx(14, [2 ** 32 - 1, 2 ** 32 - 1], Buffer.of(1)), 'file_corrupt'],
    ['a wrong checksum', Buffer.concat([gzipSync(small).subarray(0, -8), Buffer.alloc(8)]), 'file_corrupt'],
  ])('refuses a file with %s', (_, bytes, expected) => {
    expect(() => decodeIdx(bytes, 'a')).toThrow(code(expected));
  });
});

describe('idxImages and idxLabels', () => {
  it('scale bytes to [0, 1], and take labels as they are', () => {
    const images = idxImages(decodeIdx(small, 'a'));
    expect(images).toMatchObject({ count: 2, height: 2, width: 1 });
    expect(images.values).toEqual(Float32Array.of(0, 0.2, 0.4, 1));
    expect(idxLabels(decodeIdx(idx(8, [3], Buffer.of(7, 0, 9)), 'a'))).toEqual(Int32Array.of(7, 0, 9));
  });

  it('refuse arrays of another type or rank', () => {
    expect(() => idxLabels(decodeIdx(small, 'a'))).toThrow(
      'labels must be a Uint8Array of 1 dimensions, got Uint8Array 2 x 2 x 1',
    );
    expect(() => idxImages(decodeIdx(idx(9, [1, 1, 1], Buffer.of(1)), 'a'))).toThrow(code('shape_mismatch'));
  });
});

const mnist = sharedData('mnist');
describe.skipIf(mnist.isMissing)('the digits of MNIST', () => {
  it('are 10,000 pictures of 28 x 28 and as many labels, the first a 7', async () => {
    const labels = idxLabels(readIdxSync(path.join(mnist.folder, 't10k-labels-idx1-ubyte.gz')));
    const images = idxImages(await readIdx(path.join(mnist.folder, 't10k-images-idx3-ubyte.gz')));
    expect([images.count, images.height, images.width, labels.length]).toEqual([10_000, 28, 28, 10_000]);
    expect([...labels.subarray(0, 5)]).toEqual([7, 2, 1, 0, 4]);
    const counts = Array.from({ length: 10 }, (_, digit) => labels.filter((label) => label === digit).length);
    expect(counts).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]); // as published
    // The published mean of all test pixels, 33.791 of 255.
    expect(images.values.reduce((sum, value) => sum + value, 0) / images.values.length).toBeCloseTo(33.7912 / 255, 5);
  });
});
