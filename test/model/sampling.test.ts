import { describe, expect, it } from 'vitest';
import { NumericError, OptionError, VocabularyError } from '../../src/core/errors.js';
import type { Model } from '../../src/model/model.js';
import type { SymbolTable } from '../../src/model/use/sampling.js';
import { characterModel, randomBatch, SYMBOLS } from './small-models.js';

const LETTERS = 'abcdefghijk';

/** The eleven letters a..k, or as many words. */
function table(joinedBy = ''): SymbolTable {
  return {
    size: SYMBOLS,
    joinedBy,
    encode: (text) =>
      Int32Array.from(
        (joinedBy === '' ? [...text] : text.split(joinedBy).filter(Boolean)).map((letter) => LETTERS.indexOf(letter)),
      ),
    decodeSymbol: (id) => LETTERS[id] as string,
  };
}

/** A model that has seen enough to prefer some symbols to others. */
function trainedModel(): Model {
  const model = characterModel({ units: 16 });
  for (let step = 0; step < 15; step++) model.trainStepSync(randomBatch([9, 9]), { learningRate: 0.02 });
  return model;
}

const model = trainedModel();

/** The likeliest next symbol each time. */
function greedy(prompt: string, length: number): string {
  const stream = model.stream();
  let logits = stream.read(table().encode(prompt));
  let text = '';
  while (text.length < length) {
    const id = logits.indexOf(Math.max(...logits));
    text += LETTERS[id];
    logits = stream.step(id);
  }
  return text;
}

describe('sampling', () => {
  it('at temperature 0 takes the likeliest symbol each time, whatever the seed', () => {
    for (const seed of [1, 2]) {
      expect(model.sample(table(), { prompt: 'abc', length: 30, temperature: 0, seed })).toBe(greedy('abc', 30));
    }
  });

  it('among the one likeliest symbol is the same, at any temperature', () => {
    for (const temperature of [0, 0.5, 1, 100]) {
      expect(model.sample(table(), { prompt: 'abc', length: 30, topK: 1, temperature })).toBe(greedy('abc', 30));
    }
  });

  it('never draws the mark of unknown words, unless it is asked for', () => {
    const likeliest = greedy('abc', 1);
    const unknown = { ...table(), unknownId: LETTERS.indexOf(likeliest) };
    const sample = (more: object) => model.sample(unknown, { prompt: 'abc', length: 300, ...more });
    expect(sample({})).not.toContain(likeliest);
    expect(sample({ temperature: 0, topK: 1 })).not.toContain(likeliest);
    expect(sample({ unknown: 'write' })).toBe(model.sample(table(), { prompt: 'abc', length: 300 }));
    expect(sample({ unknown: 'write' })).toContain(likeliest);
    expect(() => sample({ unknown: 'never' })).toThrow(OptionError);
  });

  it('gives the same text for the same seed and another for another', () => {
    const sample = (seed: number) => model.sample(table(), { prompt: 'a', length: 60, seed });
    expect(sample(5)).toBe(sample(5));
    expect(sample(5)).not.toBe(sample(6));
    expect(sample(5)).toHaveLength(60);
  });

  it('has seed 1, temperature 1, all symbols and 200 of them by default', () => {
    const text = model.sample(table(), { prompt: 'a' });
    expect(text).toBe(model.sample(table(), { prompt: 'a', length: 200, seed: 1, temperature: 1, topK: SYMBOLS }));
    expect(text).toHaveLength(200);
  });

  it('draws symbols as often as their probability says', () => {
    const logits = model.stream().read(table().encode('abc'));
    const weights = [...logits].map((logit) => Math.exp(logit / 0.7));
    const total = weights.reduce((a, b) => a + b, 0);
    const draws = 3000;
    const counts = new Array<number>(SYMBOLS).fill(0);
    for (let seed = 0; seed < draws; seed++) {
      const id = LETTERS.indexOf(model.sample(table(), { prompt: 'abc', length: 1, temperature: 0.7, seed }));
      counts[id] = (counts[id] as number) + 1;
    }
    counts.forEach((count, id) => {
      const probability = (weights[id] as number) / total;
      const deviation = Math.sqrt(draws * probability * (1 - probability));
      expect(Math.abs(count - draws * probability), LETTERS[id]).toBeLessThan(5 * deviation + 1);
    });
  });

  it('draws among the k likeliest symbols alone', () => {
    const logits = model.stream().read(table().encode('abc'));
    const likeliest = [...logits.keys()].sort((a, b) => (logits[b] as number) - (logits[a] as number)).slice(0, 3);
    const drawn = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      drawn.add(model.sample(table(), { prompt: 'abc', length: 1, topK: 3, temperature: 50, seed }));
    }
    expect([...drawn].sort()).toEqual(likeliest.map((id) => LETTERS[id]).sort());
  });

  it('of no symbols is empty, with or without a prompt', () => {
    expect(model.sample(table(), { length: 0 })).toBe('');
    expect(model.sample(table(), { prompt: 'abc', length: 0 })).toBe('');
  });

  it('begins with the first symbol of the vocabulary where there is no prompt', () => {
    expect(model.sample(table(), { length: 20 })).toBe(model.sample(table(), { prompt: 'a', length: 20 }));
  });

  it('joins words by spaces, and the first one to a prompt', () => {
    const [alone, after] = [{ length: 4 }, { prompt: 'b c', length: 4 }];
    expect(model.sample(table(' '), alone)).toMatch(/^[a-k]( [a-k]){3}$/);
    expect(model.sample(table(' '), after)).toMatch(/^( [a-k]){4}$/);
  });

  it('can be streamed symbol by symbol and left early', () => {
    const pieces = [];
    for (const piece of model.sampleStream(table(), { prompt: 'a', length: 50, seed: 5 })) {
      pieces.push(piece);
      if (pieces.length === 10) break;
    }
    expect(pieces.join('')).toBe(model.sample(table(), { prompt: 'a', length: 10, seed: 5 }));
  });

  it('leaves the model as it was', () => {
    const batch = randomBatch([4]);
    const before = model.predictPackedSync(batch);
    model.sample(table(), { length: 20 });
    expect(model.predictPackedSync(batch)).toEqual(before);
  });
});

describe('sampling is refused, before the first symbol,', () => {
  it.each([
    [{ length: -1 }, /length/],
    [{ length: 1.5 }, /length/],
    [{ temperature: -0.1 }, /temperature/],
    [{ temperature: Number.NaN }, /temperature/],
    [{ topK: 0 }, /topK/],
    [{ topK: 2.5 }, /topK/],
    [{ seed: -1 }, /seed/],
    [{ temp: 1 }, /no option 'temp'/],
  ])('when the options are %j', (options, message) => {
    expect(() => model.sample(table(), options as never)).toThrow(OptionError);
    expect(() => model.sampleStream(table(), options as never)).toThrow(message);
  });

  it('when the vocabulary has another number of symbols than the model has outputs', () => {
    expect(() => model.sample({ ...table(), size: 12 })).toThrow(VocabularyError);
    expect(() => model.sampleStream({ ...table(), size: 12 })).toThrow(/11 outputs, the vocabulary 12 symbols/);
  });

  it('when the prompt holds an id that is none of the model', () => {
    expect(() => model.sample(table(), { prompt: 'abz' })).toThrow(
      expect.objectContaining({ code: 'index_out_of_range' }),
    );
  });

  it('when the outputs of the model are not finite', () => {
    const broken = characterModel();
    broken.parameters.get('dense.bias')?.data.fill(Number.NaN);
    broken.parametersChanged();
    for (const options of [{}, { temperature: 0 }, { topK: 1 }]) {
      expect(() => broken.sample(table(), options)).toThrow(NumericError);
    }
  });
});
