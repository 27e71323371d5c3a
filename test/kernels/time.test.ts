import { describe, expect, it } from 'vitest';
import type { Value } from '../../src/graph/value.js';
import { type Matrix, mapElements, matrix } from '../oracle/matrix.js';
import { packedOffsets, rowCount, sequenceCount } from '../oracle/packed.js';
import { addGradients, buildProblem } from './problem-graph.js';
import { ProblemProgram } from './problem-program.js';
import type { Problem } from './problems/index.js';
import { operandsFor } from './problems/problem.js';
import { referenceOf } from './reference.js';

const WIDTH = 70;
/** Lengths 6, 4, 4, 2, 1, 1. */
const lengths = [6, 4, 3, 3, 1, 1];
const [steps, sequences] = [rowCount(lengths), sequenceCount(lengths)];

/** Results by name, and the gradients of the operands as `d` + operand. */
function run(problem: Problem, dy: Matrix): Record<string, Matrix> {
  const built = buildProblem(problem);
  const results = new Map<string, Value>(built.results);
  for (const [name, value] of addGradients(built, ['y'])) results.set(`d${name}`, value);
  const program = new ProblemProgram(built, results.values(), {}, new Map([['dy', dy]])).run();
  return Object.fromEntries([...results].map(([name, value]) => [name, program.read(value)]));
}

/** Rows of one sequence: its steps of a matrix of all steps, its row of a matrix of sequences. */
function ofSequence(source: Matrix, sequence: number): Matrix {
  const length = lengths.filter((alive) => sequence < alive).length;
  const offsets = packedOffsets(lengths).slice(0, length);
  const rows = source.rows === steps ? offsets.map((offset) => offset + sequence) : [sequence];
  const data = rows.flatMap((row) => [...source.data.subarray(row * source.columns, (row + 1) * source.columns)]);
  return matrix(rows.length, source.columns, data);
}

describe('operations over time', () => {
  const random = operandsFor('operations over time');
  const x = random.matrix(steps, WIDTH);
  const rows = random.matrix(sequences, WIDTH);
  it.each<{ operation: string; operands: Record<string, Matrix>; attributes?: Record<string, number> }>([
    { operation: 'firstStep', operands: { x } },
    { operation: 'lastStep', operands: { x } },
    { operation: 'maxOverTime', operands: { x } },
    { operation: 'sumOverTime', operands: { x }, attributes: { mean: 0 } },
    { operation: 'sumOverTime', operands: { x }, attributes: { mean: 1 } },
    { operation: 'repeatOverTime', operands: { x: rows }, attributes: { mean: 1 } },
    { operation: 'multiplySequence', operands: { x, mask: rows } },
  ])('$operation of a batch $attributes is that of its sequences one by one, bit for bit', (given) => {
    const { operation, operands, attributes = {} } = given;
    const problem = { name: operation, operation, operands, attributes, batchSizes: lengths, terms: 1 };
    const dy = random.matrix(
      operation === 'repeatOverTime' || operation === 'multiplySequence' ? steps : sequences,
      WIDTH,
    );
    const whole = run(problem, dy);
    for (let sequence = 0; sequence < sequences; sequence++) {
      const part = (values: Record<string, Matrix>) =>
        Object.fromEntries(Object.entries(values).map(([name, value]) => [name, ofSequence(value, sequence)]));
      const length = lengths.filter((alive) => sequence < alive).length;
      const alone = { ...problem, operands: part(operands), batchSizes: new Array<number>(length).fill(1) };
      expect(run(alone, ofSequence(dy, sequence))).toEqual(part(whole));
    }
  });

  it('take the maximum of infinities, and let a NaN of any step and any column through', () => {
    for (let row = 0; row < steps; row++) {
      const broken = mapElements(x, (value, index) => {
        const [at, column] = [Math.floor(index / WIDTH), index % WIDTH];
        if (at === row && column % 3 === 0) return Number.NaN;
        return column % 3 === 1 ? -Infinity : value;
      });
      const problem = {
        name: 'maxOverTime',
        operation: 'maxOverTime',
        operands: { x: broken },
        batchSizes: lengths,
        terms: 1,
      };
      const { y } = referenceOf(problem) as { y: Matrix };
      expect(y.data.filter(Number.isNaN)).toHaveLength(Math.ceil(WIDTH / 3));
      expect(run(problem, rows)['y']?.data).toEqual(Float64Array.from(y.data, Math.fround));
    }
  });
});
