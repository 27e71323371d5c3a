import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CharacterVocabulary } from '../../src/data/character-vocabulary.js';
import { characterStreams, wordStreams } from '../../src/data/corpus.js';
import type { TokenStreams } from '../../src/data/streams.js';
import type { Vocabulary } from '../../src/data/vocabulary.js';
import { readTextSync } from '../../src/files/text.js';

const code = (expected: string) => expect.objectContaining({ code: expected });

/** The content of a single stream as text: every input, and the last target. */
function textOf(streams: TokenStreams | undefined, vocabulary: Vocabulary): string {
  const ids: number[] = [];
  for (const window of streams ?? []) ids.push(...(window.inputs.input as Int32Array));
  const last = streams?.batchAt(streams.windows - 1).targets?.target?.at(-1);
  return vocabulary.decode([...ids, last as number]);
}

describe('characterStreams', () => {
  it('takes the last part of the text for validation and reads it as one stream', () => {
    const text = 'abcdefghij'.repeat(10);
    const corpus = characterStreams(text, { batch: 1, steps: 200, validation: 0.15, validationSteps: 20 });
    expect(corpus.vocabulary.size).toBe(10);
    expect(textOf(corpus.training, corpus.vocabulary)).toBe(text.slice(0, 85));
    expect(textOf(corpus.validation, corpus.vocabulary)).toBe(text.slice(85));
    expect([corpus.validation?.batch, corpus.validation?.steps]).toEqual([1, 20]);
  });

  it('never cuts a character of two UTF-16 units', () => {
    const text = '😀😁'.repeat(10);
    const corpus = characterStreams(text, { batch: 1, steps: 50, validation: 0.25 });
    expect(corpus.vocabulary.size).toBe(2);
    expect(textOf(corpus.training, corpus.vocabulary)).toBe([...text].slice(0, 15).join(''));
    expect(textOf(corpus.validation, corpus.vocabulary)).toBe([...text].slice(15).join(''));
  });

  it('takes a text of its own for validation, and its characters into the vocabulary', () => {
    const corpus = characterStreams('abab', { batch: 1, steps: 9, validation: 'xyz' });
    expect(corpus.vocabulary.toJSON().symbols).toEqual(['a', 'b', 'x', 'y', 'z']);
    expect(textOf(corpus.training, corpus.vocabulary)).toBe('abab');
    expect(textOf(corpus.validation, corpus.vocabulary)).toBe('xyz');
  });

  it('has no validation when none is asked for', () => {
    expect(characterStreams('abab', { batch: 1, steps: 9 })).not.toHaveProperty('validation');
  });

  it('uses a given vocabulary and refuses a text that it cannot encode', () => {
    const vocabulary = CharacterVocabulary.fromText('abc');
    expect(characterStreams('abab', { batch: 1, steps: 9, vocabulary }).vocabulary).toBe(vocabulary);
    expect(() => characterStreams('abad', { batch: 1, steps: 9, vocabulary })).toThrow(code('unknown_symbol'));
    expect(characterStreams('ab', { batch: 1, steps: 9, unknown: true }).vocabulary.size).toBe(3);
  });

  it('refuses texts that are empty or too short, naming both sizes', () => {
    expect(() => characterStreams('', { batch: 1, steps: 1 })).toThrow(code('empty_data'));
    expect(() => characterStreams('abc', { batch: 2, steps: 1 })).toThrow('3 symbols are too few for 2 streams');
    expect(() => characterStreams('abcdefghij', { batch: 1, steps: 1, validation: 0.1 })).toThrow(
      'validation is 0.1 of 10 symbols, which is 1: at least 2 are needed',
    );
    expect(() => characterStreams('abc', { batch: 1, steps: 1, validation: '' })).toThrow(code('too_short'));
  });

  it('refuses options that make no sense', () => {
    for (const validation of [0, 1, -0.1, Number.NaN]) {
      expect(() => characterStreams('abc', { batch: 1, steps: 1, validation })).toThrow(code('invalid_option'));
    }
    expect(() =>
      characterStreams('abc', { batch: 1, steps: 1, minCount: 1 } as { batch: number; steps: number }),
    ).toThrow(code('unknown_option'));
    expect(() => characterStreams(undefined as unknown as string, { batch: 1, steps: 1 })).toThrow(
      code('invalid_option'),
    );
  });
});

describe('wordStreams', () => {
  it('makes its vocabulary of the training words alone', () => {
    const text = 'a b a b\na b a b\nc a\n';
    const corpus = wordStreams(text, { batch: 1, steps: 99, validation: 3 / 13 });
    expect(corpus.vocabulary.toJSON().symbols).toEqual(['<unk>', '<eos>', 'a', 'b']);
    expect(textOf(corpus.training, corpus.vocabulary)).toBe('a b a b\na b a b\n');
    expect(textOf(corpus.validation, corpus.vocabulary)).toBe('<unk> a\n');
  });

  it('limits the vocabulary as asked', () => {
    const corpus = wordStreams('a a a b b c\n', { batch: 1, steps: 99, maxSize: 4, minCount: 2, validation: 'c b a' });
    expect(corpus.vocabulary.size).toBe(4);
    expect(textOf(corpus.validation, corpus.vocabulary)).toBe('<unk> b a');
  });

  it('refuses texts that are empty, without words or too short', () => {
    expect(() => wordStreams('', { batch: 1, steps: 1 })).toThrow(code('empty_data'));
    expect(() => wordStreams(' \n ', { batch: 1, steps: 1 })).toThrow(code('invalid_vocabulary'));
    expect(() => wordStreams('a b c', { batch: 2, steps: 1 })).toThrow(code('too_short'));
    expect(() => wordStreams('a b c d', { batch: 1, steps: 1, validation: 0.25 })).toThrow(code('too_short'));
  });
});

const tinyshakespeare = fileURLToPath(new URL('../../../shared/data/tinyshakespeare/input.txt', import.meta.url));
const isMissing = !existsSync(tinyshakespeare);
if (isMissing) console.warn(`SKIPPED: the data set ${tinyshakespeare} is not there`);

describe.skipIf(isMissing)('tinyshakespeare', () => {
  it('has 65 characters, and its last 5 % are one stream', () => {
    const text = readTextSync(tinyshakespeare);
    const corpus = characterStreams(text, { batch: 50, steps: 50, validation: 0.05 });
    expect(text.length).toBe(1_115_394);
    expect(corpus.vocabulary.size).toBe(65);
    expect(corpus.vocabulary.decode(corpus.vocabulary.encode(text))).toBe(text);
    expect(corpus.training.predictions).toBe(50 * (Math.floor(1_059_624 / 50) - 1));
    expect(corpus.training.windows).toBe(Math.ceil((Math.floor(1_059_624 / 50) - 1) / 50));
    expect(corpus.validation?.predictions).toBe(55_770 - 1);
    expect(textOf(corpus.validation, corpus.vocabulary)).toBe(text.slice(-55_770));
  });

  it('has 25,670 words, the most frequent one "the"', () => {
    const corpus = wordStreams(readTextSync(tinyshakespeare), { batch: 20, steps: 35 });
    expect(corpus.vocabulary.size).toBe(25_670 + 2);
    expect(corpus.vocabulary.symbolOf(2)).toBe('the');
  });
});
