import { describe, expect, it } from 'vitest';
import { batchSizes, cellExamples, type Example } from './cell-examples.js';
import { type OperationName, operationNames, oracles } from './index.js';
import { type Matrix, scalar, vector, zeros } from './matrix.js';
import type { OperandValues } from './operands.js';
import { RandomOperands } from './random-matrix.js';
import type { OtherAxis } from './two-axes.js';

const [R, C] = [5, 4] as const;
const [N, B] = [6, 3] as const;
const random = new RandomOperands(77);
const of = (rows: number, columns: number): Matrix => random.matrix(rows, columns);
const probability = (rows: number, columns: number): Matrix => random.matrix(rows, columns, 0.1, 0.9);
const pair = { operands: { a: of(R, C), b: of(R, C) }, results: { y: [R, C] } } as const;
const activation = { operands: { x: of(R, C) }, results: { y: [R, C] } } as const;
const activationBackward = { operands: { dy: of(R, C), y: probability(R, C) }, results: { dx: [R, C] } } as const;
const targets = Int32Array.of(0, -1, 3, 1, 2);
const ofSteps = of(N, C);
const ofRows = of(R, C);
/** Targets of `other`: the labels 0 and 3 of the samples 2 and 0, and two without any. */
const labels = Int32Array.of(0, 3, -1, -1, -1, -1);
const norm = scalar(1);
/** Four sequences, of the samples 2, 0, 3 and 1; those of `batchSizes` are of the samples 1, 3 and 3. */
const other: OtherAxis = { batchSizes: [4, 2], samples: [2, 0, 3, 1], ownSamples: [1, 3, 3] };
/** Its packed rows. */
const M = 6;
const statistics = { mean: of(1, C), variance: probability(1, C) };
const convolved = { x: of(M, C) };
const convolving = { groups: 2, stride: 1, dilation: 2, padding: 0 };
const scored = { query: of(N, C), key: of(M, C) };

const examples: Record<OperationName, Example> = {
  embedding: { operands: { ids: Int32Array.of(1, 0), table: of(3, C) }, results: { y: [2, C] } },
  embeddingGradient: {
    operands: { ids: Int32Array.of(1, 0), dy: of(2, C) },
    attributes: { size: 3 },
    results: { dTable: [3, C] },
  },
  linear: { operands: { x: of(R, C), w: of(2, C), b: of(1, 2) }, optional: ['b'], results: { y: [R, 2] } },
  weightGradient: { operands: { dy: of(R, 2), x: of(R, C) }, results: { dW: [2, C] } },
  biasGradient: { operands: { dy: of(R, 2) }, results: { db: [1, 2] } },
  convolution: {
    operands: { ...convolved, w: of(4, 4), b: of(1, 4), h0: of(4, 2 * C) },
    attributes: convolving,
    optional: ['b', 'h0'],
    results: { y: [N, 4] },
  },
  convolutionInputGradient: {
    operands: { dy: of(M, 4), w: of(4, 4) },
    attributes: { ...convolving, inputs: C },
    results: { dx: [N, C] },
  },
  convolutionWeightGradient: {
    operands: { ...convolved, dy: of(N, 4), h0: of(4, 2 * C) },
    attributes: { ...convolving, width: 4 },
    optional: ['h0'],
    results: { dW: [4, 4] },
  },
  ...cellExamples,
  dropout: {
    operands: { x: of(R, C), key: Int32Array.of(1, 2, 3, 4) },
    attributes: { rate: 0.5, operationId: 3 },
    results: { y: [R, C] },
  },
  randomMask: {
    operands: { key: Int32Array.of(1, 2, 3, 4) },
    attributes: { rate: 0.5, operationId: 3, dropped: 0, kept: 2, rows: R, columns: C },
    results: { y: [R, C] },
  },
  add: pair,
  subtract: pair,
  multiply: pair,
  scale: { ...activation, attributes: { factor: 2 } },
  sigmoid: activation,
  sigmoidBackward: activationBackward,
  tanh: activation,
  tanhBackward: activationBackward,
  relu: activation,
  reluBackward: activationBackward,
  unary: { ...activation, attributes: { function: 5, exponent: 2 } },
  unaryBackward: {
    operands: { dy: of(R, C), x: of(R, C) },
    attributes: { function: 5, exponent: 2 },
    results: { dx: [R, C] },
  },
  combine: { ...pair, attributes: { function: 3 } },
  combineBackward: {
    operands: { dy: of(R, C), a: of(R, C), b: of(R, C) },
    attributes: { function: 3, operand: 1 },
    results: { dx: [R, C] },
  },
  spread: { operands: { a: of(R, C), row: of(1, C) }, attributes: { function: 3 }, results: { y: [R, C] } },
  spreadBackward: {
    operands: { dy: of(R, C), a: of(R, C), column: of(R, 1) },
    attributes: { function: 3, operand: 1 },
    results: { dx: [R, C] },
  },
  sumRows: { operands: { x: of(R, C) }, attributes: { mean: 1 }, results: { y: [1, C] } },
  sumColumns: { operands: { x: of(R, C) }, attributes: { mean: 1 }, results: { y: [R, 1] } },
  repeat: { operands: { row: of(1, C) }, attributes: { mean: 0, rows: R }, results: { y: [R, C] } },
  concatenate: { operands: { a: of(R, C), b: of(R, 2) }, results: { y: [R, C + 2] } },
  slice: { operands: { x: of(R, C) }, attributes: { begin: 1, columns: 2 }, results: { y: [R, 2] } },
  sliceBackward: { operands: { dy: of(R, 2) }, attributes: { begin: 1, columns: C }, results: { dx: [R, C] } },
  softmax: activation,
  softmaxBackward: activationBackward,
  logSoftmax: activation,
  logSoftmaxBackward: activationBackward,
  gatherColumns: { operands: { x: of(R, C), columns: Int32Array.of(3, -1, 0, 3, 1) }, results: { y: [R, 5] } },
  gatherColumnsBackward: {
    operands: { dy: of(R, 3), columns: Int32Array.of(3, -1, 3) },
    attributes: { width: C },
    results: { dx: [R, C] },
  },
  maxOverColumns: { operands: { x: of(R, C) }, results: { y: [R, 1] } },
  maxOverColumnsBackward: {
    operands: { dy: of(R, 1), x: ofRows, y: oracles.maxOverColumns({ x: ofRows }, {}, [])['y'] },
    results: { dx: [R, C] },
  },
  layerNormalization: {
    operands: { x: of(R, C), gain: of(1, C), shift: of(1, C) },
    attributes: { epsilon: 0.1 },
    optional: ['shift'],
    results: { y: [R, C] },
  },
  layerNormalizationBackward: {
    operands: { dy: of(R, C), x: of(R, C), gain: of(1, C) },
    attributes: { epsilon: 0.1 },
    results: { dx: [R, C] },
  },
  normalizationGainGradient: {
    operands: { dy: of(R, C), x: of(R, C) },
    attributes: { epsilon: 0.1 },
    results: { dgain: [1, C] },
  },
  columnMoments: { operands: { x: of(R, C) }, results: { mean: [1, C], variance: [1, C], unbiased: [1, C] } },
  columnMomentsBackward: {
    operands: { dmean: of(1, C), dvariance: of(1, C), x: of(R, C), mean: of(1, C) },
    optional: ['dmean', 'dvariance'],
    results: { dx: [R, C] },
  },
  batchNormalization: {
    operands: { x: of(R, C), ...statistics, gain: of(1, C), shift: of(1, C) },
    attributes: { epsilon: 0.1 },
    optional: ['gain', 'shift'],
    results: { y: [R, C] },
  },
  batchNormalizationBackward: {
    operands: { dy: of(R, C), variance: statistics.variance, gain: of(1, C) },
    attributes: { epsilon: 0.1 },
    optional: ['gain'],
    results: { dx: [R, C] },
  },
  batchNormalizationSums: {
    operands: { dy: of(R, C), x: of(R, C), ...statistics, gain: of(1, C) },
    attributes: { epsilon: 0.1 },
    optional: ['gain'],
    results: { dmean: [1, C], dvariance: [1, C], dgain: [1, C] },
  },
  lastSteps: { operands: { x: of(N, C), h0: of(B, 2 * C) }, results: { hT: [B, 2 * C] } },
  firstStep: { operands: { x: of(N, C) }, results: { y: [B, C] } },
  firstStepBackward: { operands: { dy: of(B, C) }, results: { dx: [N, C] } },
  lastStep: { operands: { x: of(N, C) }, results: { y: [B, C] } },
  lastStepBackward: { operands: { dy: of(B, C) }, results: { dx: [N, C] } },
  maxOverTime: { operands: { x: of(N, C) }, results: { y: [B, C] } },
  maxOverTimeBackward: {
    operands: { dy: of(B, C), x: ofSteps, y: oracles.maxOverTime({ x: ofSteps }, {}, batchSizes)['y'] },
    results: { dx: [N, C] },
  },
  sumOverTime: { operands: { x: of(N, C) }, attributes: { mean: 1 }, results: { y: [B, C] } },
  repeatOverTime: { operands: { x: of(B, C) }, attributes: { mean: 1 }, results: { y: [N, C] } },
  multiplySequence: { operands: { x: of(N, C), mask: of(B, C) }, results: { y: [N, C] } },
  gatherSequences: { operands: { x: of(4, C) }, results: { y: [B, C] } },
  scatterSequences: { operands: { dy: of(B, C) }, results: { dx: [4, C] } },
  attention: {
    operands: { ...scored, value: of(M, 2) },
    attributes: { scale: 0.5 },
    results: { context: [N, 2], lse: [N, 2] },
  },
  attentionBackward: {
    operands: { dcontext: of(N, 2), ...scored, value: of(M, 2), lse: of(N, 2) },
    attributes: { scale: 0.5 },
    results: { dquery: [N, C], dkey: [M, C], dvalue: [M, 2] },
  },
  attentionWeights: { operands: scored, attributes: { scale: 0.5, columns: 3 }, results: { weights: [N, 3] } },
  additiveAttention: {
    operands: { ...scored, v: of(1, C), value: of(M, 2) },
    results: { context: [N, 2], lse: [N, 2] },
  },
  additiveAttentionBackward: {
    operands: { dcontext: of(N, 2), ...scored, v: of(1, C), value: of(M, 2), lse: of(N, 2) },
    results: { dquery: [N, C], dkey: [M, C], dv: [1, C], dvalue: [M, 2] },
  },
  additiveAttentionWeights: {
    operands: { ...scored, v: of(1, C) },
    attributes: { columns: 3 },
    results: { weights: [N, 3] },
  },
  softmaxCrossEntropy: {
    operands: { logits: of(R, C), targets, weights: of(R, 1), classWeights: of(1, C) },
    attributes: { smoothing: 0.1 },
    optional: ['weights', 'classWeights'],
    results: { loss: [1, 1], lse: [R, 2], total: [1, 1] },
  },
  softmaxCrossEntropyBackward: {
    operands: { dloss: scalar(1), logits: of(R, C), targets, lse: of(R, 2) },
    attributes: { smoothing: 0.1 },
    results: { dlogits: [R, C] },
  },
  ctc: {
    operands: { logits: of(N, C), labels, weights: of(B, 1) },
    attributes: { blank: 2, reduction: 1, zeroInfinity: 1 },
    optional: ['weights'],
    results: { loss: [1, 1], losses: [B, 1], lse: [N, 2], total: [1, 1] },
  },
  ctcBackward: {
    operands: { dloss: scalar(1), logits: of(N, C), labels, lse: of(N, 2) },
    attributes: { blank: 2, reduction: 1, zeroInfinity: 1 },
    results: { dlogits: [N, C] },
  },
  sigmoidCrossEntropy: {
    operands: { logits: of(R, C), targets: probability(R, C), weights: of(R, 1), positive: of(1, C) },
    optional: ['weights', 'positive'],
    results: { loss: [1, 1], total: [1, 1] },
  },
  sigmoidCrossEntropyBackward: {
    operands: { dloss: scalar(1), logits: of(R, C), targets: probability(R, C) },
    results: { dlogits: [R, C] },
  },
  meanSquaredError: {
    operands: { prediction: of(R, C), target: of(R, C), weights: of(R, 1) },
    optional: ['weights'],
    results: { loss: [1, 1], total: [1, 1] },
  },
  meanSquaredErrorBackward: {
    operands: { dloss: scalar(1), prediction: of(R, C), target: of(R, C) },
    results: { dprediction: [R, C] },
  },
  meanAbsoluteError: {
    operands: { prediction: of(R, C), target: of(R, C), weights: of(R, 1) },
    optional: ['weights'],
    results: { loss: [1, 1], total: [1, 1] },
  },
  meanAbsoluteErrorBackward: {
    operands: { dloss: scalar(1), prediction: of(R, C), target: of(R, C) },
    results: { dprediction: [R, C] },
  },
  huberLoss: {
    operands: { prediction: of(R, C), target: of(R, C) },
    attributes: { delta: 0.5 },
    results: { loss: [1, 1], total: [1, 1] },
  },
  huberLossBackward: {
    operands: { dloss: scalar(1), prediction: of(R, C), target: of(R, C) },
    attributes: { delta: 0.5 },
    results: { dprediction: [R, C] },
  },
  quantileLoss: {
    operands: { prediction: of(R, C), target: of(R, C) },
    attributes: { level: 0.1 },
    results: { loss: [1, 1], total: [1, 1] },
  },
  quantileLossBackward: {
    operands: { dloss: scalar(1), prediction: of(R, C), target: of(R, C) },
    attributes: { level: 0.1 },
    results: { dprediction: [R, C] },
  },
  meanSquare: { operands: { x: of(R, C) }, results: { loss: [1, 1] } },
  meanSquareBackward: { operands: { dloss: scalar(1), x: of(R, C) }, results: { dx: [R, C] } },
  temporalDifference: { operands: { x: of(N, C) }, results: { loss: [1, 1] } },
  temporalDifferenceBackward: { operands: { dloss: scalar(1), x: of(N, C) }, results: { dx: [N, C] } },
  clipNorm: { operands: { g: of(R, C), max: scalar(0.1) }, results: { g: [R, C], norm: [1, 1] } },
  clipValue: { operands: { g: of(R, C), limit: scalar(0.1) }, results: { g: [R, C] } },
  sgd: {
    operands: { w: of(R, C), g: of(R, C), m: of(R, C), norm, h: vector([0.1, 0.9, 0, 0, 0, 0]) },
    results: { w: [R, C], m: [R, C] },
  },
  adam: {
    operands: {
      w: of(R, C),
      g: of(R, C),
      m: of(R, C),
      v: probability(R, C),
      largest: of(R, C),
      norm,
      h: vector([0.1, 0.9, 0.99, 1e-8, 0, 0, 0.1, 0.01]),
    },
    optional: ['largest'],
    results: { w: [R, C], m: [R, C], v: [R, C], largest: [R, C] },
  },
  adagrad: {
    operands: { w: of(R, C), g: of(R, C), s: probability(R, C), norm, h: vector([0.1, 1e-8, 0.01]) },
    results: { w: [R, C], s: [R, C] },
  },
  replace: { operands: { w: of(R, C), value: of(R, C), norm }, results: { w: [R, C] } },
  rmsprop: {
    operands: {
      w: of(R, C),
      g: of(R, C),
      s: probability(R, C),
      m: of(R, C),
      norm,
      h: vector([0.1, 0.9, 1e-8, 0, 0.9, 0]),
    },
    results: { w: [R, C], s: [R, C], m: [R, C] },
  },
};

describe.each(operationNames.map((name) => ({ name, ...examples[name] })))('the reference of $name', (example) => {
  const { name, operands, attributes = {}, optional = [], results } = example;
  const run = (given: OperandValues, settings = attributes) => oracles[name](given, settings, batchSizes, other);

  it('returns every result by name, in its shape, finite and not all zero', () => {
    const actual = run(operands);
    expect(Object.fromEntries(Object.entries(actual).map(([key, m]) => [key, [m.rows, m.columns]]))).toEqual(results);
    for (const [key, m] of Object.entries(actual)) {
      expect(m.data.every(Number.isFinite), key).toBe(true);
      expect(
        m.data.some((value) => value !== 0),
        key,
      ).toBe(true);
    }
  });

  it('modifies no operand, shares no memory with one, and gives the same again', () => {
    const before = structuredClone(operands);
    const actual = run(operands);
    expect(operands).toEqual(before);
    expect(run(operands)).toEqual(actual);
    const owned = Object.values(operands).map((value) => (value instanceof Int32Array ? value : value?.data)?.buffer);
    expect(Object.values(actual).filter((m) => owned.includes(m.data.buffer))).toEqual([]);
  });

  it('depends on every operand, and accepts the absence of the optional ones', () => {
    for (const key of Object.keys(operands)) {
      const without = { ...operands, [key]: undefined };
      if (optional.includes(key)) {
        expect(run(without), key).not.toEqual(run(operands));
      } else {
        expect(() => run(without), key).toThrow();
      }
    }
  });

  it('rejects names that it does not have', () => {
    expect(() => run({ ...operands, misspelt: zeros(1, 1) })).toThrow('misspelt');
    expect(() => run(operands, { ...attributes, misspelt: 1 })).toThrow('misspelt');
  });

  it('depends on every attribute; those of the recurrent cells are 0 when absent', () => {
    for (const key of Object.keys(attributes)) {
      const { [key]: _, ...others } = attributes;
      if (name in cellExamples && key !== 'resetAfter') {
        expect(run(operands, others), key).toEqual(run(operands, { ...attributes, [key]: 0 }));
        expect(run(operands, others), key).not.toEqual(run(operands));
      } else {
        expect(() => run(operands, others), key).toThrow('attribute');
      }
    }
  });
});

describe('attributes that choose a variant', () => {
  const differs = (name: OperationName, operands: OperandValues, attribute: string) => {
    const run = (value: number) => oracles[name](operands, { [attribute]: value }, batchSizes);
    expect(run(0)).toEqual(oracles[name](operands, {}, batchSizes));
    expect(run(1)).not.toEqual(run(0));
    expect(() => run(2)).toThrow('expected 0 or 1');
  };

  it('are 0 when absent, and are neither ignored nor anything but 0 or 1', () => {
    for (const name of Object.keys(cellExamples) as (keyof typeof cellExamples)[]) {
      if ('reverse' in (cellExamples[name].attributes ?? {}) && name !== 'gruWeightGradient') {
        differs(name, cellExamples[name].operands, 'reverse');
      }
    }
    differs('linear', { x: of(R, C), w: of(C, C) }, 'transposed');
  });

  it('have no default for the variant of the gated recurrent unit', () => {
    const { operands } = examples.gruWeightGradient;
    const run = (resetAfter: number) => oracles.gruWeightGradient(operands, { resetAfter }, batchSizes);
    expect(run(0)).not.toEqual(run(1));
    expect(() => run(2)).toThrow('expected 0 or 1');
    expect(() => oracles.gruWeightGradient(operands, {}, batchSizes)).toThrow('resetAfter is missing');
  });
});
