/** Layers of Keras that neither carry states nor join inputs. */
import type { JsonValue } from '../../core/json.js';
import { batchNormalization } from '../../network/layers/batch-normalization.js';
import { type Conv1dOptions, conv1d } from '../../network/layers/conv1d.js';
import { activation, dense, dropout } from '../../network/layers/dense.js';
import { embedding } from '../../network/layers/embedding.js';
import { layerNormalization } from '../../network/layers/layer-normalization.js';
import type { WeightSource } from '../shared/imported-network.js';
import { activated, leakySlope } from './activations.js';
import type { Conversion } from './conversion.js';
import { describeLayer, type KerasLayer } from './keras-layer.js';
import { convolvedSteps, type KerasValue } from './keras-value.js';
import type { LayerOptions } from './layer-options.js';
import { constant, convolutionKernel, depthwiseKernel, rowOf, same, transposed } from './weight-sources.js';

/** Makes nodes of a layer. */
export type Converter = (
  to: Conversion,
  layer: KerasLayer,
  inputs: readonly KerasValue[],
  options: LayerOptions,
) => KerasValue;

const LAST_CHANNELS = 'the numbers of a step stand in the last axis here';

/** The axis of an option must be the last one, or [the last one]. */
function requireLastAxis(options: LayerOptions, { rank }: KerasValue, name = 'axis'): void {
  const value = options.value(name);
  const axis = Array.isArray(value) && value.length === 1 ? value[0] : value;
  if (axis === -1 || axis === rank - 1) return;
  throw options.refuse(name, value, `its input has ${rank} axes, and it works on the last of them alone`);
}

const denseLayer: Converter = (to, layer, inputs, options) => {
  const x = to.real(layer, inputs);
  const units = options.count('units');
  const bias = options.flag('use_bias', true);
  const weights = {
    weight: transposed(to.tensor(layer, 'kernel', [x.columns, units])),
    ...(bias && { bias: same(to.tensor(layer, 'bias', [units])) }),
  };
  return activated(to, options, to.node(layer.name, dense({ units, bias }), [x], units, weights));
};

const embeddingLayer: Converter = (to, layer, inputs, options) => {
  const [ids] = inputs;
  if (ids?.kind !== 'indices') throw to.refuse(layer, 'its input is no input of indices of the model');
  const [size, units] = [options.count('input_dim'), options.count('output_dim')];
  const isMasked = options.flag('mask_zero', false);
  if (isMasked) {
    to.note(
      `${describeLayer(layer)} masks the index 0: give sequences without the padding of zeros, whose steps Keras leaves out.`,
    );
  }
  const weights = { weight: same(to.tensor(layer, 'embeddings', [size, units])) };
  const y = to.node(layer.name, embedding({ size, units }), [ids], units, weights);
  const rows = { ...y, rank: ids.rank + 1 };
  return isMasked ? to.masked(rows) : rows;
};

const PADDINGS = ['valid', 'same', 'causal'];

/** Options of a convolution, and the steps that it leaves. */
function convolution(to: Conversion, layer: KerasLayer, inputs: readonly KerasValue[], options: LayerOptions) {
  const given = to.sequences(layer, inputs);
  to.readSteps(layer, given);
  const x = to.unmasked(layer, given);
  options.require('data_format', [undefined, null, 'channels_last'], LAST_CHANNELS);
  const padding = options.text('padding', 'valid');
  if (!PADDINGS.includes(padding)) throw options.refuse('padding', padding, `expected one of ${PADDINGS.join(', ')}`);
  const [kernelSize, stride, dilation] = [
    options.countOfOne('kernel_size'),
    options.countOfOne('strides', 1),
    options.countOfOne('dilation_rate', 1),
  ];
  if (x.steps.isReversed) throw to.refuse(layer, 'its input is in reverse order of time');
  const reach = padding === 'valid' ? (kernelSize - 1) * dilation + 1 : 1;
  const settings = { kernelSize, stride, dilation, padding: padding as NonNullable<Conv1dOptions['padding']> };
  return { x, settings, steps: convolvedSteps(x.steps, reach, stride) };
}

const biasOf = (to: Conversion, layer: KerasLayer, has: boolean, units: number): Record<string, WeightSource> =>
  has ? { bias: same(to.tensor(layer, 'bias', [units])) } : {};

const convolutionLayer: Converter = (to, layer, inputs, options) => {
  const { x, settings, steps } = convolution(to, layer, inputs, options);
  const [units, groups, bias] = [options.count('filters'), options.count('groups', 1), options.flag('use_bias', true)];
  if (x.columns % groups !== 0 || units % groups !== 0) {
    throw options.refuse('groups', groups, `it does not divide ${x.columns} inputs and ${units} filters`);
  }
  const kernel = to.tensor(layer, 'kernel', [settings.kernelSize, x.columns / groups, units]);
  const weights = { weight: convolutionKernel(kernel), ...biasOf(to, layer, bias, units) };
  const y = to.node(layer.name, conv1d({ units, groups, bias, ...settings }), [x], units, weights);
  return activated(to, options, { ...y, steps });
};

/** A convolution of each input by itself. */
function depthwise(
  to: Conversion,
  layer: KerasLayer,
  inputs: readonly KerasValue[],
  options: LayerOptions,
  bias: boolean,
) {
  const { x, settings, steps } = convolution(to, layer, inputs, options);
  options.require('groups', [undefined, 1], 'each input is convolved by itself');
  const multiplier = options.count('depth_multiplier', 1);
  const units = x.columns * multiplier;
  const kernel = to.tensor(layer, 'depthwise_kernel', [settings.kernelSize, x.columns, multiplier]);
  const weights = { weight: depthwiseKernel(kernel), ...biasOf(to, layer, bias, units) };
  const description = conv1d({ units, groups: x.columns, bias, ...settings });
  return { ...to.node(layer.name, description, [x], units, weights), steps };
}

const depthwiseLayer: Converter = (to, layer, inputs, options) => {
  return activated(to, options, depthwise(to, layer, inputs, options, options.flag('use_bias', true)));
};

const separableLayer: Converter = (to, layer, inputs, options) => {
  const x = depthwise(to, layer, inputs, options, false);
  const [units, bias] = [options.count('filters'), options.flag('use_bias', true)];
  const kernel = to.tensor(layer, 'pointwise_kernel', [1, x.columns, units]);
  // A convolution of one step is a dense layer.
  const weight = { ...convolutionKernel(kernel), shape: [units, x.columns] };
  const weights = { weight, ...biasOf(to, layer, bias, units) };
  return activated(to, options, to.node(layer.name, dense({ units, bias }), [x], units, weights));
};

/** Gains and shifts, where a layer that lacks one of them gets ones or zeros. */
function affineWeights(to: Conversion, layer: KerasLayer, columns: number, has: { scale: boolean; center: boolean }) {
  const missing = (role: string, number: number) =>
    constant(`${describeLayer(layer)}: ${role} ${number}`, columns, number);
  return {
    weight: has.scale ? same(to.tensor(layer, 'gamma', [columns])) : missing('scale', 1),
    bias: has.center ? same(to.tensor(layer, 'beta', [columns])) : missing('offset', 0),
  };
}

function epsilonOf(options: LayerOptions): number {
  const epsilon = options.number('epsilon');
  if (epsilon >= 1e-30 && epsilon <= 1) return epsilon;
  throw options.refuse('epsilon', epsilon, 'expected a number in [1e-30, 1]');
}

const batchNormalizationLayer: Converter = (to, layer, inputs, options) => {
  const x = to.real(layer, inputs);
  requireLastAxis(options, x);
  options.require('renorm', [undefined, false], 'it changes what is computed');
  for (const name of ['renorm_momentum', 'renorm_clipping']) options.value(name);
  options.require('virtual_batch_size', [undefined, null], 'a batch is normalised as a whole');
  const [momentum, scale, center] = [
    options.number('momentum'),
    options.flag('scale', true),
    options.flag('center', true),
  ];
  if (momentum < 0 || momentum > 1) throw options.refuse('momentum', momentum, 'expected a number in [0, 1]');
  const description = batchNormalization({
    epsilon: epsilonOf(options),
    momentum: 1 - momentum,
    ...(!scale && !center && { affine: false }),
  });
  return to.node(layer.name, description, [x], x.columns, {
    ...((scale || center) && affineWeights(to, layer, x.columns, { scale, center })),
    running_mean: same(to.tensor(layer, 'moving_mean', [x.columns])),
    running_var: same(to.tensor(layer, 'moving_variance', [x.columns])),
  });
};

const layerNormalizationLayer: Converter = (to, layer, inputs, options) => {
  const x = to.real(layer, inputs);
  requireLastAxis(options, x);
  options.require('rms_scaling', [undefined, false], 'it divides by the root mean square');
  const has = { scale: options.flag('scale', true), center: options.flag('center', true) };
  const weights = affineWeights(to, layer, x.columns, has);
  return to.node(layer.name, layerNormalization({ epsilon: epsilonOf(options) }), [x], x.columns, weights);
};

/** Dropout of the same columns in all steps, by the shape of its noise. */
function isPerSequence(options: LayerOptions, { rank }: KerasValue): boolean {
  const shape: JsonValue | undefined = options.value('noise_shape');
  if (shape === undefined || shape === null) return false;
  if (Array.isArray(shape) && shape.length === rank && rank === 3 && shape[1] === 1 && shape[2] !== 1) return true;
  throw options.refuse('noise_shape', shape, 'noise is drawn for each number, or for each number of a sequence');
}

const dropped = (to: Conversion, layer: KerasLayer, x: KerasValue, rate: number, perSequence: boolean) =>
  rate === 0 ? x : to.node(layer.name, dropout({ rate, ...(perSequence && { perSequence }) }), [x], x.columns);

const dropoutLayer: Converter = (to, layer, inputs, options) => {
  const x = to.real(layer, inputs);
  return dropped(to, layer, x, options.number('rate'), isPerSequence(options, x));
};

const spatialDropoutLayer: Converter = (to, layer, inputs, options) => {
  options.value('noise_shape');
  options.require('data_format', [undefined, null, 'channels_last'], LAST_CHANNELS);
  return dropped(to, layer, to.sequences(layer, inputs), options.number('rate'), true);
};

/** Noise and penalties, which predictions do not have. */
const trainingLayer: Converter = (to, layer, inputs, options) => {
  for (const name of ['rate', 'stddev', 'l1', 'l2', 'noise_shape', 'alpha']) options.value(name);
  to.note(`${describeLayer(layer)} acts in training and is left out.`);
  return to.real(layer, inputs);
};

const activationLayer: Converter = (to, layer, inputs, options) => activated(to, options, to.real(layer, inputs));

const reluLayer: Converter = (to, layer, inputs, options) => {
  const x = to.real(layer, inputs);
  const [limit, slope] = [options.value('max_value') ?? null, options.number('negative_slope', 0)];
  options.require('threshold', [undefined, null, 0], 'the function has a jump there');
  const y = slope === 0 ? to.apply('relu', [x]) : to.apply('leakyRelu', [x], { alpha: slope });
  if (limit === null) return y;
  return to.apply('minimum', [y], { number: options.number('max_value') });
};

const leakyReluLayer: Converter = (to, layer, inputs, options) => {
  return to.apply('leakyRelu', [to.real(layer, inputs)], { alpha: leakySlope(options) });
};

const preluLayer: Converter = (to, layer, inputs, options) => {
  const x = to.real(layer, inputs);
  const shared = options.value('shared_axes');
  const isShared = x.rank === 2 || (Array.isArray(shared) && shared.length === 1 && shared[0] === 1);
  if (!isShared) throw options.refuse('shared_axes', shared, 'expected [1]: all steps have the same slopes');
  const alpha = to.tensor(layer, 'alpha', x.rank === 2 ? [x.columns] : [1, x.columns]);
  const below = to.apply('minimum', [x], { number: 0 });
  const scaled = to.apply('multiply', [below], { row: x.columns }, { row: rowOf(alpha) });
  return to.apply('add', [to.apply('relu', [x]), scaled]);
};

const eluLayer: Converter = (to, layer, inputs, options) => {
  return to.apply('elu', [to.real(layer, inputs)], { alpha: options.number('alpha') });
};

const softmaxLayer: Converter = (to, layer, inputs, options) => {
  const x = to.real(layer, inputs);
  requireLastAxis(options, x);
  return to.node(layer.name, activation('softmax'), [x], x.columns);
};

const maskingLayer: Converter = (to, layer, inputs, options) => {
  const value = options.number('mask_value', 0);
  to.note(
    `${describeLayer(layer)} masks steps whose numbers are all ${value}: give sequences without them, as Keras leaves them out.`,
  );
  return to.masked(to.real(layer, inputs));
};

/** The converters by the classes of layers. */
export const FEED_FORWARD: ReadonlyMap<string, Converter> = new Map(
  Object.entries({
    Dense: denseLayer,
    Embedding: embeddingLayer,
    Conv1D: convolutionLayer,
    DepthwiseConv1D: depthwiseLayer,
    SeparableConv1D: separableLayer,
    BatchNormalization: batchNormalizationLayer,
    LayerNormalization: layerNormalizationLayer,
    Dropout: dropoutLayer,
    SpatialDropout1D: spatialDropoutLayer,
    GaussianNoise: trainingLayer,
    GaussianDropout: trainingLayer,
    AlphaDropout: trainingLayer,
    ActivityRegularization: trainingLayer,
    Activation: activationLayer,
    ReLU: reluLayer,
    LeakyReLU: leakyReluLayer,
    PReLU: preluLayer,
    ELU: eluLayer,
    Softmax: softmaxLayer,
    Masking: maskingLayer,
  }),
);
