import { describe, expect, it } from 'vitest';
import { gradientRules } from '../../src/graph/gradient-rules.js';
import { operations } from '../../src/graph/registry.js';
import type { Value } from '../../src/graph/value.js';
import { element, type Matrix, matrix } from '../oracle/matrix.js';
import { RandomOperands } from '../oracle/random-matrix.js';
import {
  addGradients,
  buildProblem,
  differentiableOperands,
  differentiableOutputs,
  type ProblemGraph,
} from './problem-graph.js';
import { ProblemProgram } from './problem-program.js';
import { type Problem, problems } from './problems/index.js';

/**
 * Change of an operand. The error of a central difference is of the order STEP^2 * |third derivative| + 2^-52 * |sum| /
 * STEP; with sums up to 100 that is about 1e-8 at most, and less than 1e-9 for most problems.
 */
const STEP = 2 ** -17;

/** Largest error, relative to the gradient or to the root mean square of all gradients of the operand. */
const TOLERANCE = 1e-6;

/** Elements of an operand that are changed alone; a change of all elements at once covers the others. */
const ELEMENTS = 20;

interface Direction {
  readonly name: string;
  /** Change of every element, in steps. */
  readonly change: Float64Array;
}

function directions(count: number, random: RandomOperands): Direction[] {
  const all = Float64Array.from({ length: count }, () => random.number());
  const picked = count <= ELEMENTS ? [...all.keys()] : [...random.integers(ELEMENTS, 0, count)];
  return [
    { name: 'a random direction', change: all },
    ...picked.map((index) => ({ name: `element ${index}`, change: new Float64Array(count).fill(1, index, index + 1) })),
  ];
}

/** A missing element of `b` makes the sum NaN, which no comparison passes. */
function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] as number) * (b[index] as number);
  return sum;
}

/** Executes the forward program on changed operands: the outputs, each times its upstream gradient. */
class Objective {
  readonly outputs: readonly string[];
  readonly upstream: ReadonlyMap<string, Matrix>;
  readonly #run: ProblemProgram;
  readonly #built: ProblemGraph;

  constructor(built: ProblemGraph, random: RandomOperands) {
    this.#built = built;
    this.outputs = differentiableOutputs(built);
    this.#run = new ProblemProgram(built, built.results.values(), { precision: 'float64', keepOperands: true }).run();
    this.upstream = new Map(
      this.outputs.map((name) => {
        const { rows, columns } = this.#run.read(built.results.get(name) as Value);
        return [name, random.matrix(rows, columns)];
      }),
    );
  }

  /** Elements of an operand. */
  count(operand: string): number {
    return this.#run.view(this.#built.operands.get(operand) as Value).length;
  }

  /** Derivative of every output along `change` of an operand. */
  derivatives(operand: string, change: Float64Array): Map<string, number> {
    const above = this.#at(operand, change, STEP);
    const below = this.#at(operand, change, -STEP);
    return new Map(this.outputs.map((name, i) => [name, (element(above, i) - element(below, i)) / (2 * STEP)]));
  }

  #at(operand: string, change: Float64Array, step: number): number[] {
    const memory = this.#run.view(this.#built.operands.get(operand) as Value);
    const before = memory.slice();
    for (let index = 0; index < memory.length; index++)
      memory[index] = (before[index] as number) + step * (change[index] as number);
    this.#run.compute();
    memory.set(before);
    return this.outputs.map((name) => {
      const { data } = this.upstream.get(name) as Matrix;
      return dot(this.#run.view(this.#built.results.get(name) as Value), data);
    });
  }
}

/** Gradients of all operands when these outputs have an upstream gradient, from the differentiated graph. */
function gradientsOf(problem: Problem, outputs: readonly string[], upstream: ReadonlyMap<string, Matrix>) {
  const built = buildProblem(problem);
  const gradients = addGradients(built, outputs);
  const extra = new Map(outputs.map((name) => [`d${name}`, upstream.get(name) as Matrix]));
  const run = new ProblemProgram(built, gradients.values(), { precision: 'float64' }, extra).run();
  return new Map([...gradients].map(([name, value]) => [name, run.read(value)]));
}

/** Why a derivative is not that of the gradient, or undefined. */
function finding(gradient: Matrix, { name, change }: Direction, numerical: number): string | undefined {
  const analytic = dot(gradient.data, change);
  // The size of a sum of independent terms, as large as the elements of the gradient are on the whole.
  const size = Math.sqrt((dot(gradient.data, gradient.data) / gradient.data.length) * dot(change, change));
  const error = Math.abs(analytic - numerical);
  const isRight = error <= TOLERANCE * Math.max(Math.abs(numerical), size) || error <= 2 ** -40;
  return isRight ? undefined : `${name}: ${analytic}, by central differences ${numerical}`;
}

function findings(problem: Problem): string[] {
  const random = new RandomOperands(problem.terms);
  const built = buildProblem(problem);
  const objective = new Objective(built, random);
  const { outputs, upstream } = objective;
  const subsets = outputs.length === 1 ? [outputs] : [outputs, ...outputs.map((name) => [name])];
  const gradients = subsets.map((subset) => gradientsOf(problem, subset, upstream));
  const found: string[] = [];
  for (const operand of differentiableOperands(built)) {
    const count = objective.count(operand);
    for (const direction of directions(count, random)) {
      const derivatives = objective.derivatives(operand, direction.change);
      subsets.forEach((subset, index) => {
        const numerical = subset.reduce((sum, name) => sum + (derivatives.get(name) as number), 0);
        // An output may not depend on an operand at all: then there is no gradient, and the derivative is 0.
        const gradient = gradients[index]?.get(operand) ?? matrix(1, count, new Float64Array(count));
        const text = finding(gradient, direction, numerical);
        if (text !== undefined) found.push(`d(${subset}) / d${operand}, ${text}`);
      });
    }
  }
  return found;
}

const differentiable = [...operations.values()]
  .filter(({ name }) => gradientRules.has(name) && !name.startsWith('pack'))
  .map(({ name }) => ({ name, all: problems.filter(({ operation }) => operation === name) }));

describe.each(differentiable)('the gradient of $name', ({ all }) => {
  it('agrees with central differences in float64 for every operand, from all outputs and from each alone', () => {
    expect(all.length).toBeGreaterThan(0);
    for (const problem of all) expect(findings(problem), problem.name).toEqual([]);
  });
});
