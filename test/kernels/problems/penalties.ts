/** Problems of the penalties on activations and on their change in time. */
import { scalar } from '../../oracle/matrix.js';
import { rowCount } from '../../oracle/packed.js';
import { operandsFor, type Problem, packedShapes } from './problem.js';

function problemsOf({ name: size, batchSizes, columns }: (typeof packedShapes)[number]): Problem[] {
  const title = `${size}, ${columns} columns`;
  const random = operandsFor(`penalties ${title}`);
  const rows = rowCount(batchSizes);
  const x = random.matrix(rows, columns, -3, 3);
  const dloss = scalar(-1.25);
  const common = { batchSizes, terms: rows * columns };
  const pairs = (rows - batchSizes[0]) * columns;
  return [
    { name: `meanSquare, ${title}`, operation: 'meanSquare', operands: { x }, ...common },
    { name: `meanSquareBackward, ${title}`, operation: 'meanSquareBackward', operands: { dloss, x }, ...common },
    { name: `temporalDifference, ${title}`, operation: 'temporalDifference', operands: { x }, ...common },
    {
      name: `temporalDifferenceBackward, ${title}`,
      operation: 'temporalDifferenceBackward',
      operands: { dloss, x },
      ...common,
      terms: 3,
      // A gradient is a difference of numbers of about this size.
      scales: { dx: 3 / Math.max(1, pairs) },
    },
  ];
}

/** A matrix of no time axis, such as one row of weights. */
const fixed: Problem = {
  name: 'meanSquare, [1, 300] of no time axis',
  operation: 'meanSquare',
  operands: { x: operandsFor('fixed').matrix(1, 300) },
  terms: 300,
};

/** All of them at every size. */
export const penaltyProblems: readonly Problem[] = [...packedShapes.flatMap(problemsOf), fixed];
