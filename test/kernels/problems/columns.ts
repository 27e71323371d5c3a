/** Problems of choosing columns, and of the largest column. */
import { oracles } from '../../oracle/index.js';
import { type Matrix, mapElements, matrix } from '../../oracle/matrix.js';
import { rowCount } from '../../oracle/packed.js';
import { batches, indicesWithEnds, operandsFor, type Problem } from './problem.js';

interface Shape {
  readonly rows: number;
  readonly columns: number;
  /** Columns that are chosen. */
  readonly chosen: number;
  readonly batchSizes?: readonly number[];
}

const shapes: readonly Shape[] = [
  { rows: 1, columns: 1, chosen: 1 },
  { rows: 3, columns: 7, chosen: 4 },
  { rows: 1, columns: 70, chosen: 150 },
  { rows: 70, columns: 1, chosen: 5 },
  { rows: 150, columns: 33, chosen: 33 },
  { rows: rowCount(batches.allLengthsDifferent), columns: 50, chosen: 20, batchSizes: batches.allLengthsDifferent },
];

/** Numbers on a grid, each column a little above the one before: maxima that central differences do not change. */
function withoutTies(source: Matrix): Matrix {
  return mapElements(source, (value, at) => Math.round(value * 64) / 64 + (at % source.columns) / 2 ** 14);
}

function problemsOf({ rows, columns, chosen, batchSizes }: Shape): Problem[] {
  const title = `[${rows}, ${columns}]${batchSizes === undefined ? '' : ' on a time axis'}`;
  const random = operandsFor(`columns ${title}`);
  const indices = indicesWithEnds(random, chosen, columns);
  if (chosen > 4) indices[4] = -1;
  const x = withoutTies(random.matrix(rows, columns));
  const { y } = oracles.maxOverColumns({ x }, {}, []) as { y: Matrix };
  const problem = (operation: string, operands: Problem['operands'], extents: Problem['extents'] = {}) => ({
    ...{ name: `${operation}, ${title}`, operation, operands, extents, terms: chosen },
    ...(batchSizes && { batchSizes }),
  });
  return [
    problem('gatherColumns', { x, columns: indices }),
    problem('gatherColumnsBackward', { dy: random.matrix(rows, chosen), columns: indices }, { C: columns }),
    problem('maxOverColumns', { x }),
    problem('maxOverColumnsBackward', { dy: random.matrix(rows, 1), x, y }),
  ];
}

/** Maxima that several columns hold, zeros of both signs, infinities and NaN. */
function tied(): Problem {
  const [inf, nan] = [Number.POSITIVE_INFINITY, Number.NaN];
  const x = matrix(6, 4, [
    ...[1, 5, 5, -1],
    ...[-0, 0, -0, -1],
    ...[1, nan, inf, nan],
    ...[-inf, -inf, -inf, -inf],
    ...[2, inf, inf, -inf],
    ...[nan, 1, 2, 3],
  ]);
  const { y } = oracles.maxOverColumns({ x }, {}, []) as { y: Matrix };
  const dy = operandsFor('tied columns').matrix(6, 1, 1, 2);
  return {
    name: 'maxOverColumnsBackward of ties, infinities and NaN',
    operation: 'maxOverColumnsBackward',
    operands: { dy, x, y },
    terms: 1,
  };
}

/** All of them at every size. */
export const columnProblems: readonly Problem[] = [...shapes.flatMap(problemsOf), tied()];
