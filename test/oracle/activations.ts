/** The activations of the recurrent cells, by the code that the attributes of the cells have for them. */

import { OptionError } from '../../src/core/errors.js';
import { sigmoidOf } from './elementwise.js';

/** An activation, its derivative as a function of its own value and argument, and where it has none. */
export interface Activation {
  readonly value: (x: number) => number;
  readonly slope: (y: number, x: number) => number;
  readonly kinks: readonly number[];
}

/** clip(slope * x + shift, 0, 1). */
function hardSigmoid(slope: number, shift = 0.5): Activation {
  return {
    value: (x) => Math.min(Math.max(slope * x + shift, 0), 1),
    slope: (y) => (y > 0 && y < 1 ? slope : 0),
    kinks: [-shift / slope, (1 - shift) / slope],
  };
}

/** By name, in the order of the codes. The slope of hardSigmoid is that of Keras 3, 0.2 that of Keras 2 and ONNX. */
const activations = {
  tanh: { value: Math.tanh, slope: (y) => 1 - y * y, kinks: [] },
  relu: { value: (x) => Math.max(x, 0), slope: (y) => (y > 0 ? 1 : 0), kinks: [0] },
  sigmoid: { value: sigmoidOf, slope: (y) => y * (1 - y), kinks: [] },
  identity: { value: (x) => x, slope: () => 1, kinks: [] },
  hardSigmoid: hardSigmoid(1 / 6),
  hardSigmoid02: hardSigmoid(0.2),
  softsign: { value: (x) => x / (1 + Math.abs(x)), slope: (_, x) => (1 + Math.abs(x)) ** -2, kinks: [] },
  softplus: {
    value: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    slope: (_, x) => sigmoidOf(x),
    kinks: [],
  },
} as const satisfies Record<string, Activation>;

/** Those with the numbers alpha and beta, as ONNX defines them, in the order of the codes behind the others. */
const numbered = {
  affine: (alpha, beta) => ({ value: (x) => alpha * x + beta, slope: () => alpha, kinks: [] }),
  leakyRelu: (alpha) => ({ value: (x) => (x < 0 ? alpha * x : x), slope: (_, x) => (x > 0 ? 1 : alpha), kinks: [0] }),
  thresholdedRelu: (alpha) => ({
    value: (x) => (x > alpha ? x : 0),
    slope: (_, x) => (x > alpha ? 1 : 0),
    kinks: [alpha],
  }),
  scaledTanh: (alpha, beta) => ({
    value: (x) => alpha * Math.tanh(beta * x),
    slope: (_, x) => alpha * beta * (1 - Math.tanh(beta * x) ** 2),
    kinks: [],
  }),
  hardSigmoidOf: hardSigmoid,
  elu: (alpha) => ({
    value: (x) => (x < 0 ? alpha * Math.expm1(x) : x),
    slope: (_, x) => (x > 0 ? 1 : alpha * Math.exp(x)),
    kinks: alpha === 1 ? [] : [0],
  }),
} as const satisfies Record<string, (alpha: number, beta: number) => Activation>;

/** Name of an activation. */
export type ActivationName = keyof typeof activations | keyof typeof numbered;

/** Names in the order of their codes. */
export const activationNames = [...Object.keys(activations), ...Object.keys(numbered)] as readonly ActivationName[];

/** The last code whose derivative follows from the value: the others have theirs kept for the backward pass. */
const LAST_WITH_SLOPE_OF_VALUE = 5;

/** Whether cells must keep the derivatives of activations with these attributes. */
export function keepsSlopes(attributes: Readonly<Record<string, number | undefined>>): boolean {
  const codes = [attributes['gate'], attributes['activation']];
  return (attributes['inputClip'] ?? 0) > 0 || codes.some((code) => (code ?? 0) > LAST_WITH_SLOPE_OF_VALUE);
}

/** The code of an activation. */
export function codeOf(name: ActivationName): number {
  return activationNames.indexOf(name);
}

/** A code with the numbers of its activation, and the limit of what it reads, 0 for none. */
export interface ActivationAttributes {
  readonly code: number;
  readonly alpha?: number | undefined;
  readonly beta?: number | undefined;
  readonly limit?: number | undefined;
}

/** An activation of a cell, or its code alone. */
export type ActivationChoice = ActivationAttributes | number;

/** f of x cut to [-limit, limit]; beyond it the derivative is 0. */
function limited(f: Activation, limit: number): Activation {
  return {
    value: (x) => f.value(Math.min(Math.max(x, -limit), limit)),
    slope: (y, x) => (Math.abs(x) > limit ? 0 : f.slope(y, x)),
    kinks: [...f.kinks, -limit, limit],
  };
}

/**
 * The activation of a choice.
 *
 * @throws {OptionError} `invalid_option` when there is none
 */
export function activationOf(choice: ActivationChoice): Activation {
  const { code, alpha = 0, beta = 0, limit = 0 } = typeof choice === 'number' ? { code: choice } : choice;
  const name = activationNames[code];
  if (name === undefined) {
    throw new OptionError('invalid_option', `the activation is ${code}, expected 0 to ${activationNames.length - 1}`);
  }
  const f =
    name in numbered
      ? numbered[name as keyof typeof numbered](alpha, beta)
      : activations[name as keyof typeof activations];
  return limit === 0 ? f : limited(f, limit);
}
