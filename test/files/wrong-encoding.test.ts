/** Texts in UTF-8 that are to be read in an encoding of single bytes, which would take each byte for a character. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readCsv } from '../../src/files/csv-table.js';
import { textLines } from '../../src/files/text-lines.js';
import { trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { predictions, QUIET, UNTRAINED } from '../tasks/trained.js';

function written(bytes: Uint8Array, name = 'a.txt'): string {
  const file = join(temporaryDirectory(), name);
  writeFileSync(file, bytes);
  return file;
}

async function textOf(file: string, encoding?: string): Promise<string> {
  let text = '';
  for await (const lines of textLines(file, encoding)) for (const line of lines) text += `${line.text}\n`;
  return text;
}

const refusal = expect.objectContaining({
  code: 'wrong_encoding',
  message: expect.stringMatching(/is UTF-8 with characters of several bytes.*--encoding utf-8 reads it$/),
});
const umlauts = 'Küche für Bären\n';

describe('a text in UTF-8', () => {
  it.each(['latin1', 'windows-1252', 'iso-8859-15', 'koi8-r', 'macintosh', 'ibm866'])(
    'is not read as %s',
    async (encoding) => {
      const utf8 = Buffer.from(umlauts);
      await expect(textOf(written(utf8), encoding)).rejects.toThrow(refusal);
      await expect(textOf(written(gzipSync(utf8), 'a.txt.gz'), encoding)).rejects.toThrow(refusal);
      await expect(textOf(written(Buffer.from('😀')), encoding)).rejects.toThrow(refusal);
      expect(await textOf(written(utf8), 'utf-8')).toBe(umlauts);
      await expect(readCsv(written(Buffer.from('n,t\n1,ü\n'), 'a.csv'), { columns: ['n'], encoding })).rejects.toThrow(
        refusal,
      );
    },
  );

  it('is one over the ends of pieces, and none where one byte is not', async () => {
    const long = Buffer.from(`${'a'.repeat(2 ** 20 - 1)}ü${'b'.repeat(2 ** 20)}ü`);
    await expect(textOf(written(long), 'latin1')).rejects.toThrow(refusal);
    const once = Buffer.concat([long, Buffer.of(0xfc)]);
    expect(await textOf(written(once), 'latin1')).toHaveLength(long.length + 2);
  });

  it('is read in other encodings where it is ASCII or theirs', async () => {
    expect(await textOf(written(Buffer.from('plain\n')), 'latin1')).toBe('plain\n');
    expect(await textOf(written(Buffer.from(umlauts, 'latin1')), 'latin1')).toBe(umlauts);
    expect(await textOf(written(Buffer.of(0x93, 0xfa, 0x96, 0x7b)), 'shift_jis')).toBe('日本\n');
  });
});

it('later files of a run are read in its encoding, or refused', async () => {
  const data = written(Buffer.from('kueche\tKüche\nsport\tTor\n'.repeat(4), 'latin1'));
  const out = join(temporaryDirectory(), 'run');
  const small = { ...QUIET, ...UNTRAINED, units: 2, embedding: 2, valid: 0, test: 0 } as const;
  await trainTask('classify', { ...small, data, out, encoding: 'latin1' });
  const expected = await predictions(out, { values: ['Küche'] });
  expect(await predictions(out, { file: written(Buffer.from('Küche\n', 'latin1')) })).toEqual(expected);
  const file = written(Buffer.from('Küche\n'));
  await expect(predictions(out, { file })).rejects.toThrow(refusal);
  expect(await predictions(out, { file }, { encoding: 'utf-8' })).toEqual(expected);
});
