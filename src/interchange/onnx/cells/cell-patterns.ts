/** Recurrent cells that exporters wrote out in elementary operators. */
import type { Attribute, OnnxGraph, OnnxNode } from '../ir.js';
import { replaced } from './cell-nodes.js';
import type { Cell, CellContext } from './gates.js';
import { type FileFacts, GraphFacts } from './graph-facts.js';
import { gruCell } from './gru-pattern.js';
import { lstmCell } from './lstm-pattern.js';
import { rnnCell } from './rnn-pattern.js';

type Pattern = (context: CellContext, name: string) => Cell | undefined;

/** The cells of a graph. Each value belongs to one. */
function cellsIn(context: CellContext, pattern: Pattern): Cell[] {
  const found: Cell[] = [];
  const taken = new Set<string>();
  for (const { outputs } of context.facts.graph.nodes) {
    const [name] = outputs;
    const cell = name === undefined || name === '' || taken.has(name) ? undefined : pattern(context, name);
    if (cell === undefined || cell.outputs.some((output) => taken.has(output))) continue;
    found.push(cell);
    for (const output of cell.outputs) taken.add(output);
  }
  return found;
}

function withCells(graph: OnnxGraph, states: ReadonlySet<string>, file: FileFacts, around?: GraphFacts): OnnxGraph {
  const facts = new GraphFacts(graph, file, around);
  const inner = { ...graph, nodes: graph.nodes.map((node) => withBranches(node, states, file, facts)) };
  const gated: Pattern = (context, name) => lstmCell(context, name) ?? gruCell(context, name);
  const own = new GraphFacts(inner, file, around);
  const first = replaced(inner, cellsIn({ facts: own, states }, gated), file.opset);
  // Gates look like simple cells: what is left of these is looked at when the others are gone.
  const rest = new GraphFacts(first, file, around);
  return replaced(first, cellsIn({ facts: rest, states }, rnnCell), file.opset);
}

/** A node with the cells in the graphs of its attributes. */
function withBranches(node: OnnxNode, states: ReadonlySet<string>, file: FileFacts, facts: GraphFacts): OnnxNode {
  if (![...node.attributes.values()].some(({ kind }) => kind === 'graph')) return node;
  const attributes = [...node.attributes].map(([name, attribute]): readonly [string, Attribute] =>
    attribute.kind === 'graph'
      ? [name, { kind: 'graph', value: withCells(attribute.value, states, file, facts) }]
      : [name, attribute],
  );
  return { ...node, attributes: new Map(attributes) };
}

/**
 * A graph with `LSTM`, `GRU` and `RNN` nodes of one step in place of cells that are written out in elementary operators. A cell is
 * recognised by its equations, whatever the operators are that they are written with: products with one matrix or several, biases anywhere,
 * gates cut in any order. What computes something else stays as it is.
 *
 * @param states names of the inputs of the graph that are states: a cell's h and c come from these
 * @returns the same graph where there is no cell
 */
export function recognizeCells(graph: OnnxGraph, states: ReadonlySet<string>, file: FileFacts): OnnxGraph {
  return states.size === 0 ? graph : withCells(graph, states, file);
}
