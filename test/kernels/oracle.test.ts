import { describe, expect, it } from 'vitest';
import type { Value } from '../../src/graph/value.js';
import { buildProblem } from './problem-graph.js';
import { computedValues, ProblemProgram } from './problem-program.js';
import { type Problem, problems } from './problems/index.js';
import { disagreement, referenceOf } from './reference.js';

const epsilons = { float32: 2 ** -23, float64: 2 ** -52 } as const;

/** Executes a problem on poisoned memory and describes the error of each result. */
function findings(problem: Problem, precision: 'float32' | 'float64'): string[] {
  const built = buildProblem(problem);
  const found: string[] = [];
  const run = new ProblemProgram(built, built.results.values(), { precision, keepOperands: true }).run();
  for (const [name, value] of built.results) {
    const finding = disagreement(problem, name, run.read(value), epsilons[precision]);
    if (finding !== undefined) found.push(finding);
  }
  return found;
}

const byOperation = [...new Set(problems.map(({ operation }) => operation))].map((operation) => ({
  operation,
  all: problems.filter((problem) => problem.operation === operation),
}));

describe.each(byOperation)('the kernel $operation', ({ all }) => {
  it.each(['float32', 'float64'] as const)('agrees with the reference in %s on poisoned memory', (precision) => {
    for (const problem of all) expect(findings(problem, precision), problem.name).toEqual([]);
  });

  it('has every result that the reference has', () => {
    for (const problem of all) {
      const { results } = buildProblem(problem);
      expect([...results.keys()].sort(), problem.name).toEqual(Object.keys(referenceOf(problem)).sort());
    }
  });

  it('writes its results and nothing else', () => {
    for (const problem of all) {
      const built = buildProblem(problem);
      const spare = problem.batchSizes === undefined ? 0 : 3;
      const run = new ProblemProgram(built, built.results.values(), { keepOperands: true, spare });
      run.write();
      const constant = [...built.operands].filter(([name]) => !built.results.has(name));
      const before = constant.map(([, value]) => run.bits(value));
      run.compute();
      expect(run.firstStrayByte(computedValues(built)), problem.name).toBeUndefined();
      constant.forEach(([name, value], index) => {
        expect(run.bits(value).equals(before[index] as Buffer), `${problem.name}: ${name}`).toBe(true);
      });
    }
  });

  it('gives the same bits when it writes over its operands, and when only one result is wanted', () => {
    for (const problem of all) {
      const built = buildProblem(problem);
      const apart = new ProblemProgram(built, built.results.values(), { keepOperands: true }).run();
      const same = (outputs: ReadonlyMap<string, Value>) => {
        const run = new ProblemProgram(built, outputs.values()).run();
        for (const [name, value] of outputs) {
          expect(run.bits(value).equals(apart.bits(value)), `${problem.name}: ${name}`).toBe(true);
        }
      };
      same(built.results);
      for (const result of built.results) same(new Map([result]));
    }
  });
});
