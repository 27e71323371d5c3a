import { describe, expect, it } from 'vitest';
import { type OperationName, operationNames, oracles } from './index.js';
import { type Matrix, scalar, vector, zeros } from './matrix.js';
import type { AttributeValues, OperandValues } from './operands.js';
import { RandomOperands } from './random-matrix.js';

/** One call of an operation, and the shapes of its results. R rows, C columns, N packed rows, B sequences, H units. */
interface Example {
  readonly operands: OperandValues;
  readonly attributes?: AttributeValues;
  readonly optional?: readonly string[];
  readonly results: Record<string, readonly [number, number]>;
}

const [R, C, H, batchSizes] = [5, 4, 3, [3, 2, 1]] as const;
const [N, B] = [6, 3] as const;
const random = new RandomOperands(77);
const of = (rows: number, columns: number): Matrix => random.matrix(rows, columns);
const probability = (rows: number, columns: number): Matrix => random.matrix(rows, columns, 0.1, 0.9);
const pair = { operands: { a: of(R, C), b: of(R, C) }, results: { y: [R, C] } } as const;
const activation = { operands: { x: of(R, C) }, results: { y: [R, C] } } as const;
const activationBackward = { operands: { dy: of(R, C), y: probability(R, C) }, results: { dx: [R, C] } } as const;
const initial = { h0: of(B, H) };
const targets = Int32Array.of(0, -1, 3, 1, 2);
const gradients = { dy: of(N, H), dhT: of(B, H) };
const layer = (gates: number) => ({ a: of(N, gates * H), R: of(gates * H, H), bR: of(1, gates * H), ...initial });
const norm = scalar(1);

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
  rnn: { operands: layer(1), optional: ['bR', 'h0'], results: { y: [N, H], hT: [B, H] } },
  rnnBackward: {
    operands: { ...gradients, y: probability(N, H), R: of(H, H) },
    optional: ['dy', 'dhT'],
    results: { da: [N, H], dh0: [B, H] },
  },
  stateWeightGradient: {
    operands: { da: of(N, 2 * H), y: of(N, H), ...initial },
    optional: ['h0'],
    results: { dR: [2 * H, H] },
  },
  lstm: {
    operands: { ...layer(4), c0: of(B, H) },
    optional: ['bR', 'h0', 'c0'],
    results: { y: [N, H], gates: [N, 4 * H], c: [N, H], hT: [B, H], cT: [B, H] },
  },
  lstmBackward: {
    operands: {
      ...gradients,
      dcT: of(B, H),
      gates: probability(N, 4 * H),
      c: of(N, H),
      c0: of(B, H),
      R: of(4 * H, H),
    },
    optional: ['dy', 'dhT', 'dcT', 'c0'],
    results: { da: [N, 4 * H], dh0: [B, H], dc0: [B, H] },
  },
  gru: {
    operands: layer(3),
    optional: ['bR', 'h0'],
    results: { y: [N, H], gates: [N, 3 * H], s: [N, H], hT: [B, H] },
  },
  gruBackward: {
    operands: {
      ...gradients,
      y: of(N, H),
      gates: probability(N, 3 * H),
      s: of(N, H),
      ...initial,
      R: of(3 * H, H),
    },
    optional: ['dy', 'dhT', 'h0'],
    results: { da: [N, 3 * H], ds: [N, H], dh0: [B, H] },
  },
  gruResetBefore: {
    operands: layer(3),
    optional: ['bR', 'h0'],
    results: { y: [N, H], gates: [N, 3 * H], s: [N, H], hT: [B, H] },
  },
  gruResetBeforeBackward: {
    operands: { ...gradients, y: of(N, H), gates: probability(N, 3 * H), ...initial, R: of(3 * H, H) },
    optional: ['dy', 'dhT', 'h0'],
    results: { da: [N, 3 * H], dh0: [B, H] },
  },
  gruWeightGradient: {
    operands: { da: of(N, 3 * H), s_or_ds: of(N, H), y: of(N, H), ...initial },
    attributes: { resetAfter: 1 },
    optional: ['h0'],
    results: { dR: [3 * H, H] },
  },
  gruBiasGradient: { operands: { da: of(N, 3 * H), ds: of(N, H) }, results: { db: [1, 3 * H] } },
  dropout: {
    operands: { x: of(R, C), key: Int32Array.of(1, 2, 3, 4) },
    attributes: { rate: 0.5, operationId: 3 },
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
  concatenate: { operands: { a: of(R, C), b: of(R, 2) }, results: { y: [R, C + 2] } },
  slice: { operands: { x: of(R, C) }, attributes: { begin: 1, columns: 2 }, results: { y: [R, 2] } },
  sliceBackward: { operands: { dy: of(R, 2) }, attributes: { begin: 1, columns: C }, results: { dx: [R, C] } },
  softmax: activation,
  softmaxBackward: activationBackward,
  softmaxCrossEntropy: { operands: { logits: of(R, C), targets }, results: { loss: [1, 1], lse: [R, 1] } },
  softmaxCrossEntropyBackward: {
    operands: { dloss: scalar(1), logits: of(R, C), targets, lse: of(R, 1) },
    results: { dlogits: [R, C] },
  },
  sigmoidCrossEntropy: { operands: { logits: of(R, C), targets: probability(R, C) }, results: { loss: [1, 1] } },
  sigmoidCrossEntropyBackward: {
    operands: { dloss: scalar(1), logits: of(R, C), targets: probability(R, C) },
    results: { dlogits: [R, C] },
  },
  meanSquaredError: { operands: { prediction: of(R, C), target: of(R, C) }, results: { loss: [1, 1] } },
  meanSquaredErrorBackward: {
    operands: { dloss: scalar(1), prediction: of(R, C), target: of(R, C) },
    results: { dprediction: [R, C] },
  },
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
      norm,
      h: vector([0.1, 0.9, 0.99, 1e-8, 0, 0, 0.1, 0.01]),
    },
    results: { w: [R, C], m: [R, C], v: [R, C] },
  },
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
  const run = (given: OperandValues, settings = attributes) => oracles[name](given, settings, batchSizes);

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
    for (const key of Object.keys(attributes)) {
      expect(() => run(operands, {}), key).toThrow('attribute');
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
    differs('rnn', examples.rnn.operands, 'activation');
    differs('rnnBackward', examples.rnnBackward.operands, 'activation');
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
