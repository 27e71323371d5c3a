/**
 * A cell of PyTorch in a loop, against programs of one step: states go from step to step by hand, and so do their
 * gradients on the way back.
 */
import { describe, expect, it } from 'vitest';
import { gru, lstm, type RecurrentDescription, rnn } from '../../src/network/layers/recurrent.js';
import { float32Epsilon, tolerance } from '../oracle/tolerance.js';
import { entryOf, expectAgreement } from './agreement.js';
import { LayerProgram } from './layer-program.js';
import { type Golden, type GoldenTensor, loadGoldens } from './load.js';

type CellGolden = Golden<'cell'>;
type Numbers = Float32Array | Float64Array;

function describeCell({ options: { cell, units, biases } }: CellGolden): RecurrentDescription {
  const shared = { units, ...(biases ? {} : { biases: 'none' as const }) };
  if (cell === 'lstm') return lstm(shared);
  if (cell === 'gru') return gru(shared);
  return rnn({ ...shared, activation: cell === 'rnn_relu' ? 'relu' : 'tanh' });
}

const statesOf = ({ options }: CellGolden): string[] => (options.cell === 'lstm' ? ['h', 'c'] : ['h']);

const weightsOf = ({ inputs }: CellGolden): [string, GoldenTensor][] =>
  [...inputs].filter(([name]) => name.startsWith('weight_') || name.startsWith('bias_'));

const sum = (a: ArrayLike<number>, b: ArrayLike<number>): Float64Array =>
  Float64Array.from(a, (value, index) => value + (b[index] as number));

/** The loop: `forward` fills the states, and `backward` reads them and sums the gradients. */
class CellLoop {
  readonly #golden: CellGolden;
  readonly #program: LayerProgram;
  /** States before each step, and after the last, by name. */
  readonly #states = new Map<string, Numbers[]>();

  constructor(golden: CellGolden, precision: 'float32' | 'float64') {
    const { inputs, batch } = golden.options;
    this.#golden = golden;
    this.#program = new LayerProgram(describeCell(golden), inputs, Int32Array.of(batch), { precision, threads: 1 });
    for (const state of statesOf(golden)) this.#states.set(state, [golden.float32(`${state}0`)]);
  }

  /** Runs one step with gradients that reach its states, by name. Without them they are 0. */
  #step(step: number, upstream: ReadonlyMap<string, ArrayLike<number>>): void {
    const { batch, units } = this.#golden.options;
    const nothing = new Float64Array(batch * units);
    this.#program.write('x', entryOf(this.#golden.tensor('x'), step).data);
    for (const [name, { data }] of weightsOf(this.#golden)) this.#program.write(`${name}_l0`, data);
    for (const [state, history] of this.#states) {
      this.#program.write(`${state}_l0/initial`, history[step] as Numbers);
      this.#program.write(`upstream/${state}_l0/final`, upstream.get(state) ?? nothing);
    }
    // The output is the final state: what reaches h may come through either.
    this.#program.write('upstream/y', upstream.get('y') ?? nothing);
    this.#program.run();
  }

  /** All steps: for each the output, which is h, and then the states after it. */
  forward(): Map<string, Numbers[]> {
    const outputs: Numbers[] = [];
    for (let step = 0; step < this.#golden.options.steps; step++) {
      this.#step(step, new Map());
      outputs.push(this.#program.read('y'));
      for (const [state, history] of this.#states) history.push(this.#program.read(`${state}_l0/final`));
    }
    return new Map([['y', outputs], ...[...this.#states].map(([name, all]) => [name, all.slice(1)] as const)]);
  }

  /** Gradients of the input of every step, of the initial states, and of the parameters, by the names of the golden. */
  backward(): Map<string, ArrayLike<number>> {
    const golden = this.#golden;
    const inputs: Numbers[] = [];
    const parameters = new Map<string, ArrayLike<number>>();
    let reaching = new Map<string, ArrayLike<number>>();
    for (let step = golden.options.steps - 1; step >= 0; step--) {
      const upstream = new Map<string, ArrayLike<number>>([['y', entryOf(golden.tensor('dh'), step).data]]);
      for (const state of this.#states.keys()) {
        const after = reaching.get(state);
        const here = state === 'h' ? undefined : entryOf(golden.tensor(`d${state}`), step).data;
        const both = after === undefined || here === undefined ? (after ?? here) : sum(after, here);
        if (both !== undefined) upstream.set(state, both);
      }
      this.#step(step, upstream);
      inputs.unshift(this.#program.read('gradient/x'));
      for (const [name] of weightsOf(golden)) {
        const gradient = this.#program.read(`gradient/${name}_l0`);
        parameters.set(name, sum(gradient, parameters.get(name) ?? new Float64Array(gradient.length)));
      }
      reaching = new Map(
        [...this.#states.keys()].map((state) => [state, this.#program.read(`gradient/${state}_l0/initial`)]),
      );
    }
    const initial = [...reaching].map(([state, gradient]) => [`${state}0`, gradient] as const);
    const x = Float64Array.from(inputs.flatMap((input) => [...input]));
    return new Map<string, ArrayLike<number>>([['x', x], ...initial, ...parameters]);
  }
}

/** Longest sum: a product over inputs or units, in the backward pass over all gates, for weights over all rows. */
function relativeTolerance({ options }: CellGolden, precision: 'float32' | 'float64', backward: boolean): number {
  if (precision === 'float64') return float32Epsilon / 2;
  const { cell, inputs, units, steps, batch } = options;
  if (!backward) return tolerance({ terms: Math.max(inputs, units), steps });
  const gates = cell === 'lstm' ? 4 : cell === 'gru' ? 3 : 1;
  return tolerance({ terms: Math.max(inputs, gates * units, steps * batch), steps, backward });
}

describe.each(loadGoldens('cell').map((golden) => [golden.name, golden] as const))('%s', (_, golden) => {
  it.each(['float32', 'float64'] as const)('gives the states of every step as PyTorch in %s', (precision) => {
    const relative = relativeTolerance(golden, precision, false);
    for (const [name, history] of new CellLoop(golden, precision).forward()) {
      const expected = golden.tensor(name === 'y' ? 'h' : name);
      expect(history.length).toBe(golden.options.steps);
      for (const [step, values] of history.entries()) {
        expectAgreement(`${name} after step ${step}`, values, entryOf(expected, step), relative);
      }
    }
  });

  it.each(['float32', 'float64'] as const)('gives every gradient as PyTorch in %s', (precision) => {
    const relative = relativeTolerance(golden, precision, true);
    const loop = new CellLoop(golden, precision);
    loop.forward();
    const gradients = loop.backward();
    const expected = golden.under('gradient/');
    expect([...gradients.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [name, tensor] of expected) {
      expectAgreement(`gradient of ${name}`, gradients.get(name) as ArrayLike<number>, tensor, relative);
    }
  });
});
