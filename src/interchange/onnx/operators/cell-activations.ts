/** The activations of RNN, LSTM and GRU. */
import type { CellActivation } from '../../../network/layers/recurrent-options.js';
import { refuseAttribute } from '../ir.js';
import type { OperatorContext } from '../operator-context.js';

/** The recurrent operators. */
export type Cell = 'RNN' | 'LSTM' | 'GRU';

const DEFAULTS: Readonly<Record<Cell, readonly string[]>> = {
  RNN: ['Tanh'],
  LSTM: ['Sigmoid', 'Tanh', 'Tanh'],
  GRU: ['Sigmoid', 'Tanh'],
};

/** Activations with alpha and beta, in the order in which ONNX counts these. */
const WITH_ALPHA = new Set(['affine', 'leakyrelu', 'thresholdedrelu', 'scaledtanh', 'hardsigmoid', 'elu']);
const WITH_BETA = new Set(['affine', 'scaledtanh', 'hardsigmoid']);

const near = (a: number, b: number) => Math.abs(a - b) <= 1e-6;

/** One activation, by its name and numbers. */
function activationOf(
  context: OperatorContext,
  given: string,
  alpha: number | undefined,
  beta: number | undefined,
): CellActivation {
  const name = given.toLowerCase();
  if (name === 'tanh' || name === 'relu' || name === 'sigmoid') return name;
  if (name === 'hardsigmoid' && near(beta ?? 0.5, 0.5)) {
    if (near(alpha ?? 0.2, 0.2)) return 'hardSigmoid02';
    if (near(alpha ?? 0.2, 1 / 6)) return 'hardSigmoid';
  }
  if (name === 'affine' && (alpha ?? 1) === 1 && (beta ?? 0) === 0) return 'identity';
  const numbers = [alpha, beta].filter((each) => each !== undefined).join(', ');
  return refuseAttribute(
    context.node,
    'activations',
    `${given}${numbers === '' ? '' : `(${numbers})`}`,
    'Tanh, Relu, Sigmoid, HardSigmoid with alpha 0.2 or 1/6, or an Affine without effect',
  );
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
    const alpha = WITH_ALPHA.has(key) ? alphas.shift() : undefined;
    const beta = WITH_BETA.has(key) ? betas.shift() : undefined;
    return activationOf(context, name, alpha, beta);
  });
  const size = defaults.length;
  return Array.from({ length: directions }, (_, at) => all.slice(at * size, (at + 1) * size));
}

/** Directions that differ in more than their weights are no layer of the library. */
export function requireSame(
  context: OperatorContext,
  activations: readonly (readonly CellActivation[])[],
): readonly CellActivation[] {
  const [first = [], ...others] = activations;
  if (others.some((other) => other.join() !== first.join())) {
    return refuseAttribute(context.node, 'activations', activations, 'the same ones in both directions');
  }
  return first;
}
