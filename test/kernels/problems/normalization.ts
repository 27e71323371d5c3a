/** Problems of layer normalization and of its gradients. */
import { mapElements } from '../../oracle/matrix.js';
import { rowCount } from '../../oracle/packed.js';
import { batches, operandsFor, type Problem } from './problem.js';

interface Shape {
  readonly rows: number;
  readonly columns: number;
  /** Mean of the rows: beside a large one the deviation is small. */
  readonly mean?: number;
  readonly epsilon?: number;
  readonly batchSizes?: readonly number[];
}

const shapes: readonly Shape[] = [
  { rows: 1, columns: 1 },
  { rows: 2, columns: 3, epsilon: 0.25 },
  { rows: 7, columns: 17 },
  { rows: 5, columns: 70, mean: 100 },
  // Sums over rows are made in blocks of 64.
  { rows: 150, columns: 3, epsilon: 0.01 },
  { rows: 64, columns: 33, epsilon: 0 },
  { rows: 3, columns: 300 },
  { rows: rowCount(batches.oneSequence), columns: 1, batchSizes: batches.oneSequence },
  { rows: rowCount(batches.allLengthsDifferent), columns: 70, batchSizes: batches.allLengthsDifferent },
  { rows: rowCount(batches.sixHundredRows), columns: 17, batchSizes: batches.sixHundredRows },
];

function problemsOf(shape: Shape): Problem[] {
  const { rows, columns, mean = 0, epsilon = 1e-5, batchSizes } = shape;
  const axis = batchSizes === undefined ? '' : ', on a time axis';
  const title = `[${rows}, ${columns}], epsilon ${epsilon}${mean === 0 ? '' : `, around ${mean}`}${axis}`;
  const random = operandsFor(title);
  const x = mapElements(random.matrix(rows, columns), (value) => Math.fround(value + mean));
  const [dy, gain, shift] = [random.matrix(rows, columns), random.matrix(1, columns), random.matrix(1, columns)];
  const common = { attributes: { epsilon }, ...(batchSizes === undefined ? {} : { batchSizes }) };
  // Differences from the mean carry the rounding of numbers as large as the mean, on a scale of the deviation.
  const size = Math.max(1, mean);
  const problem = (operation: string, operands: Problem['operands'], result: string, scale: number): Problem => ({
    name: `${operation} of ${Object.keys(operands).join(', ')}, ${title}`,
    operation,
    operands,
    ...common,
    terms: result === 'dgain' ? Math.max(rows, columns) : columns,
    backward: result !== 'y',
    scales: { [result]: scale * size },
  });
  return [
    problem('layerNormalization', { x, gain, shift }, 'y', 1),
    problem('layerNormalization', { x, gain }, 'y', 1),
    problem('layerNormalizationBackward', { dy, x, gain }, 'dx', 1),
    problem('normalizationGainGradient', { dy, x }, 'dgain', Math.sqrt(rows)),
  ];
}

/** The three operations at every size. */
export const normalizationProblems: readonly Problem[] = shapes.flatMap(problemsOf);
