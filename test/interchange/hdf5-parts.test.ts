import { describe, expect, it } from 'vitest';
import { bytesAsSource } from '../../src/core/byte-source.js';
import { Hdf5File, loadHdf5 } from '../../src/interchange/keras/hdf5-file.js';

/** Rows of 4 kB; more than one part of 16 MiB, and not a whole number of them. */
const SHAPE = [4500, 1000];

interface Layout {
  readonly chunks?: number[];
  readonly compression?: 'gzip';
  readonly compression_opts?: number;
}

describe('a tensor of HDF5 that is read in parts', () => {
  it.each<[string, Layout]>([
    ['in one piece', {}],
    ['in chunks', { chunks: [700, 300] }],
    ['in packed chunks', { chunks: [33, 1000], compression: 'gzip', compression_opts: 1 }],
  ])('is what was written, %s', async (_, layout) => {
    const { hdf5, module } = await loadHdf5('this test');
    const data = Float32Array.from({ length: 4500 * 1000 }, (_each, at) => at);
    const written = new hdf5.File('/parts.h5', 'w');
    written.create_dataset({ name: 'w', data, shape: SHAPE, dtype: '<f', ...layout });
    written.close();
    const files = module.FS as unknown as { readFile(path: string): Uint8Array; unlink(path: string): void };
    const file = await Hdf5File.open(bytesAsSource('parts.h5', files.readFile('/parts.h5')));
    try {
      const read = file.tensor('w').read();
      expect(Buffer.compare(new Uint8Array(read.buffer), new Uint8Array(data.buffer))).toBe(0);
    } finally {
      file.close();
      files.unlink('/parts.h5');
    }
  });
});
