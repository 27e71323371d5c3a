import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { linePieces, soundPieces } from '../../src/cli/stream-pieces.js';

const code = (expected: string) => expect.objectContaining({ code: expected });

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const piece of source) found.push(piece);
  return found;
}

/** The bytes in chunks of every size from one byte to all of them. */
const everyChunking = (bytes: Buffer) =>
  Array.from({ length: bytes.length }, (_, size) =>
    Readable.from(
      Array.from({ length: Math.ceil(bytes.length / (size + 1)) }, (__, at) =>
        bytes.subarray(at * (size + 1), (at + 1) * (size + 1)),
      ),
    ),
  );

describe('lines on standard input', () => {
  it('are the same in any chunks, with either line end, without a mark at the start and without empty ones', async () => {
    const text = Buffer.from('\ufeffa\n\r\n  é 😀\r\n\nlast');
    for (const input of everyChunking(text)) expect(await all(linePieces(input))).toEqual(['a', '  é 😀', 'last']);
    expect(await all(linePieces(Readable.from([Buffer.from('\n\n')])))).toEqual([]);
    expect(await all(linePieces(Readable.from([])))).toEqual([]);
  });

  it('are given as soon as they end', async () => {
    const input = new Readable({ read: () => {} });
    const lines = linePieces(input);
    input.push('one\ntw');
    expect(await lines.next()).toEqual({ done: false, value: 'one' });
    input.push('o\n');
    expect(await lines.next()).toEqual({ done: false, value: 'two' });
    input.push(null);
    expect(await lines.next()).toEqual({ done: true, value: undefined });
  });

  it('are refused when they are not UTF-8, with their number', async () => {
    const bytes = Buffer.concat([Buffer.from('fine\n'), Buffer.of(0x61, 0xff, 0x0a)]);
    for (const input of everyChunking(bytes)) {
      const lines = linePieces(input);
      expect((await lines.next()).value).toBe('fine');
      await expect(lines.next()).rejects.toThrow(/'standard input' line 2 is not UTF-8: byte 0xff at offset 6/);
    }
    await expect(all(linePieces(Readable.from([Buffer.of(0xff)])))).rejects.toThrow(code('not_utf8'));
  });
});

describe('sound on standard input', () => {
  const samples = [0, 1, -1, 32767, -32768, 256, -2];
  const bytes = Buffer.alloc(2 * samples.length);
  for (const [at, sample] of samples.entries()) bytes.writeInt16LE(sample, 2 * at);
  const expected = samples.map((sample) => sample / 32768);

  it('is the same in any chunks, also those that end within a sample', async () => {
    for (const input of everyChunking(bytes)) {
      const pieces = await all(soundPieces(input));
      expect(pieces.flatMap((piece) => [...piece])).toEqual(expected);
      expect(pieces.every((piece) => piece.length > 0)).toBe(true);
    }
  });

  it('ends with its last whole sample', async () => {
    const odd = Buffer.concat([bytes, Buffer.of(7)]);
    const pieces = await all(soundPieces(Readable.from([odd])));
    expect(pieces.flatMap((piece) => [...piece])).toEqual(expected);
    expect(await all(soundPieces(Readable.from([Buffer.of(7)])))).toEqual([]);
  });
});
