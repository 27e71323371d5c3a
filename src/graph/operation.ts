/** What the registry knows of an operation. */
import type { Graph } from './graph.js';
import type { Signature } from './signature.js';
import type { Node, Value } from './value.js';

/** What a gradient rule sees: the node, the gradients of its outputs, and which inputs want one. */
export interface GradientContext {
  readonly graph: Graph;
  readonly node: Node;
  /** A required operand. */
  value(name: string): Value;
  /** An operand that may be absent. */
  optional(name: string): Value | undefined;
  /** The gradient that reaches an output, or undefined when none does. */
  gradient(output: string): Value | undefined;
  /** Whether the gradient of this input is needed. */
  wants(input: string): boolean;
  attribute(name: string): number;
}

/**
 * Emits the operations that compute the gradients of the inputs and returns them by input name. The gradient of packed
 * weights has the layout of the weights before packing.
 */
export type GradientRule = (context: GradientContext) => Readonly<Record<string, Value | undefined>>;

/** One row of the registry. */
export interface Operation {
  readonly name: string;
  readonly signature: Signature;
  /** Signature as text, equal to the native one. */
  readonly signatureText: string;
  readonly attributes: readonly string[];
  /** Attributes as text, equal to the native ones. */
  readonly attributesText: string;
  /** Outputs that may take the memory of an input whose last use this is: output name -> input name. */
  readonly inPlace: Readonly<Record<string, string>>;
  /** Inputs of real numbers that have no gradient, such as masks and targets. */
  readonly constants: readonly string[];
  /** Outputs that are kept for the backward pass alone: no gradient may reach them. */
  readonly kept: readonly string[];
  /**
   * forward: has a gradient rule. backward: part of one. update: changes parameters or gradients, after all others.
   */
  readonly role: 'forward' | 'backward' | 'update';
  readonly gradient?: GradientRule;
}

/** An operation as it is written down in src/graph/operations. */
export interface OperationDefinition {
  readonly signature: string;
  readonly attributes?: string;
  readonly role?: 'backward' | 'update';
  readonly inPlace?: Readonly<Record<string, string>>;
  /** Default none. */
  readonly constants?: readonly string[];
  /** Default none. */
  readonly kept?: readonly string[];
  readonly gradient?: GradientRule;
}
