/** What the nodes of a network take from a file, in the names and shapes of PyTorch. */
import { groupBy } from '../../core/group-by.js';
import { buildForward } from '../../model/build/build-forward.js';
import { ParameterLayout } from '../../model/build/parameters.js';
import type { NetworkDescription } from '../../network/description.js';
import { type AnyLayer, isKind } from '../../network/layers/layers.js';
import { torchShape, torchToModel } from '../../saved/torch-layout.js';
import type { WeightSource } from '../shared/imported-network.js';
import type { SourceTensor } from '../sources/source-tensor.js';
import { type ModuleGroup, STEP_COUNT } from './module-groups.js';

/** A node with parameters, or a layer inside of one. */
export interface NodeTarget {
  /** Of the node, and behind a dot that of the layer inside. */
  readonly name: string;
  readonly layer: AnyLayer;
  /** Shapes of its parameters and buffers in PyTorch, by their own names. */
  readonly parts: ReadonlyMap<string, readonly number[]>;
  /** The embedding whose table is its weights, too. */
  readonly tied?: string;
}

/** The nodes of a network that have numbers. Nothing is allocated. @throws {ShapeError} when layers do not fit together */
export function nodeTargets(description: NetworkDescription): NodeTarget[] {
  const layout = new ParameterLayout();
  buildForward(description, layout, { training: false });
  const shapes = new Map<string, readonly number[]>();
  for (const [name, { request }] of layout.requests) shapes.set(name, request.shape);
  for (const [name, { request }] of layout.buffers) shapes.set(name, request.shape);
  const layers = new Map(description.nodes.map(({ name, layer }) => [name, layer]));
  const modules = groupBy([...shapes], ([name]) => name.slice(0, name.lastIndexOf('.')));
  const targets = [...modules].map(([name, own]): NodeTarget => {
    const layer = layers.get(name.slice(0, `${name}.`.indexOf('.'))) as AnyLayer;
    const parts = own.map(([each, shape]) => {
      const part = each.slice(name.length + 1);
      return [part, torchShape(layer, part, shape)] as const;
    });
    const tied = isKind(layer, 'dense') ? layer.tied : undefined;
    return { name, layer, parts: new Map(parts), ...(tied !== undefined && { tied }) };
  });
  // A tied layer without a bias has no numbers of its own, but a file may have a copy of those that it is tied to.
  for (const [name, layer] of layers) {
    if (modules.has(name) || !isKind(layer, 'dense') || layer.tied === undefined) continue;
    targets.push({ name, layer, parts: new Map(), tied: layer.tied });
  }
  return targets;
}

/** A module as the source of a node's numbers. */
export interface Fit {
  /** By the names of the node's parameters and buffers. */
  readonly weights: ReadonlyMap<string, WeightSource>;
  /** Tensors that the node does not have and that change nothing, if these are right. */
  readonly redundant: readonly RedundantTensor[];
  readonly notes: readonly string[];
}

/** A tensor that must hold zeros, or the table that a layer is tied to. */
export interface RedundantTensor {
  readonly tensor: SourceTensor;
  readonly is: 'zeros' | 'tied';
}

/** Why a module does not fit a node. */
export interface Misfit {
  readonly code: 'missing_tensor' | 'unused_tensor' | 'tensor_mismatch';
  readonly reason: string;
}

const isSame = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((size, axis) => size === b[axis]);

/** Numbers of a tensor of the file in the order of the library. */
export function weightSource(layer: AnyLayer, part: string, tensor: SourceTensor): WeightSource {
  const count = tensor.shape.reduce((product, size) => product * size, 1);
  return { from: tensor.name, count, read: () => torchToModel(layer, part, tensor.shape, tensor.read()) };
}

/** The names in a file of a part of a layer: cells have theirs without a number, and a count is a number of its own there. */
function tensorOf({ tensors }: ModuleGroup, part: string): SourceTensor | undefined {
  return tensors.get(part) ?? (part.endsWith('_l0') ? tensors.get(part.slice(0, -3)) : undefined);
}

/** What the file lacks and is known all the same: the shift of a layer normalisation that has none. */
function knownWithout({ layer }: NodeTarget, part: string, shape: readonly number[]): WeightSource | undefined {
  if (!isKind(layer, 'layerNormalization') || part !== 'bias') return undefined;
  const [count = 0] = shape;
  return { from: 'a shift of zeros', count, read: () => new Float32Array(count) };
}

const isConvolution = (layer: AnyLayer) => isKind(layer, 'conv1d') || isKind(layer, 'columnConvolution');

/** Whether a module may belong to a node, by names and shapes. */
export function fitOf(group: ModuleGroup, target: NodeTarget): Fit | Misfit {
  const weights = new Map<string, WeightSource>();
  const used = new Set<SourceTensor>();
  const notes: string[] = [];
  for (const [part, shape] of target.parts) {
    const tensor = tensorOf(group, part);
    const wanted = `'${target.name}.${part}' [${shape.join(', ')}]`;
    if (shape.length > 2 && !isConvolution(target.layer)) {
      return {
        code: 'tensor_mismatch',
        reason: `${wanted} is inside a layer of one's own: its order of axes is not known`,
      };
    }
    const known = tensor === undefined ? knownWithout(target, part, shape) : undefined;
    if (known !== undefined) {
      weights.set(part, known);
      notes.push(`'${target.name}.${part}' is not in the file: its numbers are 0.`);
      continue;
    }
    if (tensor === undefined) return { code: 'missing_tensor', reason: `nothing in '${group.name}' gives ${wanted}` };
    if (!isSame(tensor.shape, shape) && !(part === STEP_COUNT && tensor.shape.length === 0)) {
      const reason = `'${tensor.name}' is [${tensor.shape.join(', ')}], but ${wanted} is wanted of it`;
      return { code: 'tensor_mismatch', reason };
    }
    weights.set(part, weightSource(target.layer, part, tensor));
    used.add(tensor);
  }
  if (isKind(target.layer, 'gru') && target.layer.resetAfter === false) {
    notes.push(
      `'${target.name}' resets before the recurrent product, as the network says; nn.GRU of PyTorch resets after it.`,
    );
  }
  const redundant: RedundantTensor[] = [];
  for (const [part, tensor] of group.tensors) {
    if (used.has(tensor) || part === STEP_COUNT) continue;
    const is = redundantAs(target, part);
    if (is === undefined) return { code: 'unused_tensor', reason: `'${tensor.name}' is no part of '${target.name}'` };
    redundant.push({ tensor, is });
  }
  return { weights, redundant, notes };
}

/** What a tensor must hold that a node can do without: PyTorch has two biases or none, and a copy of what is tied. */
function redundantAs({ layer, tied }: NodeTarget, part: string): RedundantTensor['is'] | undefined {
  if (tied !== undefined && part === 'weight') return 'tied';
  const isRecurrent = isKind(layer, 'rnn') || isKind(layer, 'lstm') || isKind(layer, 'gru');
  return isRecurrent && layer.biases === 'one' && part.startsWith('bias_hh') ? 'zeros' : undefined;
}

export const isFit = (result: Fit | Misfit): result is Fit => 'weights' in result;
