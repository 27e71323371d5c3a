/** What a layer is to the rest of the library: a frozen description, and a rule that builds its part of a graph. */
import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/value.js';
import type { ParameterShape } from '../initializers/initializer.js';

/** Descriptions are plain JSON, so that a checkpoint can hold them. */
export interface LayerDescription {
  readonly kind: string;
}

/** A parameter that a layer asks for. */
export interface ParameterRequest extends ParameterShape {
  /** Shape for people and for checkpoints: [n] for biases, [rows, columns] otherwise. */
  readonly shape: readonly number[];
  /** Scheme of the layer, where it has one of its own. */
  readonly initializer?: string | undefined;
}

/** What a layer sees while a graph is built. */
export interface BuildContext {
  readonly graph: Graph;
  /** Whether dropout and the like are active. */
  readonly training: boolean;
  /** Time axis of the layer's output: that of its first input with steps, else of the first. */
  readonly axis: string;
  /** The parameter `NAME` of this layer, [rows, columns]. */
  parameter(name: string, request: ParameterRequest): Value;
  /** The table of the embedding `node`, which stands before this layer. */
  table(node: string): Value;
  /** The state [B, units] that the network gives; else one that is carried into this run, zero where the caller carries none. */
  initialState(name: string, units: number): Value;
  /** The state of the same name after this run. */
  finalState(name: string, value: Value): void;
  /** Random key of this run, and a number that no other operation of the model has. */
  dropoutKey(): Value;
  operationId(): number;
  /** Adds `weight * value` to what training minimises, not to the reported loss; `value` is [1, 1]. */
  penalty(value: Value, weight: number): void;
}

/** The rule of one kind of layer. */
export interface LayerRule<D extends LayerDescription = LayerDescription> {
  /**
   * Emits the operations of the layer and returns its output.
   *
   * @throws {ShapeError} `shape_mismatch`, `rank_mismatch` when the inputs do not fit
   */
  build(description: D, context: BuildContext, inputs: readonly Value[]): Value;
}
