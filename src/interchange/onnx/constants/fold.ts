/** One node whose inputs are constants, while it is evaluated. */
import { DataError, InterchangeError } from '../../../core/errors.js';
import type { NumberType } from '../../sources/number-types.js';
import { type Attribute, attribute, describeNode, type OnnxNode, refuseAttribute } from '../ir.js';
import {
  broadcastShape,
  type ConstantTensor,
  LaterTensor,
  type NumberTensor,
  roundedNumber,
  sizeOf,
  wholeNumbers,
} from './constant-tensor.js';
import { rounderOf } from './rounding.js';

/** Most numbers of a constant that is computed: 512 MiB. A few bytes of a file may ask for any number. */
export const MOST_FOLDED = 2 ** 26;

/** Most products that a matrix product may have. */
const MOST_PRODUCTS = 2 ** 31;

/** Computes the outputs of a node whose inputs are known. */
export type Operator = (fold: Fold) => readonly ConstantTensor[];

type Kind = Exclude<Attribute['kind'], 'other'>;

/** A node, its inputs, and the error messages about both. */
export class Fold {
  readonly #read = new Set<string>();
  readonly #kept = new Map<LaterTensor, NumberTensor>();

  constructor(
    readonly node: OnnxNode,
    readonly inputs: readonly (ConstantTensor | undefined)[],
    /** Version of the operators. */
    readonly opset: number,
    /** Path of the model's file. */
    readonly path: string,
  ) {}

  /** An attribute. @throws {InterchangeError} `unsupported_attribute` for one of another kind */
  attribute<K extends Kind>(name: string, kind: K) {
    this.#read.add(name);
    return attribute(this.node, name, kind);
  }

  /** A whole number; `value` where the node has none. */
  int(name: string, value: number): number {
    return this.attribute(name, 'int') ?? value;
  }

  /** Yes or no, which ONNX writes as 1 or 0. */
  flag(name: string, value = false): boolean {
    const number = this.int(name, Number(value));
    return number === 0 || number === 1 ? number === 1 : refuseAttribute(this.node, name, number, '0 or 1');
  }

  /** @throws {InterchangeError} `unsupported_attribute` for an attribute that nobody has asked for */
  requireAllRead(): void {
    for (const [name, { value = '' }] of this.node.attributes as ReadonlyMap<string, { value?: unknown }>) {
      if (this.#read.has(name)) continue;
      const found = ['string', 'number'].includes(typeof value) ? value : 'given';
      refuseAttribute(this.node, name, found, `none in operator set ${this.opset}`);
    }
  }

  /** An error about the inputs of the node. */
  mismatch(problem: string, details: Readonly<Record<string, unknown>> = {}): InterchangeError {
    const message = `${describeNode(this.node)}: ${problem}`;
    return new InterchangeError('tensor_mismatch', message, {
      node: this.node.name,
      operator: this.node.op,
      ...details,
    });
  }

  /** An input that may be left out. */
  optional(at: number): ConstantTensor | undefined {
    return this.inputs[at] && this.input(at);
  }

  /** An input, for those who move its elements and do not read them. @throws {InterchangeError} `tensor_mismatch` where it is left out */
  source(at: number): ConstantTensor {
    const input = this.inputs[at];
    if (input === undefined) throw this.mismatch(`input ${at} is missing`, { input: at });
    return input;
  }

  /** An input with its elements in memory. @throws {InterchangeError} `tensor_mismatch` where it is left out */
  input(at: number): ConstantTensor {
    const source = this.source(at);
    if (!(source instanceof LaterTensor)) return source;
    const input = this.#kept.get(source) ?? source.kept();
    this.#kept.set(source, input);
    return input;
  }

  /** An input of numbers that are computed with. @throws {InterchangeError} `tensor_mismatch`, also for numbers beyond 2^53 */
  numbers(at: number): NumberTensor {
    const input = this.input(at);
    if (input.type === 'string') throw this.mismatch(`input ${at} has texts, expected numbers`, { input: at });
    const rounded = roundedNumber(input);
    if (rounded === undefined) return input;
    throw this.mismatch(`input ${at} has about ${rounded}, which is beyond 2^53`, { input: at, value: rounded });
  }

  /** All inputs as numbers. */
  allNumbers(): NumberTensor[] {
    if (this.inputs.length === 0) this.input(0);
    return this.inputs.map((_, at) => this.numbers(at));
  }

  /** A list of whole numbers, such as axes; undefined where it is left out. */
  optionalWholes(at: number): number[] | undefined {
    const input = this.inputs[at];
    return input && wholeNumbers(input, `${describeNode(this.node)}: input ${at}`);
  }

  /** A list of whole numbers that the node must have. */
  wholes(at: number): number[] {
    this.input(at);
    return this.optionalWholes(at) as number[];
  }

  /** The only number of an input. */
  single(at: number): number {
    const { data, shape } = this.numbers(at);
    const [number] = data;
    if (number !== undefined && data.length === 1) return number;
    throw this.mismatch(`input ${at} has the shape [${shape.join(', ')}], expected one number`, { input: at, shape });
  }

  /** Axes as numbers from 0 on. @throws {InterchangeError} `tensor_mismatch` for one that is not there, or is named twice */
  axes(axes: readonly number[], rank: number): number[] {
    const found = axes.map((axis) => this.axis(axis, rank));
    if (new Set(found).size === found.length) return found;
    throw this.mismatch(`axes [${axes.join(', ')}] name one of ${rank} twice`, { axes, rank });
  }

  /** An axis as a number from 0 on: -1 is the last one. */
  axis(axis: number, rank: number): number {
    const found = axis < 0 ? axis + rank : axis;
    if (found >= 0 && found < rank) return found;
    throw this.mismatch(`axis ${axis} is none of ${rank}`, { axis, rank });
  }

  /** An index as a number from 0 on: -1 is the last one. */
  index(index: number, length: number): number {
    const found = index < 0 ? index + length : index;
    if (found >= 0 && found < length) return found;
    throw this.mismatch(`index ${index} is none of ${length}`, { index, length });
  }

  /**
   * A shape that a result may have, before there is memory for it.
   *
   * @throws {DataError} `file_unsupported` for more numbers than are folded
   * @throws {InterchangeError} `tensor_mismatch` for sizes that are none
   */
  shape(shape: readonly number[]): readonly number[] {
    if (shape.some((length) => !Number.isInteger(length) || length < 0)) {
      throw this.mismatch(`[${shape.slice(0, 20).join(', ')}] is no shape`, { shape });
    }
    // Empty axes count as one: loops go over the others.
    if (sizeOf(shape.map((length) => Math.max(length, 1))) <= MOST_FOLDED) return shape;
    const what = `would have the shape [${shape.slice(0, 20).join(', ')}], more than ${MOST_FOLDED} numbers`;
    throw this.#tooLarge(what, { shape, most: MOST_FOLDED });
  }

  /** @throws {DataError} `file_unsupported` for a product of matrices that takes too long */
  requireProducts(count: number): void {
    if (count <= MOST_PRODUCTS) return;
    throw this.#tooLarge(`would take ${count} products, more than ${MOST_PRODUCTS}`, { count, most: MOST_PRODUCTS });
  }

  #tooLarge(what: string, details: Readonly<Record<string, unknown>>): DataError {
    const message = `${describeNode(this.node)} of constants ${what}: simplify the model with the library that wrote it`;
    return new DataError('file_unsupported', message, { node: this.node.name, operator: this.node.op, ...details });
  }

  /** The shape that tensors are spread to. @throws {InterchangeError} `tensor_mismatch` */
  broadcast(shapes: readonly (readonly number[])[]): readonly number[] {
    const shape = broadcastShape(shapes);
    if (shape !== undefined) return this.shape(shape);
    const lists = shapes.map((each) => `[${each.join(', ')}]`).join(' and ');
    throw this.mismatch(`the shapes ${lists} do not fit together`, { shapes });
  }

  /** @throws {InterchangeError} `tensor_mismatch` for tensors of different types */
  sameType(tensors: readonly ConstantTensor[]): void {
    const types = [...new Set(tensors.map(({ type }) => type))];
    if (types.length > 1) throw this.mismatch(`the inputs are ${types.join(' and ')}, expected one type`, { types });
  }

  /** What makes numbers of a type of computed ones. */
  rounder(type: NumberType): (number: number) => number {
    return rounderOf(type, (number) => {
      throw this.mismatch(`${number} has no exact place in ${type}`, { value: number, type });
    });
  }

  /** A tensor of a shape, number by number, rounded to its type. */
  compute(type: NumberType, shape: readonly number[], next: (at: number) => number): NumberTensor {
    const data = new Float64Array(sizeOf(this.shape(shape)));
    const round = this.rounder(type);
    for (let at = 0; at < data.length; at++) data[at] = round(next(at));
    return { type, shape, data };
  }
}
