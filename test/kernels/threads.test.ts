import { describe, expect, it } from 'vitest';
import { gradientRules } from '../../src/graph/gradient-rules.js';
import type { Value } from '../../src/graph/value.js';
import type { Matrix } from '../oracle/matrix.js';
import { RandomOperands } from '../oracle/random-matrix.js';
import { addGradients, buildProblem, differentiableOutputs } from './problem-graph.js';
import { ProblemProgram, rowsOf } from './problem-program.js';
import { type Problem, problems } from './problems/index.js';
import { mostOperands } from './problems/problem.js';
import { trainingStep } from './training-graph.js';

const threadCounts = [1, 2, 3, 5];

/** A problem's results by name, and where it has gradients these too; and its program for any number of threads. */
function compile(problem: Problem): { program: (threads: number) => ProblemProgram; results: Map<string, Value> } {
  const built = buildProblem(problem);
  const results = new Map(built.results);
  const upstream = new Map<string, Matrix>();
  if (gradientRules.has(problem.operation)) {
    const random = new RandomOperands(7);
    const outputs = differentiableOutputs(built);
    for (const [name, value] of addGradients(built, outputs)) results.set(`gradient of ${name}`, value);
    for (const name of outputs) {
      const value = built.results.get(name) as Value;
      upstream.set(`d${name}`, random.matrix(rowsOf(problem, value), value.columns));
    }
  }
  return { program: (threads) => new ProblemProgram(built, results.values(), { threads }, upstream), results };
}

const bitsOf = (run: ProblemProgram, results: ReadonlyMap<string, Value>) =>
  [...results].map(([name, value]) => `${name}: ${run.bits(value).toString('base64')}`);

function elements({ operands }: Problem): number {
  const sizes = Object.values(operands).map(
    (value) => (value instanceof Int32Array ? value : value?.data)?.length ?? 0,
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/**
 * Of each operation the smallest problem, which leaves threads without work, the two largest, and the one with the most
 * operands.
 */
const byOperation = [...new Set(problems.map(({ operation }) => operation))].map((operation) => {
  const own = problems.filter((problem) => problem.operation === operation);
  const [smallest, ...others] = own.sort((a, b) => elements(a) - elements(b));
  const all = new Set([smallest as Problem, ...others.slice(-2), mostOperands(own) as Problem]);
  return { operation, all: [...all] };
});

describe.each(byOperation)('$operation', ({ all }) => {
  it('gives the same bits with 1, 2, 3 and 5 threads, on the event loop and off it, and again', async () => {
    for (const problem of all) {
      let expected: string[] | undefined;
      const { program, results } = compile(problem);
      for (const threads of threadCounts) {
        const run = program(threads);
        run.run();
        expected ??= bitsOf(run, results);
        expect(bitsOf(run, results), `${problem.name}, run with ${threads} threads`).toEqual(expected);
        run.write();
        await run.start();
        expect(bitsOf(run, results), `${problem.name}, start with ${threads} threads`).toEqual(expected);
      }
    }
  });
});

describe('a training step', () => {
  it('gives the same bits whichever of its instructions the threads share', async () => {
    const sizes = { symbols: 30, units: 50, steps: 12, batch: 9 };
    let expected: Buffer | undefined;
    for (const threads of threadCounts) {
      for (const grain of [0, 10_000, 100_000, 1e9]) {
        const { program, batchSizes, parameters, write } = trainingStep(sizes, threads, grain);
        program.execute(batchSizes);
        write();
        await program.start(batchSizes);
        const bits = Buffer.from(new Uint8Array(parameters.buffer, parameters.byteOffset, parameters.byteLength));
        expected ??= bits;
        expect(bits.equals(expected), `${threads} threads, grain ${grain}`).toBe(true);
      }
    }
  });
});
