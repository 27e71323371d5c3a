/** Whether a network can be read step by step, and its states carried from one part of a sequence to the next. */

import { UsageError } from '../../core/errors.js';
import type { SymbolicExtent } from '../../graph/extent.js';
import { CAUSAL, EXPLICIT } from '../../graph/operations/convolution.js';
import { attributeOf, type Node, type Value } from '../../graph/value.js';
import type { Forward } from './build-forward.js';

/**
 * Operands that must be known at the first step, by operation: such a value was computed from all steps, or from the
 * steps of another axis, which exist from the beginning.
 */
const KNOWN_BEFORE: Readonly<Record<string, readonly string[]>> = {
  firstStep: ['x'],
  sumOverTime: ['x'],
  maxOverTime: ['x'],
  sumRows: ['x'],
  repeatOverTime: ['x'],
  multiplySequence: ['mask'],
  gatherSequences: ['x'],
  attention: ['key', 'value'],
  additiveAttention: ['key', 'value'],
};

/** Why a layer cannot be read step by step. */
export interface StreamObstacle {
  /** Name of the layer. */
  readonly layer: string;
  /**
   * It reads sequences from their ends, its output at a step depends on later ones in another way, it has an output for some
   * of the steps alone, or more outputs than steps.
   */
  readonly reason: 'backwards' | 'laterSteps' | 'fewerSteps' | 'moreSteps';
}

const REASONS: Readonly<Record<StreamObstacle['reason'], string>> = {
  backwards: 'looks at later steps of a sequence (it reads backwards)',
  laterSteps: 'looks at later steps of a sequence',
  moreSteps: 'has more outputs than a sequence has steps',
  fewerSteps: 'leaves steps out, it has no output for each step of a sequence',
};

/**
 * The error `not_streamable`.
 *
 * @param consequence what the obstacle rules out, and what helps
 * @param details of the error besides the layer
 */
export function notStreamable(
  { layer, reason }: StreamObstacle,
  consequence: string,
  details: Readonly<Record<string, unknown>> = {},
): UsageError {
  return new UsageError('not_streamable', `layer '${layer}' ${REASONS[reason]}: ${consequence}`, { layer, ...details });
}

/** The error of states that would be carried from one part of a sequence to the next. */
export function statesNotCarried(obstacle: StreamObstacle): UsageError {
  const consequence =
    'states cannot be carried from window to window of a long sequence; give whole sequences, without a state';
  return notStreamable(obstacle, consequence);
}

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

/** Whether a convolution that is not causal looks at later steps: more zeros in front leave all that it looks at behind it. */
function looksAhead(node: Node): boolean {
  if (attributeOf(node, 'padding') !== EXPLICIT) return true;
  const { rows } = node.inputs.get('p') as Value;
  const each = (node.inputs.get('x') as Value).columns / attributeOf(node, 'groups');
  return attributeOf(node, 'front') < ((rows as number) / each - 1) * attributeOf(node, 'dilation');
}

/** Why an operation is an obstacle whatever its operands are; undefined where it is none, or depends on them. */
function obstacleOf(node: Node): StreamObstacle['reason'] | undefined {
  if (node.operation.name !== 'convolution') return attributeOf(node, 'reverse') === 1 ? 'backwards' : undefined;
  if (attributeOf(node, 'padding') !== CAUSAL) return looksAhead(node) ? 'laterSteps' : 'moreSteps';
  return attributeOf(node, 'stride') === 1 ? undefined : 'fewerSteps';
}

function reasonOf(node: Node, grows: (value: Value) => boolean): StreamObstacle['reason'] | undefined {
  const { operation, inputs } = node;
  const own = obstacleOf(node);
  const operands = own === undefined ? (KNOWN_BEFORE[operation.name] ?? INITIAL_STATES) : [...inputs.keys()];
  const isReached = operands.some((name) => {
    const value = inputs.get(name);
    return value !== undefined && grows(value);
  });
  return isReached ? (own ?? 'laterSteps') : undefined;
}

/**
 * The first layer that `roots` depend on and that cannot be read step by step along the axis: one that reads sequences backwards,
 * that convolves with later steps or leaves steps out, that pools over all of their steps, or that brings what was made of a whole
 * sequence to its steps. undefined where there is none, and states carry everything from one part of a sequence to the next.
 */
export function streamObstacle(
  { graph, owners }: Pick<Forward, 'graph' | 'owners'>,
  axis: string,
  roots: readonly Value[],
): StreamObstacle | undefined {
  const growing = new Set<number>();
  const grows = (value: Value) => growing.has(value.id) || arrives(value, axis);
  for (const node of neededNodes(graph.nodes, roots)) {
    const reason = reasonOf(node, grows);
    if (reason !== undefined) return { layer: owners.get(node) as string, reason };
    if ([...node.inputs.values()].some(grows)) for (const { id } of node.outputs.values()) growing.add(id);
  }
  return undefined;
}
