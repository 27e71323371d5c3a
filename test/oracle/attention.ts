/**
 * Reference of attention over the steps of another time axis. Letters: N packed rows of the queries' axis, M of the other
 * one, K columns of queries and keys, A those of additive attention, F columns of values, S steps that are shown.
 */
import { accumulate, at, element, type Matrix, put, requireShape, zeros } from './matrix.js';
import { packedSteps, rowCount } from './packed.js';
import { type LogSum, probability, putLogSum } from './softmax.js';
import { partners, type TwoAxes } from './two-axes.js';

/** How a row of the queries and a row of the keys make a score, and what a gradient of it gives. */
interface Scoring {
  score(row: number, keyRow: number): number;
  backward(row: number, keyRow: number, dscore: number): void;
}

/** For each packed row of the queries: the packed rows of the sequence of the other axis that has the same sample. */
function meetings(axes: TwoAxes): { row: number; keyRows: number[] }[] {
  const places = partners(axes);
  const steps = packedSteps(axes.other.batchSizes);
  return packedSteps(axes.batchSizes).map(({ row, sequence }) => {
    const place = element(places, sequence);
    return { row, keyRows: steps.filter((step) => step.sequence === place).map((step) => step.row) };
  });
}

/** Softmax of the scores of one row. The weights are not made of lse, whose rounding is that of large scores. */
function softmaxOf(scoring: Scoring, row: number, keyRows: readonly number[]): { weights: number[]; lse: LogSum } {
  const scores = keyRows.map((keyRow) => scoring.score(row, keyRow));
  const most = Math.max(...scores);
  const exponentials = scores.map((score) => Math.exp(score - most));
  const sum = exponentials.reduce((total, exponential) => total + exponential, 0);
  return { weights: exponentials.map((exponential) => exponential / sum), lse: { largest: most, log: Math.log(sum) } };
}

function forward(scoring: Scoring, value: Matrix, axes: TwoAxes): { context: Matrix; lse: Matrix } {
  requireShape('value', value, rowCount(axes.other.batchSizes), value.columns);
  const rows = rowCount(axes.batchSizes);
  const [context, lse] = [zeros(rows, value.columns), zeros(rows, 2)];
  for (const { row, keyRows } of meetings(axes)) {
    const softmax = softmaxOf(scoring, row, keyRows);
    putLogSum(lse, row, softmax.lse);
    for (const [step, keyRow] of keyRows.entries()) {
      const weight = element(softmax.weights, step);
      for (let f = 0; f < value.columns; f++) accumulate(context, row, f, weight * at(value, keyRow, f));
    }
  }
  return { context, lse };
}

function backward(
  scoring: Scoring,
  { dcontext, value, lse, ...axes }: TwoAxes & { dcontext: Matrix; value: Matrix; lse: Matrix },
): Matrix {
  requireShape('dcontext', dcontext, rowCount(axes.batchSizes), value.columns);
  requireShape('lse', lse, rowCount(axes.batchSizes), 2);
  requireShape('value', value, rowCount(axes.other.batchSizes), value.columns);
  const dvalue = zeros(value.rows, value.columns);
  for (const { row, keyRows } of meetings(axes)) {
    const weights = keyRows.map((keyRow) => probability(scoring.score(row, keyRow), lse, row));
    const dweights = keyRows.map((keyRow) => {
      let sum = 0;
      for (let f = 0; f < value.columns; f++) sum += at(dcontext, row, f) * at(value, keyRow, f);
      return sum;
    });
    const mean = weights.reduce((sum, weight, step) => sum + weight * element(dweights, step), 0);
    for (const [step, keyRow] of keyRows.entries()) {
      const weight = element(weights, step);
      for (let f = 0; f < value.columns; f++) accumulate(dvalue, keyRow, f, weight * at(dcontext, row, f));
      scoring.backward(row, keyRow, weight * (element(dweights, step) - mean));
    }
  }
  return dvalue;
}

function show(scoring: Scoring, columns: number, axes: TwoAxes): { weights: Matrix } {
  const weights = zeros(rowCount(axes.batchSizes), columns);
  for (const { row, keyRows } of meetings(axes)) {
    const all = softmaxOf(scoring, row, keyRows).weights.slice(0, columns);
    for (const [step, weight] of all.entries()) put(weights, row, step, weight);
  }
  return { weights };
}

/** Operands of scores that are products. */
interface DotOperands extends TwoAxes {
  readonly query: Matrix;
  readonly key: Matrix;
  readonly scale: number;
}

/** Operands of additive scores. */
interface AdditiveOperands extends TwoAxes {
  readonly query: Matrix;
  readonly key: Matrix;
  readonly v: Matrix;
}

function dotScoring({ query, key, scale, ...axes }: DotOperands): Scoring & { dquery: Matrix; dkey: Matrix } {
  requireShape('query', query, rowCount(axes.batchSizes), key.columns);
  requireShape('key', key, rowCount(axes.other.batchSizes), key.columns);
  const [dquery, dkey] = [zeros(query.rows, query.columns), zeros(key.rows, key.columns)];
  return {
    dquery,
    dkey,
    score: (row, keyRow) => {
      let sum = 0;
      for (let k = 0; k < key.columns; k++) sum += at(query, row, k) * at(key, keyRow, k);
      return scale * sum;
    },
    backward: (row, keyRow, dscore) => {
      for (let k = 0; k < key.columns; k++) {
        accumulate(dquery, row, k, scale * dscore * at(key, keyRow, k));
        accumulate(dkey, keyRow, k, scale * dscore * at(query, row, k));
      }
    },
  };
}

function additiveScoring({ query, key, v, ...axes }: AdditiveOperands) {
  requireShape('query', query, rowCount(axes.batchSizes), key.columns);
  requireShape('key', key, rowCount(axes.other.batchSizes), key.columns);
  requireShape('v', v, 1, key.columns);
  const [dquery, dkey, dv] = [zeros(query.rows, query.columns), zeros(key.rows, key.columns), zeros(1, v.columns)];
  const scoring: Scoring = {
    score: (row, keyRow) => {
      let sum = 0;
      for (let a = 0; a < v.columns; a++) sum += at(v, 0, a) * Math.tanh(at(query, row, a) + at(key, keyRow, a));
      return sum;
    },
    backward: (row, keyRow, dscore) => {
      for (let a = 0; a < v.columns; a++) {
        const y = Math.tanh(at(query, row, a) + at(key, keyRow, a));
        accumulate(dv, 0, a, dscore * y);
        accumulate(dquery, row, a, dscore * at(v, 0, a) * (1 - y * y));
        accumulate(dkey, keyRow, a, dscore * at(v, 0, a) * (1 - y * y));
      }
    },
  };
  return { ...scoring, dquery, dkey, dv };
}

/**
 * context = sum over the steps s of the source of softmax(scale * query . key[s]) * value[s].
 *
 * @param operands.query [N,K]
 * @param operands.key   [M,K]
 * @param operands.value [M,F]
 * @returns context [N,F]; lse [N,2], log-sum-exp of the scores of every row in two parts
 */
export function attention({ value, ...scores }: DotOperands & { value: Matrix }): { context: Matrix; lse: Matrix } {
  return forward(dotScoring(scores), value, scores);
}

/**
 * The gradients of attention.
 *
 * @param operands.dcontext [N,F]
 * @param operands.lse      [N,2] from the forward pass
 * @returns dquery [N,K], dkey [M,K], dvalue [M,F]
 */
export function attentionBackward(operands: DotOperands & { dcontext: Matrix; value: Matrix; lse: Matrix }) {
  const { dcontext, value, lse, ...scores } = operands;
  const scoring = dotScoring(scores);
  const dvalue = backward(scoring, { ...scores, dcontext, value, lse });
  return { dquery: scoring.dquery, dkey: scoring.dkey, dvalue };
}

/**
 * The weights of attention, of the first steps of each source; 0 behind its end.
 *
 * @returns weights [N,columns]
 */
export function attentionWeights({ columns, ...scores }: DotOperands & { columns: number }): { weights: Matrix } {
  return show(dotScoring(scores), columns, scores);
}

/**
 * context = sum over the steps s of the source of softmax(v . tanh(query + key[s])) * value[s].
 *
 * @param operands.query [N,A]
 * @param operands.key   [M,A]
 * @param operands.v     [1,A]
 * @param operands.value [M,F]
 * @returns context [N,F]; lse [N,2]
 */
export function additiveAttention({ value, ...scores }: AdditiveOperands & { value: Matrix }) {
  return forward(additiveScoring(scores), value, scores);
}

/**
 * The gradients of additive attention.
 *
 * @returns dquery [N,A], dkey [M,A], dv [1,A], dvalue [M,F]
 */
export function additiveAttentionBackward(
  operands: AdditiveOperands & { dcontext: Matrix; value: Matrix; lse: Matrix },
) {
  const { dcontext, value, lse, ...scores } = operands;
  const scoring = additiveScoring(scores);
  const dvalue = backward(scoring, { ...scores, dcontext, value, lse });
  return { dquery: scoring.dquery, dkey: scoring.dkey, dv: scoring.dv, dvalue };
}

/** The weights of additive attention, as {@link attentionWeights}. */
export function additiveAttentionWeights({ columns, ...scores }: AdditiveOperands & { columns: number }) {
  return show(additiveScoring(scores), columns, scores);
}
