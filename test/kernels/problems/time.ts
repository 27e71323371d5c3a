/** Problems of the operations that join the steps of each sequence, or give something to each step. */
import { oracles } from '../../oracle/index.js';
import { type Matrix, mapElements, matrix, zeros } from '../../oracle/matrix.js';
import { packedSteps, rowCount, sequenceCount } from '../../oracle/packed.js';
import { operandsFor, type Problem, packedShapes } from './problem.js';

interface Shape {
  readonly name: string;
  readonly batchSizes: readonly number[];
  readonly columns: number;
}

const shapes: readonly Shape[] = [
  ...packedShapes,
  // Sums over time are made in blocks of 64 steps.
  { name: '150 steps', batchSizes: [...new Array<number>(64).fill(3), ...new Array<number>(86).fill(2)], columns: 7 },
];

/**
 * The same values on a grid, and each step a little above the one before: the values of a sequence differ by 2^-14 at
 * least, more than central differences move them.
 */
function withoutTies(source: Matrix, batchSizes: readonly number[]): Matrix {
  const times = zeros(source.rows, 1);
  for (const { row, time } of packedSteps(batchSizes)) times.data[row] = time;
  return mapElements(
    source,
    (value, index) =>
      Math.round(value * 64) / 64 + (times.data[Math.floor(index / source.columns)] as number) / 2 ** 14,
  );
}

function problemsOf({ name: size, batchSizes, columns }: Shape): Problem[] {
  const title = `${size}, ${columns} columns`;
  const random = operandsFor(title);
  const [steps, sequences] = [rowCount(batchSizes), sequenceCount(batchSizes)];
  const x = withoutTies(random.matrix(steps, columns), batchSizes);
  const ofSequences = random.matrix(sequences, columns);
  const { y } = oracles.maxOverTime({ x }, {}, batchSizes) as { y: Matrix };
  const problem = (operation: string, operands: Problem['operands'], attributes: Problem['attributes'] = {}) => ({
    name: `${operation}${attributes['mean'] === 1 ? ' by the length' : ''}, ${title}`,
    operation,
    operands,
    attributes,
    batchSizes,
    terms: batchSizes.length,
  });
  return [
    problem('firstStep', { x }),
    problem('firstStepBackward', { dy: ofSequences }),
    problem('lastStep', { x }),
    problem('lastStepBackward', { dy: ofSequences }),
    problem('maxOverTime', { x }),
    problem('maxOverTimeBackward', { dy: ofSequences, x, y }),
    ...[0, 1].flatMap((mean) => [
      problem('sumOverTime', { x }, { mean }),
      problem('repeatOverTime', { x: ofSequences }, { mean }),
    ]),
    problem('multiplySequence', { x, mask: ofSequences }),
  ];
}

/** Maxima that several steps hold, zeros of both signs, infinities and NaN: three sequences of 4, 2 and 1 steps. */
function tied(): Problem {
  const batchSizes = [3, 2, 1, 1];
  const [inf, nan] = [Number.POSITIVE_INFINITY, Number.NaN];
  const x = matrix(7, 6, [
    ...[1, -0, nan, -inf, 2, -1],
    ...[5, 0, 1, inf, nan, -1],
    ...[7, -0, nan, -inf, inf, 0],
    ...[1, 0, 3, -inf, nan, -1],
    ...[5, -0, nan, inf, nan, -2],
    ...[0, 0, nan, -inf, inf, -1],
    ...[1, -0, 9, -inf, 1, 3],
  ]);
  const { y } = oracles.maxOverTime({ x }, {}, batchSizes) as { y: Matrix };
  const dy = operandsFor('ties').matrix(3, 6, 1, 2);
  return {
    name: 'maxOverTimeBackward of ties, infinities and NaN',
    operation: 'maxOverTimeBackward',
    operands: { dy, x, y },
    batchSizes,
    terms: 1,
  };
}

/** All of them at every size. */
export const timeProblems: readonly Problem[] = [...shapes.flatMap(problemsOf), tied()];
