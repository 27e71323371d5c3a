import { describe, expect, it } from 'vitest';
import { backwardAttributes, backwardOperands, type CellVariant, constantOperands, isLstm } from './cell-operands.js';
import { cellVariants, operandsOf } from './cell-variants.js';
import { compareGradient, innerProduct } from './gradient-check.js';
import { type OperationName, oracles } from './index.js';
import { accumulate, at, type Matrix, zeros } from './matrix.js';
import { RandomOperands } from './random-matrix.js';
import { normalized } from './recurrence.js';
import { Tape } from './tape.js';

const problems = [
  { name: 'one step of one sequence', batchSizes: [1], units: 3 },
  { name: 'one sequence, two units', batchSizes: [1, 1, 1, 1], units: 2 },
  { name: 'ragged lengths', batchSizes: [3, 3, 2, 1], units: 3 },
];

type Matrices = Readonly<Record<string, Matrix>>;

/** Gradient of the gain of a layer normalisation of the rows of x. */
function gainGradient(dy: Matrix, x: Matrix, epsilon: number): Matrix {
  const result = zeros(1, x.columns);
  for (let row = 0; row < x.rows; row++) {
    const tape = new Tape();
    const ones = { rows: 1, columns: x.columns, data: new Float64Array(x.columns).fill(1) };
    const normal = normalized(tape, tape.leaves(x).row(row), { gain: ones, epsilon });
    for (const [j, node] of normal.entries()) accumulate(result, 0, j, at(dy, row, j) * tape.value(node));
  }
  return result;
}

/** dr of a gated recurrent unit without the update of n by a_n: the gradient of R fed + bR. */
function recurrentPart(da: Matrix, ds: Matrix): Matrix {
  const result = { ...da, data: da.data.slice() };
  for (let row = 0; row < ds.rows; row++) {
    for (let j = 0; j < ds.columns; j++) result.data[row * da.columns + 2 * ds.columns + j] = at(ds, row, j);
  }
  return result;
}

/** All gradients by the operations that the backward pass of a cell consists of. */
function gradientsOf(variant: CellVariant, operands: Matrices, received: Matrices, batchSizes: readonly number[]) {
  const { cell, attributes } = variant;
  const run = (name: OperationName, given: Record<string, Matrix | undefined>, settings = {}): Matrices =>
    oracles[name](given, settings, batchSizes);
  const forward = run(cell, operands, attributes);
  const given = backwardOperands(variant, operands, forward);
  const back = run(`${cell}Backward`, { ...given, ...received }, backwardAttributes(variant)) as Matrices & {
    da: Matrix;
  };
  const { da } = back;
  const { h0, c0, mask, gain, peepholes, Wr, cellGain, cellShift } = operands;
  const epsilon = attributes['epsilon'] ?? 0;
  const reverse = { reverse: attributes['reverse'] ?? 0 };
  const states = { y: forward['y'], h0, mask };
  const dProduct = (cell === 'rnn' ? da : back['dr']) as Matrix;
  // Layer normalisation stands between R and s: then all rows of dR are made alike.
  const alike = gain !== undefined || !cell.startsWith('gru');
  const ofCandidate = { s_or_ds: back['ds'] ?? forward['s'] };
  const { dR } = alike
    ? run('stateWeightGradient', { da: dProduct, ...states }, reverse)
    : run('gruWeightGradient', { da, ...ofCandidate, ...states }, { ...reverse, resetAfter: cell === 'gru' ? 1 : 0 });
  const bR =
    cell === 'gru'
      ? run('gruBiasGradient', { da, ds: back['ds'] })
      : run('biasGradient', { dy: cell === 'rnn' ? back['dn'] : da });
  const scaled = cell === 'rnn' ? back['dn'] : cell === 'gru' ? recurrentPart(da, back['ds'] as Matrix) : da;
  const seen = forward['candidate'] as Matrix;
  const peephole = cell === 'lstm' ? 'peepholeGradient' : 'coupledPeepholeGradient';
  const gradients: Record<string, Matrix | undefined> = {
    a: da,
    R: dR,
    bR: bR['db'],
    h0: back['dh0'],
    c0: c0 && back['dc0'],
    gain: gain && gainGradient(scaled as Matrix, (forward['sum'] ?? forward['product']) as Matrix, epsilon),
    peepholes: peepholes && run(peephole, { da, c: forward['c'], seen, c0 }, reverse)['dP'],
    Wr: Wr && run('weightGradient', { dy: back['dp'], x: forward['m'] })['dW'],
    cellGain: cellGain && gainGradient(back['dcn'] as Matrix, seen, epsilon),
    cellShift: cellShift && run('biasGradient', { dy: back['dcn'] })['db'],
  };
  return { forward, gradients };
}

function expectGradients(variant: CellVariant, batchSizes: readonly number[], units: number, outputs: string[]) {
  const operands = operandsOf(variant, batchSizes, units);
  const random = new RandomOperands(units);
  const run = () => oracles[variant.cell](operands, variant.attributes, batchSizes);
  const upstream = new Map(
    Object.entries(run())
      .filter(([name]) => outputs.includes(name))
      .map(([name, { rows, columns }]) => [name, random.matrix(rows, columns)]),
  );
  const received = Object.fromEntries([...upstream].map(([name, gradient]) => [`d${name}`, gradient]));
  const { gradients } = gradientsOf(variant, operands, received, batchSizes);
  const objective = () => {
    const results = run();
    return [...upstream].reduce((sum, [name, dy]) => sum + innerProduct(results[name] as Matrix, dy), 0);
  };
  for (const [name, variable] of Object.entries(operands)) {
    if (constantOperands.includes(name)) continue;
    const worst = compareGradient(gradients[name] as Matrix, variable, objective);
    expect(worst.ratio, `d ${name}: ${worst.message}`).toBeLessThanOrEqual(1);
  }
}

describe.each(cellVariants)('central differences agree with the reference of $name', (variant) => {
  it.each(problems)('on $name', ({ batchSizes, units }) => {
    expectGradients(variant, batchSizes, units, ['y', 'hT', 'cT']);
  });

  it('from the outputs alone and from the last states alone', () => {
    for (const output of isLstm(variant.cell) ? ['y', 'hT', 'cT'] : ['y', 'hT']) {
      expectGradients(variant, [2, 1, 1], 2, [output]);
    }
  });
});
