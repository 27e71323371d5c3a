import { describe, expect, it } from 'vitest';
import { gru, lstm, type RecurrentDescription, rnn } from '../../src/layers/recurrent.js';
import { float32Epsilon, tolerance } from '../oracle/tolerance.js';
import { expectAgreement, layerOf } from './agreement.js';
import { LayerProgram, type LayerProgramOptions } from './layer-program.js';
import { type Golden, type GoldenTensor, loadGoldens } from './load.js';

type LayerGolden = Golden<'layer'>;

function describeLayer({ options: { cell, units, layers } }: LayerGolden): RecurrentDescription {
  if (cell === 'lstm') return lstm({ units, layers });
  if (cell === 'gru') return gru({ units, layers });
  return rnn({ units, layers, activation: cell === 'rnn_relu' ? 'relu' : 'tanh' });
}

/** States of the cell: `h`, and `c` for an LSTM. */
const statesOf = ({ options }: LayerGolden): string[] => (options.cell === 'lstm' ? ['h', 'c'] : ['h']);

/** Every result by the name that the program gives it, with the tensor that it must agree with. */
function expectedResults(golden: LayerGolden): Map<string, GoldenTensor> {
  const expected = new Map<string, GoldenTensor>([['y', golden.tensor('y')]]);
  for (const [name, tensor] of golden.under('gradient/')) {
    if (name !== 'h0' && name !== 'c0') expected.set(`gradient/${name}`, tensor);
  }
  for (const state of statesOf(golden)) {
    for (let layer = 0; layer < golden.options.layers; layer++) {
      expected.set(`${state}_l${layer}/final`, layerOf(golden.tensor(`${state}T`), layer));
      expected.set(`gradient/${state}_l${layer}/initial`, layerOf(golden.tensor(`gradient/${state}0`), layer));
    }
  }
  return expected;
}

function run(golden: LayerGolden, options: LayerProgramOptions): Map<string, Float32Array | Float64Array> {
  const { inputs, layers } = golden.options;
  const program = new LayerProgram(describeLayer(golden), inputs, golden.int32('batchSizes'), options);
  program.write('x', golden.float32('x'));
  for (const prefix of ['weight_', 'bias_']) {
    for (const [name, { data }] of golden.under(prefix)) program.write(`${prefix}${name}`, data);
  }
  program.write('upstream/y', golden.float32('dy'));
  for (const state of statesOf(golden)) {
    for (let layer = 0; layer < layers; layer++) {
      program.write(`${state}_l${layer}/initial`, layerOf(golden.tensor(`${state}0`), layer).data);
      program.write(`upstream/${state}_l${layer}/final`, layerOf(golden.tensor(`d${state}T`), layer).data);
    }
  }
  program.run();
  return new Map([...expectedResults(golden).keys()].map((name) => [name, program.read(name)]));
}

/** Longest sum: a product over inputs or units, in the backward pass over all gates, for weights over all rows. */
function relativeTolerance({ options: { cell, inputs, units, layers, lengths } }: LayerGolden, result: string): number {
  const steps = (lengths[0] as number) * layers;
  if (!result.startsWith('gradient/')) return tolerance({ terms: Math.max(inputs, units), steps });
  const gates = cell === 'lstm' ? 4 : cell === 'gru' ? 3 : 1;
  const rows = lengths.reduce((sum, length) => sum + length, 0);
  return tolerance({ terms: Math.max(inputs, gates * units, rows), steps, backward: true });
}

describe.each(loadGoldens('layer').map((golden) => [golden.name, golden] as const))('%s', (_, golden) => {
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
});
