import { describe, expect, it } from 'vitest';
import { fnv1a32, philox4x32, Random } from '../../src/core/random.js';

const invalid = expect.objectContaining({ code: 'invalid_option' });

describe('philox4x32', () => {
  // kat_vectors of Random123 1.14, lines "philox4x32 10".
  const knownAnswers = [
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ] as const;

  it.each(knownAnswers)('gives the published answer for counter %j and key %j', (counter, key, expected) => {
    const out = new Uint32Array(4);
    philox4x32(Uint32Array.from(counter), Uint32Array.from(key), out);
    expect([...out]).toEqual(expected);
  });

  it('multiplies exactly, as 64-bit integers do', () => {
    // One independent formulation with BigInt, over counters that exercise every carry.
    const rounds = (counter: bigint[], key: bigint[]): bigint[] => {
      const mask = 0xffffffffn;
      let [c0, c1, c2, c3] = counter as [bigint, bigint, bigint, bigint];
      let [k0, k1] = key as [bigint, bigint];
      for (let round = 0; round < 10; round++) {
        const p0 = 0xd2511f53n * c0;
        const p1 = 0xcd9e8d57n * c2;
        [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, p1 & mask, (p0 >> 32n) ^ c3 ^ k1, p0 & mask];
        k0 = (k0 + 0x9e3779b9n) & mask;
        k1 = (k1 + 0xbb67ae85n) & mask;
      }
      return [c0, c1, c2, c3];
    };
    const edges = [0, 1, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffff0000, 0xffffffff];
    const out = new Uint32Array(4);
    for (const a of edges) {
      for (const b of edges) {
        philox4x32(Uint32Array.of(a, b, b, a), Uint32Array.of(b, a), out);
        expect([...out].map(BigInt)).toEqual(rounds([a, b, b, a].map(BigInt), [b, a].map(BigInt)));
      }
    }
  });

  it('may write its answer over the counter', () => {
    const counter = new Uint32Array(4);
    philox4x32(counter, new Uint32Array(2), counter);
    expect(counter[0]).toBe(0x6627e8d5);
  });
});

describe('fnv1a32', () => {
  it('gives the published answers', () => {
    expect([fnv1a32(''), fnv1a32('a'), fnv1a32('foobar')]).toEqual([0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
  });
});

describe('Random', () => {
  const draw = (random: Random, count = 8): number[] => Array.from({ length: count }, () => random.uint32());

  it('gives the same numbers for the same seed and stream, whatever was drawn elsewhere', () => {
    const first = new Random(7, 'init/dense.W');
    const other = new Random(7, 'init/dense.b');
    const mixed = Array.from({ length: 8 }, () => {
      other.normal();
      return first.uint32();
    });
    expect(mixed).toEqual(draw(new Random(7, 'init/dense.W')));
  });

  it('gives other numbers for another seed, also one that differs above 32 bits, and another stream', () => {
    const streams = [
      new Random(1, 'a'),
      new Random(1 + 2 ** 32, 'a'),
      new Random(2, 'a'),
      new Random(1, 'b'),
      new Random(1, 5),
    ];
    const words = streams.flatMap((random) => draw(random, 100));
    expect(new Set(words).size).toBe(words.length);
  });

  it('keeps its numbers between versions', () => {
    const random = new Random(1, 'golden');
    expect([random.uint32(), random.uniform(), random.normal(), random.integer(1000)]).toMatchInlineSnapshot(`
      [
        144323715,
        0.9134457997849214,
        1.0305159217071038,
        522,
      ]
    `);
  });

  it('draws uniform numbers in [0, 1) with the mean and variance of the uniform distribution', () => {
    const random = new Random(3, 'uniform');
    const values = Array.from({ length: 20_000 }, () => random.uniform());
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / values.length)); // 5 standard errors
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / values.length));
  });

  it('draws normal numbers with the first four moments of the normal distribution', () => {
    const random = new Random(4, 'normal');
    const count = 40_000;
    const moments = [0, 0, 0, 0];
    for (let draws = 0; draws < count; draws++) {
      const value = random.normal();
      for (let power = 0; power < 4; power++) (moments[power] as number) += value ** (power + 1) / count;
    }
    // Standard errors of the moments of a normal variable: sqrt(1), sqrt(2), sqrt(15), sqrt(96), each / sqrt(count).
    const expected = [0, 1, 0, 3];
    const variances = [1, 2, 15, 96];
    for (let power = 0; power < 4; power++) {
      const error = Math.abs((moments[power] as number) - (expected[power] as number));
      expect(error).toBeLessThan(5 * Math.sqrt((variances[power] as number) / count));
    }
  });

  it('draws every integer below n about equally often', () => {
    const random = new Random(5, 'integer');
    const counts = new Int32Array(7);
    for (let draws = 0; draws < 14_000; draws++) (counts[random.integer(7)] as number)++;
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(5 * Math.sqrt(2000));
    expect(random.integer(1)).toBe(0);
    expect(random.integer(2 ** 32)).toBeLessThan(2 ** 32);
  });

  it('shuffles in place, keeps every element and reaches all orders', () => {
    const random = new Random(6, 'shuffle');
    const array = Int32Array.from({ length: 50 }, (_, index) => index);
    expect(random.shuffle(array)).toBe(array);
    expect([...array]).not.toEqual([...array].sort((a, b) => a - b));
    expect([...array].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index));
    const orders = new Set(Array.from({ length: 200 }, () => random.shuffle(['a', 'b', 'c']).join('')));
    expect(orders.size).toBe(6);
    expect(random.shuffle([])).toEqual([]);
  });

  it('goes on exactly from a state that went through JSON, at every position and between two normals', () => {
    for (let drawn = 0; drawn < 9; drawn++) {
      for (const normals of [0, 1, 2]) {
        const random = new Random(2 ** 40 + 3, 'resume');
        draw(random, drawn);
        for (let count = 0; count < normals; count++) random.normal();
        const restored = Random.restore(JSON.parse(JSON.stringify(random.state())));
        expect([restored.normal(), restored.normal(), ...draw(restored)]).toEqual([
          random.normal(),
          random.normal(),
          ...draw(random),
        ]);
      }
    }
  });

  it('counts blocks beyond 32 bits', () => {
    const far = (position: number) => Random.restore({ seed: 1, stream: 'far', position, spareNormal: null });
    expect(draw(far(2 ** 34))).not.toEqual(draw(far(0)));
    expect(draw(far(2 ** 34 - 4)).slice(4)).toEqual(draw(far(2 ** 34), 4));
  });

  it('refuses seeds, streams, sizes and states that it cannot use', () => {
    for (const seed of [-1, 1.5, Number.NaN, 2 ** 53]) expect(() => new Random(seed, 'x')).toThrow(invalid);
    for (const stream of [-1, 2 ** 32, 0.5]) expect(() => new Random(1, stream)).toThrow(invalid);
    for (const n of [0, -1, 1.5, 2 ** 32 + 1]) expect(() => new Random(1, 'x').integer(n)).toThrow(invalid);
    const state = new Random(1, 'x').state();
    expect(() => Random.restore({ ...state, position: -1 })).toThrow(invalid);
    expect(() => Random.restore({ ...state, spareNormal: Number.NaN })).toThrow(invalid);
    expect(() => Random.restore(JSON.parse('null'))).toThrow(invalid);
  });
});
