import { describe, expect, it } from 'vitest';
import {
  canonicalJson,
  isJsonObject,
  type JsonValue,
  jsonDifferences,
  parseShallowJson,
  parseStrictJson,
} from '../../src/core/json.js';

describe('parseStrictJson', () => {
  it('finds a key that occurs twice, also among many and written in two ways', () => {
    const keys = Array.from({ length: 30 }, (_, at) => `k${at}`);
    const text = (names: readonly string[]) => `{${names.map((name, at) => `"${name}" : ${at}`).join(',')}}`;
    expect(Object.keys(parseStrictJson(text(keys)) as object)).toEqual(keys);
    for (const again of ['k0', 'k8', 'k9', 'k29', '\\u006b3', 'k\\u0038']) {
      expect(() => parseStrictJson(text([...keys, again])), again).toThrow(/occurs twice/);
    }
    expect(parseStrictJson('{"a\\"":1,"a\\\\":2,"b":["a","a"],"c":{"b":1}}')).toEqual({
      'a"': 1,
      'a\\': 2,
      b: ['a', 'a'],
      c: { b: 1 },
    });
  });

  it('refuses deep nesting before it reads the text, which need not be whole', () => {
    expect(() => parseStrictJson('['.repeat(1e6))).toThrow(new SyntaxError('nested deeper than 100 levels'));
    expect(() => parseStrictJson('{"a":'.repeat(101))).toThrow(/nested deeper/);
    expect(parseStrictJson(`["${'['.repeat(500)}", "\\"${'{'.repeat(500)}"]`)).toHaveLength(2); // in strings they nest nothing
  });

  it('reads what JSON.parse reads', () => {
    for (const text of ['0', '"a\\"b\\\\"', '[]', '{"a":[{"b":1},{"b":2}],"c":{"a":null}}', ' { "a" : "x:y{[\\"" } ']) {
      expect(parseStrictJson(text)).toEqual(JSON.parse(text));
    }
  });

  it('refuses a key that occurs twice in one object, however it is written', () => {
    expect(() => parseStrictJson('{"a":1,"a":2}')).toThrow('key "a" occurs twice');
    expect(() => parseStrictJson('[{"x":{"a":1,"b":[],"\\u0061" :2}}]')).toThrow('key "a" occurs twice');
    expect(() => parseStrictJson('{"__proto__":1,"__proto__":2}')).toThrow('occurs twice');
    expect(() => parseStrictJson('{"a\\\\":1,"a\\\\":2}')).toThrow('occurs twice');
  });

  it('accepts equal keys in different objects, and values that look like keys', () => {
    expect(parseStrictJson('{"a":{"a":"a"},"b":["a","a"]}')).toEqual({ a: { a: 'a' }, b: ['a', 'a'] });
  });

  it('throws a SyntaxError for everything else', () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    for (const text of ['', '{', '{a:1}', '"\\x"', '[1,]', 'NaN', '\u0000', deep]) {
      expect(() => parseStrictJson(text)).toThrow(SyntaxError);
    }
  });
});

describe('canonicalJson', () => {
  it('gives equal values equal texts, whatever the order of their keys', () => {
    expect(canonicalJson({ b: [1, { y: null, x: true }], a: 'é' })).toBe('{"a":"é","b":[1,{"x":true,"y":null}]}');
    expect(canonicalJson({ b: 1, a: 2 })).toBe(canonicalJson({ a: 2, b: 1 }));
  });

  it('keeps doubles exactly and the key __proto__', () => {
    const value = JSON.parse('{"__proto__": 5, "x": 0.1}') as JsonValue;
    expect(parseStrictJson(canonicalJson(value))).toEqual(value);
    for (const number of [0.1 + 0.2, 5e-324, Number.MAX_VALUE, 2 ** 53]) {
      expect(parseStrictJson(canonicalJson(number))).toBe(number);
    }
  });

  it('leaves out undefined members and refuses what JSON cannot hold', () => {
    expect(canonicalJson({ a: undefined, b: 1 } as unknown as JsonValue)).toBe('{"b":1}');
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    for (const value of [Number.NaN, { a: Number.POSITIVE_INFINITY }, [undefined], new Array(2), () => 1, 1n, cycle]) {
      expect(() => canonicalJson(value as JsonValue)).toThrow(TypeError);
    }
  });
});

describe('jsonDifferences', () => {
  const first = (left: JsonValue, right: JsonValue) => jsonDifferences(left, right).next().value;

  it('finds nothing in equal values, in any order of keys', () => {
    expect(first({ a: [1, { b: null }], c: 'x' }, { c: 'x', a: [1, { b: null }] })).toBeUndefined();
  });

  it('names the path and both values', () => {
    expect(
      first({ model: { layers: [{ units: 1 }, { units: 2 }] } }, { model: { layers: [{ units: 1 }, { units: 3 }] } }),
    ).toEqual({
      path: 'model.layers[1].units',
      left: 2,
      right: 3,
    });
    expect(first({ a: 1 }, { a: 1, b: 2 })).toEqual({ path: 'b', left: undefined, right: 2 });
    expect(first([1, 2], [1])).toEqual({ path: '[1]', left: 2, right: undefined });
    expect(first({ a: [] }, { a: {} })).toEqual({ path: 'a', left: [], right: {} });
  });

  it('does not see inherited members', () => {
    expect(first({}, { toString: 1 })).toEqual({ path: 'toString', left: undefined, right: 1 });
  });
});

describe('isJsonObject', () => {
  it('is true for objects only', () => {
    expect([{}, [], null, 1, 'a'].map(isJsonObject)).toEqual([true, false, false, false, false]);
  });
});

describe('parseShallowJson', () => {
  it('reads what JSON.parse reads, and refuses deep nesting before it is built', () => {
    expect(parseShallowJson('{"a":[1],"a":2}')).toEqual({ a: 2 });
    expect(() => parseShallowJson('['.repeat(1e7))).toThrow(new SyntaxError('nested deeper than 100 levels'));
  });
});
