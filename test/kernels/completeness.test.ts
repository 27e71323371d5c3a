import { describe, expect, it } from 'vitest';
import { operations } from '../../src/graph/registry.js';
import { scheduleNodes } from '../../src/program/schedule.js';
import { operationNames } from '../oracle/index.js';
import { addGradients, buildProblem, differentiableOutputs, referenceName } from './problem-graph.js';
import { problems } from './problems/index.js';

const isPacking = (name: string): boolean => operations.get(name)?.role === 'packing';
const covered = new Set(problems.map(({ operation }) => operation));

/** Operations of the program of each problem, with the gradients of its operands where it has any. */
function compiledOperations(withGradients: boolean): Set<string> {
  const names = new Set<string>();
  for (const problem of problems) {
    const built = buildProblem(problem);
    const roots = [...built.results.values()];
    if (withGradients) {
      if (operations.get(problem.operation)?.gradient === undefined) continue;
      roots.push(...addGradients(built, differentiableOutputs(built)).values());
    }
    for (const node of scheduleNodes(built.graph, roots, false).nodes) names.add(node.operation.name);
  }
  return names;
}

describe('the problems', () => {
  it('have one for every operation of the registry, packing excepted', () => {
    expect([...operations.keys()].filter((name) => !isPacking(name) && !covered.has(name))).toEqual([]);
  });

  it('reach every kind of packing through the operations that read packed weights', () => {
    const compiled = compiledOperations(false);
    expect([...operations.keys()].filter((name) => !compiled.has(name))).toEqual([]);
  });

  it('reach every backward operation by differentiating a forward one', () => {
    const compiled = compiledOperations(true);
    const backward = [...operations.values()].filter(({ role }) => role === 'backward');
    expect(backward.map(({ name }) => name).filter((name) => !compiled.has(name))).toEqual([]);
  });

  it('are named differently, and the reference has every operation', () => {
    const names = problems.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    expect([...operationNames].sort()).toEqual([...operations.keys()].filter((name) => !isPacking(name)).sort());
  });

  it('have every optional operand present in one and absent in another', () => {
    const missing = [...operations.values()].flatMap(({ name, signature }) => {
      const own = problems.filter(({ operation }) => operation === name);
      return signature.inputs
        .filter((spec) => spec.optional)
        .filter(
          (spec) => new Set(own.map(({ operands }) => operands[referenceName(name, spec)] === undefined)).size < 2,
        )
        .map((spec) => `${name}.${spec.name}`);
    });
    expect(missing).toEqual([]);
  });
});
