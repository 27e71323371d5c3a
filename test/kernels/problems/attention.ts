/** Problems of attention. */
import { oracles } from '../../oracle/index.js';
import { type Matrix, mapElements } from '../../oracle/matrix.js';
import type { AttributeValues, OperandValues } from '../../oracle/operands.js';
import { rowCount } from '../../oracle/packed.js';
import type { RandomOperands } from '../../oracle/random-matrix.js';
import { batches, operandsFor, otherAxisOf, type Problem, rounded } from './problem.js';
import { twoAxesShapes } from './two-axes.js';

/** Two time axes, the columns of queries and keys, those of values, and the steps that are shown. */
interface AttentionShape
  extends Required<Pick<Problem, 'batchSizes'>>,
    Pick<Problem, 'otherBatchSizes' | 'samples' | 'otherSamples'> {
  readonly name: string;
  readonly width: number;
  readonly values: number;
  readonly shown: number;
  readonly scale: number;
  /** Scores of about 1,024, whose exponentials overflow. */
  readonly isLarge?: boolean;
}

/** The relations of two axes, with small sizes; those of wide queries, many rows and large scores follow. */
const shapes: readonly AttentionShape[] = [
  ...twoAxesShapes
    .filter(({ batchSizes }) => rowCount(batchSizes) < 100)
    .map((shape) => ({ ...shape, width: 5, values: 3, shown: 5, scale: 0.7 })),
  {
    name: 'sources of one step',
    batchSizes: batches.allLengthsDifferent,
    otherBatchSizes: [5],
    otherSamples: [3, 0, 4, 1, 2],
    width: 3,
    values: 4,
    shown: 2,
    scale: 1,
  },
  {
    name: 'targets of one step, several of each source',
    batchSizes: [6],
    samples: [1, 1, 0, 1, 0, 1],
    otherBatchSizes: [2, 2, 2, 2, 1, 1, 1],
    width: 17,
    values: 1,
    shown: 7,
    scale: 0.5,
  },
  {
    name: 'everything wider than a panel',
    batchSizes: [4, 4, 3, 3, 3, 2, 2, 1],
    samples: [2, 0, 2, 1],
    otherBatchSizes: [
      ...new Array<number>(17).fill(3),
      ...new Array<number>(20).fill(2),
      ...new Array<number>(30).fill(1),
    ],
    otherSamples: [1, 2, 0],
    width: 70,
    values: 53,
    shown: 80,
    scale: 1 / Math.sqrt(70),
  },
  {
    name: 'more rows than a block of one source',
    batchSizes: [...new Array<number>(40).fill(3), ...new Array<number>(30).fill(2), 1],
    samples: [0, 1, 0],
    otherBatchSizes: [2, 2, 2, 1],
    width: 6,
    values: 20,
    shown: 3,
    scale: -1.5,
  },
  {
    name: 'more sequences than a tile',
    batchSizes: batches.sixHundredRows,
    samples: Array.from({ length: 35 }, (_, index) => (index * index) % 19),
    otherBatchSizes: batches.moreSequencesThanATile,
    width: 9,
    values: 8,
    shown: 4,
    scale: 0.4,
  },
  {
    name: 'large scores',
    batchSizes: batches.allLengthsDifferent,
    otherBatchSizes: [5, 5, 3, 3, 1],
    width: 16,
    values: 5,
    shown: 5,
    scale: 8,
    isLarge: true,
  },
];

/** What makes the scores of either kind, and about how large they are. */
interface Scored {
  readonly operation: 'attention' | 'additiveAttention';
  readonly operands: OperandValues;
  readonly attributes?: AttributeValues;
  /** Size of the derivative of a score by an element of the query or the key. */
  readonly slope: number;
}

/** Multiples of `step` from -most to most, but for the first column, which is `first`. */
function multiples(random: RandomOperands, rows: number, columns: number, most: number, step: number, first: number) {
  return mapElements(random.matrix(rows, columns, -most, most), (value, index) =>
    index % columns === 0 ? first : Math.round(value / step) * step,
  );
}

/**
 * Operands of both kinds. Where scores are large, the first column adds 1,024 to all of them. Their rounding would be that
 * of the weights: it is none, as products of multiples of 1/16 are exact, and tanh where it is 0 or 1.
 */
function scoredBy(shape: AttentionShape, random: RandomOperands, rows: number, otherRows: number): Scored[] {
  const { width, scale, isLarge = false } = shape;
  const dot = { operation: 'attention', attributes: { scale } } as const;
  const operation = 'additiveAttention';
  if (!isLarge) {
    const most = 2 / Math.sqrt(width);
    const operands = { query: random.matrix(rows, width), key: random.matrix(otherRows, width) };
    const v = random.matrix(1, width, -most, most);
    return [
      { ...dot, operands, slope: scale },
      { operation, operands: { ...operands, v }, slope: most },
    ];
  }
  const draw = (height: number, most: number, step: number, first: number) =>
    multiples(random, height, width, most, step, first);
  const products = { query: draw(rows, 0.5, 1 / 16, 8), key: draw(otherRows, 0.5, 1 / 16, 128 / scale) };
  const sums = { query: draw(rows, 32, 32, 32), key: draw(otherRows, 32, 32, 32), v: draw(1, 2, 0.25, 1024) };
  return [
    { ...dot, operands: products, slope: 128 },
    { operation, operands: sums, slope: 2 },
  ];
}

function problemsOf(shape: AttentionShape): Problem[] {
  const { name: title, width, values, shown, scale, isLarge, ...axes } = shape;
  const random = operandsFor(`attention ${title}`);
  const other = otherAxisOf(axes);
  const [rows, otherRows] = [rowCount(axes.batchSizes), rowCount(other.batchSizes)];
  const [value, dcontext] = [random.matrix(otherRows, values), random.matrix(rows, values)];
  // The gradient of a value is a sum over all rows of its source.
  const asking = Math.max(...other.samples.map((sample) => other.ownSamples.filter((own) => own === sample).length));
  const terms = Math.max(width, values, other.batchSizes.length);
  const backwardTerms = Math.max(terms, asking * axes.batchSizes.length);
  // That of a score is the difference of two products of F terms, which may cancel: with one step it is 0.
  const difference = Math.sqrt(values) / (3 * other.batchSizes.length);
  return scoredBy(shape, random, rows, otherRows).flatMap(({ operation, operands, attributes, slope }) => {
    const { lse } = oracles[operation]({ ...operands, value }, attributes ?? {}, axes.batchSizes, other);
    const size = Math.abs(slope) * difference;
    const shared = { ...axes, ...(attributes === undefined ? {} : { attributes }), terms };
    return [
      { ...shared, name: `${operation}, ${title}`, operation, operands: { ...operands, value } },
      {
        ...shared,
        name: `${operation}Backward, ${title}`,
        operation: `${operation}Backward`,
        operands: { dcontext, ...operands, value, lse: rounded(lse as Matrix) },
        terms: backwardTerms,
        steps: 3, // a score, the gradient of its weight, and the sum of those
        backward: true,
        scales: { dquery: size, dkey: size, dv: difference * Math.sqrt(rows) },
      },
      {
        ...shared,
        name: `${operation}Weights, ${title}`,
        operation: `${operation}Weights`,
        operands,
        extents: { S: shown },
      },
    ];
  });
}

/** Every kind of attention in every shape. */
export const attentionProblems: readonly Problem[] = shapes.flatMap(problemsOf);
