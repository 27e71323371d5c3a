import { describe, expect, it } from 'vitest';
import { DataError } from '../../src/core/errors.js';
import { decodeNpy } from '../../src/files/npy.js';
import { fileCase, fileCases } from '../features/load-golden.js';

const code = (expected: string) => expect.objectContaining({ code: expected });

function npy(header: string, numbers: Uint8Array = new Uint8Array(8)): Buffer {
  const head = Buffer.from('\x93NUMPY\x01\x00..', 'latin1');
  head.writeUInt16LE(header.length, 8);
  return Buffer.concat([head, Buffer.from(header, 'latin1'), numbers]);
}

describe('decodeNpy', () => {
  it.each(fileCases('npy'))('reads $name as NumPy wrote it', ({ name, bytes, shape, expected }) => {
    const array = decodeNpy(bytes, 'a.npy');
    expect(array.shape).toEqual(shape);
    expect(Float32Array.from(array.values as ArrayLike<bigint | number>, Number)).toEqual(expected);
    const types = { npy_f4: Float32Array, npy_f8: Float64Array, npy_i4: Int32Array, npy_i8: BigInt64Array };
    if (name in types) expect(array.values).toBeInstanceOf(types[name as keyof typeof types]);
  });

  it('reads numbers that begin at an odd byte of their memory', () => {
    const { bytes, expected } = fileCase('npy_f4');
    const memory = new Uint8Array(bytes.length + 1);
    memory.set(bytes, 1);
    expect(decodeNpy(memory.subarray(1), 'a.npy').values).toEqual(expected);
    expect(decodeNpy(Buffer.from(memory.buffer, 1), 'a.npy').values).toEqual(expected);
  });

  it.each(fileCases('npy'))('refuses $name cut off at every byte', ({ bytes }) => {
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeNpy(bytes.subarray(0, length), 'a.npy'), `${length} bytes`).toThrow(code('file_truncated'));
    }
  });

  it('reads or refuses with an error of its own every file with one byte changed', () => {
    const { bytes } = fileCase('npy_i4');
    for (let at = 0; at < bytes.length; at++) {
      for (const value of [0, 0x20, 0x31, 0xff]) {
        const changed = bytes.slice();
        changed[at] = value;
        try {
          decodeNpy(changed, 'a.npy');
        } catch (error) {
          expect(error, `byte ${at} = ${value}`).toBeInstanceOf(DataError);
        }
      }
    }
  });

  it("reads one dimension in Fortran's order, which is the same, and refuses several", () => {
    const one = npy("{'descr': '<f8', 'fortran_order': True, 'shape': (1,), }\n");
    expect(decodeNpy(one, 'a').values).toEqual(Float64Array.of(0));
    const two = npy("{'descr': '<f8', 'fortran_order': True, 'shape': (1, 1), }\n");
    expect(() => decodeNpy(two, 'a')).toThrow('stores its 2 dimensions in Fortran order');
  });

  it.each([
    ["{'descr': '>f8', 'fortran_order': False, 'shape': (1,), }\n", 'file_unsupported'],
    ["{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n", 'file_unsupported'],
    ["{'descr': 'toString', 'fortran_order': False, 'shape': (1,), }\n", 'file_unsupported'],
    ["{'descr': '<f8', 'fortran_order': False, 'shape': (1), }\n", 'file_corrupt'],
    ["{'descr': '<f8', 'fortran_order': False, 'shape': (1, -1), }\n", 'file_corrupt'],
    ["{'descr': '<f8', 'fortran_order': False, 'shape': (99999999, 99999999), }\n", 'file_corrupt'],
    ["{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n", 'file_truncated'],
    ["{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n", 'file_corrupt'],
    ["{'descr': '<f8', 'fortran_order': no, 'shape': (1,), }\n", 'file_corrupt'],
    ["{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'more': 1, }\n", 'file_corrupt'],
    ["{'shape': (1,)}", 'file_corrupt'],
    ['', 'file_corrupt'],
  ])('refuses the header %j', (header, expected) => {
    expect(() => decodeNpy(npy(header), 'a.npy')).toThrow(code(expected));
  });

  it('refuses other magic numbers and versions', () => {
    const { bytes } = fileCase('npy_f4');
    expect(() => decodeNpy(Buffer.alloc(100), 'a.npy')).toThrow("'a.npy' does not begin with");
    const newer = bytes.slice();
    newer[6] = 4;
    expect(() => decodeNpy(newer, 'a.npy')).toThrow('is of NPY version 4.0');
  });

  it('takes no time over a header that is long and wrong', () => {
    const began = performance.now();
    const header = `{'descr': '<f8', 'fortran_order': False, 'shape': (${' 1 ,'.repeat(15_000)}x), }\n`;
    expect(() => decodeNpy(npy(header), 'a.npy')).toThrow(code('file_corrupt'));
    expect(performance.now() - began).toBeLessThan(2000);
  });
});
