/** Joining values row by row, and the layers that do it. */
import { rejectUnknownKeys } from '../../core/options.js';
import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/value.js';
import type { LayerDefinition } from './layer.js';
import { alignedRows } from './rows.js';

/** `concatenate` sets the columns of the two directions side by side, `sum` adds them. */
export type Merge = 'concatenate' | 'sum';

/** The kinds of layers that join their inputs; `sum` is another name of `add`, which saved networks have. */
export type MergeKind = Merge | 'add' | 'multiply' | 'average';

type Join = (graph: Graph, values: readonly Value[]) => Value;

/** Joins values from left to right by an operation of two. */
function pairwise(operation: 'concatenate' | 'add' | 'multiply'): Join {
  return (graph, values) => values.reduce((a, b) => graph.apply(operation, { a, b }).y);
}

const added = pairwise('add');

const joins: Readonly<Record<MergeKind, Join>> = {
  concatenate: pairwise('concatenate'),
  add: added,
  sum: added,
  multiply: pairwise('multiply'),
  average: (graph, values) => graph.apply('scale', { x: added(graph, values) }, { factor: 1 / values.length }).y,
};

/** Joins one or more values, from left to right. */
export function merged(graph: Graph, merge: MergeKind, values: readonly Value[]): Value {
  return joins[merge](graph, values);
}

/** Frozen description of a layer that joins several inputs row by row. */
export interface MergeDescription {
  readonly kind: MergeKind;
}

/**
 * Joins the columns of its inputs: [N, A], [N, B], ... -> [N, A+B+...]. An input with one row for each sequence is repeated at
 * every step beside inputs with steps; from another time axis it is carried over first.
 */
export function concatenate(): MergeDescription {
  return Object.freeze({ kind: 'concatenate' });
}

/**
 * Adds its inputs, which have as many columns: [N, F], [N, F], ... -> [N, F]. Rows are joined as by `concatenate`.
 *
 * @example const residual = { name: 'block', layer: add(), inputs: ['normalized', 'input'] };
 */
export function add(): MergeDescription {
  return Object.freeze({ kind: 'add' });
}

/** The same as `add`, under the name that older networks are saved with. */
export function sum(): MergeDescription {
  return Object.freeze({ kind: 'sum' });
}

/**
 * Multiplies its inputs element by element, which have as many columns: [N, F], [N, F], ... -> [N, F]. Rows are joined as by
 * `concatenate`.
 *
 * @example const gated = { name: 'gated', layer: multiply(), inputs: ['candidate', 'gate'] };
 */
export function multiply(): MergeDescription {
  return Object.freeze({ kind: 'multiply' });
}

/** The mean of its inputs, which have as many columns: [N, F], [N, F], ... -> [N, F]. Rows are joined as by `concatenate`. */
export function average(): MergeDescription {
  return Object.freeze({ kind: 'average' });
}

/** The definition of a layer that joins its inputs. */
function mergeLayer(make: () => MergeDescription): LayerDefinition<MergeDescription> {
  const { kind } = make();
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
export const mergeLayers = [concatenate, add, sum, multiply, average].map(mergeLayer);
