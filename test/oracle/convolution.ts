/**
 * Reference of convolution along each sequence and of its gradients. Letters: M packed rows and E sequences of x, N packed rows and
 * B sequences of y, I columns of x, O of y, J numbers of a row of the weights, S of the context. The gradient of x has its own
 * axis where x is, and y on the other one.
 */

import { ShapeError } from '../../src/core/errors.js';
import { accumulate, at, atOrZero, element, type Matrix, put, requireShape, zeros } from './matrix.js';
import { packedOffsets, rowCount, sequenceCount } from './packed.js';
import { partners, type TwoAxes } from './two-axes.js';

/** What a convolution is, beside its weights. */
export interface ConvolutionAttributes {
  readonly groups: number;
  readonly stride: number;
  readonly dilation: number;
  /** 0 causal, 1 same, 2 valid, 3 explicit. */
  readonly padding: number;
  /** Steps in front with explicit padding. */
  readonly front: number;
}

/** Sizes of a convolution and its sequences. */
interface Sizes extends ConvolutionAttributes {
  readonly inputs: number;
  readonly outputs: number;
  readonly width: number;
  /** Numbers of the context of a sequence. */
  readonly context: number;
  readonly xBatchSizes: readonly number[];
  readonly yBatchSizes: readonly number[];
  /** Sequences of x and of y that belong together. */
  readonly pairs: readonly (readonly [ofX: number, ofY: number])[];
}

/** Row of y; column of y, which is the row of w; column of w; row and column of x, or of the context. */
type Visit = (yRow: number, output: number, tap: number, xRow: number, xColumn: number, isContext: boolean) => void;

function lengthOf(batchSizes: readonly number[], sequence: number): number {
  return batchSizes.filter((alive) => sequence < alive).length;
}

/** Steps of padding in front of a sequence. */
function leftOf({ padding, stride, dilation, front }: Sizes, taps: number, length: number): number {
  const reach = (taps - 1) * dilation + 1;
  if (padding === 0) return reach - 1;
  if (padding === 2) return 0;
  if (padding === 3) return front;
  return Math.floor(Math.max(0, (Math.ceil(length / stride) - 1) * stride + reach - length) / 2);
}

/** Visits where the factors of every product of every element of y stand. */
function forEachTerm(sizes: Sizes, visit: Visit): void {
  const { groups, inputs, outputs, width, context, stride, dilation, xBatchSizes, yBatchSizes, pairs } = sizes;
  const [own, each] = [inputs / groups, outputs / groups];
  const taps = width / own;
  const steps = context / inputs;
  if (![own, each, taps, steps].every(Number.isInteger)) {
    throw new ShapeError(
      'shape_mismatch',
      `${inputs} inputs, ${outputs} outputs, ${groups} groups, ${width}, ${context}`,
    );
  }
  const [xOffsets, yOffsets] = [packedOffsets(xBatchSizes), packedOffsets(yBatchSizes)];
  for (const [ofX, ofY] of pairs) {
    const length = lengthOf(xBatchSizes, ofX);
    const left = leftOf(sizes, taps, length);
    for (let t = 0; t < lengthOf(yBatchSizes, ofY); t++) {
      for (let o = 0; o < outputs; o++) {
        const group = Math.floor(o / each);
        for (let k = 0; k < width; k++) {
          const step = t * stride + Math.floor(k / own) * dilation - left;
          if (step < -steps || step >= length) continue;
          const column = group * own + (k % own);
          const yRow = element(yOffsets, t) + ofY;
          if (step < 0) visit(yRow, o, k, ofX, (step + steps) * inputs + column, true);
          else visit(yRow, o, k, element(xOffsets, step) + ofX, column, false);
        }
      }
    }
  }
}

/** Sizes where x lies on the other axis. */
function sizesOf(
  { batchSizes, other, ...attributes }: TwoAxes & ConvolutionAttributes,
  x: Matrix,
  h0: Matrix | undefined,
  outputs: number,
  width: number,
): Sizes {
  requireShape('x', x, rowCount(other.batchSizes), x.columns);
  requireShape('h0', h0, sequenceCount(other.batchSizes), h0?.columns ?? 0);
  return {
    ...attributes,
    inputs: x.columns,
    outputs,
    width,
    context: h0?.columns ?? 0,
    xBatchSizes: other.batchSizes,
    yBatchSizes: batchSizes,
    pairs: [...partners({ batchSizes, other }).entries()].map(([ofY, ofX]) => [ofX, ofY] as const),
  };
}

/**
 * y[t] = sum over taps of w[tap] x[t * stride + tap * dilation - left] + b, of each sequence.
 *
 * @param operands.x  [M,I]
 * @param operands.w  [O,J] a row holds the inputs of its group, tap by tap
 * @param operands.b  [1,O]; absent means zeros
 * @param operands.h0 [E,S] the steps before the first; absent means zeros
 * @returns y [N,O]
 */
export function convolution(
  operands: TwoAxes & ConvolutionAttributes & { x: Matrix; w: Matrix; b: Matrix | undefined; h0: Matrix | undefined },
): { y: Matrix } {
  const { x, w, b, h0, ...others } = operands;
  requireShape('b', b, 1, w.rows);
  const y = zeros(rowCount(others.batchSizes), w.rows);
  forEachTerm(sizesOf(others, x, h0, w.rows, w.columns), (yRow, output, tap, xRow, xColumn, isContext) => {
    accumulate(y, yRow, output, at(w, output, tap) * at(isContext ? (h0 as Matrix) : x, xRow, xColumn));
  });
  for (let row = 0; row < y.rows; row++) {
    for (let column = 0; column < y.columns; column++) put(y, row, column, at(y, row, column) + atOrZero(b, 0, column));
  }
  return { y };
}

/**
 * The gradients of x and of the context.
 *
 * @param operands.dy [M,O]
 * @param operands.w  [O,J]
 * @param operands.inputs  I
 * @param operands.context S, 0 where there is no context
 * @returns dx [N,I], dh0 [B,S]
 */
export function convolutionInputGradient(
  operands: TwoAxes & ConvolutionAttributes & { dy: Matrix; w: Matrix; inputs: number; context: number },
): Record<string, Matrix> {
  const { dy, w, inputs, context, batchSizes, other, ...attributes } = operands;
  requireShape('dy', dy, rowCount(other.batchSizes), w.rows);
  const dx = zeros(rowCount(batchSizes), inputs);
  const dh0 = zeros(sequenceCount(batchSizes), context);
  const pairs = [...partners({ batchSizes, other }).entries()];
  const sizes = { inputs, outputs: w.rows, width: w.columns, context, pairs, ...attributes };
  const ofAxes = { ...sizes, xBatchSizes: batchSizes, yBatchSizes: other.batchSizes };
  forEachTerm(ofAxes, (yRow, output, tap, xRow, xColumn, isContext) => {
    accumulate(isContext ? dh0 : dx, xRow, xColumn, at(dy, yRow, output) * at(w, output, tap));
  });
  return context === 0 ? { dx } : { dx, dh0 };
}

/**
 * The gradient of the weights.
 *
 * @param operands.dy [N,O]
 * @param operands.x  [M,I]
 * @param operands.h0 [E,S]; absent means zeros
 * @param operands.width J
 * @returns dW [O,J]
 */
export function convolutionWeightGradient(
  operands: TwoAxes & ConvolutionAttributes & { dy: Matrix; x: Matrix; h0: Matrix | undefined; width: number },
): { dW: Matrix } {
  const { dy, x, h0, width, ...others } = operands;
  requireShape('dy', dy, rowCount(others.batchSizes), dy.columns);
  const dW = zeros(dy.columns, width);
  forEachTerm(sizesOf(others, x, h0, dy.columns, width), (yRow, output, tap, xRow, xColumn, isContext) => {
    accumulate(dW, output, tap, at(dy, yRow, output) * at(isContext ? (h0 as Matrix) : x, xRow, xColumn));
  });
  return { dW };
}

/**
 * The last steps of h0 and then x, as many as h0 has.
 *
 * @param operands.x  [N,F]
 * @param operands.h0 [B,S]
 * @returns hT [B,S]
 */
export function lastSteps({ x, h0, batchSizes }: { x: Matrix; h0: Matrix; batchSizes: readonly number[] }): {
  hT: Matrix;
} {
  requireShape('x', x, rowCount(batchSizes), x.columns);
  requireShape('h0', h0, sequenceCount(batchSizes), h0.columns);
  const steps = Math.floor(h0.columns / x.columns);
  const offsets = packedOffsets(batchSizes);
  const hT = zeros(h0.rows, h0.columns);
  for (let sequence = 0; sequence < h0.rows; sequence++) {
    const length = lengthOf(batchSizes, sequence);
    for (let index = 0; index < steps; index++) {
      const step = length - steps + index;
      for (let column = 0; column < x.columns; column++) {
        const value =
          step < 0
            ? at(h0, sequence, (steps + step) * x.columns + column)
            : at(x, element(offsets, step) + sequence, column);
        put(hT, sequence, index * x.columns + column, value);
      }
    }
  }
  return { hT };
}
