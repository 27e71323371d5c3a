/** What is known of a graph without running it: who makes a value, which are constant, sizes where they are clear. */
import { BpttError } from '../../../core/errors.js';
import type { ConstantTensor, NumberTensor } from '../constants/constant-tensor.js';
import { evaluateConstant, isFoldable } from '../constants/evaluate.js';
import { constantOf } from '../constants/tensor-proto.js';
import type { OnnxGraph, OnnxNode } from '../ir.js';
import { int, type KnownLists, type Sizes } from './cuts.js';
import { outputSizes, SAME_SIZES, SPREAD } from './output-sizes.js';

/** A node and which of its outputs. */
export interface Producer {
  readonly node: OnnxNode;
  readonly output: number;
}

/** What the facts of all graphs of a file share. */
export interface FileFacts {
  readonly opset: number;
  /** Path of the model's file. */
  readonly path: string;
}

/** Operators that move numbers of their first input without computing. */
const MOVING = new Set([
  'Identity',
  'Gather',
  'Slice',
  'Split',
  'Squeeze',
  'Unsqueeze',
  'Reshape',
  'Transpose',
  'Flatten',
]);

/** Operators whose outputs have the type of their first input. */
const KEEPS_TYPE = new Set([
  ...SAME_SIZES,
  ...SPREAD,
  ...MOVING,
  'MatMul',
  'Gemm',
  'Concat',
  'Conv',
  'LSTM',
  'GRU',
  'RNN',
]);

const RECURRENT = new Set(['LSTM', 'GRU', 'RNN']);

/** How many values one depends on that are looked at for it. */
const MOST_DEPTH = 500;

/** A graph, and the one around it. */
export class GraphFacts implements KnownLists {
  readonly #producers = new Map<string, Producer>();
  readonly #constants = new Map<string, ConstantTensor | undefined>();
  readonly #sizes = new Map<string, Sizes | undefined>();
  readonly #types = new Map<string, number | undefined>();
  #readersOf: ReadonlyMap<string, readonly OnnxNode[]> | undefined;
  #depth = 0;

  constructor(
    readonly graph: OnnxGraph,
    readonly file: FileFacts,
    readonly around?: GraphFacts,
  ) {
    for (const node of graph.nodes) {
      for (const [output, name] of node.outputs.entries()) this.#producers.set(name, { node, output });
    }
    // In the order of the nodes, each one asks for what is known already.
    for (const { outputs } of graph.nodes)
      for (const name of outputs) {
        this.sizes(name);
        this.elementType(name);
      }
  }

  /** Version of ONNX's operators. */
  get opset(): number {
    return this.file.opset;
  }

  /** Whether this graph itself has a node that makes a value. */
  owns(name: string): boolean {
    return this.#producers.has(name);
  }

  /** The node that makes a value, in this graph or around it. */
  producer(name: string): Producer | undefined {
    return this.#producers.get(name) ?? this.around?.producer(name);
  }

  /** What a table has, or gets. Nothing is found for graphs that go round in a circle, or that are too deep for the stack. */
  #known<T>(table: Map<string, T | undefined>, name: string, find: () => T | undefined): T | undefined {
    if (table.has(name) || this.#depth > MOST_DEPTH) return table.get(name);
    table.set(name, undefined);
    this.#depth++;
    try {
      table.set(name, find());
    } finally {
      this.#depth--;
    }
    return table.get(name);
  }

  /** The numbers of a value that depends on no input; undefined for others. */
  constant(name: string): ConstantTensor | undefined {
    return this.#known(this.#constants, name, () => this.#constant(name));
  }

  #constant(name: string): ConstantTensor | undefined {
    const { opset, path } = this.file;
    const tensor = this.graph.initializers.get(name);
    try {
      if (tensor !== undefined) return constantOf(tensor, path);
      const own = this.#producers.get(name);
      if (own === undefined) return this.around?.constant(name);
      if (!isFoldable(own.node) || own.node.inputs.some((input) => input !== '' && !this.isConstant(input)))
        return undefined;
      const inputs = own.node.inputs.map((input) => (input === '' ? undefined : this.constant(input)));
      return evaluateConstant(own.node, inputs, opset, path)?.[own.output];
    } catch (error) {
      // The import says what is wrong when it comes to this node, if it does.
      if (error instanceof BpttError) return undefined;
      throw error;
    }
  }

  /** Whether a value is constant; tensors of the file are not read for it. */
  isConstant(name: string): boolean {
    if (this.graph.initializers.has(name)) return true;
    return this.#producers.has(name) ? this.constant(name) !== undefined : this.around?.isConstant(name) === true;
  }

  /** Constant numbers, as a list. */
  numbers(name: string | undefined): number[] | undefined {
    if (name === undefined || name === '') return undefined;
    const found = this.constant(name);
    return found === undefined || found.type === 'string' ? undefined : Array.from(found.data);
  }

  /** Constant real numbers of single precision; undefined for others. */
  weights(name: string): NumberTensor | undefined {
    const found = this.constant(name);
    return found?.type === 'float32' ? found : undefined;
  }

  /** A list that is an attribute before an operator set, and an input from then on. */
  listed(node: OnnxNode, attribute: string, input: number): number[] | undefined {
    const given = node.attributes.get(attribute);
    return given?.kind === 'ints' ? [...given.value] : this.numbers(node.inputs[input]);
  }

  /** The type of a value by its code in ONNX; undefined where it is not clear. */
  elementType(name: string): number | undefined {
    return this.#known(this.#types, name, () => this.#elementType(name));
  }

  #elementType(name: string): number | undefined {
    const tensor = this.graph.initializers.get(name);
    if (tensor !== undefined) return tensor.dataType;
    const node = this.#producers.get(name)?.node;
    if (node === undefined) {
      return this.graph.inputs.find((input) => input.name === name)?.elementType ?? this.around?.elementType(name);
    }
    if (node.domain !== '') return undefined;
    if (node.op === 'Cast') return int(node, 'to', 0);
    const [first = ''] = node.inputs;
    return KEEPS_TYPE.has(node.op) ? this.elementType(first) : undefined;
  }

  /** Whether a node gives its first input as it is: also a cast to the type that it has. */
  isNothing(node: OnnxNode): boolean {
    const [first = ''] = node.inputs;
    if (node.domain !== '' || node.op !== 'Cast') return node.domain === '' && node.op === 'Identity';
    return this.elementType(first) === int(node, 'to', 0);
  }

  #isMoving(node: OnnxNode): boolean {
    return node.domain === '' && (MOVING.has(node.op) || this.isNothing(node));
  }

  /** The input of the outermost graph whose numbers a value is a part of, moved but not computed with. */
  movedInput(name: string): string | undefined {
    let at = name;
    for (let step = 0; step < 64; step++) {
      const producer = this.producer(at);
      if (producer === undefined) return this.#isInput(at) ? at : undefined;
      const [first] = producer.node.inputs;
      if (!this.#isMoving(producer.node) || first === undefined) return undefined;
      at = first;
    }
    return undefined;
  }

  #isInput(name: string): boolean {
    return this.around === undefined
      ? this.graph.inputs.some((input) => input.name === name)
      : this.around.#isInput(name);
  }

  /** Whether an output of the graph has the numbers of a value, moved or put together with others but not computed with. */
  isHandedOn(name: string): boolean {
    const outputs = new Set(this.graph.outputs.map((output) => output.name));
    const reached = new Set([name]);
    for (const value of reached) {
      if (outputs.has(value)) return true;
      for (const node of this.#readers().get(value) ?? []) {
        if (node.op === 'Concat' || (this.#isMoving(node) && node.inputs[0] === value))
          for (const output of node.outputs) reached.add(output);
      }
    }
    return false;
  }

  /** Whether a recurrent operator begins with a value. Its axis of time may have been added in between. */
  isStateOfCell(name: string): boolean {
    const begins = (value: string, node: OnnxNode) => RECURRENT.has(node.op) && node.inputs.indexOf(value, 5) >= 0;
    const readers = this.#readers().get(name) ?? [];
    const moved = readers.flatMap((node) => (this.#isMoving(node) ? node.outputs : []));
    return [name, ...moved].some((value) => (this.#readers().get(value) ?? []).some((node) => begins(value, node)));
  }

  /** The nodes of this graph that read each value. */
  #readers(): ReadonlyMap<string, readonly OnnxNode[]> {
    if (this.#readersOf !== undefined) return this.#readersOf;
    const found = new Map<string, OnnxNode[]>();
    for (const node of this.graph.nodes) {
      for (const name of new Set(node.inputs)) {
        const readers = found.get(name) ?? [];
        readers.push(node);
        found.set(name, readers);
      }
    }
    this.#readersOf = found;
    return found;
  }

  /** The sizes of a value, as far as they are clear; undefined where not even the number of axes is. */
  sizes(name: string): Sizes | undefined {
    return this.#known(this.#sizes, name, () => this.#sizesOf(name));
  }

  #sizesOf(name: string): Sizes | undefined {
    const tensor = this.graph.initializers.get(name);
    if (tensor !== undefined) return tensor.dims.map(Number);
    const own = this.#producers.get(name);
    if (own !== undefined) return own.node.domain === '' ? outputSizes(this, own.node, own.output) : undefined;
    const input = this.graph.inputs.find((each) => each.name === name);
    if (input !== undefined) return input.sizes?.map((size) => (typeof size === 'number' ? size : undefined));
    return this.around?.sizes(name);
  }
}
