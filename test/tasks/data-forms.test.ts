/** Forms of labelled data that are recognised by their first lines or named by an option: CoNLL columns, lines of labels. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sameClasses } from '../../src/tasks/recipes/classify/labelled-archives.js';
import { readLabelled } from '../../src/tasks/recipes/classify/labelled-sequences.js';
import { evaluateTask, trainTask } from '../../src/tasks/tasks.js';
import { temporaryDirectory } from '../checkpoint/temporary-directory.js';
import { predictions, QUIET, UNTRAINED } from './trained.js';

const small = { ...QUIET, ...UNTRAINED, units: 4, embedding: 4, valid: 0, test: 0, batch: 8 } as const;

function written(name: string, text: string): string {
  const file = join(temporaryDirectory(), name);
  writeFileSync(file, text);
  return file;
}

const CONLL = '-DOCSTART- -X- -X- O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\n\nBrexit NNP B-NP B-MISC\n';
const row = (...fields: readonly string[]) => `${[...fields, ...Array(10 - fields.length).fill('_')].join('\t')}\n`;
const CONLLU = `# text = du lit\n${row('1-2', 'du')}${row('1', 'de', 'de', 'ADP', 'P')}${row('2', 'le', 'le', 'DET', '_')}\n`;

describe('columns of tokens in the task tag', () => {
  const tagged = (name: string, text: string, options: object = {}) =>
    readLabelled(written(name, text), { perStep: true, ...options });

  it.each(['a.conll', 'a.iob', 'a.bio', 'a.conll2003', 'a.txt', 'a.tsv', 'train'])(
    'have the token first and the tag last: %s',
    async (name) => {
      const { classes, examples, source, notes } = await tagged(name, CONLL);
      expect(classes).toEqual(['B-MISC', 'B-ORG', 'O']);
      expect(examples).toMatchObject([
        { input: ['EU', 'rejects'], target: Int32Array.of(1, 2) },
        { input: ['Brexit'], target: Int32Array.of(0) },
      ]);
      expect(source).toEqual({ kind: 'columns', isConllu: false, input: '1', target: '4', width: 4 });
      expect(notes).toEqual([expect.stringMatching(/has its tokens in column 1, their tags in column 4$/)]);
    },
  );

  it.each(['a.conllu', 'a.txt', 'a.conll'])('of CoNLL-U have FORM and UPOS: %s', async (name) => {
    const { classes, examples } = await tagged(name, CONLLU);
    expect(classes).toEqual(['ADP', 'DET']);
    expect(examples).toMatchObject([{ input: ['de', 'le'], target: Int32Array.of(0, 1) }]);
  });

  it('are chosen by number or by name; what CoNLL-U does not specify is left out', async () => {
    expect((await tagged('a.conll', CONLL, { input: '2', target: '3' })).classes).toEqual(['B-NP', 'B-VP']);
    const { classes, examples } = await tagged('a.conllu', CONLLU, { input: 'lemma', target: 'XPOS' });
    expect([classes, examples[0]?.target]).toEqual([['P'], Int32Array.of(0, -1)]);
    expect((await tagged('a.conllu', CONLLU, { target: '4' })).classes).toEqual(['ADP', 'DET']);
    await expect(tagged('a.conll', CONLL, { target: '5' })).rejects.toThrow(/at least one column '5', found 4 columns/);
    await expect(tagged('a.conllu', CONLLU, { target: 'TAG' })).rejects.toThrow(/'TAG', found 10 columns \(ID, FORM/);
  });

  it('are not guessed: counters, one column, and files of other forms are refused', async () => {
    const counted = '1 The D\n2 cat N\n\n1 A D\n2 dog N\n';
    await expect(tagged('a.conll', counted)).rejects.toThrow(/column 1: expected tokens.*--input N/);
    expect((await tagged('a.conll', counted, { input: '2' })).examples).toHaveLength(2);
    await expect(tagged('a.conll', 'The\ncat\n')).rejects.toThrow(/a column of tokens and one of tags/);
    await expect(tagged('a.txt', 'a sentence\nand a longer one\n')).rejects.toThrow(
      /a\.txt' line 1: expected a JSON object, found 'a sentence'; --form columns/,
    );
    await expect(readLabelled(written('a.conll', CONLL))).rejects.toThrow(/the task tag reads it/);
    await expect(tagged('a.txt', 'a B\nc\n', { form: 'columns' })).rejects.toThrow(
      /a\.txt' line 2: expected 2 columns/,
    );
  });

  it('are trained, evaluated and predicted, without their tags, too', async () => {
    const out = join(temporaryDirectory(), 'run');
    await trainTask('tag', { ...small, data: written('a.conll', CONLL), out });
    const { metrics } = await evaluateTask(out, { data: written('b.txt', CONLL), threads: 1 });
    expect(metrics).toMatchObject({ targets: 3 });
    const labels = async (name: string, text: string, options = {}) =>
      (await predictions(out, { file: written(name, text) }, options)).map(
        (each) => (each['labels'] as string[]).length,
      );
    expect(await labels('b.conll', CONLL)).toEqual([2, 1]);
    expect(await labels('b.txt', 'EU\nrejects\nBrexit\n\nEU\n')).toEqual([3, 1]);
    expect(await labels('b.txt', 'EU NNP B-NP\nrejects VBZ B-VP\n')).toEqual([2]);
    await expect(labels('b.txt', 'EU rejects\n')).rejects.toThrow(/found 2 columns; --options/);
    expect(await labels('b.txt', 'EU rejects it\nBrexit\n', { form: 'text' })).toEqual([3, 1]);
  });

  it('of CoNLL-U are trained and predicted by their names', async () => {
    const out = join(temporaryDirectory(), 'run');
    await trainTask('tag', { ...small, data: written('a.conllu', CONLLU), out });
    const labels = async (name: string, text: string) =>
      (await predictions(out, { file: written(name, text) })).map((each) => (each['labels'] as string[]).length);
    expect(await labels('b.conllu', CONLLU)).toEqual([2]);
    expect(await labels('b.conllu', '1\tde\n2\tle\n')).toEqual([2]);
    expect(await labels('b.txt', 'de\nle\n')).toEqual([2]);
  });
});

describe('lines of a class and a text in the task classify', () => {
  const FASTTEXT = '__label__pos a fine film\n__label__neg a bad one\n';
  const TABS = 'pos\ta fine film\nneg\ta bad one\n';

  it.each([
    ['a.txt', FASTTEXT, 'prefix'],
    ['cooking.train', FASTTEXT, 'prefix'],
    ['a.txt', TABS, 'tab'],
    ['a.tsv', TABS, 'tab'],
  ])('are recognised: %s', async (name, text, separator) => {
    const { classes, examples, source } = await readLabelled(written(name, text));
    expect(classes).toEqual(['neg', 'pos']);
    expect(examples).toMatchObject([
      { input: 'a fine film', target: 1 },
      { input: 'a bad one', target: 0 },
    ]);
    expect(source).toEqual({ kind: 'labels', separator });
  });

  it('are no tables with a header, and are named by an option where there is a doubt', async () => {
    const table = written('a.tsv', 'label\ttext\npos\ta fine film\nneg\tbad\n');
    expect((await readLabelled(table)).source).toMatchObject({ kind: 'text', input: ['text'], target: 'label' });
    const other = written('a.data', TABS);
    await expect(readLabelled(other)).rejects.toThrow(/a\.data' line 1: expected a JSON object.*--form labels/);
    expect((await readLabelled(other, { form: 'labels' })).classes).toEqual(['neg', 'pos']);
    await expect(readLabelled(other, { form: 'labels', perStep: true })).rejects.toMatchObject({
      code: 'invalid_option',
    });
    await expect(readLabelled(other, { form: 'text' })).rejects.toMatchObject({ code: 'invalid_option' });
  });

  it('are trained, evaluated and predicted, without their classes, too', async () => {
    const directory = temporaryDirectory();
    const out = join(directory, 'run');
    await trainTask('classify', { ...small, data: written('a.txt', FASTTEXT), out, level: 'word' });
    expect((await evaluateTask(out, { data: written('b.txt', FASTTEXT), threads: 1 })).metrics).toMatchObject({
      targets: 2,
    });
    const [labelled, bare] = [written('b.txt', FASTTEXT), written('c.txt', 'a fine film\na bad one\n')];
    expect(await predictions(out, { file: bare })).toEqual(await predictions(out, { file: labelled }));
    const wrong = join(directory, 'wrong');
    const unknown = trainTask('classify', { ...small, data: bare, out: wrong });
    await expect(unknown).rejects.toMatchObject({ code: 'invalid_row' });
    expect(existsSync(wrong)).toBe(false);
  });
});

describe('many classes', () => {
  const COUNT = 50_000;
  const names = Array.from({ length: COUNT }, (_, at) => `class${at}`);

  it('are read without a search for each: folders and pictures', () => {
    const set = { classes: names, examples: names.map((input, target) => ({ input, target })), notes: [] };
    const turned = sameClasses('many', set, [...names].reverse());
    expect([turned.examples[0]?.target, turned.examples.at(-1)?.target]).toEqual([COUNT - 1, 0]);
  });

  it('are read without a search for each: files of time series', async () => {
    const head = `@problemName many\n@univariate true\n@classLabel true ${names.join(' ')}\n@data\n`;
    const file = written('many.ts', `${head}${names.map((name, at) => `${at},1:${name}\n`).join('')}`);
    const set = await readLabelled(file);
    expect(set.examples.at(-1)).toMatchObject({ target: COUNT - 1 });
    const later = await readLabelled(file, {}, { classes: [...names].reverse() });
    expect(later.examples.at(-1)).toMatchObject({ target: 0 });
  });
});

describe('a folder in place of a file', () => {
  it.each(['transcribe', 'caption', 'music', 'tag'] as const)('is refused for what it is: %s', async (task) => {
    const [data, out] = [temporaryDirectory(), join(temporaryDirectory(), 'run')];
    writeFileSync(join(data, '.DS_Store'), '');
    const training = trainTask(task, { ...QUIET, data, out } as never);
    await expect(training).rejects.toThrow(task === 'tag' ? /has no target for each step/ : /it is a directory/);
    expect(existsSync(out)).toBe(false);
  });
});
