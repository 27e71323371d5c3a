/** Whether a network can be read step by step. */

import type { SymbolicExtent } from '../../graph/extent.js';
import { CAUSAL } from '../../graph/operations/convolution.js';
import { attributeOf, type Node, type Value } from '../../graph/value.js';
import type { Forward } from './build-forward.js';

/**
 * Operands that must be known at the first step, by operation: such a value was computed from all steps, or from the
 * steps of another axis, which exist from the beginning.
 */
const KNOWN_BEFORE: Readonly<Record<string, readonly string[]>> = {
  sumOverTime: ['x'],
  maxOverTime: ['x'],
  sumRows: ['x'],
  repeatOverTime: ['x'],
  multiplySequence: ['mask'],
  gatherSequences: ['x'],
  attention: ['key', 'value'],
  additiveAttention: ['key', 'value'],
};

/** Initial states. They are also known at the first step. */
const INITIAL_STATES = ['h0', 'c0'];

/** The nodes that `roots` depend on, in the order in which they were added. */
export function neededNodes(nodes: readonly Node[], roots: readonly Value[]): Node[] {
  const used = new Set(roots.map(({ id }) => id));
  const needed: Node[] = [];
  for (const node of [...nodes].reverse()) {
    if (![...node.outputs.values()].some(({ id }) => used.has(id))) continue;
    needed.push(node);
    for (const { id } of node.inputs.values()) used.add(id);
  }
  return needed.reverse();
}

/** Whether a value comes in step by step along an axis. */
function arrives({ node, source, rows }: Value, axis: string): boolean {
  return (
    node === undefined &&
    source === 'input' &&
    (rows as SymbolicExtent).kind === 'steps' &&
    (rows as SymbolicExtent).axis === axis
  );
}

/** Whether all steps of the operands must be there before the first step of the result. */
function readsWhole(node: Node): boolean {
  if (node.operation.name !== 'convolution') return attributeOf(node, 'reverse') === 1;
  // One that leaves steps out has no output for each step.
  return attributeOf(node, 'padding') !== CAUSAL || attributeOf(node, 'stride') !== 1;
}

function looksAhead(node: Node, grows: (value: Value) => boolean): boolean {
  const { operation, inputs } = node;
  const operands = readsWhole(node) ? [...inputs.keys()] : (KNOWN_BEFORE[operation.name] ?? INITIAL_STATES);
  return operands.some((name) => {
    const value = inputs.get(name);
    return value !== undefined && grows(value);
  });
}

/**
 * Name of the first layer that `roots` depend on and whose own output at a step of the axis depends on later steps: one that reads
 * sequences backwards, that convolves with later steps or leaves steps out, that pools over all of their steps, or that brings what was made of a whole sequence to its steps. undefined
 * where there is none, and states carry everything from one part of a sequence to the next.
 */
export function lookAheadLayer(
  { graph, owners }: Pick<Forward, 'graph' | 'owners'>,
  axis: string,
  roots: readonly Value[],
): string | undefined {
  const growing = new Set<number>();
  const grows = (value: Value) => growing.has(value.id) || arrives(value, axis);
  for (const node of neededNodes(graph.nodes, roots)) {
    if (looksAhead(node, grows)) return owners.get(node);
    if ([...node.inputs.values()].some(grows)) for (const { id } of node.outputs.values()) growing.add(id);
  }
  return undefined;
}
