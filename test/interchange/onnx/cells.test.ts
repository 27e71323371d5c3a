import { readFileSync } from 'node:fs';
import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { recognizeCells } from '../../../src/interchange/onnx/cells/cell-patterns.js';
import type { ConstantTensor } from '../../../src/interchange/onnx/constants/constant-tensor.js';
import { constantOf } from '../../../src/interchange/onnx/constants/tensor-proto.js';
import { graphOf, type OnnxGraph, type OnnxNode } from '../../../src/interchange/onnx/ir.js';
import { GraphProtoSchema, TensorProtoSchema } from '../../../src/interchange/onnx/onnx-pb.js';
import { evaluatedGraph } from './graph-evaluation.js';

interface Case {
  readonly name: string;
  readonly opset: number;
  /** Operators of the cells. */
  readonly cells: readonly string[];
  readonly graph: string;
  readonly inputs: Readonly<Record<string, string>>;
  /** What ONNX Runtime makes of the inputs. */
  readonly outputs: readonly string[];
}

/** Made by golden/make_cells.py. */
const { cases } = JSON.parse(readFileSync(new URL('./golden/cells.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[];
};

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));
const tensorOf = (text: string) => constantOf(fromBinary(TensorProtoSchema, bytes(text)), 'cell.onnx');
const graphIn = ({ graph }: Case) => graphOf(fromBinary(GraphProtoSchema, bytes(graph)));
const statesOf = ({ inputs }: Case) => new Set(Object.keys(inputs).filter((name) => name !== 'x' && name !== 'y'));
const fileOf = ({ opset }: Case) => ({ opset, path: 'cell.onnx' });
const rewritten = (each: Case) => recognizeCells(graphIn(each), statesOf(each), fileOf(each));

function* nodesIn(graph: OnnxGraph): Generator<OnnxNode> {
  for (const node of graph.nodes) {
    yield node;
    for (const attribute of node.attributes.values()) if (attribute.kind === 'graph') yield* nodesIn(attribute.value);
  }
}

const cellsIn = (graph: OnnxGraph) => [...nodesIn(graph)].filter(({ op }) => ['LSTM', 'GRU', 'RNN'].includes(op));

/** Operators that compute what the cells have in them. */
const LEFT = new Set(['Sigmoid', 'Tanh', 'Mul', 'MatMul', 'Split', 'Slice', 'HardSigmoid']);

function expectOutputs(outputs: readonly ConstantTensor[], each: Case): void {
  expect(outputs).toHaveLength(each.outputs.length);
  for (const [at, text] of each.outputs.entries()) {
    const expected = tensorOf(text);
    expect(outputs[at]?.shape).toEqual(expected.shape);
    for (const [place, number] of expected.data.entries()) {
      expect(Math.abs(Number(outputs[at]?.data[place]) - Number(number))).toBeLessThanOrEqual(2e-6);
    }
  }
}

const inputsOf = ({ inputs }: Case) => new Map(Object.entries(inputs).map(([name, text]) => [name, tensorOf(text)]));

describe('cells that are written out', () => {
  it.each(cases.filter((each) => each.cells.length > 0))(
    'become one operator each, which computes the same: $name',
    (each) => {
      const graph = rewritten(each);
      expect(cellsIn(graph).map(({ op }) => op)).toEqual(each.cells);
      expectOutputs(evaluatedGraph(graphIn(each), inputsOf(each), each.opset), each);
      expectOutputs(evaluatedGraph(graph, inputsOf(each), each.opset), each);
      // What cuts a state that is one input stays: it is in front of the cell.
      const isCut = statesOf(each).has('s');
      const left = [...nodesIn(graph)].filter(({ op }) => LEFT.has(op) && !(isCut && op === 'Split'));
      expect(left.map(({ op }) => op)).toEqual([]);
    },
  );

  it.each(cases.filter((each) => each.cells.length === 0))(
    'stay as they are where they compute something else: $name',
    (each) => {
      const graph = rewritten(each);
      expect(cellsIn(graph)).toEqual([]);
      expectOutputs(evaluatedGraph(graph, inputsOf(each), each.opset), each);
    },
  );

  it('stay as they are where no input is a state', () => {
    for (const each of cases) {
      const graph = graphIn(each);
      expect(recognizeCells(graph, new Set(), fileOf(each))).toBe(graph);
      const isWide = each.name === 'an input as wide as the state';
      if (!isWide) expect(cellsIn(recognizeCells(graph, new Set(['x']), fileOf(each)))).toEqual([]);
    }
  });

  const named = (name: string) => cases.find((each) => each.name === name) as Case;
  const weightsOf = (graph: OnnxGraph) => {
    const [cell] = cellsIn(graph);
    return cell?.inputs.slice(1, 4).map((name) => graph.initializers.get(name)?.dims.map(Number));
  };

  it('have weights of the shapes of ONNX, and biases only where there are some', () => {
    expect(weightsOf(rewritten(named('torch dynamo: LSTMCell')))).toEqual([
      [1, 8, 3],
      [1, 8, 2],
      [1, 16],
    ]);
    expect(weightsOf(rewritten(named('torch script: GRUCell without biases')))).toEqual([
      [1, 6, 3],
      [1, 6, 2],
      undefined,
    ]);
  });

  it('have the names of their outputs still, and new names that the graph does not have', () => {
    const each = named('torch dynamo: LSTMCell');
    const first = rewritten(each);
    const names = [...nodesIn(first)].flatMap(({ outputs }) => outputs.filter((name) => name !== ''));
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(expect.arrayContaining(first.outputs.map(({ name }) => name)));
    const graph = graphIn(each);
    const [weight] = (cellsIn(first)[0] as OnnxNode).inputs.slice(1);
    const initializers = new Map(graph.initializers).set(
      weight as string,
      [...graph.initializers.values()][0] as never,
    );
    const second = recognizeCells({ ...graph, initializers }, statesOf(each), fileOf(each));
    expect(cellsIn(second)[0]?.inputs[1]).not.toBe(weight);
    expectOutputs(evaluatedGraph(second, inputsOf(each), each.opset), each);
  });

  it('keep what others read of their inside', () => {
    const each = named('torch dynamo: LSTMCell');
    const graph = graphIn(each);
    const gate = graph.nodes.find(({ op }) => op === 'Sigmoid')?.outputs[0] as string;
    const outputs = [...graph.outputs, { name: gate, elementType: 1, sizes: undefined }];
    const seen = recognizeCells({ ...graph, outputs }, statesOf(each), fileOf(each));
    expect(cellsIn(seen)).toHaveLength(1);
    const [, , value] = evaluatedGraph(seen, inputsOf(each), each.opset);
    expect(value?.data).toEqual(evaluatedGraph({ ...graph, outputs }, inputsOf(each), each.opset)[2]?.data);
  });

  it('of double precision stay as they are: the library would round them', () => {
    const each = named('torch dynamo: LSTMCell');
    const graph = graphIn(each);
    const initializers = new Map(
      [...graph.initializers].map(([name, tensor]) => {
        const { type, data } = constantOf(tensor, 'cell.onnx');
        return [
          name,
          type === 'float32'
            ? { ...tensor, dataType: 11, rawData: new Uint8Array(), floatData: [], doubleData: [...data] as number[] }
            : tensor,
        ];
      }),
    );
    expect(cellsIn(recognizeCells({ ...graph, initializers }, statesOf(each), fileOf(each)))).toEqual([]);
  });
});

describe('graphs that are no graphs of cells', () => {
  const node = (op: string, inputs: string[], output: string): OnnxNode => ({
    op,
    domain: '',
    name: '',
    inputs,
    outputs: [output],
    attributes: new Map(),
  });
  const value = (name: string) => ({ name, elementType: 1, sizes: ['batch', 2] });
  const graph = (nodes: OnnxNode[]): OnnxGraph => ({
    nodes,
    inputs: [value('x'), value('h')],
    outputs: [value('y')],
    initializers: new Map(),
  });
  const recognized = (each: OnnxGraph) => recognizeCells(each, new Set(['h']), { opset: 17, path: 'cell.onnx' });

  it('may go round in a circle', () => {
    const circle = [
      node('Identity', ['b'], 'a'),
      node('Identity', ['a'], 'b'),
      node('Mul', ['a', 'b'], 'c'),
      node('Add', ['c', 'y'], 'y'),
    ];
    expect(recognized(graph(circle)).nodes).toEqual(circle);
  });

  it('may be deep, in any order', () => {
    const nodes = Array.from({ length: 20_000 }, (_, at) =>
      node(at % 3 === 0 ? 'Tanh' : 'Add', [at === 0 ? 'x' : `v${at - 1}`, 'h'], `v${at}`),
    );
    expect(recognized(graph(nodes)).nodes).toHaveLength(20_000);
    expect(recognized(graph([...nodes].reverse())).nodes).toHaveLength(20_000);
  });

  it('may add a value to itself again and again', () => {
    const nodes = Array.from({ length: 2000 }, (_, at) =>
      node(at % 2 === 0 ? 'Add' : 'Mul', [at === 0 ? 'x' : `v${at - 1}`, at === 0 ? 'h' : `v${at - 1}`], `v${at}`),
    );
    expect(recognized(graph(nodes)).nodes).toHaveLength(2000);
  });

  it('may lack what their nodes read', () => {
    const nodes = [
      node('Mul', [], 'a'),
      node('Add', ['a'], 'b'),
      node('Gemm', ['x'], 'c'),
      node('Sigmoid', [], 'd'),
      node('Mul', ['d', 'c'], 'y'),
    ];
    expect(recognized(graph(nodes)).nodes).toEqual(nodes);
  });
});

/** Numbers in [0, 1) of a seed. Source: mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const ALIKE = [
  ['Add', 'Sub', 'Mul'],
  ['Sigmoid', 'Tanh', 'Relu'],
];

/** A graph with one change: another operator, another input of a node, or inputs exchanged. */
function changed(graph: OnnxGraph, random: () => number): OnnxGraph {
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;
  const at = Math.floor(random() * graph.nodes.length);
  const node = graph.nodes[at] as OnnxNode;
  const alike = ALIKE.find((ops) => ops.includes(node.op));
  const names = [
    ...graph.inputs.map(({ name }) => name),
    ...graph.nodes.slice(0, at).flatMap(({ outputs }) => outputs),
  ];
  const place = Math.floor(random() * node.inputs.length);
  const kind = random();
  const next =
    alike !== undefined && kind < 0.4
      ? { ...node, op: pick(alike) }
      : kind < 0.5
        ? { ...node, inputs: [...node.inputs].reverse() }
        : { ...node, inputs: node.inputs.map((name, each) => (each === place ? pick(names) : name)) };
  return { ...graph, nodes: graph.nodes.map((each, index) => (index === at ? next : each)) };
}

describe('graphs of cells with changes', () => {
  it.each(cases)('compute what they did before, whether they are still cells or not: $name', (each) => {
    const random = randomOf(cases.indexOf(each) + 1);
    let compared = 0;
    for (let round = 0; round < 40; round++) {
      const graph = changed(random() < 0.3 ? changed(graphIn(each), random) : graphIn(each), random);
      let before: readonly ConstantTensor[];
      try {
        before = evaluatedGraph(graph, inputsOf(each), each.opset);
      } catch {
        continue; // Shapes that do not fit: no graph.
      }
      const after = evaluatedGraph(recognizeCells(graph, statesOf(each), fileOf(each)), inputsOf(each), each.opset);
      for (const [at, { data }] of before.entries()) {
        for (const [place, number] of data.entries()) {
          const difference = Math.abs(Number(after[at]?.data[place]) - Number(number));
          if (!(difference <= 1e-5 * Math.max(1, Math.abs(Number(number))))) {
            throw new Error(`round ${round}: ${String(number)} became ${String(after[at]?.data[place])}`);
          }
        }
      }
      compared++;
    }
    expect(compared).toBeGreaterThan(0);
  });
});
