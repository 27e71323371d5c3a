import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Batch } from '../../src/batch/batch.js';
import { Random } from '../../src/core/random.js';
import { FileExamples } from '../../src/data/file-examples.js';
import { SequenceBatches } from '../../src/data/sequence-batches.js';
import { CHUNK_BYTES, visitFileLines } from '../../src/files/file-lines.js';
import { jsonLine, readJsonLines } from '../../src/files/json-lines.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';

const code = (expected: string) => expect.objectContaining({ code: expected });

/** The sizes of all reads from files, in order. */
const asked: number[] = [];

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const open: typeof real.open = async (...args) => {
    const file = await real.open(...args);
    const read = file.read.bind(file) as (...args: unknown[]) => unknown;
    Object.assign(file, {
      read: (...parameters: unknown[]) => {
        asked.push(parameters[2] as number);
        return read(...parameters);
      },
    });
    return file;
  };
  return { ...real, open };
});

beforeEach(() => void asked.splice(0));

function written(content: string | Uint8Array): string {
  const path = join(temporaryDirectory(), 'data.txt');
  writeFileSync(path, content);
  return path;
}

const parse = jsonLine((row) => ({ input: row.ids('input'), target: row.classId('target') }));

/** A file of some MB; the longest line has about 2.4 KB. */
function largeFile(count: number): { path: string; longestLine: number } {
  const random = new Random(1, 'file');
  const lines = Array.from({ length: count }, (_, target) => {
    const input = Array.from({ length: 1 + random.integer(400) }, () => random.integer(99_999));
    return JSON.stringify({ input, target });
  });
  return { path: written(`${lines.join('\n')}\n`), longestLine: Math.max(...lines.map(({ length }) => length)) };
}

/** Fingerprints of batches: of every number in them. */
async function digests(batches: AsyncIterable<Batch>): Promise<string[]> {
  const list: string[] = [];
  for await (const { batchSizes, inputs, targets } of batches) {
    const hash = createHash('sha256');
    for (const values of [batchSizes, ...Object.values(inputs), ...Object.values(targets ?? {})]) {
      hash.update(`${values.constructor.name} ${values.length}`).update(values);
    }
    list.push(hash.digest('hex'));
  }
  return list;
}

describe('FileExamples', () => {
  it('gives the same batches as the same examples in memory, reading a line at a time', async () => {
    const { path, longestLine } = largeFile(4000);
    expect(readFileSync(path).length).toBeGreaterThan(4_000_000);
    const memory = await readJsonLines(path, (row) => ({ input: row.ids('input'), target: row.classId('target') }));
    asked.length = 0;
    const file = await FileExamples.open(path, { parse });
    expect(file.count).toBe(4000);
    expect(Math.max(...asked)).toBe(CHUNK_BYTES);
    const options = { tokens: 4000, pool: 5 };
    const [fromFile, fromMemory] = [new SequenceBatches(file, options), new SequenceBatches(memory, options)];
    expect(fromFile.describe('training')).toEqual(fromMemory.describe('training'));
    asked.length = 0;
    for (const order of [undefined, { seed: 1, epoch: 3 }]) {
      expect(await digests(fromFile.batches(order))).toEqual(await digests(fromMemory.batches(order)));
    }
    expect(asked.length).toBe(2 * 4000);
    expect(Math.max(...asked)).toBe(longestLine);
    // Only the batches that are wanted are read.
    asked.length = 0;
    const batches = fromFile.batches({ seed: 1, epoch: 0 }, 150);
    const { value } = await batches.next();
    expect(asked.length).toBe((value as Batch).batchSizes[0]);
  });

  it('accepts LF and CRLF, a byte order mark, empty lines, and a last line without an end', async () => {
    const lines = ['{"input":[1],"target":1}', '', '{"input":[2,2],"target":2}', '{"input":[3],"target":3}'];
    for (const content of [lines.join('\n'), `${lines.join('\r\n')}\r\n`, `\ufeff${lines.join('\n')}\n\n`]) {
      const file = await FileExamples.open(written(content), { parse });
      expect([0, 1, 2].map((index) => file.lengthOf(index))).toEqual([1, 2, 1]);
      const examples = await file.read(Int32Array.of(2, 0, 2));
      expect(examples.map(({ target }) => target)).toEqual([3, 1, 3]);
    }
  });

  it('finds lines wherever chunks end', async () => {
    // Lines of 13 bytes: they lie across the ends of chunks in every possible way, and one is longer than two chunks.
    const short = Array.from({ length: 200_000 }, (_, index) => String(index).padStart(12, '0'));
    const long = 'é'.repeat(CHUNK_BYTES + 7);
    const path = written([...short, long, 'end'].join('\n'));
    const seen: { text: string; line: number; offset: number }[] = [];
    await visitFileLines(path, ({ text, line, offset }) => void seen.push({ text, line, offset }));
    expect(seen.length).toBe(200_002);
    expect(
      seen
        .slice(0, -2)
        .every(({ text, line, offset }, at) => text === short[at] && line === at + 1 && offset === at * 13),
    ).toBe(true);
    expect(seen.at(-2)).toEqual({ text: long, line: 200_001, offset: 2_600_000 });
    expect(seen.at(-1)?.text).toBe('end');
  });

  it('names file, line and byte of what is not UTF-8', async () => {
    const path = written(Buffer.concat([Buffer.from('ab\ncd\ne'), Uint8Array.of(0xff), Buffer.from('f\n')]));
    const opened = FileExamples.open(path, { parse: () => ({ input: Int32Array.of(1) }) });
    await expect(opened).rejects.toThrow(`'${path}' line 3 is not UTF-8: byte 0xff at offset 7`);
    await expect(opened).rejects.toThrow(code('not_utf8'));
  });

  it('names the line that cannot be parsed, or whose length is none', async () => {
    const bad = FileExamples.open(written('{"input":[1],"target":1}\n\n{"input":[],"target":1}\n'), { parse });
    await expect(bad).rejects.toThrow(
      "line 3, field 'input': expected a list of integers >= -1, at least one, found []",
    );
    const path = written('a\nb\n');
    const options = { parse: (line: string) => line, length: (line: string) => (line === 'b' ? 0 : 1) };
    await expect(FileExamples.open(path, options)).rejects.toMatchObject({
      code: 'invalid_row',
      details: { file: path, line: 2, reason: 'invalid_option' },
    });
    const empty = FileExamples.open(written('x\n'), { parse: () => ({ input: new Float32Array(0) }) });
    await expect(empty).rejects.toMatchObject({ code: 'invalid_row', details: { line: 1, reason: 'empty_data' } });
  });

  it('refuses a file that is missing, empty, or was changed since it was opened', async () => {
    const missing = join(temporaryDirectory(), 'none');
    await expect(FileExamples.open(missing, { parse })).rejects.toThrow(
      `cannot read '${missing}': there is no such file`,
    );
    await expect(FileExamples.open(temporaryDirectory(), { parse })).rejects.toThrow(code('file_unreadable'));
    await expect(FileExamples.open(written('\n\n'), { parse })).rejects.toThrow(code('empty_data'));
    const path = written('{"input":[1],"target":1}\n');
    const file = await FileExamples.open(path, { parse });
    utimesSync(path, 1, 1);
    await expect(file.read(Int32Array.of(0))).rejects.toThrow(code('file_changed'));
    const other = await FileExamples.open(path, { parse });
    appendFileSync(path, '\n');
    await expect(other.read(Int32Array.of(0))).rejects.toThrow('it had 25 bytes, now 26');
  });

  it('refuses numbers outside its examples and options that are none', async () => {
    const path = written('{"input":[1],"target":1}\n');
    const file = await FileExamples.open(path, { parse });
    for (const index of [-1, 1, 0.5, Number.NaN])
      expect(() => file.lengthOf(index)).toThrow(code('index_out_of_range'));
    await expect(file.read(Int32Array.of(0, 1))).rejects.toThrow(code('index_out_of_range'));
    await expect(FileExamples.open(path, {} as never)).rejects.toThrow(code('invalid_option'));
    await expect(FileExamples.open(path, { parse, length: 3 } as never)).rejects.toThrow(code('invalid_option'));
    await expect(FileExamples.open(path, { parse, skip: 1 } as never)).rejects.toThrow(code('unknown_option'));
  });
});
