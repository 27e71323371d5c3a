import { describe, expect, it } from 'vitest';
import { compareGradient, innerProduct } from './gradient-check.js';
import { gru, gruBiasGradient, gruResetBefore, gruWeightGradient } from './gru.js';
import { gruBackward, gruResetBeforeBackward } from './gru-backward.js';
import { biasGradient } from './linear.js';
import { lstm, lstmBackward } from './lstm.js';
import type { Matrix } from './matrix.js';
import { rowCount, sequenceCount } from './packed.js';
import { RandomOperands } from './random-matrix.js';
import { type RnnActivation, rnn, rnnBackward, stateWeightGradient } from './rnn.js';

const problems = [
  { name: 'one step of one sequence, one unit', batchSizes: [1], units: 1 },
  { name: 'one step of four sequences', batchSizes: [4], units: 3 },
  { name: 'one sequence of five steps', batchSizes: [1, 1, 1, 1, 1], units: 2 },
  { name: 'lengths all different', batchSizes: [4, 3, 2, 1], units: 3 },
  { name: 'ragged lengths', batchSizes: [5, 5, 2, 2, 1], units: 2 },
  { name: 'equal lengths', batchSizes: [3, 3, 3], units: 4 },
];

/** Every gradient by its own pass against central differences of the objective, variable by variable. */
function expectGradients(
  variables: Record<string, Matrix>,
  gradients: Record<string, Matrix>,
  objective: () => number,
) {
  expect(Object.keys(gradients).sort()).toEqual(Object.keys(variables).sort());
  for (const [name, variable] of Object.entries(variables)) {
    const worst = compareGradient(gradients[name] as Matrix, variable, objective);
    expect(worst.ratio, `d ${name}: ${worst.message}`).toBeLessThanOrEqual(1);
  }
}

describe.each(problems)('central differences agree with the reference of $name', ({ batchSizes, units }) => {
  const [rows, sequences] = [rowCount(batchSizes), sequenceCount(batchSizes)];
  const operands = (gates: number, seed: number) => {
    const random = new RandomOperands(seed);
    return {
      a: random.matrix(rows, gates * units),
      R: random.matrix(gates * units, units),
      bR: random.matrix(1, gates * units),
      h0: random.matrix(sequences, units),
      c0: random.matrix(sequences, units),
      dy: random.matrix(rows, units),
      dhT: random.matrix(sequences, units),
      dcT: random.matrix(sequences, units),
    };
  };

  it.each<RnnActivation>(['tanh', 'relu'])('rnn with %s', (activation) => {
    const { a, R, bR, h0, dy, dhT } = operands(1, 21);
    const forward = () => rnn({ a, R, bR, h0, activation, batchSizes });
    const { y } = forward();
    const { da, dh0 } = rnnBackward({ dy, dhT, y, R, activation, batchSizes });
    const { dR } = stateWeightGradient({ da, y, h0, batchSizes });
    const { db } = biasGradient({ dy: da });
    expectGradients({ a, R, bR, h0 }, { a: da, R: dR, bR: db, h0: dh0 }, () => {
      const results = forward();
      return innerProduct(results.y, dy) + innerProduct(results.hT, dhT);
    });
  });

  it('lstm', () => {
    const { a, R, bR, h0, c0, dy, dhT, dcT } = operands(4, 22);
    const forward = () => lstm({ a, R, bR, h0, c0, batchSizes });
    const { y, gates, c } = forward();
    const { da, dh0, dc0 } = lstmBackward({ dy, dhT, dcT, gates, c, c0, R, batchSizes });
    const { dR } = stateWeightGradient({ da, y, h0, batchSizes });
    const { db } = biasGradient({ dy: da });
    expectGradients({ a, R, bR, h0, c0 }, { a: da, R: dR, bR: db, h0: dh0, c0: dc0 }, () => {
      const results = forward();
      return innerProduct(results.y, dy) + innerProduct(results.hT, dhT) + innerProduct(results.cT, dcT);
    });
  });

  it('gru, reset after the product', () => {
    const { a, R, bR, h0, dy, dhT } = operands(3, 23);
    const forward = () => gru({ a, R, bR, h0, batchSizes });
    const { y, gates, s } = forward();
    const { da, ds, dh0 } = gruBackward({ dy, dhT, y, gates, s, h0, R, batchSizes });
    const { dR } = gruWeightGradient({ da, s_or_ds: ds, y, h0, resetAfter: true, batchSizes });
    const { db } = gruBiasGradient({ da, ds });
    expectGradients({ a, R, bR, h0 }, { a: da, R: dR, bR: db, h0: dh0 }, () => {
      const results = forward();
      return innerProduct(results.y, dy) + innerProduct(results.hT, dhT);
    });
  });

  it('gru, reset before the product', () => {
    const { a, R, bR, h0, dy, dhT } = operands(3, 24);
    const forward = () => gruResetBefore({ a, R, bR, h0, batchSizes });
    const { y, gates, s } = forward();
    const { da, dh0 } = gruResetBeforeBackward({ dy, dhT, y, gates, h0, R, batchSizes });
    const { dR } = gruWeightGradient({ da, s_or_ds: s, y, h0, resetAfter: false, batchSizes });
    const { db } = biasGradient({ dy: da });
    expectGradients({ a, R, bR, h0 }, { a: da, R: dR, bR: db, h0: dh0 }, () => {
      const results = forward();
      return innerProduct(results.y, dy) + innerProduct(results.hT, dhT);
    });
  });

  it('every layer without the optional operands, from the outputs alone and from the last states alone', () => {
    const cases = [
      { gates: 1, pass: passRnn },
      { gates: 4, pass: passLstm },
      { gates: 3, pass: passGru },
      { gates: 3, pass: passGruResetBefore },
    ];
    for (const [index, { gates, pass }] of cases.entries()) {
      const { a, R, dy, dhT } = operands(gates, 31 + index);
      for (const received of [{ dy }, { dhT }]) {
        const { da, dR } = pass({ a, R, batchSizes }, received);
        expectGradients({ a, R }, { a: da, R: dR }, () => {
          const { y, hT } = pass({ a, R, batchSizes }, received);
          return 'dy' in received ? innerProduct(y, dy) : innerProduct(hT, dhT);
        });
      }
    }
  });
});

type Inputs = { a: Matrix; R: Matrix; batchSizes: number[] };
type Received = { dy?: Matrix; dhT?: Matrix };

function passRnn(inputs: Inputs, received: Received) {
  const forward = rnn(inputs);
  const { da } = rnnBackward({ ...inputs, ...forward, ...received });
  return { ...forward, da, ...stateWeightGradient({ ...inputs, ...forward, da }) };
}

function passLstm(inputs: Inputs, received: Received) {
  const forward = lstm(inputs);
  const { da } = lstmBackward({ ...inputs, ...forward, ...received });
  return { ...forward, da, ...stateWeightGradient({ ...inputs, ...forward, da }) };
}

function passGru(inputs: Inputs, received: Received) {
  const forward = gru(inputs);
  const { da, ds } = gruBackward({ ...inputs, ...forward, ...received });
  return { ...forward, da, ...gruWeightGradient({ ...inputs, ...forward, da, s_or_ds: ds, resetAfter: true }) };
}

function passGruResetBefore(inputs: Inputs, received: Received) {
  const forward = gruResetBefore(inputs);
  const { da } = gruResetBeforeBackward({ ...inputs, ...forward, ...received });
  return { ...forward, da, ...gruWeightGradient({ ...inputs, ...forward, da, s_or_ds: forward.s, resetAfter: false }) };
}
