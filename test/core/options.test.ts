import { describe, expect, it } from 'vitest';
import { OptionError } from '../../src/core/errors.js';
import { describeValue, rejectUnknownKeys, requireNumber, requireOneOf } from '../../src/core/options.js';

const invalid = expect.objectContaining({ code: 'invalid_option' });

describe('requireNumber', () => {
  it('returns a number within its bounds, the bounds included', () => {
    expect(requireNumber('x', 1, { min: 1, max: 1 })).toBe(1);
    expect(requireNumber('x', -2.5)).toBe(-2.5);
    expect(requireNumber('x', 0.999, { exclusiveMax: 1, exclusiveMin: 0 })).toBe(0.999);
    expect(requireNumber('x', 2 ** 53 - 1, { integer: true })).toBe(2 ** 53 - 1);
  });

  it('refuses every value that is not a finite number', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, '1', null, undefined, 1n, [1], {}, new Number(1)]) {
      expect(() => requireNumber('rate', value)).toThrow(invalid);
    }
  });

  it('refuses numbers outside each kind of bound', () => {
    expect(() => requireNumber('x', 0, { min: 1 })).toThrow(invalid);
    expect(() => requireNumber('x', 2, { max: 1 })).toThrow(invalid);
    expect(() => requireNumber('x', 1, { exclusiveMin: 1 })).toThrow(invalid);
    expect(() => requireNumber('x', 1, { exclusiveMax: 1 })).toThrow(invalid);
    expect(() => requireNumber('x', 1.5, { integer: true })).toThrow(invalid);
    expect(() => requireNumber('x', 2 ** 53, { integer: true })).toThrow(invalid);
  });

  it('names the option, the bounds and the value in its message and its details', () => {
    const attempt = () => requireNumber('units', 1.5, { min: 1, integer: true });
    expect(attempt).toThrow("option 'units' must be an integer >= 1, got 1.5");
    expect(attempt).toThrow(OptionError);
    expect(attempt).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ name: 'units', value: 1.5 }) }),
    );
    expect(() => requireNumber('p', Number.NaN, { min: 0, exclusiveMax: 1 })).toThrow(
      'a finite number >= 0 and < 1, got NaN',
    );
  });
});

describe('requireOneOf', () => {
  it('returns a choice and refuses anything else, listing the choices', () => {
    expect(requireOneOf('cell', 'gru', ['rnn', 'gru'])).toBe('gru');
    expect(requireOneOf('flag', false, [true, false])).toBe(false);
    expect(() => requireOneOf('cell', 'GRU', ['rnn', 'gru'])).toThrow(
      `option 'cell' must be one of "rnn", "gru", got "GRU"`,
    );
    expect(() => requireOneOf('cell', 'toString', ['rnn'])).toThrow(invalid);
  });
});

describe('rejectUnknownKeys', () => {
  it('accepts known keys and names the first unknown one', () => {
    rejectUnknownKeys('lstm', { units: 1 }, ['units', 'layers']);
    expect(() => rejectUnknownKeys('lstm', { unit: 1 }, ['units', 'layers'])).toThrow(
      "lstm has no option 'unit'; known options: units, layers",
    );
    expect(() => rejectUnknownKeys('lstm', { unit: 1 }, [])).toThrow(
      expect.objectContaining({ code: 'unknown_option' }),
    );
    expect(() => rejectUnknownKeys('lstm', JSON.parse('{"__proto__": 1}'), ['units'])).toThrow('__proto__');
  });

  it('refuses what is not an object', () => {
    for (const value of [null, undefined, 3, 'units', ['units']]) {
      expect(() => rejectUnknownKeys('lstm', value, ['units'])).toThrow(invalid);
    }
  });
});

describe('describeValue', () => {
  it('stays short and never throws', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    expect(describeValue('a'.repeat(500)).length).toBeLessThanOrEqual(80);
    expect([cycle, () => 1, Symbol('s'), 5n, undefined].map(describeValue)).toEqual([
      'an object',
      'a function',
      'a symbol',
      '5n',
      'undefined',
    ]);
  });
});
