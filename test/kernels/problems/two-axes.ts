/** Problems of the operations that join two time axes. */
import { sequenceCount } from '../../oracle/packed.js';
import { batches, operandsFor, otherAxisOf, type Problem } from './problem.js';

/** Two time axes and which of their sequences belong together. */
type Axes = Required<Pick<Problem, 'batchSizes'>> & Pick<Problem, 'otherBatchSizes' | 'samples' | 'otherSamples'>;

/** `count` numbers from 0 on, each once, in another order: `step` has no factor in common with `count`. */
function permutation(count: number, step: number): number[] {
  return Array.from({ length: count }, (_, index) => (index * step + 1) % count);
}

/**
 * Two time axes in all relations: several sequences of one sample and samples of none, the same order, another order on
 * both, more sequences on the other axis, one axis with itself, more sequences than a tile.
 */
export const twoAxesShapes: readonly (Axes & { readonly name: string })[] = [
  {
    name: 'several sequences of one sample',
    batchSizes: [7, 7, 4, 2],
    samples: [1, 0, 1, 2, 1, 0, 2],
    otherBatchSizes: [4, 3, 3, 1, 1],
    otherSamples: [3, 1, 0, 2],
  },
  {
    name: 'one sequence of one step on both',
    batchSizes: batches.oneStepOfOneSequence,
    otherBatchSizes: batches.oneStepOfOneSequence,
  },
  {
    name: 'both in the same order',
    batchSizes: batches.allLengthsDifferent,
    otherBatchSizes: [5, 5, 2, 2],
  },
  {
    name: 'both in an order of their own',
    batchSizes: batches.allLengthsDifferent,
    samples: [3, 0, 4, 1, 2],
    otherBatchSizes: [5, 3, 1],
    otherSamples: [2, 4, 0, 1, 3],
  },
  {
    name: 'more sequences on the other axis',
    batchSizes: [2, 1],
    samples: [6, 3],
    otherBatchSizes: [9, 8, 8, 2],
    otherSamples: permutation(9, 4),
  },
  { name: 'one axis with itself', batchSizes: [5, 4, 4], samples: [4, 2, 0, 1, 3] },
  {
    name: 'more sequences than a tile',
    batchSizes: batches.sixHundredRows,
    samples: Array.from({ length: 35 }, (_, index) => (index * index) % 19),
    otherBatchSizes: batches.moreSequencesThanATile,
    otherSamples: permutation(19, 7),
  },
];

function problemsOf(shape: Axes & { readonly name: string }, columns: number): Problem[] {
  const { name: relation, ...axes } = shape;
  const title = `${relation}, ${columns} columns`;
  const random = operandsFor(`two axes ${title}`);
  const { batchSizes: otherBatchSizes, ownSamples } = otherAxisOf(axes);
  const most = Math.max(...ownSamples.map((sample) => ownSamples.filter((other) => other === sample).length));
  const x = random.matrix(sequenceCount(otherBatchSizes), columns);
  const dy = random.matrix(sequenceCount(axes.batchSizes), columns);
  return [
    { name: `gatherSequences, ${title}`, operation: 'gatherSequences', operands: { x }, terms: 1, ...axes },
    { name: `scatterSequences, ${title}`, operation: 'scatterSequences', operands: { dy }, terms: most, ...axes },
  ];
}

/** All of them in every relation of the axes, narrow and wider than several vectors. */
export const twoAxesProblems: readonly Problem[] = twoAxesShapes.flatMap((shape) =>
  [3, 70].flatMap((columns) => problemsOf(shape, columns)),
);
