/** Softmax does not depend on what all numbers of a row have in common, and neither does any gradient through it. */
import { describe, expect, it } from 'vitest';
import type { Value } from '../../src/graph/value.js';
import { type Matrix, mapElements, matrix } from '../oracle/matrix.js';
import { addGradients, buildProblem, differentiableOutputs } from './problem-graph.js';
import { ProblemProgram } from './problem-program.js';
import { type Problem, problems } from './problems/index.js';
import { operandsFor } from './problems/problem.js';

const OFFSETS = [16, 100, -1000, 2 ** 20];

/** Whole eighths: what float32 holds exactly beside an offset. */
const eighths = (source: Matrix) => mapElements(source, (value) => Math.round(8 * value) / 8);

/** Results that the offset does not change, in float32. */
function results(problem: Problem, names: readonly string[]): Map<string, Float64Array> {
  const built = buildProblem(problem);
  const outputs = differentiableOutputs(built);
  const all = new Map<string, Value>([...built.results, ...addGradients(built, outputs)]);
  const upstream = new Map(
    outputs.map((name) => {
      const { rows, columns } = new ProblemProgram(built, [all.get(name) as Value]).run().read(all.get(name) as Value);
      return [`d${name}`, operandsFor(`offset of ${name}`).matrix(rows, columns)] as const;
    }),
  );
  const run = new ProblemProgram(built, all.values(), {}, upstream).run();
  return new Map(names.map((name) => [name, run.read(all.get(name) as Value).data]));
}

const of = (operation: string, wanted: RegExp): Problem =>
  problems.find((problem) => problem.operation === operation && wanted.test(problem.name)) as Problem;
const classes = problems.find(
  ({ operation, operands }) => operation === 'softmaxCrossEntropy' && (operands['logits'] as Matrix).columns > 20,
) as Problem;

describe('an offset of all numbers of a row', () => {
  it.each([
    ['softmaxCrossEntropy', classes],
    ['ctc', of('ctc', /another order/)],
  ])('changes no bit of the loss and the gradient of %s', (_, problem) => {
    const logits = eighths(problem.operands['logits'] as Matrix);
    const at = (offset: number) => {
      const shifted = mapElements(logits, (value) => value + offset);
      return results({ ...problem, operands: { ...problem.operands, logits: shifted } }, ['logits']);
    };
    const expected = at(0);
    expect((expected.get('logits') as Float64Array).some((value) => value !== 0)).toBe(true);
    for (const offset of OFFSETS) expect(at(offset), `offset ${offset}`).toEqual(expected);
  });

  it('changes no bit of what attention gives and of its gradients', () => {
    const problem = of('attention', /several of each source/);
    const { query, key } = problem.operands as { query: Matrix; key: Matrix };
    const whole = (source: Matrix) => mapElements(source, (value) => Math.round(2 * value));
    /** A column more: the products of all pairs grow by the same number. */
    const withColumn = (source: Matrix, last: number) =>
      matrix(
        source.rows,
        source.columns + 1,
        Array.from({ length: source.rows }, (_, row) => [
          ...source.data.subarray(row * source.columns, (row + 1) * source.columns),
          last,
        ]).flat(),
      );
    const at = (offset: number) => {
      const operands = { ...problem.operands, query: withColumn(whole(query), 1), key: withColumn(whole(key), offset) };
      const { attributes, ...others } = problem;
      const found = results({ ...others, operands, attributes: { ...attributes, scale: 1 } }, [
        'context',
        'query',
        'value',
      ]);
      const gradient = found.get('query') as Float64Array;
      // The gradient of the column that is always 1 is a sum of terms as large as the offset.
      found.set(
        'query',
        gradient.filter((_, index) => (index + 1) % (query.columns + 1) !== 0),
      );
      return found;
    };
    const expected = at(0);
    for (const offset of OFFSETS) expect(at(offset), `offset ${offset}`).toEqual(expected);
  });
});
