/** Goes through an ONNX graph once, and makes a network of it. */
import { InterchangeError } from '../../core/errors.js';
import { NetworkBuilder } from '../shared/network-builder.js';
import { madeOfFile } from '../shared/own-options.js';
import { type ConstantTensor, float32Of } from './constants/constant-tensor.js';
import { evaluateConstant, isFoldable } from './constants/evaluate.js';
import { constantOf, numberTypeOf, sourceTensorOf } from './constants/tensor-proto.js';
import { type Budget, Emission } from './emission.js';
import { describeNode, type OnnxGraph, type OnnxNode } from './ir.js';
import type { TensorProto } from './onnx-pb.js';
import { type BoundState, type GraphSettings, OperatorContext } from './operator-context.js';
import { OPERATORS } from './operators/operators.js';
import { shapeArithmetic } from './shape-arithmetic.js';
import type { RowAxis } from './sizes.js';
import type { Constant, GraphValue } from './value.js';

/** What a node costs, in columns. */
const NODE = 100;

/** Most rounds of a loop that is written out. */
const MOST_ROUNDS = 1000;

/** A tensor whose numbers are known. @param name for messages and names of parameters */
export function constant(name: string, tensor: ConstantTensor): Constant {
  const float32 = () => float32Of(tensor);
  return {
    kind: 'constant',
    name,
    shape: tensor.shape,
    isReal: tensor.type.startsWith('float'),
    read: () => tensor,
    float32,
  };
}

/** Descriptions that have been found right. A graph is gone through once for each reading of its inputs. */
const checked = new WeakSet<TensorProto>();

/** A constant of the file, which is read when it is needed and kept then. @throws {DataError} where its description and its bytes differ */
function stored(tensor: TensorProto, path: string): Constant {
  const isNumbers = numberTypeOf(tensor.dataType) !== undefined;
  if (isNumbers && !checked.has(tensor)) sourceTensorOf(tensor, path);
  checked.add(tensor);
  let known: ConstantTensor | undefined;
  const read = () => {
    known ??= constantOf(tensor, path);
    return known;
  };
  const float32 = () => sourceTensorOf(tensor, path).read();
  const isReal = (numberTypeOf(tensor.dataType) ?? '').includes('float');
  return { kind: 'constant', name: tensor.name, shape: tensor.dims.map(Number), isReal, read, float32 };
}

/** Names in a graph; those of the graph around it are seen from a branch. */
class Scope {
  readonly #values = new Map<string, GraphValue>();
  readonly #around: Scope | undefined;

  constructor(around?: Scope) {
    this.#around = around;
  }

  get(name: string): GraphValue | undefined {
    return this.#values.get(name) ?? this.#around?.get(name);
  }

  hasOwn(name: string): boolean {
    return this.#values.has(name);
  }

  set(name: string, value: GraphValue): void {
    this.#values.set(name, value);
  }
}

/** What a graph was made of. */
export interface ImportedGraph {
  readonly builder: NetworkBuilder;
  readonly emission: Emission;
  /** What stands behind the outputs of the graph, in their order. */
  readonly outputs: readonly GraphValue[];
  readonly states: readonly BoundState[];
}

/** The import of one graph under one reading of its inputs. */
export class GraphImport {
  readonly builder = new NetworkBuilder();
  readonly emission: Emission;
  readonly states: BoundState[] = [];
  /** Nodes that have been taken over so far: where it fails, how far it came. */
  nodes = 0;
  readonly #path: string;
  readonly #settings: GraphSettings;

  /**
   * @param rows how many rows the file was made for, where it says numbers
   * @param budget what it may cost
   */
  constructor(path: string, opset: number, rows: ReadonlyMap<RowAxis, number>, budget: Budget) {
    this.#path = path;
    this.emission = new Emission(this.builder, budget);
    const { emission, states } = this;
    this.#settings = { opset, emission, states, rows, known: [], lengths: new Map() };
  }

  /**
   * @param inputs what the inputs of the graph stand for
   * @throws {InterchangeError} `unsupported_operator`, `unsupported_attribute` with the node
   */
  run(graph: OnnxGraph, inputs: ReadonlyMap<string, GraphValue>): ImportedGraph {
    const scope = new Scope();
    for (const [name, value] of inputs) {
      scope.set(name, value);
      if (value.kind === 'computed') this.#settings.known.push(value);
    }
    const outputs = this.#graph(graph, scope);
    const { builder, emission, states } = this;
    return { builder, emission, outputs, states };
  }

  #graph(graph: OnnxGraph, scope: Scope): readonly GraphValue[] {
    for (const [name, tensor] of graph.initializers) scope.set(name, stored(tensor, this.#path));
    for (const node of graph.nodes) {
      this.emission.spend(NODE);
      const outputs = this.#node(node, scope);
      for (const [at, name] of node.outputs.entries()) {
        const value = outputs[at];
        if (name === '') continue;
        if (value !== undefined) this.#define(name, value, scope);
        if (value?.kind === 'computed') this.#settings.known.push(value);
      }
      this.nodes++;
    }
    return graph.outputs.map(({ name }) => this.#named(name, scope, 'the graph'));
  }

  /** @throws {InterchangeError} `unsupported_operator` for a name that means something else already */
  #define(name: string, value: GraphValue, scope: Scope): void {
    if (scope.hasOwn(name)) {
      throw new InterchangeError('unsupported_operator', `'${name}' is made twice`, { value: name });
    }
    scope.set(name, value);
  }

  #named(name: string, scope: Scope, by: string): GraphValue {
    const value = scope.get(name);
    if (value !== undefined) return value;
    const message = `${by} reads '${name}', which nothing in the file makes before it`;
    throw new InterchangeError('unsupported_operator', message, { value: name });
  }

  #node(node: OnnxNode, scope: Scope): readonly (GraphValue | undefined)[] {
    const inputs = node.inputs.map((name) => (name === '' ? undefined : this.#named(name, scope, describeNode(node))));
    const context = new OperatorContext(node, inputs, this.#settings);
    if (node.domain !== '') return context.refuse(`operators of '${node.domain}' are not known`);
    if (node.op === 'If') return this.#branch(context, scope);
    if (node.op === 'Loop') return this.#loop(context, scope);
    const made = () =>
      madeOfFile(
        () => OPERATORS[node.op]?.(context),
        (reason) => context.refuse(reason),
      );
    const known = shapeArithmetic(context) ?? this.#folded(context) ?? made();
    if (known === undefined) return context.refuse('this operator is not known');
    return known.map((value) => (value === undefined ? undefined : simplified(context.name, value)));
  }

  /** The outputs of a node whose inputs are all constant. */
  #folded(context: OperatorContext): readonly GraphValue[] | undefined {
    const { node, inputs } = context;
    const isConstant = (input: GraphValue | undefined) => input === undefined || input.kind === 'constant';
    if (!inputs.every(isConstant) || !isFoldable(node)) return undefined;
    const tensors = inputs.map((input) => (input as Constant | undefined)?.read());
    const names = inputs.flatMap((input) => (input?.kind === 'constant' && input.isReal ? [input.name] : []));
    const outputs = evaluateConstant(node, tensors, this.#settings.opset, this.#path);
    return outputs?.map((tensor) => constant(names[0] ?? context.name, tensor));
  }

  /** A condition that is known. */
  #condition(context: OperatorContext, at: number): boolean {
    const value = context.input(at);
    const [condition] = value.kind === 'shape' ? value.elements : [];
    if (typeof condition === 'string')
      return context.refuse(`its condition depends on the lengths of data (${condition})`);
    if (value.kind === 'shape') return condition !== 0;
    if (value.kind !== 'constant') return context.refuse('its condition depends on data');
    return context.neededNumbers(at, 'the condition')[0] !== 0;
  }

  #branch(context: OperatorContext, scope: Scope): readonly GraphValue[] {
    const name = this.#condition(context, 0) ? 'then_branch' : 'else_branch';
    const branch = context.node.attributes.get(name);
    if (branch?.kind !== 'graph') return context.refuse(`${name} is missing`);
    return this.#graph(branch.value, new Scope(scope));
  }

  /** A loop whose rounds are known, one after the other. */
  #loop(context: OperatorContext, scope: Scope): readonly GraphValue[] {
    const { node, inputs } = context;
    const body = node.attributes.get('body');
    if (body?.kind !== 'graph') return context.refuse('its body is missing');
    const rounds = inputs[0] === undefined ? undefined : context.numbers(0, 'the number of rounds')?.[0];
    let carried = inputs.slice(2);
    let goesOn = inputs[1] === undefined ? true : this.#condition(context, 1);
    if (body.value.outputs.length !== carried.length + 1)
      return context.refuse('its rounds give more than they carry on');
    for (let round = 0; goesOn && round < (rounds ?? Number.POSITIVE_INFINITY); round++) {
      if (round >= MOST_ROUNDS) return context.refuse(`it has more than ${MOST_ROUNDS} rounds`);
      const own = new Scope(scope);
      const counter: ConstantTensor = { shape: [], type: 'int64', data: Float64Array.of(round) };
      const going: ConstantTensor = { shape: [], type: 'bool', data: Float64Array.of(1) };
      const given = [constant('round', counter), constant('condition', going), ...carried];
      for (const [at, { name }] of body.value.inputs.entries()) {
        const value = given[at];
        if (value !== undefined) own.set(name, value);
      }
      const [condition, ...next] = this.#graph(body.value, own);
      const test = new OperatorContext(node, [condition], this.#settings);
      goesOn = this.#condition(test, 0);
      carried = next;
    }
    return carried as readonly GraphValue[];
  }
}

/** A shape whose numbers are all known is a constant. */
function simplified(name: string, value: GraphValue): GraphValue {
  if (value.kind !== 'shape' || value.elements.some((element) => typeof element === 'string')) return value;
  return constant(name, {
    shape: value.shape,
    type: 'int64',
    data: Float64Array.from(value.elements as readonly number[]),
  });
}
