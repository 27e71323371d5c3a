import { describe, expect, it } from 'vitest';
import type { Value } from '../../src/graph/value.js';
import { mapElements } from '../oracle/matrix.js';
import { buildProblem } from './problem-graph.js';
import { ProblemProgram } from './problem-program.js';
import type { Problem } from './problems/index.js';
import { operandsFor } from './problems/problem.js';

describe('a random mask', () => {
  it.each([0.1, 0.5, 0.9])('of rate %d drops the elements that dropout of the same key drops', (rate) => {
    const shared = { operands: { key: Int32Array.of(3, -1, 70_000, 1) }, terms: 1 };
    const attributes = { rate, operationId: 12 };
    const ones = mapElements(operandsFor('ones').matrix(33, 17), () => 1);
    const dropout: Problem = {
      ...shared,
      name: 'dropout',
      operation: 'dropout',
      operands: { ...shared.operands, x: ones },
      attributes,
    };
    const mask: Problem = {
      ...shared,
      name: 'randomMask',
      operation: 'randomMask',
      attributes: { ...attributes, dropped: 0, kept: 1 / (1 - rate) },
      extents: { R: ones.rows, C: ones.columns },
    };
    const results = [dropout, mask].map((problem) => {
      const built = buildProblem(problem);
      const y = built.results.get('y') as Value;
      return new ProblemProgram(built, [y]).run().bits(y);
    });
    expect(results[0]?.equals(results[1] as Buffer)).toBe(true);
  });
});
