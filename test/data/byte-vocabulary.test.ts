import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { ByteVocabulary } from '../../src/data/byte-vocabulary.js';
import { vocabularyFromJSON } from '../../src/data/saved-vocabulary.js';

const code = (expected: string) => expect.objectContaining({ code: expected });

describe('ByteVocabulary', () => {
  const vocabulary = new ByteVocabulary();

  it('gives every text back, whatever its characters are', () => {
    const random = new Random(1, 'texts');
    const texts = ['', '\ufeffa\r\n\u0000', 'é ー 😀', '\uffff\ufffd'];
    for (let round = 0; round < 200; round++) {
      const points = Array.from({ length: random.integer(20) }, () => random.integer(0x110000));
      texts.push(String.fromCodePoint(...points.filter((point) => point < 0xd800 || point > 0xdfff)));
    }
    for (const text of texts) {
      const ids = vocabulary.encode(text);
      expect([...ids]).toEqual([...Buffer.from(text, 'utf8')]);
      expect(vocabulary.decode(ids)).toBe(text);
    }
  });

  it('names each of the 256 bytes, and knows them by their names', () => {
    expect([vocabulary.size, vocabulary.level, vocabulary.unknownId, vocabulary.endOfSentenceId]).toEqual([
      256,
      'byte',
      undefined,
      undefined,
    ]);
    expect([10, 65, 0xc3].map((id) => vocabulary.symbolOf(id))).toEqual(['\n', 'A', '<0xC3>']);
    for (let id = 0; id < 256; id++) expect(vocabulary.idOf(vocabulary.symbolOf(id))).toBe(id);
    expect(['é', '', 'ab'].map((symbol) => vocabulary.idOf(symbol))).toEqual([undefined, undefined, undefined]);
    expect([vocabulary.decodeSymbol(65), vocabulary.decodeSymbol(0xc3)]).toEqual(['A', '\ufffd']);
  });

  it('reads bytes that are no text as the replacement character, and refuses ids that are no bytes', () => {
    expect(vocabulary.decode([0x61, 0xff, 0x62])).toBe('a\ufffdb');
    for (const id of [-1, 256, 0.5, Number.NaN]) {
      expect(() => vocabulary.decode([id])).toThrow(code('index_out_of_range'));
      expect(() => vocabulary.decodeSymbol(id)).toThrow(code('index_out_of_range'));
      expect(() => vocabulary.symbolOf(id)).toThrow(code('index_out_of_range'));
    }
  });

  it('refuses half a surrogate pair, which would not come back, naming its position', () => {
    for (const [text, position] of [
      ['a\ud800', 1],
      ['ab\udc00c', 2],
      ['😀\ud83d😀', 2],
    ] as const) {
      expect(() => vocabulary.encode(text)).toThrow(
        expect.objectContaining({ code: 'unknown_symbol', details: expect.objectContaining({ position }) }),
      );
    }
  });

  it('is saved and loaded as JSON', () => {
    const json = JSON.parse(JSON.stringify(vocabulary));
    const loaded = vocabularyFromJSON(json);
    expect(loaded).toBeInstanceOf(ByteVocabulary);
    expect(loaded.toJSON()).toEqual(vocabulary.toJSON());
    const broken = [
      { ...json, symbols: json.symbols.slice(1) },
      { ...json, symbols: [...json.symbols].reverse() },
      { ...json, unknown: true },
    ];
    for (const wrong of broken) expect(() => vocabularyFromJSON(wrong)).toThrow(code('invalid_vocabulary'));
  });
});
