import { describe, expect, it } from 'vitest';
import type { Value } from '../../src/graph/value.js';
import { drawOperands, statesOf } from '../oracle/cell-operands.js';
import { element, type Matrix, matrix } from '../oracle/matrix.js';
import { packedOffsets, rowCount, sequenceCount } from '../oracle/packed.js';
import { compare, tolerance } from '../oracle/tolerance.js';
import { addGradients, buildProblem, differentiableOutputs } from './problem-graph.js';
import { ProblemProgram } from './problem-program.js';
import { cellVariants, type Problem } from './problems/index.js';
import { operandsFor } from './problems/problem.js';

/** Matrices by name. */
type Values = Readonly<Record<string, Matrix>>;

/** Lengths 6, 4, 4, 2, 1, 1. */
const lengths = [6, 4, 3, 3, 1, 1];
const batch = sequenceCount(lengths);
const rows = rowCount(lengths);

/** Each variant of a cell once, with these lengths and random operands, of which none is left out. */
const cells = cellVariants.map((variant) => {
  const { name, cell, attributes, parts } = variant;
  const random = operandsFor(`packed ${name}`);
  const units = parts.length === 0 && Object.keys(attributes).length <= 3 ? 33 : 7;
  const width = parts.includes('Wr') ? (variant.width ?? units) : units;
  const size = { batchSizes: lengths, units, width, weights: 1 / Math.sqrt(width) };
  const operands: Values = drawOperands(variant, size, random);
  const states = statesOf(cell);
  const problem: Problem = { name, operation: cell, attributes, batchSizes: lengths, operands, terms: units };
  const upstream: Values = {
    dy: random.matrix(rows, width),
    ...Object.fromEntries(states.map((s) => [`d${s}T`, random.matrix(batch, s === 'h' ? width : units)])),
  };
  const hasZoneout = /zone/.test(JSON.stringify({ parts, attributes }));
  return { name, problem, upstream, states, exactSum: !hasZoneout && !cell.startsWith('gru') };
});

/** Outputs, and gradients of all operands that have one as `da`, `dh0`, `dc0` and so on. */
function run(problem: Problem, upstream: Values, spare = 0): Record<string, Matrix> {
  const built = buildProblem(problem);
  const results = new Map<string, Value>(built.results);
  for (const [name, value] of addGradients(built, differentiableOutputs(built))) results.set(`d${name}`, value);
  const given = new Map(Object.entries(upstream));
  const program = new ProblemProgram(built, results.values(), { spare }, given).run();
  return Object.fromEntries([...results].map(([name, value]) => [name, program.read(value)]));
}

function select(source: Matrix, chosen: readonly number[]): Matrix {
  const data = chosen.flatMap((row) => [...source.data.subarray(row * source.columns, (row + 1) * source.columns)]);
  return matrix(chosen.length, source.columns, data);
}

/** The rows of one matrix followed by those of another. */
function joined(above: Matrix, below: Matrix): Matrix {
  return matrix(above.rows + below.rows, above.columns, [...above.data, ...below.data]);
}

const bytesOf = ({ data }: Matrix) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

/** Equal element by element. Bits are compared first, since the runner's own comparison takes hundreds of times as long. */
function expectSame(actual: Matrix | undefined, expected: Matrix, name: string): void {
  const hasShape = actual?.rows === expected.rows && actual.columns === expected.columns;
  if (hasShape && bytesOf(actual).equals(bytesOf(expected))) return;
  expect(actual, name).toEqual(expected);
}

const isOfSequence = (name: string) => /^d?([hc][0T]|mask)$/.test(name);
const isOfStep = (name: string) => /^d?(a|x|y|zone|zoneCell|gates|c|m|s|sum|product|candidate|slopes)$/.test(name);

/**
 * The part of operands, upstream gradients or results that belongs to these packed rows and sequences. Weights are
 * shared by all; their gradients, which are sums over all rows, are left out.
 */
function part(values: Values, chosen: readonly number[], sequences: readonly number[]): Record<string, Matrix> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => {
      if (isOfSequence(name)) return [[name, select(value, sequences)]];
      if (isOfStep(name)) return [[name, select(value, chosen)]];
      return name.startsWith('d') ? [] : [[name, value]];
    }),
  );
}

function range(begin: number, end: number): number[] {
  return Array.from({ length: end - begin }, (_, index) => begin + index);
}

/** Packed rows of a sequence, from its first step to its last. */
function rowsOf(sequence: number): number[] {
  const length = lengths.filter((alive) => sequence < alive).length;
  return packedOffsets(lengths)
    .slice(0, length)
    .map((offset) => offset + sequence);
}

/** For each packed row that of the same sequence at the mirrored step. */
function mirrored(): number[] {
  const order = new Array<number>(rows);
  for (const sequence of range(0, batch)) {
    const own = rowsOf(sequence);
    for (const [time, row] of own.entries()) order[row] = element(own, own.length - 1 - time);
  }
  return order;
}

describe.each(cells)('$name', ({ problem, upstream, states, exactSum }) => {
  const operands = problem.operands as Values;
  const { attributes = {} } = problem;
  const isReversed = attributes['reverse'] === 1;
  const input = operands['x'] === undefined ? 'da' : 'dx';
  const gradients = [input, ...states.map((state) => `d${state}0`)];

  it('computes a batch of mixed lengths as its sequences one by one, forward and backward, bit for bit', () => {
    const whole = run(problem, upstream);
    for (const sequence of range(0, batch)) {
      const own = rowsOf(sequence);
      const alone = run(
        { ...problem, operands: part(operands, own, [sequence]), batchSizes: new Array<number>(own.length).fill(1) },
        part(upstream, own, [sequence]),
      );
      const expected = part(whole, own, [sequence]);
      for (const [name, value] of Object.entries(expected)) expectSame(alone[name], value, name);
      expect(Object.keys(expected)).toEqual(expect.arrayContaining(['y', 'hT', ...gradients]));
    }
  });

  it('computes the mirrored sequences in the other direction with the same bits', () => {
    const order = mirrored();
    const other = { ...attributes, reverse: isReversed ? 0 : 1 };
    const mirror = run(
      { ...problem, attributes: other, operands: part(operands, order, range(0, batch)) },
      part(upstream, order, range(0, batch)),
    );
    const expected = part(run(problem, upstream), order, range(0, batch));
    for (const [name, value] of Object.entries(expected)) expectSame(mirror[name], value, name);
  });

  it('computes a batch in two windows with carried state as in one, forward bit for bit', () => {
    const cut = 2;
    const [early, late] = [range(0, rowCount(lengths.slice(0, cut))), range(rowCount(lengths.slice(0, cut)), rows)];
    const going = element(lengths, cut);
    const whole = run(problem, upstream);
    /** One of the windows: the operands and upstream gradients of its rows and of the sequences that reach it. */
    const windowOf = (chosen: readonly number[]) => {
      const sequences = range(0, chosen === early ? batch : going);
      const batchSizes = chosen === early ? lengths.slice(0, cut) : lengths.slice(cut);
      return { values: part(operands, chosen, sequences), upstream: part(upstream, chosen, sequences), batchSizes };
    };
    type Window = ReturnType<typeof windowOf>;
    const runOf = ({ values, upstream: own, batchSizes }: Window) =>
      run({ ...problem, operands: values, batchSizes }, own);
    /** What one window leaves for the sequences of the other; those that do not reach it keep what they have. */
    const carried = (from: Matrix, own: Matrix) => {
      const left = select(from, range(0, going));
      return own.rows === going ? left : joined(left, select(own, range(going, batch)));
    };

    const [first, second] = (isReversed ? [late, early] : [early, late]).map(windowOf) as [Window, Window];
    const [firstRows, secondRows] = isReversed ? [late, early] : [early, late];
    const before = runOf(first);
    for (const state of states) {
      second.values[`${state}0`] = carried(before[`${state}T`] as Matrix, second.values[`${state}0`] as Matrix);
    }
    const after = runOf(second);
    for (const name of Object.keys(whole).filter((key) => isOfStep(key) && !key.startsWith('d'))) {
      expectSame(before[name], select(whole[name] as Matrix, firstRows), name);
      expectSame(after[name], select(whole[name] as Matrix, secondRows), name);
    }
    for (const name of states.map((state) => `${state}T`)) {
      const [last, own] = [after[name] as Matrix, before[name] as Matrix];
      const end = last.rows === batch ? last : joined(last, select(own, range(going, batch)));
      expectSame(end, whole[name] as Matrix, name);
    }

    // Backward: the gradient that reaches the first window's final states is that of the second one's initial states.
    expectSame(after[input], select(whole[input] as Matrix, secondRows), input);
    for (const state of states) {
      first.upstream[`d${state}T`] = carried(after[`d${state}0`] as Matrix, first.upstream[`d${state}T`] as Matrix);
    }
    const again = runOf(first);
    const expected = [
      select(whole[input] as Matrix, firstRows),
      ...states.map((state) => whole[`d${state}0`] as Matrix),
    ];
    const actual = [
      again[input] as Matrix,
      ...states.map((state) => {
        const [begin, own] = [again[`d${state}0`] as Matrix, after[`d${state}0`] as Matrix];
        return begin.rows === batch ? begin : joined(begin, select(own, range(going, batch)));
      }),
    ];
    if (exactSum) {
      for (const [index, value] of expected.entries()) expectSame(actual[index], value, `result ${index}`);
      return;
    }
    // Here three terms reach a state and are added in another order: (product + dy) + carried, dy + (product + carried).
    const relative = tolerance({ terms: 3 * problem.terms, steps: lengths.length, backward: true });
    expected.forEach((value, index) => {
      const worst = compare((actual[index] as Matrix).data, value, relative);
      expect(worst.ratio, worst.message).toBeLessThanOrEqual(1);
    });
  });

  it('gives the same bits in a program with room for more steps and sequences', () => {
    const [roomy, exact] = [run(problem, upstream, 5), run(problem, upstream)];
    expect(Object.keys(roomy)).toEqual(Object.keys(exact));
    for (const [name, value] of Object.entries(exact)) expectSame(roomy[name], value, name);
  });

  it('gives each sequence the states of its own end, in reverse those of its first step', () => {
    const results = run(problem, upstream);
    const ends = range(0, batch).map((sequence) => rowsOf(sequence).at(isReversed ? 0 : -1) ?? -1);
    for (const state of states) {
      expectSame(results[`${state}T`], select(results[state === 'h' ? 'y' : 'c'] as Matrix, ends), state);
    }
  });
});
