/** Problems of clipping and of the optimizers, over one block of P parameters. */
import { type Matrix, mapElements, scalar, vector } from '../../oracle/matrix.js';
import { operandsFor, type Problem } from './problem.js';

/** P: less than a vector, no multiple of one, and more than one chunk of a norm (4096). */
const sizes = [1, 17, 700, 9001];

const limits = { 'that clips': 0.01, 'that does not clip': 1e6, 'that is infinite': Number.POSITIVE_INFINITY };

function clipping(size: number): Problem[] {
  return Object.entries(limits).flatMap(([note, limit]) => {
    const g = operandsFor(`clip ${size}`).matrix(1, size);
    const common = { terms: size };
    return [
      {
        name: `clipNorm with a limit ${note}, ${size} parameters`,
        operation: 'clipNorm',
        operands: { g, max: scalar(limit) },
        ...common,
      },
      {
        name: `clipValue with a limit ${note}, ${size} parameters`,
        operation: 'clipValue',
        operands: { g, limit: scalar(limit) },
        ...common,
      },
    ];
  });
}

/** A limit of 0 means no clipping; a loss that is not finite makes the norm NaN. */
const measured: readonly Problem[] = [
  { name: 'clipNorm that only measures', operation: 'clipNorm', operands: gradientAnd({ max: scalar(0) }), terms: 50 },
  { name: 'clipValue without a limit', operation: 'clipValue', operands: gradientAnd({ limit: scalar(0) }), terms: 50 },
  ...[1.5, Number.NaN, Number.NEGATIVE_INFINITY].map((loss) => ({
    name: `clipNorm with a loss of ${loss}`,
    operation: 'clipNorm',
    operands: gradientAnd({ max: scalar(0.5), loss: scalar(loss) }),
    terms: 50,
  })),
];

/**
 * A norm over 35 chunks, so that the order in which their sums are added shows. Mostly zeros: the reference adds one square
 * after the other, which is not exact enough for 140,001 of them.
 */
const manyChunks: readonly Problem[] = [0, 1, 2].map((first) => ({
  name: `clipNorm over many chunks, from ${first}`,
  operation: 'clipNorm',
  operands: {
    g: mapElements(operandsFor(`chunks ${first}`).matrix(1, 140_001), (value, index) =>
      index % 100 === first ? value : 0,
    ),
    max: scalar(0.5),
  },
  terms: 1400,
}));

function gradientAnd(others: Readonly<Record<string, Matrix>>): Record<string, Matrix> {
  return { g: operandsFor('measured').matrix(1, 50), ...others };
}

/** A norm that is not finite leaves gradients alone; a limit on values does not wait for one. */
function notFinite(bad: number): Problem[] {
  const g = mapElements(operandsFor('not finite').matrix(1, 50), (value, index) => (index === 33 ? bad : value));
  return [
    { name: `clipNorm of ${bad}`, operation: 'clipNorm', operands: { g, max: scalar(0.5) }, terms: 50 },
    { name: `clipValue of ${bad}`, operation: 'clipValue', operands: { g, limit: scalar(0.5) }, terms: 50 },
  ];
}

interface Update {
  readonly note: string;
  readonly operation: string;
  /** Optimizer state that the update reads and writes. */
  readonly state: readonly string[];
  readonly h: readonly number[];
  /** Gradient norm; not finite: nothing may change. */
  readonly norm?: number;
}

const [beta1, beta2, step] = [0.9, 0.999, 3];
const adamSettings = (weightDecay: number, decoupled: number): number[] => [
  0.01,
  beta1,
  beta2,
  1e-8,
  weightDecay,
  decoupled,
  1 - beta1 ** step,
  1 - beta2 ** step,
];

const updates: readonly Update[] = [
  { note: 'without momentum', operation: 'sgd', state: [], h: [0.1, 0, 0, 0, 0, 1] },
  { note: 'with weight decay', operation: 'sgd', state: [], h: [0.1, 0, 0, 0.03, 0, 0] },
  { note: 'with momentum, first step', operation: 'sgd', state: ['m'], h: [0.1, 0.9, 0.3, 0.03, 0, 1] },
  { note: 'with momentum and dampening', operation: 'sgd', state: ['m'], h: [0.1, 0.9, 0.3, 0.03, 0, 0] },
  { note: 'with Nesterov momentum', operation: 'sgd', state: ['m'], h: [0.1, 0.9, 0, 0.03, 1, 0] },
  { note: 'with a momentum of 0 and dampening', operation: 'sgd', state: ['m'], h: [0.1, 0, 0.5, 0, 0, 0] },
  { note: 'of a norm of NaN', operation: 'sgd', state: ['m'], h: [0.1, 0.9, 0, 0.03, 1, 0], norm: Number.NaN },
  { note: 'without weight decay', operation: 'adam', state: ['m', 'v'], h: adamSettings(0, 0) },
  { note: 'with weight decay', operation: 'adam', state: ['m', 'v'], h: adamSettings(0.03, 0) },
  { note: 'with decoupled weight decay', operation: 'adam', state: ['m', 'v'], h: adamSettings(0.03, 1) },
  {
    note: 'of an infinite norm',
    operation: 'adam',
    state: ['m', 'v'],
    h: adamSettings(0.03, 0),
    norm: Number.POSITIVE_INFINITY,
  },
  { note: 'that keeps the largest square', operation: 'adam', state: ['m', 'v', 'largest'], h: adamSettings(0, 0) },
  {
    note: 'that keeps the largest square, with decoupled weight decay',
    operation: 'adam',
    state: ['m', 'v', 'largest'],
    h: adamSettings(0.03, 1),
  },
  {
    note: 'that keeps the largest square, of a norm of NaN',
    operation: 'adam',
    state: ['m', 'v', 'largest'],
    h: adamSettings(0.03, 0),
    norm: Number.NaN,
  },
  { note: 'without weight decay', operation: 'adagrad', state: ['s'], h: [0.1, 1e-10, 0] },
  { note: 'with weight decay', operation: 'adagrad', state: ['s'], h: [0.1, 1e-3, 0.03] },
  { note: 'of a norm of NaN', operation: 'adagrad', state: ['s'], h: [0.1, 1e-10, 0.03], norm: Number.NaN },
  { note: 'without momentum', operation: 'rmsprop', state: ['s'], h: [0.01, 0.99, 1e-8, 0.03, 0, 0] },
  { note: 'with momentum', operation: 'rmsprop', state: ['s', 'm'], h: [0.01, 0.99, 1e-8, 0, 0.9, 0] },
  { note: 'with eps inside the root', operation: 'rmsprop', state: ['s', 'm'], h: [0.01, 0.9, 1e-3, 0.03, 0.9, 1] },
  { note: 'with a momentum of 0', operation: 'rmsprop', state: ['s', 'm'], h: [0.01, 0.9, 1e-3, 0, 0, 1] },
  { note: 'of a norm of NaN', operation: 'rmsprop', state: ['s'], h: [0.01, 0.9, 1e-3, 0, 0, 1], norm: Number.NaN },
];

function optimizer(update: Update, size: number): Problem {
  const { note, operation, state, h, norm = 1 } = update;
  const name = `${operation} ${note}, ${size} parameters`;
  const random = operandsFor(name);
  const operands: Record<string, Matrix> = { w: random.matrix(1, size), g: random.matrix(1, size) };
  // Means of squares are positive; m is a mean of gradients.
  for (const key of state) operands[key] = key === 'm' ? random.matrix(1, size) : random.matrix(1, size, 0.01, 1);
  return { name, operation, operands: { ...operands, norm: scalar(norm), h: vector(h) }, terms: 4 };
}

/** What an optimizer of a user's own has computed, of parameters in rows. */
function replacement(size: number): Problem[] {
  return [1, Number.NaN, Number.POSITIVE_INFINITY].map((norm) => {
    const name = `replace with a norm of ${norm}, [3, ${size}] parameters`;
    const random = operandsFor(name);
    const operands = { w: random.matrix(3, size), value: random.matrix(3, size), norm: scalar(norm) };
    return { name, operation: 'replace', operands, terms: 1 };
  });
}

/** Clipping and optimizers at every size. */
export const updateProblems: readonly Problem[] = [
  ...sizes.flatMap((size) => [
    ...clipping(size),
    ...updates.map((update) => optimizer(update, size)),
    ...replacement(size),
  ]),
  ...manyChunks,
  ...measured,
  ...[Number.NaN, Number.POSITIVE_INFINITY].flatMap(notFinite),
];
