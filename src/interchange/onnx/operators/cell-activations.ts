/** The activations of RNN, LSTM and GRU. */
import {
  type CellActivation,
  cellActivation,
  isSameActivation,
  type NumberedActivation,
} from '../../../network/layers/cell-activations.js';
import { refuseAttribute } from '../ir.js';
import type { OperatorContext } from '../operator-context.js';

/** The recurrent operators. */
export type Cell = 'RNN' | 'LSTM' | 'GRU';

const DEFAULTS: Readonly<Record<Cell, readonly string[]>> = {
  RNN: ['Tanh'],
  LSTM: ['Sigmoid', 'Tanh', 'Tanh'],
  GRU: ['Sigmoid', 'Tanh'],
};

/**
 * Activations with numbers, and what these are where a node has none. ONNX takes the defaults of operators for it, and has no such
 * operator of Affine and ScaledTanh; ONNX Runtime takes 0 for these two and for ThresholdedRelu. So these three must have theirs.
 */
const NUMBERED: ReadonlyMap<
  string,
  { readonly name: NumberedActivation['name']; readonly alpha?: number; readonly beta?: number }
> = new Map([
  ['affine', { name: 'affine' }],
  ['leakyrelu', { name: 'leakyRelu', alpha: 0.01 }],
  ['thresholdedrelu', { name: 'thresholdedRelu' }],
  ['scaledtanh', { name: 'scaledTanh' }],
  ['hardsigmoid', { name: 'hardSigmoid', alpha: 0.2, beta: 0.5 }],
  ['elu', { name: 'elu', alpha: 1 }],
]);
const WITH_BETA = new Set(['affine', 'scaledtanh', 'hardsigmoid']);

const WITHOUT_NUMBERS = ['tanh', 'relu', 'sigmoid', 'softsign', 'softplus'] as const;

const near = (a: number, b: number) => Math.abs(a - b) <= 1e-6;

/** One activation, by its name and numbers. */
function activationOf(
  context: OperatorContext,
  given: string,
  alpha: number | undefined,
  beta: number | undefined,
): CellActivation {
  const key = given.toLowerCase();
  const plain = WITHOUT_NUMBERS.find((each) => each === key);
  if (plain !== undefined) return plain;
  const numbered = NUMBERED.get(key);
  if (numbered === undefined) return refuseAttribute(context.node, 'activations', given, 'one that ONNX has');
  const numbers = {
    alpha: alpha ?? numbered.alpha,
    ...(WITH_BETA.has(key) && { beta: beta ?? numbered.beta }),
  };
  for (const [name, number] of Object.entries(numbers)) {
    if (number !== undefined && Math.abs(number) <= 1e30) continue;
    const what = number === undefined ? 'there, since runtimes differ in what stands for it' : 'from -1e30 to 1e30';
    return refuseAttribute(context.node, `activation_${name}`, number, `that of ${given} ${what}`);
  }
  if (key === 'affine' && numbers.alpha === 1 && numbers.beta === 0) return 'identity';
  if (key === 'hardsigmoid' && near(numbers.beta as number, 0.5)) {
    if (near(numbers.alpha as number, 0.2)) return 'hardSigmoid02';
    if (near(numbers.alpha as number, 1 / 6)) return 'hardSigmoid';
  }
  return cellActivation('activations', { name: numbered.name, ...numbers });
}

/** The activations of each direction. */
export function activationsOf(context: OperatorContext, cell: Cell, directions: number): CellActivation[][] {
  const { attributes } = context.node;
  const found = attributes.get('activations');
  const defaults = DEFAULTS[cell];
  const names = found?.kind === 'strings' ? found.value : Array.from({ length: directions }, () => defaults).flat();
  if (names.length !== defaults.length * directions) {
    return refuseAttribute(context.node, 'activations', names, `${defaults.length * directions} of them`);
  }
  const numbers = (name: string) => {
    const attribute = attributes.get(name);
    return attribute?.kind === 'floats' ? [...attribute.value] : [];
  };
  const [alphas, betas] = [numbers('activation_alpha'), numbers('activation_beta')];
  const all = names.map((name) => {
    const key = name.toLowerCase();
    const alpha = NUMBERED.has(key) ? alphas.shift() : undefined;
    const beta = WITH_BETA.has(key) ? betas.shift() : undefined;
    return activationOf(context, name, alpha, beta);
  });
  // Runtimes hand them to the activations that have such numbers, one after the other; others count all activations.
  for (const [name, left] of Object.entries({ activation_alpha: alphas, activation_beta: betas })) {
    if (left.length === 0) continue;
    const given = numbers(name);
    const expected = `${given.length - left.length} of them, for the activations that have one`;
    return refuseAttribute(context.node, name, given, expected);
  }
  const size = defaults.length;
  return Array.from({ length: directions }, (_, at) => all.slice(at * size, (at + 1) * size));
}

/** Directions that differ in more than their weights are no layer of the library. */
export function requireSame(
  context: OperatorContext,
  activations: readonly (readonly CellActivation[])[],
): readonly CellActivation[] {
  const [first = [], ...others] = activations;
  const isSame = (other: readonly CellActivation[]) =>
    other.every((each, at) => isSameActivation(each, first[at] as CellActivation));
  if (!others.every(isSame)) {
    return refuseAttribute(context.node, 'activations', activations, 'the same ones in both directions');
  }
  return first;
}
