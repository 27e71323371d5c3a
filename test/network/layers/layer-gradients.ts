/** The gradients of one layer against central differences of the same layer run forward, in double precision. */
import { differentiate } from '../../../src/graph/gradients.js';
import type { Value } from '../../../src/graph/value.js';
import type { AnyLayer } from '../../../src/network/layers/layers.js';
import { CompiledProgram } from '../../../src/program/program.js';
import { emptyBlocks } from '../../golden/blocks.js';
import { batchSizesOf } from '../../model/small-models.js';
import { element } from '../../oracle/matrix.js';
import { RandomOperands } from '../../oracle/random-matrix.js';
import { AXIS, layerGraph } from './layer-graph.js';

/** All different, so that in every step but the first a sequence ends. */
const LENGTHS = [5, 4, 2, 1];
const batchSizes = batchSizesOf(LENGTHS);
const ROWS = LENGTHS.reduce((sum, length) => sum + length, 0);
const INPUTS = 3;

/** Change of an operand: the error of a central difference is about STEP^2 and 2^-52 / STEP, 1e-10 both. */
const STEP = 2 ** -17;

/** Between activations with a kink and a limit there may be one in reach of a step: then a smaller one decides. */
const SMALL_STEP = 2 ** -22;

/** Largest error, relative to the derivative or to the root mean square of all gradients of the operand. */
const TOLERANCE = 1e-6;

/** Changes of every operand, beside one of a single element. */
const DIRECTIONS = 2;

/** What is looked at. */
export interface LayerGradientOptions {
  /** Whether random masks and penalties are active. */
  readonly training: boolean;
  readonly upstream: 'all' | 'output' | 'states';
  readonly seed: number;
}

type Numbers = ReadonlyMap<string, ArrayLike<number>>;

/** The layer with everything that it reads, and everything that it gives, by name. */
function buildLayer(layer: AnyLayer, training: boolean) {
  const built = layerGraph(layer, { training, columns: INPUTS, parameterSource: 'input' });
  const { graph, output, finalStates, penalties } = built;
  const operands = new Map([...graph.externals].filter(([, value]) => value.type === 'real'));
  const results = new Map([
    ['y', output],
    ...[...finalStates].map(([name, value]) => [`${name}/final`, value] as const),
  ]);
  for (const [index, { value, weight }] of penalties.entries()) {
    results.set(`penalty${index}`, graph.apply('scale', { x: value }, { factor: weight }).y);
  }
  return { graph, operands, results };
}

type BuiltLayer = ReturnType<typeof buildLayer>;

/** A program of the layer that gives these values. */
class LayerRun {
  readonly #program: CompiledProgram;
  readonly #values: ReadonlyMap<string, Value>;

  constructor({ graph }: BuiltLayer, values: ReadonlyMap<string, Value>, threads = 1) {
    this.#values = values;
    this.#program = new CompiledProgram(graph, {
      outputs: [...values.values()],
      axes: new Map([[AXIS, { steps: batchSizes.length, batch: LENGTHS.length, rows: ROWS }]]),
      blocks: emptyBlocks(),
      threads,
      grain: 0, // all threads take part, small as the layer is
      precision: 'float64',
    });
  }

  /** Writes what the program reads of `inputs`, and runs it with the random masks of `key`. */
  run(inputs: Numbers, key: number): Map<string, Float64Array> {
    for (const [name, numbers] of inputs) if (this.#program.hasInput(name)) this.#program.real(name).set(numbers);
    if (this.#program.hasInput('key')) this.#program.integers('key').set([key, 2, 3, 4]);
    this.#program.execute([batchSizes]);
    return new Map([...this.#values].map(([name, value]) => [name, Float64Array.from(this.#program.real(value))]));
  }
}

/** Number of elements of a value. */
function countOf({ rows, columns }: Value): number {
  if (typeof rows === 'number') return rows * columns;
  return (rows.kind === 'steps' ? ROWS : LENGTHS.length) * columns;
}

/** Numbers for an operand: weights small enough for no activation to be flat, gains around 1. */
function numbersFor(name: string, value: Value, random: RandomOperands): Float64Array {
  const [low, high] = name.startsWith('gain') ? [0.6, 1.4] : name.startsWith('weight') ? [-0.5, 0.5] : [-1, 1];
  return Float64Array.from({ length: countOf(value) }, () => random.number(low, high));
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += element(a, index) * element(b, index);
  return sum;
}

/** The upstream gradient of every result that has one. */
function upstreamOf({ results }: BuiltLayer, which: LayerGradientOptions['upstream'], random: RandomOperands) {
  const upstream = new Map<string, Float64Array>();
  for (const [name, value] of results) {
    if (name === 'y' && which === 'states') continue;
    if (name.endsWith('/final') && which === 'output') continue;
    upstream.set(
      name,
      Float64Array.from({ length: countOf(value) }, () => random.number()),
    );
  }
  return upstream;
}

/** A program that gives everything that the layer does, and the gradients of everything that it reads. */
function differentiated(layer: AnyLayer, training: boolean, upstream: Numbers, threads: number): LayerRun {
  const built = buildLayer(layer, training);
  const { graph, operands, results } = built;
  const reached = [...upstream.keys()].map((name) => {
    const value = results.get(name) as Value;
    return { value, gradient: graph.external(`upstream/${name}`, value.rows, value.columns) };
  });
  const gradients = differentiate(graph, reached, [...operands.values()]);
  const values = new Map(results);
  for (const [name, { id }] of operands) {
    const gradient = gradients.get(id);
    if (gradient !== undefined) values.set(`gradient/${name}`, gradient);
  }
  return new LayerRun(built, values, threads);
}

/** What a check of gradients found. */
export interface LayerGradientReport {
  /** Why a gradient is none, one line each. */
  readonly findings: readonly string[];
  /** Results of the forward program with the random masks of the check, and with others. */
  readonly results: Numbers;
  readonly withOtherMasks: Numbers;
  /** Results and gradients from the program that has both, on one thread and on two. */
  readonly gradients: Numbers;
  readonly gradientsOnThreads: Numbers;
}

const KEY = 1;

/** Compares the gradients of all operands of a layer with central differences. */
export function checkLayerGradients(layer: AnyLayer, options: LayerGradientOptions): LayerGradientReport {
  const { training, seed } = options;
  const random = new RandomOperands(seed);
  const plain = buildLayer(layer, training);
  const forward = new LayerRun(plain, plain.results);
  const inputs = new Map([...plain.operands].map(([name, value]) => [name, numbersFor(name, value, random)]));
  const upstream = upstreamOf(plain, options.upstream, random);
  const given = new Map([...inputs, ...[...upstream].map(([name, d]) => [`upstream/${name}`, d] as const)]);
  const [all, onThreads] = [1, 2].map((threads) => {
    return differentiated(layer, training, upstream, threads).run(given, KEY);
  }) as [Map<string, Float64Array>, Map<string, Float64Array>];

  const objective = (name: string, change: Float64Array, step: number) => {
    const numbers = inputs.get(name) as Float64Array;
    const changed = numbers.map((value, index) => value + step * element(change, index));
    const results = forward.run(new Map([...inputs, [name, changed]]), KEY);
    return [...upstream].reduce((sum, [result, d]) => sum + dot(results.get(result) as Float64Array, d), 0);
  };

  const findings: string[] = [];
  for (const [name, { length }] of inputs) {
    // What no result with a gradient depends on has none: then the derivative is 0.
    const gradient = all.get(`gradient/${name}`) ?? new Float64Array(length);
    const single = new Float64Array(length);
    single[Math.min(length - 1, Math.floor(random.number(0, length)))] = 1;
    const some = Array.from({ length: DIRECTIONS }, () => Float64Array.from({ length }, () => random.number()));
    for (const change of [single, ...some]) {
      const analytic = dot(gradient, change);
      const size = Math.sqrt((dot(gradient, gradient) / length) * dot(change, change));
      const numerical = (step: number) => (objective(name, change, step) - objective(name, change, -step)) / (2 * step);
      const isRight = (difference: number, least: number) => {
        return Math.abs(analytic - difference) <= Math.max(TOLERANCE * Math.max(Math.abs(difference), size), least);
      };
      if (isRight(numerical(STEP), 2 ** -33) || isRight(numerical(SMALL_STEP), 2 ** -30)) continue;
      findings.push(`d${name}: ${analytic}, by central differences ${numerical(STEP)} and ${numerical(SMALL_STEP)}`);
    }
  }
  return {
    findings,
    results: forward.run(inputs, KEY),
    withOtherMasks: forward.run(inputs, KEY + 1),
    gradients: all,
    gradientsOnThreads: onThreads,
  };
}
