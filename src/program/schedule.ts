/** Which nodes of a graph a program needs, and in which order: dead-value removal. */
import type { Graph } from '../graph/graph.js';
import type { Node, Value } from '../graph/value.js';

/** The instructions of a program, before they have memory and are written. */
export interface Instructions {
  readonly nodes: readonly Node[];
  /** The first `prepare` nodes depend on parameters alone. */
  readonly prepare: number;
  /** From this node on parameters change. */
  readonly commit: number;
}

function isPacking(node: Node): boolean {
  return node.operation.role === 'packing' && [...node.inputs.values()].every(({ source }) => source === 'parameter');
}

/** Drops the optional outputs that are not used. */
function trimmed(node: Node, used: ReadonlySet<number>): Node {
  const outputs = new Map(
    [...node.outputs].filter(([name, value]) => {
      const spec = node.operation.signature.outputs.find((output) => output.name === name);
      return spec?.optional !== true || used.has(value.id);
    }),
  );
  return outputs.size === node.outputs.size ? node : { ...node, outputs };
}

/**
 * The nodes that `roots`, the assignments and the updates of the graph need, in the order in which they were added.
 *
 * @param prepare packs parameters first, as instructions that an execution may skip while the parameters do not change
 */
export function scheduleNodes(graph: Graph, roots: readonly Value[], prepare: boolean): Instructions {
  const used = new Set<number>([...roots, ...graph.assignments.keys()].map((value) => value.id));
  const live: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    const needed = node.operation.role === 'update' || [...node.outputs.values()].some((output) => used.has(output.id));
    if (!needed) continue;
    live.push(node);
    for (const input of node.inputs.values()) used.add(input.id);
  }
  const ordered = live.reverse().map((node) => trimmed(node, used));
  const packing = prepare ? ordered.filter(isPacking) : [];
  const rest = ordered.filter((node) => !packing.includes(node));
  // What stands behind the first update reads what that has changed: clipped gradients.
  const first = rest.findIndex((node) => node.operation.role === 'update');
  return {
    nodes: [...packing, ...rest],
    prepare: packing.length,
    commit: packing.length + (first < 0 ? rest.length : first),
  };
}
