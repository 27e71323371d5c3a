/** What a layer is to the rest of the library: a frozen description, and a rule that builds its part of a graph. */
import type { Random } from '../../core/random.js';
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
  /** Gives the first values, in place of a scheme: one for all, or a function of each. */
  readonly initial?: number | InitialValue | undefined;
}

/** Numbers of a layer that are not trained: a training step computes them anew. */
export interface BufferRequest {
  readonly rows: number;
  readonly columns: number;
  /** Shape for people and for checkpoints: [n] for a row, [rows, columns] otherwise. */
  readonly shape: readonly number[];
  /** What all of them begin with. */
  readonly initial: number;
  /** Smallest number that they can hold; default none. A file with a smaller one is corrupt. */
  readonly least?: number;
}

/** The first value of an element of a parameter. It must follow from its arguments alone. */
export type InitialValue = (random: Random, row: number, column: number) => number;

/** What a layer sees while a graph is built. */
export interface BuildContext {
  readonly graph: Graph;
  /** Whether dropout and the like are active. */
  readonly training: boolean;
  /** Time axis of the layer's output: that of its first input with steps, else of the first. */
  readonly axis: string;
  /** The parameter `NAME` of this layer, [rows, columns]. */
  parameter(name: string, request: ParameterRequest): Value;
  /** The numbers `NAME` of this layer that are not trained, [rows, columns]; in every mode the same are asked for. */
  buffer(name: string, request: BufferRequest): Value;
  /**
   * What a buffer is to hold after a training step, [rows, columns]. It takes it together with the parameters, or not at all where
   * the step does not happen. Nothing else changes a buffer.
   */
  updateBuffer(buffer: Value, value: Value): void;
  /** What `value` must have at least in a batch, in rows, for a training step; in every mode the same. Two sequences must be enough. */
  requireRows(value: Value, rows: number): void;
  /** The table of the embedding `node`, which stands before this layer. */
  table(node: string): Value;
  /**
   * The state [B, units] that the network gives; else one that is carried into this run, zero where the caller carries none.
   *
   * @param axis time axis of its sequences; default that of the layer
   */
  initialState(name: string, units: number, axis?: string): Value;
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
   * @internal
   * @throws {ShapeError} `shape_mismatch`, `rank_mismatch` when the inputs do not fit
   */
  build(description: D, context: BuildContext, inputs: readonly Value[]): Value;
}

/** One kind of layer: those of the library and those that users define are of this type. */
export interface LayerDefinition<D extends LayerDescription = LayerDescription> extends LayerRule<D> {
  readonly kind: string;
  /**
   * A checked, frozen description.
   *
   * @param options fields of the description without its kind, from JSON or from a caller
   * @param definitions of layers that may stand in the options
   * @throws {OptionError} `invalid_option`, `unknown_option`, `unknown_layer`
   */
  fromOptions(options: Omit<D, 'kind'>, definitions: LayerDefinitions): D;
  /** Names of the states that a network may give to such a layer, or read of it; default none. */
  states?(description: D): readonly string[];
}

/** Definitions of layers by their kind, beside those of the library. */
export type LayerDefinitions = ReadonlyMap<string, LayerDefinition>;

/** The definition that each description of a layer outside the library was made by. */
const definitions = new WeakMap<object, LayerDefinition>();

/** Remembers by which definition a description was made. */
export function setDefinition(description: LayerDescription, definition: LayerDefinition): void {
  definitions.set(description, definition);
}

/** The definition that made a description; undefined for those of the library. */
export function ownDefinition(description: unknown): LayerDefinition | undefined {
  return typeof description === 'object' && description !== null ? definitions.get(description) : undefined;
}

/** The definitions outside the library of a description, and of those that stand in its options. */
export function* ownDefinitionsIn(description: unknown): Generator<LayerDefinition> {
  if (typeof description !== 'object' || description === null) return;
  const own = ownDefinition(description);
  if (own !== undefined) yield own;
  for (const value of Object.values(description)) yield* ownDefinitionsIn(value);
}
