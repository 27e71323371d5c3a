/** Random graphs for property tests: recurrent cells, maps, joins and slices in any order, with or without gradients. */
import fc from 'fast-check';
import type { Extent } from '../../src/graph/extent.js';
import { differentiate } from '../../src/graph/gradients.js';
import { Graph, type GraphOptions } from '../../src/graph/graph.js';
import type { Value } from '../../src/graph/value.js';

export const AXIS = 'time';

/** The recipe of a graph. fast-check shrinks it to the smallest one that fails. */
export interface Recipe {
  /** Sequences alive at each step, non-increasing. */
  readonly batchSizes: readonly number[];
  /** One operation each: which, on which of the values so far, and how large. */
  readonly steps: readonly { readonly kind: number; readonly a: number; readonly b: number; readonly size: number }[];
  /** Which values are read after an execution. */
  readonly outputs: readonly number[];
  /** Whether the gradients of all parameters and inputs are outputs too. */
  readonly gradients: boolean;
  /** Whether weights are packed in separate instructions, which later executions skip. */
  readonly prepare: boolean;
}

/** A graph that was made from a recipe. */
export interface RandomGraph {
  readonly graph: Graph;
  readonly outputs: readonly Value[];
  readonly batchSizes: readonly number[];
}

const step = fc.record({
  kind: fc.nat({ max: 999 }),
  a: fc.nat({ max: 99 }),
  b: fc.nat({ max: 99 }),
  size: fc.nat({ max: 9 }),
});

/** Recipes of graphs with up to `most` operations. */
export function recipes(most: number): fc.Arbitrary<Recipe> {
  return fc.record({
    batchSizes: fc
      .array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 })
      .map((sizes) => sizes.sort((a, b) => b - a)),
    steps: fc.array(step, { minLength: 1, maxLength: most }),
    outputs: fc.array(fc.nat({ max: 99 }), { minLength: 1, maxLength: 3 }),
    gradients: fc.boolean(),
    prepare: fc.boolean(),
  });
}

const isSteps = ({ rows }: Value) => typeof rows !== 'number' && rows.kind === 'steps';
const sameShape = (a: Value, b: Value) => isSteps(a) === isSteps(b) && a.columns === b.columns;

/** Builds a graph, one operation after the other, as the recipe chooses. */
class GraphBuilder {
  readonly graph: Graph;
  readonly values: Value[] = [];
  readonly sources: Value[] = [];
  #parameterBytes = 0;

  constructor(options: GraphOptions) {
    this.graph = new Graph(options);
    for (const columns of [2, 3, 4]) this.#input(this.graph.steps(AXIS), columns);
    this.#input(this.graph.batch(AXIS), 3);
  }

  add({ kind, a, b, size }: Recipe['steps'][number]): void {
    const x = this.#pick(this.values, a);
    const steps = this.values.filter(isSteps);
    const units = 1 + (size % 4);
    const makers: readonly (() => Value | undefined)[] = [
      () => this.#apply(['sigmoid', 'tanh', 'relu', 'softmax'][size % 4] as string, { x }),
      () => this.#apply('scale', { x }, { factor: size - 4 }),
      () => this.#binary(['add', 'subtract', 'multiply'][size % 3] as string, x, b),
      () => this.#join(x, b),
      () => this.#join(x, b),
      () => this.#slice(x, size),
      () => this.#slice(x, size),
      () => this.#linear(x, units),
      () => this.#recurrent('rnn', this.#pick(steps, a), units, b),
      () => this.#recurrent('gru', this.#pick(steps, a), units, b),
      () => this.#recurrent('lstm', this.#pick(steps, a), units, b),
      () => this.#bothDirections(this.#pick(steps, a), units, b),
      () => this.#bothDirections(this.#pick(steps, a), units, b + 1),
      () => this.#apply(['lastStep', 'maxOverTime'][size % 2] as string, { x: this.#pick(steps, a) }),
      () => this.#apply('sumOverTime', { x: this.#pick(steps, a) }, { mean: size % 2 }),
      () => (isSteps(x) ? undefined : this.#apply('repeatOverTime', { x }, { mean: 0 })),
    ];
    const made = this.#pick(makers, kind)();
    if (made !== undefined && made.columns <= 12) this.values.push(made);
  }

  /** Gradients of the sums of some values with respect to all sources. */
  gradients(values: readonly Value[]): Value[] {
    const seeds = [...new Set(values)].map((value, index) => ({
      value,
      gradient: this.graph.external(`upstream ${index}`, value.rows, value.columns),
    }));
    return [...differentiate(this.graph, seeds, this.sources).values()];
  }

  pickOutputs(places: readonly number[]): Value[] {
    const computed = this.values.filter(({ node }) => node !== undefined);
    return computed.length === 0 ? [] : [...new Set(places.map((place) => this.#pick(computed, -1 - place)))];
  }

  #pick<T>(from: readonly T[], place: number): T {
    return from.at(place % from.length) as T;
  }

  #input(rows: Extent, columns: number): void {
    const value = this.graph.external(`input ${this.sources.length}`, rows, columns);
    this.values.push(value);
    this.sources.push(value);
  }

  #weights(rows: number, columns: number): Value {
    const name = `weights ${this.sources.length}`;
    const offset = this.#parameterBytes;
    this.#parameterBytes += 64 * Math.ceil((8 * rows * columns) / 64);
    const value = this.graph.external(name, rows, columns, { source: 'parameter', offset });
    this.sources.push(value);
    return value;
  }

  #outputs(
    name: string,
    operands: Readonly<Record<string, Value | undefined>>,
    attributes: Readonly<Record<string, number>> = {},
    extents: Readonly<Record<string, number>> = {},
  ): Readonly<Record<string, Value>> {
    return Object.fromEntries(this.graph.applyNamed(name, operands, attributes, extents));
  }

  #apply(
    name: string,
    operands: Readonly<Record<string, Value | undefined>>,
    attributes?: Readonly<Record<string, number>>,
    extents?: Readonly<Record<string, number>>,
  ): Value {
    return this.#outputs(name, operands, attributes, extents)['y'] as Value;
  }

  #binary(name: string, a: Value, place: number): Value {
    const others = this.values.filter((value) => sameShape(a, value));
    return this.#apply(name, { a, b: this.#pick(others, place) });
  }

  #join(a: Value, place: number): Value {
    const others = this.values.filter((value) => isSteps(value) === isSteps(a));
    return this.#apply('concatenate', { a, b: this.#pick(others, place) });
  }

  #slice(x: Value, size: number): Value {
    const columns = 1 + (size % x.columns);
    return this.#apply('slice', { x }, { begin: size % (x.columns - columns + 1) }, { D: columns });
  }

  #linear(x: Value, units: number): Value {
    const w = this.#weights(units, x.columns);
    const p = this.#outputs('pack', { w }, {}, { O: units })['p'];
    return this.#apply('linear', { x, p, b: units % 2 === 0 ? undefined : this.#weights(1, units) });
  }

  /** Two cells over the same input, joined: both write their half of the result where nothing forbids it. */
  #bothDirections(x: Value, units: number, choice: number): Value {
    const cells = ['rnn', 'gru', 'lstm'] as const;
    const [cell, other] = [cells[choice % 3] as 'rnn', cells[(choice + 1) % 3] as 'gru'];
    return this.#apply('concatenate', {
      a: this.#recurrent(cell, x, units, choice),
      b: this.#recurrent(other, x, units, choice + 1),
    });
  }

  #recurrent(cell: 'rnn' | 'gru' | 'lstm', x: Value, units: number, choice: number): Value {
    const gates = { rnn: 1, gru: 3, lstm: 4 }[cell];
    const a = this.#linear(x, gates * units);
    const w = this.#weights(gates * units, units);
    const p = this.#outputs(gates === 1 ? 'pack' : `packGates${gates}`, { w }, {}, { O: gates * units })['p'];
    const states = this.values.filter((value) => !isSteps(value) && value.columns === units);
    const h0 = choice % 2 === 0 ? undefined : states[0];
    const codes =
      cell === 'rnn' ? { activation: 1 } : { gate: 0, activation: 1, ...(cell === 'lstm' && { output: 1 }) };
    const outputs = this.#outputs(cell, { a, p, h0 }, { ...codes, reverse: choice % 3 === 0 ? 1 : 0 });
    this.values.push(outputs['hT'] as Value);
    return outputs['y'] as Value;
  }
}

/** The graph of a recipe. */
export function buildRandomGraph(recipe: Recipe, options: GraphOptions = {}): RandomGraph {
  const { batchSizes, steps, outputs, gradients } = recipe;
  const builder = new GraphBuilder(options);
  for (const each of steps) builder.add(each);
  const chosen = builder.pickOutputs(outputs);
  const found = gradients ? builder.gradients(chosen) : [];
  return { graph: builder.graph, outputs: [...new Set([...chosen, ...found])], batchSizes };
}

/** Rows of an extent in the batch of a graph. */
export function rowsIn(batchSizes: readonly number[], rows: Extent): number {
  if (typeof rows === 'number') return rows;
  return rows.kind === 'steps' ? batchSizes.reduce((sum, size) => sum + size, 0) : (batchSizes[0] as number);
}
