/** Normalisation of rows, of channels and of batches. */
import { batchNormalization } from '../../../network/layers/batch-normalization.js';
import { layerNormalization } from '../../../network/layers/layer-normalization.js';
import { columnAxes, numbersAsWeights } from '../emission.js';
import type { OperatorContext, OperatorImports } from '../operator-context.js';
import { describeSizes, isRows } from '../sizes.js';
import type { Computed, Constant, GraphValue } from '../value.js';
import { ofNumber, ofTwo, two } from './arithmetic.js';
import { reduced } from './reductions.js';

/** Numbers less their mean, divided by the root of their variance, over any axes. */
interface Normalized {
  readonly value: Computed;
  readonly mean?: Computed;
  /** One by the root. */
  readonly inverse: Computed;
}

function normalized(
  context: OperatorContext,
  x: Computed,
  axes: readonly number[],
  { isCentred, epsilon }: { readonly isCentred: boolean; readonly epsilon: number },
): Normalized {
  const { emission, name } = context;
  const mean = isCentred ? reduced(context, x, axes, true, 'mean') : undefined;
  const centred = mean === undefined ? x : ofTwo(context, 'subtract', x, mean);
  const squares = emission.elementwise(name, 'power', centred, { number: 2 });
  const variance = ofNumber(context, 'add', reduced(context, squares, axes, true, 'mean'), epsilon, false);
  const inverse = ofNumber(context, 'divide', emission.elementwise(name, 'sqrt', variance), 1, true);
  return { value: ofTwo(context, 'multiply', centred, inverse), inverse, ...(mean !== undefined && { mean }) };
}

/** A value times a constant, plus another one where there is one. */
function scaled(context: OperatorContext, x: Computed, scale: GraphValue, bias?: GraphValue): GraphValue {
  const product = two(context, 'multiply', x, scale);
  return bias === undefined ? product : two(context, 'add', product, bias);
}

/** Whether rows of columns are normalised as they are, which is a layer of its own. */
function isLayer(x: Computed, axis: number): boolean {
  const behind = x.sizes.slice(axis);
  return !behind.some(isRows) && x.sizes.slice(0, axis).every((each) => isRows(each) || each === 1);
}

function asLayer(context: OperatorContext, x: Computed, axis: number): Computed {
  const size = x.sizes.slice(axis).reduce<number>((product, each) => product * (each as number), 1);
  const numbers = (at: number, what: string) => {
    const constant = context.constant(at, what);
    const read = constant.read().data as ArrayLike<number>;
    if (read.length !== size && read.length !== 1) context.refuse(`${read.length} numbers for ${size} elements`);
    const all = Array.from({ length: size }, (_, place) => read[read.length === 1 ? 0 : place] as number);
    return numbersAsWeights(constant.name, all);
  };
  const { emission, name } = context;
  const hasBias = context.inputs[2] !== undefined;
  const bias = hasBias ? numbers(2, 'the bias') : numbersAsWeights('no bias', new Float32Array(size));
  const ordered = emission.rowMajor(name, x);
  const layer = layerNormalization({ epsilon: context.float('epsilon', 1e-5) });
  return { ...ordered, node: emission.layer(name, layer, [ordered.node], { weight: numbers(1, 'the scale'), bias }) };
}

function normalizedRows(context: OperatorContext): readonly GraphValue[] {
  const x = context.computed(0);
  const axis = context.axis(context.int('axis', -1), x.sizes.length);
  const axes = x.sizes.map((_, at) => at).slice(axis);
  const [, mean, inverse] = context.node.outputs;
  const isAlone = (mean ?? '') === '' && (inverse ?? '') === '';
  if (isAlone && isLayer(x, axis)) return [asLayer(context, x, axis)];
  const found = normalized(context, x, axes, { isCentred: true, epsilon: context.float('epsilon', 1e-5) });
  const value = scaled(context, found.value, context.input(1), context.inputs[2]);
  return [value, found.mean as Computed, found.inverse];
}

function normalizedByRoot(context: OperatorContext): readonly GraphValue[] {
  const x = context.computed(0);
  const axis = context.axis(context.int('axis', -1), x.sizes.length);
  const axes = x.sizes.map((_, at) => at).slice(axis);
  const { value } = normalized(context, x, axes, { isCentred: false, epsilon: context.float('epsilon', 1e-5) });
  return [scaled(context, value, context.input(1))];
}

/** Each channel of each example by itself. */
function normalizedChannels(context: OperatorContext): readonly GraphValue[] {
  const x = context.computed(0);
  const axes = x.sizes.map((_, at) => at).slice(2);
  if (axes.length === 0) return context.refuse(`${describeSizes(x.sizes)} has no axis behind the channels`);
  const { value } = normalized(context, x, axes, { isCentred: true, epsilon: context.float('epsilon', 1e-5) });
  const beside = (constant: Constant): Constant => ({ ...constant, shape: [...constant.shape, ...axes.map(() => 1)] });
  return [scaled(context, value, beside(context.constant(1, 'the scale')), beside(context.constant(2, 'the bias')))];
}

function normalizedBatch(context: OperatorContext): readonly GraphValue[] {
  const x = context.computed(0);
  const [, channels] = x.sizes;
  if (context.int('training_mode', 0) !== 0) return context.refuse('training_mode is 1');
  if (typeof channels !== 'number') return context.refuse(`the second axis of ${describeSizes(x.sizes)} is not known`);
  const others = columnAxes(x.sizes).filter((axis) => axis !== 1);
  const positions = others.reduce((product, axis) => product * (x.sizes[axis] as number), 1);
  const { emission, name } = context;
  const ordered = emission.ordered(name, x, [...others, 1]);
  const numbers = (at: number, what: string) => {
    const constant = context.constant(at, what);
    const read = constant.read().data as ArrayLike<number>;
    if (read.length !== channels) context.refuse(`${what} has ${read.length} numbers for ${channels} channels`);
    // The same numbers at every position, where there are several in a row.
    const all = Array.from({ length: positions * channels }, (_, place) => read[place % channels] as number);
    return numbersAsWeights(constant.name, all);
  };
  const momentum = 1 - context.float('momentum', 0.9);
  const layer = batchNormalization({ epsilon: context.float('epsilon', 1e-5), momentum });
  const weights = {
    weight: numbers(1, 'the scale'),
    bias: numbers(2, 'the bias'),
    running_mean: numbers(3, 'the mean'),
    running_var: numbers(4, 'the variance'),
  };
  return [{ ...ordered, node: emission.layer(name, layer, [ordered.node], weights) }];
}

export const normalizationOperators: OperatorImports = {
  LayerNormalization: normalizedRows,
  RMSNormalization: normalizedByRoot,
  InstanceNormalization: normalizedChannels,
  BatchNormalization: normalizedBatch,
};
