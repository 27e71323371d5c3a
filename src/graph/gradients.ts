/** Reverse-mode differentiation: walks the graph backwards and lets each operation's rule emit its gradients. */
import { ShapeError, UsageError } from '../core/errors.js';
import type { Graph } from './graph.js';
import type { RowNames, RuleContext } from './operation.js';
import { attributeOf, type Node, type Value } from './value.js';

/** Ids of all values that depend on one of `sources`. */
function dependents(graph: Graph, sources: Iterable<Value>): Set<number> {
  const ids = new Set<number>();
  for (const source of sources) ids.add(source.id);
  for (const node of graph.nodes) {
    if (node.operation.gradient === undefined) continue;
    if (![...node.inputs.values()].some((input) => ids.has(input.id))) continue;
    for (const output of node.outputs.values()) ids.add(output.id);
  }
  return ids;
}

function contextOf(
  graph: Graph,
  node: Node,
  gradients: Map<number, Value>,
  wanted: Set<number>,
): RuleContext<RowNames> {
  const value = (name: string) => node.inputs.get(name) ?? node.outputs.get(name);
  return {
    graph,
    node,
    value: (name) => value(name) as Value,
    optional: value,
    gradient: (output: string) => gradients.get((node.outputs.get(output) as Value).id) as Value,
    wants: (input) => {
      const id = node.inputs.get(input)?.id;
      return id !== undefined && wanted.has(id);
    },
    attribute: (name) => attributeOf(node, name),
  };
}

/** Refuses what would otherwise be lost in silence: a gradient that the rule of the node does not know. */
function requireDifferentiable(
  { operation, inputs, outputs }: Node,
  gradients: Map<number, Value>,
  wanted: Set<number>,
) {
  const refuse = (operand: string, message: string): never => {
    throw new UsageError('not_differentiable', `${operation.name}: ${message}`, { operation: operation.name, operand });
  };
  for (const name of operation.constants) {
    const input = inputs.get(name);
    if (input !== undefined && wanted.has(input.id)) {
      refuse(name, `${name} has no gradient, but depends on values whose gradients are wanted`);
    }
  }
  for (const name of operation.kept) {
    const output = outputs.get(name);
    if (output !== undefined && gradients.has(output.id)) {
      refuse(name, `${name} is kept for the backward pass, but a gradient reaches it`);
    }
  }
}

/**
 * Emits the gradients of the sum of `outputs[i].value * outputs[i].gradient` with respect to `sources`.
 *
 * @param outputs values with the gradients that reach them, for a loss the constant 1
 * @param sources inputs or parameters
 * @returns the gradient of each source, by value id; a source that no output depends on is missing
 * @throws {ShapeError} `shape_mismatch` when a gradient has not the size of its output
 * @throws {UsageError} `not_differentiable` when a source reaches a constant input, or a gradient an output that is
 *   kept for the backward pass alone
 */
export function differentiate(
  graph: Graph,
  outputs: readonly { readonly value: Value; readonly gradient: Value }[],
  sources: readonly Value[],
): Map<number, Value> {
  const wanted = dependents(graph, sources);
  const gradients = new Map<number, Value>();
  const accumulate = (target: Value, gradient: Value) => {
    const before = gradients.get(target.id);
    gradients.set(target.id, before === undefined ? gradient : graph.apply('add', { a: before, b: gradient }).y);
  };
  for (const { value, gradient } of outputs) {
    if (value.columns !== gradient.columns) {
      const message = `the gradient has ${gradient.columns} columns, its output ${value.columns}`;
      throw new ShapeError('shape_mismatch', message);
    }
    accumulate(value, gradient);
  }
  for (const node of [...graph.nodes].reverse()) {
    const rule = node.operation.gradient;
    const reached = [...node.outputs.values()].some((output) => gradients.has(output.id));
    const matters = [...node.inputs.values()].some((input) => wanted.has(input.id));
    if (rule === undefined || !reached || !matters) continue;
    requireDifferentiable(node, gradients, wanted);
    const results = rule(contextOf(graph, node, gradients, wanted));
    for (const [name, gradient] of Object.entries(results)) {
      const input = node.inputs.get(name);
      if (gradient !== undefined && input !== undefined && wanted.has(input.id)) accumulate(input, gradient);
    }
  }
  return gradients;
}
