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

/** An activation of the library, of a multiple of its input and a number more: both go into the weights. */
export interface AffineActivation {
  readonly name: CellActivation;
  readonly scale: number;
  readonly shift: number;
}

const near = (a: number, b: number) => Math.abs(a - b) <= 1e-6;

const plain = (name: CellActivation): AffineActivation => ({ name, scale: 1, shift: 0 });

/** clip(alpha x + beta, 0, 1) = clip(0.2 z + 1/2, 0, 1) with z = 5 alpha x + 5 (beta - 1/2) */
function hardSigmoid(alpha = 0.2, beta = 0.5): AffineActivation {
  if (near(beta, 0.5) && near(alpha, 0.2)) return plain('hardSigmoid02');
  if (near(beta, 0.5) && near(alpha, 1 / 6)) return plain('hardSigmoid');
  return { name: 'hardSigmoid02', scale: 5 * alpha, shift: 5 * (beta - 0.5) };
}

/** One activation, by its name and numbers. */
function activationOf(
  context: OperatorContext,
  given: string,
  alpha: number | undefined,
  beta: number | undefined,
): AffineActivation {
  const name = given.toLowerCase();
  if (name === 'tanh' || name === 'relu' || name === 'sigmoid') return plain(name);
  if (name === 'hardsigmoid') return hardSigmoid(alpha, beta);
  if (name === 'affine') return { name: 'identity', scale: alpha ?? 1, shift: beta ?? 0 };
  const numbers = [alpha, beta].filter((each) => each !== undefined).join(', ');
  return refuseAttribute(
    context.node,
    'activations',
    `${given}${numbers === '' ? '' : `(${numbers})`}`,
    'Tanh, Relu, Sigmoid, HardSigmoid or Affine',
  );
}

/** The activations of each direction. */
export function activationsOf(context: OperatorContext, cell: Cell, directions: number): AffineActivation[][] {
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
  activations: readonly (readonly AffineActivation[])[],
): readonly CellActivation[] {
  const [first = [], ...others] = activations.map((direction) => direction.map(({ name }) => name));
  if (others.some((other) => other.join() !== first.join())) {
    return refuseAttribute(context.node, 'activations', [first, ...others], 'the same ones in both directions');
  }
  // Behind the cell's state of an LSTM there are no weights.
  const last = activations.map((direction) => direction[2]).find((each) => each?.scale !== 1 || each.shift !== 0);
  if (last !== undefined) {
    return refuseAttribute(
      context.node,
      'activations',
      [last.scale, last.shift],
      'an output activation without numbers',
    );
  }
  return first;
}
