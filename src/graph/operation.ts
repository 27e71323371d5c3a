/**
 * What is known of an operation: its row in native/kernels/operations.def, from which scripts/generate-operations.cjs makes
 * `operationRows`.
 */
import type { Signature } from './signature.js';

/** What a row says besides the names of its operands and attributes. */
export interface OperationRow {
  /** Operands as text; the grammar stands in native/kernels/operations.def. */
  readonly operands: string;
  readonly attributes: string;
  /**
   * forward: has a gradient rule. packing: prepares weights, and has one. backward: part of one. update: changes parameters
   * or gradients, after all others. source: makes values from none.
   */
  readonly role: 'forward' | 'packing' | 'backward' | 'update' | 'source';
  /** Outputs that may take the memory of an input whose last use this is: output name -> input name. */
  readonly inPlace: Readonly<Record<string, string>>;
  /** Inputs of real numbers that have no gradient, such as masks and targets. */
  readonly constants: readonly string[];
  /** Outputs for the backward pass, or to be looked at: no gradient may reach them. */
  readonly kept: readonly string[];
}

/** One operation of the registry. */
export interface Operation extends Omit<OperationRow, 'operands' | 'attributes'> {
  readonly name: string;
  readonly opcode: number;
  readonly signature: Signature;
  /** Names in native order. */
  readonly attributes: readonly string[];
}
