/** Means and largest elements of neighbours. */
import { conv1d } from '../../../network/layers/conv1d.js';
import { columnAxes, numbersAsWeights } from '../emission.js';
import type { OperatorContext, OperatorImport, OperatorImports } from '../operator-context.js';
import { describeSizes, isRows, type RowAxis, type Size } from '../sizes.js';
import type { Computed } from '../value.js';
import { ofNumber, ofTwo } from './arithmetic.js';
import { stepsLeft } from './products.js';

/** Longest window: each place of it is an operation. */
const MOST_TAPS = 256;

interface Window {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
}

/** The window along the only axis behind examples and channels. */
function windowOf(context: OperatorContext, x: Computed): Window {
  const { sizes } = x;
  if (sizes.length !== 3) return context.refuse(`${describeSizes(sizes)}: only windows along one axis are known`);
  const [kernel = 0, ...others] = context.ints('kernel_shape') ?? [];
  if (kernel < 1 || kernel > MOST_TAPS || others.length > 0) {
    return context.refuse(
      `kernel_shape is [${[kernel, ...others].join(', ')}], expected one number from 1 to ${MOST_TAPS}`,
    );
  }
  const [stride = 1] = context.intsOf('strides', 1) ?? [];
  const [dilation = 1] = context.intsOf('dilations', 1) ?? [];
  const mode = context.text('auto_pad', 'NOTSET');
  const isPadded = (context.ints('pads') ?? []).some((count) => count !== 0) || !['NOTSET', 'VALID', ''].includes(mode);
  if (stride < 1 || dilation < 1)
    return context.refuse(`strides ${stride}, dilations ${dilation}: expected numbers from 1 on`);
  // Windows at the ends would be of fewer elements.
  if (isPadded) return context.refuse('windows reach beyond the ends (pads, auto_pad)');
  if (context.int('ceil_mode', 0) !== 0) return context.refuse('ceil_mode is 1: the last window is incomplete');
  return { kernel, stride, dilation };
}

/** Along steps: a convolution of each channel by itself with these weights, [kernel]. */
function weighted(context: OperatorContext, x: Computed, window: Window, taps: readonly number[]): Computed {
  const { emission, name } = context;
  const { kernel, stride, dilation } = window;
  const [batch, channels, time] = x.sizes as readonly [Size, Size, readonly RowAxis[]];
  if (typeof channels !== 'number') return context.refuse(`${describeSizes(x.sizes)} has no channels`);
  const layer = conv1d({ units: channels, groups: channels, kernelSize: kernel, stride, dilation, bias: false });
  const numbers = Array.from({ length: channels * kernel }, (_, at) => taps[at % kernel] as number);
  const weights = { weight: numbersAsWeights(`${name} (window)`, numbers) };
  const node = emission.layer(name, layer, [emission.ordered(name, x, [1]).node], weights);
  const reach = (kernel - 1) * dilation + 1;
  return { kind: 'computed', node, sizes: [batch, channels, stepsLeft(context, time, reach, stride)], order: [1] };
}

/** Along columns: the elements at one place of each window. */
function places(context: OperatorContext, x: Computed, { kernel, stride, dilation }: Window, tap: number): Computed {
  const length = x.sizes[2] as number;
  const count = Math.floor((length - (kernel - 1) * dilation - 1) / stride) + 1;
  if (count < 1) return context.refuse(`${length} positions are fewer than the window has`);
  const indices = Array.from({ length: count }, (_, at) => at * stride + tap * dilation);
  return context.emission.select(context.name, x, 2, indices);
}

const pooled =
  (how: 'mean' | 'largest'): OperatorImport =>
  (context) => {
    const x = context.computed(0);
    const window = windowOf(context, x);
    const { kernel } = window;
    const isAlongSteps = isRows(x.sizes[2] as Size);
    if (isAlongSteps && how === 'mean') {
      context.emission.builder.note(
        `The window of '${context.name}' is the weight of a convolution: training would change it.`,
      );
      return [weighted(context, x, window, new Array<number>(kernel).fill(1 / kernel))];
    }
    if (columnAxes(x.sizes).includes(0) && x.sizes[0] !== 1) context.refuse(`${describeSizes(x.sizes)}`);
    const parts = Array.from({ length: kernel }, (_, tap) =>
      isAlongSteps
        ? weighted(
            context,
            x,
            window,
            Array.from({ length: kernel }, (_each, at) => Number(at === tap)),
          )
        : places(context, x, window, tap),
    );
    if (isAlongSteps) {
      context.emission.builder.note(
        `The window of '${context.name}' is the weights of convolutions: training would change them.`,
      );
    }
    const joined = parts.reduce((all, part) => ofTwo(context, how === 'mean' ? 'add' : 'maximum', all, part));
    return [how === 'mean' ? ofNumber(context, 'divide', joined, kernel, false) : joined];
  };

export const poolingOperators: OperatorImports = { AveragePool: pooled('mean'), MaxPool: pooled('largest') };
