/** The common part of all goldens of a recurrent stack: its description, its names, its tolerances, its tests. */
import { expect, it } from 'vitest';
import { gru, lstm, type RecurrentDescription, rnn } from '../../src/network/layers/recurrent.js';
import { float32Epsilon, tolerance } from '../oracle/tolerance.js';
import { entryOf, expectAgreement } from './agreement.js';
import { LayerProgram, type LayerProgramOptions } from './layer-program.js';
import type { Golden, GoldenRecurrent, GoldenTensor } from './load.js';

/** A golden of a stack of one direction, or of a variant. */
export type RecurrentGolden = Golden<'layer'> | Golden<'recurrent'>;

function settingsOf({ options }: RecurrentGolden): GoldenRecurrent {
  return { directions: 1, biases: true, ...options };
}

function describeStack(golden: RecurrentGolden): RecurrentDescription {
  const { cell, units, layers, directions, biases, projection, activationPenalty, temporalPenalty } =
    settingsOf(golden);
  const shared = {
    units,
    layers,
    ...(directions === 2 ? { direction: 'bidirectional' as const } : {}),
    ...(biases ? {} : { biases: 'none' as const }),
    ...(activationPenalty === undefined ? {} : { activationPenalty }),
    ...(temporalPenalty === undefined ? {} : { temporalPenalty }),
  };
  if (cell === 'lstm') return lstm({ ...shared, ...(projection === undefined ? {} : { projection }) });
  if (cell === 'gru') return gru(shared);
  return rnn({ ...shared, activation: cell === 'rnn_relu' ? 'relu' : 'tanh' });
}

/** A state of one layer and direction. */
interface StateName {
  /** Name in the program: `h_l0`, `c_l1_reverse`. */
  readonly name: string;
  /** Name in the golden: `h`, or `c` for the cell of an LSTM. */
  readonly state: string;
  /** Where it stands in the first axis of the golden's tensors. */
  readonly index: number;
}

function statesOf(golden: RecurrentGolden): StateName[] {
  const { cell, layers, directions } = settingsOf(golden);
  const names: StateName[] = [];
  for (const state of cell === 'lstm' ? ['h', 'c'] : ['h']) {
    for (let layer = 0; layer < layers; layer++) {
      for (let direction = 0; direction < directions; direction++) {
        const name = `${state}_l${layer}${direction === 1 ? '_reverse' : ''}`;
        names.push({ name, state, index: layer * directions + direction });
      }
    }
  }
  return names;
}

/** Every result by its name in the program, with the tensor that it must agree with. */
function expectedResults(golden: RecurrentGolden): Map<string, GoldenTensor> {
  const expected = new Map<string, GoldenTensor>([['y', golden.tensor('y')]]);
  if (golden.results.has('penalty')) expected.set('penalty', golden.tensor('penalty'));
  for (const [name, tensor] of golden.under('gradient/')) {
    if (name !== 'h0' && name !== 'c0') expected.set(`gradient/${name}`, tensor);
  }
  for (const { name, state, index } of statesOf(golden)) {
    expected.set(`${name}/final`, entryOf(golden.tensor(`${state}T`), index));
    expected.set(`gradient/${name}/initial`, entryOf(golden.tensor(`gradient/${state}0`), index));
  }
  return expected;
}

function run(golden: RecurrentGolden, options: LayerProgramOptions): Map<string, Float32Array | Float64Array> {
  const program = new LayerProgram(describeStack(golden), golden.options.inputs, golden.int32('batchSizes'), options);
  program.write('x', golden.float32('x'));
  for (const [name, { data }] of golden.inputs) {
    if (name.startsWith('weight_') || name.startsWith('bias_')) program.write(name, data);
  }
  program.write('upstream/y', golden.float32('dy'));
  if (golden.inputs.has('dpenalty')) program.write('upstream/penalty', golden.float32('dpenalty'));
  for (const { name, state, index } of statesOf(golden)) {
    program.write(`${name}/initial`, entryOf(golden.tensor(`${state}0`), index).data);
    program.write(`upstream/${name}/final`, entryOf(golden.tensor(`d${state}T`), index).data);
  }
  program.run();
  return new Map([...expectedResults(golden).keys()].map((name) => [name, program.read(name)]));
}

/**
 * Longest sum: a product over inputs or units, in the backward pass over all gates of all directions, for weights over
 * all rows, for a penalty over all elements.
 */
function relativeTolerance(golden: RecurrentGolden, result: string): number {
  const { cell, inputs, units, layers, directions, lengths } = settingsOf(golden);
  const steps = (lengths[0] as number) * layers;
  const rows = lengths.reduce((sum, length) => sum + length, 0);
  if (result === 'penalty') return tolerance({ terms: rows * directions * units, steps });
  if (!result.startsWith('gradient/')) return tolerance({ terms: Math.max(inputs, directions * units), steps });
  const gates = cell === 'lstm' ? 4 : cell === 'gru' ? 3 : 1;
  return tolerance({ terms: Math.max(inputs, directions * gates * units, rows), steps, backward: true });
}

/** Tests that a stack gives everything that PyTorch gave, in both precisions, and the same bits on any threads. */
export function testRecurrentGolden(golden: RecurrentGolden): void {
  const expected = expectedResults(golden);
  const batchSizes = [...golden.int32('batchSizes')];

  it('covers every result that PyTorch gave', () => {
    const elements = (tensors: Iterable<GoldenTensor>) => [...tensors].reduce((sum, { data }) => sum + data.length, 0);
    expect(elements(expected.values())).toBe(elements(golden.results.values()));
  });

  it('gives the outputs, final states and all gradients of PyTorch in float32', () => {
    const results = run(golden, { precision: 'float32', threads: 1 });
    for (const [name, tensor] of expected) {
      expectAgreement(name, results.get(name) as Float32Array, tensor, relativeTolerance(golden, name), { batchSizes });
    }
  });

  it('gives them in float64 to the rounding of the stored values', () => {
    const results = run(golden, { precision: 'float64', threads: 1 });
    for (const [name, tensor] of expected) {
      expectAgreement(name, results.get(name) as Float64Array, tensor, float32Epsilon / 2, { batchSizes });
    }
  });

  it('gives the same bits on one, two and three threads', () => {
    const one = run(golden, { precision: 'float32', threads: 1 });
    for (const threads of [2, 3]) expect(run(golden, { precision: 'float32', threads })).toEqual(one);
  });
}
