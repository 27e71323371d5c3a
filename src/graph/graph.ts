/** A graph of symbolic values, built once and never changed by data. */
import { ShapeError, UsageError } from '../core/errors.js';
import { derivedAxis } from './derived-axis.js';
import { describeExtent, type Extent, type SymbolicExtent, sameExtent, type ValueType } from './extent.js';
import type { AttributesOf, ExtentsOf, OperandsOf, OperationName, OutputsOf } from './operands.js';
import type { Operation } from './operation.js';
import { operation as operationNamed } from './registry.js';
import { extentOf, lettersOf, matchOperand, matchTable } from './signature.js';
import { type Node, newValue, type Source, type Storage, type Value } from './value.js';

/** Settings of a value that comes from outside. */
export interface ExternalOptions {
  readonly source?: Source;
  readonly type?: ValueType;
  readonly low?: number;
  readonly high?: number;
  readonly offset?: number;
  readonly constant?: readonly number[];
  readonly nonNegative?: true;
}

/** Most rows, columns and entries of a table: programs hold these numbers in 32 bits. */
const MOST = 2 ** 31 - 1;

function refuseSize(name: string, what: string, size: number): never {
  const message = `'${name}' would have ${size} ${what}, more than ${MOST}: make the layer smaller`;
  throw new UsageError('too_large', message, { name, actual: size, expected: MOST });
}

/** @throws {UsageError} `too_large` for a matrix that no program can hold */
function requireSize(name: string, rows: Extent, columns: number): void {
  if (typeof rows === 'number' && rows > MOST) refuseSize(name, 'rows', rows);
  if (columns > MOST) refuseSize(name, 'columns', columns);
}

/** The graph that each value belongs to. */
const owners = new WeakMap<Value, Graph>();

/** The graph that a value belongs to; undefined for what no graph made. */
export function graphOf(value: Value): Graph | undefined {
  return owners.get(value);
}

/** Settings of a graph. */
export interface GraphOptions {
  /** How packed weights are stored, apart from the type of arithmetic; default in that type. */
  readonly weights?: Storage;
  /** How outputs are stored that operations mark as stored activations (type `s` in operations.def); the same default. */
  readonly activations?: Storage;
}

/** Operands by name; undefined for one that is left out. */
export type Operands = Readonly<Record<string, Value | undefined>>;

/** Builder of a computation. Equal operations on equal values are computed once. */
export class Graph {
  readonly nodes: Node[] = [];
  readonly externals = new Map<string, Value>();
  /** Computed values that are to stand in memory of the model, with that memory. */
  readonly assignments = new Map<Value, Value>();
  /** Time axes that operations make of others, in the order of their making. */
  readonly derivedAxes = new Set<string>();
  readonly #known = new Map<string, Node>();
  readonly #constants = new Map<string, Value>();
  readonly #storages: GraphOptions;
  #nextId = 0;

  constructor(options: GraphOptions = {}) {
    this.#storages = options;
  }

  /** Rows of all valid steps of a time axis. */
  steps(axis: string): SymbolicExtent {
    return { kind: 'steps', axis };
  }

  /** Rows of the steps of a time axis that is made of another (graph/derived-axis.ts). */
  derivedSteps(source: string, derivation: { readonly reach: number; readonly stride: number }): SymbolicExtent {
    const axis = derivedAxis(source, derivation);
    if (axis !== source) this.derivedAxes.add(axis);
    return this.steps(axis);
  }

  /** One row for each sequence of a time axis. */
  batch(axis: string): SymbolicExtent {
    return { kind: 'batch', axis };
  }

  /**
   * A value from outside: an input (the default), or memory of the model.
   *
   * @throws {ShapeError} `shape_mismatch` when the name is taken by a value of another size
   * @throws {UsageError} `too_large`
   */
  external(name: string, rows: Extent, columns: number, options: ExternalOptions = {}): Value {
    if (this.externals.has(name)) {
      throw new ShapeError('shape_mismatch', `there are two values named ${name}`, { name });
    }
    requireSize(name, rows, columns);
    const { source = 'input', type = 'real', low = 0, high = 0, offset, constant, nonNegative } = options;
    if (high > MOST) refuseSize(name, 'entries of a table', high);
    const value = newValue({
      id: this.#nextId++,
      rows,
      columns,
      type,
      low,
      high,
      name,
      source,
      ...(offset === undefined ? {} : { offset }),
      ...(constant === undefined ? {} : { constant }),
      ...(nonNegative === undefined ? {} : { nonNegative }),
    });
    this.externals.set(name, value);
    owners.set(value, this);
    return value;
  }

  /** Indices in 0..size-1, one a row; `ignore` also allows -1, which losses leave out. */
  indices(name: string, rows: Extent, size: number, options: { ignore?: boolean } = {}): Value {
    return this.external(name, rows, 1, { type: 'int32', low: options.ignore === true ? -1 : 0, high: size });
  }

  /**
   * A matrix of fixed numbers [rows, columns]; equal ones are one value.
   *
   * @param numbers rows * columns, row-major
   */
  constant(rows: number, columns: number, numbers: readonly number[]): Value {
    const key = `${rows},${columns}:${numbers}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const value = this.external(`constant/${this.#constants.size}`, rows, columns, { constant: [...numbers] });
    this.#constants.set(key, value);
    return value;
  }

  /**
   * A row of fixed indices [1, columns] of a table; equal ones are one value.
   *
   * @param indices integers from `low` to `size` - 1
   */
  constantIndices(
    indices: readonly number[],
    { low = 0, size }: { readonly low?: number; readonly size: number },
  ): Value {
    const key = `${low}..${size}:${indices}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const options = { type: 'int32', low, high: size, constant: [...indices] } as const;
    const value = this.external(`constant/${this.#constants.size}`, 1, indices.length, options);
    this.#constants.set(key, value);
    return value;
  }

  /**
   * Makes the program leave `value` in the memory of `target`, a value of the model of the same size.
   *
   * @throws {ShapeError} `shape_mismatch` when the sizes differ, or one of both is stored in another type than the other
   */
  assign(value: Value, target: Value): void {
    if (!sameExtent(value.rows, target.rows) || value.columns !== target.columns) {
      const sizes = `[${describeExtent(value.rows)}, ${value.columns}] to [${describeExtent(target.rows)}, ${target.columns}]`;
      throw new ShapeError('shape_mismatch', `cannot assign ${sizes} (${target.name})`, { name: target.name });
    }
    if (value.storage !== target.storage) {
      const [from, to] = [value, target].map(({ storage }) => storage ?? 'the type of arithmetic');
      const message = `cannot assign a value stored in ${from} to ${target.name}, which is stored in ${to}`;
      throw new ShapeError('shape_mismatch', message, { name: target.name });
    }
    // One memory holds one value: a value that already stands somewhere is copied.
    const isFree = value.node !== undefined && !this.assignments.has(value);
    const copy = () => this.#append(operationNamed('scale'), { x: value }, [1]).outputs.get('y') as Value;
    this.assignments.set(isFree ? value : copy(), target);
  }

  /**
   * Applies an operation and returns its outputs by name: `const { y } = graph.apply('linear', { x, p, b })`.
   *
   * @param operands   by the names in the row of the operation (native/kernels/operations.def)
   * @param attributes 0 where one is left out
   * @param extents    letters of the row that no input settles, for example `{ D: 4 }` for a slice of 4 columns; rows may be
   *   those of a time axis
   * @throws {ShapeError} `shape_mismatch` when operands are missing or do not fit together
   */
  apply<N extends OperationName>(
    name: N,
    operands: OperandsOf<N>,
    attributes: AttributesOf<N> = {} as AttributesOf<N>,
    extents: ExtentsOf<N> = {} as ExtentsOf<N>,
  ): OutputsOf<N> {
    return Object.fromEntries(this.#applied(name, operands as Operands, attributes, extents)) as OutputsOf<N>;
  }

  /**
   * Applies an operation whose name is known only when the graph is built: nothing is said of its operands and outputs.
   *
   * @returns the outputs by name
   * @throws {ShapeError} `shape_mismatch` as `apply`
   */
  applyNamed(
    name: string,
    operands: Operands,
    attributes: Readonly<Record<string, number>> = {},
    extents: Readonly<Record<string, Extent>> = {},
  ): ReadonlyMap<string, Value> {
    return this.#applied(name, operands, attributes, extents);
  }

  #applied(
    name: string,
    operands: Operands,
    attributes: Readonly<Record<string, number | undefined>>,
    extents: Readonly<Record<string, Extent | undefined>>,
  ): ReadonlyMap<string, Value> {
    const operation = operationNamed(name);
    const ids = operation.signature.inputs.map((spec) => operands[spec.name]?.id);
    const numbers = operation.attributes.map((attribute) => attributes[attribute] ?? 0);
    const key = `${name}(${ids})[${numbers}]${JSON.stringify(extents)}`;
    const known = operation.role === 'update' ? undefined : this.#known.get(key);
    if (known !== undefined) return known.outputs;
    const node = this.#append(operation, operands, numbers, extents as Readonly<Record<string, Extent>>);
    this.#known.set(key, node);
    return node.outputs;
  }

  #append(
    operation: Operation,
    operands: Operands,
    attributes: readonly number[],
    extents: Readonly<Record<string, Extent>> = {},
  ): Node {
    const { name, signature } = operation;
    const letters = lettersOf(name, extents);
    const inputs = new Map<string, Value>();
    for (const spec of signature.inputs) {
      const value = operands[spec.name];
      if (value !== undefined) {
        matchOperand(name, spec, value, letters);
        inputs.set(spec.name, value);
      } else if (!spec.optional) {
        throw new ShapeError('shape_mismatch', `${name}: ${spec.name} is missing`, {
          operation: name,
          operand: spec.name,
        });
      }
    }

    for (const spec of signature.inputs) {
      const value = inputs.get(spec.name);
      if (value !== undefined) matchTable(name, spec, value, letters);
    }

    const outputs = new Map<string, Value>();
    const node: Node = { operation, inputs, attributes, outputs };
    for (const spec of signature.outputs) {
      const rows = extentOf(spec.rows, letters);
      const columns = extentOf(spec.columns, letters);
      if (rows === undefined || typeof columns !== 'number') {
        if (spec.optional) continue;
        throw new ShapeError('shape_mismatch', `${name}: the size of ${spec.name} is not known`, { operation: name });
      }
      requireSize(`${spec.name} of ${name}`, rows, columns);
      const { weights, activations } = this.#storages;
      const storage = spec.type === 'packed' ? weights : spec.isStored ? activations : undefined;
      const value = newValue({
        id: this.#nextId++,
        rows,
        columns,
        type: spec.type,
        ...(storage === undefined ? {} : { storage }),
        low: spec.gates,
        high: 0,
        node,
      });
      outputs.set(spec.name, value);
      owners.set(value, this);
    }
    this.nodes.push(node);
    return node;
  }
}
