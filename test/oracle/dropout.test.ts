import { describe, expect, it } from 'vitest';
import { dropout, dropoutWord, philox4x32, type Words } from './dropout.js';
import { at, element, matrix } from './matrix.js';
import { RandomOperands } from './random-matrix.js';

const ones = (rows: number, columns: number) => matrix(rows, columns, new Array<number>(rows * columns).fill(1));
const key = Int32Array.of(0x12345678, -2, 7, 3);

describe('the reference of Philox4x32-10', () => {
  it.each<{ counter: Words; key: [number, number]; block: Words }>([
    {
      counter: [0, 0, 0, 0],
      key: [0, 0],
      block: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    },
    {
      counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      key: [0xffffffff, 0xffffffff],
      block: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    },
    {
      counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      key: [0xa4093822, 0x299f31d0],
      block: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    },
  ])('gives the published block of counter $counter', ({ counter, key, block }) => {
    expect(philox4x32(counter, key)).toEqual(block);
  });
});

describe('the reference of dropout', () => {
  it('names a word by seed, step, operation and element, with negative int32 as unsigned words', () => {
    const block = philox4x32([5, 7, 0xfffffffe, 3], [0x12345678, 0xfffffffe]);
    expect([20, 21, 22, 23].map((e) => dropoutWord(key, -2, e))).toEqual([...block]);
  });

  it('counts elements past 2^34 with the low 32 bits of floor(e / 4)', () => {
    expect(dropoutWord(key, 1, 2 ** 34 + 5)).toBe(dropoutWord(key, 1, 5));
    expect(dropoutWord(key, 1, 2 ** 33 + 5)).not.toBe(dropoutWord(key, 1, 5));
  });

  it('keeps an element iff the upper 24 bits of its word reach the rate, and divides by 1 - rate', () => {
    const x = new RandomOperands(1).matrix(3, 5, 1, 2);
    const { y } = dropout({ x, key, rate: 0.3, operationId: 9 });
    let kept = 0;
    for (let e = 0; e < 15; e++) {
      const u = Math.floor(dropoutWord(key, 9, e) / 256) / 2 ** 24;
      const row = Math.floor(e / 5);
      expect(at(y, row, e % 5)).toBe(u >= 0.3 ? at(x, row, e % 5) * (1 / 0.7) : 0);
      kept += u >= 0.3 ? 1 : 0;
    }
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(15);
  });

  it('keeps an element whose 24 bits equal the rate and drops it at the next larger rate', () => {
    const bits = dropoutWord(key, 9, 2) >>> 8;
    const kept = (rate: number) => at(dropout({ x: ones(1, 3), key, rate, operationId: 9 }).y, 0, 2) !== 0;
    expect(kept(bits / 2 ** 24)).toBe(true);
    expect(kept((bits + 1) / 2 ** 24)).toBe(false);
  });

  it('drops the share that the rate asks for and keeps the mean', () => {
    const { y } = dropout({ x: ones(100, 100), key, rate: 0.25, operationId: 9 });
    const dropped = y.data.filter((value) => value === 0).length;
    // 10,000 draws: the share has a standard deviation of 0.0043; five of them.
    expect(Math.abs(dropped / 1e4 - 0.25)).toBeLessThan(0.022);
    expect(Math.abs(y.data.reduce((sum, value) => sum + value, 0) / 1e4 - 1)).toBeLessThan(0.029);
  });

  it('is the identity at rate 0', () => {
    const x = new RandomOperands(2).matrix(4, 4);
    expect(dropout({ x, key, rate: 0, operationId: 1 }).y).toEqual(x);
  });

  it.each(['seedLow', 'seedHigh', 'stepLow', 'stepHigh', 'operationId'])('has another mask for another %s', (name) => {
    const mask = (change: string) => {
      const other = key.map((word, index) =>
        ['seedLow', 'seedHigh', 'stepLow', 'stepHigh'][index] === change ? word + 1 : word,
      );
      const operationId = change === 'operationId' ? 10 : 9;
      return dropout({ x: ones(8, 8), key: other, rate: 0.5, operationId }).y.data;
    };
    const changed = mask(name).filter((value, index) => value !== element(mask('nothing'), index)).length;
    // 64 coins, both masks independent: 32 +- 4 differ.
    expect(changed).toBeGreaterThan(11);
    expect(changed).toBeLessThan(53);
  });

  it('rejects a rate outside [0, 1) and a key of another length', () => {
    for (const rate of [-0.1, 1, Number.NaN]) {
      expect(() => dropout({ x: ones(1, 1), key, rate, operationId: 0 })).toThrow('rate');
    }
    expect(() => dropout({ x: ones(1, 1), key: Int32Array.of(1, 2), rate: 0.5, operationId: 0 })).toThrow('key');
  });
});
