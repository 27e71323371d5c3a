import { describe, expect, it } from 'vitest';
import { codeOf } from './activations.js';
import { cellVariants, operandsOf } from './cell-variants.js';
import { gru, gruResetBefore } from './gru.js';
import { oracles } from './index.js';
import { lstm } from './lstm.js';
import { at, type Matrix, mapElements, matrix, vector, zeros } from './matrix.js';
import { packedSteps, rowCount, sequenceCount } from './packed.js';
import { rnn } from './rnn.js';

// log(p / (1 - p)): the number whose sigmoid is p.
const logit = (p: number): number => Math.log(p / (1 - p));
const gate = codeOf('sigmoid');
const close = (numbers: number[]) => numbers.map((value) => expect.closeTo(value, 14));

describe('the recurrent references, one unit, computed by hand', () => {
  it('rnn: h = tanh(a + R h + bR) or relu', () => {
    const operands = { a: matrix(2, 1, [0.5, 1]), R: matrix(1, 1, [2]), bR: vector([-1]), h0: matrix(1, 1, [0.5]) };
    const first = Math.tanh(0.5 + 2 * 0.5 - 1);
    const { y, hT } = rnn({ ...operands, batchSizes: [1, 1] });
    expect([...y.data]).toEqual(close([first, Math.tanh(1 + 2 * first - 1)]));
    expect([...hT.data]).toEqual([at(y, 1, 0)]);
    const rectified = rnn({ ...operands, activation: codeOf('relu'), batchSizes: [1, 1] });
    expect([...rectified.y.data]).toEqual([0.5, 1]);
  });

  it('lstm: the gates are i f g o, c = f*c + i*g, h = o*tanh(c)', () => {
    const a = matrix(1, 4, [logit(0.1), logit(0.2), Math.atanh(0.3), logit(0.4)]);
    const c0 = matrix(1, 1, [5]);
    const { y, gates, c, hT, cT } = lstm({ a, R: zeros(4, 1), c0, gate, batchSizes: [1] });
    expect([...gates.data]).toEqual(close([0.1, 0.2, 0.3, 0.4]));
    expect([...c.data, ...cT.data]).toEqual(close([1.03, 1.03]));
    expect([...y.data, ...hT.data]).toEqual(close([0.4 * Math.tanh(1.03), 0.4 * Math.tanh(1.03)]));
  });

  it('lstm: R h and bR reach the gate of their own row', () => {
    const targets = [logit(0.1), logit(0.2), Math.atanh(0.3), logit(0.4)];
    const halves = targets.map((value) => value / 2);
    const operands = { a: zeros(1, 4), R: matrix(4, 1, halves), bR: vector(halves), h0: matrix(1, 1, [1]) };
    expect([...lstm({ ...operands, gate, batchSizes: [1] }).gates.data]).toEqual(close([0.1, 0.2, 0.3, 0.4]));
  });

  const operands = {
    a: matrix(1, 3, [logit(0.1) - 1, logit(0.2) + 2, 0.5]),
    R: matrix(3, 1, [2, -4, 3]),
    bR: vector([0, 0, 0.25]),
    h0: matrix(1, 1, [0.5]),
    gate,
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
    const { gates, s } = gruResetBefore({ a, R, h0, gate, batchSizes: [1] });
    expect([...gates.data]).toEqual(close([...r, 0.5, 0.5, ...n]));
    expect([...s.data]).toEqual(close([...kept]));
  });
});

describe('the options of the recurrent references, computed by hand', () => {
  const a = matrix(1, 4, [logit(0.1), logit(0.2), Math.atanh(0.3), logit(0.4)]);
  const plain = { a, R: zeros(4, 1), c0: matrix(1, 1, [5]), gate, batchSizes: [1] };

  it('every activation has the value of its code', () => {
    const x = [-4, -0.5, 0.25, 4];
    const numbers = { alpha: 0.2, beta: 0.5 };
    const values = Array.from({ length: 14 }, (_, code) => [
      ...rnn({ a: matrix(4, 1, x), R: zeros(1, 1), activation: { code, ...numbers }, batchSizes: [4] }).y.data,
    ]);
    expect(values).toEqual([
      x.map(Math.tanh),
      [0, 0, 0.25, 4],
      x.map((value) => 1 / (1 + Math.exp(-value))),
      x,
      close([0, 0.5 - 0.5 / 6, 0.5 + 0.25 / 6, 1]),
      close([0, 0.4, 0.55, 1]),
      close([-4 / 5, -0.5 / 1.5, 0.25 / 1.25, 4 / 5]),
      close(x.map((value) => Math.log(1 + Math.exp(value)))),
      close([-0.3, 0.4, 0.55, 1.3]),
      close([-0.8, -0.1, 0.25, 4]),
      [0, 0, 0.25, 4],
      close([-2, -0.25, 0.125, 2].map((value) => 0.2 * Math.tanh(value))),
      close([0, 0.4, 0.55, 1]),
      close([0.2 * (Math.exp(-4) - 1), 0.2 * (Math.exp(-0.5) - 1), 0.25, 4]),
    ]);
    const limited = { code: 3, limit: 0.375 };
    const cut = rnn({ a: matrix(4, 1, x), R: zeros(1, 1), activation: limited, batchSizes: [4] });
    expect([...cut.y.data]).toEqual([-0.375, -0.375, 0.25, 0.375]);
    expect([...cut.slopes.data]).toEqual([0, 0, 1, 0]);
    expect(() => rnn({ a: matrix(4, 1, x), R: zeros(1, 1), activation: 14, batchSizes: [4] })).toThrow(
      'expected 0 to 13',
    );
  });

  it('peepholes: i and f see the cell before, o sees the new one', () => {
    const { gates, c } = lstm({ ...plain, peepholes: matrix(3, 1, [0.1, -0.2, 0.3]) });
    const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
    const [i, f] = [sigmoid(logit(0.1) + 0.5), sigmoid(logit(0.2) - 1)];
    const cell = 5 * f + 0.3 * i;
    expect([...c.data]).toEqual(close([cell]));
    expect([...gates.data]).toEqual(close([i, f, 0.3, sigmoid(logit(0.4) + 0.3 * cell)]));
  });

  it('coupled gates: f = 1 - i, gates in the order i g o', () => {
    const coupled = matrix(1, 3, [logit(0.1), Math.atanh(0.3), logit(0.4)]);
    const operands = { ...plain, a: coupled, R: zeros(3, 1), coupled: true };
    const { gates, c } = lstm({ ...operands, peepholes: matrix(2, 1, [0, 0]) });
    expect([...gates.data]).toEqual(close([0.1, 0.3, 0.4]));
    expect([...c.data]).toEqual(close([0.9 * 5 + 0.03]));
  });

  it('clip cuts the cell, and what the output gate sees of it', () => {
    const { c, y } = lstm({ ...plain, clip: 0.5 });
    expect([...c.data]).toEqual([0.5]);
    expect([...y.data]).toEqual(close([0.4 * Math.tanh(0.5)]));
  });

  it('projection: the state is Wr m, and R reads the state', () => {
    const { y, m } = lstm({ ...plain, R: zeros(4, 2), Wr: matrix(2, 1, [2, -3]) });
    const hidden = 0.4 * Math.tanh(1.03);
    expect([...m.data]).toEqual(close([hidden]));
    expect([...y.data]).toEqual(close([2 * hidden, -3 * hidden]));
  });

  it('zoneout keeps the fraction of the state before, of the cell behind the output', () => {
    const { c, y, candidate } = lstm({ ...plain, h0: matrix(1, 1, [2]), zoneout: 0.25, zoneoutCell: 0.5 });
    expect([...candidate.data]).toEqual(close([1.03]));
    expect([...c.data]).toEqual(close([0.5 * 1.03 + 0.5 * 5]));
    expect([...y.data]).toEqual(close([0.75 * 0.4 * Math.tanh(1.03) + 0.25 * 2]));
    const zones = { h0: matrix(1, 1, [2]), zone: matrix(1, 1, [1]), zoneCell: matrix(1, 1, [0]) };
    const masked = lstm({ ...plain, ...zones, zoneout: 0.25, zoneoutCell: 0.5 });
    expect([...masked.c.data, ...masked.y.data]).toEqual(close([1.03, 2]));
  });

  it('layer normalisation is of the product R h over all gates, and of the cell', () => {
    const R = matrix(4, 1, [1, 2, 3, 6]);
    const [gain, h0] = [vector([0.5, 1, 2, 4]), matrix(1, 1, [2])];
    const { product, gates } = lstm({ ...plain, R, gain, h0, epsilon: 1, gate: codeOf('identity') });
    expect([...product.data]).toEqual([2, 4, 6, 12]);
    const deviation = Math.sqrt((16 + 4 + 0 + 36) / 4 + 1);
    const normal = [-4, -2, 0, 6].map((value, j) => (value / deviation) * at(gain, 0, j));
    const identity = [0, 1, 3].map((column) => at(a, 0, column) + (normal[column] as number));
    expect([0, 1, 3].map((column) => at(gates, 0, column))).toEqual(close(identity));

    const cells = { a: zeros(1, 8), R: zeros(8, 2), c0: matrix(1, 2, [2, 6]), gate, output: codeOf('identity') };
    const norm = { cellGain: vector([3, 5]), cellShift: vector([0.5, -0.5]), epsilon: 3, batchSizes: [1] };
    // f = 1/2 and g = 0: the cells are 1 and 3, their deviation 1, and o = 1/2.
    expect([...lstm({ ...cells, ...norm }).m.data]).toEqual(close([(-1.5 + 0.5) / 2, (2.5 - 0.5) / 2]));
  });

  it('rnn: layer normalisation is of the whole sum, the bias comes behind it', () => {
    const operands = { a: matrix(1, 2, [1, 5]), R: zeros(2, 2), bR: vector([10, 20]), activation: codeOf('identity') };
    const { y, sum } = rnn({ ...operands, gain: vector([2, 3]), batchSizes: [1] });
    expect([...sum.data]).toEqual([1, 5]);
    expect([...y.data]).toEqual(close([8, 23]));
  });

  it('gru: layer normalisation is of R h over all gates, the bias comes behind it', () => {
    const operands = { a: zeros(1, 3), R: matrix(3, 1, [1, 2, 6]), bR: vector([0.1, 0.2, 0.3]), h0: matrix(1, 1, [1]) };
    const { s, gates } = gru({ ...operands, gain: vector([1, 2, 3]), gate: codeOf('identity'), batchSizes: [1] });
    const deviation = Math.sqrt((4 + 1 + 9) / 3);
    expect([...s.data]).toEqual(close([9 / deviation + 0.3]));
    expect([...gates.data].slice(0, 2)).toEqual(close([-2 / deviation + 0.1, -2 / deviation + 0.2]));
  });

  it('a mask hides the state from the product, and not from the update gate or zoneout', () => {
    const mask = matrix(1, 1, [0]);
    const operands = { a: zeros(1, 3), R: matrix(3, 1, [7, 7, 7]), h0: matrix(1, 1, [3]), gate, mask, batchSizes: [1] };
    for (const { y, gates } of [gru(operands), gruResetBefore(operands)]) {
      expect([...gates.data]).toEqual([0.5, 0.5, 0]);
      expect([...y.data]).toEqual([1.5]);
    }
    const kept = rnn({
      a: zeros(1, 1),
      R: matrix(1, 1, [7]),
      h0: matrix(1, 1, [3]),
      mask,
      zoneout: 0.5,
      batchSizes: [1],
    });
    expect([...kept.y.data]).toEqual([1.5]);
  });
});

describe.each(cellVariants)('the reference of $name on packed sequences', ({ cell, attributes, parts }) => {
  const units = 3;
  const batchSizes = [4, 3, 3, 1];
  const operands = operandsOf({ name: '', cell, attributes, parts }, batchSizes, units);
  const run = (given: Readonly<Record<string, Matrix>>, sizes: readonly number[], settings = attributes) =>
    oracles[cell](given, settings, sizes);
  const packed = run(operands, batchSizes);
  const rowsOfSequence = (b: number) =>
    packedSteps(batchSizes).flatMap(({ sequence, row }) => (sequence === b ? row : []));
  /** Operands or results of chosen rows and sequences; what belongs to neither is shared. */
  const part = (values: Readonly<Record<string, Matrix>>, rows: readonly number[], sequences: readonly number[]) =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => {
        if (value.rows === rowCount(batchSizes)) return [name, rowsOf(value, rows)];
        return [name, ['h0', 'c0', 'mask', 'hT', 'cT'].includes(name) ? rowsOf(value, sequences) : value];
      }),
    );

  it.each([0, 1, 2, 3])('gives sequence %i the states that it has alone', (b) => {
    const rows = rowsOfSequence(b);
    const alone = run(part(operands, rows, [b]), new Array<number>(rows.length).fill(1));
    expect(alone).toEqual(part(packed, rows, [b]));
    const end = (attributes['reverse'] ?? 0) === 1 ? 0 : rows.length - 1;
    expect(alone['hT']).toEqual(rowsOf(alone['y'] as Matrix, [end]));
  });

  it('walks backwards as it walks the reversed sequences forwards', () => {
    const reversed = packedSteps(batchSizes).map(({ sequence, row }) => {
      const rows = rowsOfSequence(sequence);
      return { row, from: rows[rows.length - 1 - rows.indexOf(row)] as number };
    });
    const order = reversed.sort((one, other) => one.row - other.row).map(({ from }) => from);
    const sequences = Array.from({ length: sequenceCount(batchSizes) }, (_, b) => b);
    const settings = { ...attributes, reverse: 1 - (attributes['reverse'] ?? 0) };
    expect(run(part(operands, order, sequences), batchSizes, settings)).toEqual(part(packed, order, sequences));
  });

  it('takes absent biases, initial states and masks as zeros and ones', () => {
    const absent = Object.fromEntries(
      Object.entries(operands).filter(([name]) => !['bR', 'h0', 'c0', 'mask'].includes(name)),
    );
    const ones = (source: Matrix | undefined) => source && { mask: mapElements(source, () => 1) };
    const none = Object.fromEntries(
      ['bR', 'h0', 'c0'].flatMap((name) => {
        const source = operands[name];
        return source === undefined ? [] : [[name, zeros(source.rows, source.columns)]];
      }),
    );
    const explicit = run({ ...operands, ...none, ...ones(operands['mask']) }, batchSizes);
    expect(run(absent, batchSizes)).toEqual(explicit);
    expect(explicit['y']).not.toEqual(packed['y']);
  });

  it('rejects operands whose rows are not those of the batch sizes', () => {
    expect(() => run(operands, [4, 3, 3])).toThrow('[11,');
    expect(() => run({ ...operands, h0: zeros(3, 1) }, batchSizes)).toThrow('h0 is [3, 1], expected [4,');
  });
});

function rowsOf(source: Matrix, rows: readonly number[]): Matrix {
  const cut = rows.flatMap((row) => [...source.data.slice(row * source.columns, (row + 1) * source.columns)]);
  return matrix(rows.length, source.columns, cut);
}
