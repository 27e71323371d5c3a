/** Which weights a layer of Keras has, and where a file has them. */
import { InterchangeError } from '../../core/errors.js';
import type { SourceTensor } from '../sources/source-tensor.js';
import { describeLayer, type KerasLayer, type KerasSource } from './keras-layer.js';

/** The tensors of a layer by the names that Keras gives to its variables: `kernel`, `recurrent_kernel`. */
export type LayerTensors = ReadonlyMap<string, SourceTensor>;

/** The tensors of every layer, also of those that wrappers and nested models hold. */
export type ModelTensors = ReadonlyMap<KerasLayer, LayerTensors>;

/** A variable of a layer. */
export interface Variable {
  readonly layer: KerasLayer;
  readonly role: string;
}

interface Roles {
  readonly trained: readonly string[];
  readonly fixed: readonly string[];
}

type RolesOf = (has: (option: string, fallback?: boolean) => boolean) => Roles;

const trained = (...roles: readonly (string | false)[]): Roles => {
  return { trained: roles.filter((role): role is string => role !== false), fixed: [] };
};

const recurrent: RolesOf = (has) => trained('kernel', 'recurrent_kernel', has('use_bias', true) && 'bias');
const affine: RolesOf = (has) => trained('kernel', has('use_bias', true) && 'bias');
const depthwise: RolesOf = (has) => trained('depthwise_kernel', has('use_bias', true) && 'bias');
const normalization = (has: Parameters<RolesOf>[0]) =>
  trained(has('scale', true) && 'gamma', has('center', true) && 'beta');

/** In the order in which Keras saves them. */
const ROLES = new Map<string, RolesOf>(
  Object.entries({
    SimpleRNNCell: recurrent,
    LSTMCell: recurrent,
    GRUCell: recurrent,
    Dense: affine,
    Conv1D: affine,
    DepthwiseConv1D: depthwise,
    SeparableConv1D: (has) => trained('depthwise_kernel', 'pointwise_kernel', has('use_bias', true) && 'bias'),
    Embedding: () => trained('embeddings'),
    LayerNormalization: normalization,
    BatchNormalization: (has) => ({ ...normalization(has), fixed: ['moving_mean', 'moving_variance'] }),
    PReLU: () => trained('alpha'),
  }),
);

/** The variables that a layer has itself. */
export function rolesOf({ className, config }: KerasLayer): Roles {
  const has = (option: string, fallback = false) => (config[option] ?? fallback) === true;
  return ROLES.get(className)?.(has) ?? trained();
}

/** The layers that a layer holds. */
export function heldBy({ parts, model }: KerasLayer): readonly KerasLayer[] {
  return model?.layers ?? parts.map(({ layer }) => layer);
}

/**
 * All variables of a layer and of what it holds, in the order of its `weights`: those that are trained, then the others. What is not
 * trained puts all of its variables among the others.
 */
export function variablesOf(layer: KerasLayer): Variable[] {
  const { train, rest } = split(layer);
  return [...train, ...rest];
}

function split(layer: KerasLayer): { train: Variable[]; rest: Variable[] } {
  const { trained, fixed } = rolesOf(layer);
  const inner = heldBy(layer).map(split);
  const train = [...trained.map((role) => ({ layer, role })), ...inner.flatMap((each) => each.train)];
  const rest = [...fixed.map((role) => ({ layer, role })), ...inner.flatMap((each) => each.rest)];
  return layer.config['trainable'] === false ? { train: [], rest: [...train, ...rest] } : { train, rest };
}

/** Every layer that has variables, once. */
export function* layersWithVariables(layer: KerasLayer): Generator<KerasLayer> {
  const { trained, fixed } = rolesOf(layer);
  if (trained.length + fixed.length > 0) yield layer;
  for (const inner of heldBy(layer)) yield* layersWithVariables(inner);
}

/** The error for a variable that the file does not have. */
export function missingVariable({ path }: KerasSource, { layer, role }: Variable, where: string): InterchangeError {
  const message = `'${path}': ${describeLayer(layer)} has no '${role}' in the file, expected ${where}`;
  const details = { source: path, layer: layer.name, tensor: role };
  return new InterchangeError('missing_tensor', message, details);
}

/** The error for tensors that no layer takes. */
export function unusedTensor({ path }: KerasSource, name: string): InterchangeError {
  const message = `'${path}': the tensor '${name}' belongs to no layer of the network`;
  return new InterchangeError('unused_tensor', message, { source: path, tensor: name });
}

/** Collects tensors by layer. */
export class TensorTable {
  readonly #tensors = new Map<KerasLayer, Map<string, SourceTensor>>();

  set({ layer, role }: Variable, tensor: SourceTensor): void {
    const own = this.#tensors.get(layer) ?? new Map<string, SourceTensor>();
    own.set(role, tensor);
    this.#tensors.set(layer, own);
  }

  get all(): ModelTensors {
    return this.#tensors;
  }
}
