/** Joining values row by row, and the layers that do it. */
import { rejectUnknownKeys } from '../../core/options.js';
import type { Graph } from '../../graph/graph.js';
import { only, type Value } from '../../graph/value.js';
import type { LayerDefinition } from './layer.js';
import { alignedRows } from './rows.js';

/** `concatenate` sets the columns side by side, `sum` adds values of one size. */
export type Merge = 'concatenate' | 'sum';

/** Joins one or more values, from left to right. */
export function merged(graph: Graph, merge: Merge, values: readonly Value[]): Value {
  const operation = merge === 'sum' ? 'add' : 'concatenate';
  return values.reduce((a, b) => only(graph.apply(operation, { a, b }), 'y'));
}

/** Frozen description of a layer that joins several inputs row by row. */
export interface MergeDescription {
  readonly kind: Merge;
}

/**
 * Joins the columns of its inputs: [N, A], [N, B], ... -> [N, A+B+...]. An input with one row for each sequence is repeated at
 * every step beside inputs with steps; from another time axis it is carried over first.
 */
export function concatenate(): MergeDescription {
  return Object.freeze({ kind: 'concatenate' });
}

/** Adds its inputs, which have as many columns: [N, F], [N, F], ... -> [N, F]. Rows are joined as by `concatenate`. */
export function sum(): MergeDescription {
  return Object.freeze({ kind: 'sum' });
}

/** The definition of a layer that joins its inputs. */
function mergeLayer(kind: Merge, make: () => MergeDescription): LayerDefinition<MergeDescription> {
  return {
    kind,
    fromOptions: (options) => {
      rejectUnknownKeys(kind, options, []);
      return make();
    },
    build: (_, { graph }, inputs) => merged(graph, kind, alignedRows(graph, inputs)),
  };
}

/** The definitions of the layers that join their inputs. */
export const mergeLayers = [mergeLayer('concatenate', concatenate), mergeLayer('sum', sum)] as const;
