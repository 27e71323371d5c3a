/** The activations of the recurrent cells, by the code that the attributes of the cells have for them. */

import { OptionError } from '../../src/core/errors.js';
import { sigmoidOf } from './elementwise.js';

/** An activation, its derivative as a function of its own value, and where it has none. */
export interface Activation {
  readonly value: (x: number) => number;
  readonly slope: (y: number) => number;
  readonly kinks: readonly number[];
}

/** clip(slope * x + 1/2, 0, 1). */
function hardSigmoid(slope: number): Activation {
  return {
    value: (x) => Math.min(Math.max(slope * x + 0.5, 0), 1),
    slope: (y) => (y > 0 && y < 1 ? slope : 0),
    kinks: [-0.5 / slope, 0.5 / slope],
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
} as const satisfies Record<string, Activation>;

/** Name of an activation. */
export type ActivationName = keyof typeof activations;

/** Names in the order of their codes. */
export const activationNames = Object.keys(activations) as readonly ActivationName[];

/** The code of an activation. */
export function codeOf(name: ActivationName): number {
  return activationNames.indexOf(name);
}

/**
 * The activation of a code.
 *
 * @throws {OptionError} `invalid_option` when there is none
 */
export function activationOf(code: number): Activation {
  const name = activationNames[code];
  if (name === undefined) {
    throw new OptionError('invalid_option', `the activation is ${code}, expected 0 to ${activationNames.length - 1}`);
  }
  return activations[name];
}
