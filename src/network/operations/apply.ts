/** Applies operations to values without a graph in sight: the values know theirs. */
import { ShapeError, UsageError } from '../../core/errors.js';
import { describeValue } from '../../core/options.js';
import { type Graph, graphOf, type Operands } from '../../graph/graph.js';
import type { AttributesOf, ExtentsOf, OperandsOf, OperationName, OutputsOf } from '../../graph/operands.js';
import type { Value } from '../../graph/value.js';

/**
 * The graph of the operands of a function.
 *
 * @param owner name of the function, for messages
 * @throws {UsageError} `not_a_value` when an operand is none, or they belong to two networks
 */
export function graphOfAll(owner: string, operands: Readonly<Record<string, unknown>>): Graph {
  let graph: Graph | undefined;
  for (const [name, operand] of Object.entries(operands)) {
    if (operand === undefined) continue;
    const own = typeof operand === 'object' && operand !== null ? graphOf(operand as Value) : undefined;
    if (own === undefined) {
      const message = `${owner}: ${name} is ${describeValue(operand)}, expected a value of the network that is being built`;
      throw new UsageError('not_a_value', message, { function: owner, operand: name });
    }
    if (graph !== undefined && graph !== own) {
      const message = `${owner}: ${name} belongs to another network, or to an earlier build of this one`;
      throw new UsageError('not_a_value', message, { function: owner, operand: name });
    }
    graph = own;
  }
  if (graph !== undefined) return graph;
  throw new UsageError('not_a_value', `${owner}: there is no value among its operands`, { function: owner });
}

/** What a function applies. */
export interface Application<N extends OperationName> {
  /** Name of the operation in native/kernels/operations.def. */
  readonly operation: N;
  readonly operands: OperandsOf<N>;
  readonly attributes?: AttributesOf<N>;
  readonly extents?: ExtentsOf<N>;
}

/**
 * Applies an operation for the function `owner`, which errors name.
 *
 * @returns the outputs by name
 * @throws {ShapeError} `shape_mismatch` when operands do not fit together
 * @throws {UsageError} `not_a_value`
 */
export function applied<N extends OperationName>(
  owner: string,
  { operation, operands, attributes, extents }: Application<N>,
): OutputsOf<N> {
  const graph = graphOfAll(owner, operands as Operands);
  try {
    return graph.apply(operation, operands, attributes, extents);
  } catch (error) {
    if (error instanceof ShapeError && owner !== operation && error.message.startsWith(`${operation}:`)) {
      const message = `${owner}${error.message.slice(operation.length)}`;
      throw new ShapeError(error.code, message, { ...error.details, operation: owner }, error);
    }
    throw error;
  }
}

/** Operations of one value. */
type UnaryOperation =
  | 'lastStep'
  | 'maxOverTime'
  | 'relu'
  | 'repeatOverTime'
  | 'sigmoid'
  | 'softmax'
  | 'sumOverTime'
  | 'tanh';

/** A function of one value that is the operation of the same name. */
export function unary(name: UnaryOperation): (x: Value) => Value {
  return (x) => applied(name, { operation: name, operands: { x } }).y;
}
