/** The weights of a model as a state dict of PyTorch. */
import type { StoredTensor } from '../../checkpoint/tensor-types.js';
import type { Model } from '../../model/model.js';
import { type AnyLayer, isKind } from '../../network/layers/layers.js';
import { modelToTorch, torchShape } from '../../saved/torch-layout.js';
import { STEP_COUNT } from '../state-dict/module-groups.js';
import { isTorchRecurrent } from './torch-recurrent.js';

/** What of a model a state dict is made of. */
export type StateDictModel = Pick<Model, 'description' | 'parameters' | 'buffers'>;

/** The layer that a parameter belongs to, and its own name. */
interface Owner {
  readonly node: string;
  readonly part: string;
  readonly layer: AnyLayer | undefined;
}

function ownerOf({ description }: StateDictModel, name: string): Owner {
  const dot = name.indexOf('.');
  const node = name.slice(0, dot);
  return { node, part: name.slice(dot + 1), layer: description.nodes.find((each) => each.name === node)?.layer };
}

/** Tensors that PyTorch's modules have and the library's layers do not: they change no result. */
function* added(model: StateDictModel): Generator<readonly [string, StoredTensor]> {
  for (const { name, layer } of model.description.nodes) {
    if (isKind(layer, 'dense') && layer.tied !== undefined) {
      const table = model.parameters.get(`${layer.tied}.weight`);
      if (table !== undefined) yield [`${name}.weight`, { shape: table.shape, data: table.data }];
    }
    // A step count of PyTorch is a whole number without dimensions, also where nothing reads it.
    if (isKind(layer, 'batchNormalization')) {
      const steps = model.buffers.get(`${name}.${STEP_COUNT}`)?.data[0] ?? 0;
      yield [`${name}.${STEP_COUNT}`, { shape: [], data: BigInt64Array.of(BigInt(Math.round(steps))) }];
    }
  }
  for (const [name, { shape, data }] of model.parameters) {
    const { part, layer } = ownerOf(model, name);
    if (!isTorchRecurrent(layer) || layer.biases !== 'one' || !part.startsWith('bias_ih')) continue;
    yield [name.replace('bias_ih', 'bias_hh'), { shape, data: new Float32Array(data.length) }];
  }
}

/**
 * The tensors by the names, and in the shapes, of the modules of the same layers in PyTorch; the arrays are the model's own where
 * these have the same order there.
 */
export function stateDict(model: StateDictModel): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  for (const [name, { shape, data }] of [...model.parameters, ...model.buffers]) {
    const { part, layer } = ownerOf(model, name);
    if (part === STEP_COUNT) continue;
    tensors.set(name, { shape: torchShape(layer, part, shape), data: modelToTorch(layer, part, shape, data) });
  }
  for (const [name, tensor] of added(model)) tensors.set(name, tensor);
  return tensors;
}
