/** Operators with weights: products, convolutions, tables. */

import { columnConvolution } from '../../../network/layers/column-convolution.js';
import { type Conv1dOptions, conv1d } from '../../../network/layers/conv1d.js';
import { dense } from '../../../network/layers/dense.js';
import { columnAxes, laterWeights, numbersAsWeights } from '../emission.js';
import type { OperatorContext, OperatorImports } from '../operator-context.js';
import { columnsOf, describeSizes, isRows, type RowAxis, type Size } from '../sizes.js';
import type { Computed, Constant, GraphValue } from '../value.js';
import { withRank } from './arithmetic.js';
import { numbers2d } from './weights.js';

/** A matrix [outputs, inputs], row-major, and a bias. */
interface Affine {
  readonly from: string;
  readonly outputs: number;
  readonly inputs: number;
  readonly weight: () => Float32Array;
  readonly bias?: { readonly from: string; readonly numbers: Float32Array } | undefined;
}

/** One affine map of the numbers along an axis, the same for all other places. */
function affineAlong(context: OperatorContext, x: Computed, axis: number, map: Affine): Computed {
  const { emission, name } = context;
  const others = columnAxes(x.sizes).filter((each) => each !== axis);
  const order = [...others, axis];
  const { node } = emission.ordered(name, x, order);
  const positions = columnsOf(x.sizes) / map.inputs;
  const weights = {
    weight: laterWeights(map.from, map.outputs * map.inputs, map.weight),
    ...(map.bias !== undefined && { bias: numbersAsWeights(map.bias.from, map.bias.numbers) }),
  };
  const bias = map.bias === undefined ? { bias: false } : {};
  const layer =
    positions === 1
      ? dense({ units: map.outputs, ...bias })
      : columnConvolution({ units: map.outputs, channels: map.inputs, kernelSize: 1, ...bias });
  const sizes = x.sizes.map((size, at) => (at === axis ? map.outputs : size));
  return { kind: 'computed', node: emission.layer(name, layer, [node], weights), sizes, order };
}

/** A value without its last axis, which has one element. */
function withoutLast(y: Computed): Computed {
  const last = y.sizes.length - 1;
  return { ...y, sizes: y.sizes.slice(0, last), order: y.order.filter((axis) => axis !== last) };
}

function requireInputs(context: OperatorContext, x: Computed, axis: number, inputs: number): void {
  const size = x.sizes[axis] as Size;
  if (size !== inputs) context.refuse(`${describeSizes(x.sizes)} is multiplied by a matrix of ${inputs} inputs`);
}

/** A matrix product with a constant matrix on either side. */
function product(context: OperatorContext): readonly GraphValue[] {
  const [a, b] = [context.input(0), context.input(1)];
  if (b.kind === 'constant') {
    // Axes of one element in front of the matrix stand in front of the product, too.
    const x = withRank(context.computed(0), b.shape.length);
    const isVector = b.shape.length === 1;
    const matrix = isVector ? { ...b, shape: [...b.shape, 1] } : b;
    const { rows, columns, read } = numbers2d(context, matrix, true);
    const axis = x.sizes.length - 1;
    requireInputs(context, x, axis, columns);
    const y = affineAlong(context, x, axis, { from: b.name, outputs: rows, inputs: columns, weight: read });
    return [isVector ? withoutLast(y) : y];
  }
  if (a.kind === 'constant') {
    const x = withRank(context.computed(1), a.shape.length);
    const { rows, columns, read } = numbers2d(context, a, false);
    const axis = x.sizes.length - 2;
    requireInputs(context, x, axis, columns);
    return [affineAlong(context, x, axis, { from: a.name, outputs: rows, inputs: columns, weight: read })];
  }
  return context.refuse('a product of two computed matrices');
}

function gemm(context: OperatorContext): readonly GraphValue[] {
  const x = context.computed(0);
  const given = context.constant(1, 'the matrix');
  const [alpha, beta] = [context.float('alpha', 1), context.float('beta', 1)];
  const { rows, columns, read } = numbers2d(context, given, context.int('transB', 0) === 0);
  const isTransposed = context.int('transA', 0) !== 0;
  const axis = isTransposed ? 0 : x.sizes.length - 1;
  requireInputs(context, x, axis, columns);
  const weight = alpha === 1 ? read : () => read().map((number) => number * alpha);
  const map = { from: given.name, outputs: rows, inputs: columns, weight };
  const bias =
    context.inputs[2] === undefined ? undefined : biasOf(context, context.constant(2, 'the bias'), rows, beta);
  const y = affineAlong(context, x, axis, { ...map, bias });
  if (!isTransposed) return [y];
  const [outputs, others] = y.sizes as readonly [Size, Size];
  return [{ ...y, sizes: [others, outputs], order: y.order.map((each) => 1 - each) }];
}

function biasOf(
  context: OperatorContext,
  constant: Constant,
  units: number,
  factor: number,
): NonNullable<Affine['bias']> {
  const read = constant.read().data as ArrayLike<number>;
  const { shape } = constant;
  const last = shape[shape.length - 1] ?? 1;
  if (read.length !== last || (last !== 1 && last !== units)) {
    context.refuse(`a bias [${shape.join(', ')}] for ${units} outputs`);
  }
  const numbers = Float32Array.from({ length: units }, (_, at) => (read[last === 1 ? 0 : at] as number) * factor);
  return { from: constant.name, numbers };
}

/** Zeros in front and behind; `same` where their number depends on the number of steps. */
type Padding = 'same' | readonly [front: number, behind: number];

/** The zeros in front and behind that the attributes of a convolution say. */
function padsOf(context: OperatorContext, length: Size, reach: number, stride: number): Padding {
  const mode = context.text('auto_pad', 'NOTSET');
  if (mode === 'VALID') return [0, 0];
  if (mode === 'NOTSET' || mode === '') {
    const [front = 0, behind = 0] = context.intsOf('pads', 2) ?? [];
    return [front, behind];
  }
  if (mode !== 'SAME_UPPER' && mode !== 'SAME_LOWER') return context.refuse(`auto_pad is '${mode}'`);
  if (typeof length !== 'number' && stride !== 1)
    return mode === 'SAME_UPPER' ? 'same' : context.refuse(`auto_pad '${mode}' with a stride of ${stride}`);
  const total =
    typeof length === 'number' ? Math.max(0, (Math.ceil(length / stride) - 1) * stride + reach - length) : reach - 1;
  const [less, more] = [Math.floor(total / 2), Math.ceil(total / 2)];
  return mode === 'SAME_UPPER' ? [less, more] : [more, less];
}

/** [units, channels, taps] as the library has it: [units, taps, channels]. */
function tapMajor(
  numbers: ArrayLike<number>,
  [units, channels, taps]: readonly [number, number, number],
): Float32Array {
  const weight = new Float32Array(numbers.length);
  for (let unit = 0; unit < units; unit++) {
    for (let tap = 0; tap < taps; tap++) {
      for (let channel = 0; channel < channels; channel++) {
        const from = (unit * channels + channel) * taps + tap;
        weight[(unit * taps + tap) * channels + channel] = numbers[from] as number;
      }
    }
  }
  return weight;
}

function convolution(context: OperatorContext): readonly GraphValue[] {
  const x = context.computed(0);
  const kernel = context.constant(1, 'the kernel');
  if (x.sizes.length !== 3 || kernel.shape.length !== 3) {
    return context.refuse(
      `${describeSizes(x.sizes)} with the kernel [${kernel.shape.join(', ')}]: only convolutions along one axis are known`,
    );
  }
  const [, channels, length] = x.sizes as readonly [Size, Size, Size];
  const [units, each, kernelSize] = kernel.shape as readonly [number, number, number];
  const [stride = 1] = context.intsOf('strides', 1) ?? [];
  const [dilation = 1] = context.intsOf('dilations', 1) ?? [];
  const groups = context.int('group', 1);
  if (stride < 1 || dilation < 1 || groups < 1) {
    return context.refuse(`strides ${stride}, dilations ${dilation}, group ${groups}: expected numbers from 1 on`);
  }
  if (channels !== each * groups)
    return context.refuse(`${describeSizes(x.sizes)} with ${groups} groups of ${each} channels`);
  const reach = (kernelSize - 1) * dilation + 1;
  const padding = padsOf(context, length, reach, stride);
  const { emission, name } = context;
  const weight = () => tapMajor(kernel.float32(), [units, each, kernelSize]);
  const bias = context.inputs[2] === undefined ? undefined : biasOf(context, context.constant(2, 'the bias'), units, 1);
  const weights = {
    weight: laterWeights(kernel.name, units * each * kernelSize, weight),
    ...(bias !== undefined && { bias: numbersAsWeights(bias.from, bias.numbers) }),
  };
  const shared = {
    units,
    kernelSize,
    ...(stride !== 1 && { stride }),
    ...(dilation !== 1 && { dilation }),
    ...(groups !== 1 && { groups }),
    ...(bias === undefined && { bias: false }),
  };
  if (isRows(length)) {
    // ceil(n / stride) = floor((n - 1) / stride) + 1
    const left = padding === 'same' ? 1 : reach - padding[0] - padding[1];
    const node = emission.layer(
      name,
      conv1d({ ...shared, ...paddingOf(padding, reach) }),
      [emission.ordered(name, x, [1]).node],
      weights,
    );
    return [
      {
        kind: 'computed',
        node,
        sizes: [x.sizes[0] as Size, units, stepsLeft(context, length, left, stride)],
        order: [1],
      },
    ];
  }
  const order = [...columnAxes(x.sizes).filter((axis) => axis === 0), 2, 1];
  if (x.sizes[0] !== 1 && !isRows(x.sizes[0] as Size))
    return context.refuse(`${describeSizes(x.sizes)} has columns where examples should be`);
  const { node } = emission.ordered(name, x, order);
  const [front, behind] = padding as readonly [number, number];
  const layer = columnConvolution({
    ...shared,
    channels,
    ...((front > 0 || behind > 0) && { padding: [front, behind] }),
  });
  const positions = Math.floor((length + front + behind - reach) / stride) + 1;
  if (positions < 1) return context.refuse(`${length} positions are fewer than the kernel looks at`);
  return [
    {
      kind: 'computed',
      node: emission.layer(name, layer, [node], weights),
      sizes: [x.sizes[0] as Size, units, positions],
      order,
    },
  ];
}

/** The option `padding` of a convolution along steps. */
function paddingOf(padding: Padding, reach: number): Pick<Conv1dOptions, 'padding'> {
  if (padding === 'same') return { padding };
  const [front, behind] = padding;
  if (front === 0 && behind === 0) return {};
  return { padding: front === reach - 1 && behind === 0 ? 'causal' : [front, behind] };
}

/** The axis of the steps that are left where each result looks at so many of them. */
export function stepsLeft(
  context: OperatorContext,
  axes: readonly RowAxis[],
  reach: number,
  stride: number,
): readonly RowAxis[] {
  const [axis, ...others] = axes;
  if (axis === undefined || others.length > 0 || !axis.startsWith('time'))
    return context.refuse(`along ${axes.join('*')}`);
  return reach === 1 && stride === 1 ? axes : [`${axis}/${reach}:${stride}` as RowAxis];
}

export const productOperators: OperatorImports = { MatMul: product, Gemm: gemm, Conv: convolution };
