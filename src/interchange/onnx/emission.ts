/** Adds nodes to the network for what an ONNX graph computes, and moves columns about. */
import { DataError, InterchangeError } from '../../core/errors.js';
import type { AnyLayer } from '../../network/layers/layers.js';
import { type OperationName, type OperationOptions, operation } from '../../network/layers/operation.js';
import type { WeightSource } from '../shared/imported-network.js';
import type { NetworkBuilder } from '../shared/network-builder.js';
import { columnsOf, isRows, type Size } from './sizes.js';
import type { Computed, Final, FinalPart, Movable } from './value.js';

/** Axes that have columns. */
export function columnAxes(sizes: readonly Size[]): number[] {
  return sizes.flatMap((size, axis) => (isRows(size) ? [] : [axis]));
}

/** The order without axes of one column, which stand anywhere. */
function significant({ sizes, order }: Pick<Computed, 'sizes' | 'order'>): number[] {
  return order.filter((axis) => sizes[axis] !== 1);
}

/** How far apart in a row neighbours along each axis of columns are. */
export function stridesIn(sizes: readonly Size[], order: readonly number[]): Map<number, number> {
  const strides = new Map<number, number>();
  let stride = 1;
  for (const axis of [...order].reverse()) {
    strides.set(axis, stride);
    stride *= sizes[axis] as number;
  }
  return strides;
}

/** For each place of the axes in this order, the sum of its index along each axis times the stride of that axis. */
export function placesOf(
  sizes: readonly Size[],
  order: readonly number[],
  strides: ReadonlyMap<number, number>,
): number[] {
  let places = [0];
  for (const axis of order) {
    const stride = strides.get(axis) ?? 0;
    const steps = Array.from({ length: sizes[axis] as number }, (_, index) => index * stride);
    places = places.flatMap((place) => steps.map((step) => place + step));
  }
  return places;
}

/** Weights from numbers that have been read. */
export function numbersAsWeights(from: string, numbers: ArrayLike<number>): WeightSource {
  return { from, count: numbers.length, read: () => Float32Array.from(numbers) };
}

/** Most columns of a value. */
export const MOST_COLUMNS = 2 ** 22;

/** What the import of a file may still cost, in columns that are put somewhere. All readings of its inputs share it. */
export interface Budget {
  left: number;
}

/** As much as takes some seconds. */
export const wholeBudget = (): Budget => ({ left: 2 ** 27 });

/** Weights that are read when the model is filled. @param count how many there are */
export function laterWeights(from: string, count: number, read: () => Float32Array): WeightSource {
  return { from, count, read };
}

/** Emits the nodes of one network. */
export class Emission {
  readonly builder: NetworkBuilder;
  readonly #budget: Budget;

  readonly #indexInputs = new Map<string, { readonly name: string; readonly size: number }>();

  constructor(builder: NetworkBuilder, budget: Budget) {
    this.builder = builder;
    this.#budget = budget;
  }

  /**
   * Takes what work costs from the budget.
   *
   * @throws {DataError} `file_unsupported` where a few bytes of a file ask for too much
   */
  spend(work: number): void {
    this.#budget.left -= work;
    if (this.#budget.left >= 0) return;
    throw new DataError(
      'file_unsupported',
      'the graph is too large to take over, or its axes can be read in too many ways',
      {},
    );
  }

  /** @throws {InterchangeError} `unsupported_operator` for more columns than a value may have */
  #requireColumns(name: string, sizes: readonly Size[]): void {
    const columns = columnsOf(sizes);
    this.spend(columns);
    if (columns <= MOST_COLUMNS) return;
    const message = `'${name}' would give ${columns} numbers in each row, more than ${MOST_COLUMNS}`;
    throw new InterchangeError('unsupported_operator', message, { node: name, columns, most: MOST_COLUMNS });
  }

  /**
   * The input of the network for indices of the file, which is added when the size of their table is known.
   *
   * @returns undefined where it was added with another size
   */
  indexInput(input: string, size: number): string | undefined {
    const known = this.#indexInputs.get(input);
    if (known !== undefined) return known.size === size ? known.name : undefined;
    const name = this.builder.addInput(input, { kind: 'indices', size });
    this.#indexInputs.set(input, { name, size });
    return name;
  }

  /** A node with a layer. @returns its name */
  layer(
    name: string,
    layer: AnyLayer,
    inputs: readonly string[],
    weights: Readonly<Record<string, WeightSource>> = {},
  ): string {
    return this.builder.addNode(name, layer, inputs, weights);
  }

  /** A node with a function of `bptt/operations`. @returns its name */
  operation(name: string, f: OperationName, inputs: readonly string[], options: OperationOptions = {}): string {
    return this.layer(name, operation(f, options), inputs);
  }

  /** A function of each element. */
  elementwise(name: string, f: OperationName, x: Computed, options: OperationOptions = {}): Computed {
    return { ...x, node: this.operation(name, f, [x.node], options) };
  }

  /** The columns of a node in this order; entries may stand more than once, or be left out. -1 is a column of zeros. */
  columns(name: string, node: string, count: number, order: readonly number[]): string {
    const first = order[0] as number;
    const isRun = first >= 0 && order.every((column, at) => column === first + at);
    if (isRun && order.length === count) return node;
    if (isRun) return this.operation(name, 'slice', [node], { begin: first, end: first + order.length });
    return this.operation(name, 'permuteColumns', [node], { order });
  }

  /** Columns in the order of these axes. Axes of one column may stand anywhere. */
  ordered(name: string, x: Computed, order: readonly number[]): Computed {
    const { sizes } = x;
    const wanted = { sizes, order };
    if (significant(x).join() === significant(wanted).join()) return { ...x, order };
    this.#requireColumns(name, sizes);
    const places = placesOf(sizes, order, stridesIn(sizes, x.order));
    return { ...x, order, node: this.columns(name, x.node, columnsOf(sizes), places) };
  }

  /** Columns in the order of the axes themselves. */
  rowMajor(name: string, x: Computed): Computed {
    return this.ordered(name, x, columnAxes(x.sizes));
  }

  /** Elements of one axis of columns, in this order: a slice, a choice, repetitions, zeros where an index is -1. */
  select<M extends Movable>(name: string, value: M, axis: number, indices: readonly number[]): M {
    const sizes = value.sizes.map((size, at) => (at === axis ? indices.length : size));
    this.#requireColumns(name, sizes);
    const chosen = (order: readonly number[], strides: ReadonlyMap<number, number>) => {
      // The places of the axis itself are those of the indices.
      let places = [0];
      for (const each of order) {
        const stride = strides.get(each) ?? 0;
        const of = each === axis ? indices : Array.from({ length: value.sizes[each] as number }, (_, at) => at);
        places = places.flatMap((place) => of.map((at) => (at < 0 || place < 0 ? -1 : place + at * stride)));
      }
      return places;
    };
    if (value.kind === 'computed') {
      const places = chosen(value.order, stridesIn(value.sizes, value.order));
      return { ...value, sizes, node: this.columns(name, value.node, columnsOf(value.sizes), places) };
    }
    if (value.kind === 'state' || value.kind === 'final') {
      const order = columnAxes(value.sizes);
      const places = chosen(order, stridesIn(value.sizes, order));
      const all: readonly unknown[] = value.elements;
      return { ...value, sizes, elements: places.map((place) => all[place]) };
    }
    return { ...value, sizes };
  }

  /** Values side by side along an axis of columns. All have the same other sizes. */
  joined(name: string, values: readonly Computed[], axis: number): Computed {
    const [first] = values as readonly [Computed];
    const order = [axis, ...columnAxes(first.sizes).filter((each) => each !== axis)];
    const parts = values.map((value) => this.ordered(name, value, order));
    const total = values.reduce((sum, { sizes }) => sum + (sizes[axis] as number), 0);
    const sizes = first.sizes.map((size, at) => (at === axis ? total : size));
    this.#requireColumns(name, sizes);
    return {
      kind: 'computed',
      node: this.concatenated(
        name,
        parts.map(({ node }) => node),
      ),
      sizes,
      order,
    };
  }

  /** Nodes side by side. */
  concatenated(name: string, nodes: readonly string[]): string {
    return nodes.length === 1 ? (nodes[0] as string) : this.operation(name, 'concatenate', nodes);
  }

  /**
   * Final states as values to compute with.
   *
   * @returns undefined where they are not whole states, one after the other
   */
  finalAsComputed(name: string, { sizes, elements }: Final): Computed | undefined {
    const parts: FinalPart[] = [];
    for (let at = 0; at < elements.length; ) {
      const { part } = elements[at] as { readonly part: FinalPart };
      for (let unit = 0; unit < part.width; unit++, at++) {
        const element = elements[at];
        if (element?.part !== part || element.unit !== unit) return undefined;
      }
      parts.push(part);
    }
    // Where a row is a call, only what the node gives at each of them can be computed with.
    const isStep = sizes.some((size) => isRows(size) && size.includes('step'));
    if (isStep && parts.some(({ output }) => output === undefined)) return undefined;
    const nodes = parts.map(({ node, state, output }) => output?.node ?? `${node}.${state}`);
    const order = columnAxes(sizes);
    const [only, ...others] = nodes;
    // A state alone is no node: outputs and most layers want one.
    const isState = others.length === 0 && parts[0]?.output === undefined;
    const node = isState ? this.operation(name, 'identity', [only as string]) : this.concatenated(name, nodes);
    return { kind: 'computed', node, sizes, order };
  }
}
