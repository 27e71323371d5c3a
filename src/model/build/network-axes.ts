/** The time axes that the programs of a network have. */

import type { SymbolicExtent } from '../../graph/extent.js';
import type { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/value.js';
import { inputAxes, type NetworkDescription } from '../../network/description.js';

/** The axes of the inputs, `time` first, then those of targets, then those that layers make. */
export function networkAxes(
  description: NetworkDescription,
  graph: Pick<Graph, 'derivedAxes'>,
  targets: Iterable<Value> = [],
): string[] {
  const ofTargets = [...targets].map(({ rows }) => (rows as SymbolicExtent).axis);
  return [...new Set([...inputAxes(description), ...ofTargets, ...graph.derivedAxes])];
}
