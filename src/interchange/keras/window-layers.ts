/** Layers of Keras that look at neighbouring steps and have no weights: pooling of windows, and zeros at the ends. */
import { type Conv1dOptions, conv1d } from '../../network/layers/conv1d.js';
import { operation } from '../../network/layers/operation.js';
import type { WeightSource } from '../shared/imported-network.js';
import type { Conversion } from './conversion.js';
import type { Converter } from './feed-forward-layers.js';
import { describeLayer, type KerasLayer } from './keras-layer.js';
import { convolvedSteps, type KerasSteps, type KerasValue } from './keras-value.js';
import type { LayerOptions } from './layer-options.js';

/** Longest window: for the largest element each place of it is a convolution. */
const MOST_TAPS = 256;

/** Its square is above all numbers of a sequence but the last decade of float32, and finite, so that 0 times it is 0. */
const ROOT_OF_LARGEST = 1e19;

/** The input with the steps of sequences in the order of time. */
function neighbours(to: Conversion, layer: KerasLayer, inputs: readonly KerasValue[], options: LayerOptions) {
  const x = to.sequences(layer, inputs);
  options.require(
    'data_format',
    [undefined, null, 'channels_last'],
    'the numbers of a step stand in the last axis here',
  );
  if (x.steps.isReversed) throw to.refuse(layer, 'its input is in reverse order of time');
  to.readSteps(layer, x);
  return to.unmasked(layer, x);
}

/** Windows of steps. */
interface Windows {
  readonly taps: number;
  readonly convolution: Pick<Conv1dOptions, 'kernelSize' | 'stride' | 'padding'>;
  readonly steps: KerasSteps;
  /** Whether windows at the ends reach beyond them: Keras leaves out what is not there. */
  readonly reachBeyond: boolean;
}

function windowsOf(
  to: Conversion,
  layer: KerasLayer,
  x: KerasValue & { steps: KerasSteps },
  options: LayerOptions,
): Windows {
  const taps = options.countOfOne('pool_size', 2);
  const stride = options.countOfOne('strides', taps);
  if (taps > MOST_TAPS) throw options.refuse('pool_size', taps, `windows have at most ${MOST_TAPS} steps here`);
  const padding = options.text('padding', 'valid');
  if (padding !== 'valid' && padding !== 'same') {
    throw options.refuse('padding', padding, 'expected one of valid, same');
  }
  const isPadded = padding === 'same' && taps > 1;
  const reach = isPadded ? 1 : taps;
  to.note(`The windows of ${describeLayer(layer)} are weights of convolutions: training would change them.`);
  return {
    taps,
    convolution: { kernelSize: taps, stride, padding: isPadded ? 'same' : 'valid' },
    steps: convolvedSteps(x.steps, reach, stride),
    reachBeyond: isPadded,
  };
}

/** The same numbers of a window for each of so many columns, as weights of a convolution. */
function windowWeight(columns: number, numbers: readonly number[]): WeightSource {
  const count = columns * numbers.length;
  const read = () => Float32Array.from({ length: count }, (_, at) => numbers[at % numbers.length] as number);
  return { from: `a window [${numbers.join(', ')}]`, count, read };
}

/** The sum over each window, of each column by itself, with these numbers as factors; 0 stands beyond the ends. */
function weighted(
  to: Conversion,
  layer: KerasLayer,
  x: KerasValue,
  { convolution, steps }: Windows,
  numbers: readonly number[],
): KerasValue {
  const { columns } = x;
  const description = conv1d({ ...convolution, units: columns, groups: columns, bias: false });
  const weights = { weight: windowWeight(columns, numbers) };
  return { ...to.node(layer.name, description, [x], columns, weights), steps };
}

/** A column of ones for each step. */
function ones(to: Conversion, layer: KerasLayer, x: KerasValue): KerasValue {
  const column = to.node(layer.name, operation('slice', { begin: 0, end: 1 }), [x], 1);
  return to.apply('add', [to.apply('multiply', [column], { number: 0 })], { number: 1 });
}

const place = (taps: number, tap: number) => Array.from({ length: taps }, (_, at) => Number(at === tap));

const maxPooling: Converter = (to, layer, inputs, options) => {
  const x = neighbours(to, layer, inputs, options);
  const windows = windowsOf(to, layer, x, options);
  const { taps, reachBeyond } = windows;
  const there = reachBeyond ? ones(to, layer, x) : undefined;
  const parts = Array.from({ length: taps }, (_, tap) => {
    const part = weighted(to, layer, x, windows, place(taps, tap));
    if (there === undefined) return part;
    const isThere = weighted(to, layer, there, windows, place(taps, tap));
    const missing = to.apply('subtract', [isThere], { number: 1, isFirst: true });
    const large = to.apply('multiply', [missing], { number: ROOT_OF_LARGEST });
    const lowest = to.apply('multiply', [large], { number: -ROOT_OF_LARGEST });
    return to.apply('add', [part, lowest]);
  });
  return parts.reduce((all, part) => to.apply('maximum', [all, part]));
};

const averagePooling: Converter = (to, layer, inputs, options) => {
  const x = neighbours(to, layer, inputs, options);
  const windows = windowsOf(to, layer, x, options);
  const all = new Array<number>(windows.taps).fill(1);
  const sum = weighted(to, layer, x, windows, all);
  if (!windows.reachBeyond) return to.apply('divide', [sum], { number: windows.taps });
  return to.apply('divide', [sum, weighted(to, layer, ones(to, layer, x), windows, all)]);
};

/** Most zeros at an end. */
const MOST_ZEROS = 1_000_000;

const zeroPadding: Converter = (to, layer, inputs, options) => {
  const x = neighbours(to, layer, inputs, options);
  const value = options.value('padding') ?? 1;
  const [front, behind, ...others] = Array.isArray(value) ? value : [value, value];
  const isCount = (count: unknown): count is number =>
    Number.isSafeInteger(count) && (count as number) >= 0 && (count as number) <= MOST_ZEROS;
  if (!isCount(front) || !isCount(behind) || others.length > 0) {
    throw options.refuse('padding', value, `expected one or two whole numbers from 0 to ${MOST_ZEROS}`);
  }
  if (front + behind === 0) return x;
  to.note(`${describeLayer(layer)} is a convolution with the weight 1: training would change it.`);
  const padding = [front, behind] as const;
  const windows: Windows = {
    taps: 1,
    convolution: { kernelSize: 1, stride: 1, padding },
    steps: convolvedSteps(x.steps, 1 - front - behind, 1),
    reachBeyond: false,
  };
  return weighted(to, layer, x, windows, [1]);
};

/** The converters by the classes of layers. */
export const WINDOWS: ReadonlyMap<string, Converter> = new Map(
  Object.entries({ MaxPooling1D: maxPooling, AveragePooling1D: averagePooling, ZeroPadding1D: zeroPadding }),
);
