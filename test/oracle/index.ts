/**
 * The reference implementation by operation name, so that a test can walk all operations: operands, attributes and
 * results have the names of the operations' table. Attributes that choose a variant: `activation` of rnn and
 * rnnBackward (0 tanh, 1 relu), `transposed` of linear (0/1), `resetAfter` of gruWeightGradient (0/1, required).
 * Attributes that tell the reference a size: `size` of embeddingGradient (rows of the table), `columns` of slice (of
 * the result) and of sliceBackward (of the whole).
 */

import { concatenate, slice, sliceBackward } from './columns.js';
import { dropout } from './dropout.js';
import * as elementwise from './elementwise.js';
import { embedding, embeddingGradient } from './embedding.js';
import { gru, gruBiasGradient, gruResetBefore, gruWeightGradient } from './gru.js';
import { gruBackward, gruResetBeforeBackward } from './gru-backward.js';
import { biasGradient, linear, weightGradient } from './linear.js';
import * as losses from './losses.js';
import { lstm, lstmBackward } from './lstm.js';
import type { Matrix } from './matrix.js';
import { type AttributeValues, Operands, type OperandValues } from './operands.js';
import { type RnnActivation, rnn, rnnBackward, stateWeightGradient } from './rnn.js';
import { softmax, softmaxBackward } from './softmax.js';
import * as updates from './updates.js';

/**
 * All results of one operation by name; an operand that the operation updates in place is among them, under its own
 * name, with its new values. Operands are never modified.
 *
 * @param batchSizes sequences alive at each step; ignored by operations that do not look across time
 * @throws {ShapeError} operands that are missing or do not fit
 * @throws {OptionError} an attribute that is missing, or a name that the operation does not have
 */
export type Oracle = (
  operands: OperandValues,
  attributes: AttributeValues,
  batchSizes: readonly number[],
) => Record<string, Matrix>;

type Run = (o: Operands, batchSizes: readonly number[]) => Record<string, Matrix>;

const operations = {
  embedding: (o) => embedding({ ids: o.integers('ids'), table: o.matrix('table') }),
  embeddingGradient: (o) =>
    embeddingGradient({ ids: o.integers('ids'), dy: o.matrix('dy'), size: o.attribute('size') }),
  linear: (o) => linear({ x: o.matrix('x'), w: o.matrix('w'), b: o.optional('b'), transposed: o.flag('transposed') }),
  weightGradient: (o) => weightGradient({ dy: o.matrix('dy'), x: o.matrix('x') }),
  biasGradient: (o) => biasGradient({ dy: o.matrix('dy') }),

  rnn: (o, batchSizes) => rnn({ ...recurrent(o), activation: activation(o), batchSizes }),
  rnnBackward: (o, batchSizes) =>
    rnnBackward({
      dy: o.optional('dy'),
      dhT: o.optional('dhT'),
      y: o.matrix('y'),
      R: o.matrix('R'),
      activation: activation(o),
      batchSizes,
    }),
  stateWeightGradient: (o, batchSizes) =>
    stateWeightGradient({ da: o.matrix('da'), y: o.matrix('y'), h0: o.optional('h0'), batchSizes }),
  lstm: (o, batchSizes) => lstm({ ...recurrent(o), c0: o.optional('c0'), batchSizes }),
  lstmBackward: (o, batchSizes) =>
    lstmBackward({
      dy: o.optional('dy'),
      dhT: o.optional('dhT'),
      dcT: o.optional('dcT'),
      gates: o.matrix('gates'),
      c: o.matrix('c'),
      c0: o.optional('c0'),
      R: o.matrix('R'),
      batchSizes,
    }),
  gru: (o, batchSizes) => gru({ ...recurrent(o), batchSizes }),
  gruBackward: (o, batchSizes) => gruBackward({ ...gruGradient(o), s: o.matrix('s'), batchSizes }),
  gruResetBefore: (o, batchSizes) => gruResetBefore({ ...recurrent(o), batchSizes }),
  gruResetBeforeBackward: (o, batchSizes) => gruResetBeforeBackward({ ...gruGradient(o), batchSizes }),
  gruWeightGradient: (o, batchSizes) =>
    gruWeightGradient({
      da: o.matrix('da'),
      s_or_ds: o.matrix('s_or_ds'),
      y: o.matrix('y'),
      h0: o.optional('h0'),
      resetAfter: o.requiredFlag('resetAfter'),
      batchSizes,
    }),
  gruBiasGradient: (o) => gruBiasGradient({ da: o.matrix('da'), ds: o.matrix('ds') }),

  dropout: (o) =>
    dropout({
      x: o.matrix('x'),
      key: o.integers('key'),
      rate: o.attribute('rate'),
      operationId: o.attribute('operationId'),
    }),
  add: (o) => elementwise.add({ a: o.matrix('a'), b: o.matrix('b') }),
  subtract: (o) => elementwise.subtract({ a: o.matrix('a'), b: o.matrix('b') }),
  multiply: (o) => elementwise.multiply({ a: o.matrix('a'), b: o.matrix('b') }),
  scale: (o) => elementwise.scale({ x: o.matrix('x'), factor: o.attribute('factor') }),
  sigmoid: (o) => elementwise.sigmoid({ x: o.matrix('x') }),
  sigmoidBackward: (o) => elementwise.sigmoidBackward({ dy: o.matrix('dy'), y: o.matrix('y') }),
  tanh: (o) => elementwise.tanh({ x: o.matrix('x') }),
  tanhBackward: (o) => elementwise.tanhBackward({ dy: o.matrix('dy'), y: o.matrix('y') }),
  relu: (o) => elementwise.relu({ x: o.matrix('x') }),
  reluBackward: (o) => elementwise.reluBackward({ dy: o.matrix('dy'), y: o.matrix('y') }),
  concatenate: (o) => concatenate({ a: o.matrix('a'), b: o.matrix('b') }),
  slice: (o) => slice({ x: o.matrix('x'), begin: o.attribute('begin'), columns: o.attribute('columns') }),
  sliceBackward: (o) =>
    sliceBackward({ dy: o.matrix('dy'), begin: o.attribute('begin'), columns: o.attribute('columns') }),
  softmax: (o) => softmax({ x: o.matrix('x') }),
  softmaxBackward: (o) => softmaxBackward({ dy: o.matrix('dy'), y: o.matrix('y') }),

  softmaxCrossEntropy: (o) =>
    losses.softmaxCrossEntropy({ logits: o.matrix('logits'), targets: o.integers('targets') }),
  softmaxCrossEntropyBackward: (o) =>
    losses.softmaxCrossEntropyBackward({
      dloss: o.matrix('dloss'),
      logits: o.matrix('logits'),
      targets: o.integers('targets'),
      lse: o.matrix('lse'),
    }),
  sigmoidCrossEntropy: (o) => losses.sigmoidCrossEntropy({ logits: o.matrix('logits'), targets: o.matrix('targets') }),
  sigmoidCrossEntropyBackward: (o) =>
    losses.sigmoidCrossEntropyBackward({
      dloss: o.matrix('dloss'),
      logits: o.matrix('logits'),
      targets: o.matrix('targets'),
    }),
  meanSquaredError: (o) => losses.meanSquaredError({ prediction: o.matrix('prediction'), target: o.matrix('target') }),
  meanSquaredErrorBackward: (o) =>
    losses.meanSquaredErrorBackward({
      dloss: o.matrix('dloss'),
      prediction: o.matrix('prediction'),
      target: o.matrix('target'),
    }),

  clipNorm: (o) => updates.clipNorm({ g: o.matrix('g'), max: o.matrix('max'), loss: o.optional('loss') }),
  clipValue: (o) => updates.clipValue({ g: o.matrix('g'), limit: o.matrix('limit') }),
  sgd: (o) => updates.sgd({ ...update(o), m: o.optional('m') }),
  adam: (o) => updates.adam({ ...update(o), m: o.matrix('m'), v: o.matrix('v') }),
  rmsprop: (o) => updates.rmsprop({ ...update(o), s: o.matrix('s'), m: o.optional('m') }),
} satisfies Record<string, Run>;

/** Name of an operation that the reference implements, which is all of them. */
export type OperationName = keyof typeof operations;

/** The reference of every operation. */
export const oracles = Object.fromEntries(
  Object.entries(operations).map(([name, run]: [string, Run]) => [name, checked(name, run)]),
) as Readonly<Record<OperationName, Oracle>>;

/** Every operation name, in the order of the operations' table. */
export const operationNames = Object.keys(operations) as readonly OperationName[];

function checked(name: string, run: Run): Oracle {
  return (values, attributes, batchSizes) => {
    const operands = new Operands(name, values, attributes);
    const results = run(operands, batchSizes);
    operands.rejectUnread();
    return results;
  };
}

function recurrent(o: Operands): { a: Matrix; R: Matrix; bR: Matrix | undefined; h0: Matrix | undefined } {
  return { a: o.matrix('a'), R: o.matrix('R'), bR: o.optional('bR'), h0: o.optional('h0') };
}

function gruGradient(o: Operands): {
  dy: Matrix | undefined;
  dhT: Matrix | undefined;
  y: Matrix;
  gates: Matrix;
  h0: Matrix | undefined;
  R: Matrix;
} {
  return {
    dy: o.optional('dy'),
    dhT: o.optional('dhT'),
    y: o.matrix('y'),
    gates: o.matrix('gates'),
    h0: o.optional('h0'),
    R: o.matrix('R'),
  };
}

function update(o: Operands): { w: Matrix; g: Matrix; norm: Matrix; h: Matrix } {
  return { w: o.matrix('w'), g: o.matrix('g'), norm: o.matrix('norm'), h: o.matrix('h') };
}

function activation(o: Operands): RnnActivation {
  return o.flag('activation') ? 'relu' : 'tanh';
}
