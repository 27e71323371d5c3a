/** Convolution along each sequence. */
import { derivationOf } from '../../graph/derived-axis.js';
import { EXPLICIT, PADDINGS } from '../../graph/operations/convolution.js';
import type { Value } from '../../graph/value.js';
import type { Emission, Emitters } from './emission.js';
import { int, ints } from './onnx-graph.js';
import { stepsFirst, stepsLast } from './row-emitters.js';
import { contextSteps } from './time-emitters.js';
import { packedRows, rowsOf } from './weights.js';

/** The steps that a convolution reads, and how many zeros stand at either end of them. */
interface Padded {
  readonly x: string;
  readonly pads: readonly [number, number];
}

/** Zeros, or the steps of the context, in front. */
function causal(operation: Emission, before: number): Padded {
  const { onnx } = operation;
  const x = operation.value('x');
  const h0 = operation.stateTensor('h0');
  if (h0 === undefined) return { x: operation.tensor('x'), pads: [before, 0] };
  const context = contextSteps(operation, h0, x.columns);
  const steps = operation.value('h0').columns / x.columns;
  return { x: onnx.concatenate([context, operation.tensor('x')], 0), pads: [before - steps, 0] };
}

/**
 * Padding at both ends with a stride: how many zeros stand in front depends on the length of each sequence. The steps of each are moved
 * by so many.
 */
function sameWithStride(operation: Emission, before: number, stride: number): Padded {
  const { onnx, axes } = operation;
  const axis = operation.axisOf(operation.value('x'));
  const x = operation.tensor('x');
  const reach = before + 1;
  const last = (count: string) => {
    const strides = onnx.emit('Div', [onnx.emit('Add', [count, onnx.ints(stride - 1)]), onnx.ints(stride)]);
    return onnx.emit('Mul', [onnx.emit('Sub', [strides, onnx.ints(1)]), onnx.ints(stride)]);
  };
  const lengths = axes.lengths(axis) ?? onnx.emit('Expand', [axes.steps(axis), axes.batch(axis)]);
  const missing = onnx.emit('Sub', [onnx.emit('Add', [last(lengths), onnx.ints(reach)]), lengths]);
  const left = onnx.emit('Div', [onnx.emit('Max', [missing, onnx.ints(0)]), onnx.ints(2)]);
  const count = onnx.emit('Add', [last(axes.steps(axis)), onnx.ints(reach)]);
  // int64 [count, batch]: the step that stands at each place.
  const steps = onnx.emit('Sub', [onnx.unsqueeze(axes.range(count), 1), onnx.unsqueeze(left, 0)]);
  const isBehind = onnx.emit('Not', [onnx.emit('Less', [steps, onnx.unsqueeze(lengths, 0)])]);
  const isOutside = onnx.emit('Or', [onnx.emit('Less', [steps, onnx.ints(0)]), isBehind]);
  const inside = onnx.emit('Where', [isOutside, onnx.ints(0), steps]);
  const sequences = onnx.emit('Expand', [axes.sequences(axis), onnx.emit('Shape', [inside])]);
  const places = onnx.concatenate([onnx.unsqueeze(inside, 2), onnx.unsqueeze(sequences, 2)], 2);
  const moved = onnx.emit('GatherND', [x, places]);
  return { x: onnx.emit('Where', [onnx.unsqueeze(isOutside, 2), onnx.float(0), moved]), pads: [0, 0] };
}

/** Zeros at both ends, of which the odd one stands behind. */
function same(operation: Emission, before: number, stride: number): Padded {
  if (stride > 1) return sameWithStride(operation, before, stride);
  const x = operation.axes.masked(operation.axisOf(operation.value('x')), operation.tensor('x'));
  const left = Math.floor(before / 2);
  return { x, pads: [left, before - left] };
}

/** So many zeros in front, and those behind that the number of outputs asks for. */
function explicit(operation: Emission, before: number): Padded {
  const [x, y] = [operation.value('x'), operation.output('y') as Value];
  const [from, to] = [operation.axisOf(x), operation.axisOf(y)];
  const reach = from === to ? 1 : (derivationOf(to)?.reach ?? 1);
  const front = operation.attribute('front');
  const behind = before + 1 - front - reach;
  const tensor = operation.tensor('x');
  return { x: behind > 0 ? operation.axes.masked(from, tensor) : tensor, pads: [front, behind] };
}

/** The input of a convolution with its padding. */
function paddedInput(operation: Emission, before: number, stride: number): Padded {
  const padding = operation.attribute('padding');
  if (padding === PADDINGS.causal) return causal(operation, before);
  if (padding === PADDINGS.same) return same(operation, before, stride);
  return padding === EXPLICIT ? explicit(operation, before) : { x: operation.tensor('x'), pads: [0, 0] };
}

function convolution(operation: Emission): Record<string, string> {
  const { onnx, weights } = operation;
  const [x, packed] = [operation.value('x'), packedRows(operation.value('p'))];
  const [groups, stride] = [operation.attribute('groups'), operation.attribute('stride')];
  const dilation = operation.attribute('dilation');
  const each = x.columns / groups;
  const { columns } = packed.matrix;
  const taps = columns / each;
  const read = paddedInput(operation, (taps - 1) * dilation, stride);
  const { columns: outputs } = operation.output('y') as Value;
  const kernel = weights.joined(operation, [rowsOf(packed, 0, outputs)], [outputs, taps, each]);
  const bias = operation.optionalTensor('b');
  const inputs = [stepsLast(operation, read.x), onnx.transpose(kernel, 0, 2, 1), ...(bias === undefined ? [] : [bias])];
  const y = onnx.emit('Conv', inputs, {
    kernel_shape: ints(taps),
    strides: ints(stride),
    dilations: ints(dilation),
    group: int(groups),
    pads: ints(...read.pads),
  });
  return { y: stepsFirst(operation, y) };
}

/** The emitter of convolutions. */
export const convolutionEmitters: Emitters = { convolution };
