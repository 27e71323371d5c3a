import { BpttError, InterchangeError } from '../../core/errors.js';
import type { Network } from '../../model/network.js';
import type { ImportOptions } from '../shared/imported-network.js';
import { recognizeCells } from './cells/cell-patterns.js';
import type { FileFacts } from './cells/graph-facts.js';
import { type Budget, columnAxes, type Emission, wholeBudget } from './emission.js';
import { constant, GraphImport, type ImportedGraph } from './graph-import.js';
import type { OnnxGraph, OnnxValue } from './ir.js';
import type { BoundState } from './operator-context.js';
import { againstNames, describeReading, type InputReading, type Reading, readingsOf } from './readings.js';
import { columnsOf, isRows, type RowAxis, type Size } from './sizes.js';
import type { Computed, Final, GraphValue } from './value.js';

/** What an input stands for in the graph. */
function valueOfInput(graph: GraphImport, name: string, reading: InputReading): GraphValue {
  if (reading.kind === 'constant') {
    return constant(name, { shape: reading.shape, type: reading.type, data: Float64Array.from(reading.numbers) });
  }
  const { sizes } = reading;
  if (reading.kind === 'indices') return { kind: 'indices', input: name, sizes };
  if (reading.kind === 'state') {
    return { kind: 'state', input: name, sizes, elements: Array.from({ length: columnsOf(sizes) }, (_, at) => at) };
  }
  const isPerSequence = !sizes.some((size) => isRows(size) && size.some((axis) => axis !== 'batch'));
  const place = isPerSequence ? ({ per: 'sequence' } as const) : {};
  const node = graph.builder.addInput(name, { kind: 'features', units: columnsOf(sizes), ...place });
  return { kind: 'computed', node, sizes, order: columnAxes(sizes) };
}

/** Whether these final states are what an input of the file is in the next call. */
function isNextOf(final: Final, states: readonly BoundState[], input: string): boolean {
  const own = states.filter((state) => state.input === input);
  const count = own.reduce((sum, { elements }) => sum + elements.length, 0);
  return (
    count === final.elements.length &&
    own.every(({ node, state, elements }) =>
      elements.every((place, unit) => {
        const found = final.elements[place];
        return found?.part.node === node && found.part.state === state && found.unit === unit;
      }),
    )
  );
}

/** Where states are all that comes out of a step, what the last cell of each gives: the h among them. */
function shownStates(outputs: readonly GraphValue[], graph: OnnxGraph, emission: Emission): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const [at, value] of outputs.entries()) {
    if (value.kind !== 'final') continue;
    const { name } = graph.outputs[at] as { readonly name: string };
    const last = value.elements.findLast(({ part }) => part.output !== undefined)?.part.output;
    if (last === undefined) continue;
    shown[outputName(shown, name)] = emission.operation(name, 'identity', [emission.rowMajor(name, last).node]);
  }
  return shown;
}

/** Outputs of the network by their names in the file, and what is said of the states among them. */
function outputsOf({ outputs, states, emission, builder }: ImportedGraph, graph: OnnxGraph): Record<string, string> {
  const nodes: Record<string, string> = {};
  const inputs = [...new Set(states.map(({ input }) => input))];
  const next = new Map<string, string>();
  for (const [at, value] of outputs.entries()) {
    const { name } = graph.outputs[at] as { readonly name: string };
    const input =
      value.kind === 'final' ? inputs.find((each) => !next.has(each) && isNextOf(value, states, each)) : undefined;
    if (input !== undefined) {
      next.set(input, name);
      continue;
    }
    const computed = value.kind === 'final' ? emission.finalAsComputed(name, value) : value;
    if (computed?.kind !== 'computed') {
      builder.note(
        `The output '${name}' is left out: it is ${value.kind === 'constant' ? 'constant' : `a ${value.kind}`}.`,
      );
      continue;
    }
    nodes[outputName(nodes, name)] = emission.operation(name, 'identity', [
      emission.rowMajor(name, computed as Computed).node,
    ]);
  }
  if (Object.keys(nodes).length === 0) Object.assign(nodes, shownStates(outputs, graph, emission));
  for (const input of inputs) {
    const output = next.get(input);
    builder.note(
      output === undefined
        ? `The input '${input}' is the state that a sequence begins with.`
        : `The input '${input}' and the output '${output}' are the state of a stream: it begins with zeros and goes on by itself.`,
    );
  }
  return nodes;
}

/** A name that an output may have. */
function outputName(taken: Readonly<Record<string, string>>, wanted: string): string {
  const name = wanted.replace(/[^\p{L}\p{N}_-]+/gu, '_').replace(/^_+|_+$/g, '') || 'output';
  let unique = name;
  for (let count = 1; Object.hasOwn(taken, unique); count++) unique = `${name}_${count}`;
  return unique;
}

/** Models of one step hand their state on: where one does not come out as it goes in, calls would not go together. */
function requireStepStates(path: string, { states, outputs }: ImportedGraph, reading: Reading): void {
  const isStep = [...reading.values()].some(
    (input) => input.kind !== 'constant' && input.sizes.some((size: Size) => isRows(size) && size.includes('step')),
  );
  if (!isStep) return;
  for (const input of new Set(states.map((state) => state.input))) {
    if (outputs.some((value) => value.kind === 'final' && isNextOf(value, states, input))) continue;
    const message = `'${path}': the state '${input}' goes in, but no output is the state after the call`;
    throw new InterchangeError('unsupported_operator', message, { source: path, input });
  }
}

/** A network that a graph was made to. */
export interface Attempt {
  readonly network: Network;
  readonly imported: ImportedGraph;
}

/** How many rows the inputs of a file have, where it says numbers. */
function declaredRows(graph: OnnxGraph, reading: Reading): ReadonlyMap<RowAxis, number> {
  const rows = new Map<RowAxis, number>();
  for (const { name, sizes: declared = [] } of graph.inputs) {
    const input = reading.get(name);
    if (input === undefined || input.kind === 'constant') continue;
    for (const [at, size] of input.sizes.entries()) {
      const length = declared[at];
      if (isRows(size) && size.length === 1 && typeof length === 'number') rows.set(size[0] as RowAxis, length);
    }
  }
  return rows;
}

/** The graph with recurrent operators in place of cells that are written out. Which these are depends on what inputs are states. */
function cellRewriter(graph: OnnxGraph, file: FileFacts): (reading: Reading) => OnnxGraph {
  const known = new Map<string, OnnxGraph>();
  return (reading) => {
    const states = [...reading].flatMap(([name, { kind }]) => (kind === 'state' ? [name] : []));
    const key = JSON.stringify(states);
    const found = known.get(key) ?? recognizeCells(graph, new Set(states), file);
    known.set(key, found);
    return found;
  };
}

/** Says how an input is read, and where that is not what its names in the file say. */
function noteReading({ builder }: ImportedGraph, input: OnnxValue, reading: Reading): void {
  const own = reading.get(input.name);
  if (own === undefined) return;
  builder.note(`The input ${describeReading(input.name, own)}.`);
  const against = againstNames(input, own);
  if (against.length === 0) return;
  const named = against.join(', ');
  builder.note(
    `Against its names, '${input.name}' has ${named}: no other reading fits the operators. The option axes says it otherwise.`,
  );
}

function attempt(
  path: string,
  graph: OnnxGraph,
  opset: number,
  reading: Reading,
  progress: { nodes: number; readonly budget: Budget },
): Attempt {
  const running = new GraphImport(path, opset, declaredRows(graph, reading), progress.budget);
  try {
    const inputs = new Map([...reading].map(([name, each]) => [name, valueOfInput(running, name, each)] as const));
    const imported = running.run(graph, inputs);
    requireStepStates(path, imported, reading);
    const outputs = outputsOf(imported, graph);
    if (Object.keys(outputs).length === 0) {
      throw new InterchangeError('unsupported_operator', `'${path}' computes nothing of its inputs`, { source: path });
    }
    for (const input of graph.inputs) noteReading(imported, input, reading);
    return { network: imported.builder.finish(outputs), imported };
  } finally {
    progress.nodes = running.nodes;
  }
}

/** The first reading of the inputs under which the graph is a network. @throws the error of the reading that came furthest */
export function networkOf(path: string, graph: OnnxGraph, opset: number, options: ImportOptions): Attempt {
  const readings = readingsOf(graph, { axes: options.axes, constants: options.constants });
  const budget = wholeBudget();
  const rewritten = cellRewriter(graph, { opset, path });
  let best: { readonly error: unknown; readonly nodes: number } | undefined;
  for (const reading of readings) {
    const progress = { nodes: 0, budget };
    try {
      return attempt(path, rewritten(reading), opset, reading, progress);
    } catch (error) {
      if (!(error instanceof BpttError)) throw error;
      if (best === undefined || progress.nodes > best.nodes) best = { error, nodes: progress.nodes };
    }
  }
  if (best !== undefined) throw best.error;
  const inputs = graph.inputs.map(
    ({ name, sizes = [] }) => `${name} [${sizes.map((size) => (size === '' ? '?' : size)).join(', ')}]`,
  );
  const message = `'${path}': what the axes of ${inputs.join(', ')} are is not clear; say it by the option axes, as { axes: { ${JSON.stringify(graph.inputs[0]?.name ?? 'input')}: ['batch', 'time', 80] } }`;
  throw new InterchangeError('ambiguous_network', message, { source: path });
}
