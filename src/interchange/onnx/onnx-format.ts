/** ONNX files as networks of the library. */
import { fromBinary } from '@bufbuild/protobuf';
import { type ByteSource, openFile } from '../../core/byte-source.js';
import { BpttError, DataError, InterchangeError } from '../../core/errors.js';
import type { Network } from '../../model/network.js';
import type { Format, ImportOptions, InspectedOperator, Inspection, OpenImport } from '../shared/imported-network.js';
import type { SourceTensor } from '../sources/source-tensor.js';
import { isFoldable } from './constants/evaluate.js';
import { sourceTensorOf } from './constants/tensor-proto.js';
import { columnAxes } from './emission.js';
import { constant, GraphImport, type ImportedGraph } from './graph-import.js';
import { graphOf, type OnnxGraph, type OnnxNode } from './ir.js';
import { type ModelProto, ModelProtoSchema } from './onnx-pb.js';
import type { BoundState } from './operator-context.js';
import { OPERATORS } from './operators/operators.js';
import { importOwn } from './own-file.js';
import { describeReading, type InputReading, type Reading, readingsOf } from './readings.js';
import { columnsOf, isRows, type RowAxis, type Size } from './sizes.js';
import type { Computed, Final, GraphValue } from './value.js';

/** Longest file that is read: messages are read as one. */
const MOST_BYTES = 2 ** 31 - 1;

/** Opsets that are known. */
const OPSETS = { oldest: 7, newest: 26 } as const;

/** A file as its message. @throws {DataError} `file_corrupt`, `file_unsupported` */
function decoded(source: ByteSource): ModelProto {
  const { name, size } = source;
  if (size > MOST_BYTES) {
    const message = `'${name}' has ${size} bytes; a model of more than 2 GiB keeps its tensors in files of their own (external data)`;
    throw new DataError('file_unsupported', message, { source: name, size });
  }
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, source.read(0, size));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataError('file_corrupt', `'${name}' is no ONNX file: ${reason}`, { source: name }, cause);
  }
  if (model.graph !== undefined) return model;
  throw new DataError('file_corrupt', `'${name}' is no ONNX file, or has no graph`, { source: name });
}

function opsetOf(path: string, { opsetImport }: ModelProto): number {
  const own = opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx');
  const version = Number(own?.version ?? 1n);
  if (version >= OPSETS.oldest && version <= OPSETS.newest) return version;
  const message = `'${path}' uses version ${version} of ONNX's operators, known are ${OPSETS.oldest} to ${OPSETS.newest}`;
  throw new InterchangeError('unsupported_operator', message, { source: path, opset: version });
}

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

interface Attempt {
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

function attempt(
  path: string,
  graph: OnnxGraph,
  opset: number,
  reading: Reading,
  progress: { nodes: number },
): Attempt {
  const running = new GraphImport(path, opset, declaredRows(graph, reading));
  try {
    const inputs = new Map([...reading].map(([name, each]) => [name, valueOfInput(running, name, each)] as const));
    const imported = running.run(graph, inputs);
    requireStepStates(path, imported, reading);
    const outputs = outputsOf(imported, graph);
    if (Object.keys(outputs).length === 0) {
      throw new InterchangeError('unsupported_operator', `'${path}' computes nothing of its inputs`, { source: path });
    }
    for (const [name, each] of reading) imported.builder.note(`The input ${describeReading(name, each)}.`);
    return { network: imported.builder.finish(outputs), imported };
  } finally {
    progress.nodes = running.nodes;
  }
}

/** The first reading of the inputs under which the graph is a network. @throws the error of the reading that came furthest */
function networkOf(path: string, graph: OnnxGraph, opset: number, options: ImportOptions): Attempt {
  const readings = readingsOf(graph, { axes: options.axes, constants: options.constants });
  let best: { readonly error: unknown; readonly nodes: number } | undefined;
  for (const reading of readings) {
    const progress = { nodes: 0 };
    try {
      return attempt(path, graph, opset, reading, progress);
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

function importOnnx(path: string, options: ImportOptions): Promise<OpenImport> {
  return new Promise((resolve) => {
    const file = openFile(path);
    try {
      const model = decoded(file);
      const own = options.axes === undefined ? importOwn(path, model, options.network) : undefined;
      if (own !== undefined) {
        resolve({ ...own, close: () => {} });
        return;
      }
      const graph = graphOf(model.graph as NonNullable<typeof model.graph>);
      const { network, imported } = networkOf(path, graph, opsetOf(path, model), options);
      resolve({ network, weights: imported.builder.weights, notes: imported.builder.notes, close: () => {} });
    } finally {
      file.close();
    }
  });
}

/** All nodes of a graph and of the branches in it. */
function* nodesIn(graph: OnnxGraph): Generator<OnnxNode> {
  for (const node of graph.nodes) {
    yield node;
    for (const attribute of node.attributes.values()) {
      if (attribute.kind === 'graph') yield* nodesIn(attribute.value);
    }
  }
}

const FLOW = new Set(['If', 'Loop', 'Shape', 'Size']);

function operatorsIn(graph: OnnxGraph): InspectedOperator[] {
  const counts = new Map<string, { count: number; isKnown: boolean }>();
  for (const node of nodesIn(graph)) {
    const name = node.domain === '' ? node.op : `${node.domain}.${node.op}`;
    const known = counts.get(name);
    if (known !== undefined) known.count++;
    else
      counts.set(name, {
        count: 1,
        isKnown: node.domain === '' && (Object.hasOwn(OPERATORS, node.op) || FLOW.has(node.op) || isFoldable(node)),
      });
  }
  return [...counts]
    .map(([name, { count, isKnown }]) => ({ name, count, isKnown }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

function inspectOnnx(path: string): Promise<Inspection> {
  return new Promise((resolve) => {
    const file = openFile(path);
    try {
      const model = decoded(file);
      const graph = graphOf(model.graph as NonNullable<typeof model.graph>);
      const tensors = new Map<string, SourceTensor>();
      for (const [name, tensor] of graph.initializers) tensors.set(name, sourceTensorOf(tensor, path));
      const described = describeNetwork(path, graph, model);
      const io = (values: OnnxGraph['inputs']) =>
        values
          .map(({ name, sizes = [] }) => `${name} [${sizes.map((size) => (size === '' ? '?' : size)).join(', ')}]`)
          .join(', ');
      const facts = new Map([
        ['producer', [model.producerName, model.producerVersion].filter(Boolean).join(' ')],
        [
          'opset',
          String(
            model.opsetImport.map(({ domain, version }) => `${domain}${domain === '' ? '' : ' '}${version}`).join(', '),
          ),
        ],
        ['inputs', io(graph.inputs)],
        ['outputs', io(graph.outputs)],
      ]);
      resolve({ tensors, facts, operators: operatorsIn(graph), ...described });
    } finally {
      file.close();
    }
  });
}

function describeNetwork(path: string, graph: OnnxGraph, model: ModelProto): Pick<Inspection, 'network' | 'obstacle'> {
  try {
    const network = importOwn(path, model)?.network ?? networkOf(path, graph, opsetOf(path, model), {}).network;
    return { network: network.summary() };
  } catch (error) {
    if (!(error instanceof BpttError)) throw error;
    return { obstacle: error.message };
  }
}

/** ONNX files. */
export const onnxFormat: Format = {
  name: 'onnx',
  description: 'ONNX files (.onnx)',
  // A message has no mark at its beginning: its first field is the version of the format, a small number.
  recognizes: (path, begin) =>
    path.toLowerCase().endsWith('.onnx') || (begin[0] === 0x08 && (begin[1] as number) < 32 && begin[2] === 0x12),
  import: importOnnx,
  inspect: inspectOnnx,
};
