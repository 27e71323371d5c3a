/** Random combinations of the options of the recurrent layers, chosen so that every pair of values occurs. */
import { Random } from '../../../src/core/random.js';
import type { AnyLayer } from '../../../src/network/layers/layers.js';
import { layerFromJSON } from '../../../src/network/layers/layers.js';
import type { RecurrentDescription } from '../../../src/network/layers/recurrent.js';

export type Kind = RecurrentDescription['kind'];

/** Which results have a gradient that reaches them, beside penalties: all, the output, or the final states. */
export type Upstream = 'all' | 'output' | 'states';

/** One value of an axis: the options that it sets. */
type Level = Readonly<Record<string, unknown>>;

/** What is chosen independently of everything else, with all values that it can have. */
type Axes = Readonly<Record<string, readonly Level[]>>;

const ACTIVATIONS = ['tanh', 'relu', 'sigmoid', 'identity', 'hardSigmoid', 'hardSigmoid02'] as const;

const values = (name: string, ...of: readonly unknown[]): Level[] => of.map((value) => ({ [name]: value }));

const unset: Level = {};

const SHARED: Axes = {
  upstream: values('upstream', 'all', 'output', 'states'),
  units: values('units', 5, 9),
  layers: values('layers', 1, 2, 3),
  direction: [
    ...values('direction', 'forward', 'reverse'),
    ...values('merge', 'concatenate', 'sum').map((merge) => ({ direction: 'bidirectional', ...merge })),
  ],
  residual: values('residual', false, true),
  biases: values('biases', 'none', 'one', 'two'),
  output: values('output', 'sequence', 'last'),
  dropout: [unset, ...values('dropout', 0.3)],
  inputDropout: [unset, ...values('inputDropout', 0.25)],
  recurrentDropout: [unset, ...values('recurrentDropout', 0.4)],
  weightDropout: [unset, ...values('weightDropout', 0.3)],
  zoneout: [unset, ...values('zoneout', 0.35)],
  layerNormalization: [unset, ...values('layerNormalization', true, { epsilon: 0.1 })],
  activationPenalty: [unset, ...values('activationPenalty', 1.5)],
  temporalPenalty: [unset, ...values('temporalPenalty', 2.5)],
  inputClip: [unset, ...values('inputClip', 0.75)],
};

/** All axes of each kind of layer. Gates are between 0 and 1: others make the states of some combinations explode. */
export const AXES: { readonly [K in Kind]: Axes } = {
  rnn: { ...SHARED, activation: values('activation', ...ACTIVATIONS) },
  lstm: {
    ...SHARED,
    zoneout: [unset, ...values('zoneout', 0.35, { hidden: 0.3 }, { cell: 0.4 }, { hidden: 0.2, cell: 0.5 })],
    gateActivation: values('gateActivation', 'sigmoid', 'hardSigmoid', 'hardSigmoid02'),
    activation: values('activation', 'tanh', 'relu', 'sigmoid', 'identity', 'hardSigmoid'),
    outputActivation: [unset, ...values('outputActivation', 'tanh', 'sigmoid', 'identity')],
    projection: [unset, ...values('projection', 4)],
    peepholes: values('peepholes', false, true),
    coupledGates: values('coupledGates', false, true),
    cellClip: [unset, ...values('cellClip', 0.4)],
  },
  gru: {
    ...SHARED,
    gateActivation: values('gateActivation', 'sigmoid', 'hardSigmoid', 'hardSigmoid02'),
    activation: values('activation', ...ACTIVATIONS),
    resetAfter: values('resetAfter', true, false),
  },
};

/** A layer, and how its gradients are looked at. */
export interface Combination {
  /** All of it, so that it can be made again. */
  readonly name: string;
  readonly kind: Kind;
  /** For each axis the index of its value. */
  readonly levels: Readonly<Record<string, number>>;
  readonly layer: AnyLayer;
  readonly upstream: Upstream;
  readonly seed: number;
}

/** Whether the library takes these options together, and each of them has an effect. */
function goTogether(options: Level): boolean {
  const { resetAfter, layerNormalization, layers, dropout, residual, output, direction } = options;
  if (resetAfter === false && layerNormalization !== undefined) return false;
  if (layers === 1 && (dropout !== undefined || residual === true)) return false;
  return !(residual === true && output === 'last' && direction !== 'forward');
}

/** One value of every axis at random. */
function draw(axes: Axes, random: Random) {
  for (;;) {
    const levels: Record<string, number> = {};
    const options: Record<string, unknown> = {};
    for (const [axis, all] of Object.entries(axes)) {
      const level = random.integer(all.length);
      levels[axis] = level;
      Object.assign(options, all[level]);
    }
    if (goTogether(options)) return { levels, options };
  }
}

/** All pairs of values of different axes that a combination has. */
export function pairsOf(levels: Readonly<Record<string, number>>): string[] {
  const names = Object.entries(levels).map(([axis, level]) => `${axis}:${level}`);
  return names.flatMap((first, index) => names.slice(index + 1).map((second) => `${first} ${second}`));
}

/** All pairs of values of different axes that go together. */
export function possiblePairs(kind: Kind): string[] {
  const axes = Object.entries(AXES[kind]);
  return axes.flatMap(([first, all], index) =>
    axes.slice(index + 1).flatMap(([second, others]) =>
      all.flatMap((level, i) =>
        others.flatMap((other, j) => {
          return goTogether({ ...level, ...other, direction: 'forward' }) ? [`${first}:${i} ${second}:${j}`] : [];
        }),
      ),
    ),
  );
}

/** How many random combinations each one is chosen from. */
const CANDIDATES = 100;

/** `count` combinations of options of a kind of layer, each chosen for the pairs that those before it lack. */
export function combinations(kind: Kind, count: number): Combination[] {
  const random = new Random(1, `combinations of ${kind}`);
  const seen = new Set<string>();
  return Array.from({ length: count }, (_, seed) => {
    let best = draw(AXES[kind], random);
    let most = -1;
    for (let candidate = 0; candidate < CANDIDATES; candidate++) {
      const drawn = draw(AXES[kind], random);
      const added = pairsOf(drawn.levels).filter((pair) => !seen.has(pair)).length;
      if (added > most) [best, most] = [drawn, added];
    }
    for (const pair of pairsOf(best.levels)) seen.add(pair);
    const { upstream, ...options } = best.options as { upstream: Upstream };
    const layer = layerFromJSON({ kind, ...options });
    const name = `${kind}(${JSON.stringify(options)}), upstream ${upstream}, seed ${seed}`;
    return { name, kind, levels: best.levels, layer, upstream, seed };
  });
}
