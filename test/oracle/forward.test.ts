import { describe, expect, it } from 'vitest';
import { concatenate, slice, sliceBackward } from './columns.js';
import { add, multiply, relu, reluBackward, scale, sigmoid, subtract, tanh } from './elementwise.js';
import { embedding, embeddingGradient } from './embedding.js';
import { biasGradient, linear, weightGradient } from './linear.js';
import { meanSquaredError, sigmoidCrossEntropy, softmaxCrossEntropy, softmaxCrossEntropyBackward } from './losses.js';
import { type Matrix, matrix, scalar, vector } from './matrix.js';
import { quantileLoss, quantileLossBackward } from './quantile.js';
import { softmax } from './softmax.js';

const values = (m: Matrix): number[] => [...m.data];
const x = matrix(2, 3, [1, 2, 3, 4, 5, 6]);

describe('the reference of linear operations', () => {
  it('multiplies by the rows of w, or by its columns when transposed, and adds b', () => {
    const w = matrix(2, 3, [1, 0, -1, 2, 1, 0]);
    const transposed = matrix(3, 2, [1, 2, 0, 1, -1, 0]);
    expect(linear({ x, w }).y).toEqual(matrix(2, 2, [-2, 4, -2, 13]));
    expect(linear({ x, w: transposed, transposed: true }).y).toEqual(matrix(2, 2, [-2, 4, -2, 13]));
    expect(linear({ x, w, b: vector([10, 20]) }).y).toEqual(matrix(2, 2, [8, 24, 8, 33]));
  });

  it('sums dy^T x and dy over the rows', () => {
    const dy = matrix(2, 2, [1, 2, 3, -1]);
    expect(weightGradient({ dy, x }).dW).toEqual(matrix(2, 3, [13, 17, 21, -2, -1, 0]));
    expect(biasGradient({ dy }).db).toEqual(vector([4, 1]));
  });

  it('rejects shapes that do not fit', () => {
    expect(() => linear({ x, w: matrix(1, 2, [1, 2]) })).toThrow('w is [1, 2], expected [1, 3]');
    expect(() => weightGradient({ dy: vector([1]), x })).toThrow('dy is [1, 1], expected [2, 1]');
  });
});

describe('the reference of the embedding', () => {
  const ids = Int32Array.of(2, 0, 2);

  it('looks rows up, and sums the gradients of ids that occur twice', () => {
    const table = matrix(4, 2, [1, 2, 3, 4, 5, 6, 7, 8]);
    expect(embedding({ ids, table }).y).toEqual(matrix(3, 2, [5, 6, 1, 2, 5, 6]));
    const dy = matrix(3, 2, [1, 2, 10, 20, 100, 200]);
    expect(embeddingGradient({ ids, dy, size: 4 }).dTable).toEqual(matrix(4, 2, [10, 20, 0, 0, 101, 202, 0, 0]));
  });

  it('rejects ids outside the table', () => {
    expect(() => embedding({ ids, table: x })).toThrow('ids[0] is 2');
    expect(() => embeddingGradient({ ids: Int32Array.of(-1), dy: vector([1]), size: 4 })).toThrow('ids[0] is -1');
  });
});

describe('the reference of elementwise operations', () => {
  const [a, b] = [vector([1, -2]), vector([3, 5])];

  it('adds, subtracts, multiplies and scales', () => {
    expect(values(add({ a, b }).y)).toEqual([4, 3]);
    expect(values(subtract({ a, b }).y)).toEqual([-2, -7]);
    expect(values(multiply({ a, b }).y)).toEqual([3, -10]);
    expect(values(scale({ x: a, factor: -0.5 }).y)).toEqual([-0.5, 1]);
    expect(() => add({ a, b: vector([1]) })).toThrow('b is [1, 1]');
  });

  it('activates without overflow, and passes NaN on', () => {
    const extremes = vector([-1000, Math.log(3), 1000, Number.NaN]);
    expect(values(sigmoid({ x: extremes }).y)).toEqual([0, expect.closeTo(0.75, 15), 1, Number.NaN]);
    expect(values(tanh({ x: extremes }).y)).toEqual([-1, expect.closeTo(0.8, 15), 1, Number.NaN]);
    expect(values(relu({ x: extremes }).y)).toEqual([0, Math.log(3), 1000, Number.NaN]);
  });

  it('gives relu the slope 0 at 0', () => {
    expect(values(reluBackward({ dy: vector([7, 7]), y: vector([0, 1e-300]) }).dx)).toEqual([0, 7]);
  });

  it('joins and cuts columns', () => {
    expect(concatenate({ a: x, b: matrix(2, 1, [7, 8]) }).y).toEqual(matrix(2, 4, [1, 2, 3, 7, 4, 5, 6, 8]));
    expect(slice({ x, begin: 1, columns: 2 }).y).toEqual(matrix(2, 2, [2, 3, 5, 6]));
    const dy = matrix(2, 1, [7, 8]);
    expect(sliceBackward({ dy, begin: 1, columns: 3 }).dx).toEqual(matrix(2, 3, [0, 7, 0, 0, 8, 0]));
    expect(() => slice({ x, begin: 2, columns: 2 })).toThrow('outside');
    expect(() => sliceBackward({ dy, begin: 3, columns: 3 })).toThrow('outside');
  });
});

describe('the reference of the losses', () => {
  // Row 0: softmax 1/6, 2/6, 3/6.  Row 1: the same, far from 0.  Row 2: ignored.
  const logits = matrix(3, 3, [0, Math.log(2), Math.log(3), 1000, 1000 + Math.log(2), 1000 + Math.log(3), 5, 5, 5]);
  const targets = Int32Array.of(2, 0, -1);

  it('softmax of large logits does not overflow', () => {
    const third = 1 / 3;
    const expected = [1 / 6, 2 / 6, 3 / 6, 1 / 6, 2 / 6, 3 / 6, third, third, third];
    expect(values(softmax({ x: logits }).y)).toEqual(expected.map((value) => expect.closeTo(value, 12)));
  });

  it('averages the cross-entropy over the rows that are not ignored', () => {
    const { loss, lse } = softmaxCrossEntropy({ logits, targets });
    expect(values(loss)).toEqual([expect.closeTo((Math.log(2) + Math.log(6)) / 2, 12)]);
    expect([lse.rows, lse.columns]).toEqual([3, 2]);
    const expected = [Math.log(3), Math.log(2), 1000 + Math.log(3), Math.log(2), 5, Math.log(3)];
    expect(values(lse)).toEqual(expected.map((value) => expect.closeTo(value, 12)));
    const { dlogits } = softmaxCrossEntropyBackward({ dloss: scalar(2), logits, targets, lse });
    const gradient = [1 / 6, 2 / 6, -3 / 6, -5 / 6, 2 / 6, 3 / 6, 0, 0, 0];
    expect(values(dlogits)).toEqual(gradient.map((value) => expect.closeTo(value, 12)));
  });

  it('has the loss 0 and no gradient when every row is ignored', () => {
    const none = Int32Array.of(-1, -1, -1);
    const { loss, lse } = softmaxCrossEntropy({ logits, targets: none });
    const { dlogits } = softmaxCrossEntropyBackward({ dloss: scalar(1), logits, targets: none, lse });
    expect([...values(loss), ...values(dlogits)]).toEqual(new Array<number>(10).fill(0));
  });

  it('rejects classes that do not exist', () => {
    expect(() => softmaxCrossEntropy({ logits, targets: Int32Array.of(0, 3, 0) })).toThrow('target 3');
    expect(() => softmaxCrossEntropy({ logits, targets: Int32Array.of(0) })).toThrow('3 rows');
  });

  it('sums the binary cross-entropy over columns and averages it over rows, without overflow', () => {
    const scores = matrix(2, 2, [0, Math.log(3), 800, -800]);
    const hits = matrix(2, 2, [1, 0, 0, 0.5]);
    // -log(1/2) - log(1/4) = log 8;  800 + 400
    expect(values(sigmoidCrossEntropy({ logits: scores, targets: hits }).loss)).toEqual([
      expect.closeTo((Math.log(8) + 1200) / 2, 10),
    ]);
  });

  it('averages squares over all elements', () => {
    const prediction = matrix(2, 2, [1, 2, 3, 4]);
    expect(values(meanSquaredError({ prediction, target: matrix(2, 2, [0, 0, 3, 7]) }).loss)).toEqual([3.5]);
  });

  it('weighs what lies above a quantile by its level, what lies below by the rest, and has no slope in between', () => {
    const operands = { prediction: vector([1, 1, 1, 1]), target: vector([3, 1, 0, -3]), level: 0.25 };
    expect(values(quantileLoss(operands).loss)).toEqual([(0.25 * 2 + 0.75 * (1 + 4)) / 4]);
    const { dprediction } = quantileLossBackward({ ...operands, dloss: scalar(4) });
    expect(values(dprediction)).toEqual([-0.25, 0, 0.75, 0.75]);
  });
});
