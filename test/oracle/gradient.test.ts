import { describe, expect, it } from 'vitest';
import { concatenate, slice, sliceBackward } from './columns.js';
import { dropout } from './dropout.js';
import * as elementwise from './elementwise.js';
import { embedding, embeddingGradient } from './embedding.js';
import { compareGradient, innerProduct, numericalGradient } from './gradient-check.js';
import { biasGradient, linear, weightGradient } from './linear.js';
import * as losses from './losses.js';
import { at, type Matrix, mapElements, scalar } from './matrix.js';
import { quantileLoss, quantileLossBackward } from './quantile.js';
import { RandomOperands } from './random-matrix.js';
import { softmax, softmaxBackward } from './softmax.js';

function expectGradient(gradient: Matrix, variable: Matrix, objective: () => number): void {
  expect(gradient.data.some((value) => value !== 0)).toBe(true);
  const worst = compareGradient(gradient, variable, objective);
  expect(worst.ratio, worst.message).toBeLessThanOrEqual(1);
}

const shapes = [
  { rows: 1, columns: 1 },
  { rows: 1, columns: 5 },
  { rows: 4, columns: 1 },
  { rows: 5, columns: 3 },
];

describe.each(shapes)('central differences agree with the reference on [$rows, $columns]', ({ rows, columns }) => {
  const random = new RandomOperands(100 * rows + columns);
  const x = random.matrix(rows, columns, -2, 2);
  const dy = random.matrix(rows, columns);

  it('linear, both ways round', () => {
    const outputs = 2;
    const dOutput = random.matrix(rows, outputs);
    const b = random.matrix(1, outputs);
    for (const transposed of [false, true]) {
      const w = transposed ? random.matrix(columns, outputs) : random.matrix(outputs, columns);
      const objective = () => innerProduct(linear({ x, w, b, transposed }).y, dOutput);
      expectGradient(linear({ x: dOutput, w, transposed: !transposed }).y, x, objective);
      const dW = transposed ? weightGradient({ dy: x, x: dOutput }).dW : weightGradient({ dy: dOutput, x }).dW;
      expectGradient(dW, w, objective);
      expectGradient(biasGradient({ dy: dOutput }).db, b, objective);
    }
  });

  it('embedding, with ids that repeat and ids that do not occur', () => {
    const ids = random.integers(rows, 0, 2);
    const table = random.matrix(3, columns);
    const { dTable } = embeddingGradient({ ids, dy, size: 3 });
    expectGradient(dTable, table, () => innerProduct(embedding({ ids, table }).y, dy));
  });

  it('sigmoid, tanh and relu', () => {
    // Differences would straddle the corner of relu at 0.
    const apart = mapElements(x, (value) => (Math.abs(value) < 0.1 ? value + 0.2 : value));
    for (const [forward, backward] of [
      [elementwise.sigmoid, elementwise.sigmoidBackward],
      [elementwise.tanh, elementwise.tanhBackward],
    ] as const) {
      expectGradient(backward({ dy, y: forward({ x }).y }).dx, x, () => innerProduct(forward({ x }).y, dy));
    }
    apart.data[0] = 0.5;
    const { dx } = elementwise.reluBackward({ dy, y: elementwise.relu({ x: apart }).y });
    expectGradient(dx, apart, () => innerProduct(elementwise.relu({ x: apart }).y, dy));
  });

  it('add, subtract, multiply and scale, whose gradients are made of themselves', () => {
    const b = random.matrix(rows, columns);
    expectGradient(dy, x, () => innerProduct(elementwise.add({ a: x, b }).y, dy));
    expectGradient(dy, b, () => innerProduct(elementwise.add({ a: x, b }).y, dy));
    expectGradient(dy, x, () => innerProduct(elementwise.subtract({ a: x, b }).y, dy));
    const negated = elementwise.scale({ x: dy, factor: -1 }).y;
    expectGradient(negated, b, () => innerProduct(elementwise.subtract({ a: x, b }).y, dy));
    const product = () => innerProduct(elementwise.multiply({ a: x, b }).y, dy);
    expectGradient(elementwise.multiply({ a: dy, b }).y, x, product);
    expectGradient(elementwise.multiply({ a: dy, b: x }).y, b, product);
    const scaled = elementwise.scale({ x: dy, factor: 0.3 }).y;
    expectGradient(scaled, x, () => innerProduct(elementwise.scale({ x, factor: 0.3 }).y, dy));
  });

  it('concatenate and slice, which are the gradient of each other', () => {
    const b = random.matrix(rows, 2);
    const dWide = random.matrix(rows, columns + 2);
    const joined = () => innerProduct(concatenate({ a: x, b }).y, dWide);
    expectGradient(slice({ x: dWide, begin: 0, columns }).y, x, joined);
    expectGradient(slice({ x: dWide, begin: columns, columns: 2 }).y, b, joined);
    const wide = random.matrix(rows, columns + 2);
    const { dx } = sliceBackward({ dy, begin: 1, columns: columns + 2 });
    expectGradient(dx, wide, () => innerProduct(slice({ x: wide, begin: 1, columns }).y, dy));
  });

  it('dropout, whose gradient is the same dropout of dy', () => {
    const mask = { key: Int32Array.of(1, 2, 3, 4), rate: 0.4, operationId: 5 };
    const kept = dropout({ x: mapElements(x, () => 1), ...mask }).y.data.some((value) => value !== 0);
    expect(kept).toBe(true);
    expectGradient(dropout({ x: dy, ...mask }).y, x, () => innerProduct(dropout({ x, ...mask }).y, dy));
  });

  it('sigmoid cross-entropy and mean squared error', () => {
    const dloss = scalar(-1.3);
    const targets = random.matrix(rows, columns, 0, 1);
    const { dlogits } = losses.sigmoidCrossEntropyBackward({ dloss, logits: x, targets });
    expectGradient(dlogits, x, () => -1.3 * at(losses.sigmoidCrossEntropy({ logits: x, targets }).loss, 0, 0));
    const { dprediction } = losses.meanSquaredErrorBackward({ dloss, prediction: x, target: targets });
    const squared = () => -1.3 * at(losses.meanSquaredError({ prediction: x, target: targets }).loss, 0, 0);
    expectGradient(dprediction, x, squared);
    const ofQuantile = { prediction: x, target: targets, level: 0.3 };
    const quantiles = quantileLossBackward({ dloss, ...ofQuantile });
    expectGradient(quantiles.dprediction, x, () => -1.3 * at(quantileLoss(ofQuantile).loss, 0, 0));
  });
});

// With one column softmax is 1 and its gradient 0 whatever the logits are.
const severalColumns = shapes.filter(({ columns }) => columns > 1);

describe.each(severalColumns)('central differences agree with softmax on [$rows, $columns]', ({ rows, columns }) => {
  const random = new RandomOperands(200 * rows + columns);
  const x = random.matrix(rows, columns, -2, 2);
  const dy = random.matrix(rows, columns);

  it('softmax', () => {
    const { dx } = softmaxBackward({ dy, y: softmax({ x }).y });
    expectGradient(dx, x, () => innerProduct(softmax({ x }).y, dy));
  });

  it('softmax cross-entropy, with and without ignored rows', () => {
    const dloss = scalar(0.7);
    for (const first of [-1, 0]) {
      const targets = random.integers(rows, 0, columns);
      if (rows > 1) {
        targets[0] = first;
      }
      const objective = () => 0.7 * at(losses.softmaxCrossEntropy({ logits: x, targets }).loss, 0, 0);
      const { lse } = losses.softmaxCrossEntropy({ logits: x, targets });
      const { dlogits } = losses.softmaxCrossEntropyBackward({ dloss, logits: x, targets, lse });
      expectGradient(dlogits, x, objective);
    }
  });
});

describe('the gradient check itself', () => {
  it('finds a gradient that is off by a millionth', () => {
    const x = new RandomOperands(5).matrix(2, 3);
    const objective = () => innerProduct(x, x);
    const right = mapElements(x, (value) => 2 * value);
    const wrong = mapElements(x, (value) => 2 * value * 1.000001);
    expect(compareGradient(right, x, objective).ratio).toBeLessThan(1);
    expect(compareGradient(wrong, x, objective).ratio).toBeGreaterThan(10);
  });

  it('leaves the variable as it was', () => {
    const x = new RandomOperands(6).matrix(2, 3);
    const before = [...x.data];
    numericalGradient(x, () => innerProduct(x, x));
    expect([...x.data]).toEqual(before);
  });
});
