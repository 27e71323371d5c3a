import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { CHUNK_BYTES } from '../../src/files/file-lines.js';
import { readJsonLines } from '../../src/files/json-lines.js';
import { textLines } from '../../src/files/text-lines.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';

function written(bytes: string | Uint8Array, name = 'a.txt'): string {
  const file = join(temporaryDirectory(), name);
  writeFileSync(file, bytes);
  return file;
}

async function linesOf(bytes: string | Uint8Array, encoding?: string): Promise<[number, string][]> {
  const found: [number, string][] = [];
  for await (const lines of textLines(written(bytes), encoding)) {
    for (const { text, line } of lines) found.push([line, text]);
  }
  return found;
}

describe('the lines of a file', () => {
  it('end in LF, CRLF or CR, side by side', async () => {
    expect(await linesOf('a\nb\r\nc\rd\r\r\n\ne')).toEqual([
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
      [4, 'd'],
      [5, ''],
      [6, ''],
      [7, 'e'],
    ]);
    expect(await linesOf('a\r')).toEqual([[1, 'a']]);
    expect(await linesOf('a\n')).toEqual([[1, 'a']]);
    expect(await linesOf('\n')).toEqual([[1, '']]);
    expect(await linesOf('')).toEqual([]);
  });

  it('may be cut anywhere: a CRLF and a character at the border of two pieces, and a line of several pieces', async () => {
    const long = 'x'.repeat(CHUNK_BYTES - 1);
    expect(await linesOf(`${long}\r\nb\n`)).toEqual([
      [1, long],
      [2, 'b'],
    ]);
    expect(await linesOf(`${long}é\nb`)).toEqual([
      [1, `${long}é`],
      [2, 'b'],
    ]);
    const longer = 'y'.repeat(3 * CHUNK_BYTES);
    expect((await linesOf(`a\n${longer}\rb`)).map(([line, text]) => [line, text.length])).toEqual([
      [1, 1],
      [2, 3 * CHUNK_BYTES],
      [3, 1],
    ]);
  });

  it('come packed, with a byte order mark, as UTF-16, and in an encoding that is named', async () => {
    const expected = [
      [1, 'é'],
      [2, 'b'],
    ];
    expect(await linesOf(gzipSync('é\nb'))).toEqual(expected);
    expect(await linesOf('\ufeffé\nb')).toEqual(expected);
    expect(await linesOf(Buffer.from('\ufeffé\nb', 'utf16le'))).toEqual(expected);
    expect(await linesOf(gzipSync(Buffer.from('\ufeffé\nb', 'utf16le')))).toEqual(expected);
    expect(await linesOf(Buffer.from('é\nb', 'latin1'), 'windows-1252')).toEqual(expected);
  });

  it('that are not UTF-8 are named with their numbers and the option that helps', async () => {
    await expect(linesOf(Buffer.from('ab\ncd\ncaf\xe9\n', 'latin1'))).rejects.toMatchObject({
      code: 'not_utf8',
      message: expect.stringMatching(/a\.txt' line 3 is not UTF-8: byte 0xe9 at offset 9; --encoding latin1/),
      details: expect.objectContaining({ line: 3, offset: 9 }),
    });
  });
});

describe('JSON lines', () => {
  const read = (bytes: string | Uint8Array, encoding?: string) =>
    readJsonLines(written(bytes, 'a.jsonl'), (row) => row.text('a'), { encoding });
  const two = '{"a":"é"}\r{"a":"b"}\r\n \t\n\n';

  it.each<[string, string | Uint8Array, string?]>([
    ['with any line ends and blank lines', two],
    ['with a byte order mark', `\ufeff${two}`],
    ['packed', gzipSync(two)],
    ['in UTF-16', Buffer.from(`\ufeff${two}`, 'utf16le')],
    ['in big-endian UTF-16', Buffer.from(`\ufeff${two}`, 'utf16le').swap16()],
    ['in Latin-1', Buffer.from(two, 'latin1'), 'latin1'],
  ])('are read %s', async (_name, bytes, encoding) => {
    expect(await read(bytes, encoding)).toEqual(['é', 'b']);
  });

  it('are refused with file and line', async () => {
    await expect(read('{"a":"x"}\r\r{"a":1}')).rejects.toMatchObject({
      code: 'invalid_row',
      message: expect.stringMatching(/a\.jsonl' line 3, field 'a'/),
    });
    await expect(read(gzipSync(Buffer.from('{"a":"x"}\n{"a":"\xe9"}', 'latin1')))).rejects.toMatchObject({
      code: 'not_utf8',
      message: expect.stringMatching(/a\.jsonl' line 2 is not UTF-8/),
    });
    await expect(read(gzipSync('{"a":"x"}').subarray(0, 20))).rejects.toMatchObject({ code: 'file_corrupt' });
    await expect(read(' \n\n')).rejects.toMatchObject({ code: 'empty_data' });
  });
});
