/**
 * The reference implementation by operation name, so that a test can walk all operations: operands, attributes and
 * results have the names of the operations' table. Attributes that choose a variant: those of the recurrent cells (0 where
 * absent), `transposed` of linear (0/1), `resetAfter` of gruWeightGradient (0/1, required).
 * Attributes that tell the reference a size: `rows` of a repeated row, `columns` of a repeated column, `size` of embeddingGradient (rows of the table), `columns` of slice (of
 * the result) and of sliceBackward (of the whole), `rows` and `columns` of randomMask, `columns` of the weights of
 * attention, `inputs` and `context` of convolutionInputGradient (columns of dx and of dh0), `width` of convolutionWeightGradient and of gatherColumnsBackward.
 */

import * as absoluteErrors from './absolute-errors.js';
import * as attention from './attention.js';
import * as batchNormalization from './batch-normalization.js';
import { cellOperations } from './cells.js';
import * as columns from './columns.js';
import * as convolution from './convolution.js';
import * as ctc from './ctc.js';
import { dropout } from './dropout.js';
import * as elementwise from './elementwise.js';
import { embedding, embeddingGradient } from './embedding.js';
import * as functions from './functions.js';
import { biasGradient, linear, weightGradient } from './linear.js';
import * as losses from './losses.js';
import type { Matrix } from './matrix.js';
import * as normalization from './normalization.js';
import { type AttributeValues, Operands, type OperandValues } from './operands.js';
import * as penalties from './penalties.js';
import * as quantile from './quantile.js';
import { randomMask } from './random-mask.js';
import * as softmax from './softmax.js';
import * as time from './time.js';
import * as twoAxes from './two-axes.js';
import * as updates from './updates.js';

/**
 * All results of one operation by name; an operand that the operation updates in place is among them, under its own
 * name, with its new values. Operands are never modified.
 *
 * @param batchSizes sequences alive at each step; ignored by operations that do not look across time
 * @param other the other time axis; ignored by operations that have none
 * @throws {ShapeError} operands that are missing or do not fit
 * @throws {OptionError} an attribute that is missing, or a name that the operation does not have
 */
export type Oracle = (
  operands: OperandValues,
  attributes: AttributeValues,
  batchSizes: readonly number[],
  other?: twoAxes.OtherAxis,
) => Record<string, Matrix>;

type Run = (o: Operands, batchSizes: readonly number[], other: twoAxes.OtherAxis) => Record<string, Matrix>;

/** What stands for the other axis where none is given: it has no sequence. */
const noAxis: twoAxes.OtherAxis = { batchSizes: [], samples: [], ownSamples: [] };

const operations = {
  embedding: (o) => embedding({ ids: o.integers('ids'), table: o.matrix('table') }),
  embeddingGradient: (o) =>
    embeddingGradient({ ids: o.integers('ids'), dy: o.matrix('dy'), size: o.attribute('size') }),
  linear: (o) => linear({ x: o.matrix('x'), w: o.matrix('w'), b: o.optional('b'), transposed: o.flag('transposed') }),
  weightGradient: (o) => weightGradient({ dy: o.matrix('dy'), x: o.matrix('x') }),
  biasGradient: (o) => biasGradient({ dy: o.matrix('dy') }),

  convolution: (o, batchSizes, other) =>
    convolution.convolution({
      ...convolved(o),
      x: o.matrix('x'),
      w: o.matrix('w'),
      b: o.optional('b'),
      h0: o.optional('h0'),
      batchSizes,
      other,
    }),
  convolutionInputGradient: (o, batchSizes, other) =>
    convolution.convolutionInputGradient({
      ...convolved(o),
      dy: o.matrix('dy'),
      w: o.matrix('w'),
      inputs: o.attribute('inputs'),
      context: o.setting('context'),
      batchSizes,
      other,
    }),
  convolutionWeightGradient: (o, batchSizes, other) =>
    convolution.convolutionWeightGradient({
      ...convolved(o),
      dy: o.matrix('dy'),
      x: o.matrix('x'),
      h0: o.optional('h0'),
      width: o.attribute('width'),
      batchSizes,
      other,
    }),

  ...cellOperations,

  dropout: (o) =>
    dropout({
      x: o.matrix('x'),
      key: o.integers('key'),
      rate: o.attribute('rate'),
      operationId: o.attribute('operationId'),
    }),
  randomMask: (o) =>
    randomMask({
      key: o.integers('key'),
      rate: o.attribute('rate'),
      operationId: o.attribute('operationId'),
      dropped: o.attribute('dropped'),
      kept: o.attribute('kept'),
      rows: o.attribute('rows'),
      columns: o.attribute('columns'),
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
  unary: (o) => functions.unary({ ...ofOne(o), x: o.matrix('x') }),
  unaryBackward: (o) => functions.unaryBackward({ ...ofOne(o), dy: o.matrix('dy'), x: o.matrix('x') }),
  combine: (o) => functions.combine(ofTwo(o)),
  combineBackward: (o) =>
    functions.combineBackward({ ...ofTwo(o), dy: o.matrix('dy'), isOfB: o.requiredFlag('operand') }),
  spread: (o) => functions.combine(spreadOf(o)),
  spreadBackward: (o) =>
    functions.combineBackward({ ...spreadOf(o), dy: o.matrix('dy'), isOfB: o.requiredFlag('operand') }),
  sumRows: (o) => functions.sumRows({ x: o.matrix('x'), mean: o.requiredFlag('mean') }),
  sumColumns: (o) => functions.sumColumns({ x: o.matrix('x'), mean: o.requiredFlag('mean') }),
  repeat: (o) => functions.repeat({ ...lineOf(o), mean: o.requiredFlag('mean') }),
  concatenate: (o) => columns.concatenate({ a: o.matrix('a'), b: o.matrix('b') }),
  slice: (o) => columns.slice({ x: o.matrix('x'), begin: o.attribute('begin'), columns: o.attribute('columns') }),
  sliceBackward: (o) =>
    columns.sliceBackward({ dy: o.matrix('dy'), begin: o.attribute('begin'), columns: o.attribute('columns') }),
  gatherColumns: (o) => columns.gatherColumns({ x: o.matrix('x'), columns: o.integers('columns') }),
  gatherColumnsBackward: (o) =>
    columns.gatherColumnsBackward({ dy: o.matrix('dy'), columns: o.integers('columns'), width: o.attribute('width') }),
  maxOverColumns: (o) => columns.maxOverColumns({ x: o.matrix('x') }),
  maxOverColumnsBackward: (o) =>
    columns.maxOverColumnsBackward({ dy: o.matrix('dy'), x: o.matrix('x'), y: o.matrix('y') }),
  softmax: (o) => softmax.softmax({ x: o.matrix('x') }),
  softmaxBackward: (o) => softmax.softmaxBackward({ dy: o.matrix('dy'), y: o.matrix('y') }),
  logSoftmax: (o) => softmax.logSoftmax({ x: o.matrix('x') }),
  logSoftmaxBackward: (o) => softmax.logSoftmaxBackward({ dy: o.matrix('dy'), y: o.matrix('y') }),

  layerNormalization: (o) =>
    normalization.layerNormalization({ ...normalized(o), gain: o.matrix('gain'), shift: o.optional('shift') }),
  layerNormalizationBackward: (o) =>
    normalization.layerNormalizationBackward({ ...normalized(o), dy: o.matrix('dy'), gain: o.matrix('gain') }),
  normalizationGainGradient: (o) => normalization.normalizationGainGradient({ ...normalized(o), dy: o.matrix('dy') }),

  columnMoments: (o) => batchNormalization.columnMoments({ x: o.matrix('x') }),
  columnMomentsBackward: (o) =>
    batchNormalization.columnMomentsBackward({
      x: o.matrix('x'),
      mean: o.matrix('mean'),
      dmean: o.optional('dmean'),
      dvariance: o.optional('dvariance'),
    }),
  batchNormalization: (o) =>
    batchNormalization.batchNormalization({ ...byStatistics(o), x: o.matrix('x'), shift: o.optional('shift') }),
  batchNormalizationBackward: (o) =>
    batchNormalization.batchNormalizationBackward({
      dy: o.matrix('dy'),
      variance: o.matrix('variance'),
      gain: o.optional('gain'),
      epsilon: o.attribute('epsilon'),
    }),
  batchNormalizationSums: (o) =>
    batchNormalization.batchNormalizationSums({ ...byStatistics(o), x: o.matrix('x'), dy: o.matrix('dy') }),

  lastSteps: (o, batchSizes) => convolution.lastSteps({ x: o.matrix('x'), h0: o.matrix('h0'), batchSizes }),
  firstStep: (o, batchSizes) => time.firstStep({ x: o.matrix('x'), batchSizes }),
  firstStepBackward: (o, batchSizes) => time.firstStepBackward({ dy: o.matrix('dy'), batchSizes }),
  lastStep: (o, batchSizes) => time.lastStep({ x: o.matrix('x'), batchSizes }),
  lastStepBackward: (o, batchSizes) => time.lastStepBackward({ dy: o.matrix('dy'), batchSizes }),
  maxOverTime: (o, batchSizes) => time.maxOverTime({ x: o.matrix('x'), batchSizes }),
  maxOverTimeBackward: (o, batchSizes) =>
    time.maxOverTimeBackward({ dy: o.matrix('dy'), x: o.matrix('x'), y: o.matrix('y'), batchSizes }),
  sumOverTime: (o, batchSizes) => time.sumOverTime({ x: o.matrix('x'), mean: o.requiredFlag('mean'), batchSizes }),
  repeatOverTime: (o, batchSizes) =>
    time.repeatOverTime({ x: o.matrix('x'), mean: o.requiredFlag('mean'), batchSizes }),
  multiplySequence: (o, batchSizes) => time.multiplySequence({ x: o.matrix('x'), mask: o.matrix('mask'), batchSizes }),

  gatherSequences: (o, batchSizes, other) => twoAxes.gatherSequences({ x: o.matrix('x'), batchSizes, other }),
  scatterSequences: (o, batchSizes, other) => twoAxes.scatterSequences({ dy: o.matrix('dy'), batchSizes, other }),

  attention: (o, batchSizes, other) =>
    attention.attention({ ...dotScores(o), value: o.matrix('value'), batchSizes, other }),
  attentionBackward: (o, batchSizes, other) =>
    attention.attentionBackward({ ...dotScores(o), ...attended(o), batchSizes, other }),
  attentionWeights: (o, batchSizes, other) =>
    attention.attentionWeights({ ...dotScores(o), columns: o.attribute('columns'), batchSizes, other }),
  additiveAttention: (o, batchSizes, other) =>
    attention.additiveAttention({ ...additiveScores(o), value: o.matrix('value'), batchSizes, other }),
  additiveAttentionBackward: (o, batchSizes, other) =>
    attention.additiveAttentionBackward({ ...additiveScores(o), ...attended(o), batchSizes, other }),
  additiveAttentionWeights: (o, batchSizes, other) =>
    attention.additiveAttentionWeights({ ...additiveScores(o), columns: o.attribute('columns'), batchSizes, other }),

  softmaxCrossEntropy: (o) => losses.softmaxCrossEntropy(ofClasses(o)),
  softmaxCrossEntropyBackward: (o) =>
    losses.softmaxCrossEntropyBackward({ ...ofClasses(o), dloss: o.matrix('dloss'), lse: o.matrix('lse') }),
  ctc: (o, batchSizes, other) => ctc.ctc({ ...aligned(o), batchSizes, other }),
  ctcBackward: (o, batchSizes, other) =>
    ctc.ctcBackward({ ...aligned(o), dloss: o.matrix('dloss'), lse: o.matrix('lse'), batchSizes, other }),
  sigmoidCrossEntropy: (o) => losses.sigmoidCrossEntropy(ofScores(o)),
  sigmoidCrossEntropyBackward: (o) => losses.sigmoidCrossEntropyBackward({ ...ofScores(o), dloss: o.matrix('dloss') }),
  meanSquaredError: (o) => losses.meanSquaredError(ofNumbers(o)),
  meanSquaredErrorBackward: (o) => losses.meanSquaredErrorBackward({ ...ofNumbers(o), dloss: o.matrix('dloss') }),
  meanAbsoluteError: (o) => absoluteErrors.meanAbsoluteError(ofNumbers(o)),
  meanAbsoluteErrorBackward: (o) =>
    absoluteErrors.meanAbsoluteErrorBackward({ ...ofNumbers(o), dloss: o.matrix('dloss') }),
  huberLoss: (o) => absoluteErrors.huberLoss(ofHuber(o)),
  huberLossBackward: (o) => absoluteErrors.huberLossBackward({ ...ofHuber(o), dloss: o.matrix('dloss') }),
  quantileLoss: (o) => quantile.quantileLoss(ofQuantile(o)),
  quantileLossBackward: (o) => quantile.quantileLossBackward({ ...ofQuantile(o), dloss: o.matrix('dloss') }),

  meanSquare: (o) => penalties.meanSquare({ x: o.matrix('x') }),
  meanSquareBackward: (o) => penalties.meanSquareBackward({ dloss: o.matrix('dloss'), x: o.matrix('x') }),
  temporalDifference: (o, batchSizes) => penalties.temporalDifference({ x: o.matrix('x'), batchSizes }),
  temporalDifferenceBackward: (o, batchSizes) =>
    penalties.temporalDifferenceBackward({ dloss: o.matrix('dloss'), x: o.matrix('x'), batchSizes }),

  clipNorm: (o) => updates.clipNorm({ g: o.matrix('g'), max: o.matrix('max'), loss: o.optional('loss') }),
  clipValue: (o) => updates.clipValue({ g: o.matrix('g'), limit: o.matrix('limit') }),
  sgd: (o) => updates.sgd({ ...update(o), m: o.optional('m') }),
  adam: (o) => updates.adam({ ...update(o), m: o.matrix('m'), v: o.matrix('v'), largest: o.optional('largest') }),
  adagrad: (o) => updates.adagrad({ ...update(o), s: o.matrix('s') }),
  rmsprop: (o) => updates.rmsprop({ ...update(o), s: o.matrix('s'), m: o.optional('m') }),
  replace: (o) => updates.replace({ w: o.matrix('w'), value: o.matrix('value'), norm: o.matrix('norm') }),
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
  return (values, attributes, batchSizes, other = noAxis) => {
    const operands = new Operands(name, values, attributes);
    const results = run(operands, batchSizes, other);
    operands.rejectUnread();
    return results;
  };
}

function ofOne(o: Operands): functions.OfOne {
  return { code: o.attribute('function'), exponent: o.attribute('exponent') };
}

function ofTwo(o: Operands): functions.OfTwo {
  return { code: o.attribute('function'), a: o.matrix('a'), b: o.matrix('b') };
}

/** The row, or the column, that an operation is given. */
function line(o: Operands): Matrix {
  const [row, column] = [o.optional('row'), o.optional('column')];
  return row ?? column ?? o.matrix('row');
}

/** The second operand of `spread` as a matrix. */
function spreadOf(o: Operands): functions.OfTwo {
  const a = o.matrix('a');
  return { code: o.attribute('function'), a, b: functions.repeated(line(o), a.rows, a.columns) };
}

function lineOf(o: Operands): { line: Matrix; isRow: boolean; rows: number; columns: number } {
  const given = line(o);
  const isRow = o.optional('row') !== undefined;
  return {
    line: given,
    isRow,
    rows: isRow ? o.attribute('rows') : given.rows,
    columns: isRow ? given.columns : o.attribute('columns'),
  };
}

function normalized(o: Operands): { x: Matrix; epsilon: number } {
  return { x: o.matrix('x'), epsilon: o.attribute('epsilon') };
}

function convolved(o: Operands): convolution.ConvolutionAttributes {
  return {
    groups: o.attribute('groups'),
    stride: o.attribute('stride'),
    dilation: o.attribute('dilation'),
    padding: o.attribute('padding'),
    front: o.setting('front'),
  };
}

function byStatistics(o: Operands): { mean: Matrix; variance: Matrix; gain: Matrix | undefined; epsilon: number } {
  return {
    mean: o.matrix('mean'),
    variance: o.matrix('variance'),
    gain: o.optional('gain'),
    epsilon: o.attribute('epsilon'),
  };
}

function aligned(o: Operands): Omit<ctc.CtcOperands, keyof twoAxes.TwoAxes> {
  return {
    logits: o.matrix('logits'),
    labels: o.integers('labels'),
    blank: o.attribute('blank'),
    reduction: o.attribute('reduction'),
    zeroInfinity: o.requiredFlag('zeroInfinity'),
    weights: o.optional('weights'),
  };
}

function ofClasses(o: Operands): losses.ClassOperands {
  return {
    logits: o.matrix('logits'),
    targets: o.integers('targets'),
    weights: o.optional('weights'),
    classWeights: o.optional('classWeights'),
    smoothing: o.attribute('smoothing'),
  };
}

function ofScores(o: Operands): losses.SigmoidOperands {
  const [logits, targets] = [o.matrix('logits'), o.matrix('targets')];
  return { logits, targets, weights: o.optional('weights'), positive: o.optional('positive') };
}

function ofNumbers(o: Operands): losses.SquareOperands {
  return { prediction: o.matrix('prediction'), target: o.matrix('target'), weights: o.optional('weights') };
}

function ofHuber(o: Operands): absoluteErrors.HuberOperands {
  return { ...ofNumbers(o), delta: o.attribute('delta') };
}

function ofQuantile(o: Operands): quantile.QuantileOperands {
  return { ...ofNumbers(o), level: o.attribute('level') };
}

function update(o: Operands): { w: Matrix; g: Matrix; norm: Matrix; h: Matrix } {
  return { w: o.matrix('w'), g: o.matrix('g'), norm: o.matrix('norm'), h: o.matrix('h') };
}

function dotScores(o: Operands): { query: Matrix; key: Matrix; scale: number } {
  return { query: o.matrix('query'), key: o.matrix('key'), scale: o.attribute('scale') };
}

function additiveScores(o: Operands): { query: Matrix; key: Matrix; v: Matrix } {
  return { query: o.matrix('query'), key: o.matrix('key'), v: o.matrix('v') };
}

function attended(o: Operands): { dcontext: Matrix; value: Matrix; lse: Matrix } {
  return { dcontext: o.matrix('dcontext'), value: o.matrix('value'), lse: o.matrix('lse') };
}
