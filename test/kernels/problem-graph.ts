/** A problem as a graph: its operands are inputs, recurrent and other weights are packed on the way. */

import type { Extent } from '../../src/graph/extent.js';
import { differentiate } from '../../src/graph/gradients.js';
import { Graph, type GraphOptions } from '../../src/graph/graph.js';
import { operation as operationNamed } from '../../src/graph/registry.js';
import type { OperandSpec } from '../../src/graph/signature.js';
import type { Source, Value } from '../../src/graph/value.js';
import { aligned } from '../../src/native/memory.js';
import type { Matrix } from '../oracle/matrix.js';
import { rowCount, sequenceCount } from '../oracle/packed.js';
import { AXIS, OTHER_AXIS, type Problem } from './problems/problem.js';

/** The graph of one operation. */
export interface ProblemGraph {
  readonly problem: Problem;
  readonly graph: Graph;
  /** Operands by the reference's names, weights before packing. */
  readonly operands: ReadonlyMap<string, Value>;
  /** Outputs, and operands that are updated in place, by name. */
  readonly results: ReadonlyMap<string, Value>;
}

/** Outputs of a cell that are not there when it multiplies its input itself. */
export const LEFT_OUT: ReadonlySet<string> = new Set(['sum', 'product']);

/** The reference's name of an operand: weights are given to it unpacked. */
export function referenceName(operation: string, spec: OperandSpec): string {
  if (spec.type === 'packed') {
    if (operation === 'linear' || operation === 'convolution') return 'w';
    return spec.name === 'pW' ? 'W' : spec.name.startsWith('pr') ? 'Wr' : 'R';
  }
  return operation === 'gruWeightGradient' && spec.name === 's' ? 's_or_ds' : spec.name;
}

/** Weights [rows, inputs] packed for one operand: a reset-before unit packs the gates and the candidate apart. */
function packedWeights(graph: Graph, operation: string, spec: OperandSpec, weights: Value): Value {
  const units = weights.columns;
  let [rowBegin, count] = [0, weights.rows as number];
  if (operation.startsWith('gruResetBefore')) {
    [rowBegin, count] = spec.name.startsWith('pn') ? [2 * units, units] : [0, 2 * units];
  }
  const isTransposed = spec.name.endsWith('T');
  const gates = spec.gates === 1 ? '' : `Gates${spec.gates}`;
  const packing = isTransposed ? 'packTransposed' : `pack${gates}`;
  const extents = isTransposed ? { K: count } : { O: count };
  return graph.applyNamed(packing, { w: weights }, { rowBegin }, extents).get('p') as Value;
}

/** What a letter stands for that says by itself where rows lie, on the axis of the problem or on its other one. */
function extentOfLetter(graph: Graph, { otherBatchSizes }: Problem, letter: string | undefined): Extent | undefined {
  const other = otherBatchSizes === undefined ? AXIS : OTHER_AXIS;
  if (letter === 'M') return graph.steps(other);
  if (letter === 'E') return graph.batch(other);
  return letter === 'B' ? graph.batch(AXIS) : undefined;
}

/** Rows of an operand as they stand in its signature: of a time axis, its sequences, or fixed. */
function rowsOf(graph: Graph, problem: Problem, spec: OperandSpec, rows: number): Extent {
  const letter = spec.rows[0]?.letter;
  const known = extentOfLetter(graph, problem, letter);
  if (known !== undefined) return known;
  const onAxis = problem.batchSizes !== undefined && rows === rowCount(problem.batchSizes);
  return onAxis && (letter === 'N' || letter === 'R') ? graph.steps(AXIS) : rows;
}

/** The sequences and steps of both axes that results of an operation on two axes have: no operand need settle them. */
function resultExtents(graph: Graph, problem: Problem): Record<string, Extent> {
  const { inputs, outputs } = operationNamed(problem.operation).signature;
  const letters = [...inputs, ...outputs].map((spec) => spec.rows[0]?.letter);
  if (!letters.includes('M') && !letters.includes('E')) return {};
  const results = outputs.map((spec) => spec.rows[0]?.letter as string);
  return Object.fromEntries(
    results.flatMap((letter) => {
      const extent = letter === 'N' ? graph.steps(AXIS) : extentOfLetter(graph, problem, letter);
      return extent === undefined ? [] : [[letter, extent] as const];
    }),
  );
}

/** The extents of a problem, where R may be the steps or the sequences of the time axis. */
function extentsOf(graph: Graph, problem: Problem): Record<string, Extent> {
  const { batchSizes } = problem;
  const extents: Record<string, Extent> = { ...problem.extents, ...resultExtents(graph, problem) };
  const rows = extents['R'];
  if (batchSizes === undefined || rows === undefined) return extents;
  if (rows === rowCount(batchSizes)) return { ...extents, R: graph.steps(AXIS) };
  return rows === sequenceCount(batchSizes) ? { ...extents, R: graph.batch(AXIS) } : extents;
}

/** Valid entries of a whole-number operand: those of its table, or anything in a random key. */
function entriesOf(problem: Problem, { table }: OperandSpec): { low: number; high: number } {
  if (table === undefined) return { low: 0, high: 0 };
  const { low, size } = table;
  const isSize = (terms: OperandSpec['rows']) => terms.length === 1 && terms[0]?.letter === size;
  for (const spec of operationNamed(problem.operation).signature.inputs) {
    const given = problem.operands[spec.name];
    if (given === undefined || given instanceof Int32Array) continue;
    if (isSize(spec.rows)) return { low, high: given.rows };
    if (isSize(spec.columns)) return { low, high: given.columns };
  }
  return { low, high: problem.extents?.[size] as number };
}

/** Builds the graph of a problem: inputs under the reference's names, updated memory in the blocks of a model. */
export function buildProblem(problem: Problem, options: GraphOptions = {}): ProblemGraph {
  const { operation } = problem;
  const { inputs } = operationNamed(operation).signature;
  const graph = new Graph(options);
  const operands = new Map<string, Value>();
  const applied: Record<string, Value> = {};
  const results = new Map<string, Value>();
  let offset = 0;
  for (const spec of inputs) {
    const name = referenceName(operation, spec);
    const given = problem.operands[name];
    if (given === undefined) continue;
    let value = operands.get(name);
    if (value === undefined && given instanceof Int32Array) {
      const isRow = spec.columns[0]?.letter !== '';
      const columns = isRow ? given.length : (spec.columns[0]?.factor ?? 1);
      const rows = rowsOf(graph, problem, spec, given.length / columns);
      value = graph.external(name, rows, columns, { type: 'int32', ...entriesOf(problem, spec) });
    } else if (value === undefined) {
      const { rows, columns } = given as Matrix;
      const type = spec.type === 'float64' ? 'float64' : 'real';
      const memory = spec.inPlace ? { source: sourceOf(name), offset } : {};
      value = graph.external(name, rowsOf(graph, problem, spec, rows), columns, { type, ...memory });
      if (spec.inPlace) offset += aligned(rows * columns * 8);
    }
    operands.set(name, value as Value);
    applied[spec.name] =
      spec.type === 'packed' ? packedWeights(graph, operation, spec, value as Value) : (value as Value);
    if (spec.inPlace) results.set(spec.name, value as Value);
  }
  const outputs = graph.applyNamed(operation, applied, problem.attributes, extentsOf(graph, problem));
  for (const [name, value] of outputs) {
    // A cell that multiplies its input itself has no product of the state alone.
    if (operands.has('x') && operands.has('R') && LEFT_OUT.has(name)) continue;
    results.set(name, value);
  }
  return { problem, graph, operands, results };
}

function sourceOf(name: string): Source {
  if (name === 'w') return 'parameter';
  return name === 'g' ? 'gradient' : 'optimizer';
}

/** Operands that are data. */
const data = ['targets', 'target'];

/** Names of the outputs through which a gradient flows. */
export function differentiableOutputs({ problem, results }: ProblemGraph): string[] {
  const { kept } = operationNamed(problem.operation);
  return [...results.keys()].filter((name) => !kept.includes(name));
}

/** Names of the operands that have a gradient. */
export function differentiableOperands({ problem, operands }: ProblemGraph): string[] {
  const constant = [...data, ...operationNamed(problem.operation).constants];
  return [...operands]
    .filter(([name, value]) => value.type === 'real' && !constant.includes(name))
    .map(([name]) => name);
}

/**
 * Adds the gradients of the sum of `outputs` times upstream gradients, which become inputs named `d` + output.
 *
 * @returns the gradients by operand
 */
export function addGradients(built: ProblemGraph, outputs: readonly string[]): Map<string, Value> {
  const { graph, operands, results } = built;
  const upstream = outputs.map((name) => {
    const value = results.get(name) as Value;
    return { value, gradient: graph.external(`d${name}`, value.rows, value.columns) };
  });
  const names = differentiableOperands(built);
  const sources = names.map((name) => operands.get(name) as Value);
  const gradients = differentiate(graph, upstream, sources);
  return new Map(
    names.flatMap((name, index) => {
      const gradient = gradients.get((sources[index] as Value).id);
      return gradient === undefined ? [] : [[name, gradient] as const];
    }),
  );
}
