/** What a loss is to the rest of the library: a description, and a definition that builds its part of a graph. */

import type { Extent } from '../../graph/extent.js';
import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/value.js';

/** Descriptions are plain JSON, so that a checkpoint can hold them. */
export interface LossDescriptionObject {
  readonly kind: string;
}

/** An input of a loss: class indices, one a row, or real numbers. */
export type LossInput =
  | { readonly rows: Extent; readonly size: number; readonly ignore?: boolean }
  | { readonly rows: Extent; readonly columns: number; readonly nonNegative?: boolean };

/** A loss as part of a graph. */
export interface EmittedLoss {
  /** [1, 1] */
  readonly loss: Value;
  /**
   * [1, 1] what the sum over rows was divided by: the number of those that count, with weights the sum of their weights. Undefined where
   * the loss does not say it.
   */
  readonly total?: Value;
  /** Whether rows have weights, so that `total` is no number of rows. */
  readonly isWeighted: boolean;
  /** Whether the losses of two batches are added, and not averaged. */
  readonly isSum?: boolean;
}

/** What a loss sees while a graph is built. */
export interface LossBuildContext {
  readonly graph: Graph;
  /** Output of the network [R, C]. */
  readonly outputs: Value;
  /** Time axis of labels that have one of their own. */
  readonly labelAxis: string;
  /** The target, as an input of the program. */
  target(input: LossInput): Value;
  /** Another input of the program, which a batch has beside the target under the name `TARGET/NAME`. */
  input(name: string, input: LossInput): Value;
}

/** One kind of loss: those of the library and those that users define are of this type. */
export interface LossDefinition<D extends LossDescriptionObject = LossDescriptionObject> {
  readonly kind: string;
  /** Whether the losses of two batches are added, and not averaged; for losses of a user's own. */
  readonly isSum?: boolean;
  /**
   * A checked, frozen description.
   *
   * @param name   what the loss is called in messages
   * @param options fields of the description without its kind, from JSON or from a caller
   * @throws {OptionError} `invalid_option`, `unknown_option`
   */
  fromOptions(name: string, options: Omit<D, 'kind'>): D;
  /**
   * Emits the loss.
   *
   * @throws {ShapeError} `shape_mismatch` when the outputs do not fit
   */
  build(description: D, context: LossBuildContext): EmittedLoss;
}

/** Definitions of losses by their kind, beside those of the library. */
export type LossDefinitions = ReadonlyMap<string, LossDefinition>;

/** The definition that each description of a loss outside the library was made by. */
const definitions = new WeakMap<object, LossDefinition>();

/** Remembers by which definition a description was made. */
export function setLossDefinition(description: LossDescriptionObject, definition: LossDefinition): void {
  definitions.set(description, definition);
}

/** The definition that made a description; undefined for those of the library. */
export function ownLossDefinition(description: unknown): LossDefinition | undefined {
  return typeof description === 'object' && description !== null ? definitions.get(description) : undefined;
}
