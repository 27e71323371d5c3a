/** What a gradient rule is: a function that emits the operations of the backward pass of one operation. */
import type { OperationNames } from './generated/operations.js';
import type { Graph } from './graph.js';
import type { OperationName, RowNames } from './operands.js';
import type { Node, Value } from './value.js';

/** Outputs that a gradient may reach. */
export type Reachable<R extends RowNames> = Exclude<R['output'], R['kept']>;

/** The output that a gradient may reach, where there is only one: the rule is asked because one reaches it. */
export type OnlyReachable<R extends RowNames, All = Reachable<R>, One = All> = One extends unknown
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
