import { describe, expect, it } from 'vitest';
import { differentiate } from '../../src/graph/gradients.js';
import { Graph } from '../../src/graph/graph.js';
import type { Value } from '../../src/graph/value.js';
import { element, type Matrix, matrix } from '../oracle/matrix.js';
import { packedSteps, rowCount } from '../oracle/packed.js';
import { partners } from '../oracle/two-axes.js';
import { codeOf } from './captured-program.js';
import { addGradients, buildProblem } from './problem-graph.js';
import { ProblemProgram } from './problem-program.js';
import { type Problem, problems } from './problems/index.js';
import { AXIS, OTHER_AXIS, operandsFor, otherAxisOf } from './problems/problem.js';

/** Results and gradients of an attention by name, and the weights of it. */
function run(problem: Problem, dcontext: Matrix, spare = 0): Record<string, Matrix> {
  const built = buildProblem(problem);
  const results = new Map<string, Value>(built.results);
  for (const [name, value] of addGradients(built, ['context'])) results.set(`d${name}`, value);
  const { value: _, ...scored } = Object.fromEntries(built.operands);
  const { attributes, operation } = problem;
  const shown = built.graph.applyNamed(`${operation}Weights`, scored, attributes, { S: 8 });
  results.set('weights', shown.get('weights') as Value);
  const program = new ProblemProgram(built, results.values(), { spare }, new Map([['dcontext', dcontext]])).run();
  return Object.fromEntries([...results].map(([name, value]) => [name, program.read(value)]));
}

function select(source: Matrix, chosen: readonly number[]): Matrix {
  const data = chosen.flatMap((row) => [...source.data.subarray(row * source.columns, (row + 1) * source.columns)]);
  return matrix(chosen.length, source.columns, data);
}

/** Batch sizes and packed rows of some sequences of a batch when they are a batch of their own. */
function batchOf(batchSizes: readonly number[], sequences: readonly number[]): { sizes: number[]; rows: number[] } {
  const steps = packedSteps(batchSizes).filter(({ sequence }) => sequences.includes(sequence));
  const rows = steps.map(({ row }) => row).sort((a, b) => a - b);
  const longest = Math.max(...steps.map(({ time }) => time)) + 1;
  const sizes = Array.from({ length: longest }, (_, t) => steps.filter(({ time }) => time === t).length);
  return { sizes, rows };
}

const kinds = ['attention', 'additiveAttention'];
const attending = problems.filter(
  ({ operation, name }) => kinds.includes(operation) && !/600|one axis|tile/.test(name),
);

describe.each(attending)('$name', (problem) => {
  const { batchSizes = [], operands } = problem;
  const other = otherAxisOf(problem);
  const { query, key, value, ...rest } = operands as Record<'query' | 'key' | 'value', Matrix>;
  const dcontext = operandsFor(`gradient, ${problem.name}`).matrix(rowCount(batchSizes), value.columns);
  const whole = run(problem, dcontext);
  const places = partners({ batchSizes, other });
  /** Some query sequences and one source as a batch of their own. */
  const alone = (own: { sizes: number[]; rows: number[] }, source: { sizes: number[]; rows: number[] }) => {
    const given = { query: select(query, own.rows), key: select(key, source.rows), value: select(value, source.rows) };
    const samples = new Array<number>(own.sizes[0] as number).fill(0);
    const { otherSamples: _, ...same } = problem;
    const axes = { batchSizes: own.sizes, otherBatchSizes: source.sizes, samples };
    return run({ ...same, ...axes, operands: { ...rest, ...given } }, select(dcontext, own.rows));
  };

  it('gives each sequence the bits that it has alone with its source', () => {
    for (const [sequence, place] of places.entries()) {
      const own = batchOf(batchSizes, [sequence]);
      const results = alone(own, batchOf(other.batchSizes, [place]));
      for (const name of ['context', 'lse', 'weights', 'dquery']) {
        expect(results[name], `${name} of sequence ${sequence}`).toEqual(select(whole[name] as Matrix, own.rows));
      }
    }
  });

  it('gives each source the bits that it has alone with those who ask it, and zeros where nobody does', () => {
    for (let place = 0; place < other.samples.length; place++) {
      const source = batchOf(other.batchSizes, [place]);
      const asking = [...places.keys()].filter((sequence) => places[sequence] === place);
      const gradients = ['dkey', 'dvalue'].map((name) => select(whole[name] as Matrix, source.rows));
      if (asking.length === 0) {
        for (const { data } of gradients) expect([...data]).toEqual([...data].map(() => 0));
      } else {
        const results = alone(batchOf(batchSizes, asking), source);
        expect([results['dkey'], results['dvalue']]).toEqual(gradients);
      }
    }
  });

  it('gives the same bits in a program with room for more steps and sequences', () => {
    expect(run(problem, dcontext, 5)).toEqual(whole);
  });

  it('shows weights that sum to 1 where all steps are shown, and 0 behind the end of a source', () => {
    const { weights } = whole as { weights: Matrix };
    const lengths = places.map((place) => other.batchSizes.filter((alive) => place < alive).length);
    for (const { row, sequence } of packedSteps(batchSizes)) {
      const shown = [...weights.data.subarray(row * weights.columns, (row + 1) * weights.columns)];
      const length = element(lengths, sequence);
      expect(shown.slice(length)).toEqual(shown.slice(length).map(() => 0));
      const sum = shown.reduce((total, weight) => total + weight, 0);
      if (length <= weights.columns) expect(sum).toBeCloseTo(1, 5);
      else expect(sum).toBeLessThan(1);
    }
  });
});

describe('attention', () => {
  const axes = (graph: Graph) => ({
    query: graph.external('query', graph.steps(AXIS), 4),
    key: graph.external('key', graph.steps(OTHER_AXIS), 4),
  });

  it('gives what is key and value at once the sum of both gradients', () => {
    const own = { batchSizes: [2, 2, 1], otherBatchSizes: [2, 1, 1] };
    const random = operandsFor('key and value');
    const operands = { query: random.matrix(5, 4), key: random.matrix(4, 4) };
    const dcontext = random.matrix(5, 4);
    const problem = { name: 'apart', operation: 'attention', terms: 4, attributes: { scale: 1 }, ...own };
    const apart = run({ ...problem, operands: { ...operands, value: operands.key } }, dcontext);

    const graph = new Graph();
    const { query, key } = axes(graph);
    const context = graph.apply('attention', { query, key, value: key }, { scale: 1 })['context'] as Value;
    const gradient = graph.external('dcontext', context.rows, 4);
    const dkey = differentiate(graph, [{ value: context, gradient }], [key]).get(key.id) as Value;
    const built = {
      problem: { ...problem, operands },
      graph,
      operands: new Map([
        ['query', query],
        ['key', key],
      ]),
    };
    const results = new Map([['dkey', dkey]]);
    const program = new ProblemProgram({ ...built, results }, [dkey], {}, new Map([['dcontext', dcontext]])).run();
    const [first, second] = [apart['dkey'] as Matrix, apart['dvalue'] as Matrix];
    const sums = first.data.map((number, index) => Math.fround(number + element(second.data, index)));
    expect([...program.read(dkey).data]).toEqual([...sums]);
  });

  it('refuses a gradient through weights that are only shown, and through lse', () => {
    const graph = new Graph();
    const { query, key } = axes(graph);
    const weights = graph.apply('attentionWeights', { query, key }, { scale: 1 }, { S: 3 })['weights'] as Value;
    const { lse } = graph.apply('attention', { query, key, value: key }, { scale: 1 }) as { lse: Value };
    for (const [index, value] of [weights, lse].entries()) {
      const gradient = graph.external(`gradient ${index}`, value.rows, value.columns);
      expect(codeOf(() => differentiate(graph, [{ value, gradient }], [query]))).toBe('not_differentiable');
    }
  });

  it('gives NaN for a row with a score that is NaN, and for no other', () => {
    const random = operandsFor('a score that is no number');
    const query = random.matrix(3, 2);
    query.data[2] = Number.NaN;
    const operands = { query, key: random.matrix(4, 2), value: random.matrix(4, 3) };
    const problem = { name: 'NaN', operation: 'attention', terms: 4, attributes: { scale: 1 }, operands };
    const { context, weights } = run(
      { ...problem, batchSizes: [1, 1, 1], otherBatchSizes: [1, 1, 1, 1] },
      random.matrix(3, 3),
    ) as { context: Matrix; weights: Matrix };
    expect([...context.data].map(Number.isNaN)).toEqual([false, false, false, true, true, true, false, false, false]);
    expect([...weights.data.subarray(8, 12)].every(Number.isNaN)).toBe(true);
  });
});
