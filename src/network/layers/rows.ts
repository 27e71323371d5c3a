/** Bringing values to the rows of others: from one time axis to another, and from sequences to their steps. */

import type { SymbolicExtent } from '../../graph/extent.js';
import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/value.js';

/** Whether a value has one row for each step of a time axis. */
export function hasSteps({ rows }: Value): boolean {
  return typeof rows !== 'number' && rows.kind === 'steps';
}

/** The time axis of what reads these values: that of the first one with steps, else of the first. */
export function axisOf(values: readonly Value[]): string {
  const leading = (values.find(hasSteps) ?? values[0]) as Value;
  return (leading.rows as SymbolicExtent).axis;
}

/** One row for each sequence of any time axis as those of another, by their samples; anything else stays as it is. */
export function carriedTo(graph: Graph, value: Value, axis: string): Value {
  const { rows } = value;
  if (typeof rows === 'number' || rows.kind === 'steps' || rows.axis === axis) return value;
  return graph.apply('gatherSequences', { x: value }, {}, { B: graph.batch(axis) }).y;
}

/**
 * Values that are to be joined row by row, all with the rows of the first one that has steps, else of the first: rows of sequences of
 * another time axis are carried over, and repeated at every step where there are steps.
 */
export function alignedRows(graph: Graph, values: readonly Value[]): Value[] {
  const axis = axisOf(values);
  const isPerStep = values.some(hasSteps);
  return values.map((value) => {
    const carried = carriedTo(graph, value, axis);
    if (!isPerStep || hasSteps(carried)) return carried;
    return graph.apply('repeatOverTime', { x: carried }, { mean: 0 }).y;
  });
}
