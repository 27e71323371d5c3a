/** Problems of the losses. Targets are classes with ignored rows, probabilities, and numbers. */
import { oracles } from '../../oracle/index.js';
import { type Matrix, mapElements, scalar } from '../../oracle/matrix.js';
import { rowCount } from '../../oracle/packed.js';
import { batches, largest, operandsFor, type Problem, rounded } from './problem.js';

interface Shape {
  readonly rows: number;
  readonly columns: number;
  /** Largest logit. */
  readonly size?: number;
  readonly ignored?: 'none' | 'some' | 'all';
  /** Whether rows, classes and columns have weights, some of them 0, and targets are smoothed. */
  readonly weighted?: 'some' | 'none count';
  readonly batchSizes?: readonly number[];
}

const shapes: readonly Shape[] = [
  { rows: 1, columns: 1 },
  { rows: 1, columns: 3, ignored: 'all' },
  { rows: 7, columns: 17, ignored: 'some' },
  { rows: 33, columns: 70, ignored: 'some' },
  { rows: 300, columns: 3 },
  { rows: 5, columns: 50, size: 80, ignored: 'some' },
  { rows: 37, columns: 19, ignored: 'some', weighted: 'some' },
  { rows: 200, columns: 1, weighted: 'some' },
  { rows: 9, columns: 5, weighted: 'none count' },
  {
    rows: rowCount(batches.allLengthsDifferent),
    columns: 33,
    ignored: 'some',
    batchSizes: batches.allLengthsDifferent,
  },
];

function title({ rows, columns, size, ignored, weighted, batchSizes }: Shape): string {
  const notes = [
    size === undefined ? '' : ', large logits',
    ignored === undefined ? '' : `, ${ignored} rows ignored`,
    weighted === undefined ? '' : `, ${weighted} with weights`,
    batchSizes === undefined ? '' : ', on a time axis',
  ];
  return `[${rows}, ${columns}]${notes.join('')}`;
}

/** Weights of the rows, where they have any: every fourth is 0. */
function rowWeights({ rows, weighted }: Shape): { weights?: Matrix } {
  if (weighted === undefined) return {};
  const drawn = operandsFor(`weights ${rows}`).matrix(rows, 1, 0.25, 2);
  return { weights: mapElements(drawn, (value, row) => (weighted === 'none count' || row % 4 === 2 ? 0 : value)) };
}

/** Weights of columns or classes; one of them is 0 where there are several. */
function columnWeights({ columns, weighted }: Shape): Matrix | undefined {
  if (weighted === undefined) return undefined;
  const drawn = operandsFor(`columns ${columns}`).matrix(1, columns, 0.5, 3);
  return mapElements(drawn, (value, column) => (column === 1 ? 0 : value));
}

/** The sum of the weights, for the size of a gradient. */
function totalOf({ weights }: { weights?: Matrix }, rows: number): number {
  return weights === undefined ? rows : weights.data.reduce((a, b) => a + b, 0);
}

function softmaxCrossEntropy(shape: Shape): Problem[] {
  const { rows, columns, size = 3, ignored, batchSizes } = shape;
  const random = operandsFor(title(shape));
  const logits = random.matrix(rows, columns, -size, size);
  const targets = random.integers(rows, 0, columns);
  for (let row = 0; row < rows; row++) {
    if (ignored === 'all' || (ignored === 'some' && row % 3 === 1)) targets[row] = -1;
  }
  const axis = batchSizes === undefined ? {} : { batchSizes };
  const classWeights = columnWeights(shape);
  const weighting = { ...rowWeights(shape), ...(classWeights && { classWeights }) };
  const attributes = { smoothing: shape.weighted === 'some' ? 0.15 : 0 };
  const { lse, total } = oracles.softmaxCrossEntropy({ logits, targets, ...weighting }, attributes, []) as {
    lse: Matrix;
    total: Matrix;
  };
  const counted = Math.max(1, total.data[0] as number);
  return [
    {
      name: `softmaxCrossEntropy, ${title(shape)}`,
      operation: 'softmaxCrossEntropy',
      operands: { logits, targets, ...weighting },
      attributes,
      ...axis,
      terms: columns,
      // A loss is a mean of differences of numbers of about this size.
      scales: { loss: Math.max(1, largest(logits)) },
    },
    {
      name: `softmaxCrossEntropyBackward, ${title(shape)}`,
      operation: 'softmaxCrossEntropyBackward',
      operands: { dloss: scalar(-1.25), logits, targets, lse: rounded(lse), ...weighting },
      attributes,
      ...axis,
      // logits - lse is rounded before e is raised to it: its error is that of the larger of the two.
      terms: columns * Math.max(1, largest(lse)),
      backward: true,
      scales: { dlogits: 1.25 / counted },
    },
  ];
}

function sigmoidCrossEntropy(shape: Shape): Problem[] {
  const { rows, columns, size = 3, batchSizes } = shape;
  const random = operandsFor(`frames ${title(shape)}`);
  const logits = random.matrix(rows, columns, -size, size);
  const targets = mapElements(random.matrix(rows, columns, 0, 1), (value, index) =>
    index % 3 === 0 ? Math.round(value) : value,
  );
  const positive = columnWeights(shape);
  const weighting = { ...rowWeights(shape), ...(positive && { positive }) };
  const common = { ...(batchSizes === undefined ? {} : { batchSizes }), terms: columns };
  return [
    {
      name: `sigmoidCrossEntropy, ${title(shape)}`,
      operation: 'sigmoidCrossEntropy',
      operands: { logits, targets, ...weighting },
      ...common,
    },
    {
      name: `sigmoidCrossEntropyBackward, ${title(shape)}`,
      operation: 'sigmoidCrossEntropyBackward',
      operands: { dloss: scalar(0.75), logits, targets, ...weighting },
      ...common,
      scales: { dlogits: 0.75 / Math.max(1, totalOf(weighting, rows)) },
    },
  ];
}

function meanSquaredError(shape: Shape): Problem[] {
  const { rows, columns, size = 3, batchSizes } = shape;
  const random = operandsFor(`numbers ${title(shape)}`);
  const operands = {
    prediction: random.matrix(rows, columns, -size, size),
    target: random.matrix(rows, columns, -size, size),
    ...rowWeights(shape),
  };
  const common = { ...(batchSizes === undefined ? {} : { batchSizes }), terms: columns };
  return [
    { name: `meanSquaredError, ${title(shape)}`, operation: 'meanSquaredError', operands, ...common },
    {
      name: `meanSquaredErrorBackward, ${title(shape)}`,
      operation: 'meanSquaredErrorBackward',
      operands: { dloss: scalar(-0.5), ...operands },
      ...common,
    },
  ];
}

/**
 * A loss of distances and its gradient: quantiles, absolute errors, Huber losses. Every third prediction of the gradient is equal to
 * its target.
 */
function distances(
  operation: 'quantileLoss' | 'meanAbsoluteError' | 'huberLoss',
  shape: Shape,
  attributes: Readonly<Record<string, number>>,
): Problem[] {
  const { rows, columns, size = 3, batchSizes } = shape;
  const random = operandsFor(`${operation === 'quantileLoss' ? 'quantiles' : operation} ${title(shape)}`);
  const prediction = random.matrix(rows, columns, -size, size);
  const target = random.matrix(rows, columns, -size, size);
  const equal = mapElements(prediction, (value, at) => (at % 3 === 2 ? (target.data[at] as number) : value));
  const common = { attributes, ...(batchSizes === undefined ? {} : { batchSizes }), terms: columns };
  return [
    {
      name: `${operation}, ${title(shape)}`,
      operation,
      operands: { prediction, target, ...rowWeights(shape) },
      ...common,
    },
    {
      name: `${operation}Backward, ${title(shape)}`,
      operation: `${operation}Backward`,
      operands: { dloss: scalar(-0.5), prediction: equal, target, ...rowWeights(shape) },
      ...common,
    },
  ];
}

/** Levels and deltas that differ from shape to shape, 0 and those among them that no difference exceeds. */
const LEVELS = [0.5, 0.125, 0.9, 0.25, 0, 1, 0.75];
const DELTAS = [1, 0.25, 100, 3, 0, 1.5];

/** The losses and their gradients at every size. */
export const lossProblems: readonly Problem[] = shapes.flatMap((shape, index) => [
  ...softmaxCrossEntropy(shape),
  ...sigmoidCrossEntropy(shape),
  ...meanSquaredError(shape),
  ...distances('quantileLoss', shape, { level: LEVELS[index % LEVELS.length] as number }),
  ...distances('meanAbsoluteError', shape, {}),
  ...distances('huberLoss', shape, { delta: DELTAS[index % DELTAS.length] as number }),
]);
