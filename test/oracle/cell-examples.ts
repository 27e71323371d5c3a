/** One call of every operation of the recurrent cells, with all optional operands, and the shapes of its results. */

import { codeOf } from './activations.js';
import type { cellOperations } from './cells.js';
import { type Matrix, mapElements } from './matrix.js';
import type { AttributeValues, OperandValues } from './operands.js';
import { RandomOperands } from './random-matrix.js';

/** One call of an operation, and the shapes of its results. */
export interface Example {
  readonly operands: OperandValues;
  readonly attributes?: AttributeValues;
  readonly optional?: readonly string[];
  readonly results: Readonly<Record<string, readonly [number, number]>>;
}

/** The batch of all examples: N packed rows of B sequences; H units, P columns of a projected state. */
export const batchSizes = [3, 2, 1] as const;
const [N, B, H, P] = [6, 3, 3, 2] as const;
const random = new RandomOperands(78);
const of = (rows: number, columns: number): Matrix => random.matrix(rows, columns);
const probability = (rows: number, columns: number): Matrix => random.matrix(rows, columns, 0.1, 0.9);
const bits = (rows: number, columns: number): Matrix => mapElements(of(rows, columns), (value) => (value > 0 ? 1 : 0));

const upstream = (width: number) => ({ dy: of(N, width), dhT: of(B, width) });
const noise = (width: number) => ({ mask: probability(B, width), zone: bits(N, width) });
const layer = (gates: number, width: number) => ({
  a: of(N, gates * H),
  R: of(gates * H, width),
  bR: of(1, gates * H),
  h0: of(B, width),
});
const gain = (gates: number) => ({ gain: probability(1, gates * H) });
const noiseNames = ['mask', 'zone'];
const states = { y: of(N, H), h0: of(B, H), mask: noise(H).mask };
const shared = { reverse: 1, zoneout: 0.25 };
const rnnAttributes = { ...shared, activation: codeOf('sigmoid'), epsilon: 0.1 };
const gates = { gate: codeOf('sigmoid'), activation: codeOf('identity') };
const lstmAttributes = {
  ...shared,
  ...gates,
  output: codeOf('sigmoid'),
  clip: 0.25,
  zoneoutCell: 0.125,
  epsilon: 0.1,
};

/** Everything that an LSTM may have besides its layer. */
function lstmParts(count: number) {
  return {
    c0: of(B, H),
    peepholes: of(count - 1, H),
    Wr: of(P, H),
    ...gain(count),
    cellGain: probability(1, H),
    cellShift: of(1, H),
    mask: noise(P).mask,
  };
}

function lstmExample(count: number): Example {
  const parts = lstmParts(count);
  return {
    operands: { ...layer(count, P), ...parts },
    attributes: lstmAttributes,
    optional: ['bR', 'h0', 'c0', 'peepholes', 'gain', 'cellShift', 'mask'],
    results: {
      y: [N, P],
      gates: [N, count * H],
      c: [N, H],
      m: [N, H],
      product: [N, count * H],
      candidate: [N, H],
      hT: [B, P],
      cT: [B, H],
      slopes: [N, count * H],
    },
  };
}

function lstmBackwardExample(count: number): Example {
  const kept = {
    gates: probability(N, count * H),
    c: of(N, H),
    product: of(N, count * H),
    candidate: random.matrix(N, H, -0.3, 0.3),
  };
  return {
    operands: { ...upstream(P), dcT: of(B, H), R: of(count * H, P), ...lstmParts(count), ...kept },
    attributes: lstmAttributes,
    optional: ['dy', 'dhT', 'dcT', 'c0', 'peepholes', 'gain', 'cellShift', 'mask', 'candidate'],
    results: { da: [N, count * H], dr: [N, count * H], dp: [N, P], dcn: [N, H], dh0: [B, P], dc0: [B, H] },
  };
}

function peepholeExample(count: number): Example {
  return {
    operands: { da: of(N, count * H), c: of(N, H), seen: of(N, H), c0: of(B, H) },
    attributes: { reverse: 1 },
    optional: ['c0'],
    results: { dP: [count - 1, H] },
  };
}

/** By operation name. */
export const cellExamples: Readonly<Record<keyof typeof cellOperations, Example>> = {
  rnn: {
    operands: { ...layer(1, H), ...gain(1), mask: noise(H).mask },
    attributes: rnnAttributes,
    optional: ['bR', 'h0', 'gain', 'mask'],
    results: { y: [N, H], sum: [N, H], candidate: [N, H], hT: [B, H], slopes: [N, H] },
  },
  rnnBackward: {
    operands: {
      ...upstream(H),
      y: probability(N, H),
      R: of(H, H),
      ...gain(1),
      sum: of(N, H),
      mask: noise(H).mask,
      candidate: probability(N, H),
    },
    attributes: rnnAttributes,
    optional: ['dy', 'dhT', 'gain', 'mask', 'candidate'],
    results: { da: [N, H], dn: [N, H], dh0: [B, H] },
  },
  stateWeightGradient: {
    operands: { da: of(N, 2 * H), ...states, x: of(N, 2) },
    attributes: { reverse: 1 },
    optional: ['h0', 'mask', 'x'],
    results: { dR: [2 * H, H], dW: [2 * H, 2] },
  },
  lstm: lstmExample(4),
  lstmBackward: lstmBackwardExample(4),
  lstmCoupled: lstmExample(3),
  lstmCoupledBackward: lstmBackwardExample(3),
  peepholeGradient: peepholeExample(4),
  coupledPeepholeGradient: peepholeExample(3),
  gru: {
    operands: { ...layer(3, H), ...gain(3), ...noise(H) },
    attributes: { ...gates, reverse: 1, epsilon: 0.1 },
    optional: ['bR', 'h0', 'gain', ...noiseNames],
    results: { y: [N, H], gates: [N, 3 * H], s: [N, H], product: [N, 3 * H], hT: [B, H], slopes: [N, 3 * H] },
  },
  gruBackward: {
    operands: {
      ...upstream(H),
      y: of(N, H),
      gates: probability(N, 3 * H),
      s: of(N, H),
      h0: of(B, H),
      R: of(3 * H, H),
      ...gain(3),
      product: of(N, 3 * H),
      ...noise(H),
    },
    attributes: { ...gates, reverse: 1, epsilon: 0.1 },
    optional: ['dy', 'dhT', 'h0', 'gain', ...noiseNames],
    results: { da: [N, 3 * H], ds: [N, H], dr: [N, 3 * H], dh0: [B, H] },
  },
  gruResetBefore: {
    operands: { ...layer(3, H), mask: noise(H).mask },
    attributes: { ...gates, ...shared },
    optional: ['bR', 'h0', 'mask'],
    results: { y: [N, H], gates: [N, 3 * H], s: [N, H], hT: [B, H], slopes: [N, 3 * H] },
  },
  gruResetBeforeBackward: {
    operands: {
      ...upstream(H),
      y: of(N, H),
      gates: probability(N, 3 * H),
      h0: of(B, H),
      R: of(3 * H, H),
      mask: noise(H).mask,
    },
    attributes: { ...gates, ...shared },
    optional: ['dy', 'dhT', 'h0', 'mask'],
    results: { da: [N, 3 * H], dh0: [B, H] },
  },
  gruWeightGradient: {
    operands: { da: of(N, 3 * H), s_or_ds: of(N, H), ...states },
    attributes: { resetAfter: 1, reverse: 1 },
    optional: ['h0', 'mask'],
    results: { dR: [3 * H, H] },
  },
  gruBiasGradient: { operands: { da: of(N, 3 * H), ds: of(N, H) }, results: { db: [1, 3 * H] } },
};
