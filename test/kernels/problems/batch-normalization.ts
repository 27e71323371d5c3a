/** Problems of the statistics of columns, and of normalization by them. */
import { oracles } from '../../oracle/index.js';
import { type Matrix, mapElements } from '../../oracle/matrix.js';
import { rowCount } from '../../oracle/packed.js';
import { batches, operandsFor, type Problem, rounded } from './problem.js';

interface Shape {
  readonly rows: number;
  readonly columns: number;
  /** Mean of the columns: beside a large one the deviation is small. */
  readonly mean?: number;
  readonly epsilon?: number;
  readonly batchSizes?: readonly number[];
}

const shapes: readonly Shape[] = [
  { rows: 1, columns: 1 },
  { rows: 2, columns: 3, epsilon: 0.25 },
  { rows: 7, columns: 17 },
  { rows: 70, columns: 5, mean: 100 },
  // Sums over rows are made in blocks of 64.
  { rows: 150, columns: 3, epsilon: 0.01 },
  { rows: 3, columns: 300 },
  { rows: rowCount(batches.allLengthsDifferent), columns: 70, batchSizes: batches.allLengthsDifferent },
  { rows: rowCount(batches.sixHundredRows), columns: 17, batchSizes: batches.sixHundredRows },
];

function problemsOf(shape: Shape): Problem[] {
  const { rows, columns, mean: center = 0, epsilon = 1e-3, batchSizes } = shape;
  const axis = batchSizes === undefined ? '' : ', on a time axis';
  const title = `[${rows}, ${columns}], epsilon ${epsilon}${center === 0 ? '' : `, around ${center}`}${axis}`;
  const random = operandsFor(`batch ${title}`);
  const x = mapElements(random.matrix(rows, columns), (value) => Math.fround(value + center));
  const [dy, gain, shift] = [random.matrix(rows, columns), random.matrix(1, columns), random.matrix(1, columns)];
  const [dmean, dvariance] = [random.matrix(1, columns), random.matrix(1, columns)];
  const moments = oracles.columnMoments({ x }, {}, []) as { mean: Matrix; variance: Matrix };
  const mean = rounded(moments.mean);
  // Not that of a single row, whose variance is 0.
  const variance = mapElements(moments.variance, (value) => Math.fround(value + 0.25));
  const size = Math.max(1, center);
  const onAxis = batchSizes === undefined ? {} : { batchSizes };
  const problem = (operation: string, operands: Problem['operands'], more: Partial<Problem>): Problem => ({
    name: `${operation} of ${Object.keys(operands).join(', ')}, ${title}`,
    operation,
    operands,
    terms: rows,
    ...onAxis,
    ...more,
  });
  const attributes = { epsilon };
  const scales = { y: size, dmean: Math.sqrt(rows), dvariance: size * Math.sqrt(rows), dgain: size * Math.sqrt(rows) };
  return [
    problem('columnMoments', { x }, { scales: { mean: size, variance: size, unbiased: size } }),
    problem('columnMomentsBackward', { dmean, dvariance, x, mean }, { backward: true, scales: { dx: size / rows } }),
    problem('columnMomentsBackward', { dmean, x, mean }, { scales: { dx: 1 / rows } }),
    problem('columnMomentsBackward', { dvariance, x, mean }, { backward: true, scales: { dx: size / rows } }),
    problem('batchNormalization', { x, mean, variance, gain, shift }, { attributes, scales }),
    problem('batchNormalization', { x, mean, variance }, { attributes, scales }),
    problem('batchNormalizationBackward', { dy, variance, gain }, { attributes }),
    problem('batchNormalizationBackward', { dy, variance }, { attributes }),
    problem('batchNormalizationSums', { dy, x, mean, variance, gain }, { attributes, backward: true, scales }),
    problem('batchNormalizationSums', { dy, x, mean, variance }, { attributes, backward: true, scales }),
  ];
}

/** All of them at every size. */
export const batchNormalizationProblems: readonly Problem[] = shapes.flatMap(problemsOf);
