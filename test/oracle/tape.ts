/**
 * Reverse-mode differentiation of numbers in double precision. A computation written forward, with the methods of the
 * tape, is differentiated by walking its record backwards (Griewank & Walther, Evaluating Derivatives, 2008, chapter 3).
 */

import type { Activation } from './activations.js';
import { element, type Matrix, requireShape, zeros } from './matrix.js';

/** A number on the tape: its place. */
export type Node = number;

/** Row-major [rows, columns] of numbers on a tape. */
export class NodeMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly nodes: Int32Array;

  constructor(rows: number, columns: number) {
    this.rows = rows;
    this.columns = columns;
    this.nodes = new Int32Array(rows * columns);
  }

  /** A copy of one row. */
  row(row: number): Node[] {
    return [...this.nodes.subarray(row * this.columns, (row + 1) * this.columns)];
  }

  /** Assigns one row. */
  setRow(row: number, nodes: readonly Node[]): void {
    this.nodes.set(nodes, row * this.columns);
  }

  /** Assigns element [row, column]. */
  put(row: number, column: number, node: Node): void {
    this.nodes[row * this.columns + column] = node;
  }

  /** Element [row, column]. */
  at(row: number, column: number): Node {
    return element(this.nodes, row * this.columns + column);
  }
}

/**
 * A record of sums, products and functions. Every number is computed when it is recorded, together with its partial
 * derivatives. A result that a backward pass was given instead of computing it takes its value before it is used, so
 * that the derivatives of all that follows are those at the given value.
 */
export class Tape {
  /** How near an argument came to a place where its function has no derivative. */
  distanceFromKinks = Number.POSITIVE_INFINITY;
  #values = new Float64Array(1024);
  /** Where the partial derivatives of each node end; they begin where those of the node before end. */
  #ends = new Int32Array(1024);
  #count = 0;
  #sources = new Int32Array(4096);
  #factors = new Float64Array(4096);
  #end = 0;

  /** A number that depends on nothing. */
  leaf(value: number): Node {
    return this.#close(value);
  }

  /** A matrix of leaves. */
  leaves(source: Matrix): NodeMatrix {
    const result = new NodeMatrix(source.rows, source.columns);
    source.data.forEach((value, index) => {
      result.nodes[index] = this.leaf(value);
    });
    return result;
  }

  /** Sum of constant factors times numbers, plus a constant. */
  weighted(factors: ArrayLike<number>, nodes: ArrayLike<Node>, constant = 0): Node {
    let sum = 0;
    for (let index = 0; index < nodes.length; index++) {
      const [factor, node] = [element(factors, index), element(nodes, index)];
      sum += factor * this.value(node);
      this.#depend(node, factor);
    }
    return this.#close(sum + constant);
  }

  /** a + b. */
  add(a: Node, b: Node): Node {
    return this.weighted([1, 1], [a, b]);
  }

  /** a - b. */
  subtract(a: Node, b: Node): Node {
    return this.weighted([1, -1], [a, b]);
  }

  /** a * b. */
  multiply(a: Node, b: Node): Node {
    this.#depend(a, this.value(b));
    this.#depend(b, this.value(a));
    return this.#close(this.value(a) * this.value(b));
  }

  /** x to a constant power. */
  power(x: Node, exponent: number): Node {
    this.#depend(x, exponent * this.value(x) ** (exponent - 1));
    return this.#close(this.value(x) ** exponent);
  }

  /** f(x), or the value that was given for it; the derivative is that at the value, or what was given for it. */
  apply(f: Activation, x: Node, given?: number, givenSlope?: number): Node {
    for (const kink of f.kinks) this.#pass(x, kink);
    const value = given ?? f.value(this.value(x));
    this.#depend(x, givenSlope ?? f.slope(value, this.value(x)));
    return this.#close(value);
  }

  /** x cut to [-limit, limit], or the value that was given for it; no gradient passes where the limit is reached. */
  clip(x: Node, limit: number, given?: number): Node {
    this.#pass(x, limit);
    this.#pass(x, -limit);
    const value = given ?? Math.min(Math.max(this.value(x), -limit), limit);
    this.#depend(x, Math.abs(value) < limit ? 1 : 0);
    return this.#close(value);
  }

  /** Replaces the value of the newest number, which therefore nothing has used. */
  give(node: Node, value: number): void {
    if (node !== this.#count - 1) throw new Error(`the number ${node} may have been used before its value was given`);
    this.#values[node] = value;
  }

  /** The value of a number. */
  value(node: Node): number {
    return element(this.#values, node);
  }

  /** The values of a matrix. */
  values(source: NodeMatrix): Matrix {
    const result = zeros(source.rows, source.columns);
    source.nodes.forEach((node, index) => {
      result.data[index] = this.value(node);
    });
    return result;
  }

  /**
   * Gradients of the sum of outputs times the gradients that reach them.
   *
   * @param outputs by the name of the upstream gradient: numbers and what reaches them; undefined means zeros
   * @returns the gradient of any matrix on the tape
   */
  gradients(outputs: Readonly<Record<string, readonly [NodeMatrix, Matrix | undefined]>>): (of: NodeMatrix) => Matrix {
    const adjoints = new Float64Array(this.#count);
    for (const [name, [{ rows, columns, nodes }, upstream]] of Object.entries(outputs)) {
      requireShape(name, upstream, rows, columns);
      upstream?.data.forEach((gradient, index) => {
        const node = element(nodes, index);
        adjoints[node] = element(adjoints, node) + gradient;
      });
    }
    for (let node = this.#count - 1; node >= 0; node--) {
      const adjoint = element(adjoints, node);
      if (adjoint === 0) continue;
      const begin = node === 0 ? 0 : element(this.#ends, node - 1);
      for (let index = begin; index < element(this.#ends, node); index++) {
        const source = element(this.#sources, index);
        adjoints[source] = element(adjoints, source) + adjoint * element(this.#factors, index);
      }
    }
    return ({ rows, columns, nodes }) => ({
      rows,
      columns,
      data: Float64Array.from(nodes, (node) => element(adjoints, node)),
    });
  }

  #pass(x: Node, kink: number): void {
    this.distanceFromKinks = Math.min(this.distanceFromKinks, Math.abs(this.value(x) - kink));
  }

  /** The number that is being recorded changes `factor` times as much as `source`. */
  #depend(source: Node, factor: number): void {
    if (this.#end === this.#sources.length) {
      this.#sources = enlarged(this.#sources, Int32Array);
      this.#factors = enlarged(this.#factors, Float64Array);
    }
    this.#sources[this.#end] = source;
    this.#factors[this.#end++] = factor;
  }

  /** Ends the record of a number. */
  #close(value: number): Node {
    if (this.#count === this.#values.length) {
      this.#values = enlarged(this.#values, Float64Array);
      this.#ends = enlarged(this.#ends, Int32Array);
    }
    this.#values[this.#count] = value;
    this.#ends[this.#count] = this.#end;
    return this.#count++;
  }
}

/** A copy with twice the room. */
function enlarged<T extends Int32Array | Float64Array>(source: T, Type: new (length: number) => T): T {
  const result = new Type(2 * source.length);
  result.set(source);
  return result;
}
