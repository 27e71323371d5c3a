import { describe, expect, it } from 'vitest';
import { gru, gruResetBefore } from './gru.js';
import { lstm } from './lstm.js';
import { at, type Matrix, matrix, vector, zeros } from './matrix.js';
import { packedSteps, rowCount, sequenceCount } from './packed.js';
import { RandomOperands } from './random-matrix.js';
import { rnn } from './rnn.js';

// log(p / (1 - p)): the number whose sigmoid is p.
const logit = (p: number): number => Math.log(p / (1 - p));
const close = (numbers: number[]) => numbers.map((value) => expect.closeTo(value, 14));

describe('the recurrent references, one unit, computed by hand', () => {
  it('rnn: h = tanh(a + R h + bR) or relu', () => {
    const operands = { a: matrix(2, 1, [0.5, 1]), R: matrix(1, 1, [2]), bR: vector([-1]), h0: matrix(1, 1, [0.5]) };
    const first = Math.tanh(0.5 + 2 * 0.5 - 1);
    const { y, hT } = rnn({ ...operands, batchSizes: [1, 1] });
    expect([...y.data]).toEqual(close([first, Math.tanh(1 + 2 * first - 1)]));
    expect([...hT.data]).toEqual([at(y, 1, 0)]);
    const rectified = rnn({ ...operands, activation: 'relu', batchSizes: [1, 1] });
    expect([...rectified.y.data]).toEqual([0.5, 1]);
  });

  it('lstm: the gates are i f g o, c = f*c + i*g, h = o*tanh(c)', () => {
    const a = matrix(1, 4, [logit(0.1), logit(0.2), Math.atanh(0.3), logit(0.4)]);
    const c0 = matrix(1, 1, [5]);
    const { y, gates, c, hT, cT } = lstm({ a, R: zeros(4, 1), c0, batchSizes: [1] });
    expect([...gates.data]).toEqual(close([0.1, 0.2, 0.3, 0.4]));
    expect([...c.data, ...cT.data]).toEqual(close([1.03, 1.03]));
    expect([...y.data, ...hT.data]).toEqual(close([0.4 * Math.tanh(1.03), 0.4 * Math.tanh(1.03)]));
  });

  it('lstm: R h and bR reach the gate of their own row', () => {
    const targets = [logit(0.1), logit(0.2), Math.atanh(0.3), logit(0.4)];
    const halves = targets.map((value) => value / 2);
    const operands = { a: zeros(1, 4), R: matrix(4, 1, halves), bR: vector(halves), h0: matrix(1, 1, [1]) };
    expect([...lstm({ ...operands, batchSizes: [1] }).gates.data]).toEqual(close([0.1, 0.2, 0.3, 0.4]));
  });

  const operands = {
    a: matrix(1, 3, [logit(0.1) - 1, logit(0.2) + 2, 0.5]),
    R: matrix(3, 1, [2, -4, 3]),
    bR: vector([0, 0, 0.25]),
    h0: matrix(1, 1, [0.5]),
    batchSizes: [1],
  };

  it('gru: the gates are r z n, the reset gate follows the product and its bias', () => {
    const { y, gates, s, hT } = gru(operands);
    const n = Math.tanh(0.5 + 0.1 * (3 * 0.5 + 0.25));
    expect([...gates.data]).toEqual(close([0.1, 0.2, n]));
    expect([...s.data]).toEqual(close([1.75]));
    expect([...y.data, ...hT.data]).toEqual(close([0.2 * 0.5 + 0.8 * n, 0.2 * 0.5 + 0.8 * n]));
  });

  it('gruResetBefore: the reset gate scales the state before the product, not the bias', () => {
    const { y, gates, s } = gruResetBefore(operands);
    const n = Math.tanh(0.5 + 3 * (0.1 * 0.5) + 0.25);
    expect([...gates.data]).toEqual(close([0.1, 0.2, n]));
    expect([...s.data]).toEqual(close([0.05]));
    expect([...y.data]).toEqual(close([0.2 * 0.5 + 0.8 * n]));
  });

  it('gruResetBefore: with two units the reset gate is that of the unit that is multiplied', () => {
    const r = [0.1, 0.6];
    const h0 = matrix(1, 2, [0.5, -2]);
    const R = matrix(6, 2, [0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]);
    const a = matrix(1, 6, [logit(0.1), logit(0.6), 0, 0, 0, 0]);
    const kept = [0.1 * 0.5, 0.6 * -2] as const;
    const n = [Math.tanh(kept[0] + 2 * kept[1]), Math.tanh(3 * kept[0] + 4 * kept[1])];
    const { gates, s } = gruResetBefore({ a, R, h0, batchSizes: [1] });
    expect([...gates.data]).toEqual(close([...r, 0.5, 0.5, ...n]));
    expect([...s.data]).toEqual(close([...kept]));
  });
});

type Inputs = { a: Matrix; R: Matrix; bR?: Matrix; h0?: Matrix; c0?: Matrix; batchSizes: readonly number[] };
type Layer = { gates: number; run: (inputs: Inputs) => { y: Matrix; hT: Matrix; cT?: Matrix } };

const layers: Record<string, Layer> = {
  rnn: { gates: 1, run: rnn },
  lstm: { gates: 4, run: lstm },
  gru: { gates: 3, run: gru },
  gruResetBefore: { gates: 3, run: gruResetBefore },
};

describe.each(Object.entries(layers))('the reference of %s on packed sequences', (_, { gates, run }) => {
  const units = 3;
  const batchSizes = [4, 3, 3, 1];
  const random = new RandomOperands(11);
  const R = random.matrix(gates * units, units);
  const bR = random.matrix(1, gates * units);
  const a = random.matrix(rowCount(batchSizes), gates * units);
  const h0 = random.matrix(sequenceCount(batchSizes), units);
  const packed = run({ a, R, bR, h0, batchSizes });

  it.each([0, 1, 2, 3])('gives sequence %i the states that it has alone', (b) => {
    const steps = packedSteps(batchSizes).filter((step) => step.sequence === b);
    const alone = run({
      a: rowsOf(
        a,
        steps.map((step) => step.row),
      ),
      R,
      bR,
      h0: rowsOf(h0, [b]),
      batchSizes: steps.map(() => 1),
    });
    expect(
      rowsOf(
        packed.y,
        steps.map((step) => step.row),
      ),
    ).toEqual(alone.y);
    expect(rowsOf(packed.hT, [b])).toEqual(alone.hT);
    expect([...alone.hT.data]).toEqual([...alone.y.data.slice(-units)]);
  });

  it('goes on where the sequences were cut, when the state is carried', () => {
    const equal = [2, 2, 2];
    const inputs = random.matrix(6, gates * units);
    const whole = run({ a: inputs, R, bR, batchSizes: equal });
    const begin = run({ a: rowsOf(inputs, [0, 1]), R, bR, batchSizes: [2] });
    const carried = begin.cT === undefined ? { h0: begin.hT } : { h0: begin.hT, c0: begin.cT };
    const end = run({ a: rowsOf(inputs, [2, 3, 4, 5]), R, bR, ...carried, batchSizes: [2, 2] });
    expect(end.y).toEqual(rowsOf(whole.y, [2, 3, 4, 5]));
  });

  it('takes absent biases and initial states as zeros', () => {
    const explicit = run({ a, R, bR: zeros(1, gates * units), h0: zeros(4, units), batchSizes });
    expect(run({ a, R, batchSizes })).toEqual(explicit);
    expect(explicit.y).not.toEqual(packed.y);
  });

  it('rejects operands whose rows are not those of the batch sizes', () => {
    expect(() => run({ a, R, bR, h0, batchSizes: [4, 3, 3] })).toThrow('a is [11,');
    expect(() => run({ a, R, bR, h0: zeros(3, units), batchSizes })).toThrow('h0 is [3, 3], expected [4, 3]');
  });
});

function rowsOf(source: Matrix, rows: readonly number[]): Matrix {
  const cut = rows.flatMap((row) => [...source.data.slice(row * source.columns, (row + 1) * source.columns)]);
  return matrix(rows.length, source.columns, cut);
}
