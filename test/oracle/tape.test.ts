import { describe, expect, it } from 'vitest';
import { activationNames, activationOf } from './activations.js';
import { matrix, scalar } from './matrix.js';
import { RandomOperands } from './random-matrix.js';
import { type Node, NodeMatrix, Tape } from './tape.js';

/** A matrix of one number on the tape. */
function single(node: Node): NodeMatrix {
  const result = new NodeMatrix(1, 1);
  result.put(0, 0, node);
  return result;
}

/** Value and derivatives of a function of two numbers. */
function differentiated(f: (tape: Tape, x: Node, y: Node) => Node, x: number, y: number): number[] {
  const tape = new Tape();
  const [first, second] = [tape.leaf(x), tape.leaf(y)];
  const result = f(tape, first, second);
  const gradient = tape.gradients({ dresult: [single(result), scalar(1)] });
  return [tape.value(result), ...[first, second].flatMap((node) => [...gradient(single(node)).data])];
}

describe('the tape', () => {
  it('has the value and the derivatives of every operation', () => {
    expect(differentiated((tape, x, y) => tape.weighted([3, -2], [x, y], 10), 5, 7)).toEqual([11, 3, -2]);
    expect(differentiated((tape, x, y) => tape.add(x, y), 5, 7)).toEqual([12, 1, 1]);
    expect(differentiated((tape, x, y) => tape.subtract(x, y), 5, 7)).toEqual([-2, 1, -1]);
    expect(differentiated((tape, x, y) => tape.multiply(x, y), 5, 7)).toEqual([35, 7, 5]);
    expect(differentiated((tape, x) => tape.power(x, -0.5), 4, 0)).toEqual([0.5, -1 / 16, 0]);
    expect(differentiated((tape, x) => tape.clip(x, 2), 1, 0)).toEqual([1, 1, 0]);
    expect(differentiated((tape, x) => tape.clip(x, 2), -3, 0)).toEqual([-2, 0, 0]);
  });

  it('adds what reaches a number on several ways', () => {
    // (x + y)^2 * x
    const f = (tape: Tape, x: Node, y: Node) => {
      const sum = tape.add(x, y);
      return tape.multiply(tape.multiply(sum, sum), x);
    };
    expect(differentiated(f, 2, 3)).toEqual([50, 2 * 5 * 2 + 25, 2 * 5 * 2]);
  });

  it('goes on from a given value, with the derivatives there', () => {
    const tape = new Tape();
    const x = tape.leaf(Number.NaN);
    const square = tape.multiply(x, x);
    expect(() => tape.give(x, 1)).toThrow('may have been used');
    tape.give(square, 9);
    const y = tape.apply(activationOf(0), square, 0.5);
    const result = tape.multiply(y, square);
    expect(tape.value(result)).toBe(4.5);
    const gradient = tape.gradients({ dresult: [single(result), scalar(1)] });
    expect([...gradient(single(y)).data]).toEqual([9]);
    expect([...gradient(single(square)).data]).toEqual([0.5 + 9 * (1 - 0.25)]);
  });

  it('remembers how near an argument came to a kink', () => {
    const tape = new Tape();
    expect(tape.distanceFromKinks).toBe(Number.POSITIVE_INFINITY);
    tape.clip(tape.leaf(-1.5), 2);
    expect(tape.distanceFromKinks).toBe(0.5);
    tape.apply(activationOf(4), tape.leaf(2.75));
    expect(tape.distanceFromKinks).toBeCloseTo(0.25, 12);
    tape.apply(activationOf(1), tape.leaf(-0.125));
    expect(tape.distanceFromKinks).toBe(0.125);
  });

  it('rejects upstream gradients of another shape', () => {
    const tape = new Tape();
    const y = tape.leaves(matrix(2, 1, [1, 2]));
    expect(() => tape.gradients({ dy: [y, scalar(1)] })).toThrow('dy is [1, 1], expected [2, 1]');
  });

  it('differentiates a sum of a million products in a fraction of a second', () => {
    const [rows, columns] = [1000, 1000];
    const random = new RandomOperands(8);
    const factors = random.matrix(rows, columns);
    const tape = new Tape();
    const x = tape.leaves(random.matrix(1, columns));
    const y = new NodeMatrix(1, rows);
    for (let row = 0; row < rows; row++) {
      y.put(0, row, tape.weighted(factors.data.subarray(row * columns, (row + 1) * columns), x.nodes));
    }
    const dy = random.matrix(1, rows);
    const dx = tape.gradients({ dy: [y, dy] })(x);
    const expected = Array.from({ length: columns }, (_, column) =>
      dy.data.reduce((sum, value, row) => sum + value * (factors.data[row * columns + column] as number), 0),
    );
    expect([...dx.data]).toEqual(expected.map((value) => expect.closeTo(value, 10)));
  });
});

describe.each(activationNames.map((name, code) => ({ name, code })))('the activation $name', ({ code }) => {
  it('has the slope of its value, by central differences', () => {
    const { value, slope, kinks } = activationOf(code);
    for (let x = -4; x <= 4; x += 0.13) {
      if (kinks.some((kink) => Math.abs(x - kink) < 1e-4)) continue;
      expect(slope(value(x), x), String(x)).toBeCloseTo((value(x + 1e-5) - value(x - 1e-5)) / 2e-5, 8);
    }
  });
});
