import { openFile } from '../../core/byte-source.js';
import { BpttError } from '../../core/errors.js';
import { describeImported } from '../shared/import-notes.js';
import type { InspectedOperator, Inspection } from '../shared/imported-network.js';
import type { SourceTensor } from '../sources/source-tensor.js';
import { isFoldable } from './constants/evaluate.js';
import { sourceTensorOf } from './constants/tensor-proto.js';
import { graphOf, type OnnxGraph, type OnnxNode } from './ir.js';
import { decoded, opsetOf } from './model-file.js';
import { networkOf } from './network-of-graph.js';
import type { ModelProto } from './onnx-pb.js';
import { OPERATORS } from './operators/operators.js';
import { importOwn } from './own-file.js';

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

/** What an ONNX file holds. */
export function inspectOnnx(path: string): Promise<Inspection> {
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

function describeNetwork(
  path: string,
  graph: OnnxGraph,
  model: ModelProto,
): Pick<Inspection, 'network' | 'notes' | 'obstacle'> {
  try {
    const own = importOwn(path, model);
    if (own !== undefined) return describeImported(own);
    const { network, imported } = networkOf(path, graph, opsetOf(path, model), {});
    return describeImported({ network, notes: imported.builder.notes });
  } catch (error) {
    if (!(error instanceof BpttError)) throw error;
    return { obstacle: error.message };
  }
}
