/** Makes the ONNX graph of a network. */
import { TIME } from '../../batch/axes.js';
import type { SymbolicExtent } from '../../graph/extent.js';
import type { Value } from '../../graph/value.js';
import { buildForward, type Forward } from '../../model/build/build-forward.js';
import { ParameterLayout } from '../../model/build/parameters.js';
import { inputAxes, type NetworkDescription } from '../../network/description.js';
import type { StoredRun } from '../shared/own-onnx.js';
import { Axes } from './axes.js';
import { Emission, type Exporting, hasSteps, notExportable } from './emission.js';
import { EMITTERS, neededFor } from './emitters.js';
import { type Dimension, OnnxGraph, type TensorInfo } from './onnx-graph.js';
import { Weights } from './weights.js';

/** What the graph is to look like. */
export interface BuildOptions {
  readonly opset: number;
  /** Whether tensors of steps begin with the batch at the ends of the graph. */
  readonly batchFirst: boolean;
  /** Whether there are inputs with the lengths of sequences. */
  readonly lengths: boolean;
  /** Whether initial states are inputs, and final ones outputs. */
  readonly states: boolean;
  /** Whether the graph is one step: tensors of steps have no dimension of time. */
  readonly isStep: boolean;
}

/** Names of inputs and outputs of a file by what they are in the network. */
export interface OnnxNames {
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  /** By time axis. */
  readonly lengths: Readonly<Record<string, string>>;
  /** By the names of states, such as `lstm.h_l0`; empty where states begin as zeros. */
  readonly initialStates: Readonly<Record<string, string>>;
  readonly finalStates: Readonly<Record<string, string>>;
}

/** A graph, and which of its inputs and outputs are what. */
export interface BuiltOnnx {
  readonly graph: OnnxGraph;
  /** Where parameters and buffers stand in tensors of the graph, by name. */
  readonly weights: ReadonlyMap<string, readonly StoredRun[]>;
  /** What the user should know, a sentence each. */
  readonly notes: readonly string[];
  readonly names: OnnxNames;
}

/** Makes one graph of one network. */
class OnnxBuilder implements Exporting {
  readonly onnx: OnnxGraph;
  readonly axes: Axes;
  readonly weights: Weights;
  readonly notes: string[] = [];
  readonly #options: BuildOptions;
  readonly #tensors = new Map<Value, string>();
  readonly #forward: Forward;
  readonly #zeroStates = new Set<Value>();
  #needed: (value: Value | undefined) => boolean = () => false;

  constructor(forward: Forward, options: BuildOptions, numbers: (name: string) => Float32Array) {
    this.#forward = forward;
    this.#options = options;
    this.onnx = new OnnxGraph(options.opset);
    this.axes = new Axes(this.onnx, { hasLengths: options.lengths, isStep: options.isStep });
    this.weights = new Weights(this.onnx, numbers);
  }

  tensor(value: Value): string {
    const tensor = this.#tensors.get(value) ?? this.weights.whole(value) ?? this.#zeros(value);
    if (tensor !== undefined) return tensor;
    throw new Error(`the tensor of '${value.name ?? value.node?.operation.name}' was not emitted`);
  }

  isNeeded(value: Value | undefined): boolean {
    return this.#needed(value);
  }

  note(sentence: string): void {
    if (!this.notes.includes(sentence)) this.notes.push(sentence);
  }

  isZero(value: Value): boolean {
    return this.#zeroStates.has(value);
  }

  /** Says that initial states are zero. */
  addZeros(values: Iterable<Value>): void {
    for (const value of values) this.#zeroStates.add(value);
  }

  /** Zeros for an initial state that is read as any other value. */
  #zeros(value: Value): string | undefined {
    if (!this.isZero(value)) return undefined;
    const batch = this.axes.batch((value.rows as SymbolicExtent).axis);
    const zeros = this.onnx.zeros(batch, value.columns);
    this.#tensors.set(value, zeros);
    return zeros;
  }

  /** The dimensions of a tensor of steps or of sequences at an end of the graph. */
  #dimensions({ rows, columns, type }: Value): Dimension[] {
    const { kind, axis } = rows as SymbolicExtent;
    const { batchFirst, isStep } = this.#options;
    const [steps, batch] = [this.axes.stepsDimension(axis), this.axes.batchDimension];
    const width = type === 'int32' ? [] : [columns];
    if (kind === 'batch' || isStep) return [batch, ...width];
    return batchFirst ? [batch, steps, ...width] : [steps, batch, ...width];
  }

  #swapped(tensor: string, { type }: Value): string {
    return type === 'int32' ? this.onnx.transpose(tensor, 1, 0) : this.onnx.transpose(tensor, 1, 0, 2);
  }

  /** An input as operations read it: [steps, batch, columns]. */
  #inside(tensor: string, value: Value): string {
    if (!hasSteps(value)) return tensor;
    if (this.#options.isStep) return this.onnx.unsqueeze(tensor, 0);
    return this.#options.batchFirst ? this.#swapped(tensor, value) : tensor;
  }

  /** Adds the input of the graph for a value. @returns its name */
  addInput(wanted: string, value: Value): string {
    const type = value.type === 'int32' ? 'int64' : 'float32';
    const { axis, kind } = value.rows as SymbolicExtent;
    if (kind === 'steps') this.axes.addSteps(axis);
    const name = this.onnx.addInput(wanted, type, this.#dimensions(value));
    this.onnx.scope = wanted;
    const inside = this.#inside(name, value);
    this.#tensors.set(value, inside);
    this.axes.measure(axis, inside, kind === 'steps');
    return name;
  }

  /** Emits everything that the roots need. */
  emit(roots: readonly Value[]): void {
    const { graph, owners } = this.#forward;
    const { nodes, isNeeded } = neededFor(graph.nodes, roots);
    this.#needed = isNeeded;
    for (const node of nodes) {
      const layer = owners.get(node) as string;
      this.onnx.scope = layer;
      const emission = new Emission(node, layer, this);
      const emitter = EMITTERS[node.operation.name];
      const outputs =
        emitter === undefined ? emission.refuse('it has an operation without an operator') : emitter(emission);
      for (const [output, tensor] of Object.entries(outputs))
        this.#tensors.set(node.outputs.get(output) as Value, tensor);
    }
  }

  /** Adds the output of the graph for a value: zeros stand behind the end of every sequence. @returns its name */
  addOutput(wanted: string, value: Value): string {
    const { isStep, batchFirst } = this.#options;
    this.onnx.scope = wanted;
    const computed = this.tensor(value);
    const outside = () => {
      if (!hasSteps(value)) return computed;
      if (isStep) return this.onnx.squeeze(computed, 0);
      const masked = this.axes.masked((value.rows as SymbolicExtent).axis, computed);
      return batchFirst ? this.#swapped(masked, value) : masked;
    };
    const name = this.onnx.name(wanted);
    this.onnx.add('Identity', [outside()], [name]);
    const info: TensorInfo = { name, type: 'float32', dimensions: this.#dimensions(value) };
    this.onnx.outputs.push(info);
    return name;
  }
}

/**
 * Makes the graph of a network.
 *
 * @param numbers those of a parameter or buffer by its name
 * @throws {InterchangeError} `not_exportable`
 */
export function buildOnnx(
  description: NetworkDescription,
  numbers: (name: string) => Float32Array,
  options: BuildOptions,
): BuiltOnnx {
  const open = options.isStep ? { open: TIME } : {};
  const forward = buildForward(description, new ParameterLayout(), { training: false, ...open });
  for (const name of forward.givenStates.keys()) {
    const reason = `its state '${name}' begins with what the network computes before the first step: export the network as a whole, without 'stateful'`;
    throw notExportable(name.slice(0, name.indexOf('.')), reason, { option: 'stateful', state: name });
  }
  const builder = new OnnxBuilder(forward, options, numbers);
  const { onnx, axes } = builder;
  const added = (values: Iterable<readonly [string, Value]>, add: (name: string, value: Value) => string) =>
    Object.fromEntries([...values].map(([name, value]) => [name, add(name, value)]));
  const names = Object.keys(description.inputs);
  const inputs = added(
    names.map((name) => [name, forward.nodes.get(name) as Value]),
    (name, value) => builder.addInput(name, value),
  );
  if (options.lengths) for (const axis of inputAxes(description)) if (axes.hasSteps(axis)) axes.lengths(axis);
  const { results, initialStates, finalStates } = forward;
  const kept = options.states ? [...initialStates.keys()] : [];
  const initial = added(
    kept.map((name) => [name, initialStates.get(name) as Value]),
    (name, value) => builder.addInput(name, value),
  );
  if (!options.states) builder.addZeros(initialStates.values());
  const finals = kept.map((name) => [name, finalStates.get(name) as Value] as const);
  builder.emit([...results.values(), ...finals.map(([, value]) => value)]);
  return {
    graph: onnx,
    weights: builder.weights.stored,
    notes: builder.notes,
    names: {
      inputs,
      outputs: added(results, (name, value) => builder.addOutput(name, value)),
      lengths: Object.fromEntries(axes.lengthInputs),
      initialStates: initial,
      finalStates: added(finals, (name, value) => builder.addOutput(`${name}.final`, value)),
    },
  };
}
