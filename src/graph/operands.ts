/** The operands, attributes and outputs of each operation by name, as types: a misspelt name does not compile. */
import type { Extent } from './extent.js';
import type { OperationNames } from './generated/operations.js';
import type { Value } from './value.js';

/** The name of an operation. */
export type OperationName = keyof OperationNames;

/** The names that stand in a row. */
export interface RowNames {
  /** Inputs that must be given. */
  readonly required: string;
  /** Inputs that may be absent. */
  readonly optional: string;
  /** Outputs. */
  readonly output: string;
  /** Outputs that are there only where an operand settles their size. */
  readonly unsure: string;
  /** Outputs that no gradient may reach. */
  readonly kept: string;
  /** Inputs that have no gradient. */
  readonly constant: string;
  readonly attribute: string;
  /** Letters of extents. */
  readonly letter: string;
}

/** Operands of an operation by name; undefined, or left out, where one is absent. */
export type OperandsOf<N extends OperationName> = N extends OperationName
  ? { readonly [K in OperationNames[N]['required']]: Value } & {
      readonly [K in OperationNames[N]['optional']]?: Value | undefined;
    }
  : never;

/** Attributes by name, 0 where one is left out. */
export type AttributesOf<N extends OperationName> = N extends OperationName
  ? { readonly [K in OperationNames[N]['attribute']]?: number }
  : never;

/** Letters that no operand settles, and what they stand for. */
export type ExtentsOf<N extends OperationName> = N extends OperationName
  ? { readonly [K in OperationNames[N]['letter']]?: Extent }
  : never;

/** Outputs by name. Those that may be absent are there: nobody need read them, and they cost nothing then. */
export type OutputsOf<N extends OperationName> = N extends OperationName
  ? { readonly [K in OperationNames[N]['output']]: Value } & {
      readonly [K in OperationNames[N]['unsure']]: Value | undefined;
    }
  : never;
