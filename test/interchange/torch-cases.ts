/** The random models of PyTorch in golden/torch_models.json, as networks of the library and as files. */
import { readFileSync } from 'node:fs';
import {
  type AnyLayer,
  activation,
  batchNormalization,
  conv1d,
  dense,
  embedding,
  gru,
  layerNormalization,
  lstm,
  type Network,
  type NodeDescription,
  network,
  pool,
  rnn,
} from '../../src/index.js';
import { integers, uniform } from './golden/hashed-numbers.js';

/** A module of PyTorch, or a function between two. */
export interface TorchLink {
  readonly type: string;
  /** Of the module; functions have none. */
  readonly name?: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly units: number;
  readonly layers?: number;
  readonly bidirectional?: boolean;
  readonly bias: boolean;
  readonly projection?: number;
  readonly nonlinearity?: 'tanh' | 'relu';
  readonly function: 'tanh' | 'relu' | 'sigmoid';
  readonly columns: number;
  readonly epsilon: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly groups: number;
  readonly padding: 'valid' | 'same' | 'causal';
}

export interface TorchCase {
  readonly seed: number;
  readonly links: readonly TorchLink[];
  readonly tensors: Readonly<Record<string, readonly number[]>>;
  readonly lengths: readonly number[];
  readonly outputs: string;
}

const { cases } = JSON.parse(readFileSync(new URL('golden/torch_models.json', import.meta.url), 'utf8')) as {
  cases: TorchCase[];
};
export const torchCases: readonly TorchCase[] = cases;

function recurrent(link: TorchLink): AnyLayer {
  const options = {
    units: link.units,
    layers: link.layers ?? 1,
    direction: link.bidirectional === true ? ('bidirectional' as const) : ('forward' as const),
    biases: link.bias ? ('two' as const) : ('none' as const),
  };
  if (link.type.startsWith('RNN')) return rnn({ ...options, activation: link.nonlinearity as 'tanh' });
  if (link.type.startsWith('GRU')) return gru(options);
  return lstm({ ...options, ...(link.projection !== undefined && { projection: link.projection }) });
}

function layerOf(link: TorchLink): AnyLayer {
  const { type, epsilon, outputs, units, bias } = link;
  if (type === 'Embedding') return embedding({ size: link.inputs, units: outputs });
  if (type === 'Linear') return dense({ units: outputs, bias });
  if (type === 'LayerNorm') return layerNormalization({ epsilon });
  if (type === 'BatchNorm1d') return batchNormalization({ epsilon });
  if (type === 'activation') return activation(link.function);
  if (type === 'last') return pool({ over: 'last' });
  if (type !== 'Conv1d') return recurrent(link);
  const { kernel, stride, dilation, groups, padding } = link;
  return conv1d({ units, kernelSize: kernel, stride, dilation, groups, padding, bias });
}

/** The network of a case. @param nameOf of a node, by its module's */
export function networkOf({ links }: TorchCase, nameOf = (name: string) => name): Network {
  let previous = 'input';
  const nodes: NodeDescription[] = links.map((link, at) => {
    const name = link.name === undefined ? `function ${at}` : nameOf(link.name);
    const node = { name, layer: layerOf(link), inputs: [previous] };
    previous = name;
    return node;
  });
  const [first] = links as [TorchLink];
  const input =
    first.type === 'Embedding'
      ? ({ kind: 'indices', size: first.inputs } as const)
      : ({ kind: 'features', units: first.inputs } as const);
  return network({ inputs: { input }, nodes, output: previous });
}

/** The weights of a case by their names in PyTorch. */
export function tensorsOf({ seed, tensors }: TorchCase) {
  return new Map(
    Object.entries(tensors).map(([name, shape]) => {
      const count = shape.reduce((product, size) => product * size, 1);
      const numbers = uniform(seed, name, count, 0.5);
      return [name, { shape, data: name.endsWith('running_var') ? numbers.map((number) => number + 1) : numbers }];
    }),
  );
}

/** The input sequences of a case: indices, or rows of numbers. */
export function inputsOf({ seed, links, lengths }: TorchCase): (number[] | number[][])[] {
  const [{ type, inputs }] = links as [TorchLink];
  return lengths.map((length, at) => {
    if (type === 'Embedding') return [...integers(seed, `input ${at}`, length, inputs)];
    const numbers = uniform(seed, `input ${at}`, length * inputs);
    return Array.from({ length }, (_, step) => [...numbers.subarray(step * inputs, (step + 1) * inputs)]);
  });
}

/** What PyTorch computes, all sequences one after the other. */
export function outputsOf({ outputs }: TorchCase): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(outputs, 'base64'));
  return new Float32Array(bytes.buffer);
}
