/** What the import of one operator works with. */
import { InterchangeError } from '../../core/errors.js';
import type { ConstantTensor } from './constants/constant-tensor.js';
import { type Emission, MOST_COLUMNS } from './emission.js';
import { attribute, describeNode, type OnnxNode, refuseAttribute } from './ir.js';
import { describeSizes, type RowAxis, type ShapeNumber } from './sizes.js';
import { type Computed, type Constant, type GraphValue, sizesOf } from './value.js';

/** A number of a constant, whole or real. */
const numbersOf = (tensor: ConstantTensor): Float64Array | undefined =>
  tensor.type === 'string' ? undefined : tensor.data;

/** A state of a node, and which numbers of an input of the file it begins with. */
export interface BoundState {
  readonly node: string;
  readonly state: string;
  readonly input: string;
  readonly elements: readonly number[];
}

/** What all operators of a graph share. */
export interface GraphSettings {
  readonly opset: number;
  readonly emission: Emission;
  /** Gets the states of nodes that inputs of the file give. */
  readonly states: BoundState[];
  /** How many rows the file was made for, where it says numbers. */
  readonly rows: ReadonlyMap<RowAxis, number>;
  /** What the network has computed so far, and its inputs. */
  readonly known: Computed[];
  /** By time axes: the input of the file that has the lengths of sequences. */
  readonly lengths: Map<ShapeNumber, string>;
}

/** One node of the graph, and what its inputs stand for. */
export class OperatorContext {
  readonly node: OnnxNode;
  readonly inputs: readonly (GraphValue | undefined)[];
  readonly opset: number;
  readonly emission: Emission;
  readonly states: BoundState[];
  readonly rows: ReadonlyMap<RowAxis, number>;
  readonly known: readonly Computed[];
  readonly lengths: Map<ShapeNumber, string>;

  constructor(node: OnnxNode, inputs: readonly (GraphValue | undefined)[], settings: GraphSettings) {
    this.node = node;
    this.inputs = inputs;
    this.opset = settings.opset;
    this.emission = settings.emission;
    this.states = settings.states;
    this.rows = settings.rows;
    this.known = settings.known;
    this.lengths = settings.lengths;
  }

  /** For the names of nodes of the network: that of the node, else of its output. */
  get name(): string {
    const { name, outputs, op } = this.node;
    return name === '' ? (outputs.find((output) => output !== '') ?? op) : name;
  }

  /** How many rows of an axis the file was made for; NaN where it does not say. */
  rowsOf(axis: RowAxis): number {
    const [, source, reach, stride] = /^(.*)\/(-?\d+):(\d+)$/.exec(axis) ?? [];
    if (source === undefined) return this.rows.get(axis) ?? Number.NaN;
    return Math.floor((this.rowsOf(source as RowAxis) - Number(reach)) / Number(stride)) + 1;
  }

  int(name: string, otherwise: number): number {
    return attribute(this.node, name, 'int') ?? otherwise;
  }

  float(name: string, otherwise: number): number {
    return attribute(this.node, name, 'float') ?? otherwise;
  }

  text(name: string, otherwise: string): string {
    return attribute(this.node, name, 'string') ?? otherwise;
  }

  ints(name: string): readonly number[] | undefined {
    return attribute(this.node, name, 'ints');
  }

  /** Whole numbers, of which there must be so many where the node has them. */
  intsOf(name: string, count: number): readonly number[] | undefined {
    const found = this.ints(name);
    if (found === undefined || found.length === count) return found;
    return refuseAttribute(this.node, name, found.slice(0, 20), `${count} of them`);
  }

  /** @throws {InterchangeError} `unsupported_operator`: this use of it */
  refuse(what: string): never {
    const message = `${describeNode(this.node)}: ${what}`;
    throw new InterchangeError('unsupported_operator', message, { node: this.node.name, operator: this.node.op });
  }

  /** An input that must be there. */
  input(at: number): GraphValue {
    return this.inputs[at] ?? this.refuse(`input ${at} is missing`);
  }

  /** An input that the network computes. Final states are computed with as they are. */
  computed(at: number): Computed {
    const value = this.input(at);
    const found = this.asComputed(value);
    if (found !== undefined) return found;
    const what = value.kind === 'state' ? 'is a state that goes in' : `is a ${value.kind}`;
    return this.refuse(`input ${at} ${describeSizes(sizesOf(value))} ${what}, expected what the network computes`);
  }

  /** A value as one that the network computes; undefined for others. */
  asComputed(value: GraphValue): Computed | undefined {
    if (value.kind === 'computed') return value;
    if (value.kind !== 'final') return undefined;
    return (
      this.emission.finalAsComputed(this.name, value) ??
      this.refuse('parts of final states are computed with, expected whole ones')
    );
  }

  /** A constant input. */
  constant(at: number, what: string): Constant {
    const value = this.input(at);
    return value.kind === 'constant' ? value : this.refuse(`${what} (input ${at}) is not constant`);
  }

  /** The numbers of a constant input; undefined where it is left out. */
  numbers(at: number, what: string): Float64Array | undefined {
    if (this.inputs[at] === undefined) return undefined;
    return numbersOf(this.constant(at, what).read()) ?? this.refuse(`${what} (input ${at}) has texts`);
  }

  /** The numbers of a constant input that must be there. */
  neededNumbers(at: number, what: string): Float64Array {
    return this.numbers(at, what) ?? this.refuse(`${what} (input ${at}) is missing`);
  }

  /** Whole numbers of an input, which may be computed of shapes. */
  shapeNumbers(at: number, what: string): readonly ShapeNumber[] {
    const value = this.input(at);
    if (value.kind === 'shape') return value.elements;
    return [...this.neededNumbers(at, what)];
  }

  /** Whole numbers that are an attribute in older opsets and an input in later ones. */
  listed(attributeName: string, at: number): readonly number[] | undefined {
    const given = this.ints(attributeName);
    if (given !== undefined) return given;
    const numbers = this.numbers(at, attributeName);
    return numbers === undefined ? undefined : [...numbers];
  }

  /** A number of columns that there can be: a few bytes of a file may ask for any. @throws {InterchangeError} */
  bounded(columns: number): number {
    if (columns >= 0 && columns <= MOST_COLUMNS) return columns;
    const bound = columns < 0 ? '' : `, more than ${MOST_COLUMNS}`;
    return this.refuse(`would give ${columns} numbers in each row${bound}`);
  }

  /** An axis counted from the front. */
  axis(given: number, rank: number): number {
    if (Number.isInteger(given) && given >= -rank && given < rank) return given < 0 ? given + rank : given;
    return this.refuse(`axis ${given} of a tensor with ${rank} axes`);
  }
}

/** The import of an operator: what its outputs stand for. */
export type OperatorImport = (context: OperatorContext) => readonly (GraphValue | undefined)[];

/** Imports of operators by name. */
export type OperatorImports = Readonly<Record<string, OperatorImport>>;
