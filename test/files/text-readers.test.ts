import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readLabelledLines } from '../../src/files/labelled-lines.js';
import { readParallelText, readSourceLines, tabbedPair } from '../../src/files/parallel-text.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { realData } from '../data/real-data.js';

/** A folder with files of these contents. */
function folderOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = temporaryDirectory();
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

describe('readParallelText', () => {
  it('pairs the lines of two files, with LF or CRLF and a byte order mark', async () => {
    const folder = folderOf({ en: '\ufeffa cat .\r\nno\r\n', ja: '猫\u3000だ 。\nいや' });
    expect(await readParallelText(join(folder, 'en'), join(folder, 'ja'))).toEqual([
      { source: ['a', 'cat', '.'], target: ['猫', 'だ', '。'] },
      { source: ['no'], target: ['いや'] },
    ]);
  });

  it('reads pairs from one file with tabs', async () => {
    const folder = folderOf({ both: 'a cat\tein Kater\nno\tnein\n', bad: 'a\tb\nc d\n' });
    expect(await readParallelText(join(folder, 'both'))).toEqual([
      { source: ['a', 'cat'], target: ['ein', 'Kater'] },
      { source: ['no'], target: ['nein'] },
    ]);
    await expect(readParallelText(join(folder, 'bad'))).rejects.toThrow(
      'line 2: expected two sentences with one tab between, found 0 tabs',
    );
    expect(() => tabbedPair('a\t ', { file: 'f', line: 3 })).toThrow(
      "'f' line 3, target: expected at least one token, found nothing",
    );
  });

  it('reads pairs from JSON lines, with their weights where a field of them is named', async () => {
    const lines = [
      { source: 'a  cat', target: ['ein', 'Kater'], w: 0.5, more: 1 },
      { target: 'nein', source: ['no'], w: 0 },
    ];
    const folder = folderOf({ 'both.jsonl': `${lines.map((line) => JSON.stringify(line)).join('\n\n')}\n` });
    const pairs = [
      { source: ['a', 'cat'], target: ['ein', 'Kater'] },
      { source: ['no'], target: ['nein'] },
    ];
    expect(await readParallelText(join(folder, 'both.jsonl'))).toEqual(pairs);
    expect(await readParallelText(join(folder, 'both.jsonl'), undefined, 'w')).toEqual([
      { ...pairs[0], weight: 0.5 },
      { ...pairs[1], weight: 0 },
    ]);
    expect(await readSourceLines(join(folder, 'both.jsonl'))).toEqual([['a', 'cat'], ['no']]);
  });

  it.each<[string, object, RegExp]>([
    ['no target', { source: 'a' }, /line 2, field 'target': expected a text, or a list of tokens, found no such field/],
    ['a number', { source: 3, target: 'b' }, /line 2, field 'source': expected a text, or a list of tokens, found 3/],
    ['white space', { source: 'a', target: ' ' }, /line 2, field 'target': expected at least one token, found nothing/],
    ['an empty list', { source: [], target: 'b' }, /line 2, field 'source'.*at least one/],
    ['a list of others', { source: [1], target: 'b' }, /line 2, field 'source': expected a list of strings/],
    ['an empty token', { source: ['a', ''], target: 'b' }, /line 2, field 'source': expected tokens without.*an empty/],
    ['a token with blanks', { source: ['a b'], target: 'b' }, /line 2, field 'source': expected tokens.*found 'a b'/],
  ])('refuses a JSON line with %s', async (_name, line, message) => {
    const folder = folderOf({ 'x.jsonl': `{"source":"a","target":"b"}\n${JSON.stringify(line)}\n` });
    const pairs = readParallelText(join(folder, 'x.jsonl'));
    await expect(pairs).rejects.toMatchObject({ code: 'invalid_row', message: expect.stringMatching(message) });
  });

  it('refuses files of different numbers of lines, naming both', async () => {
    const folder = folderOf({ en: 'a\nb\nc\n', ja: 'x\ny\n' });
    const pairs = readParallelText(join(folder, 'en'), join(folder, 'ja'));
    await expect(pairs).rejects.toMatchObject({
      code: 'line_counts_differ',
      details: { sourceLines: 3, targetLines: 2 },
    });
    await expect(pairs).rejects.toThrow(/has 3 lines, but .* has 2/);
  });

  it('refuses a line without tokens and what is not UTF-8, naming the file', async () => {
    const folder = folderOf({ en: 'a\nb\n', empty: 'a\n \n', latin: Uint8Array.of(0x61, 0x0a, 0xe9, 0x0a) });
    const empty = readParallelText(join(folder, 'en'), join(folder, 'empty'));
    await expect(empty).rejects.toMatchObject({
      code: 'invalid_row',
      details: { file: join(folder, 'empty'), line: 2 },
    });
    const latin = readParallelText(join(folder, 'en'), join(folder, 'latin'));
    await expect(latin).rejects.toMatchObject({
      code: 'not_utf8',
      details: { source: join(folder, 'latin'), offset: 2 },
    });
  });
});

describe('readLabelledLines', () => {
  it('reads one class a file, ordered by name, and leaves other files alone', async () => {
    const folder = folderOf({ 'b.txt': ' Ada \r\n\r\nBob\r\n', 'a.txt': '\ufeffÉva', 'notes.md': 'x' });
    mkdirSync(join(folder, 'c.txt'));
    expect(await readLabelledLines(folder)).toEqual({
      hidden: [],
      emptyLines: 1,
      labels: ['a', 'b'],
      examples: [
        { text: 'Éva', label: 'a', target: 0 },
        { text: 'Ada', label: 'b', target: 1 },
        { text: 'Bob', label: 'b', target: 1 },
      ],
    });
    expect((await readLabelledLines(folder, { ending: '.md' })).labels).toEqual(['notes']);
  });

  it('takes hidden files for no classes, and names them', async () => {
    const hidden = { '._a.txt': '\0\x05\x16\x07', '.DS_Store': '\0', 'Thumbs.db': '\0', '.txt': 'x' };
    const folder = folderOf({ 'a.txt': 'x', ...hidden });
    const found = await readLabelledLines(folder);
    expect(found).toMatchObject({ labels: ['a'], hidden: ['.DS_Store', '._a.txt', '.txt', 'Thumbs.db'] });
    expect(found.examples).toHaveLength(1);
    await expect(readLabelledLines(folderOf(hidden))).rejects.toMatchObject({ code: 'empty_data' });
  });

  it('reads any line ends, and an encoding that is named', async () => {
    const folder = folderOf({ 'a.txt': Buffer.from('caf\xe9\rx\r\ny', 'latin1') as never });
    const { examples } = await readLabelledLines(folder, { encoding: 'latin1' });
    expect(examples.map(({ text }) => text)).toEqual(['café', 'x', 'y']);
  });

  it('refuses folders without files, classes without texts, and what is not UTF-8', async () => {
    await expect(readLabelledLines(join(temporaryDirectory(), 'none'))).rejects.toMatchObject({
      code: 'file_unreadable',
    });
    await expect(readLabelledLines(temporaryDirectory())).rejects.toMatchObject({ code: 'empty_data' });
    const blank = folderOf({ 'a.txt': 'x', 'b.txt': ' \n' });
    await expect(readLabelledLines(blank)).rejects.toMatchObject({
      code: 'empty_data',
      details: { file: join(blank, 'b.txt') },
    });
    const latin = folderOf({ 'a.txt': Uint8Array.of(0xe9) });
    await expect(readLabelledLines(latin)).rejects.toMatchObject({ code: 'not_utf8' });
  });
});

const names = realData('names/data/names');

describe.skipIf(names.isMissing)('the names', () => {
  it('are 20,050 in 18 languages', async () => {
    const { labels, examples } = await readLabelledLines(names.path);
    expect([labels.length, examples.length]).toEqual([18, 20_050]);
    expect([labels[0], labels.at(-1)]).toEqual(['Arabic', 'Vietnamese']);
    expect(examples.filter(({ label }) => label === 'Russian').length).toBe(9384);
    expect(examples.every(({ text, label, target }) => text !== '' && labels[target] === label)).toBe(true);
  });
});

const enja = realData('enja');

describe.skipIf(enja.isMissing)('the Tanaka corpus', () => {
  it('has 50,000 pairs of 4 to 16 English words', async () => {
    const pairs = await readParallelText(join(enja.path, 'train.en'), join(enja.path, 'train.ja'));
    expect(pairs.length).toBe(50_000);
    const lengths = pairs.map(({ source }) => source.length);
    expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([4, 16]);
    expect(pairs[0]?.source.slice(0, 4)).toEqual(['i', 'can', "'t", 'tell']);
    expect(pairs[0]?.target.at(-1)).toBe('。');
  });
});
