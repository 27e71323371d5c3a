/** Joining values row by row. */
import type { Graph } from '../../graph/graph.js';
import { only, type Value } from '../../graph/value.js';

/** `concatenate` sets the columns side by side, `sum` adds values of one size. */
export type Merge = 'concatenate' | 'sum';

/** Joins one or more values, from left to right. */
export function merged(graph: Graph, merge: Merge, values: readonly Value[]): Value {
  const operation = merge === 'sum' ? 'add' : 'concatenate';
  return values.reduce((a, b) => only(graph.apply(operation, { a, b }), 'y'));
}
