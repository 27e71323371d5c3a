import { describe, expect, it } from 'vitest';
import { bytesAsSource } from '../../src/core/byte-source.js';
import { readZip } from '../../src/interchange/sources/zip.js';
import { zip } from './made-files.js';

const data = Uint8Array.from({ length: 100_000 }, (_, at) => at % 251);
const read = (archive: Uint8Array) => readZip(bytesAsSource('a.zip', archive));

describe.each([{ isPacked: false }, { isPacked: true }])('an entry of an archive: %o', ({ isPacked }) => {
  it.each([{ zip64: false }, { zip64: true }])('is read whole and in parts: %o', (options) => {
    const entry = read(
      zip(
        [
          { name: 'folder/', data: new Uint8Array() },
          { name: 'folder/a', data, isPacked },
        ],
        options,
      ),
    ).get('folder/a');
    const source = entry?.open();
    expect([entry?.size, entry?.isStored]).toEqual([100_000, !isPacked]);
    expect(source?.read(0, 100_000)).toEqual(data);
    for (const [begin, length] of [
      [0, 10],
      [5, 1000],
      [16_380, 10],
      [99_990, 10],
      [7, 0],
    ] as const) {
      expect([...(source?.read(begin, length) ?? [])]).toEqual([...data.subarray(begin, begin + length)]);
    }
    expect(() => source?.read(99_991, 10)).toThrow('cut off');
  });

  it('that is empty is read', () => {
    expect(
      read(zip([{ name: 'a', data: new Uint8Array(), isPacked }]))
        .get('a')
        ?.open()
        .read(0, 0),
    ).toEqual(new Uint8Array());
  });

  it('with another checksum is refused at the first byte that it is needed for', () => {
    const source = read(zip([{ name: 'a', data, isPacked, crc: 7 }]))
      .get('a')
      ?.open();
    expect(() => source?.read(0, 100_000)).toThrow(/'a' has the checksum [0-9a-f]{8}, expected 00000007/);
    expect(() => source?.read(50_000, 1)).toThrow('checksum');
  });

  it('that is said to have other sizes is refused', () => {
    for (const size of [99_999, 100_001]) {
      const archive = zip([{ name: 'a', data, isPacked, size }]);
      expect(() => read(archive).get('a')?.open().read(0, size)).toThrow(/said to have|cannot be unpacked/);
    }
  });
});

describe('an archive', () => {
  it('keeps the order of its directory, and lists no folders', () => {
    const entries = ['b', 'a', 'c/', 'c/d'].map((name) => ({ name, data: new Uint8Array() }));
    expect([...read(zip(entries)).keys()]).toEqual(['b', 'a', 'c/d']);
  });

  it('is found behind other bytes only where its offsets say so', () => {
    expect(() => read(Buffer.concat([Buffer.from('text'), zip([{ name: 'a', data }])]))).toThrow(/is corrupt|cut off/);
  });

  it.each([0, 21])('of %i bytes is refused', (size) => {
    expect(() => read(new Uint8Array(size))).toThrow('ends with a directory');
  });
});
