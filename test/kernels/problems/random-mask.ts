/** Problems of random masks, of fixed size and with a row for each step or each sequence. */
import { rowCount, sequenceCount } from '../../oracle/packed.js';
import { batches, type Problem } from './problem.js';

const { allLengthsDifferent, moreSequencesThanATile, oneStepOfOneSequence, sixHundredRows } = batches;

const shapes: readonly { rows: number; columns: number; batchSizes?: readonly number[] }[] = [
  { rows: 1, columns: 1 },
  { rows: 3, columns: 17 },
  { rows: 50, columns: 70 },
  { rows: 1, columns: 3, batchSizes: oneStepOfOneSequence },
  { rows: rowCount(allLengthsDifferent), columns: 3, batchSizes: allLengthsDifferent },
  { rows: sequenceCount(allLengthsDifferent), columns: 17, batchSizes: allLengthsDifferent },
  { rows: sequenceCount(moreSequencesThanATile), columns: 70, batchSizes: moreSequencesThanATile },
  { rows: rowCount(sixHundredRows), columns: 1, batchSizes: sixHundredRows },
];

const masks = [
  { rate: 0, dropped: 3, kept: -1.5 },
  { rate: 0.25, dropped: 0, kept: 1 / 0.75 },
  { rate: 0.5, dropped: 1, kept: 0 },
  { rate: 0.99, dropped: -2, kept: 100 },
];

/** Every mask at every size. */
export const randomMaskProblems: readonly Problem[] = shapes.flatMap(({ rows, columns, batchSizes }) =>
  masks.map((mask, index) => ({
    name: `randomMask of rate ${mask.rate}, [${rows}, ${columns}]${batchSizes === undefined ? '' : ' on a time axis'}`,
    operation: 'randomMask',
    operands: { key: Int32Array.of(0x12345678, -5 - index, 0x7fffffff - index, index) },
    attributes: { ...mask, operationId: index * 1_000_003 },
    extents: { R: rows, C: columns },
    ...(batchSizes === undefined ? {} : { batchSizes }),
    terms: 1,
  })),
);
