/** What the symbols of texts are: characters, words or bytes, in one form of Unicode. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fitEncoding } from '../../src/tasks/building-blocks/sequence-inputs.js';
import { readClasses } from '../../src/tasks/recipes/classify/classify-data.js';
import { evaluateTask, streamTask, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { predictions, QUIET, trainWithNotes, UNTRAINED } from './trained.js';

const COMPOSED = 'caf\u00e9';
const DECOMPOSED = 'cafe\u0301';

const small = { ...QUIET, ...UNTRAINED, units: 4, embedding: 4, valid: 0, test: 0, batch: 8 } as const;

function written(name: string, text: string): string {
  const file = join(temporaryDirectory(), name);
  writeFileSync(file, text);
  return file;
}

const jsonLines = (...lines: readonly object[]) =>
  written('a.jsonl', lines.map((line) => `${JSON.stringify(line)}\n`).join(''));

/** The options of reading as the task `classify` has them. */
const reading = { valid: 0, test: 0, seed: 1, missing: 'refuse', normalization: 'NFC' } as never;

const readBy = (data: string, options: object = {}, perStep = false) =>
  readClasses({ ...(reading as object), data, ...options } as never, perStep);

describe('the level of texts', () => {
  const table = () => written('a.csv', 'text,target\nthe cat,a\nthe dog,b\nthe cat sat,a\n');

  it('is the character, and a note says so', async () => {
    const { saved, notes } = await readBy(table());
    expect(saved.encoding).toMatchObject({ kind: 'characters', vocabulary: { level: 'char' } });
    expect(notes).toEqual([expect.stringMatching(/^texts are read as characters .*--level word or --level byte/)]);
  });

  it('may be the word: rare words and those of other files are unknown', async () => {
    const all = await readBy(table(), { level: 'word' });
    expect(all.saved.encoding).toMatchObject({
      kind: 'words',
      vocabulary: { level: 'word', symbols: ['<unk>', '</s>', '<s>', 'the', 'cat', 'dog', 'sat'] },
    });
    expect(all.notes).toEqual(['texts are read as words (7 symbols)']);
    const { training, saved } = await readBy(table(), { level: 'word', minCount: 2, unknownWords: 'one' });
    expect(saved.encoding).toMatchObject({ vocabulary: { symbols: ['<unk>', '</s>', '<s>', 'the', 'cat'] } });
    expect((training as readonly { input: Int32Array }[]).map(({ input }) => [...input])).toEqual([
      [3, 4],
      [3, 0],
      [3, 4, 0],
    ]);
    const fewer = await readBy(table(), { level: 'word', vocabulary: 4 });
    expect(fewer.saved.encoding).toMatchObject({ vocabulary: { symbols: ['<unk>', '</s>', '<s>', 'the'] } });
  });

  it('is the word for classes of texts of several words that occur again', async () => {
    const sentences = ['the cat sat down', 'the dog sat down', 'the cat ran', 'a dog sat on the cat'];
    const labelled = (texts: readonly string[]) => jsonLines(...texts.map((input, at) => ({ input, target: at % 2 })));
    const words = await readBy(labelled(sentences));
    expect(words.saved.encoding).toMatchObject({ kind: 'words' });
    expect(words.notes).toEqual([
      expect.stringMatching(/^texts are read as words .*--level character or --level byte/),
    ]);
    for (const others of [
      sentences.map((text) => text.split(' ').slice(0, 3).join(' ')),
      sentences.map((text) => text.replaceAll(' ', '')),
      sentences.map((text, at) =>
        [...text].map((sign, place) => (sign === ' ' ? sign : `${sign}${at}${place}`)).join(''),
      ),
    ]) {
      expect((await readBy(labelled(others))).saved.encoding).toMatchObject({ kind: 'characters' });
    }
    expect((await readBy(labelled(sentences), { level: 'character' })).saved.encoding).toMatchObject({
      kind: 'characters',
    });
    const tags = jsonLines({ input: 'a a a a', target: [...'0101010'] }, { input: 'a a', target: [...'010'] });
    expect((await readBy(tags, {}, true)).saved.encoding).toMatchObject({ kind: 'characters' });
  });

  it('is kept by the run; runs from before read characters', async () => {
    const sentences = Array.from({ length: 20 }, (_, at) => ({ input: `the cat ${at % 3} sat down`, target: at % 2 }));
    const [data, out] = [jsonLines(...sentences), join(temporaryDirectory(), 'run')];
    const { settled } = await trainWithNotes('classify', { ...small, data, out });
    expect(settled['level']).toEqual(['word', 'texts of several words']);
    expect(JSON.parse(readFileSync(join(out, 'config.json'), 'utf8')).task).toMatchObject({ level: 'word' });
    const old = join(temporaryDirectory(), 'old');
    await trainTask('classify', { ...small, data, out: old, level: 'character' });
    // The configuration of such a run says nothing of a level.
    expect(JSON.parse(readFileSync(join(old, 'config.json'), 'utf8')).task).not.toHaveProperty('level');
    for (const run of [out, old]) {
      await trainTask('classify', { ...small, data, out: run, epochs: 2, resume: true });
      expect((await evaluateTask(run, { threads: 1 })).examples).toBe(20);
    }
  });

  it('may be the byte', async () => {
    const data = jsonLines({ input: 'é', target: 'a' }, { input: 'b', target: 'b' });
    const { training, saved, notes } = await readBy(data, { level: 'byte' });
    expect(saved.encoding).toMatchObject({ kind: 'bytes', vocabulary: { level: 'byte' } });
    expect((training as readonly { input: Int32Array }[]).map(({ input }) => [...input])).toEqual([[195, 169], [98]]);
    expect(notes).toEqual(['texts are read as bytes']);
    const lone = jsonLines({ input: 'b', target: 'a' }, { input: '\ud83d', target: 'b' });
    await expect(readBy(lone, { level: 'byte' })).rejects.toThrow(/a\.jsonl' line 2: half a surrogate pair/);
  });

  it('belongs to texts: tokens are words already, numbers have none', async () => {
    const tokens = jsonLines({ input: ['a', 'b'], target: 'x' }, { input: ['b'], target: 'y' });
    expect((await readBy(tokens, { level: 'word' })).saved.encoding).toMatchObject({ kind: 'tokens' });
    const numbers = jsonLines({ input: [1, 2], target: 'x' }, { input: [2], target: 'y' });
    for (const [data, level] of [
      [tokens, 'byte'],
      [numbers, 'word'],
    ] as const) {
      await expect(readBy(data, { level })).rejects.toMatchObject({ code: 'invalid_option' });
    }
    // Runs that say of no level are read as characters, which is no level of tokens and numbers.
    for (const data of [tokens, numbers]) {
      const out = join(temporaryDirectory(), 'run');
      const train = trainTask('classify', { ...small, data, out, level: 'character' });
      await expect(train).rejects.toMatchObject({ code: 'invalid_option', details: { name: 'level' } });
      expect(existsSync(out)).toBe(false);
      await trainTask('classify', { ...small, data, out });
      expect((await evaluateTask(out, { threads: 1 })).examples).toBe(2);
    }
  });

  it.each([
    ['word', 'the cat runs', 3],
    ['byte', 'the é', 6],
  ] as const)(
    '%s is saved with the run, and used by evaluations, predictions and streams',
    async (level, text, steps) => {
      const line = { input: text, target: Array.from({ length: steps }, (_, at) => `${at % 2}`) };
      const data = jsonLines(line, line);
      const out = join(temporaryDirectory(), 'run');
      await trainTask('tag', { ...small, data, out, level, direction: 'forward' });
      expect(JSON.parse(readFileSync(join(out, 'config.json'), 'utf8')).task).toMatchObject({ level });
      expect((await evaluateTask(out, { data, threads: 1 })).metrics).toMatchObject({ targets: 2 * steps });
      const [whole] = await predictions(out, { values: [`${text}`] });
      expect(whole?.['labels']).toHaveLength(steps);
      const stream = await streamTask(out, { threads: 1 });
      expect((await stream.push(text)).map(({ label }) => label)).toEqual(whole?.['labels']);
      stream.close();
    },
  );

  it('of a tagger has a target for each word', async () => {
    const data = jsonLines({ input: 'the cat', target: ['D', 'N'] }, { input: 'a dog', target: ['D', 'N', 'X'] });
    await expect(readBy(data, { level: 'word' }, true)).rejects.toThrow(
      /a\.jsonl' line 2: expected 2 targets, one for each word, found 3 targets/,
    );
  });
});

describe('the forms of a character in Unicode', () => {
  const both = () => jsonLines({ input: COMPOSED, target: 'a' }, { input: DECOMPOSED, target: 'b' });
  const inputs = (training: unknown) => (training as readonly { input: Int32Array }[]).map(({ input }) => [...input]);

  it.each(['character', 'word'] as const)('are one symbol, and the vocabulary says so: %s', async (level) => {
    const { training, saved } = await readBy(both(), { level });
    const [first, second] = inputs(training);
    expect(first).toEqual(second);
    expect(saved.encoding).toMatchObject({ vocabulary: { normalization: 'NFC' } });
  });

  it('are one token in lists', async () => {
    const { saved } = await readBy(jsonLines({ input: [COMPOSED, DECOMPOSED], target: 'a' }));
    expect(saved.encoding).toMatchObject({ vocabulary: { symbols: ['<unk>', '</s>', '<s>', COMPOSED] } });
  });

  it('stay as they are with the option none, and in bytes', async () => {
    const { training, saved } = await readBy(both(), { normalization: 'none' });
    expect(inputs(training).map(({ length }) => length)).toEqual([4, 5]);
    expect(saved.encoding).not.toHaveProperty('vocabulary.normalization');
    expect(inputs((await readBy(both(), { level: 'byte' })).training).map(({ length }) => length)).toEqual([5, 6]);
  });

  it('that a tagger counts apart are refused, with the option that helps', async () => {
    const data = jsonLines({ input: DECOMPOSED, target: ['a', 'b', 'c', 'd', 'e'] });
    await expect(readBy(data, {}, true)).rejects.toThrow(
      /line 1: expected 4 targets, one for each character, found 5 targets; --normalization none/,
    );
    expect((await readBy(data, { normalization: 'none' }, true)).training).toHaveLength(1);
  });

  it('keeps a mark at the start of a text apart from the text before', () => {
    expect(fitEncoding(['e', '\u0301'], { normalization: 'NFC' })).toMatchObject({
      vocabulary: { symbols: ['<unk>', 'e', '\u0301'] },
    });
  });

  it.each(['classify', 'lm', 'translate'] as const)(
    'are told apart by runs of %s from before the option, which may be resumed',
    async (task) => {
      const directory = temporaryDirectory();
      const out = join(directory, 'run');
      const texts: Record<typeof task, string> = {
        classify: jsonLines({ input: COMPOSED, target: 'a' }, { input: DECOMPOSED, target: 'b' }),
        lm: written('a.txt', `${COMPOSED} ${DECOMPOSED} `.repeat(30)),
        translate: written('a.txt', `${COMPOSED} ${DECOMPOSED}\t${COMPOSED} ${DECOMPOSED}\n`.repeat(4)),
      };
      const options = {
        ...{ ...QUIET, ...UNTRAINED, units: 4, embedding: 4, valid: 0, test: 0, data: texts[task], out },
        ...(task === 'lm' ? { batch: 2, steps: 5 } : {}),
      };
      await trainTask(task, { ...options, normalization: 'none' } as never);
      const text = readFileSync(join(out, 'config.json'), 'utf8');
      expect(text).not.toContain('normalization');
      await trainTask(task, { ...QUIET, out, resume: true, epochs: 2 } as never);
      expect(readFileSync(join(out, 'config.json'), 'utf8')).not.toContain('normalization');
      const newer = join(directory, 'newer');
      await trainTask(task, { ...options, out: newer } as never);
      await trainTask(task, { ...QUIET, out: newer, resume: true, epochs: 2 } as never);
      expect(readFileSync(join(newer, 'config.json'), 'utf8')).toMatch(/"normalization": ?"NFC"/);
    },
  );
});

describe('empty texts', () => {
  it.each<[string, string, string, RegExp]>([
    [
      'of a table',
      'a.csv',
      'text,target\nx,a\n  ,b\n',
      /a\.csv' line 3, column 'text': expected a text, found nothing/,
    ],
    [
      'of JSON lines',
      'a.jsonl',
      '{"input":"x","target":"a"}\n{"input":"","target":"b"}\n',
      /a\.jsonl' line 2, field 'input': expected a text, found nothing/,
    ],
    [
      'with blanks alone',
      'a.jsonl',
      '{"input":" \\u00a0\\t","target":"b"}\n',
      /a\.jsonl' line 1.*has only white space/,
    ],
    ['of lists', 'a.jsonl', '{"input":["x",""],"target":"b"}\n', /a\.jsonl' line 1.*a token at place 2/],
    ['after a label', 'a.txt', '__label__a x\n__label__b\n', /a\.txt' line 2: expected a text after the class/],
  ])('%s are refused with file and line', async (_name, name, text, message) => {
    await expect(readBy(written(name, text))).rejects.toThrow(
      expect.objectContaining({ code: 'invalid_row', message: expect.stringMatching(message) }),
    );
  });

  it('of columns are refused', async () => {
    const file = written('a.conll', 'x\tA\n\tB\n');
    await expect(readBy(file, {}, true)).rejects.toThrow(/a\.conll' line 2: expected a token, found nothing/);
  });

  it('of predictions are refused, but for empty lines of a text, which are left out', async () => {
    const out = join(temporaryDirectory(), 'run');
    const data = jsonLines({ input: 'ab', target: 'a' }, { input: 'ba', target: 'b' });
    await trainTask('classify', { ...small, data, out });
    const file = written('later.txt', 'ab\n \nba\n');
    expect(await predictions(out, { file })).toHaveLength(2);
    await expect(predictions(out, { values: ['ab', ' '] })).rejects.toThrow(/'inputs' line 2/);
    const lines = written('later.jsonl', '{"input":"ab"}\n\n{"input":" "}\n');
    await expect(predictions(out, { file: lines })).rejects.toThrow(/later\.jsonl' line 3, field 'input'/);
  });

  it('in folders are left out, and a note says how many', async () => {
    const folder = temporaryDirectory();
    writeFileSync(join(folder, 'a.txt'), 'x\n\n \ny\n');
    writeFileSync(join(folder, 'b.txt'), 'z\n');
    const { training, notes } = await readBy(folder);
    expect(training).toHaveLength(3);
    expect(notes).toContainEqual(expect.stringMatching(/^2 empty lines of the texts in .* are left out$/));
  });
});
