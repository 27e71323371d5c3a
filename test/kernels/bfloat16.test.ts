/** Weights that are packed in bfloat16: what is computed, in bits, and how far it is from float32. */
import { describe, expect, it } from 'vitest';
import { storageBytes } from '../../src/graph/generated/operations.js';
import type { GraphOptions } from '../../src/graph/graph.js';
import { operations } from '../../src/graph/registry.js';
import type { Value } from '../../src/graph/value.js';
import { native } from '../../src/native/addon.js';
import { RandomOperands } from '../oracle/random-matrix.js';
import { addGradients, buildProblem, differentiableOutputs } from './problem-graph.js';
import { ProblemProgram, rowsOf } from './problem-program.js';
import { type Problem, problems } from './problems/index.js';

const WEIGHTS = { weights: 'bfloat16' } as const;
const numbers = new Float32Array(1);
const bits = new Uint32Array(numbers.buffer);
const wide = new Float64Array(1);
const wideBits = new BigUint64Array(wide.buffer);

/** A number rounded to bfloat16, to the nearest, ties to even; what is below 2^-126 becomes 0. */
function rounded(value: number): number {
  numbers[0] = value;
  const word = bits[0] as number;
  bits[0] = Math.abs(value) < 2 ** -126 ? word & 0x80000000 : (word + 0x7fff + ((word >>> 16) & 1)) & 0xffff0000;
  return numbers[0] as number;
}

/** a * b + c, rounded once to float32: the exact sum is rounded to odd in double precision first. */
function fused(a: number, b: number, c: number): number {
  const product = a * b; // exact: 16 bits
  const sum = product + c;
  const back = sum - product;
  const lost = product - (sum - back) + (c - back);
  wide[0] = sum;
  const word = wideBits[0] as bigint;
  if (lost !== 0 && (word & 1n) === 0n) wideBits[0] = word + (lost > 0 === sum > 0 ? 1n : -1n);
  return Math.fround(wide[0] as number);
}

/** One element of a product: a chain in ascending order of the depth. */
function product(x: ArrayLike<number>, w: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < x.length; k++) sum = fused(rounded(x[k] as number), rounded(w[k] as number), sum);
  return sum;
}

/** Problems of operations that multiply by packed weights. */
const weighted = problems.filter(({ operation }) => {
  const { role, signature } = operations.get(operation) as NonNullable<ReturnType<typeof operations.get>>;
  return role === 'forward' && signature.inputs.some(({ type }) => type === 'packed');
});

/** A problem and its gradients, computed: the results by name. */
function computed(problem: Problem, options: GraphOptions, threads = 1) {
  const built = buildProblem(problem, options);
  const random = new RandomOperands(7);
  const outputs = differentiableOutputs(built);
  const gradients = addGradients(built, outputs);
  const upstream = new Map(
    outputs.map((name) => {
      const value = built.results.get(name) as Value;
      return [`d${name}`, random.matrix(rowsOf(problem, value), value.columns)] as const;
    }),
  );
  const results = new Map(built.results);
  for (const [name, value] of gradients) results.set(`gradient of ${name}`, value);
  const run = new ProblemProgram(built, results.values(), { threads }, upstream).run();
  return { run, results };
}

const rms = (values: Float64Array) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);

describe('bfloat16 weights', () => {
  it.each([
    [1, 1, 1],
    [1, 2, 3],
    [3, 5, 17],
    [7, 50, 70],
    [13, 33, 129],
  ])('of %i rows, %i inputs and %i outputs give the bits of the definition', (rows, depth, outputs) => {
    const problem = problems.find(({ operation }) => operation === 'linear') as Problem;
    const random = new RandomOperands(rows + depth);
    const [x, w] = [random.matrix(rows, depth), random.matrix(outputs, depth)];
    // Large and small terms, of which some cancel; and numbers that round up to a power of two.
    x.data.forEach((value, at) => {
      x.data[at] = Math.fround(at % 5 === 0 ? 1.998 : value * 10 ** ((at % 7) - 3));
    });
    for (const [at, value] of w.data.entries()) w.data[at] = Math.fround(value);
    const built = buildProblem({ ...problem, operands: { x, w }, terms: depth }, WEIGHTS);
    const y = built.results.get('y') as Value;
    const actual = new ProblemProgram(built, [y]).run().read(y);
    for (let r = 0; r < rows; r++) {
      for (let o = 0; o < outputs; o++) {
        const expected = product(
          x.data.subarray(r * depth, (r + 1) * depth),
          w.data.subarray(o * depth, (o + 1) * depth),
        );
        expect(actual.data[r * outputs + o], `row ${r}, output ${o}`).toBe(expected);
      }
    }
  });

  it('change every product by as much as rounding the factors does, forwards and backwards', () => {
    expect(weighted.length).toBeGreaterThan(50);
    for (const problem of weighted) {
      const [full, low] = [computed(problem, {}), computed(problem, WEIGHTS)];
      for (const [name, value] of full.results) {
        if (value.type !== 'real') continue;
        const expected = full.run.read(value).data;
        const difference = low.run
          .read(low.results.get(name) as Value)
          .data.map((v, at) => v - (expected[at] as number));
        // Each factor is off by 2^-9 of itself at most; a lost or a wrong operand changes a result by its own size.
        // In slopes and gradients it may move a few arguments over the kink of an activation.
        const part = name.startsWith('gradient') || name === 'slopes' ? 2 ** -2 : 2 ** -4;
        expect(rms(difference), `${problem.name}: ${name}`).toBeLessThanOrEqual(part * rms(expected));
      }
    }
  });

  it('give the same bits on any number of threads', () => {
    const largest = new Map<string, Problem>();
    for (const problem of weighted) {
      const before = largest.get(problem.operation);
      if (before === undefined || problem.terms >= before.terms) largest.set(problem.operation, problem);
    }
    for (const problem of largest.values()) {
      const texts = [1, 2, 3].map((threads) => {
        const { run, results } = computed(problem, WEIGHTS, threads);
        return [...results].map(([name, value]) => `${name}: ${run.bits(value).toString('base64')}`);
      });
      expect(texts[1], problem.name).toEqual(texts[0]);
      expect(texts[2], problem.name).toEqual(texts[0]);
    }
  });

  it('take two bytes each, with a zero behind an odd depth', () => {
    const size = (depth: number, storage: string) => native().packedSize(depth, 48, 1, 'float32', storage);
    expect(storageBytes.bfloat16).toBe(2);
    expect(size(32, 'bfloat16')).toBe(size(32, 'float32'));
    expect(size(33, 'bfloat16')).toBe(size(34, 'float32'));
  });
});
