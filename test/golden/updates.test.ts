import { describe, expect, it } from 'vitest';
import { Graph } from '../../src/graph/graph.js';
import { aligned } from '../../src/native/memory.js';
import {
  emitUpdate,
  hyperparameterCount,
  hyperparameters,
  initialSlots,
} from '../../src/network/optimizers/emit-update.js';
import {
  adagrad,
  adam,
  adamW,
  type BuiltInOptimizer,
  momentum,
  rmsprop,
  sgd,
} from '../../src/network/optimizers/optimizer.js';
import { CompiledProgram } from '../../src/program/program.js';
import { float32Epsilon, tolerance } from '../oracle/tolerance.js';
import { expectAgreement } from './agreement.js';
import { emptyBlocks } from './blocks.js';
import { type Golden, type GoldenOptimizer, loadGolden, loadGoldens } from './load.js';

function describeOptimizer({ kind, ...options }: GoldenOptimizer): BuiltInOptimizer {
  return { sgd, momentum, adam, adamW, adagrad, rmsprop }[kind](options);
}

type Precision = 'float32' | 'float64';

/** The parameters after each step: those that PyTorch computed in the same type. */
const EXPECTED = { float32: 'parameters', float64: 'parameters64' } as const;
const EPSILONS = { float32: float32Epsilon, float64: 2 ** -52 } as const;

/** A vector of parameters and the program that updates it. */
class Updater {
  readonly #optimizer: BuiltInOptimizer;
  readonly #program: CompiledProgram;
  readonly #gradient: Float32Array | Float64Array;
  readonly parameters: Float32Array | Float64Array;
  #step = 0;

  constructor(optimizer: BuiltInOptimizer, start: Float32Array, precision: Precision) {
    const columns = start.length;
    const Numbers = precision === 'float64' ? Float64Array : Float32Array;
    const bytes = aligned(Numbers.BYTES_PER_ELEMENT * columns);
    const initial = initialSlots(optimizer);
    const slots = [...initial.keys()];
    const blocks = emptyBlocks(bytes, slots.length);
    const graph = new Graph();
    const w = graph.external('w', 1, columns, { source: 'parameter', offset: 0 });
    const g = graph.external('g', 1, columns, { source: 'gradient', offset: 0 });
    const memory = slots.map((slot, index) => {
      return [slot, graph.external(slot, 1, columns, { source: 'optimizer', offset: index * bytes })] as const;
    });
    const max = graph.external('max', 1, 1, { type: 'float64' });
    const norm = graph.apply('clipNorm', { g, max }).norm;
    const h = graph.external('h', 1, hyperparameterCount(optimizer), { type: 'float64' });
    emitUpdate(graph, optimizer, { w, g, slots: new Map(memory), norm, h });
    this.#optimizer = optimizer;
    this.#program = new CompiledProgram(graph, { outputs: [norm], axes: new Map(), blocks, threads: 1, precision });
    const view = (block: Uint8Array, offset = 0) =>
      new Numbers(block.buffer as ArrayBuffer, block.byteOffset + offset, columns);
    this.parameters = view(blocks.parameter);
    this.#gradient = view(blocks.gradient);
    slots.forEach((slot, index) => {
      view(blocks.optimizer, index * bytes).fill(initial.get(slot) as number);
    });
    this.parameters.set(start);
  }

  step(gradient: Float32Array): void {
    this.#gradient.set(gradient);
    this.#program.doubles('max').fill(0);
    const numbers = hyperparameters(this.#optimizer, this.#optimizer.learningRate, ++this.#step);
    this.#program.doubles('h').set(numbers);
    this.#program.execute([]);
  }
}

describe.each(loadGoldens('optimizer').map((golden) => [golden.name, golden] as const))('%s', (_, golden) => {
  it.each(['float32', 'float64'] as const)('gives the parameters of PyTorch after each of ten steps in %s', (type) => {
    const updater = new Updater(describeOptimizer(golden.options), golden.float32('start'), type);
    const gradients = golden.float32('gradients');
    const expected = golden.tensor(EXPECTED[type]).data;
    const size = updater.parameters.length;
    expect(gradients.length).toBe(10 * size);
    for (let step = 0; step < 10; step++) {
      const [begin, end] = [step * size, (step + 1) * size];
      updater.step(gradients.slice(begin, end));
      const tensor = { shape: [1, size], data: expected.slice(begin, end) };
      // Every step adds a handful of terms to the sum that a parameter is.
      const relative = tolerance({ terms: 8, steps: step + 1, epsilon: EPSILONS[type] });
      expectAgreement(`step ${step + 1}`, updater.parameters, tensor, relative);
    }
  });
});

function clip(golden: Golden<'clipNorm'>, precision: 'float32' | 'float64') {
  const a = golden.float32('gradientA');
  const b = golden.float32('gradientB');
  const graph = new Graph();
  const columns = a.length + b.length;
  const g = graph.external('g', 1, columns, { source: 'gradient', offset: 0 });
  const norm = graph.apply('clipNorm', { g, max: graph.external('max', 1, 1, { type: 'float64' }) }).norm;
  const blocks = emptyBlocks(aligned(8 * columns));
  const program = new CompiledProgram(graph, { outputs: [norm], axes: new Map(), blocks, threads: 1, precision });
  program.real(g).set([...a, ...b]);
  program.doubles('max').fill(golden.options.maxNorm);
  program.execute([]);
  const clipped = program.real(g);
  return { norm: program.doubles(norm), a: clipped.subarray(0, a.length), b: clipped.subarray(a.length) };
}

describe.each(loadGoldens('clipNorm').map((golden) => [golden.name, golden] as const))('%s', (_, golden) => {
  it.each([
    ['float32', tolerance({ terms: 2 })],
    ['float64', float32Epsilon / 2],
  ] as const)('measures the norm of both tensors together and scales them as PyTorch in %s', (precision, relative) => {
    const { norm, a, b } = clip(golden, precision);
    expectAgreement('norm', norm, golden.tensor('norm'), float32Epsilon / 2); // summed in float64 in either case
    expectAgreement('clippedA', a, golden.tensor('clippedA'), relative);
    expectAgreement('clippedB', b, golden.tensor('clippedB'), relative);
  });
});

describe('clipping by norm', () => {
  it('leaves a gradient whose norm is below the limit as it is, bit for bit', () => {
    const golden = loadGolden('clipNorm', 'clip_norm_unclipped');
    const { a, b } = clip(golden, 'float32');
    expect(a).toEqual(golden.float32('gradientA'));
    expect(b).toEqual(golden.float32('gradientB'));
  });
});
