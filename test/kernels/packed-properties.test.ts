import { describe, expect, it } from 'vitest';
import type { Value } from '../../src/graph/value.js';
import { element, type Matrix, matrix } from '../oracle/matrix.js';
import { packedOffsets, rowCount, sequenceCount } from '../oracle/packed.js';
import { compare, tolerance } from '../oracle/tolerance.js';
import { addGradients, buildProblem, differentiableOutputs } from './problem-graph.js';
import { ProblemProgram } from './problem-program.js';
import { cellProblems, type Problem } from './problems/index.js';
import { operandsFor } from './problems/problem.js';

/** Matrices by name. */
type Values = Readonly<Record<string, Matrix>>;

const UNITS = 33;
/** Lengths 6, 4, 4, 2, 1, 1. */
const lengths = [6, 4, 3, 3, 1, 1];

/** Each cell once, with these lengths and random operands, of which none is left out. */
const cells = [...new Map(cellProblems.map((problem) => [problem.name.split(',')[0] as string, problem]))].map(
  ([name, { operation, attributes = {} }]) => {
    const random = operandsFor(`packed ${name}`);
    const gates = operation === 'lstm' ? 4 : operation === 'rnn' ? 1 : 3;
    const batch = sequenceCount(lengths);
    const states = operation === 'lstm' ? ['h0', 'c0'] : ['h0'];
    const problem: Problem = {
      name,
      operation,
      attributes,
      batchSizes: lengths,
      operands: {
        a: random.matrix(rowCount(lengths), gates * UNITS),
        R: random.matrix(gates * UNITS, UNITS, -0.17, 0.17),
        bR: random.matrix(1, gates * UNITS),
        ...Object.fromEntries(states.map((state) => [state, random.matrix(batch, UNITS)])),
      },
      terms: UNITS,
    };
    const upstream: Values = {
      dy: random.matrix(rowCount(lengths), UNITS),
      ...Object.fromEntries(states.map((state) => [`d${state[0]}T`, random.matrix(batch, UNITS)])),
    };
    return { name, problem, upstream, states };
  },
);

/** Outputs, and gradients of `a` and of the initial states as `da`, `dh0`, `dc0`. */
function run(problem: Problem, upstream: Values, spare = 0): Record<string, Matrix> {
  const built = buildProblem(problem);
  const results = new Map<string, Value>(built.results);
  for (const [name, value] of addGradients(built, differentiableOutputs(built))) results.set(`d${name}`, value);
  const given = new Map(Object.entries(upstream));
  const program = new ProblemProgram(built, results.values(), { spare }, given).run();
  return Object.fromEntries([...results].map(([name, value]) => [name, program.read(value)]));
}

function select(source: Matrix, rows: readonly number[]): Matrix {
  const data = rows.flatMap((row) => [...source.data.subarray(row * source.columns, (row + 1) * source.columns)]);
  return matrix(rows.length, source.columns, data);
}

/** The part of operands, upstream gradients or results that belongs to these packed rows and sequences. */
function part(values: Values, rows: readonly number[], sequences: readonly number[]): Record<string, Matrix> {
  const ofSequence = (name: string) => /^d?[hc][0T]$/.test(name);
  const shared = (name: string) => /^d?(R|bR)$/.test(name);
  return Object.fromEntries(
    Object.entries(values)
      .filter(([name]) => !(shared(name) && name.startsWith('d')))
      .map(([name, value]) => [name, shared(name) ? value : select(value, ofSequence(name) ? sequences : rows)]),
  );
}

function range(begin: number, end: number): number[] {
  return Array.from({ length: end - begin }, (_, index) => begin + index);
}

describe.each(cells)('$name', ({ problem, upstream, states }) => {
  const operands = problem.operands as Values;

  it('computes a batch of mixed lengths as its sequences one by one, forward and backward, bit for bit', () => {
    const whole = run(problem, upstream);
    const offsets = packedOffsets(lengths);
    for (const sequence of range(0, sequenceCount(lengths))) {
      const length = lengths.filter((alive) => sequence < alive).length;
      const rows = offsets.slice(0, length).map((offset) => offset + sequence);
      const alone = run(
        { ...problem, operands: part(operands, rows, [sequence]), batchSizes: new Array<number>(length).fill(1) },
        part(upstream, rows, [sequence]),
      );
      const expected = part(whole, rows, [sequence]);
      for (const [name, value] of Object.entries(expected)) expect(alone[name], name).toEqual(value);
      expect(Object.keys(expected)).toEqual(expect.arrayContaining(['y', 'hT', 'da', ...states.map((s) => `d${s}`)]));
    }
  });

  it('computes a batch in two windows with carried state as in one, forward bit for bit', () => {
    const cut = 2;
    const [before, after] = [lengths.slice(0, cut), lengths.slice(cut)];
    const [batch, going] = [sequenceCount(lengths), sequenceCount(after)];
    const [early, late] = [range(0, rowCount(before)), range(rowCount(before), rowCount(lengths))];
    const whole = run(problem, upstream);

    const firstPart = part(operands, early, range(0, batch));
    const firstGradients = part(upstream, early, range(0, batch));
    const first = run({ ...problem, operands: firstPart, batchSizes: before }, firstGradients);
    const secondPart = part(operands, late, range(0, going));
    for (const state of states) secondPart[state] = select(first[`${state[0]}T`] as Matrix, range(0, going));
    const secondGradients = part(upstream, late, range(0, going));
    const second = run({ ...problem, operands: secondPart, batchSizes: after }, secondGradients);

    expect(first['y']).toEqual(select(whole['y'] as Matrix, early));
    expect(second['y']).toEqual(select(whole['y'] as Matrix, late));
    for (const name of states.map((state) => `${state[0]}T`)) {
      expect(select(first[name] as Matrix, range(going, batch)), name).toEqual(
        select(whole[name] as Matrix, range(going, batch)),
      );
      expect(second[name], name).toEqual(select(whole[name] as Matrix, range(0, going)));
    }

    // Backward: the gradient that reaches the first window's final states is that of the second one's initial states.
    expect(second['da']).toEqual(select(whole['da'] as Matrix, late));
    for (const state of states) {
      const [carried, own] = [second[`d${state}`] as Matrix, firstGradients[`d${state[0]}T`] as Matrix];
      carried.data.forEach((value, index) => {
        own.data[index] = value;
      });
    }
    const again = run({ ...problem, operands: firstPart, batchSizes: before }, firstGradients);
    const expected = [select(whole['da'] as Matrix, early), ...states.map((state) => whole[`d${state}`] as Matrix)];
    const actual = [again['da'] as Matrix, ...states.map((state) => again[`d${state}`] as Matrix)];
    if (!problem.operation.startsWith('gru')) return expect(actual).toEqual(expected);
    // Here three terms reach a state and are added in another order: (product + dy) + carried, dy + (product + carried).
    const relative = tolerance({ terms: 3 * UNITS, steps: cut, backward: true });
    expected.forEach((value, index) => {
      const worst = compare((actual[index] as Matrix).data, value, relative);
      expect(worst.ratio, worst.message).toBeLessThanOrEqual(1);
    });
  });

  it('gives the same bits in a program with room for more steps and sequences', () => {
    expect(run(problem, upstream, 5)).toEqual(run(problem, upstream));
  });

  it('gives each sequence the state of its own end', () => {
    const { y, hT } = run(problem, upstream) as { y: Matrix; hT: Matrix };
    const offsets = packedOffsets(lengths);
    const last = range(0, sequenceCount(lengths)).map((sequence) => {
      const length = lengths.filter((alive) => sequence < alive).length;
      return element(offsets, length - 1) + sequence;
    });
    expect(hT).toEqual(select(y, last));
  });
});
