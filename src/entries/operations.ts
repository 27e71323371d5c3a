/**
 * `bptt/operations`: functions of symbolic values, of which the layers, losses and optimizers of one's own are made. Nothing is
 * computed when they are called: they add to the network that is being built, and gradients follow by themselves.
 */

export type { OperationNames } from '../graph/generated/operations.js';
export type { ExternalOptions, Graph, Operands } from '../graph/graph.js';
export type {
  AttributesOf,
  Emits,
  ExtentsOf,
  GradientRule,
  HasAttributes,
  MayRead,
  OnlyReachable,
  OperandsOf,
  Operation,
  OperationName,
  OperationRow,
  OutputsOf,
  Reachable,
  Reads,
  RowNames,
  RuleContext,
  Wants,
} from '../graph/operation.js';
export type { OperandSpec, Signature, Term } from '../graph/signature.js';
export type { Extent, Node, Source, Storage, SymbolicExtent, ValueType } from '../graph/value.js';
export type { CellActivation } from '../network/layers/recurrent-options.js';
export type { CtcOptions, CtcReduction } from '../network/losses/ctc.js';
export * from '../network/operations.js';
