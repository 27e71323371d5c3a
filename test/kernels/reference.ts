/** What the reference says about a problem. */
import { operation as operationNamed } from '../../src/graph/registry.js';
import { type OperationName, oracles } from '../oracle/index.js';
import { type Matrix, scalar } from '../oracle/matrix.js';
import type { OperandValues } from '../oracle/operands.js';
import { compare, tolerance } from '../oracle/tolerance.js';
import { otherAxisOf, type Problem } from './problems/problem.js';

/** Attributes that tell the reference a size, by operation: the letters of the signature that they are. */
const sizes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  embeddingGradient: { size: 'V' },
  repeat: { rows: 'R', columns: 'C' },
  slice: { columns: 'D' },
  sliceBackward: { columns: 'C' },
  gatherColumnsBackward: { width: 'C' },
  randomMask: { rows: 'R', columns: 'C' },
  convolutionInputGradient: { inputs: 'I', context: 'S' },
  convolutionWeightGradient: { width: 'J' },
  attentionWeights: { columns: 'S' },
  additiveAttentionWeights: { columns: 'S' },
};

/** Operands as the reference wants them: it calls the absence of a limit infinite, the kernel also 0. */
function translated({ operation, operands }: Problem): OperandValues {
  const limit = operands['limit'] as Matrix | undefined;
  const isOff = operation === 'clipValue' && limit?.data[0] === 0;
  return isOff ? { ...operands, limit: scalar(Number.POSITIVE_INFINITY) } : operands;
}

const known = new Map<Problem, Record<string, Matrix>>();

/** Results of the reference by name, computed once. */
export function referenceOf(problem: Problem): Record<string, Matrix> {
  let results = known.get(problem);
  if (results === undefined) {
    const { operation, attributes, extents, batchSizes } = problem;
    const other = batchSizes === undefined ? undefined : otherAxisOf(problem);
    const letters = Object.entries(sizes[operation] ?? {}).filter(([, letter]) => extents?.[letter] !== undefined);
    const told = letters.map(([name, letter]) => [name, extents?.[letter] as number]);
    const given = { ...attributes, ...Object.fromEntries(told) };
    results = oracles[operation as OperationName](translated(problem), given, batchSizes ?? [], other);
    known.set(problem, results);
  }
  return results;
}

/** Why a result does not agree with the reference's, or undefined. */
export function disagreement(problem: Problem, result: string, actual: Matrix, epsilon: number): string | undefined {
  const { terms, steps = 1, backward = false, scales } = problem;
  const isOfOther = operationNamed(problem.operation).signature.outputs.some(
    (spec) => spec.name === result && spec.rows[0]?.letter === 'M',
  );
  const batchSizes = isOfOther ? otherAxisOf(problem).batchSizes : problem.batchSizes;
  const expected = referenceOf(problem)[result] as Matrix;
  const relative = tolerance({ terms, steps, backward, epsilon });
  const worst = compare(actual.data, expected, relative, { batchSizes, scale: scales?.[result] });
  return worst.ratio <= 1 ? undefined : `${result}: ${worst.message}`;
}
