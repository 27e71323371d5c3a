import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readLabelledLines } from '../../src/files/labelled-lines.js';
import { readLabelledText, readTextsAfterLabels } from '../../src/files/labelled-text.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';

function written(text: string): string {
  const file = join(temporaryDirectory(), 'a.txt');
  writeFileSync(file, text);
  return file;
}

const pairs = async (text: string, separator: 'prefix' | 'tab') =>
  (await readLabelledText(written(text), separator)).lines.map(({ label, text: found, place }) => [
    label,
    found,
    place.line,
  ]);

describe('lines of a class and a text', () => {
  it('are those of fastText', async () => {
    expect(await pairs('__label__pos a  fine film \r\n\n__label__neg\tbad\tone\n', 'prefix')).toEqual([
      ['pos', 'a  fine film', 1],
      ['neg', 'bad\tone', 3],
    ]);
  });

  it('have a tab between them; the text may have more', async () => {
    expect(await pairs('very good\ta film\nbad\tb\tc\n', 'tab')).toEqual([
      ['very good', 'a film', 1],
      ['bad', 'b\tc', 2],
    ]);
  });

  it.each<[string, string, 'prefix' | 'tab', RegExp]>([
    [
      'a line without a class',
      '__label__a b\nc d',
      'prefix',
      /a\.txt' line 2: expected '__label__CLASS TEXT', found 'c d'/,
    ],
    ['two classes', '__label__a __label__b c', 'prefix', /line 1: expected one class, found 'a' and '__label__b'/],
    ['no text', '__label__a b\n__label__a \n', 'prefix', /line 2: expected a text after the class, found nothing/],
    ['blanks for a text', 'a\t \u00a0', 'tab', /line 1: expected a class, a tab and a text/],
    ['a line without a tab', 'a\tb\nc', 'tab', /line 2: expected a class, a tab and a text, found 'c'/],
    [
      'the text first',
      'one\tx\ntwo\tx\nthree\ty\nfour\ty\n',
      'tab',
      /expected classes before the tabs, found 4.*2 different texts/,
    ],
  ])('are refused for %s', async (_name, text, separator, message) => {
    await expect(readLabelledText(written(text), separator)).rejects.toThrow(
      expect.objectContaining({ code: 'invalid_row', message: expect.stringMatching(message) }),
    );
  });

  it('need no classes for predictions, but all or none', async () => {
    const texts = async (text: string) =>
      (await readTextsAfterLabels(written(text), 'tab')).lines.map((line) => line.text);
    expect(await texts('a b\nc\n')).toEqual(['a b', 'c']);
    expect(await texts('x\ta b\ny\tc\n')).toEqual(['a b', 'c']);
    await expect(texts('x\ta b\nc\n')).rejects.toThrow(/line 2/);
  });
});

it('files of a folder are those of its classes, with an ending in small letters or capitals', async () => {
  const folder = temporaryDirectory();
  for (const [name, text] of [
    ['a.txt', 'one'],
    ['B.TXT', 'two'],
    ['b.md', 'three'],
  ] as const) {
    writeFileSync(join(folder, name), text);
  }
  const { labels, examples } = await readLabelledLines(folder);
  expect([labels, examples.map(({ text }) => text)]).toEqual([
    ['B', 'a'],
    ['two', 'one'],
  ]);
});
