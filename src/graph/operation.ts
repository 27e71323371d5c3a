/**
 * What is known of an operation: its row in native/kernels/operations.def, from which scripts/generate-operations.cjs makes
 * `operationRows` and the names in `OperationNames`, and its gradient rule in src/graph/operations.
 */
import type { OperationNames } from './generated/operations.js';
import type { Graph } from './graph.js';
import type { Signature } from './signature.js';
import type { Extent, Node, Value } from './value.js';

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

/** Outputs that a gradient may reach. */
type Reachable<R extends RowNames> = Exclude<R['output'], R['kept']>;

/** The output that a gradient may reach, where there is only one: the rule is asked because one reaches it. */
type OnlyReachable<R extends RowNames, All = Reachable<R>, One = All> = One extends unknown
  ? [All] extends [One]
    ? One
    : never
  : never;

/** Where a rule emits its operations. */
export interface Emits {
  readonly graph: Graph;
}

/** Operands that are never absent, and outputs, by their names. */
export interface Reads<K extends string> {
  readonly value: (name: K) => Value;
}

/** Operands of which some may be absent. */
export interface MayRead<K extends string> {
  readonly optional: (name: K) => Value | undefined;
}

/** Whether the gradients of these inputs are needed. */
export interface Wants<K extends string> {
  readonly wants: (input: K) => boolean;
}

/** Attributes by their names. */
export interface HasAttributes<K extends string> {
  readonly attribute: (name: K) => number;
}

/** The gradient of the only output that has one. */
export interface Reached<K extends string> {
  readonly gradient: (output: K) => Value;
}

/** What a gradient rule sees: the node, the gradients of its outputs, and which inputs want one. */
export interface RuleContext<R extends RowNames>
  extends Emits,
    Reads<R['required'] | R['output']>,
    MayRead<R['required'] | R['optional'] | R['output']>,
    Wants<Exclude<R['required'] | R['optional'], R['constant']>>,
    HasAttributes<R['attribute']> {
  readonly node: Node;
  /** The gradient that reaches an output; where there are several, undefined for one that none reaches. */
  readonly gradient: {
    (output: OnlyReachable<R>): Value;
    (output: Reachable<R>): Value | undefined;
  };
}

/** What the rule of an operation sees. */
export type GradientContext<N extends OperationName> = RuleContext<OperationNames[N]>;

/** Gradients of the inputs of an operation. */
export type Gradients<N extends OperationName> = {
  readonly [K in Exclude<
    OperationNames[N]['required'] | OperationNames[N]['optional'],
    OperationNames[N]['constant']
  >]?: Value | undefined;
};

/** A rule of any operation. */
export type GradientRule = (context: RuleContext<RowNames>) => Readonly<Record<string, Value | undefined>>;

/** A rule with the name of its operation. */
export type NamedRule = readonly [OperationName, GradientRule];

/**
 * The gradient rule of an operation: it emits the operations that compute the gradients of the inputs and returns these by
 * the names of the inputs. The gradient of packed weights has the layout of the weights before packing.
 */
export function gradientRule<N extends OperationName, G extends Readonly<Record<string, Value | undefined>>>(
  name: N,
  rule: (context: GradientContext<NoInfer<N>>) => G & { readonly [K in Exclude<keyof G, keyof Gradients<N>>]: never },
): NamedRule {
  return [name, rule as unknown as GradientRule];
}

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
  readonly gradient?: GradientRule;
}
