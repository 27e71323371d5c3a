/**
 * What reading takes is bounded by the size of the file and by limits that are said. Each reader gets a megabyte of its
 * worst input: with work that grows with the square of it, a test takes hours.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeHeader } from '../../src/checkpoint/safetensors-header.js';
import { errorLine } from '../../src/cli/exit-status.js';
import { BpttError } from '../../src/core/errors.js';
import { parseStrictJson } from '../../src/core/json.js';
import { oneLine } from '../../src/core/one-line.js';
import { describeValue } from '../../src/core/options.js';
import { readCsv } from '../../src/files/csv-table.js';
import { decodeIdx } from '../../src/files/idx.js';
import { readJsonLines } from '../../src/files/json-lines.js';
import { decodeNpy } from '../../src/files/npy.js';
import { decodePng } from '../../src/files/png.js';
import { tablePieces } from '../../src/files/table-bytes.js';
import { decodeUtf8, splitLines, wordsOf } from '../../src/files/text.js';
import { decodeWav } from '../../src/files/wav.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';

const LENGTH = 1_000_000;
const many = (text: string) => text.repeat(Math.ceil(LENGTH / text.length));

function npyHeader(text: string): Buffer {
  const head = Buffer.from('\x93NUMPY\x02\x00....', 'latin1');
  head.writeUInt32LE(text.length, 8);
  return Buffer.concat([head, Buffer.from(text, 'latin1')]);
}

/** A PNG of many chunks of a kind, without checksums. */
function chunks(id: string): Buffer {
  const one = Buffer.alloc(12);
  one.write(id, 4, 'latin1');
  const header = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108000000000000000000', 'hex').subarray(
    0,
    33,
  );
  return Buffer.concat([header, ...Array.from({ length: LENGTH / 12 }, () => one)]);
}

/** A WAV file of many chunks without content. */
function wavChunks(): Buffer {
  const one = Buffer.from('note\0\0\0\0', 'latin1');
  const head = Buffer.from('RIFF....WAVE', 'latin1');
  head.writeUInt32LE(LENGTH + 4, 4);
  return Buffer.concat([head, ...Array.from({ length: LENGTH / 8 }, () => one)]);
}

/** What a call did: its result, or the error of its own class. */
function outcome(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    expect(error instanceof BpttError || error instanceof SyntaxError, String(error)).toBe(true);
    return error;
  }
}

describe('a megabyte of the worst input', () => {
  const shape = (text: string) => npyHeader(`{'descr': '<f8', 'fortran_order': False, 'shape': (${text}`);
  it.each<[string, () => unknown]>([
    ['an NPY header of spaces', () => decodeNpy(shape(`1,)${many(' ')}`), 'a')],
    ['an NPY header of digits', () => decodeNpy(shape(many('1')), 'a')],
    ['an NPY header of numbers', () => decodeNpy(shape(many('1 , ')), 'a')],
    ['PNG chunks', () => decodePng(chunks('tEXt'), 'a')],
    ['PNG chunks of pixels', () => decodePng(chunks('IDAT'), 'a')],
    ['WAV chunks', () => decodeWav(wavChunks(), 'a')],
    ['IDX', () => decodeIdx(Buffer.alloc(LENGTH, 8), 'a')],
    ['gzip members', () => decodeIdx(Buffer.concat(Array.from({ length: LENGTH / 25 }, () => gzipSync(''))), 'a')],
    ['white space as text', () => wordsOf(decodeUtf8(Buffer.from(many(' ')), 'a'))],
    ['line ends', () => splitLines(many('\r'))],
    ['bytes that are nearly UTF-8', () => decodeUtf8(Buffer.from(`${many('é')}\xff`, 'latin1'), 'a')],
    ['a JSON text of backslashes', () => parseStrictJson(`"${many('\\\\')}"`)],
    ['a JSON text of quotes', () => parseStrictJson(`"${many('\\"')}"`)],
    ['JSON brackets', () => parseStrictJson(many('['))],
    [
      'JSON keys',
      () => parseStrictJson(`{${Array.from({ length: LENGTH / 10 }, (_, key) => `"${key}":0`).join(',')}}`),
    ],
    ['a JSON key and spaces', () => parseStrictJson(`{"a"${many(' ')}:1}`)],
    ['a header of small tensors', () => decodeHeader('a', manyTensors(), 0)],
    ['a header of one large shape', () => decodeHeader('a', tensorOf(many('1,')), 0)],
    ['an error text of spaces', () => errorLine(new BpttError('code', `${many(' ')}x`))],
    [
      'an error text of spaces and a line end',
      () => errorLine(new BpttError('code', `a\n${many(' ')}x\n${many(' \t')}`)),
    ],
    ['an error text of line ends', () => errorLine(new BpttError('code', many('\n ')))],
  ])(
    '%s takes a time that grows with its length',
    (_name, call) => {
      outcome(call);
    },
    20_000,
  );

  function tensorOf(sizes: string): Buffer {
    return Buffer.from(`{"a":{"dtype":"F32","shape":[${sizes}1],"data_offsets":[0,4]}}`);
  }

  function manyTensors(): Buffer {
    const one = (name: number) => `"${name}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`;
    return Buffer.from(`{${Array.from({ length: LENGTH / 50 }, (_, name) => one(name)).join(',')}}`);
  }
});

describe('sizes that a file claims', () => {
  it('of a compressed array are compared with the file and with a limit', () => {
    const header = (count: number) => Buffer.from([0, 0, 8, 1, ...Buffer.from(Uint32Array.of(count).buffer).reverse()]);
    const claims = gzipSync(Buffer.concat([header(2 ** 32 - 1), Buffer.alloc(100)]));
    expect(() => decodeIdx(claims, 'a')).toThrow(/takes 4294967303 bytes, \d+ bytes of gzip hold at most/);
    expect(() => decodeIdx(claims, 'a')).toThrow(expect.objectContaining({ code: 'file_truncated' }));
    const honest = gzipSync(Buffer.concat([header(5000), Buffer.alloc(5000)]));
    expect(() => decodeIdx(honest, 'a', { maxBytes: 5007 })).toThrow(
      expect.objectContaining({ code: 'file_unsupported' }),
    );
    expect(decodeIdx(honest, 'a', { maxBytes: 5008 }).values.length).toBe(5000);
  });

  it('of a packed table and of packed lines are limited by the size of the file', async () => {
    const path = join(temporaryDirectory(), 'bomb.csv.gz');
    writeFileSync(path, gzipSync(Buffer.alloc(2 ** 28, 'a\n1\n')));
    const before = process.memoryUsage.rss();
    const tooLong = expect.objectContaining({ code: 'too_long' });
    await expect(readCsv(path, { columns: ['a'] })).rejects.toThrow(/'a'|more than 100 times as large/);
    await expect(readJsonLines(path, (row) => row.text('a'))).rejects.toThrow();
    const read = async () => {
      for await (const _ of tablePieces(path));
    };
    await expect(read()).rejects.toThrow(tooLong);
    await expect(read()).rejects.toThrow(/becomes more than 100 times as large when it is unpacked/);
    expect(process.memoryUsage.rss() - before).toBeLessThan(2 ** 30);
    const honest = join(temporaryDirectory(), 'honest.csv.gz');
    writeFileSync(honest, gzipSync(`a\n${'1\n'.repeat(1e6)}`)); // smaller than the size from which it is judged
    expect((await readCsv(honest, { columns: ['a'] })).rows).toBe(1e6);
  });

  it('of an NPY header are limited', () => {
    expect(() => decodeNpy(npyHeader(' '.repeat(10_001)), 'a')).toThrow('has a header of 10001 bytes, at most 10000');
  });

  it('do not become pixels before they are compared with the compressed bytes', () => {
    expect(deflateSync(Buffer.alloc(LENGTH)).length * 1032).toBeGreaterThan(LENGTH); // the bound holds for the best case
  });
});

describe('the text of an error', () => {
  it('shows the beginning of long values, and makes no text of their length', () => {
    expect(describeValue('a'.repeat(1e6)).length).toBe(80);
    expect(describeValue(Array.from({ length: 1e6 }, () => 1))).toBe(`[${'1,'.repeat(38)}...`);
    const shown = { toJSON: () => shown.count++, count: 0 };
    describeValue(Array.from({ length: 1e4 }, () => shown));
    expect(shown.count).toBe(80); // work, counted: the elements that became text
    expect(describeValue(new Float32Array(1e6)).length).toBe(80);
    expect(describeValue([1, 'b'])).toBe('[1,"b"]');
  });

  it.each([
    ['one', 'one'],
    ['one\ntwo', 'one two'],
    ['one  \n\n \t two\r\n three ', 'one two three '],
    ['\none\n', ' one '],
  ])('%j is the line %j', (text, line) => {
    expect(oneLine(text)).toBe(line);
    expect(line).toBe(text.replaceAll(/\s*\n\s*/g, ' '));
  });
});
