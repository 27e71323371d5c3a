import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DataError } from '../../src/core/errors.js';
import { Random } from '../../src/core/random.js';
import {
  decodeUtf8,
  firstInvalidUtf8,
  hasWhiteSpace,
  readText,
  readTextSync,
  visitWords,
} from '../../src/files/text.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';

function words(text: string): string[] {
  const found: string[] = [];
  visitWords(text, (start, end, isLineEnd) => found.push(isLineEnd ? '<eos>' : text.slice(start, end)));
  return found;
}

describe('firstInvalidUtf8', () => {
  it('accepts the first and last code point of every length', () => {
    for (const point of [0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff]) {
      expect(firstInvalidUtf8(new TextEncoder().encode(`a${String.fromCodePoint(point)}b`))).toBe(-1);
    }
  });

  it.each([
    ['a continuation byte alone', [0x80]],
    ['an overlong form of two bytes', [0xc0, 0xaf]],
    ['an overlong form of three bytes', [0xe0, 0x9f, 0xbf]],
    ['an overlong form of four bytes', [0xf0, 0x8f, 0xbf, 0xbf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a code point above U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
    ['a byte that never occurs', [0xff]],
    ['a character cut off by another one', [0xe2, 0x82, 0x41]],
    ['a character cut off by the end', [0xf0, 0x9f, 0x98]],
  ])('finds the offset of %s', (_, bytes) => {
    const start = new TextEncoder().encode('añ€😀');
    expect(firstInvalidUtf8(Uint8Array.of(...start, ...bytes))).toBe(start.length);
  });

  it('agrees with TextDecoder on random bytes', () => {
    const random = new Random(1, 'utf8');
    const pool = [
      0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5,
    ];
    const isValid = (bytes: Uint8Array): boolean => {
      try {
        new TextDecoder('utf-8', { fatal: true }).decode(bytes);
        return true;
      } catch {
        return false;
      }
    };
    const counts = { agreed: 0, invalid: 0 };
    for (let round = 0; round < 5000; round++) {
      const bytes = Uint8Array.from(
        { length: 1 + random.integer(6) },
        () => pool[random.integer(pool.length)] as number,
      );
      const offset = firstInvalidUtf8(bytes);
      if (offset >= 0) counts.invalid++;
      const agrees = offset < 0 ? isValid(bytes) : !isValid(bytes) && isValid(bytes.subarray(0, offset));
      if (agrees) counts.agreed++;
    }
    expect(counts.agreed).toBe(5000);
    expect(counts.invalid).toBeGreaterThan(1000);
    expect(counts.invalid).toBeLessThan(4900);
  });
});

describe('decodeUtf8', () => {
  it('drops a byte order mark at the start and keeps one elsewhere', () => {
    expect(decodeUtf8(new TextEncoder().encode('\ufeffa\ufeffb'), 'x')).toBe('a\ufeffb');
  });

  it('names the source, the byte and its offset', () => {
    const attempt = () => decodeUtf8(Uint8Array.of(0x61, 0xe9, 0x62), 'latin1.txt');
    expect(attempt).toThrow("'latin1.txt' is not UTF-8: byte 0xe9 at offset 1");
    expect(attempt).toThrow(
      expect.objectContaining({ code: 'not_utf8', details: { source: 'latin1.txt', offset: 1, byte: 0xe9 } }),
    );
  });

  it('says so when a file looks like UTF-16', () => {
    expect(() => decodeUtf8(Uint8Array.of(0xff, 0xfe, 0x61, 0), 'x')).toThrow('it looks like UTF-16');
  });

  it('refuses an empty text, also one of a byte order mark alone', () => {
    for (const bytes of [[], [0xef, 0xbb, 0xbf]]) {
      expect(() => decodeUtf8(Uint8Array.from(bytes), 'x')).toThrow(expect.objectContaining({ code: 'empty_data' }));
    }
  });
});

describe('readText', () => {
  it('reads a file on either thread and leaves its line ends alone', async () => {
    const path = join(temporaryDirectory(), 'a.txt');
    writeFileSync(path, '\ufeffa\r\nß😀\n');
    expect(await readText(path)).toBe('a\r\nß😀\n');
    expect(readTextSync(path)).toBe('a\r\nß😀\n');
  });

  it('says why a file cannot be read', async () => {
    const directory = temporaryDirectory();
    const missing = join(directory, 'none.txt');
    const unreadable = expect.objectContaining({ code: 'file_unreadable' });
    await expect(readText(missing)).rejects.toThrow(`cannot read '${missing}': there is no such file`);
    await expect(readText(missing)).rejects.toThrow(unreadable);
    await expect(readText(directory)).rejects.toThrow('it is a directory');
    expect(() => readTextSync(missing)).toThrow(unreadable);
    expect(() => readTextSync(missing)).toThrow(DataError);
  });
});

describe('visitWords', () => {
  it('splits at white space and marks the end of every line', () => {
    expect(words(' the  cat\tsat \r\n\non\nthe mat')).toEqual([
      'the',
      'cat',
      'sat',
      '<eos>',
      '<eos>',
      'on',
      '<eos>',
      'the',
      'mat',
    ]);
    expect(words('')).toEqual([]);
    expect(words('end\n')).toEqual(['end', '<eos>']);
  });

  it('splits where str.split() of Python splits', () => {
    // ''.join(chr(c) for c in range(0x110000) if chr(c).isspace()), Python 3.11, without the line feed.
    const spaces =
      '\t\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000';
    const separators = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).filter(hasWhiteSpace);
    expect(separators).toEqual([...spaces, '\n'].sort());
    expect(words([...spaces].map((space) => `a${space}`).join(''))).toEqual(Array(spaces.length).fill('a'));
  });
});
