/** Files of classes and texts: headers, the other form in predictions, fields of JSON, tokens that look like JSON. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inputValue } from '../../src/tasks/building-blocks/sequence-inputs.js';
import { readLabelled } from '../../src/tasks/recipes/classify/labelled-sequences.js';
import { trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { predictions, QUIET, trainWithNotes, UNTRAINED } from './trained.js';

const small = {
  ...QUIET,
  ...UNTRAINED,
  units: 4,
  embedding: 4,
  valid: 0,
  test: 0,
  batch: 8,
  direction: 'forward',
} as const;

function written(name: string, text: string): string {
  const file = join(temporaryDirectory(), name);
  writeFileSync(file, text);
  return file;
}

const TAB = 'ham\thello there\nspam\tbuy now\n'.repeat(4);

describe('a first line that names the columns', () => {
  it.each(['Category\tMessage', 'label\ttext', 'Class\tSentence'])(
    'is no example, which a note says: %s',
    async (header) => {
      const { classes, examples, notes } = await readLabelled(written('a.txt', `${header}\n${TAB}`));
      expect([classes, examples.length]).toEqual([['ham', 'spam'], 8]);
      expect(notes).toEqual([expect.stringMatching(/^line 1 of '.*a\.txt' names the columns.*is left out$/)]);
    },
  );

  it('is an example where its class is that of others, or its names are no names of columns', async () => {
    const same = await readLabelled(written('a.txt', `label\ttext\nlabel\tone more\n${TAB}`));
    expect([same.classes, same.notes]).toEqual([['ham', 'label', 'spam'], []]);
    const odd = await readLabelled(written('a.txt', `Art\tInhalt\n${TAB}`));
    expect(odd.classes).toEqual(['Art', 'ham', 'spam']);
    expect(odd.notes).toEqual([expect.stringMatching(/the class 'Art' stands in line 1 of .* alone.*remove it$/)]);
    expect((await readLabelled(written('a.txt', TAB))).notes).toEqual([]);
  });

  it('is no sentence of a file of columns', async () => {
    const rows = 'John B\nsleeps O\n\nMary B\nruns O\n';
    const { classes, examples, notes } = await readLabelled(written('a.conll', `Word Tag\n${rows}`), { perStep: true });
    expect(classes).toEqual(['B', 'O']);
    expect(examples[0]).toMatchObject({ input: ['John', 'sleeps'] });
    expect(notes.at(-1)).toMatch(/line 1 of .* names the columns/);
    const plain = await readLabelled(written('a.conll', `word B\ntag O\n\n${rows}`), { perStep: true });
    expect(plain.examples[0]).toMatchObject({ input: ['word', 'tag'] });
  });
});

describe('predictions of files with classes', () => {
  const texts = ['hello there', 'buy now'];
  const prefixed = '__label__ham hello there\n__label__spam buy now\n';
  const tabbed = 'ham\thello there\nspam\tbuy now\n';
  const trained = async (name: string, text: string) => {
    const out = join(temporaryDirectory(), 'run');
    await trainTask('classify', { ...small, data: written(name, text), out });
    return out;
  };

  it.each([
    ['lines of fastText', 'a.txt', prefixed.repeat(4)],
    ['lines with tabs', 'a.txt', TAB],
    ['JSON lines', 'a.jsonl', '{"text":"hello there","label":"ham"}\n{"text":"buy now","label":"spam"}\n'.repeat(4)],
    ['a table', 'a.csv', `text,label\n${'hello there,ham\nbuy now,spam\n'.repeat(4)}`],
  ])('of a model of %s leave out classes of both forms', async (_what, name, text) => {
    const run = await trained(name, text);
    const expected = await predictions(run, { values: texts });
    for (const [file, content] of [
      ['b.txt', prefixed],
      ['b.txt', tabbed],
      ['b.txt', `Category\tMessage\n${tabbed}`],
      ['b.txt', `${texts.join('\n')}\n`],
      ['b.jsonl', '{"text":"hello there"}\n{"text":"buy now"}\n'],
    ] as const) {
      expect(await predictions(run, { file: written(file, content) })).toEqual(expected);
    }
  });

  it('keep what is before a tab where it is no class', async () => {
    const run = await trained('a.csv', `text,label\n${'hello there,ham\nbuy now,spam\n'.repeat(4)}`);
    const file = written('b.txt', 'x\thello there\ny\tbuy now\n');
    const expected = await predictions(run, { values: ['x\thello there', 'y\tbuy now'] });
    expect(await predictions(run, { file })).toEqual(expected);
  });
});

describe('lines that are no lines of a class and a text', () => {
  it.each([
    [
      'a blank before the text',
      'ham hello\nspam buy\n',
      /line 1: .*__label__CLASS TEXT.*a class, a tab and a text; sed/,
    ],
    [
      'one line without a tab',
      `${TAB}spam buy now\n`,
      /line 9: expected a class, a tab and a text, as in most lines, found 'spam buy now'/,
    ],
    [
      'one line without __label__',
      `${'__label__a b\n'.repeat(3)}c d\n`,
      /line 4: expected '__label__CLASS TEXT', as in most lines/,
    ],
  ])('are refused with what they may be: %s', async (_what, text, message) => {
    await expect(readLabelled(written('a.txt', text))).rejects.toThrow(message);
  });
});

describe('tokens that look like JSON', () => {
  it.each(['42', 'true', 'null', '"x"', '[1]', '{"a":1}', '[]'])('are tokens: %s', (text) => {
    expect(inputValue(text, 'tokens')).toEqual({ input: [text] });
  });

  it('are a list where they are a list of texts', async () => {
    expect(inputValue('["a b", "c"]', 'tokens')).toEqual({ input: ['a b', 'c'] });
    const data = written('a.conll', 'John B\n42 N\n\ntrue T\n');
    const out = join(temporaryDirectory(), 'run');
    await trainTask('tag', { ...small, data, out });
    const file = written('texts.txt', 'John 42\n42\ntrue\n');
    expect(await predictions(out, { file }, { form: 'text' })).toEqual(
      await predictions(out, { values: [['John', '42'], ['42'], ['true']] }),
    );
    for (const value of [[42], 42, true, [['a']]]) {
      await expect(predictions(out, { values: [value] })).rejects.toThrow(
        /expected a list of tokens, or a text of them/,
      );
    }
  });
});

describe('a target with another use', () => {
  const table = 'sequence,x,target,w\n1,1,0,1\n1,2,0,1\n2,3,1,1\n';
  it.each([
    ['input', { input: 'x,target' }],
    ['categories', { categories: 'target' }],
    ['sequence', { target: 'sequence' }],
    ['time', { time: 'target' }],
    ['weight', { weight: 'target' }],
  ])('is refused: %s', async (name, options) => {
    const refusal = expect.objectContaining({ code: 'invalid_option', details: expect.objectContaining({ name }) });
    for (const perStep of [true, false]) {
      await expect(readLabelled(written('a.csv', table), { perStep, ...options })).rejects.toThrow(refusal);
    }
  });

  it('is refused in JSON lines and in a table of texts', async () => {
    const refusal = /option 'input' has ".*", which is the target: a column has one use/;
    const line = written('a.jsonl', '{"target":"a","input":"b"}\n');
    await expect(readLabelled(line, { input: 'target' })).rejects.toThrow(refusal);
    await expect(readLabelled(line, { input: 'x', target: 'x' })).rejects.toThrow(refusal);
    await expect(readLabelled(written('a.csv', 'text,target\na,b\n'), { input: 'target' })).rejects.toThrow(refusal);
  });
});

it('says of a training which forms were recognised', async () => {
  const data = written('a.txt', `label\ttext\n${TAB}`);
  const { notes } = await trainWithNotes('classify', { ...small, data, out: join(temporaryDirectory(), 'run') });
  expect(notes[0]).toMatch(/names the columns/);
});
