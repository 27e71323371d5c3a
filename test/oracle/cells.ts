/**
 * The rows of the recurrent cells in the registry of the reference: operands and attributes have the names of the
 * operations' table, but R and Wr, which are given as they are before packing. Attributes that are absent are 0.
 */

import type { ActivationAttributes } from './activations.js';
import * as gru from './gru.js';
import { linear } from './linear.js';
import * as lstm from './lstm.js';
import type { Matrix } from './matrix.js';
import { type AttributeValues, Operands, type OperandValues } from './operands.js';
import type { RecurrentOperands } from './recurrence.js';
import * as rnn from './rnn.js';
import { gruBiasGradient, gruWeightGradient, stateWeightGradient } from './state-gradients.js';

type BatchSizes = readonly number[];
type Run = (o: Operands, batchSizes: BatchSizes) => Record<string, Matrix>;

/** The results, without the product of the state where the cell makes that together with the input's. */
function withProjection(o: Operands, results: Record<string, Matrix>): Record<string, Matrix> {
  if (o.optional('x') === undefined) return results;
  return Object.fromEntries(Object.entries(results).filter(([name]) => name !== 'sum' && name !== 'product'));
}

/** The rows by operation name. */
export const cellOperations = {
  rnn: (o, batchSizes) => withProjection(o, rnn.rnn(rnnForward(o, batchSizes))),
  rnnBackward: (o, batchSizes) =>
    rnn.rnnBackward({
      ...rnnParts(o, batchSizes),
      ...upstream(o),
      y: o.matrix('y'),
      sum: o.optional('sum'),
      candidate: o.optional('candidate'),
      slopes: o.optional('slopes'),
    }),
  stateWeightGradient: (o, batchSizes) =>
    stateWeightGradient({ da: o.matrix('da'), x: o.optional('x'), ...fedStates(o, batchSizes) }),

  lstm: (o, batchSizes) => withProjection(o, lstm.lstm(lstmForward(o, batchSizes, false))),
  lstmBackward: (o, batchSizes) => lstm.lstmBackward(lstmBackward(o, batchSizes, false)),
  lstmCoupled: (o, batchSizes) => withProjection(o, lstm.lstm(lstmForward(o, batchSizes, true))),
  lstmCoupledBackward: (o, batchSizes) => lstm.lstmBackward(lstmBackward(o, batchSizes, true)),
  peepholeGradient: (o, batchSizes) => lstm.peepholeGradient(peepholeOperands(o, batchSizes, false)),
  coupledPeepholeGradient: (o, batchSizes) => lstm.peepholeGradient(peepholeOperands(o, batchSizes, true)),

  gru: (o, batchSizes) => withProjection(o, gru.gru({ ...gruForward(o, batchSizes), ...layerNormalization(o) })),
  gruBackward: (o, batchSizes) =>
    gru.gruBackward({
      ...gruBackward(o, batchSizes),
      ...layerNormalization(o),
      s: o.matrix('s'),
      product: o.optional('product'),
    }),
  gruResetBefore: (o, batchSizes) => gru.gruResetBefore(gruForward(o, batchSizes)),
  gruResetBeforeBackward: (o, batchSizes) => gru.gruResetBeforeBackward(gruBackward(o, batchSizes)),
  gruWeightGradient: (o, batchSizes) =>
    gruWeightGradient({
      da: o.matrix('da'),
      s_or_ds: o.matrix('s_or_ds'),
      resetAfter: o.requiredFlag('resetAfter'),
      ...fedStates(o, batchSizes),
    }),
  gruBiasGradient: (o) => gruBiasGradient({ da: o.matrix('da'), ds: o.matrix('ds') }),
} satisfies Record<string, Run>;

const recorders = {
  rnn: (o: Operands, batchSizes: BatchSizes) => rnn.recordRnn(rnnForward(o, batchSizes)),
  lstm: (o: Operands, batchSizes: BatchSizes) => lstm.recordLstm(lstmForward(o, batchSizes, false)),
  lstmCoupled: (o: Operands, batchSizes: BatchSizes) => lstm.recordLstm(lstmForward(o, batchSizes, true)),
  gru: (o: Operands, batchSizes: BatchSizes) =>
    gru.recordGru({ ...gruForward(o, batchSizes), ...layerNormalization(o) }, true),
  gruResetBefore: (o: Operands, batchSizes: BatchSizes) => gru.recordGru(gruForward(o, batchSizes), false),
} as const;

/** Name of a cell. */
export type CellName = keyof typeof recorders;

/** How near any argument of an activation, or of the clipping, comes to a place where it has no derivative. */
export function distanceFromKinks(
  name: CellName,
  operands: OperandValues,
  attributes: AttributeValues,
  batchSizes: BatchSizes,
): number {
  return recorders[name](new Operands(name, operands, attributes), batchSizes).tape.distanceFromKinks;
}

function common(o: Operands, batchSizes: BatchSizes): RecurrentOperands {
  return {
    R: o.matrix('R'),
    mask: o.optional('mask'),
    zone: o.optional('zone'),
    zoneout: o.setting('zoneout'),
    reverse: o.flag('reverse'),
    batchSizes,
  };
}

function layerNormalization(o: Operands) {
  return { gain: o.optional('gain'), epsilon: o.setting('epsilon') };
}

/** An activation from its attributes. */
function activation(o: Operands, name: string, numbers = [`${name}Alpha`, `${name}Beta`]): ActivationAttributes {
  const [alpha, beta] = numbers.map((each) => o.setting(each));
  return { code: o.setting(name) ?? 0, alpha, beta, limit: o.setting('inputClip') };
}

/** The input projection: given, or x W^T + bW. */
function inputOf(o: Operands): Matrix {
  const x = o.optional('x');
  return x === undefined ? o.matrix('a') : linear({ x, w: o.matrix('W'), b: o.optional('bW') })['y'];
}

function initial(o: Operands) {
  return { bR: o.optional('bR'), h0: o.optional('h0') };
}

function upstream(o: Operands) {
  return { dy: o.optional('dy'), dhT: o.optional('dhT') };
}

function rnnParts(o: Operands, batchSizes: BatchSizes) {
  return {
    ...common(o, batchSizes),
    ...layerNormalization(o),
    activation: activation(o, 'activation', ['alpha', 'beta']),
  };
}

function rnnForward(o: Operands, batchSizes: BatchSizes): rnn.RnnOperands {
  return { a: inputOf(o), ...initial(o), ...rnnParts(o, batchSizes) };
}

function lstmParts(o: Operands, batchSizes: BatchSizes, coupled: boolean) {
  return {
    ...common(o, batchSizes),
    ...layerNormalization(o),
    coupled,
    c0: o.optional('c0'),
    peepholes: o.optional('peepholes'),
    Wr: o.optional('Wr'),
    cellGain: o.optional('cellGain'),
    cellShift: o.optional('cellShift'),
    zoneCell: o.optional('zoneCell'),
    zoneoutCell: o.setting('zoneoutCell'),
    clip: o.setting('clip'),
    gate: activation(o, 'gate'),
    activation: activation(o, 'activation'),
    output: { ...activation(o, 'output'), limit: 0 },
  };
}

function lstmForward(o: Operands, batchSizes: BatchSizes, coupled: boolean): lstm.LstmOperands {
  return { a: inputOf(o), ...initial(o), ...lstmParts(o, batchSizes, coupled) };
}

function lstmBackward(o: Operands, batchSizes: BatchSizes, coupled: boolean): lstm.LstmBackwardOperands {
  return {
    ...lstmParts(o, batchSizes, coupled),
    ...upstream(o),
    dcT: o.optional('dcT'),
    gates: o.matrix('gates'),
    c: o.matrix('c'),
    candidate: o.optional('candidate'),
    product: o.optional('product'),
    slopes: o.optional('slopes'),
  };
}

function peepholeOperands(o: Operands, batchSizes: BatchSizes, coupled: boolean): lstm.PeepholeGradientOperands {
  return {
    da: o.matrix('da'),
    c: o.matrix('c'),
    seen: o.matrix('seen'),
    c0: o.optional('c0'),
    coupled,
    reverse: o.flag('reverse'),
    batchSizes,
  };
}

function gruForward(o: Operands, batchSizes: BatchSizes): gru.GruOperands {
  return { a: inputOf(o), ...initial(o), ...common(o, batchSizes), ...gruActivations(o) };
}

function gruBackward(o: Operands, batchSizes: BatchSizes): gru.GruBackwardOperands {
  return {
    ...common(o, batchSizes),
    ...gruActivations(o),
    ...upstream(o),
    y: o.matrix('y'),
    gates: o.matrix('gates'),
    slopes: o.optional('slopes'),
    h0: o.optional('h0'),
  };
}

function gruActivations(o: Operands) {
  return { gate: activation(o, 'gate'), activation: activation(o, 'activation') };
}

function fedStates(o: Operands, batchSizes: BatchSizes) {
  return {
    y: o.matrix('y'),
    h0: o.optional('h0'),
    mask: o.optional('mask'),
    reverse: o.flag('reverse'),
    batchSizes,
  };
}
