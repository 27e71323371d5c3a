/** Which weights of a TensorFlow.js model belong to which layer: the names of weights begin with those of layers. */
import { InterchangeError } from '../../core/errors.js';
import { describeLayer, type KerasLayer, type KerasSource } from '../keras/keras-layer.js';
import { type ModelTensors, missingVariable, TensorTable, unusedTensor, variablesOf } from '../keras/layer-weights.js';
import type { SourceTensor, SourceTensors } from '../sources/source-tensor.js';

/** The layers of a model and of the models in it, each with its wrapper and its cells. */
function* layersIn(layer: KerasLayer): Generator<KerasLayer> {
  for (const inner of layer.model?.layers ?? []) {
    if (inner.model === undefined) yield inner;
    else yield* layersIn(inner);
  }
}

/** Tensors by the layer whose name comes first in their own. @throws {InterchangeError} `unused_tensor` */
function byLayer(source: KerasSource, names: ReadonlySet<string>, tensors: SourceTensors) {
  const groups = new Map<string, SourceTensor[]>();
  for (const tensor of tensors.values()) {
    const owner = tensor.name
      .split('/')
      .slice(0, -1)
      .find((part) => names.has(part));
    if (owner === undefined) throw unusedTensor(source, tensor.name);
    groups.set(owner, [...(groups.get(owner) ?? []), tensor]);
  }
  return groups;
}

/** Which direction of a Bidirectional a name belongs to must be that of the part. */
function fitsDirection(layer: KerasLayer, part: KerasLayer, name: string): boolean {
  if (layer.className !== 'Bidirectional') return true;
  const isBackward =
    layer.parts[1]?.layer.parts.some((each) => each.layer === part) === true || layer.parts[1]?.layer === part;
  return name.includes(isBackward ? 'backward_' : 'forward_');
}

/**
 * The weights of every layer.
 *
 * @throws {InterchangeError} `missing_tensor`, `unused_tensor`, `tensor_mismatch`
 */
export function namedWeights(source: KerasSource, root: KerasLayer, tensors: SourceTensors): ModelTensors {
  const table = new TensorTable();
  const layers = [...layersIn(root)];
  const groups = byLayer(source, new Set(layers.map(({ name }) => name)), tensors);
  for (const layer of layers) {
    const own = groups.get(layer.name) ?? [];
    const variables = variablesOf(layer);
    for (const [at, variable] of variables.entries()) {
      const tensor = own[at];
      if (tensor === undefined) throw missingVariable(source, variable, `behind the name '${layer.name}'`);
      const role = tensor.name.split('/').at(-1)?.replace(/_\d+$/, '');
      if (role !== variable.role || !fitsDirection(layer, variable.layer, tensor.name)) {
        const message = `'${source.path}': the weight ${at} of ${describeLayer(layer)} is '${tensor.name}', expected a '${variable.role}'`;
        throw new InterchangeError('tensor_mismatch', message, { source: source.path, tensor: tensor.name });
      }
      table.set(variable, tensor);
    }
    const extra = own[variables.length];
    if (extra !== undefined) throw unusedTensor(source, extra.name);
    groups.delete(layer.name);
  }
  return table.all;
}
