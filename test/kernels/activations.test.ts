import { describe, expect, it } from 'vitest';
import { FUNCTIONS } from '../../src/graph/operations/functions.js';
import type { Value } from '../../src/graph/value.js';
import { erf } from '../oracle/functions.js';
import { element, matrix, scalar } from '../oracle/matrix.js';
import { buildProblem } from './problem-graph.js';
import { ProblemProgram } from './problem-program.js';

const exact = {
  exp: Math.exp,
  sigmoid: (x: number) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  relu: (x: number) => Math.max(x, 0),
} as const;

type Name = keyof typeof exact;

const names = Object.keys(exact) as Name[];

/** Largest errors in units in the last place for |x| up to a bound, as native/kernels/generic/vec.h documents them. */
const documented: readonly { name: Name; upTo: number; units: number }[] = [
  { name: 'exp', upTo: 30, units: 2 },
  { name: 'exp', upTo: Number.POSITIVE_INFINITY, units: 5 },
  { name: 'sigmoid', upTo: Number.POSITIVE_INFINITY, units: 3 },
  { name: 'tanh', upTo: Number.POSITIVE_INFINITY, units: 6 },
  { name: 'relu', upTo: Number.POSITIVE_INFINITY, units: 0 },
];

/** From here on e^x may be infinite. */
const EXP_OVERFLOW = 88.37;

/** Smallest normal float32: kernels flush what is smaller to 0. */
const SMALLEST = 2 ** -126;

/** float32 numbers over all magnitudes, by their bits, and densely where functions bend. */
function numbers(): number[] {
  const bits = new Uint32Array(1);
  const value = new Float32Array(bits.buffer);
  const result: number[] = [];
  for (let pattern = 0; pattern < 2 ** 32; pattern += 65_521) {
    bits[0] = pattern;
    if (Number.isFinite(value[0])) result.push(value[0] as number);
  }
  for (let x = -10; x <= 10; x += 1 / 2048) result.push(Math.fround(x * 1.0001));
  for (let x = -110; x <= 110; x += 1 / 128) result.push(Math.fround(x * 1.0001));
  return result;
}

/** f(x) by the kernels. e^x has no operation of its own: it is the softmax loss's gradient where logsumexp is 0. */
function run(name: Name, xs: readonly number[]): Float64Array {
  if (name !== 'exp') {
    const built = buildProblem({ name, operation: name, operands: { x: matrix(1, xs.length, xs) }, terms: 1 });
    const y = built.results.get('y') as Value;
    return new ProblemProgram(built, [y]).run().read(y).data;
  }
  const logits = matrix(1, xs.length + 1, [0, ...xs]);
  const operands = { dloss: scalar(1), logits, targets: Int32Array.of(0), lse: matrix(1, 2, [0, 0]) };
  const built = buildProblem({ name, operation: 'softmaxCrossEntropyBackward', operands, terms: 1 });
  const dlogits = built.results.get('dlogits') as Value;
  return new ProblemProgram(built, [dlogits]).run().read(dlogits).data.subarray(1);
}

describe('the logarithm in float32', () => {
  it('is within 4 units in the last place of the exact result for normal numbers', () => {
    const xs = numbers().filter((x) => x >= SMALLEST);
    const attributes = { function: FUNCTIONS.indexOf('log'), exponent: 0 };
    const operands = { x: matrix(1, xs.length, xs) };
    const built = buildProblem({ name: 'log', operation: 'unary', operands, attributes, terms: 1 });
    const y = built.results.get('y') as Value;
    const { data } = new ProblemProgram(built, [y]).run().read(y);
    const errors = xs.map((x, index) => error(element(data, index), Math.log(x)));
    const worst = Math.max(...errors.slice(0, 50_000), ...errors.slice(50_000));
    expect(worst, `log(${xs[errors.indexOf(worst)]})`).toBeLessThanOrEqual(4);
  });
});

/** Values of a function of one number by the kernels. */
function valuesOf(name: (typeof FUNCTIONS)[number], xs: readonly number[], exponent = 0): Float64Array {
  const attributes = { function: FUNCTIONS.indexOf(name), exponent };
  const operands = { x: matrix(1, xs.length, xs) };
  const built = buildProblem({ name, operation: 'unary', operands, attributes, terms: 1 });
  const y = built.results.get('y') as Value;
  return new ProblemProgram(built, [y]).run().read(y).data as Float64Array;
}

/** Largest errors of functions of one number, as native/kernels/generic/vec.h documents them. */
const ofOne = [
  {
    name: 'softplus',
    exact: (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    units: 6,
    from: -87.3,
  },
  { name: 'erf', exact: erf, units: 2, from: Number.NEGATIVE_INFINITY },
  { name: 'elu', exact: (x: number) => (x > 0 ? x : Math.expm1(x)), units: 3, from: Number.NEGATIVE_INFINITY },
] as const;

describe.each(ofOne)('$name in float32', ({ name, exact: exactly, units, from }) => {
  it(`is within ${units} units in the last place of the exact result`, () => {
    // Kernels flush denormals to 0, also those on the way to a result.
    const xs = numbers().filter((x) => x >= from && Math.abs(x) >= 2 ** -120);
    const actual = valuesOf(name, xs, 1);
    let worst = { x: 0, actual: 0, error: -1 };
    xs.forEach((x, index) => {
      const found = { x, actual: element(actual, index), error: error(element(actual, index), exactly(x)) };
      if (!(found.error <= worst.error)) worst = found;
    });
    expect(worst.error, `${name}(${worst.x}) is ${worst.actual}`).toBeLessThanOrEqual(units);
  });

  it('keeps NaN, and is right at infinity and at 0', () => {
    const [inf, nan] = [Number.POSITIVE_INFINITY, Number.NaN];
    const xs = [0, -0, inf, -inf, nan, 3e38, -3e38, 1e-40];
    const limits = { softplus: [inf, 0], erf: [1, -1], elu: [inf, -1] }[name];
    const atZero = name === 'softplus' ? Math.fround(Math.LN2) : 0;
    const [zero, negativeZero, above, below, broken, large, small, tiny] = valuesOf(name, xs, 1);
    expect([zero, (negativeZero as number) + 0, above, below, broken]).toEqual([atZero, atZero, ...limits, nan]);
    expect([large === 1 || large === Math.fround(3e38), small]).toEqual([true, limits[1]]);
    expect(Math.abs((tiny as number) - atZero)).toBeLessThanOrEqual(SMALLEST);
  });
});

describe.each([
  ['sin', Math.sin],
  ['cos', Math.cos],
] as const)('%s in float32', (name, exactly) => {
  it('is within 2^-23 of the exact result for any finite number', () => {
    const xs = numbers();
    const errors = [...valuesOf(name, xs)].map((y, index) => Math.abs(y - exactly(xs[index] as number)));
    const worst = errors.reduce((most, found, index) => (found <= (errors[most] as number) ? most : index), 0);
    expect(errors[worst], `${name}(${xs[worst]})`).toBeLessThanOrEqual(2 ** -23);
    expect([...valuesOf(name, [Number.NaN, Infinity, -Infinity])]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });
});

/** Error in units in the last place of the exact result; 0 where both are below the normal numbers. */
function error(actual: number, expected: number): number {
  if (Math.abs(expected) < SMALLEST) return Math.abs(actual) <= SMALLEST ? 0 : Number.POSITIVE_INFINITY;
  return Math.abs(actual - expected) / 2 ** (Math.floor(Math.log2(Math.abs(expected))) - 23);
}

describe.each(documented)('$name in float32 for |x| <= $upTo', ({ name, upTo, units }) => {
  it(`is within ${units} units in the last place of the exact result`, () => {
    const largest = name === 'exp' ? EXP_OVERFLOW : Number.POSITIVE_INFINITY;
    const xs = numbers().filter((x) => Math.abs(x) <= upTo && x <= largest);
    const actual = run(name, xs);
    let worst = { x: 0, actual: 0, error: -1 };
    xs.forEach((x, index) => {
      const found = { x, actual: element(actual, index), error: error(element(actual, index), exact[name](x)) };
      if (!(found.error <= worst.error)) worst = found;
    });
    expect(worst.error, `${name}(${worst.x}) is ${worst.actual}`).toBeLessThanOrEqual(units);
  });
});

describe('activations in float32', () => {
  it('keep NaN where it is, in every lane and behind the last whole vector', () => {
    for (const name of names) {
      for (const length of [1, 3, 16, 33]) {
        for (let at = 0; at < length; at++) {
          const xs = Array.from({ length }, (_, index) => (index === at ? Number.NaN : 0.5));
          const found = [...run(name, xs)].map(Number.isNaN);
          expect(found.indexOf(true), `${name} of ${length}`).toBe(at);
          expect(found.lastIndexOf(true), `${name} of ${length}`).toBe(at);
        }
      }
    }
  });

  it.each([
    [
      'exp',
      [Number.POSITIVE_INFINITY, 1e38, 88.75, -87.5, -1e38, Number.NEGATIVE_INFINITY],
      [Infinity, Infinity, Infinity, 0, 0, 0],
    ],
    ['sigmoid', [Number.POSITIVE_INFINITY, 1e38, 30, -87.5, -1e38, Number.NEGATIVE_INFINITY], [1, 1, 1, 0, 0, 0]],
    ['tanh', [Number.POSITIVE_INFINITY, 1e38, 10, -10, -1e38, Number.NEGATIVE_INFINITY], [1, 1, 1, -1, -1, -1]],
    ['relu', [Number.POSITIVE_INFINITY, 1e10, -1e10, Number.NEGATIVE_INFINITY], [Infinity, 1e10, 0, 0]],
  ] as const)('saturate far from zero and at infinity: %s', (name, xs, expected) => {
    expect([...run(name, xs)]).toEqual([...expected]);
  });

  it('are exact at zero of either sign and at the smallest numbers', () => {
    const tiny = [0, -0, 1e-45, -1e-45, 1e-38, -1e-38];
    for (const name of names) {
      const isOdd = name === 'tanh' || name === 'relu';
      const expected = name === 'sigmoid' ? 0.5 : 1;
      for (const value of run(name, tiny)) {
        if (isOdd) expect(Math.abs(value), name).toBeLessThanOrEqual(SMALLEST);
        else expect(value, name).toBe(expected);
      }
    }
  });
});
