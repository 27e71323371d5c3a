/** The functions of Keras, of cells and behind layers. */

import type { NumberedActivation } from '../../network/layers/cell-activations.js';
import { activation } from '../../network/layers/dense.js';
import type { OperationName } from '../../network/layers/operation.js';
import type { CellActivation } from '../../network/layers/recurrent.js';
import type { Conversion } from './conversion.js';
import type { KerasSource } from './keras-layer.js';
import type { KerasValue } from './keras-value.js';
import type { LayerOptions } from './layer-options.js';

/** hard_sigmoid has another definition in Keras 3 than before. @throws {InterchangeError} `unsupported_attribute` */
function hardSigmoidVersion(options: LayerOptions, name: string): 2 | 3 {
  const { version } = options.source;
  if (version !== undefined) return version;
  const help = 'it differs between Keras 2 and Keras 3, and the file does not say which one wrote it';
  throw options.refuse(name, options.value(name), help);
}

/** An option that holds a layer with numbers in the place of a function: `activation=ELU(0.5)`. @throws {InterchangeError} `unsupported_attribute` */
function numberedFunction(options: LayerOptions, name: string): NumberedActivation | undefined {
  const layer = options.layerInstead(name);
  if (layer === undefined) return undefined;
  const own = options.of(layer);
  const found = numberedLayer(own, layer.className);
  if (found === undefined) {
    const help = 'of layers in the place of a function ELU, LeakyReLU and Rescaling are known';
    throw options.refuse(name, options.value(name), help);
  }
  own.finish();
  return found;
}

function numberedLayer(options: LayerOptions, className: string): NumberedActivation | undefined {
  if (className === 'ELU') return { name: 'elu', alpha: options.number('alpha', 1) };
  if (className === 'LeakyReLU') return { name: 'leakyRelu', alpha: leakySlope(options) };
  if (className !== 'Rescaling') return undefined;
  return { name: 'affine', alpha: options.number('scale'), beta: options.number('offset', 0) };
}

/** The slope of a LeakyReLU below 0, for which Keras 3 has another name. */
export function leakySlope(options: LayerOptions): number {
  return options.number(Object.hasOwn(options.layer.config, 'alpha') ? 'alpha' : 'negative_slope');
}

/** Functions of Keras that cells have under the same name. */
const CELL_FUNCTIONS = ['tanh', 'relu', 'sigmoid', 'softsign', 'softplus'] as const;

/** The activation of a cell. @throws {InterchangeError} `unsupported_attribute` */
export function cellActivation(options: LayerOptions, name: string): CellActivation {
  const numbered = numberedFunction(options, name);
  if (numbered !== undefined) return numbered;
  const keras = options.functionName(name);
  if (keras === 'linear') return 'identity';
  if (keras === 'hard_sigmoid') return hardSigmoidVersion(options, name) === 3 ? 'hardSigmoid' : 'hardSigmoid02';
  if (keras === 'elu') return { name: 'elu', alpha: 1 };
  if (keras === 'leaky_relu' && options.source.version === 3) return { name: 'leakyRelu', alpha: 0.2 };
  const found = CELL_FUNCTIONS.find((each) => each === keras);
  if (found !== undefined) return found;
  throw options.refuse(
    name,
    keras,
    `cells have ${CELL_FUNCTIONS.join(', ')}, elu, linear, hard_sigmoid and, in Keras 3, leaky_relu`,
  );
}

function scaled(to: Conversion, x: KerasValue, factor: number): KerasValue {
  return factor === 1 ? x : to.apply('multiply', [x], { number: factor });
}

function clipped(to: Conversion, x: KerasValue, low: number, high: number): KerasValue {
  return to.apply('minimum', [to.apply('maximum', [x], { number: low })], { number: high });
}

function hardSigmoid(to: Conversion, x: KerasValue, { version }: KerasSource): KerasValue {
  const slope = version === 3 ? 1 / 6 : 0.2;
  return clipped(to, to.apply('add', [scaled(to, x, slope)], { number: 0.5 }), 0, 1);
}

/** 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))). */
function approximateGelu(to: Conversion, x: KerasValue): KerasValue {
  const cube = scaled(to, to.apply('multiply', [x, to.apply('multiply', [x, x])]), 0.044715);
  const inner = to.apply('tanh', [scaled(to, to.apply('add', [x, cube]), Math.sqrt(2 / Math.PI))]);
  return scaled(to, to.apply('multiply', [x, to.apply('add', [inner], { number: 1 })]), 0.5);
}

type Function = (to: Conversion, x: KerasValue) => KerasValue;

const built =
  (name: 'tanh' | 'sigmoid' | 'relu' | 'softmax'): Function =>
  (to, x) =>
    to.node(name, activation(name), [x], x.columns);

const applied =
  (name: OperationName): Function =>
  (to, x) =>
    to.apply(name, [x]);

const silu: Function = (to, x) => to.apply('multiply', [x, to.apply('sigmoid', [x])]);

const FUNCTIONS = new Map<string, Function>(
  Object.entries<Function>({
    linear: (_, x) => x,
    tanh: built('tanh'),
    sigmoid: built('sigmoid'),
    relu: built('relu'),
    softmax: built('softmax'),
    log_softmax: applied('logSoftmax'),
    exponential: applied('exp'),
    elu: applied('elu'),
    selu: applied('selu'),
    softplus: applied('softplus'),
    softsign: (to, x) => to.apply('divide', [x, to.apply('add', [to.apply('abs', [x])], { number: 1 })]),
    swish: silu,
    silu,
    mish: (to, x) => to.apply('multiply', [x, to.apply('tanh', [to.apply('softplus', [x])])]),
    relu6: (to, x) => clipped(to, x, 0, 6),
    hard_tanh: (to, x) => clipped(to, x, -1, 1),
    hard_sigmoid: (to, x) => hardSigmoid(to, x, to.source),
    gelu: applied('gelu'),
    gelu_new: approximateGelu,
  }),
);

/** Functions that only Keras 3 has. */
const NEW_FUNCTIONS = new Map<string, Function>(
  Object.entries({
    leaky_relu: (to, x) => to.apply('leakyRelu', [x], { alpha: 0.2 }),
    hard_silu: (to, x) => to.apply('multiply', [x, hardSigmoid(to, x, to.source)]),
    hard_swish: (to, x) => to.apply('multiply', [x, hardSigmoid(to, x, to.source)]),
  }),
);

function appliedNumbers(to: Conversion, x: KerasValue, { name, ...numbers }: NumberedActivation): KerasValue {
  const { alpha = 1, beta = 0 } = numbers as { alpha?: number; beta?: number };
  if (name === 'elu' || name === 'leakyRelu') return to.apply(name, [x], { alpha });
  const y = scaled(to, x, alpha);
  return beta === 0 ? y : to.apply('add', [y], { number: beta });
}

/** Adds the function that an option names. @throws {InterchangeError} `unsupported_attribute` */
export function activated(to: Conversion, options: LayerOptions, x: KerasValue, name = 'activation'): KerasValue {
  const numbered = numberedFunction(options, name);
  if (numbered !== undefined) return appliedNumbers(to, x, numbered);
  // A layer without the option has no function, in every version.
  const keras = options.functionName(name, 'linear');
  if (keras === 'hard_sigmoid') hardSigmoidVersion(options, name);
  if (keras === 'softmax' && x.rank === 1) throw options.refuse(name, keras, 'its input has one axis alone');
  const isNew = options.source.version === 3;
  const found = FUNCTIONS.get(keras) ?? (isNew ? NEW_FUNCTIONS.get(keras) : undefined);
  if (found !== undefined) return found(to, x);
  const known = [...FUNCTIONS.keys(), ...(isNew ? NEW_FUNCTIONS.keys() : [])].join(', ');
  throw options.refuse(name, keras, `known are ${known}`);
}
