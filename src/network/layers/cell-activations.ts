/** Activations of the recurrent cells: their names, numbers and codes in the kernels (native/kernels/generic/activation.h). */
import { describeValue, rejectUnknownKeys, requireNumber, requireOneOf } from '../../core/options.js';

/**
 * Activations without numbers, in the order of their codes in the kernels. `hardSigmoid` is clip(x/6 + 1/2, 0, 1) as in
 * Keras 3, `hardSigmoid02` is clip(0.2 x + 1/2, 0, 1) as in Keras 2, TensorFlow.js and, by default, ONNX. `softsign` is
 * x / (1 + |x|), `softplus` log(1 + e^x).
 */
export const CELL_ACTIVATIONS = [
  'tanh',
  'relu',
  'sigmoid',
  'identity',
  'hardSigmoid',
  'hardSigmoid02',
  'softsign',
  'softplus',
] as const;

/**
 * An activation with its numbers, from -1e30 to 1e30, as ONNX defines it.
 *
 * | name              | function                     | numbers where they are not given |
 * |-------------------|------------------------------|----------------------------------|
 * | `affine`          | alpha x + beta               | 1, 0                             |
 * | `leakyRelu`       | x, below 0 alpha x           | 0.01                             |
 * | `thresholdedRelu` | x, up to alpha 0             | 1                                |
 * | `scaledTanh`      | alpha tanh(beta x)           | 1, 1                             |
 * | `hardSigmoid`     | clip(alpha x + beta, 0, 1)   | none: the names without numbers have two of them |
 * | `elu`             | x, below 0 alpha (e^x - 1)   | 1                                |
 */
export type NumberedActivation =
  | { readonly name: 'affine' | 'scaledTanh'; readonly alpha?: number; readonly beta?: number }
  | { readonly name: 'leakyRelu' | 'thresholdedRelu' | 'elu'; readonly alpha?: number }
  | { readonly name: 'hardSigmoid'; readonly alpha: number; readonly beta: number };

/** An activation of a cell: its name, or an object with its name and numbers. */
export type CellActivation = (typeof CELL_ACTIVATIONS)[number] | NumberedActivation;

/** The numbers of each, in the order of the codes, which go on behind the names; undefined: there is no default. */
const NUMBERED: Readonly<Record<NumberedActivation['name'], Readonly<Record<string, number | undefined>>>> = {
  affine: { alpha: 1, beta: 0 },
  leakyRelu: { alpha: 0.01 },
  thresholdedRelu: { alpha: 1 },
  scaledTanh: { alpha: 1, beta: 1 },
  hardSigmoid: { alpha: undefined, beta: undefined },
  elu: { alpha: 1 },
};
const NUMBERED_NAMES = Object.keys(NUMBERED) as readonly NumberedActivation['name'][];

/** Code and numbers of an activation in the attributes of a cell; numbers that it has not are 0. */
export interface ActivationNumbers {
  readonly code: number;
  readonly alpha: number;
  readonly beta: number;
}

/**
 * An activation with all its numbers, frozen.
 *
 * @throws {OptionError} `invalid_option`, `unknown_option`
 */
export function cellActivation(option: string, value: unknown): CellActivation {
  if (typeof value !== 'object' || value === null) return requireOneOf(option, value, CELL_ACTIVATIONS);
  const given = value as Readonly<Record<string, unknown>>;
  const name = requireOneOf(`${option}.name`, given['name'], NUMBERED_NAMES);
  const numbers = Object.entries(NUMBERED[name]);
  const keys = ['name', ...numbers.map(([key]) => key)];
  rejectUnknownKeys(option, value, keys, keys);
  const checked = numbers.map(([key, fallback]) => {
    const number = given[key] === undefined ? fallback : given[key];
    return [key, requireNumber(`${option}.${key}`, number, { min: -1e30, max: 1e30 })] as const;
  });
  return Object.freeze({ name, ...Object.fromEntries(checked) }) as unknown as CellActivation;
}

/** Code and numbers of a checked activation. */
export function activationNumbers(activation: CellActivation): ActivationNumbers {
  if (typeof activation === 'string') return { code: CELL_ACTIVATIONS.indexOf(activation), alpha: 0, beta: 0 };
  const code = CELL_ACTIVATIONS.length + NUMBERED_NAMES.indexOf(activation.name);
  return { code, alpha: activation.alpha ?? 0, beta: ('beta' in activation ? activation.beta : undefined) ?? 0 };
}

/** The activation of a code with these numbers. */
export function activationOfNumbers({ code, alpha, beta }: ActivationNumbers): CellActivation {
  const name = CELL_ACTIVATIONS[code];
  if (name !== undefined) return name;
  const numbered = NUMBERED_NAMES[code - CELL_ACTIVATIONS.length] as NumberedActivation['name'];
  return { name: numbered, alpha, ...('beta' in NUMBERED[numbered] && { beta }) } as CellActivation;
}

/** Whether both are the same function. */
export function isSameActivation(one: CellActivation, other: CellActivation): boolean {
  const [a, b] = [activationNumbers(one), activationNumbers(other)];
  return a.code === b.code && a.alpha === b.alpha && a.beta === b.beta;
}

/** How messages name an activation: 'tanh', { name: 'elu', alpha: 1 }. */
export function describeActivation(activation: CellActivation): string {
  if (typeof activation === 'string') return describeValue(activation);
  const parts = Object.entries(activation).map(([key, value]) => `${key}: ${describeValue(value)}`);
  return `{ ${parts.join(', ')} }`;
}
