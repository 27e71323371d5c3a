/** An ONNX graph as plain data, and its making. Nothing here needs the messages of the file. */

/** An attribute of a node. */
export type Attribute =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly text: string }
  | { readonly texts: readonly string[] }
  | { readonly graph: GraphBody };

/** Attributes by name. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** A node: an operator of ONNX applied to tensors by their names; an empty name stands for an input that is left out. */
export interface OnnxNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

/** Types of numbers that exported graphs have at their ends and in their initializers. */
export type OnnxType = 'float32' | 'int64' | 'bool';

/** A number, or the name of a size that is known only when the graph runs. */
export type Dimension = number | string;

/** A tensor at one end of a graph. */
export interface TensorInfo {
  readonly name: string;
  readonly type: OnnxType;
  readonly dimensions: readonly Dimension[];
}

/** Bytes of a tensor: views of memory, or so many zero bytes. */
export type Part = Uint8Array | number;

/** A tensor of fixed numbers, row-major, put together of its parts. */
export interface Initializer {
  readonly name: string;
  readonly type: OnnxType;
  readonly dimensions: readonly number[];
  readonly parts: readonly Part[];
}

/** What a graph, or the body of a loop, consists of. */
export interface GraphBody {
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
}

/** A whole number as an attribute. */
export const int = (value: number): Attribute => ({ int: value });
/** Whole numbers as an attribute. */
export const ints = (...values: readonly number[]): Attribute => ({ ints: values });
/** A real number as an attribute. */
export const float = (value: number): Attribute => ({ float: value });

/** Bytes of an array, as a view. */
export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** The bytes of parts. */
export function sizeOf(parts: readonly Part[]): number {
  return parts.reduce<number>((sum, part) => sum + (typeof part === 'number' ? part : part.byteLength), 0);
}

/** Names that are given once each. Everything but letters, digits, `_`, `.` and `-` becomes `_`: not all readers take more. */
export class Names {
  readonly #taken = new Set<string>();

  unique(wanted: string): string {
    const name = wanted.replace(/[^A-Za-z0-9_.-]+/g, '_');
    let unique = name;
    for (let count = 1; this.#taken.has(unique); count++) unique = `${name}_${count}`;
    this.#taken.add(unique);
    return unique;
  }
}

/** Builds a graph, or the body of a loop in it: a body reads the tensors of the graph around it by their names. */
export class OnnxGraph implements GraphBody {
  readonly nodes: OnnxNode[] = [];
  readonly inputs: TensorInfo[] = [];
  readonly outputs: TensorInfo[] = [];
  /** Of the whole graph, with its bodies. */
  readonly initializers: Initializer[];
  /** What names of new tensors begin with: the layer that they belong to. */
  scope = '';
  readonly opset: number;
  readonly #names: Names;
  readonly #constants: Map<string, string>;

  constructor(opset: number, around?: OnnxGraph) {
    this.opset = opset;
    this.initializers = around?.initializers ?? [];
    this.#names = around === undefined ? new Names() : around.#names;
    this.#constants = around === undefined ? new Map() : around.#constants;
    if (around !== undefined) this.scope = around.scope;
  }

  /** A graph for the body of a loop. */
  body(): OnnxGraph {
    return new OnnxGraph(this.opset, this);
  }

  /** A name that nothing else has. */
  name(wanted: string): string {
    return this.#names.unique(wanted);
  }

  /** A name within the layer. */
  local(part: string): string {
    return this.name(this.scope === '' ? part : `${this.scope}.${part}`);
  }

  /** Adds a node with several outputs, which get the given names. */
  add(operator: string, inputs: readonly string[], outputs: readonly string[], attributes: Attributes = {}): void {
    this.nodes.push({ operator, inputs, outputs, attributes });
  }

  /** Adds a node of one output. @returns the name of the output */
  emit(operator: string, inputs: readonly string[], attributes: Attributes = {}): string {
    const output = this.local(operator);
    this.add(operator, inputs, [output], attributes);
    return output;
  }

  /** Adds an input of the graph. @returns its name */
  addInput(wanted: string, type: OnnxType, dimensions: readonly Dimension[]): string {
    const name = this.name(wanted);
    this.inputs.push({ name, type, dimensions });
    return name;
  }

  /** Adds numbers of the model. @returns the name that they got */
  addInitializer(wanted: string, dimensions: readonly number[], parts: readonly Part[]): string {
    const name = this.name(wanted);
    this.initializers.push({ name, type: 'float32', dimensions, parts });
    return name;
  }

  /** A vector of whole numbers, or a single one without a dimension; equal ones are one tensor. */
  ints(...values: readonly number[]): string {
    return this.#constant('int64', [values.length], BigInt64Array.from(values, BigInt), `ints_${values.join('_')}`);
  }

  /** A whole number without a dimension. */
  int(value: number): string {
    return this.#constant('int64', [], BigInt64Array.of(BigInt(value)), `int_${value}`);
  }

  /** A real number without a dimension. */
  float(value: number): string {
    return this.#constant('float32', [], Float32Array.of(value), `float_${value}`);
  }

  /** A vector of equal real numbers. */
  equal(value: number, count: number): string {
    return this.#constant('float32', [count], new Float32Array(count).fill(value), `floats_${value}_${count}`);
  }

  /** A vector of truths. */
  truths(...values: readonly boolean[]): string {
    const bits = values.map(Number);
    return this.#constant('bool', [values.length], Uint8Array.from(bits), `bools_${bits.join('')}`);
  }

  #constant(type: OnnxType, dimensions: readonly number[], data: ArrayBufferView, wanted: string): string {
    const known = this.#constants.get(wanted);
    if (known !== undefined) return known;
    const name = this.name(`constant.${wanted.length > 60 ? type : wanted}`);
    this.initializers.push({ name, type, dimensions, parts: [bytesOf(data)] });
    this.#constants.set(wanted, name);
    return name;
  }

  /** Zeros [batch, columns]. @param batch int64 [1] */
  zeros(batch: string, columns: number): string {
    return this.emit('ConstantOfShape', [this.concatenate([batch, this.ints(columns)], 0)]);
  }

  /** A sum over dimensions. */
  sum(x: string, axes: readonly number[], keeps = false): string {
    return this.emit('ReduceSum', [x, this.ints(...axes)], { keepdims: int(keeps ? 1 : 0) });
  }

  /** The largest over a dimension. Before opset 18 the dimensions are an attribute. */
  largest(x: string, axis: number, keeps = false): string {
    const keepdims = int(keeps ? 1 : 0);
    if (this.opset < 18) return this.emit('ReduceMax', [x], { axes: ints(axis), keepdims });
    return this.emit('ReduceMax', [x, this.ints(axis)], { keepdims });
  }

  /** The dimensions in another order. */
  transpose(x: string, ...order: readonly number[]): string {
    return this.emit('Transpose', [x], { perm: ints(...order) });
  }

  unsqueeze(x: string, ...axes: readonly number[]): string {
    return this.emit('Unsqueeze', [x, this.ints(...axes)]);
  }

  squeeze(x: string, ...axes: readonly number[]): string {
    return this.emit('Squeeze', [x, this.ints(...axes)]);
  }

  /** Entries begin..end - 1 of one dimension. */
  slice(x: string, axis: number, begin: number, end: number): string {
    return this.emit('Slice', [x, this.ints(begin), this.ints(end), this.ints(axis)]);
  }

  concatenate(parts: readonly string[], axis: number): string {
    return parts.length === 1 ? (parts[0] as string) : this.emit('Concat', parts, { axis: int(axis) });
  }
}
