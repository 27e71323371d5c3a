import { describe, expect, it } from 'vitest';
import { WordVocabulary } from '../../src/data/word-vocabulary.js';
import type { Model } from '../../src/model/model.js';
import { encoderOf, fitEncoding, idsOf } from '../../src/tasks/building-blocks/sequence-inputs.js';
import { commonForms, formsOf, lessParticular, WordForms } from '../../src/tasks/building-blocks/word-forms.js';
import { startFromForms } from '../../src/tasks/recipes/classify/form-embeddings.js';
import { countWords, withUnknownWords } from '../../src/tasks/recipes/classify/rare-words.js';

const SENTENCES = [
  ['we', 'walking', 'sing'],
  ['Anna', 'talking', 'running'],
  ['we', 'Olga', 'Vera'],
];

describe('the forms of a word', () => {
  it('are its shape and its last characters, the most particular first', () => {
    expect(formsOf('Moscow')).toEqual(['Aa…scow', 'Aa…cow', 'Aa…ow', 'Aa…w', 'Aa']);
    expect(formsOf('1812-x')).toEqual(['a0-…12-x', 'a0-…2-x', 'a0-…-x', 'a0-…x', 'a0-']);
    expect(['USA', 'iPhone', '17', '.', '東京', '']?.map((word) => formsOf(word).at(-1))).toEqual([
      ...['A', 'aA', '0', '', '', ''],
    ]);
    expect(formsOf('😀é')).toEqual(['a…é', 'a']);
  });

  it('are in each other: what a form has, its shorter ones have', () => {
    for (const word of ['Moscow', '1812-x', 'USA', 'a…b…cde', '…', '東京都庁', '']) {
      const forms = formsOf(word);
      for (const [at, form] of forms.entries()) expect(lessParticular(form)).toEqual(forms.slice(at + 1));
    }
  });

  it('are symbols when three words have them', () => {
    expect(commonForms(['walking', 'talking', 'running', 'Anna', 'Olga'])).toEqual(['a…ing', 'a…ng', 'a…g', 'a']);
  });

  it('are what words outside the vocabulary are read by', () => {
    const encoding = fitEncoding(SENTENCES, { byForm: true, minCount: 2 });
    const encode = encoderOf(encoding);
    const { vocabulary, forms = [] } = encoding as Exclude<typeof encoding, { readonly kind: 'features' }>;
    expect(vocabulary.symbols).toEqual(['<unk>', '</s>', '<s>', 'we']);
    const idOf = (form: string) => vocabulary.symbols.length + forms.indexOf(form);
    expect([...encode(['we', 'jumping', 'Rita', 'zoo', '!'])]).toEqual([
      ...[3, idOf('a…ing'), idOf('Aa…a'), idOf('a'), 0],
    ]);
    expect(idsOf(encoding)).toBe(4 + forms.length);
    const plain = fitEncoding(SENTENCES, { minCount: 2 });
    expect(plain).not.toHaveProperty('forms');
    expect([...encoderOf(plain)(['we', 'jumping'])]).toEqual([3, 0]);
  });
});

describe('rare words', () => {
  const encoding = fitEncoding(SENTENCES, { byForm: true });
  const encode = encoderOf(encoding);
  const batchOf = (words: readonly string[]) => ({
    batchSizes: new Int32Array(words.length).fill(1),
    inputs: { input: encode(words) as Int32Array },
  });
  const model = {} as Model;
  countWords(
    model,
    SENTENCES.map((tokens) => ({ input: encode(tokens), target: 0 })),
    encoding,
  );

  it('are read as unknown by their form, the more often the rarer they are', () => {
    const batch = batchOf(Array.from({ length: 4000 }, (_, at) => (at % 2 === 0 ? 'we' : 'sing')));
    const { input } = withUnknownWords(batch, model, { rate: 1, seed: 1, step: 7 }).inputs as { input: Int32Array };
    const [we, sing] = batch.inputs.input;
    const form = encode(['zing'])[0];
    const share = (of: number | undefined, by: number) =>
      input.filter((id, at) => at % 2 === by && id !== of).length / 2000;
    expect(share(we, 0)).toBeCloseTo(1 / 3, 1); // we occurs twice
    expect(share(sing, 1)).toBeCloseTo(1 / 2, 1);
    expect(new Set(input.filter((_, at) => at % 2 === 1))).toEqual(new Set([sing, form]));
    expect(batch.inputs.input.filter((id) => id === form)).toHaveLength(0);
  });

  it('depend on the seed and the step alone', () => {
    const batch = batchOf(Array.from({ length: 200 }, () => 'sing'));
    const read = (seed: number, step: number) =>
      withUnknownWords(batch, model, { rate: 1, seed, step }).inputs['input'];
    expect(read(1, 7)).toEqual(read(1, 7));
    expect(read(1, 7)).not.toEqual(read(1, 8));
    expect(read(1, 7)).not.toEqual(read(2, 7));
  });

  it('are left as they are at a rate of 0, and where the model has no words', () => {
    const batch = batchOf(['sing']);
    expect(withUnknownWords(batch, model, { rate: 0, seed: 1, step: 0 })).toBe(batch);
    expect(withUnknownWords(batch, {} as Model, { rate: 1, seed: 1, step: 0 })).toBe(batch);
  });

  it('are the one unknown word without forms', () => {
    const vocabulary = WordVocabulary.fromTokens(SENTENCES);
    expect(new WordForms(vocabulary, []).idOf('sing')).toBe(vocabulary.unknownId);
  });
});

describe('embeddings of words', () => {
  const encoding = fitEncoding(SENTENCES, { byForm: true });
  const size = idsOf(encoding) as number;
  const drawn = Float32Array.from({ length: 2 * size }, (_, at) => 1 + at ** 2);
  const modelOf = (table: Float32Array) => {
    let changes = 0;
    const parameters = new Map([['embedding.weight', { data: table }]]);
    const model = { parameters, parametersChanged: () => (changes += 1) } as unknown as Model;
    return { model, changes: () => changes };
  };

  it('begin with the sum of their own vector and those of their forms, of the size of one', () => {
    const table = drawn.slice();
    const { model, changes } = modelOf(table);
    startFromForms(model, encoding);
    expect(changes()).toBe(1);
    const { vocabulary, forms = [] } = encoding as Exclude<typeof encoding, { readonly kind: 'features' }>;
    const idOf = (symbol: string) => {
      const form = forms.indexOf(symbol);
      return form < 0 ? vocabulary.symbols.indexOf(symbol) : vocabulary.symbols.length + form;
    };
    expect(forms).toContain('a…ing');
    for (const [symbol, parts] of [
      ['walking', ['walking', 'a…ing', 'a…ng', 'a…g', 'a']],
      ['Anna', ['Anna', 'Aa…a', 'Aa']],
      ['a…ng', ['a…ng', 'a…g', 'a']],
      ['a', ['a']],
    ] as const) {
      for (const unit of [0, 1]) {
        const sum = parts.reduce((all, part) => all + (drawn[2 * idOf(part) + unit] as number), 0);
        expect(table[2 * idOf(symbol) + unit]).toBeCloseTo(sum / Math.sqrt(parts.length), 3);
      }
    }
  });

  it('begin as they are drawn where there are no forms', () => {
    const table = drawn.slice();
    const { model, changes } = modelOf(table);
    startFromForms(model, fitEncoding(SENTENCES));
    expect(changes()).toBe(0);
    expect(table).toEqual(drawn);
  });
});
