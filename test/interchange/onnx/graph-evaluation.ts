/** Computes ONNX graphs of constants: elementary operators as they are folded, and recurrent ones of one step by their equations. */
import {
  type ConstantTensor,
  type NumberTensor,
  numberTensor,
} from '../../../src/interchange/onnx/constants/constant-tensor.js';
import { evaluateConstant } from '../../../src/interchange/onnx/constants/evaluate.js';
import { constantOf } from '../../../src/interchange/onnx/constants/tensor-proto.js';
import { attribute, type OnnxGraph, type OnnxNode } from '../../../src/interchange/onnx/ir.js';

type Values = Map<string, ConstantTensor>;

function activation(name: string, alpha: number | undefined, beta: number | undefined): (x: number) => number {
  if (name === 'Sigmoid') return (x) => 1 / (1 + Math.exp(-x));
  if (name === 'Tanh') return Math.tanh;
  if (name === 'Relu') return (x) => Math.max(x, 0);
  if (name === 'HardSigmoid') return (x) => Math.min(Math.max((alpha ?? 0.2) * x + (beta ?? 0.5), 0), 1);
  throw new Error(`no activation '${name}'`);
}

/** One step of LSTM, GRU or RNN. Source: the equations of https://onnx.ai/onnx/operators. */
function recurrent(node: OnnxNode, inputs: readonly (NumberTensor | undefined)[]): ConstantTensor[] {
  const [X, W, R, B, , H, C] = inputs as [
    NumberTensor,
    NumberTensor,
    NumberTensor,
    NumberTensor?,
    NumberTensor?,
    NumberTensor?,
    NumberTensor?,
  ];
  const [, batch, width] = X.shape as [number, number, number];
  const [, rows, units] = R.shape as [number, number, number];
  const alphas = attribute(node, 'activation_alpha', 'floats') ?? [];
  const betas = attribute(node, 'activation_beta', 'floats') ?? [];
  const names = attribute(node, 'activations', 'strings') as readonly string[];
  let used = 0;
  const [f, g, h] = names.map((name) => {
    const at = name === 'HardSigmoid' ? used++ : -1;
    return activation(name, alphas[at], betas[at]);
  }) as ((x: number) => number)[] as [(x: number) => number, (x: number) => number, (x: number) => number];
  const state = (at: number, unit: number) => H?.data[at * units + unit] as number;
  const ofX = (at: number, row: number) => {
    let sum = B?.data[row] ?? 0;
    for (let k = 0; k < width; k++) sum += (X.data[at * width + k] as number) * (W.data[row * width + k] as number);
    return sum;
  };
  const ofH = (at: number, row: number, own = (k: number) => state(at, k)) => {
    let sum = B?.data[rows + row] ?? 0;
    for (let k = 0; k < units; k++) sum += own(k) * (R.data[row * units + k] as number);
    return sum;
  };
  const next = new Float64Array(batch * units);
  const cell = new Float64Array(batch * units);
  for (let at = 0; at < batch; at++) {
    const sum = (gate: number, unit: number) => ofX(at, gate * units + unit) + ofH(at, gate * units + unit);
    const reset = (unit: number) => f(sum(1, unit));
    for (let unit = 0; unit < units; unit++) {
      const place = at * units + unit;
      if (node.op === 'RNN') next[place] = f(sum(0, unit));
      else if (node.op === 'LSTM') {
        const c = f(sum(2, unit)) * (C?.data[place] as number) + f(sum(0, unit)) * g(sum(3, unit));
        cell[place] = c;
        next[place] = f(sum(1, unit)) * h(c);
      } else {
        const z = f(sum(0, unit));
        const row = 2 * units + unit;
        const isAfter = attribute(node, 'linear_before_reset', 'int') === 1;
        const n = isAfter ? reset(unit) * ofH(at, row) : ofH(at, row, (k) => reset(k) * state(at, k));
        next[place] = (1 - z) * g(ofX(at, row) + n) + z * state(at, unit);
      }
    }
  }
  const final = (data: Float64Array) => numberTensor('float32', data, [1, batch, units]);
  return [numberTensor('float32', next, [1, 1, batch, units]), final(next), final(cell)];
}

function evaluatedNode(node: OnnxNode, values: Values, opset: number): readonly ConstantTensor[] {
  const inputs = node.inputs.map((name) => {
    if (name === '') return undefined;
    const value = values.get(name);
    if (value === undefined) throw new Error(`${node.op} reads '${name}' before it is there`);
    return value;
  });
  if (node.op === 'If') {
    const branch = attribute(node, inputs[0]?.data[0] === 1 ? 'then_branch' : 'else_branch', 'graph');
    return evaluatedGraph(branch as OnnxGraph, values, opset);
  }
  if (node.op === 'HardSigmoid') {
    const apply = activation(node.op, attribute(node, 'alpha', 'float'), attribute(node, 'beta', 'float'));
    const { shape, data } = inputs[0] as NumberTensor;
    return [numberTensor('float32', data.map(apply), shape)];
  }
  if (['LSTM', 'GRU', 'RNN'].includes(node.op)) return recurrent(node, inputs as readonly NumberTensor[]);
  const outputs = evaluateConstant(node, inputs, opset);
  if (outputs === undefined) throw new Error(`${node.op} is not known`);
  return outputs;
}

/** The outputs of a graph. @param given its inputs, and the values around it */
export function evaluatedGraph(
  graph: OnnxGraph,
  given: ReadonlyMap<string, ConstantTensor>,
  opset: number,
): ConstantTensor[] {
  const values: Values = new Map(given);
  for (const [name, tensor] of graph.initializers) values.set(name, constantOf(tensor, 'cell.onnx'));
  for (const node of graph.nodes) {
    const outputs = evaluatedNode(node, values, opset);
    for (const [at, name] of node.outputs.entries()) if (name !== '') values.set(name, outputs[at] as ConstantTensor);
  }
  return graph.outputs.map(({ name }) => values.get(name) as ConstantTensor);
}
